"""Recordings from the shell, over the same road."""

from __future__ import annotations

import json
import re
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path, PosixPath
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bot.config import Config
from bot.engines import Doubt, Segment
from bot.errors import (
    REASONS,
    BotError,
    EndpointCreditError,
    EndpointError,
    EndpointKeyError,
    EndpointModelError,
    EndpointRefusedError,
    EndpointRetiredError,
    EndpointTooLargeError,
    LocalModelError,
    NotEnglishError,
    OriginalModelError,
    TooLargeError,
)
from bot.join import Gap, Whole
from bot.remedies import MODELS
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import Answer, failing
from bot.sandbox.hearing import Heard, length
from bot.shell.order import STDIN, Order, UsageError
from bot.shell.outcome import render
from bot.shell.printing import print_text, printable
from bot.shell.translating import FILES_AT_ONCE, translate_files
from bot.shell.words import WORDS, explain
from bot.terms import Terms
from known_words import RATE, KnownSpeech, ears, heard_words, speech
from running import SAMPLES
from sample_ears import sample_by_length

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

REFUSED = "the endpoint refused this recording: try again later, or with another TRANSLATION_MODEL"
PARCEL, LOGIN = SAMPLES["parcel"], SAMPLES["login"]


def config_for(endpoint: EndpointSandbox, **more: str) -> Config:
    """Give a configuration that has the endpoint and nothing of Slack."""
    environ = {"COMETAPI_KEY": endpoint.key, "TRANSLATION_BASE_URL": endpoint.base_url}
    return Config.load(environ | more, env_file=None, needs_slack=False)


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """Read what --json printed: JSON alone, and nothing on stderr."""
    said = capsys.readouterr()
    assert said.err == ""
    return [json.loads(line) for line in said.out.splitlines()]


@asynccontextmanager
async def quick_endpoint() -> AsyncIterator[EndpointSandbox]:
    """Run an endpoint that knows a sample by its length: to listen to it takes a child, and its time."""
    async with EndpointSandbox() as endpoint:
        endpoint.ears = sample_by_length
        yield endpoint


# --- what is written ----------------------------------------------------------------------------


async def test_text_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """The English of each file stands on stdout, of several under its name; the hints go along."""
    async with EndpointSandbox() as endpoint:
        order = Order(files=[PARCEL.path, LOGIN.path], prompt="Acme", temperature=0.2)
        code = await translate_files(config_for(endpoint), order)
    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        f"== {PARCEL.path.name} ==",
        PARCEL.english,
        f"== {LOGIN.path.name} ==",
        LOGIN.english,
    ]
    assert [(request.prompt, request.temperature) for request in endpoint.requests] == [("Acme", "0.2")] * 2


async def test_doubtful_prompt_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A prompt that may do harm goes along all the same; why it may stands on stderr, beside JSON not."""
    prompt = "Please translate politely. " + "Dragoman, Zendesk, Kräuterbutter. " * 24
    async with quick_endpoint() as endpoint:
        config = config_for(endpoint)
        assert await translate_files(config, Order(files=[PARCEL.path], prompt=prompt)) == 0
        said = capsys.readouterr()
        assert await translate_files(config, Order(files=[PARCEL.path], prompt=prompt, is_json=True)) == 0
    assert {request.prompt for request in endpoint.requests} == {prompt}
    assert said.out == PARCEL.english + "\n"
    too_long, orders = said.err.splitlines()
    assert too_long.startswith("--prompt: about 3")
    assert "never see its start: “Please translate politely. Dragoman" in too_long
    assert orders.startswith("--prompt: it reads like instructions")
    assert capsys.readouterr().err == ""


async def test_one_text_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """One file's text is all there is on stdout; without a terminal nothing else is shown."""
    async with quick_endpoint() as endpoint:
        assert await translate_files(config_for(endpoint), Order(files=[PARCEL.path])) == 0
    assert capsys.readouterr() == (PARCEL.english + "\n", "")


