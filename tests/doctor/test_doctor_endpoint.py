"""What the doctor finds at the endpoint: the key, the models and their last days, engines and formats."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from ward import TODAY, open_ward, told

from bot.doctor.engines import WORDS, word
from bot.doctor.finding import State
from bot.doctor.formats import SHAPES
from bot.doctor.models import read_list
from bot.engines.endpoint import Answer as Got
from bot.errors import (
    EndpointBusyError,
    EndpointDownError,
    EndpointRefusedError,
    EndpointRetiredError,
    EndpointTooLargeError,
    LocalModelError,
)
from bot.sandbox.endpoint_answers import Answer, chatting, failing, html, redirect, saying

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.errors import EndpointError
    from tiny_whisper import TinyModel

pytest_plugins = ("tiny_fixtures",)

FORMATS = ("engine translations", "sound formats", "response formats")
LIST = ("endpoint", "TRANSLATION_MODEL", "TRANSCRIPTION_MODEL")
TWO_STEP: dict[str, Any] = {"TRANSLATION_ENGINE": "two-step"}


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    """Give a client whose wire is a function."""
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def got(body: str) -> Got:
    """Give an answer with a body."""
    return Got(200, httpx.Headers(), body.encode())


async def test_the_list_proves_the_key_and_names_the_models(tmp_path: Path) -> None:
    """With a good key the list is counted and the models are found on it; nothing is paid for."""
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look(*LIST)
        assert not ward.endpoint.requests
    assert [told(one)[0] for one in found.values()] == ["ok", "ok", "ok"]
    assert found["endpoint"].found == "127.0.0.1 accepts the key and lists 3 models"
    assert found["TRANSLATION_MODEL"].found == "whisper-1 is on the endpoint's list"


@pytest.mark.parametrize(
    ("told_end", "today", "state", "words"),
    [
        pytest.param("", date(2026, 8, 29), "ok", "is on", id="known to end, but not soon"),
        pytest.param("", date(2026, 8, 30), "warn", "ends on 2027-02-26, in 180 days", id="known, and soon"),
        pytest.param("", date(2027, 2, 26), "warn", "ended it on 2027-02-26", id="known, and yet listed"),
        pytest.param("2026-06-01", TODAY, "warn", "ends on 2026-06-01, in 31 days", id="told, and soon"),
        pytest.param("2026-05-01", TODAY, "fail", "ended it on 2026-05-01", id="told, and past"),
        pytest.param("2029-01-01T00:00:00Z", date(2027, 3, 1), "ok", "is on", id="told, later than known"),
    ],
)
async def test_a_model_that_ends(tmp_path: Path, told_end: str, today: date, state: str, words: str) -> None:
    """The last day of a model is told from 180 days before, with the engine that outlives it."""
    async with open_ward(tmp_path / "data") as ward:
        if told_end:
            ward.endpoint.shutdown_dates = {"whisper-1": told_end}
        found = (await ward.look(*LIST, today=today))["TRANSLATION_MODEL"]
    assert found.state.value == state
    assert words in found.found
    assert ("TRANSLATION_ENGINE=two-step" in found.remedy) == (state != "ok")


@pytest.mark.parametrize(
    ("today", "state", "words"),
    [
        pytest.param(TODAY, "warn", "whisper-1 is not on the endpoint's list", id="before its end"),
        pytest.param(date(2027, 3, 1), "fail", "list, and ended on 2027-02-26", id="after it"),
    ],
)
async def test_a_model_that_is_not_listed(tmp_path: Path, today: date, state: str, words: str) -> None:
    """A model that the list does not have is yellow, for lists may be short; after its end it is red."""
    async with open_ward(tmp_path / "data") as ward:
        ward.endpoint.models, ward.endpoint.transcription_models = ("other",), ("gpt-transcribe",)
        found = (await ward.look(*LIST, today=today))["TRANSLATION_MODEL"]
    assert (found.state.value, words in found.found) == (state, True)
    assert "TRANSLATION_ENGINE=two-step" in found.remedy


@pytest.mark.parametrize("name", ["TRANSCRIPTION_MODEL", "CHAT_MODEL"])
async def test_the_other_models_have_remedies_of_their_own(tmp_path: Path, name: str) -> None:
    """Where a model of `two-step` ends, the remedy names its own variable."""
    async with open_ward(tmp_path / "data") as ward:
        ward.endpoint.shutdown_dates = {"gpt-transcribe": "2026-06-01", "gpt-5-mini": "2026-06-01"}
        found = (await ward.look("endpoint", name, **TWO_STEP))[name]
    assert found.state is State.WARN
    assert f"set {name} to another" in found.remedy


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        pytest.param(401, '{"error": {"message": "invalid token"}}', "fail", id="a wrong key"),
        pytest.param(403, '{"error": "no right to list"}', "warn", id="a key that may not list"),
        pytest.param(404, "not found", "warn", id="a server without a list"),
        pytest.param(301, "", "warn", id="a redirect"),
        pytest.param(200, "<html>hello</html>", "warn", id="a web page"),
        pytest.param(200, '{"data": "none"}', "warn", id="no list in it"),
    ],
)
async def test_a_list_that_cannot_be_had(tmp_path: Path, status: int, body: str, state: str) -> None:
    """Only a refused key is red: not every server has a list, and the engines are tried all the same."""
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look(*LIST, client=client_of(lambda _: httpx.Response(status, text=body)))
    assert found["endpoint"].state.value == state
    assert str(status) in found["endpoint"].found
    assert "COMETAPI_KEY and TRANSLATION_BASE_URL" in found["endpoint"].remedy
    words = "not tried" if state == "fail" else "whisper-1 could not be looked up"
    assert (told(found["TRANSLATION_MODEL"])[0], found["TRANSLATION_MODEL"].found) == ("warn", words)


async def test_an_endpoint_that_is_away(tmp_path: Path) -> None:
    """No answer at all is red; a model past its known end is red even unseen."""

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(str(request.url))

    def nowhere(request: httpx.Request) -> httpx.Response:
        raise httpx.UnsupportedProtocol(str(request.url))

    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look("endpoint", client=client_of(away))
        odd = await ward.look("endpoint", client=client_of(nowhere))
        late = await ward.look("TRANSLATION_MODEL", today=date(2027, 3, 1))
    assert told(found["endpoint"])[0] == "fail"
    assert "does not answer (ConnectError)" in found["endpoint"].found
    assert told(late["TRANSLATION_MODEL"])[0] == "fail"
    assert (odd["endpoint"].state, odd["endpoint"].remedy) == (
        State.FAIL,
        "check COMETAPI_KEY and TRANSLATION_BASE_URL",
    )


def test_odd_lists() -> None:
    """Days come as text or seconds; what cannot be read says nothing, and what is no model is passed over."""
    moment = datetime(2027, 2, 26, tzinfo=UTC).timestamp()
    body = (
        '{"data": [{"id": "a", "shutdown_date": %d}, {"id": "b", "shutdown_date": "soon"}, {"id": 3}, "c",'
        ' {"id": "d", "shutdown_date": true}, {"id": "e", "shutdown_date": 1e300}]}'
    )
    assert read_list(got(body % moment)) == {"a": date(2027, 2, 26), "b": None, "d": None, "e": None}
    assert read_list(got('[{"id": "a"}]')) == {"a": None}


# --- engines --------------------------------------------------------------------------------------


async def test_an_engine_that_works(tmp_path: Path) -> None:
    """The sample comes back in English, from either engine, asked as the bot asks."""
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look("engine translations")
        assert [one.fields["response_format"] for one in ward.endpoint.requests] == ["verbose_json"]
        two_step = await ward.look("engine two-step", **TWO_STEP)
        assert len(ward.endpoint.chats) == 1
    both = (found | two_step).values()
    assert [one.state.value for one in both] == ["ok", "ok"]
    assert "TRANSLATION_MODEL whisper-1" in found["engine translations"].found
    assert "CHAT_MODEL gpt-5-mini" in two_step["engine two-step"].found


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        pytest.param(failing(401), "fail", "check COMETAPI_KEY", id="key"),
        pytest.param(redirect("http://127.0.0.1:9/"), "fail", "check COMETAPI_KEY", id="address"),
        pytest.param(failing(403, code="insufficient_user_quota"), "fail", "top up", id="money"),
        pytest.param(
            failing(503, code="model_not_found"), "fail", "set TRANSLATION_ENGINE=two-step", id="retired"
        ),
        pytest.param(failing(429), "warn", "ENDPOINT_CONCURRENCY", id="busy"),
        pytest.param(html(502), "fail", "try again later", id="down"),
        pytest.param(failing(400), "fail", "troubleshooting.md", id="refused"),
        pytest.param(
            saying({"text": "Guten Tag, ich möchte gern die Schuhe zurückgeben, sie sind leider zu klein."}),
            "fail",
            "can translate",
            id="not English",
        ),
        pytest.param(saying({"text": ""}), "warn", "heard nothing", id="nothing heard"),
    ],
)
async def test_an_engine_that_fails(tmp_path: Path, answer: Answer, state: str, words: str) -> None:
    """What the endpoint says becomes words for who runs it; after a failure no format is asked for."""
    async with open_ward(tmp_path / "data") as ward:
        ward.endpoint.script(answer)
        found = await ward.look(*FORMATS)
        assert state == "warn" or len(ward.endpoint.requests) == 1
    first, *others = found.values()
    assert told(first)[0] == state
    assert words in told(first)[1]
    assert all((one.found == "not tried") == (state == "fail") for one in others)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param("speech", "does not offer TRANSCRIPTION_MODEL gpt-transcribe", id="speech"),
        pytest.param("chat", "does not offer CHAT_MODEL gpt-5-mini", id="chat"),
    ],
)
async def test_which_of_two_models_fails(tmp_path: Path, step: str, words: str) -> None:
    """Of the two models of `two-step` the one that is refused is named."""
    async with open_ward(tmp_path / "data") as ward:
        if step == "speech":
            ward.endpoint.transcription_models = ("other",)
        else:
            ward.endpoint.chat_models = ("other",)
        found = (await ward.look("engine two-step", **TWO_STEP))["engine two-step"]
    assert (found.state, words in found.found) == (State.FAIL, True)


async def test_a_chat_model_that_does_not_translate(tmp_path: Path) -> None:
    """A chat model that says the words in their own language is not taken for one that translates."""
    async with open_ward(tmp_path / "data") as ward:
        said = "Buongiorno, vorrei restituire le scarpe perché sono davvero troppo piccole per me."
        ward.endpoint.always_chat = chatting({"segments": [{"id": 1, "text": said}]})
        found = (await ward.look("engine two-step", **TWO_STEP))["engine two-step"]
    assert (found.state, found.remedy) == (State.FAIL, "set CHAT_MODEL to one that translates into English")


async def test_a_piece_that_is_gone(tmp_path: Path) -> None:
    """Trouble with our own files is told as such."""
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look(
            "engine translations", change=lambda patient: (patient.folder / "piece.flac").unlink()
        )
    assert "cannot be read any more" in found["engine translations"].found


@pytest.mark.parametrize(
    ("error", "name", "words"),
    [
        pytest.param(EndpointRetiredError("404"), "translations", "two-step", id="retired"),
        pytest.param(EndpointRetiredError("404"), "two-step", "from the endpoint's list", id="of two-step"),
        pytest.param(EndpointTooLargeError("413"), "translations", "too large", id="too large"),
        pytest.param(EndpointRefusedError(), "translations", "refused the sample of M m", id="no detail"),
        pytest.param(EndpointBusyError("429"), "translations", "later", id="busy"),
        pytest.param(EndpointDownError("TimeoutError"), "translations", "(TimeoutError)", id="down"),
        pytest.param(LocalModelError("LOCAL_MODEL is torn"), "local", "check LOCAL_MODEL", id="local"),
    ],
)
def test_every_error_has_words(error: EndpointError, name: str, words: str) -> None:
    """Each error of an engine has what was found and a remedy."""
    found = word(error, name, "M m")
    assert words in told(found)[1]
    assert found.remedy
    assert list(WORDS)[-1] in type(error).__mro__


async def test_the_engine_on_this_machine(tmp_path: Path, tiny: TinyModel) -> None:
    """`local` is loaded and tried, without a word to the endpoint; a size that may not be here is not."""
    local: dict[str, Any] = {"TRANSLATION_ENGINE": "local", "COMETAPI_KEY": ""}
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look("decoder", "engine local", LOCAL_MODEL=str(tiny.folder), **local)

        def save(patient: object) -> None:
            patient.takes_requests = False  # type: ignore[attr-defined]  # a Patient

        unloaded = await ward.look("engine local", change=save, LOCAL_MODEL="small", **local)
        assert not ward.endpoint.requests
    assert told(found["engine local"])[0] == "ok"
    assert "not loaded" in unloaded["engine local"].found


async def test_a_model_of_this_machine_that_is_torn(tmp_path: Path, tiny: TinyModel) -> None:
    """A model that cannot be loaded is red, with the remedy of the loading."""
    torn = tmp_path / "torn"
    torn.mkdir()
    for file in tiny.folder.iterdir():
        (torn / file.name).write_bytes(b"" if file.name == "model.bin" else file.read_bytes())
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look(
            "engine local", TRANSLATION_ENGINE="local", COMETAPI_KEY="", LOCAL_MODEL=str(torn)
        )
    assert told(found["engine local"])[0] == "fail"
    assert "LOCAL_MODEL could not be loaded" in found["engine local"].found


# --- formats --------------------------------------------------------------------------------------


async def test_all_formats_come(tmp_path: Path) -> None:
    """Every format that the stand-in endpoint really gives is listed as one that works."""
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look(*FORMATS)
        asked = [one.fields["response_format"] for one in ward.endpoint.requests]
    assert found["sound formats"].found == "work: FLAC, MP3"
    assert found["response formats"].found == "work: json, text, srt, vtt, verbose_json"
    assert asked == ["verbose_json", "json", "json", *SHAPES]


@pytest.mark.parametrize(
    ("refused", "state", "words"),
    [
        pytest.param({".flac"}, "warn", "work: MP3; do not: FLAC (refused, 400)", id="no FLAC"),
        pytest.param(
            {".flac", ".mp3"}, "fail", "do not: FLAC (refused, 400), MP3 (refused, 400)", id="neither"
        ),
    ],
)
async def test_an_endpoint_that_reads_less_sound(
    tmp_path: Path, refused: set[str], state: str, words: str
) -> None:
    """Without FLAC the MP3 serves; without both, red. What is asked for next is sent as what works."""
    async with open_ward(tmp_path / "data") as ward:
        ward.endpoint.refused_extensions = frozenset(refused)
        found = await ward.look("sound formats", "response formats")
        assert {one.file_name for one in ward.endpoint.requests[2:]} <= {"audio.mp3"}
    assert (told(found["sound formats"])[0], found["sound formats"].found) == (state, words)
    assert (found["response formats"].state is State.OK) == (state == "warn")


async def test_an_endpoint_without_times(tmp_path: Path) -> None:
    """Without segments the bot works, and what is lost is said."""
    async with open_ward(tmp_path / "data") as ward:
        ward.endpoint.timeless_models = frozenset({"whisper-1"})
        ward.endpoint.script(
            None, saying("Hello."), saying("1\n00:00 --> 00:01\nHi"), failing(429), saying({"text": "Hello."})
        )
        found = (await ward.look("response formats"))["response formats"]
    assert found.state is State.WARN
    assert "vtt (busy, 429)" in found.found
    assert "verbose_json (no segments)" in found.found
    assert "timed by piece" in found.remedy


async def test_an_endpoint_without_any_use(tmp_path: Path) -> None:
    """Where neither JSON comes, the bot cannot work; a broken connection is one of the reasons."""

    def nothing(request: httpx.Request) -> httpx.Response:
        if b"srt" in request.content:
            raise httpx.ReadError(str(request.url))
        return httpx.Response(200, text="<html>")

    async with open_ward(tmp_path / "data") as ward:
        found = (await ward.look("response formats", client=client_of(nothing)))["response formats"]
    assert found.state is State.FAIL
    assert found.found == (
        "do not: json (another shape), text (another shape), srt (ReadError), vtt (another shape), "
        "verbose_json (another shape)"
    )


async def test_an_mp3_that_cannot_be_made(tmp_path: Path) -> None:
    """Trouble of our own with the MP3 is told as such, and FLAC is what counts."""

    def no_room(patient: object) -> None:
        folder: Path = patient.folder  # type: ignore[attr-defined]  # a Patient
        (folder / "piece.flac").write_bytes(b"no sound")

    def fine(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"text": "Hello."})

    async with open_ward(tmp_path / "data") as ward:
        found = (await ward.look("sound formats", client=client_of(fine), change=no_room))["sound formats"]
    assert found.found == "work: FLAC; do not: MP3 (not made here, NotDecodableError)"


@pytest.mark.parametrize(
    ("name", "body", "wrong"),
    [
        pytest.param("json", '{"text": ""}', "", id="silence in JSON"),
        pytest.param("json", '{"error": {}}', "another shape", id="no text"),
        pytest.param("text", '{"text": "Hello."}', "another shape", id="JSON for text"),
        pytest.param("text", "1\n0:00 --> 0:01\nHello.", "another shape", id="subtitles for text"),
        pytest.param("text", "", "another shape", id="nothing for text"),
        pytest.param("srt", "WEBVTT\n\n00:00 --> 00:01", "another shape", id="the other subtitles"),
        pytest.param("srt", "", "another shape", id="nothing for subtitles"),
        pytest.param("vtt", "1\n00:00 --> 00:01", "another shape", id="the one for the other"),
        pytest.param("verbose_json", '{"text": "a", "segments": []}', "no segments", id="no segments"),
        pytest.param(
            "verbose_json",
            '{"text": "a", "segments": [{"start": 0, "end": 1, "text": "a", "avg_logprob": -1.0}]}',
            "no metrics",
            id="placeholders",
        ),
    ],
)
def test_shapes(name: str, body: str, wrong: str) -> None:
    """A format counts only where its body has the shape, whatever the status says."""
    assert SHAPES[name](got(body)) == wrong
