"""Subtitles: valid whatever is said, read back by others, at times that people can follow."""

from __future__ import annotations

import html
import io
import re
from itertools import pairwise

import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engines import Doubt, Segment
from bot.join import Gap, Whole
from bot.subtitles import srt, vtt

TIMES = re.compile(r"(\d\d):(\d\d):(\d\d)[.,](\d{3}) --> (\d\d):(\d\d):(\d\d)[.,](\d{3})")
Cue = tuple[int, int, list[str]]


def read(subtitles: str) -> list[Cue]:
    """Read our own form strictly: a number in SRT, times, lines, an empty line."""
    cues = []
    blocks = subtitles.removeprefix("WEBVTT\n\n").removesuffix("\n")
    for number, block in enumerate(blocks.split("\n\n") if blocks else [], start=1):
        lines = block.rstrip("\n").split("\n")
        if not subtitles.startswith("WEBVTT"):
            assert lines.pop(0) == str(number)
        match = TIMES.fullmatch(lines.pop(0))
        assert match
        hours, minutes, seconds, rest, *end = (int(group) for group in match.groups())
        start = ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
        cues.append((start, ((end[0] * 60 + end[1]) * 60 + end[2]) * 1000 + end[3], lines))
    return cues


def whole(*segments: tuple[float, float, str], seconds: float = 0.0, gaps: tuple[Gap, ...] = ()) -> Whole:
    """Give a translation of such segments."""
    made = tuple(Segment(*segment) for segment in segments)
    return Whole(" ".join(one.text for one in made), made, seconds or made[-1].end_seconds, gaps)


def said(cues: list[Cue]) -> str:
    """Give all that is said, without white space: a long word may stand in two lines."""
    return "".join("".join(line) for _, _, lines in cues for line in lines).replace(" ", "")


def test_what_they_look_like() -> None:
    """Both forms as players know them: numbers and commas in SRT, a header and points in WebVTT."""
    talk = whole((0.5, 2.25, "Hello & welcome."), (3661.0, 3663.0004, "Bye <all>."), seconds=3700.0)
    assert srt(talk) == (
        "1\n00:00:00,500 --> 00:00:02,250\nHello & welcome.\n\n2\n01:01:01,000 --> 01:01:03,000\nBye <all>.\n"
    )
    assert vtt(talk) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:02.250\nHello &amp; welcome.\n\n"
        "01:01:01.000 --> 01:01:03.000\nBye &lt;all&gt;.\n"
    )


@pytest.mark.parametrize("silent", [Whole(""), Whole(" ", (Segment(0, 1, " \n\0"),), 1.0)])
def test_nothing_said_is_a_valid_empty_file(silent: Whole) -> None:
    """Without words there are no cues."""
    assert (srt(silent), vtt(silent)) == ("", "WEBVTT\n\n")


def test_long_segments_are_cut_where_people_breathe() -> None:
    """A cue ends with a sentence or a clause rather than anywhere, at the time of that word."""
    text = "The parcel has not arrived yet, so please have a look. It was sent to Lisbon a whole week ago."
    cues = read(srt(whole((10.0, 19.6, text))))
    assert [" ".join(lines) for _, _, lines in cues] == [text[:54], text[55:]]
    assert [start for start, _, _ in cues] == [10_000, pytest.approx(10_000 + 9_600 * 55 / 95, abs=200)]
    assert cues[-1][1] == 19_600


def test_two_lines_are_about_as_long() -> None:
    """No line of one word under a full one."""
    ((_, _, lines),) = read(srt(whole((0.0, 5.0, "This sentence is only a little longer than one"))))
    assert [len(line) for line in lines] == [23, 22]


def test_a_short_segment_goes_with_its_neighbour() -> None:
    """What is said in less than a second, and gone, stands with what comes next."""
    cues = read(
        srt(whole((0.0, 3.0, "Are you there?"), (3.0, 3.4, "Yes."), (3.4, 6.0, "Go on."), seconds=6.0))
    )
    assert cues == [(0, 3_000, ["Are you there?"]), (3_000, 6_000, ["Yes. Go on."])]


def test_a_short_segment_is_shown_into_the_pause() -> None:
    """Where nothing follows at once it is shown for a second; at the very end it comes a little sooner."""
    cues = read(srt(whole((0.0, 0.3, "Yes."), (5.0, 5.2, "No."), (9.7, 10.0, "Bye."))))
    assert cues == [(0, 1_000, ["Yes."]), (5_000, 6_000, ["No."]), (9_000, 10_000, ["Bye."])]


def test_a_few_words_do_not_stay_for_ever() -> None:
    """A segment over a long silence is shown for seven seconds."""
    assert read(srt(whole((3.0, 60.0, "Hm.")))) == [(3_000, 10_000, ["Hm."])]


