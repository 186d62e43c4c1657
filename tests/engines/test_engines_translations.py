from __future__ import annotations

import asyncio
import dataclasses
import errno
import json
import os
import pathlib
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.engines import Ask, Segment, Transcription, Translation
from bot.engines.audio import REMEMBERED_PIECES
from bot.engines.endpoint import LONGEST_ANSWER_BYTES
from bot.engines.translations import TranslationsEngine
from bot.errors import (
    EndpointDownError,
    EndpointError,
    EndpointKeyError,
    EndpointRefusedError,
    EndpointSlowError,
    EndpointTooLargeError,
    NotDecodableError,
)
from bot.piece import Piece
from wire import hangs, resets, says, sends, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wire import Answer, Received

KEY = "sk-of-the-tests"
SOUND = b"fLaC" + bytes(range(256)) * 3000  # more than one read from the disk
GOOD = json.dumps({"text": " Hello.", "segments": []}).encode()
REFUSED_FORMAT = json.dumps({"error": {"message": "response_format verbose_json is not supported"}}).encode()


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    """Give a piece whose file has a name that must not travel."""
    path = tmp_path / "somebody's secret.flac"
    path.write_bytes(SOUND)
    return Piece(0, str(path), 0.0, 6.0, len(SOUND), is_last=True)


def engine_at(
    base_url: str, client: httpx.AsyncClient, *, request_seconds: float = 5.0
) -> TranslationsEngine:
    """Give an engine for one endpoint."""
    return TranslationsEngine(
        client, base_url=base_url, key=KEY, model="whisper-1", request_seconds=request_seconds
    )


async def ask_over_wire(
    piece: Piece, *answers: Answer, ask: Ask | None = None, request_seconds: float = 5.0
) -> tuple[Translation | EndpointError, list[Received]]:
    """Ask once over a real connection: the outcome, and what the endpoint was sent."""
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = engine_at(f"{wire.url}/v1", client, request_seconds=request_seconds)
        try:
            outcome: Translation | EndpointError = await engine.translate(piece, ask or Ask())
        except EndpointError as error:
            outcome = error
        return outcome, wire.received


def form(received: Received) -> list[tuple[str, str | None, str, bytes]]:
    """Read a form: name, file name, type and value of each part, in their order."""
    head = f"Content-Type: {received.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + received.body)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            part.get_content_type(),
            bytes(part.get_payload(decode=True)),
        )
        for part in message.iter_parts()
    ]


