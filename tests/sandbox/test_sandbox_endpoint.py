"""The embedded endpoint: as strict as the real ones, open about what it is, faulty on demand."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import recordings
from bot.prepare import Decoders
from bot.sandbox import endpoint_answers as answers
from bot.sandbox import samples
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.hearing import Heard, length

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PARCEL = recordings.sample("parcel")
GOOD = {"model": "whisper-1", "response_format": "json", "temperature": "0"}


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointSandbox]:
    """Run an endpoint."""
    async with EndpointSandbox() as running:
        yield running


@pytest.fixture
async def client(endpoint: EndpointSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that has the key."""
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    async with httpx.AsyncClient(base_url=endpoint.base_url, headers=headers, timeout=10) as opened:
        yield opened


@pytest.fixture(scope="module")
def beep(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give a file that is no sample."""
    return recordings.tone(tmp_path_factory.mktemp("beep") / "beep.wav", 1.5).read_bytes()


async def post(
    client: httpx.AsyncClient, content: bytes, *, name: str = "audio.flac", **fields: str
) -> httpx.Response:
    """Ask for a translation; a field given as an empty name is left out."""
    data = {key: value for key, value in (GOOD | fields).items() if value != "-"}
    return await client.post("/audio/translations", data=data, files={"file": (name, content)})


def error_of(response: httpx.Response) -> dict[str, Any]:
    """Open the envelope."""
    error: dict[str, Any] = response.json()["error"]
    assert error["type"] == "comet_api_error"
    return error


# --- what it answers ----------------------------------------------------------------------------


async def test_samples_are_translated(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """Each sample is answered with its English, after our re-encoding and under our name."""
    decoders = Decoders(at_once=1)
    for sample in samples.load():
        [piece] = [piece async for piece in decoders.prepare(sample.path, tmp_path)]
        response = await post(client, Path(piece.path).read_bytes())  # noqa: ASYNC240 -- small and local
        assert response.json() == {"text": sample.english}
    await decoders.close()


async def test_sample_in_another_container(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """A sample is known by its sound in any container; its name plays no part."""
    other = recordings.recorded(tmp_path, "mp3", name="login")
    response = await post(client, other.read_bytes(), name="parcel.m4a")
    assert response.json()["text"] == recordings.sample("login").english


async def test_stand_in_says_what_it_is(client: httpx.AsyncClient, beep: bytes) -> None:
    """Of other sound it says openly that it is a stand-in, how much it heard, and the prompt."""
    response = await post(client, beep, name="a.wav", prompt="Acme")
    text = "This is Dragoman's stand-in endpoint: it heard 1.5 seconds of sound, with the prompt “Acme”."
    assert response.json() == {"text": text}
    response = await post(client, beep, name="a.wav")
    assert response.json()["text"].endswith("it heard 1.5 seconds of sound, without a prompt.")


async def test_json_is_the_default(client: httpx.AsyncClient) -> None:
    """Without a format the answer is JSON."""
    response = await post(
        client, PARCEL.path.read_bytes(), name="a.m4a", response_format="-", temperature="-"
    )
    assert response.json() == {"text": PARCEL.english}


async def test_text(client: httpx.AsyncClient) -> None:
    """Plain text is the bare words and an end of line."""
    response = await post(client, PARCEL.path.read_bytes(), name="a.m4a", response_format="text")
    assert response.headers["content-type"].startswith("text/plain")
    assert response.text == PARCEL.english + "\n"


async def test_subtitles(client: httpx.AsyncClient) -> None:
    """SRT has hours and commas; VTT has a header and no hours, as Whisper's own writer."""
    first, second = PARCEL.english.split(". ")
    response = await post(client, PARCEL.path.read_bytes(), name="a.m4a", response_format="srt")
    times = r"00:00:0\d,\d{3}"
    assert re.fullmatch(
        rf"1\n00:00:00,000 --> ({times})\n{re.escape(first)}\.\n\n2\n\1 --> {times}\n{re.escape(second)}\n\n",
        response.text,
    )
    response = await post(client, PARCEL.path.read_bytes(), name="a.m4a", response_format="vtt")
    assert re.match(r"WEBVTT\n\n00:00\.000 --> 00:0\d\.\d{3}\nHello,", response.text)


async def test_verbose_json(client: httpx.AsyncClient) -> None:
    """Verbose JSON has the segments with times and metrics, and calls English the language."""
    response = await post(
        client, PARCEL.path.read_bytes(), name="a.m4a", response_format="verbose_json", temperature="0.4"
    )
    body = response.json()
    assert (body["task"], body["language"], body["text"]) == ("translate", "english", PARCEL.english)
    assert body["duration"] == pytest.approx(PARCEL.seconds, abs=0.1)
    segments = body["segments"]
    assert "".join(segment["text"] for segment in segments).strip() == PARCEL.english
    assert [segments[0]["start"], segments[-1]["end"]] == [0, pytest.approx(body["duration"], abs=0.01)]
    assert segments[0]["end"] == segments[1]["start"]
    assert {segment["temperature"] for segment in segments} == {0.4}
    assert all(segment["text"].startswith(" ") and segment["no_speech_prob"] < 0.1 for segment in segments)
    assert all(segment["avg_logprob"] > -1 and segment["compression_ratio"] < 2.4 for segment in segments)


def test_subtitles_of_a_long_recording() -> None:
    """From an hour on, VTT needs the hours too."""
    text = "One. Two."
    assert "01:00:00.000" in answers.translated(text, 7200, "vtt", 0).body


async def test_ears_say_what_is_heard(
    client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes
) -> None:
    """Who knows what is said in a file tells it with its times, and every format is made of that."""
    said = ((0.5, 1.25, " One."), (61.0, 62.5, "Two, {as it is}."))
    endpoint.ears = lambda content: Heard(70.0, said) if content == beep else None
    verbose = (await post(client, beep, name="a.wav", response_format="verbose_json")).json()
    assert (verbose["text"], verbose["duration"]) == ("One. Two, {as it is}.", 70.0)
    times = [(one["start"], one["end"], one["text"]) for one in verbose["segments"]]
    assert times == [(0.5, 1.25, " One."), (61.0, 62.5, " Two, {as it is}.")]
    srt = (await post(client, beep, name="a.wav", response_format="srt")).text
    assert srt.endswith("2\n00:01:01,000 --> 00:01:02,500\nTwo, {as it is}.\n\n")
    vtt = (await post(client, beep, name="a.wav", response_format="vtt")).text
    assert "00:00.500 --> 00:01.250\nOne.\n" in vtt
    assert (await post(client, beep, name="a.wav", response_format="text")).text == f"{verbose['text']}\n"
    assert endpoint.requests[-1].seconds == 70.0
    endpoint.hears_nothing = True
    assert (await post(client, beep, name="a.wav")).json() == {"text": ""}


async def test_what_ears_do_not_know_is_listened_to(
    client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes
) -> None:
    """Ears may leave a file to the usual listening, or know its length only."""
    endpoint.ears = lambda _: None
    response = await post(client, PARCEL.path.read_bytes(), name="a.m4a")
    assert response.json() == {"text": PARCEL.english}
    endpoint.ears = lambda _: Heard(7.0)
    response = await post(client, beep, name="a.wav")
    assert "it heard 7.0 seconds of sound" in response.json()["text"]


@pytest.mark.parametrize("kind", ["flac", "mp3"])
def test_our_own_files_are_measured(kind: str, tmp_path: Path) -> None:
    """A FLAC is measured by its header, an MP3 by its sound: what ears need to know of a piece."""
    made = recordings.recorded(tmp_path, kind)
    assert length(made.read_bytes()) == pytest.approx(PARCEL.seconds, abs=0.1)


async def test_models(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """The list of models proves a key without cost."""
    response = await client.get("/models")
    models = response.json()["data"]
    assert [model["id"] for model in models] == ["whisper-1", "gpt-transcribe", "gpt-5-mini"]
    assert not any("shutdown_date" in model for model in models)
    endpoint.shutdown_dates["whisper-1"] = "2027-02-26"
    model, *_ = (await client.get("/models")).json()["data"]
    assert model["shutdown_date"] == "2027-02-26"
    response = await client.get("/models", headers={"Authorization": "Bearer other"})
    assert response.status_code == 401
    assert endpoint.requests == []


# --- what it refuses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"language": "es"}, "language", id="a field that translations don't have"),
        pytest.param({"model": "-"}, "model is required", id="no model"),
        pytest.param({"response_format": "docx"}, "response_format", id="another format"),
        pytest.param({"temperature": "warm"}, "temperature", id="a temperature that is no number"),
        pytest.param({"temperature": "1.1"}, "temperature", id="too hot"),
        pytest.param({"temperature": "nan"}, "temperature", id="no temperature at all"),
        pytest.param({"name": "audio"}, "Invalid file format", id="a name without extension"),
        pytest.param({"name": "audio.opus"}, "Invalid file format", id="an extension it does not know"),
        pytest.param({"name": "flac"}, "Invalid file format", id="an extension only"),
    ],
)
async def test_bad_fields(fields: dict[str, str], words: str, client: httpx.AsyncClient, beep: bytes) -> None:
    """What the real endpoint refuses is refused, with a word about what it was."""
    response = await post(client, beep, **fields)
    assert response.status_code == 400
    error = error_of(response)
    assert words in error["message"]
    assert error["code"] == "invalid_request"
    assert response.headers["X-Oneapi-Request-Id"] in error["message"]