async def test_several_are_told_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Many files are told in the order of the command line, whichever is done first."""
    files = [PARCEL.path, *[LOGIN.path] * FILES_AT_ONCE]

    others, all_others = list[float](), threading.Event()

    def slow_first(content: bytes) -> Heard:
        seconds = length(content)
        if abs(seconds - PARCEL.seconds) < 0.1:
            assert all_others.wait(30)
        else:
            others.append(seconds)
            if len(others) == FILES_AT_ONCE:
                all_others.set()
        return Heard(seconds, ((0, seconds, f"It lasts {seconds:.0f} seconds."),))

    async with quick_endpoint() as endpoint:
        endpoint.ears = slow_first
        assert await translate_files(config_for(endpoint), Order(files=files, is_json=True)) == 0
    assert [one["file"] for one in lines_of(capsys)] == [str(file) for file in files]


async def test_json_goes_to_a_file(tmp_path: Path) -> None:
    """`--format json` has all that is known of the recording, and the file's name."""
    async with quick_endpoint() as endpoint:
        order = Order(files=[SAMPLES["shoes"].path], output_format="json", out=tmp_path / "shoes.json")
        assert await translate_files(config_for(endpoint), order) == 0
    written = json.loads((tmp_path / "shoes.json").read_text())
    assert written.keys() == {
        "file",
        "text",
        "segments",
        "seconds",
        "gaps",
        "original",
        "source_language",
    }
    assert written["file"] == str(SAMPLES["shoes"].path)
    assert written["text"] == SAMPLES["shoes"].english
    assert written["segments"][0]["start_seconds"] == 0
    assert written["seconds"] == pytest.approx(SAMPLES["shoes"].seconds, abs=0.1)
    assert written["gaps"] == []


@pytest.mark.parametrize(
    ("output_format", "first"),
    [
        pytest.param("srt", "1\n00:00:00,", id="SRT"),
        pytest.param("vtt", "WEBVTT\n\n00:00:00.", id="VTT"),
    ],
)
async def test_subtitles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output_format: str, first: str
) -> None:
    """Subtitles go to stdout alone or to files; in a line of JSON they stand under their name."""
    async with quick_endpoint() as endpoint:
        endpoint.ears = sure
        config = config_for(endpoint)
        alone = Order(files=[PARCEL.path], output_format=output_format)
        assert await translate_files(config, alone) == 0
        subtitles = capsys.readouterr().out
        assert subtitles.startswith(first)
        to_files = Order(files=[PARCEL.path, LOGIN.path], output_format=output_format, out=tmp_path)
        assert await translate_files(config, to_files) == 0
        assert (tmp_path / f"parcel.{output_format}").read_text() == subtitles
        as_json = Order(files=[PARCEL.path, LOGIN.path], output_format=output_format, is_json=True)
        capsys.readouterr()
        assert await translate_files(config, as_json) == 0
    parcel, login = lines_of(capsys)
    assert parcel[output_format] == subtitles
    assert str(login[output_format]).startswith(first)