def over(
    serve: Callable[[httpx.Request], httpx.Response],
    *,
    base_url: str = "https://api.example/v1",
    key: str = KEY,
) -> TranslationsEngine:
    """Give an engine whose wire is `serve`."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(serve), cookies={"a": "b"}, headers={"x-a": "b"})
    return TranslationsEngine(client, base_url=base_url, key=key, model="whisper-1")


# --- the request --------------------------------------------------------------------------------


async def test_the_request_is_what_the_api_wants(piece: Piece) -> None:
    """All five fields arrive, the file under our name and type, its length said beforehand."""
    ask = Ask(prompt="Spelling: Zürich, “Dragoman”\n--x", temperature=0.25)
    outcome, (received,) = await ask_over_wire(piece, says(200, GOOD, x_request_id="req_1"), ask=ask)
    assert outcome == Translation("Hello.", request_id="req_1")
    assert (received.method, received.target) == ("POST", "/v1/audio/translations")
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert received.headers["content-length"] == str(len(received.body))
    assert "transfer-encoding" not in received.headers
    assert form(received) == [
        ("model", None, "text/plain", b"whisper-1"),
        ("prompt", None, "text/plain", ask.prompt.encode()),
        ("response_format", None, "text/plain", b"verbose_json"),
        ("temperature", None, "text/plain", b"0.25"),
        ("file", "audio.flac", "audio/flac", SOUND),
    ]
    assert b"secret" not in received.body


async def test_no_prompt_is_no_field(piece: Piece) -> None:
    """An empty prompt is not sent at all; the temperature always is."""
    _, (received,) = await ask_over_wire(piece, says(200, GOOD))
    fields = {name: value for name, _, _, value in form(received)}
    assert "prompt" not in fields
    assert fields["temperature"] == b"0"


async def test_half_a_character_in_a_prompt_does_no_harm(piece: Piece) -> None:
    """A prompt that no encoding can hold is sent as far as one can."""
    outcome, _ = await ask_over_wire(piece, says(200, GOOD), ask=Ask(prompt="a\ud83d"))
    assert outcome == Translation("Hello.")


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.example/v1", "https://api.example/v1/audio/translations"),
        ("https://api.example/v1/", "https://api.example/v1/audio/translations"),
        ("https://api.example", "https://api.example/audio/translations"),
        ("https://api.example/v1?api-version=7", "https://api.example/v1/audio/translations?api-version=7"),
    ],
)
async def test_the_path_is_put_behind_the_base(piece: Piece, base_url: str, url: str) -> None:
    """The base may end in a slash or a query; nothing that the client has learnt goes along."""
    requests = []

    def serve(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, content=GOOD)

    await over(serve, base_url=base_url).translate(piece, Ask())
    (request,) = requests
    assert str(request.url) == url
    assert not {"cookie", "x-a"} & set(request.headers)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"key": "sk-with-a\nline"}, id="a key with a line end"),
        pytest.param({"key": "sk-ключ"}, id="a key that is no ASCII"),
        pytest.param({"base_url": "api.example/v1"}, id="an address without a scheme"),
        pytest.param({"base_url": "https://api.example:port/v1"}, id="an address with no port"),
    ],
)
async def test_settings_that_cannot_be_right(piece: Piece, settings: dict[str, str]) -> None:
    """A key or address that no request can be made of is the admin's to mend, and is not repeated aloud."""
    given = {"base_url": "https://api.example/v1", "key": KEY, **settings}
    async with httpx.AsyncClient() as client:
        engine = TranslationsEngine(client, model="whisper-1", base_url=given["base_url"], key=given["key"])
        with pytest.raises(EndpointKeyError) as caught:
            await engine.translate(piece, Ask())
    assert "sk-" not in str(caught.value) + str(caught.value.__cause__)