async def test_refused_extensions(
    client: httpx.AsyncClient, endpoint: EndpointSandbox, tmp_path: Path
) -> None:
    """An endpoint may not take FLAC, in OpenAI's words or in a gateway's; MP3 it takes."""
    endpoint.refused_extensions = frozenset({".flac"})
    flac, mp3 = (recordings.recorded(tmp_path, kind).read_bytes() for kind in ("flac", "mp3"))
    response = await post(client, flac)
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_request")
    assert "Invalid file format. Supported formats: ['m4a', 'mp3', " in error_of(response)["message"]
    endpoint.measures_files = True
    response = await post(client, flac)
    assert (response.status_code, error_of(response)["code"]) == (500, "count_token_failed")
    assert "audio duration: unsupported audio format: .flac" in error_of(response)["message"]
    assert (await post(client, mp3, name="audio.mp3")).json() == {"text": PARCEL.english}


@pytest.mark.parametrize(("kind", "name"), [("mp3", "audio.flac"), ("flac", "audio.mp3"), ("wav", "a.mp3")])
async def test_a_name_fits_what_is_inside(
    client: httpx.AsyncClient, tmp_path: Path, kind: str, name: str
) -> None:
    """FLAC and MP3 are told by their names, so another thing under such a name is refused."""
    response = await post(client, recordings.recorded(tmp_path, kind).read_bytes(), name=name)
    assert response.status_code == 400
    assert "Invalid file format" in error_of(response)["message"]