async def test_a_line_of_json_for_every_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script reads on stdout what came of every file, failures too, and where it was written."""
    bad = tmp_path / "notes.mp3"
    bad.write_text("no sound in here")
    async with quick_endpoint() as endpoint:
        order = Order(files=[bad, PARCEL.path], out=tmp_path / "out", is_json=True)
        assert await translate_files(config_for(endpoint), order) == 1
    failed, parcel = lines_of(capsys)
    assert failed == {"file": str(bad), "error": "not_decodable", "message": WORDS["not_decodable"]}
    assert parcel["text"] == PARCEL.english
    assert parcel["out"] == str(tmp_path / "out" / "parcel.txt")
    assert "error" not in parcel


# --- long recordings ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meeting:
    """A recording of a little more than four minutes, the shortest that is cut, and what is said in it."""

    file: Path
    spoken: KnownSpeech


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Meeting:
    """Record it once for all tests."""
    spoken = speech(245, seed=4)  # three pieces, two long silences
    return Meeting(spoken.write(tmp_path_factory.mktemp("meeting") / "meeting.flac"), spoken)


def sure(_: bytes) -> Heard:
    """Hear the same in every piece, without listening, which takes its time."""
    return Heard(120.0, ((0.0, 1.0, "Something."),))


async def test_a_long_recording(tmp_path: Path, meeting: Meeting) -> None:
    """Of a recording in several pieces no word is lost or doubled, and the times are right."""
    spoken = meeting.spoken
    async with quick_endpoint() as endpoint:
        endpoint.ears = ears
        order = Order(files=[meeting.file], output_format="json", out=tmp_path / "meeting.json")
        assert await translate_files(config_for(endpoint), order) == 0
        assert len(endpoint.requests) >= 3
    written = json.loads((tmp_path / "meeting.json").read_text())
    assert heard_words(written["text"]) == spoken.words
    assert written["seconds"] == pytest.approx(spoken.seconds, abs=0.05)
    for segment in written["segments"]:
        [first, *_] = heard_words(segment["text"])
        starts = [one.start_seconds for one in spoken.said if one.word == first]
        assert min(abs(segment["start_seconds"] - start) for start in starts) < 0.05


async def test_what_could_not_be_translated(meeting: Meeting, capsys: pytest.CaptureFixture[str]) -> None:
    """Pieces that fail for good are marked in the text, neighbours once; the exit code is 1."""
    async with quick_endpoint() as endpoint:
        endpoint.ears = sure
        config = config_for(endpoint, ENDPOINT_CONCURRENCY="1")
        endpoint.script(*[failing(400, code="invalid_request", message="no")] * 2)
        assert await translate_files(config, Order(files=[meeting.file])) == 1
    said = capsys.readouterr()
    mark, _, rest = said.out.partition("]")
    assert mark.startswith("[0:00–")  # noqa: RUF001 -- from, to
    assert mark.endswith(" could not be translated")
    assert rest.split() == ["Something."] * (len(endpoint.requests) - 2)
    assert rest.split()
    assert said.err == f"{meeting.file}: {mark[1:]}: {REFUSED}\n"


async def test_gaps_as_json(meeting: Meeting, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of JSON has what there is, what is missing, and why."""
    async with quick_endpoint() as endpoint:
        endpoint.ears = sure
        endpoint.script(failing(400, code="invalid_request", message="no"))
        order = Order(files=[meeting.file], output_format="srt", is_json=True)
        assert await translate_files(config_for(endpoint, ENDPOINT_CONCURRENCY="1"), order) == 1
    [told] = lines_of(capsys)
    assert isinstance(told["gaps"], list)
    [gap] = told["gaps"]
    assert gap["start_seconds"] == 0
    assert 60 < gap["end_seconds"] < told["seconds"]
    assert set(str(told["text"]).split()) == {"Something."}
    assert told["error"] == "endpoint_refused"
    assert str(told["message"]).startswith("0:00–")  # noqa: RUF001 -- from, to
    assert "could not be translated" in str(told["srt"])