async def test_spaces_around_the_key_are_no_part_of_it(piece: Piece) -> None:
    """A key pasted with its line end works."""

    def serve(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        return httpx.Response(200, content=GOOD)

    await over(serve, key=f" {KEY}\n").translate(piece, Ask())


async def test_a_piece_that_is_gone_is_not_the_endpoints_fault(piece: Piece) -> None:
    """A file that a crash took away is for the job to make again."""
    await asyncio.to_thread(os.remove, piece.path)
    with pytest.raises(FileNotFoundError):
        await over(lambda _: httpx.Response(200, content=GOOD)).translate(piece, Ask())


async def test_a_link_in_place_of_a_piece_is_not_followed(piece: Piece, tmp_path: Path) -> None:
    """A link leads to what is none of the recording's, so nothing behind it is sent away."""
    secret = tmp_path / "secret"
    await asyncio.to_thread(os.rename, piece.path, secret)
    await asyncio.to_thread(os.symlink, secret, piece.path)
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        await over(lambda _: httpx.Response(200, content=GOOD)).translate(piece, Ask())


async def test_closing_lets_go_of_the_connections() -> None:
    """After close the client is closed."""
    client = httpx.AsyncClient()
    await engine_at("https://api.example/v1", client).close()
    assert client.is_closed


# --- the format ---------------------------------------------------------------------------------


def formats(received: list[Received]) -> list[bytes]:
    """Give the response formats that were asked for, in order."""
    return [value for one in received for name, _, _, value in form(one) if name == "response_format"]


@pytest.mark.parametrize("status", [400, 422, 500])
async def test_a_refused_format_is_remembered(piece: Piece, status: int) -> None:
    """A server without verbose_json is asked for json at once, and never again for the other."""
    answers = (says(status, REFUSED_FORMAT), says(200, b'{"text": "Hello."}'))
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = engine_at(wire.url, client)
        assert (await engine.translate(piece, Ask())).text == "Hello."
        assert (await engine.translate(piece, Ask())).text == "Hello."
        assert formats(wire.received) == [b"verbose_json", b"json", b"json"]


async def test_a_format_refused_by_mistake_is_not_remembered(piece: Piece, tmp_path: Path) -> None:
    """If json fails as well it is not the format that was wrong; the next piece asks for times again."""
    answers = (says(400, REFUSED_FORMAT), says(400, b"no"), says(200, GOOD))
    second = Piece(1, str(tmp_path / "second.flac"), 6.0, 6.0, len(SOUND), is_last=True)
    (tmp_path / "second.flac").write_bytes(SOUND)
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = engine_at(wire.url, client)
        with pytest.raises(EndpointRefusedError):
            await engine.translate(piece, Ask())
        await engine.translate(second, Ask())
        assert formats(wire.received) == [b"verbose_json", b"json", b"verbose_json"]


@pytest.mark.parametrize(
    ("passing", "error"),
    [
        pytest.param(says(503, b"overloaded"), "503", id="503"),
        pytest.param(resets(), "ReadError", id="a broken connection"),
    ],
)
async def test_a_passing_fault_after_a_refused_format(piece: Piece, passing: Answer, error: str) -> None:
    """The next try of a piece whose format was refused goes on with the other, and keeps what then works."""
    answers = (says(400, REFUSED_FORMAT), passing, says(200, JSON), says(200, JSON))
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = engine_at(wire.url, client)
        with pytest.raises(EndpointDownError, match=error):
            await engine.translate(piece, Ask())
        assert (await engine.translate(piece, Ask())).text == "Hello."
        await engine.translate(dataclasses.replace(piece, index=1), Ask())
        assert formats(wire.received) == [b"verbose_json", b"json", b"json", b"json"]


async def test_an_echo_costs_one_request_more(piece: Piece, tmp_path: Path) -> None:
    """A passing 500 that repeats the form costs one request more per piece, not one more per try."""
    echo = says(500, b'{"error": "bad gateway; form: model, response_format=verbose_json, file"}')
    second = Piece(1, str(tmp_path / "second.flac"), 6.0, 6.0, len(SOUND), is_last=True)
    (tmp_path / "second.flac").write_bytes(SOUND)
    async with serving(*[echo] * 7, says(200, GOOD)) as wire, httpx.AsyncClient() as client:
        engine = engine_at(wire.url, client)
        for one in (piece, piece, piece, second, second):
            with pytest.raises(EndpointError):
                await engine.translate(one, Ask())
        await engine.translate(piece, Ask())
        first = [b"verbose_json", b"json", b"verbose_json", b"verbose_json"]
        assert formats(wire.received) == [*first, b"verbose_json", b"json", b"verbose_json", b"verbose_json"]


async def test_json_refused_too_is_a_refusal(piece: Piece) -> None:
    """A server that refuses every format is not asked a third time."""
    outcome, received = await ask_over_wire(piece, says(400, REFUSED_FORMAT))
    assert isinstance(outcome, EndpointRefusedError)
    assert len(received) == 2


# --- the sound ----------------------------------------------------------------------------------

REFUSED_SOUND = json.dumps({"error": {"message": "Invalid file format. Supported formats: ['mp3']"}}).encode()
JSON = b'{"text": "Hello."}'
MP3 = b"ID3" + bytes(500)


class Maker:
    """Makes the MP3 of a piece, or fails as it is told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[str] = []

    async def __call__(self, flac: Path) -> Path:
        """Write the MP3 beside the FLAC."""
        self.asked.append(flac.name)
        if self.error:
            raise self.error
        target = flac.with_suffix(".mp3")
        await asyncio.to_thread(target.write_bytes, MP3)
        return target


def sent(received: list[Received]) -> list[str]:
    """Give what was asked for, request by request: the sound and the response format."""
    told = []
    for one in received:
        parts = {name: (file, kind, value) for name, file, kind, value in form(one)}
        file, kind, value = parts["file"]
        assert (file, kind, value) in [
            ("audio.flac", "audio/flac", SOUND),
            ("audio.mp3", "audio/mpeg", MP3),
        ]
        told.append(f"{(file or '')[6:]} {parts['response_format'][2].decode()}")
    return told


async def asking(
    pieces: list[Piece], *answers: Answer, maker: Maker | None
) -> tuple[list[Translation | EndpointError], list[str]]:
    """Ask for each piece in turn, and give the outcomes and what was sent."""
    outcomes: list[Translation | EndpointError] = []
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = TranslationsEngine(client, base_url=wire.url, key=KEY, model="whisper-1", as_mp3=maker)
        for piece in pieces:
            try:
                outcomes.append(await engine.translate(piece, Ask()))
            except EndpointError as error:
                outcomes.append(error)
        return outcomes, sent(wire.received)


FLAC, AS_MP3 = "flac verbose_json", "mp3 verbose_json"


@pytest.mark.parametrize(
    ("answers", "told", "requests"),
    [
        pytest.param(
            [says(400, REFUSED_SOUND), says(200, GOOD), says(200, GOOD)],
            ["Hello.", "Hello."],
            [FLAC, AS_MP3, AS_MP3],
            id="what worked is remembered",
        ),
        pytest.param(
            [says(415), says(200, GOOD), says(200, GOOD)],
            ["Hello.", "Hello."],
            [FLAC, AS_MP3, AS_MP3],
            id="415",
        ),
        pytest.param(
            [says(400, REFUSED_FORMAT), says(400, REFUSED_SOUND), says(200, JSON), says(200, JSON)],
            ["Hello.", "Hello."],
            [FLAC, "flac json", "mp3 json", "mp3 json"],
            id="both, the response format first",
        ),
        pytest.param(
            [says(400, REFUSED_SOUND), says(400, REFUSED_FORMAT), says(200, JSON), says(200, JSON)],
            ["Hello.", "Hello."],
            [FLAC, AS_MP3, "mp3 json", "mp3 json"],
            id="both, the sound first",
        ),
        pytest.param(
            [says(400, REFUSED_SOUND), says(400, REFUSED_SOUND), says(200, GOOD)],
            ["endpoint_refused", "Hello."],
            [FLAC, AS_MP3, FLAC],
            id="refused twice and forgotten",
        ),
        pytest.param(
            [says(400, REFUSED_SOUND), says(413), says(200, GOOD)],
            ["too_large", "Hello."],
            [FLAC, AS_MP3, FLAC],
            id="the answer to the MP3 counts",
        ),
        pytest.param(
            [says(400, b'{"error": "the audio is too short to decode"}'), says(200, GOOD)],
            ["endpoint_refused", "Hello."],
            [FLAC, FLAC],
            id="too short",
        ),
        pytest.param(
            [says(500, b"oops"), says(200, GOOD)],
            ["endpoint_down", "Hello."],
            [FLAC, FLAC],
            id="another fault",
        ),
    ],
)
async def test_a_refused_sound_is_sent_as_mp3(
    piece: Piece, tmp_path: Path, answers: list[Answer], told: list[str], requests: list[str]
) -> None:
    """A server that cannot read FLAC gets MP3, once a piece, and only what worked is remembered."""
    second = Piece(1, str(tmp_path / "second.flac"), 6.0, 6.0, len(SOUND), is_last=True)
    (tmp_path / "second.flac").write_bytes(SOUND)
    outcomes, received = await asking([piece, second], *answers, maker=Maker())
    assert [one.reason if isinstance(one, EndpointError) else one.text for one in outcomes] == told
    assert received == requests


async def test_a_passing_fault_after_a_refused_sound(piece: Piece) -> None:
    """The next try of a piece whose FLAC was refused goes on with MP3, and success is remembered then too."""
    answers = (says(400, REFUSED_SOUND), says(503), says(200, GOOD), says(200, GOOD))
    outcomes, received = await asking([piece, piece, piece], *answers, maker=Maker())
    assert isinstance(outcomes[0], EndpointDownError)
    assert outcomes[1:] == [Translation("Hello.")] * 2
    assert received == [FLAC, AS_MP3, AS_MP3, AS_MP3]


@pytest.mark.parametrize(
    "maker",
    [
        pytest.param(None, id="nobody makes MP3"),
        pytest.param(Maker(NotDecodableError()), id="the child broke"),
        pytest.param(Maker(OSError("full")), id="the disk is full"),
    ],
)
async def test_without_an_mp3_the_refusal_stands(piece: Piece, maker: Maker | None) -> None:
    """Where no MP3 can be made the server's own refusal is the outcome, and FLAC goes on being sent."""
    answers = (says(400, REFUSED_SOUND), says(200, GOOD))
    other = dataclasses.replace(piece, index=1, path=str(pathlib.Path(piece.path).with_name("b.flac")))
    await asyncio.to_thread(pathlib.Path(other.path).write_bytes, SOUND)
    (refused, good), received = await asking([piece, other], *answers, maker=maker)
    assert isinstance(refused, EndpointRefusedError)
    assert good == Translation("Hello.")
    assert received == [FLAC, FLAC]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(NotDecodableError(), id="the child broke"),
        pytest.param(OSError("full"), id="the disk is full"),
    ],
)
@pytest.mark.parametrize(
    ("last", "told"),
    [
        pytest.param(says(200, GOOD), Translation("Hello."), id="the server takes FLAC after all"),
        pytest.param(says(400, REFUSED_SOUND), EndpointRefusedError, id="it does not"),
    ],
)
async def test_a_piece_of_which_no_mp3_can_be_made(
    piece: Piece, error: Exception, last: Answer, told: Translation | type[EndpointError]
) -> None:
    """Where MP3 is known to work, but cannot be made, FLAC is sent: the recording is not to blame."""
    maker = Maker()
    answers = (says(400, REFUSED_SOUND), says(200, GOOD), last, says(200, GOOD))
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = TranslationsEngine(client, base_url=wire.url, key=KEY, model="whisper-1", as_mp3=maker)
        await engine.translate(piece, Ask())
        maker.error = error
        other = dataclasses.replace(piece, index=1, path=str(pathlib.Path(piece.path).with_name("b.flac")))
        await asyncio.to_thread(pathlib.Path(other.path).write_bytes, SOUND)
        try:
            outcome: object = await engine.translate(other, Ask())
        except EndpointError as refused:
            outcome = type(refused)
        maker.error = None
        third = dataclasses.replace(other, index=2, path=str(pathlib.Path(piece.path).with_name("c.flac")))
        await asyncio.to_thread(pathlib.Path(third.path).write_bytes, SOUND)
        await engine.translate(third, Ask())
    assert outcome == told
    assert sent(wire.received) == [FLAC, AS_MP3, FLAC, AS_MP3]