async def test_bad_forms(client: httpx.AsyncClient, beep: bytes) -> None:
    """A form without a file, with two, with a field twice, or that is no form, is refused."""
    path = "/audio/translations"
    file = ("file", ("a.wav", beep))
    for request, words in (
        ({"data": GOOD}, "file is required"),
        ({"data": GOOD, "files": {"other": ("a.wav", beep)}}, "file is required"),
        ({"data": GOOD, "files": [file, file]}, "sent twice"),
        ({"data": GOOD | {"prompt": ["a", "b"]}, "files": [file]}, "sent twice"),
        ({"data": GOOD, "files": [file, ("prompt", ("p.txt", b"Acme"))]}, "only one file"),
        ({"json": GOOD}, "file is required"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, "can't be read"),
    ):
        response = await client.post(path, **request)
        assert response.status_code == 400
        assert words in error_of(response)["message"]


async def test_unknown_model(client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes) -> None:
    """A model that is not offered is a 503, told apart by its code, as the gateway does it."""
    response = await post(client, beep, name="a.wav", model="whisper-9")
    assert (response.status_code, error_of(response)["code"]) == (503, "model_not_found")
    endpoint.models = ()
    assert (await post(client, beep, name="a.wav")).status_code == 503


@pytest.mark.parametrize("header", [None, "Bearer other", "Basic c2FuZGJveA=="])
async def test_wrong_key(header: str | None, endpoint: EndpointSandbox, beep: bytes) -> None:
    """Without the right key nothing is read, and it is kept that it was so."""
    headers = {"Authorization": header} if header else {}
    async with httpx.AsyncClient(base_url=endpoint.base_url, headers=headers) as stranger:
        response = await post(stranger, beep)
    assert (response.status_code, error_of(response)["code"]) == (401, "invalid_api_key")
    [request] = endpoint.requests
    assert not request.authorization_ok
    assert request.model is None