async def test_nothing_could_be_translated(meeting: Meeting, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no piece could be, or nobody speaks in the others, the file failed: there is no text."""
    async with quick_endpoint() as endpoint:
        config = config_for(endpoint, ENDPOINT_CONCURRENCY="1")
        refusal = failing(400, code="invalid_request", message="no")
        endpoint.always = refusal
        assert await translate_files(config, Order(files=[PARCEL.path])) == 1
        endpoint.always = Answer(body='{"text": "♪"}')
        endpoint.script(refusal)
        assert await translate_files(config, Order(files=[meeting.file])) == 1
        assert len(endpoint.requests) > 2
    said = capsys.readouterr()
    assert said.out == ""
    files = (PARCEL.path, meeting.file)
    assert said.err == "".join(f"{file}: {REFUSED}\n" for file in files)


# --- what fails ---------------------------------------------------------------------------------


async def test_one_that_fails_stops_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no recording is named on stderr, the others are written, and the exit code is 1."""
    bad = tmp_path / "notes.mp3"
    bad.write_text("no sound in here")
    async with quick_endpoint() as endpoint:
        order = Order(files=[bad, PARCEL.path], out=tmp_path / "out")
        assert await translate_files(config_for(endpoint), order) == 1
    assert (tmp_path / "out" / "parcel.txt").read_text() == PARCEL.english + "\n"
    assert capsys.readouterr() == ("", f"{bad}: {WORDS['not_decodable']}\n")


@pytest.mark.parametrize(
    ("variable", "reason", "limit"),
    [
        pytest.param("MAX_FILE_MB", "too_large", "1 MB", id="too large"),
        pytest.param("MAX_MINUTES", "too_long", "1 min:", id="too long"),
    ],
)
async def test_limits(
    meeting: Meeting, capsys: pytest.CaptureFixture[str], variable: str, reason: str, limit: str
) -> None:
    """The limits of the bot hold here too, and their words name them."""
    order = Order(files=[meeting.file], is_json=True)
    async with quick_endpoint() as endpoint:
        endpoint.ears = sure
        assert await translate_files(config_for(endpoint, **{variable: "1"}), order) == 1
    [told] = lines_of(capsys)
    assert told["error"] == reason
    assert limit in str(told["message"])
    assert str(told["message"]).endswith(variable)


async def test_a_question_is_never_asked(meeting: Meeting, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names a long file in a shell has decided; the text comes in paragraphs, as in a thread."""
    async with quick_endpoint() as endpoint:
        endpoint.ears = sure
        config = config_for(endpoint, CONFIRM_MINUTES="1", MAX_MINUTES="5")
        assert await translate_files(config, Order(files=[meeting.file])) == 0
        paragraphs = ["Something."] * len(endpoint.requests)
    assert capsys.readouterr().out == "\n\n".join(paragraphs) + "\n"


@pytest.mark.parametrize("text", ["", "♪"], ids=["nothing", "a mark"])
async def test_no_speech_is_said(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A recording in which nobody speaks is no failure, but it is said."""
    async with quick_endpoint() as endpoint:
        endpoint.script(Answer(body=json.dumps({"text": text})))
        assert await translate_files(config_for(endpoint), Order(files=[PARCEL.path])) == 0
    assert capsys.readouterr() == ("\n", f"{PARCEL.path}: no speech in this recording\n")


async def test_silence_is_not_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording without any sound costs no request."""
    silence = KnownSpeech()
    silence.pause(6 * RATE)
    file = silence.write(tmp_path / "silence.flac")
    async with quick_endpoint() as endpoint:
        assert await translate_files(config_for(endpoint), Order(files=[file], is_json=True)) == 0
        assert not endpoint.requests
    [told] = lines_of(capsys)
    assert (told["text"], told["segments"], told["gaps"]) == ("", [], [])
    assert "seconds" not in told


async def test_one_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where one text cannot be written, a line says so, the next one is, and the exit code is 1."""
    (tmp_path / "parcel.txt").mkdir()
    async with quick_endpoint() as endpoint:
        order = Order(files=[PARCEL.path, LOGIN.path], out=tmp_path)
        assert await translate_files(config_for(endpoint), order) == 1
    assert (tmp_path / "login.txt").read_text() == LOGIN.english + "\n"
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("parcel.txt cannot be written (Is a directory)")


async def test_trouble_of_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording that is gone meanwhile costs itself alone."""
    gone = tmp_path / "gone.mp3"
    gone.touch()

    def take_it_away(_: bytes) -> None:
        gone.unlink(missing_ok=True)

    async with quick_endpoint() as endpoint:
        endpoint.ears = take_it_away
        order = Order(files=[*[LOGIN.path] * FILES_AT_ONCE, gone], is_json=True)
        assert await translate_files(config_for(endpoint), order) == 1
    *good, failed = lines_of(capsys)
    assert [one["text"] for one in good] == [LOGIN.english] * FILES_AT_ONCE
    assert failed["error"] == "not_ready"
    assert "(No such file or directory)" in str(failed["message"])


class Odd(PosixPath):
    """A file that makes a fault of ours show."""

    @property
    def name(self) -> str:
        """Fail in a way that nobody thought of."""
        raise RuntimeError


async def test_a_fault_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the program itself breaks over a recording, that one failed, and the others are translated."""
    async with quick_endpoint() as endpoint:
        order = Order(files=[Odd(PARCEL.path), LOGIN.path], is_json=True)
        assert await translate_files(config_for(endpoint), order) == 1
    failed, login = lines_of(capsys)
    assert failed["error"] == "not_ready"
    assert str(failed["message"]).endswith("(RuntimeError)")
    assert login["text"] == LOGIN.english


NOT_IN_A_SHELL = {"Slack", "post", "thread", "message", "/translate", "admin", "restart"}


def kinds_of(error: type[BotError]) -> list[type[BotError]]:
    """Give an error's class and all that are made of it."""
    return [error, *(kind for one in error.__subclasses__() for kind in kinds_of(one))]


@pytest.mark.parametrize("engine", ["translations", "two-step", "local"])
def test_every_reason_has_words_for_the_shell(engine: str) -> None:
    """Each way to fail is said in words that fit the shell; nobody there posts, or knows of a thread."""
    assert WORDS.keys() == REASONS
    for kind in kinds_of(BotError):
        if not hasattr(kind, "reason") or kind is OriginalModelError:  # of which no recording fails
            continue
        said = explain(kind(), Terms(), engine=engine)
        assert not NOT_IN_A_SHELL & set(said.split())
        assert not set("`{}") & set(said)
        # A variable of another engine would be changed in vain.
        names = set(re.findall(r"[A-Z]+_MODEL", said))
        assert names <= {*MODELS[engine], *(("LOCAL_MODEL",) if kind is LocalModelError else ())}
    # What the endpoint finds too large is no matter of our own limit.
    assert "MAX_FILE_MB" in explain(TooLargeError(), Terms(), engine=engine)
    assert "MAX_FILE_MB" not in explain(EndpointTooLargeError(), Terms(), engine=engine)


@pytest.mark.parametrize(
    ("engine", "error", "words"),
    [
        ("translations", EndpointModelError(), "set TRANSLATION_MODEL to one that is offered"),
        ("two-step", EndpointModelError(), "set TRANSCRIPTION_MODEL and CHAT_MODEL"),
        ("translations", EndpointRetiredError(), "2027-02-26): set TRANSLATION_ENGINE to two-step"),
        (
            "two-step",
            EndpointRetiredError(),
            "doesn't offer the model: set TRANSCRIPTION_MODEL and CHAT_MODEL",
        ),
        ("translations", NotEnglishError(), "not English: set TRANSLATION_MODEL to one that translates"),
        ("two-step", NotEnglishError(), "not English: set CHAT_MODEL to one that translates"),
        ("local", NotEnglishError(), "not English: set LOCAL_MODEL to one that translates"),
        ("local", LocalModelError(), "set LOCAL_MODEL to a size, such as small, or to the folder of a model"),
        ("local", LocalModelError(), "docs/local-engine.md"),
        ("translations", EndpointRefusedError(), "endpoint refused this recording: try again later, or with"),
        ("local", EndpointRefusedError(), "this machine can't work on this recording: try"),
        ("two-step", EndpointRefusedError(), "another TRANSCRIPTION_MODEL or CHAT_MODEL"),
        ("translations", EndpointKeyError(), "check COMETAPI_KEY and TRANSLATION_BASE_URL"),
        ("translations", EndpointCreditError(), "top up the account"),
    ],
)
def test_the_remedy_is_that_of_the_engine(engine: str, error: EndpointError, words: str) -> None:
    """What is to be set differs from engine to engine, and only what helps is named."""
    assert words in explain(error, Terms(), engine=engine)


async def test_the_shell_tells_the_trouble_of_the_engine_that_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where all engines fail, the words are about the one that was asked last."""
    async with quick_endpoint() as endpoint:
        endpoint.always = failing(404, code="model_not_found")
        config = config_for(endpoint, TRANSLATION_FALLBACK="two-step")
        assert await translate_files(config, Order(files=[PARCEL.path], is_json=True)) == 1
    [told] = lines_of(capsys)
    assert "TRANSCRIPTION_MODEL and CHAT_MODEL" in str(told["message"])


# --- what is marked -----------------------------------------------------------------------------

DOUBTED = Whole(
    "Good morning. Number nine. Bye.",
    (
        Segment(0.0, 4.0, "Good morning."),
        Segment(12.0, 15.5, "Number nine.", avg_logprob=-1.2, doubt=Doubt.UNSURE),
        Segment(15.5, 17.0, "Bye."),
    ),
    17.0,
    original="Guten Morgen. Nummer neun. Tschüss.",
    source_language="de",
)


def test_a_doubt_is_marked_in_the_text() -> None:
    """A mark stands in brackets on a line of its own above what people should listen to."""
    order = Order(files=[PARCEL.path])
    assert render(DOUBTED, order, PARCEL.path) == (
        "Good morning.\n\n[0:12–0:15 · hard to hear, please listen]\nNumber nine.\n\nBye.\n"  # noqa: RUF001 -- from, to
    )
    gapped = replace(DOUBTED, gaps=(Gap(4.0, 12.0),))
    assert "\n\n[0:04–0:12 could not be translated]\n\n[0:12" in render(gapped, order, PARCEL.path)  # noqa: RUF001 -- from, to


def test_json_says_what_is_doubtful_and_what_was_said() -> None:
    """A script finds the doubt at its segment, the words as they were said and their language."""
    told = json.loads(render(DOUBTED, Order(files=[PARCEL.path], output_format="json"), PARCEL.path))
    assert [one["doubt"] for one in told["segments"]] == ["", "unsure", ""]
    assert (told["original"], told["source_language"]) == (DOUBTED.original, "de")


# --- what cannot be done at all -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "words"),
    [
        pytest.param({"output_format": "pdf"}, "--format must be one of text, srt, vtt, json", id="format"),
        pytest.param({"temperature": 1.5}, "--temperature must be a number from 0 to 1", id="too hot"),
        pytest.param(
            {"temperature": float("nan")}, "--temperature must be a number from 0 to 1", id="no number"
        ),
        pytest.param(
            {"files": [PARCEL.path] * 2, "output_format": "srt"},
            "--format srt of several recordings needs --out FOLDER",
            id="subtitles in a row",
        ),
        pytest.param(
            {"files": [STDIN, STDIN]}, "- can be named once only: what is piped in is one recording", id="- -"
        ),
        pytest.param({"files": [Path("none.mp3")]}, "none.mp3: there is no such file", id="no such file"),
        pytest.param({"files": [Path()]}, ". is a folder: name the recordings in it", id="a folder"),
        pytest.param(
            {"files": [Path("x" * 300)]},
            f"{'x' * 300} cannot be looked at (File name too long)",
            id="no name",
        ),
    ],
)
async def test_orders_that_cannot_be_done(order: dict[str, object], words: str) -> None:
    """What cannot be done is told in one line, before anything is sent."""
    async with quick_endpoint() as endpoint:
        with pytest.raises(UsageError) as caught:
            await translate_files(config_for(endpoint), Order(**{"files": [PARCEL.path]} | order))  # type: ignore[arg-type]  # as typed
        assert str(caught.value) == words
        assert not endpoint.requests


# --- the terminal -------------------------------------------------------------------------------


async def test_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal a bar shows the seconds of sound that are done; stdout has the text alone."""
    shown = await shown_for(PARCEL.path)
    seconds = round(PARCEL.seconds)
    assert "parcel.m4a" in shown
    assert f"{seconds} of {seconds} s" in shown
    assert capsys.readouterr() == (PARCEL.english + "\n", "")


async def test_how_far_a_long_one_is(tmp_path: Path, meeting: Meeting) -> None:
    """A long recording is counted in minutes; its name is shown as it is, brackets and all."""
    file = tmp_path / "[red] \x1b]0;x\x07.wav"
    file.symlink_to(meeting.file)
    shown = await shown_for(file, sure)
    assert "2 of 4 min" in shown
    assert "4 of 4 min" in shown
    assert "[red] \ufffd]0;x\ufffd.wav" in shown


async def shown_for(file: Path, hear: Callable[[bytes], Heard | None] | None = None) -> str:
    """Translate a file and give what a terminal was sent."""
    shown = StringIO()
    async with quick_endpoint() as endpoint:
        endpoint.ears = hear
        console = Console(file=shown, force_terminal=True, width=200)
        assert await translate_files(config_for(endpoint), Order(files=[file]), console) == 0
    return shown.getvalue()


def test_a_pipe_is_given_every_character(capsys: pytest.CaptureFixture[str]) -> None:
    """Only for a terminal a text is changed."""
    print_text("Hello\x1b]0;title\x07 there\x1b[2J, “you”\n")
    assert capsys.readouterr().out == "Hello\x1b]0;title\x07 there\x1b[2J, “you”\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x1b[2Jb", "a\ufffd[2Jb", id="an escape sequence"),
        pytest.param("a\x9b2Jb\x7f\x00", "a\ufffd2Jb\ufffd\ufffd", id="C1, DEL, NUL"),
        pytest.param("one\r\ntwo\tthree “é” 日本", "one\ntwo\tthree “é” 日本", id="lines and letters"),
    ],
)
def test_what_a_terminal_is_shown(text: str, shown: str) -> None:
    """Nothing that a terminal would obey is left of a text."""
    assert printable(text) == shown