async def test_an_mp3_that_could_not_be_made_is_made_for_the_next_try(piece: Piece) -> None:
    """Where a disk was full the next try makes the MP3: that FLAC was refused is not forgotten."""
    maker = Maker(OSError("full"))
    answers = (says(500, b'{"error": "cannot decode"}'), says(200, GOOD))
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = TranslationsEngine(client, base_url=wire.url, key=KEY, model="whisper-1", as_mp3=maker)
        with pytest.raises(EndpointDownError):
            await engine.translate(piece, Ask())
        maker.error = None
        assert await engine.translate(piece, Ask()) == Translation("Hello.")
    assert sent(wire.received) == [FLAC, AS_MP3]


# --- the temperature ----------------------------------------------------------------------------

REFUSED_TEMPERATURE = json.dumps({"error": {"message": "Unsupported parameter: 'temperature'"}}).encode()


@pytest.mark.parametrize("status", [400, 422])
async def test_a_refused_temperature_is_left_out(piece: Piece, status: int) -> None:
    """A model that has no temperature to choose is asked without one at once, and from then on."""
    answers = (says(status, REFUSED_TEMPERATURE), says(200, GOOD))
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = engine_at(wire.url, client)
        assert (await engine.translate(piece, Ask())).text == "Hello."
        assert (await engine.translate(piece, Ask())).text == "Hello."
        fields = [{name for name, _, _, _ in form(one)} for one in wire.received]
    assert ["temperature" in names for names in fields] == [True, False, False]