def test_a_piece_without_times_is_spread() -> None:
    """Five minutes in one segment become cues of a few seconds, each about where its words are."""
    words = [f"word{number:03}" for number in range(600)]
    cues = read(srt(whole((300.0, 600.0, " ".join(words)), seconds=600.0)))
    for start, end, lines in cues:
        first = words.index(lines[0].split()[0])
        assert start == pytest.approx(300_000 + 500 * first, abs=1)
        assert 1_000 <= end - start <= 7_000
    assert (cues[0][0], cues[-1][1]) == (300_000, 600_000)


def test_a_gap_is_said() -> None:
    """Where a piece is missing a cue says so, for a while, between what was said before and after."""
    cues = read(
        vtt(
            whole(
                (0.0, 2.0, "Before."),
                (299.8, 300.0, "Then"),
                (600.0, 602.0, "After."),
                gaps=(Gap(300.0, 600.0), Gap(602.0, 603.0)),
                seconds=603.0,
            )
        )
    )
    missing = ["[could not be translated]"]
    assert [lines for _, _, lines in cues] == [["Before."], ["Then"], missing, ["After."], missing]
    assert cues[2][:2] == (300_000, 307_000)
    assert cues[4][:2] == (602_000, 603_000)


def unsure(*segments: tuple[float, float, str], doubt: Doubt = Doubt.UNSURE) -> Whole:
    """Give a translation of such segments, the second of them doubtful."""
    made = tuple(
        Segment(*one, doubt=doubt if number == 1 else Doubt.NONE) for number, one in enumerate(segments)
    )
    return Whole(" ".join(one.text for one in made), made, made[-1].end_seconds)


def test_what_is_hard_to_hear_has_a_sign() -> None:
    """A sign stands at the end of each cue that has such words, and nowhere else; no times, no words."""
    long = (
        "a rather long sentence, which goes on for quite a while, and then on again, until it ends at last."
    )
    talk = unsure((0.0, 3.0, "Hello."), (3.0, 15.0, long), (15.0, 18.0, "Bye."))
    cues = read(srt(talk))
    assert [lines[-1].endswith(" (?)") for _, _, lines in cues] == [False, True, True, False]
    assert said(cues).replace("(?)", "") == "".join(f"Hello. {long} Bye.".split())
    assert [cue[:2] for cue in cues] == [
        cue[:2] for cue in read(srt(whole((0.0, 3.0, "Hello."), (3.0, 15.0, long), (15.0, 18.0, "Bye."))))
    ]
    assert read(vtt(talk)) == cues


@pytest.mark.parametrize("doubt", [Doubt.LOOP, Doubt.FOREIGN])
def test_other_doubts_have_no_sign(doubt: Doubt) -> None:
    """What was cut to one, or is in another language, is seen without a sign."""
    assert "(?)" not in srt(unsure((0.0, 3.0, "Hello."), (3.0, 6.0, "Hallo."), doubt=doubt))


def test_a_short_doubt_goes_with_its_neighbour() -> None:
    """A cue in which some words are hard to hear has the sign once."""
    cues = read(srt(unsure((0.0, 3.0, "Are you there?"), (3.0, 3.4, "Yes."), (3.4, 6.0, "Go on."))))
    assert [lines for _, _, lines in cues] == [["Are you there?"], ["Yes. Go on. (?)"]]


NASTY = [
    pytest.param("a --> b ---> 00:00:01.000 --> 00:00:02.000", id="an arrow"),
    pytest.param("one\n\n2\n00:00:01,000 --> 00:00:02,000\nfalse", id="a cue of its own"),
    pytest.param("a\r\nb\rc\x0bd\x85e\u2028f\0g\x1bh", id="line ends and controls"),
    pytest.param("<b>bold</b> <v Ana>hi</v> <00:00:01.000> &lt; &amp; &", id="tags and entities"),
    pytest.param("Hello {name} {\\an8} {\\b1}", id="braces"),
    pytest.param("\u202eright to left\u202c שלום עולם مرحبا", id="both directions"),
    pytest.param("NOTE this STYLE WEBVTT REGION", id="words of WebVTT"),
    pytest.param("x" * 500, id="a word without end"),
    pytest.param("ｆｕｌｌ－ｗｉｄｔｈ。" * 30, id="full width"),  # noqa: RUF001 -- that is the point
    pytest.param("x" + "👩‍👩‍👧‍👦" * 40 + "e\u0301" * 100, id="what belongs together"),
    pytest.param("\ud83d half", id="half of a character"),
]


@pytest.mark.parametrize("text", NASTY)
def test_text_is_data(text: str) -> None:
    """Whatever is said, the cues stay as they are, and others read the same number of them."""
    talk = whole((0.0, 8.0, text), (8.0, 10.0, "End."), seconds=10.0)
    strict = read(srt(talk))
    assert strict == [
        (start, end, [html.unescape(line) for line in lines]) for start, end, lines in read(vtt(talk))
    ]
    as_srt, as_vtt = (one.encode("utf-8", "replace") for one in (srt(talk), vtt(talk)))
    others = [
        len(webvtt.WebVTT.from_buffer(io.BytesIO(as_vtt), strict=True)),
        len(webvtt.WebVTT.from_buffer(io.BytesIO(as_srt), format="srt", strict=True)),
        len(pysubs2.SSAFile.from_string(as_srt.decode(), format_="srt")),
        len(pysubs2.SSAFile.from_string(as_vtt.decode(), format_="vtt")),
    ]
    assert others == [len(strict)] * 4
    assert strict[-1][2][-1].endswith("End.")
    kept = re.sub("-{2,}>", "->", text.replace("\0", " ")).replace("\x1b", "").replace("\ud83d", "�")
    assert said(strict) == "".join((kept + "End.").split())


