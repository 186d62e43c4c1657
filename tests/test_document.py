"""The file that goes along: which one, its name, its words, and those words as messages."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.document import Document, as_messages, as_text, document_of, original_document
from bot.engines import Doubt, Segment
from bot.join import Gap, Whole
from bot.rich_text import weight
from bot.share import Job, Output, Share, SlackFile

JOB = Job(Share("T1", "C1", "1.1", SlackFile(id="F1", name="Monday meeting.m4a")), temperature=0.2)
SHORT = Whole("Hello.", (Segment(0.0, 2.0, "Hello."),), 2.0)
BRIEF = Whole(
    "Hello.\nGood bye “all”.",
    (Segment(0.12345, 2.0, "Hello.", 0.1, -0.2, 1.1), Segment(3_700.0, 3_702.0, "Good bye “all”.")),
    4_000.0,
)
LAST_WORDS = "Good bye. " * 300 + "Over."
LONG = replace(
    BRIEF,
    text=f"{BRIEF.text}\n{LAST_WORDS}",
    segments=(*BRIEF.segments, Segment(3_800.0, 3_999.0, LAST_WORDS)),
)


def made(output: Output, whole: Whole = LONG, job: Job = JOB) -> Document:
    """Give the document of a channel with such an output."""
    document = document_of(replace(job, output=output), whole)
    assert document is not None
    return document


@pytest.mark.parametrize(
    ("job", "whole"),
    [
        pytest.param(JOB, SHORT, id="short"),
        pytest.param(JOB, BRIEF, id="a long recording with few words"),
        pytest.param(JOB, replace(BRIEF, gaps=(Gap(900.0, 1_200.0),)), id="with a gap"),
        pytest.param(replace(JOB, only=((300.0, 600.0),)), SHORT, id="what was missing"),
        pytest.param(
            JOB, replace(SHORT, segments=(Segment(0.0, 2.0, "Hello.", doubt=Doubt.UNSURE),)), id="doubtful"
        ),
    ],
)
def test_a_text_in_one_message_has_no_file(job: Job, whole: Whole) -> None:
    """Where one message says it all, nothing goes along; subtitles do."""
    assert document_of(job, whole) is None
    assert document_of(replace(job, output=Output.SRT), whole) is not None


@pytest.mark.parametrize("output", list(Output))
def test_nothing_said_has_no_file(output: Output) -> None:
    """Slack takes no empty file, so none is made."""
    assert document_of(replace(JOB, output=output), Whole(" ", seconds=600.0)) is None


@pytest.mark.parametrize(
    ("output", "name"),
    [
        (Output.TEXT, "Monday meeting.en.txt"),
        (Output.SRT, "Monday meeting.en.srt"),
        (Output.VTT, "Monday meeting.en.vtt"),
        (Output.JSON, "Monday meeting.en.json"),
        (Output.VERBOSE_JSON, "Monday meeting.en.verbose.json"),
    ],
)
def test_it_is_called_after_the_recording(output: Output, name: str) -> None:
    """The name says of what it is, in which language, and what for."""
    assert made(output).name == name
    assert as_text(made(output)) == Document(f"{name}.txt", made(output).content)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("", "recording"),
        ("..", "recording"),
        (".m4a", "recording"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\music\\song.MP3", "C-music-song"),
        ("Dr. Ana 12.30", "Dr. Ana 12.30"),
        ("a\u202egpj\n.m4a\0.webm", "agpj .m4a"),
        ("reunião às 10.ogg", "reunião às 10"),
        ("a" * 300 + ".mp3", "a" * 80),
        ("会" * 100, "会" * 60),
        ("\ud83d.mp3", "recording"),
    ],
)
def test_a_name_is_never_a_path(name: str, stem: str) -> None:
    """Whatever the recording is called: no path, nothing unseen, not too long, not empty."""
    job = replace(JOB, share=replace(JOB.share, file=SlackFile("F1", name=name)))
    assert made(Output.SRT, job=job).name == f"{stem}.en.srt"


def test_a_text_has_times_and_gaps() -> None:
    """A title, then paragraphs under their times, and what is missing between them."""
    whole = replace(LONG, gaps=(Gap(900.0, 1_200.0),))
    content = made(Output.TEXT, whole).content
    assert (content.count("Good bye."), content.endswith(" Over.\n")) == (300, True)
    assert content.startswith(
        "Monday meeting.m4a, 1:06:40, in English\n\n"
        "0:00\nHello.\n\n"
        "[15:00–20:00 could not be translated]\n\n"  # noqa: RUF001 -- from, to
        "1:01:40\nGood bye “all”.\n\n"
        "1:03:20\nGood bye. Good bye. "
    )


def test_a_text_says_where_to_listen_and_from_which_language() -> None:
    """The marks stand as they do in the messages; the title says what was spoken, where that is known."""
    first, *others = LONG.segments
    whole = replace(LONG, segments=(replace(first, doubt=Doubt.FOREIGN), *others), source_language="de")
    assert made(Output.TEXT, whole).content.startswith(
        "Monday meeting.m4a, 1:06:40, in English, from German\n\n"
        "0:00–0:02 · not in English\nHello.\n\n1:01:40\nGood bye"  # noqa: RUF001 -- from, to
    )


@pytest.mark.parametrize(
    ("job", "source_language", "name", "title"),
    [
        pytest.param(
            JOB, "de", "Monday meeting.original.txt", "Monday meeting.m4a, 1:06:40, in German", id="known"
        ),
        pytest.param(
            JOB,
            "",
            "Monday meeting.original.txt",
            "Monday meeting.m4a, 1:06:40, as it was said",
            id="unknown",
        ),
        pytest.param(
            replace(JOB, only=((300.0, 600.0),)),
            "de",
            "Monday meeting.missing.original.txt",
            "Monday meeting.m4a, 1:06:40, in German",
            id="what was missing",
        ),
    ],
)
def test_the_words_as_they_were_said(job: Job, source_language: str, name: str, title: str) -> None:
    """They have a file of their own, whose name and first line cannot pass for the English."""
    whole = replace(BRIEF, original="Hallo.\nAuf Wiedersehen.", source_language=source_language)
    document = original_document(job, whole)
    assert document == Document(name, f"{title}\n\nHallo.\n\nAuf Wiedersehen.\n")


def test_what_was_missing_is_called_so() -> None:
    """A second try brings only a part of the recording, and its file must not pass for the whole."""
    assert made(Output.VTT, job=replace(JOB, only=((300.0, 600.0),))).name == "Monday meeting.missing.en.vtt"


def test_json_as_the_api_answers() -> None:
    """`json` has the text alone, readable."""
    document = made(Output.JSON)
    assert json.loads(document.content) == {"text": LONG.text}
    assert document.content.count("\n") == 3
    assert "“all”" in document.content


def test_verbose_json_as_the_api_answers() -> None:
    """Times in the whole recording; a metric that the server left out is left out, and no doubt no field."""
    first = {"id": 0, "seek": 12, "start": 0.123, "end": 2.0, "text": "Hello.", "temperature": 0.2}
    metrics = {"no_speech_prob": 0.1, "avg_logprob": -0.2, "compression_ratio": 1.1}
    second = {"id": 1, "seek": 370_000, "start": 3_700.0, "end": 3_702.0, "text": "Good bye “all”."}
    answer: dict[str, Any] = {
        "task": "translate",
        "language": "english",
        "duration": 4_000.0,
        "text": BRIEF.text,
        "segments": [first | metrics, second | {"temperature": 0.2}],
    }
    assert json.loads(made(Output.VERBOSE_JSON, BRIEF).content) == answer
    doubted = replace(BRIEF, segments=tuple(replace(one, doubt=Doubt.UNSURE) for one in BRIEF.segments))
    told = json.loads(made(Output.VERBOSE_JSON, doubted).content)
    assert told["segments"] == [one | {"doubt": "unsure"} for one in answer["segments"]]
    gapped = made(Output.VERBOSE_JSON, replace(BRIEF, gaps=(Gap(5.0, 300.0),)))
    assert json.loads(gapped.content) == answer | {"missing": [{"start": 5.0, "end": 300.0}]}


def test_a_gap_whose_end_nobody_knows() -> None:
    """No file tells a length of the recording, or an end of what is missing, that nobody knows."""
    whole = replace(LONG, gaps=(Gap(4_000.0, 4_010.0, is_open=True),))
    assert made(Output.TEXT, whole).content.startswith("Monday meeting.m4a, in English\n")
    assert json.loads(made(Output.VERBOSE_JSON, whole).content)["missing"] == [{"start": 4_000.0}]


def test_half_a_character_is_written_all_the_same() -> None:
    """A server may send half a surrogate pair; the file has a question mark there."""
    assert Document("a.txt", "x\ud83dy").data == b"x?y"


# --- as messages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("1\n00:00:00,000 --> 00:00:01,000\nHi.\n", id="short"),
        pytest.param("A line of text.\n  and one more\n\n" * 3_000, id="many lines"),
        pytest.param("&<>" * 20_000, id="one line, all of it escaped"),
        pytest.param("\n".join(["<&>" * 100] * 200), id="many lines, all of them escaped"),
        pytest.param("😀" * 30_000, id="emoji"),
        pytest.param("word " * 20_000, id="one line of words"),
    ],
)
def test_the_words_fit_into_messages(content: str) -> None:
    """All of it, as it is, in messages that Slack takes."""
    messages = as_messages(Document("a.en.srt", content))
    shown = []
    for number, message in enumerate(messages, start=1):
        heading, words = (block["elements"][0]["elements"][0]["text"] for block in message.blocks)
        assert heading == ("a.en.srt" if len(messages) == 1 else f"a.en.srt · {number}/{len(messages)}")
        assert weight(heading) + weight(words) <= 13_200
        assert weight(message.text) <= 40_000
        assert message.blocks[1]["elements"][0]["type"] == "rich_text_preformatted"
        shown.append(words)
    assert "".join("".join(shown).split()) == "".join(content.split())
    if max(map(len, content.split("\n"))) <= 1_000:
        assert "\n".join(shown) == content.strip("\n")