async def test_all_that_was_refused_stays_refused_after_a_passing_fault(piece: Piece) -> None:
    """Where format and temperature are both refused, a passing fault costs neither of them a second time."""
    answers = (says(400, REFUSED_FORMAT), says(400, REFUSED_TEMPERATURE), says(503), says(200, JSON))
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = engine_at(wire.url, client)
        with pytest.raises(EndpointDownError):
            await engine.translate(piece, Ask())
        assert (await engine.translate(piece, Ask())).text == "Hello."
        fields = [{name for name, _, _, _ in form(one)} for one in wire.received]
        assert formats(wire.received) == [b"verbose_json", b"json", b"json", b"json"]
    assert ["temperature" in names for names in fields] == [True, True, False, False]


async def test_what_pieces_were_refused_is_bounded(piece: Piece) -> None:
    """Of more pieces than are kept the oldest is forgotten: what it was refused is asked for anew."""
    asked = 0

    def serve(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(500, content=b"response_format=verbose_json")

    engine = over(serve)
    paths = [pathlib.Path(piece.path).with_name(f"{number}.flac") for number in range(REMEMBERED_PIECES + 1)]
    for path in paths:
        await asyncio.to_thread(path.write_bytes, b"fLaC")
    for path, requests in [*((path, 2) for path in paths), (paths[-1], 1), (paths[0], 2)]:
        before = asked
        with pytest.raises(EndpointError):
            await engine.translate(dataclasses.replace(piece, path=str(path)), Ask())
        assert asked - before == requests


# --- the words as they were said ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        pytest.param({"language": "german"}, "de", id="a word"),
        pytest.param({"language": "de-DE"}, "de", id="a code"),
        pytest.param({"languages": [{"code": "de"}]}, "de", id="a list of one"),
        pytest.param({"languages": ["de"]}, "de", id="a list of one code"),
        pytest.param({"languages": [{"code": "de"}, {"code": "fr"}]}, "", id="several"),
        pytest.param({"languages": []}, "", id="none that it is sure of"),
        pytest.param({"languages": [{}]}, "", id="a list of nothing"),
        pytest.param({"language": 7}, "", id="a number"),
        pytest.param({"language": "martian"}, "", id="none that is known"),
        pytest.param({}, "", id="nothing said"),
    ],
)
async def test_the_words_as_they_were_said(piece: Piece, language: dict[str, object], tag: str) -> None:
    """Transcriptions are asked for like translations, of their own model; their language is the source's."""
    said = {"text": " Hallo. ", "segments": [{"start": 0, "end": 1.5, "text": " Hallo."}], **language}
    async with (
        serving(says(200, json.dumps(said).encode(), x_request_id="req_1")) as wire,
        httpx.AsyncClient() as client,
    ):
        engine = TranslationsEngine(
            client,
            base_url=f"{wire.url}/v1",
            key=KEY,
            model="whisper-1",
            transcription_model="gpt-transcribe",
        )
        outcome = await engine.transcribe(piece, Ask(prompt="Acme", temperature=0.5))
        (received,) = wire.received
    assert outcome == Transcription("Hallo.", (Segment(0.0, 1.5, "Hallo."),), "req_1", tag)
    assert received.target == "/v1/audio/transcriptions"
    fields = {name: value for name, _, _, value in form(received)}
    assert (fields["model"], fields["prompt"], fields["temperature"]) == (b"gpt-transcribe", b"Acme", b"0.5")


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("gpt-transcribe", b"json"),
        ("gpt-4o-mini-transcribe", b"json"),
        ("whisper-1", b"verbose_json"),
        ("my-gpt-", b"verbose_json"),
    ],
)
async def test_a_model_that_knows_no_times_is_not_asked_for_them(
    piece: Piece, model: str, asked: bytes
) -> None:
    """The first upload is not wasted on a format that a model is known not to have."""
    async with serving(says(200, JSON)) as wire, httpx.AsyncClient() as client:
        engine = TranslationsEngine(
            client, base_url=f"{wire.url}/v1", key=KEY, model="gpt-x", transcription_model=model
        )
        await engine.transcribe(piece, Ask())
        assert formats(wire.received) == [asked]