def test_what_belongs_together_stays_together() -> None:
    """A word without end is broken, but no emoji of several parts and no letter from its accent."""
    family = "👩‍👩‍👧‍👦"
    ((_, _, lines), *_) = read(srt(whole((0.0, 6.0, "x" + family * 8))))
    assert lines == ["x" + family * 5, family * 3]


def test_others_read_the_same_times_and_words() -> None:
    """A second library finds each cue where ours stands, to the millisecond, with its words."""
    talk = whole(
        *[(number * 3.1, number * 3.1 + 2.9, f"Sentence & number <{number}>.") for number in range(40)]
    )
    ours = read(srt(talk))
    for subtitles, form in ((srt(talk), "srt"), (vtt(talk), "vtt")):
        theirs = pysubs2.SSAFile.from_string(subtitles, format_=form)
        assert [(event.start, event.end) for event in theirs] == [cue[:2] for cue in ours]
    captions = webvtt.from_string(vtt(talk))
    assert [html.unescape(caption.text).split("\n") for caption in captions.captions] == [
        cue[2] for cue in ours
    ]
    assert [round(caption.start_in_seconds) for caption in captions.captions] == [
        cue[0] // 1000 for cue in ours
    ]


WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=120)
SEGMENTS = st.lists(
    st.tuples(st.floats(0, 2), st.floats(0, 30), st.lists(WORDS, min_size=1, max_size=30).map(" ".join)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=50)
@given(SEGMENTS, st.floats(0, 20), st.sampled_from([*Doubt]))
def test_the_limits_hold(drawn: list[tuple[float, float, str]], tail: float, doubt: Doubt) -> None:
    """Any segments: all words in order, lines and times within their limits, never two cues at once."""
    at, segments = 0.0, []
    for pause, seconds, text in drawn:
        segments.append(Segment(at + pause, at + pause + seconds, text, doubt=doubt))
        at += pause + seconds
    talk = Whole("", tuple(segments), at + tail)
    cues = read(srt(talk))
    words = re.sub("-{2,}>", "->", "".join(" ".join(text for *_, text in drawn).split()))
    if doubt is not Doubt.UNSURE:
        assert said(cues) == words
    else:  # the drawn text may have our sign in it, but the cues have one more each
        assert all(lines[-1].endswith("(?)") for *_, lines in cues)
        assert "".join(said([cue]).removesuffix("(?)") for cue in cues) == words
    total = max(round(talk.seconds * 1000), len(cues))
    shortest = min(1000, total // len(cues)) if cues else 0
    for start, end, lines in cues:
        assert 0 < shortest <= end - start <= 7_000
        assert 1 <= len(lines) <= 2
        assert all(0 < len(line) <= 42 for line in lines)
    assert all(one[1] <= following[0] for one, following in pairwise(cues))
    assert not cues or cues[-1][1] <= total


@given(
    st.lists(st.tuples(st.floats(1.5, 25.0), st.floats(0, 9), st.integers(4, 60)), min_size=1, max_size=30)
)
def test_times_are_true(drawn: list[tuple[float, float, int]]) -> None:
    """Where people speak as people do, each segment begins and ends within a tenth of a second."""
    at, segments = 0.0, []
    for seconds, pause, words in drawn:
        text = " ".join(["word"] * min(words, int(seconds * 3)))
        segments.append(Segment(at, at + seconds, text))
        at += seconds + pause
    cues = read(vtt(Whole("", tuple(segments), at)))
    starts, ends = {start for start, _, _ in cues}, {end for _, end, _ in cues}
    for segment in segments:
        assert min(abs(start - segment.start_seconds * 1000) for start in starts) <= 100
        # Of a longer one the last words may be too few to stand there until its end.
        if segment.end_seconds - segment.start_seconds <= 7:
            assert min(abs(end - segment.end_seconds * 1000) for end in ends) <= 100


def test_segments_out_of_order_do_no_harm() -> None:
    """A server that gives overlapping or backward times still gets valid cues."""
    talk = whole(
        (5.0, 9.0, "One."), (2.0, 6.0, "Two."), (7.0, 6.5, "Three."), (900.0, 990.0, "Four."), seconds=30.0
    )
    cues = read(srt(talk))
    assert said(cues) == "One.Two.Three.Four."
    assert all(one[1] <= following[0] for one, following in pairwise(cues))
    assert cues[-1][1] == 30_000