async def test_unknown_length(client: httpx.AsyncClient) -> None:
    """A body of unknown length is refused, as some servers do."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"something"

    response = await client.post("/audio/translations", content=chunks())
    assert response.status_code == 411


async def test_too_large(endpoint: EndpointSandbox) -> None:
    """A body over 25 MiB is refused by its announced length, before it is read."""
    head = (
        "POST /v1/audio/translations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 26214401\r\n"
        f"Authorization: Bearer {endpoint.key}\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
    )

    def send() -> bytes:
        with closing(create_connection(("127.0.0.1", httpx.URL(endpoint.base_url).port or 0))) as raw:
            raw.sendall(head.encode())
            return raw.recv(4096)

    assert b" 413 " in await asyncio.to_thread(send)
    [request] = endpoint.requests
    assert (request.content_length, request.status) == (26_214_401, 413)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        pytest.param(b"", "invalid_request", "empty", id="empty"),
        pytest.param(b"The parcel is late.", "invalid_request", "decoded", id="a text"),
        pytest.param(None, "audio_too_short", "0.1 seconds", id="too short"),
    ],
)
async def test_bad_files(
    content: bytes | None, code: str, words: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """A file that is empty, no recording or too short is refused."""
    if content is None:
        content = recordings.tone(tmp_path / "click.wav", 0.05).read_bytes()
    response = await post(client, content, name="a.wav")
    assert response.status_code == 400
    assert error_of(response)["code"] == code
    assert words in error_of(response)["message"]


async def test_wrong_path(client: httpx.AsyncClient) -> None:
    """Other paths and methods are not there."""
    for method, path in (
        ("POST", "/audio/speech"),
        ("GET", "/audio/translations"),
        ("POST", "/models"),
    ):
        response = await client.request(method, path)
        assert response.status_code == 404
        assert f"({method} /v1{path})" in error_of(response)["message"]


# --- what it keeps ------------------------------------------------------------------------------


async def test_requests_are_kept(client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes) -> None:
    """Every request is kept as it came: fields, file, sound, and how it was answered."""
    await post(client, beep, name="a.wav", prompt="Acme")
    await post(client, b"", name="b.wav")
    good, bad = endpoint.requests
    assert datetime.now(UTC) - good.at < timedelta(minutes=1)
    assert good.fields == GOOD | {"prompt": "Acme"}
    assert (good.model, good.response_format, good.temperature) == ("whisper-1", "json", "0")
    assert (good.prompt, bad.prompt) == ("Acme", None)
    assert (good.file_name, good.file_bytes, good.seconds) == ("a.wav", len(beep), 1.5)
    assert good.content_length is not None
    assert good.content_length > len(beep)
    assert (good.status, good.answered) == (200, True)
    assert (bad.status, bad.answered, bad.seconds) == (400, True, 0)


async def test_flight_is_counted(client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes) -> None:
    """It is known how many requests are being answered, and how many there were at once."""
    endpoint.script(answers.hang(), answers.hang())
    waiting = [asyncio.create_task(post(client, beep, name="a.wav")) for _ in range(2)]
    await endpoint.wait_for(lambda: [request.seconds for request in endpoint.requests] == [1.5, 1.5])
    assert endpoint.in_flight == 2
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    await endpoint.wait_for(lambda: endpoint.in_flight == 0)
    await post(client, beep, name="a.wav")
    assert (endpoint.in_flight, endpoint.max_in_flight) == (0, 2)
    assert [request.answered for request in endpoint.requests] == [False, False, True]


async def test_waiting_in_vain(endpoint: EndpointSandbox) -> None:
    """Waiting for what does not come ends."""
    with pytest.raises(TimeoutError):
        await endpoint.wait_for(lambda: False, timeout_seconds=0.01)


async def test_delay(client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes) -> None:
    """An answer takes as long as is asked of it, in all, for all or by the request."""
    loop = asyncio.get_running_loop()
    await post(client, beep, name="a.wav")  # heard once, it is known
    endpoint.delay_seconds = 0.2
    started = loop.time()
    await post(client, beep, name="a.wav")
    assert 0.2 <= loop.time() - started < 5
    endpoint.delay_seconds = lambda request: 60.0 if request.prompt == "slow" else 0.0
    async with asyncio.timeout(10):
        await post(client, beep, name="a.wav")
    with pytest.raises(httpx.ReadTimeout):
        await client.post(
            "/audio/translations",
            data=GOOD | {"prompt": "slow"},
            files={"file": ("a.wav", beep)},
            timeout=0.3,
        )


async def test_same_file_is_heard_once(
    client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes
) -> None:
    """A client that gives up spoils nothing for another that sent the same file."""
    first = asyncio.create_task(post(client, beep, name="a.wav"))
    await endpoint.wait_for(lambda: len(endpoint.requests) == 1 and endpoint.requests[0].file_bytes > 0)
    second = asyncio.create_task(post(client, beep, name="a.wav"))
    await endpoint.wait_for(lambda: len(endpoint.requests) == 2)
    first.cancel()
    assert (await second).status_code == 200


# --- faults on demand ---------------------------------------------------------------------------


async def test_scripted_answers(client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes) -> None:
    """Queued answers come one by one, then the usual work; bad requests use none up."""
    endpoint.script(
        answers.failing(429, code="rate_limit_exceeded", message="slow down", headers={"Retry-After": "7"}),
        None,
        answers.saying("Hi."),
        answers.saying({"text": "Ho.", "x": 1}),
        answers.html(),
        answers.redirect("http://127.0.0.1:9/elsewhere"),
        answers.empty(),
        answers.cut_json(),
    )
    assert (await post(client, beep, name="a.wav", model="x")).status_code == 503
    busy, usual, text, json_, page, elsewhere, nothing, cut, after = [
        await post(client, beep, name="a.wav") for _ in range(9)
    ]
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "7")
    assert error_of(busy)["message"].startswith("slow down (request id: 20")
    assert usual.status_code == after.status_code == 200
    assert usual.json() == after.json()
    assert (text.text, json_.json()) == ("Hi.", {"text": "Ho.", "x": 1})
    assert (page.status_code, page.text[:6]) == (502, "<html>")
    assert (elsewhere.status_code, elsewhere.headers["location"]) == (301, "http://127.0.0.1:9/elsewhere")
    assert (nothing.status_code, nothing.content) == (200, b"")
    with pytest.raises(json.JSONDecodeError):
        cut.json()


async def test_always(client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes) -> None:
    """An endpoint can be out of order until further notice; a script goes first."""
    endpoint.always = answers.failing(500)
    endpoint.script(answers.saying("Hi."))
    statuses = [(await post(client, beep, name="a.wav")).status_code for _ in range(3)]
    endpoint.always = None
    assert [*statuses, (await post(client, beep, name="a.wav")).status_code] == [200, 500, 500, 200]


@pytest.mark.parametrize(
    "fault", [answers.drop(), answers.drop_after_work()], ids=lambda answer: answer.fault
)
async def test_lost_connection(
    fault: answers.Answer, client: httpx.AsyncClient, endpoint: EndpointSandbox, beep: bytes
) -> None:
    """The connection can be lost before or after the work; the client can't tell, but we can."""
    endpoint.script(fault)
    with pytest.raises(httpx.TransportError):
        await post(client, beep, name="a.wav")
    [request] = endpoint.requests
    assert not request.answered
    assert request.status == (200 if fault.fault is answers.Fault.DROP_AFTER_WORK else 0)


async def test_closing_ends_who_waits(beep: bytes) -> None:
    """Closing the endpoint does not wait for those that hang."""
    async with EndpointSandbox(key="other") as endpoint:
        endpoint.script(answers.hang())
        async with httpx.AsyncClient(
            base_url=endpoint.base_url, headers={"Authorization": "Bearer other"}
        ) as client:
            waiting = asyncio.create_task(post(client, beep, name="a.wav"))
            await endpoint.wait_for(lambda: len(endpoint.requests) == 1 and endpoint.requests[0].seconds > 0)
            async with asyncio.timeout(10):
                await endpoint.__aexit__()
            with pytest.raises(httpx.TransportError):
                await waiting


async def test_port(endpoint: EndpointSandbox) -> None:
    """A port that is taken is told; the endpoint listens on this machine only."""
    url = httpx.URL(endpoint.base_url)
    assert url.host == "127.0.0.1"
    with pytest.raises(OSError, match="in use"):
        await EndpointSandbox(port=url.port or 0).__aenter__()