async def test_each_path_learns_for_itself(piece: Piece) -> None:
    """That the model of one path knows no times says nothing of the other path's model."""
    answers = (says(400, REFUSED_FORMAT), says(200, JSON), says(200, GOOD), says(200, JSON))
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        engine = TranslationsEngine(
            client, base_url=wire.url, key=KEY, model="whisper-1", transcription_model="whisper-large"
        )
        await engine.transcribe(piece, Ask())
        await engine.translate(piece, Ask())
        await engine.transcribe(piece, Ask())
        assert formats(wire.received) == [b"verbose_json", b"json", b"verbose_json", b"json"]


@pytest.mark.parametrize("said", [b"<html>", b"", b"[]", b'{"error": "no"}', b'{"text": null}'])
async def test_nonsense_for_words(piece: Piece, said: bytes) -> None:
    """What is no transcript is asked for once more, and no oftener."""
    with pytest.raises(EndpointDownError) as caught:
        await over(lambda _: httpx.Response(200, content=said)).transcribe(piece, Ask())
    assert caught.value.tries == 2


# --- faults of the wire -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(resets(), id="reset before the answer"),
        pytest.param(sends(), id="closed before the answer"),
        pytest.param(sends(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n" + GOOD), id="cut off"),
        pytest.param(
            resets(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n" + GOOD), id="reset in the middle"
        ),
        pytest.param(sends(b"SSH-2.0-OpenSSH\r\n\r\n"), id="not HTTP"),
        pytest.param(says(200, b"not packed", content_encoding="gzip"), id="badly packed"),
    ],
)
async def test_a_broken_connection_may_heal(piece: Piece, answer: Answer) -> None:
    """Whatever breaks on the wire is a fault that another try can mend, without any text in it."""
    outcome, received = await ask_over_wire(piece, answer)
    assert isinstance(outcome, EndpointDownError)
    assert outcome.tries == 5
    assert outcome.detail.isidentifier()
    assert len(received) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(hangs(), id="no answer"),
        pytest.param(hangs(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"), id="stalled in the middle"),
        pytest.param(
            sends(b"HTTP/1.1 200 OK\r\n\r\n", *[b" "] * 100, seconds_between=0.02), id="a drop now and then"
        ),
    ],
)
async def test_a_request_has_its_time_and_no_more(piece: Piece, answer: Answer) -> None:
    """An endpoint that hangs, or trickles without end, is left after the limit of time."""
    async with asyncio.timeout(1.5):
        outcome, _ = await ask_over_wire(piece, answer, request_seconds=0.2)
    assert isinstance(outcome, EndpointSlowError)


async def test_nobody_at_home(piece: Piece) -> None:
    """A refused connection is a fault that may heal."""
    async with serving(says(200)) as wire:
        gone = wire.url
    async with httpx.AsyncClient() as client:
        with pytest.raises(EndpointDownError):
            await engine_at(gone, client).translate(piece, Ask())


async def test_a_refusal_before_the_upload_ended_is_read(piece: Piece) -> None:
    """A server that says "too large" while we are still sending is understood."""
    early = hangs(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    async with serving(early, reads_body=False) as wire, httpx.AsyncClient() as client:
        with pytest.raises(EndpointTooLargeError):
            await engine_at(wire.url, client).translate(piece, Ask())


async def test_an_answer_without_end_is_left(piece: Piece) -> None:
    """A body that does not stop fills no memory."""
    body = b" " * (LONGEST_ANSWER_BYTES + 1)
    with pytest.raises(EndpointDownError, match="without end"):
        await over(lambda _: httpx.Response(200, content=body)).translate(piece, Ask())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(piece: Piece, status: int) -> None:
    """A redirect means a wrong address; neither key nor sound goes where it leads."""
    async with serving(says(200, GOOD)) as elsewhere:
        outcome, received = await ask_over_wire(piece, says(status, location=f"{elsewhere.url}/v1"))
        assert isinstance(outcome, EndpointKeyError)
        assert (len(received), elsewhere.received) == (1, [])


async def test_a_success_may_be_called_created(piece: Piece) -> None:
    """Some gateways answer every POST with 201."""
    outcome, _ = await ask_over_wire(piece, says(201, GOOD))
    assert outcome == Translation("Hello.")
