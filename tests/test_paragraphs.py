"""Paragraphs: by pause, never too long, with their times and with what is missing."""

from __future__ import annotations

import pytest

from bot.engines import Doubt, Segment
from bot.join import Gap, Whole
from bot.paragraphs import Paragraph, cut, gaps_of, has_doubts, paragraphs_of, span_mark, time_mark

# So much that it is no line or two.
LONG = " ".join(["word"] * 51) + "."


def read(whole: Whole) -> list[tuple[str, str]]:
    """Give each paragraph as its mark and its text; a gap as its two marks."""
    return [
        (item.mark, item.text)
        if isinstance(item, Paragraph)
        else (time_mark(item.start_seconds), f"to {time_mark(item.end_seconds)}")
        for item in paragraphs_of(whole)
    ]


def whole(*segments: tuple[float, float, str], gaps: tuple[Gap, ...] = ()) -> Whole:
    """Give a translation of such segments."""
    return doubted(*[(*segment, Doubt.NONE) for segment in segments], gaps=gaps)


def doubted(*segments: tuple[float, float, str, Doubt], gaps: tuple[Gap, ...] = ()) -> Whole:
    """Give a translation of such segments, some of them doubtful."""
    made = tuple(Segment(start, end, text, doubt=doubt) for start, end, text, doubt in segments)
    return Whole(" ".join(one.text for one in made), made, 4_000.0, gaps)


@pytest.mark.parametrize(
    ("segments", "paragraphs"),
    [
        pytest.param([(0, 2, "One."), (2.9, 4, "Two.")], ["One. Two."], id="a breath"),
        pytest.param([(0, 2, "One."), (4.9, 6, "Two.")], ["One. Two."], id="a pause after a few words"),
        pytest.param([(0, 2, LONG), (2.9, 4, "Two.")], [f"{LONG} Two."], id="a breath after a long one"),
        pytest.param([(0, 2, LONG), (3, 4, "Two.")], [LONG, "Two."], id="a pause after a long one"),
        pytest.param([(0, 2, "One."), (5, 6, "Two.")], ["One.", "Two."], id="a long pause"),
        pytest.param(
            [(0, 2, f"{LONG[:-1]},"), (3, 4, "two.")],
            [f"{LONG[:-1]}, two."],
            id="a pause inside of a sentence",
        ),
        pytest.param([(0, 2, "One"), (5, 6, "two")], ["One", "two"], id="a long pause, nothing ended"),
        pytest.param([(0, 2, f"“{LONG}”"), (3, 4, "Two.")], [f"“{LONG}”", "Two."], id="quoted"),
        pytest.param([(0, 2, " One.\n Two. ")], ["One. Two."], id="lines of a server"),
        pytest.param([(0, 2, " "), (3, 4, "Two.")], ["Two."], id="nothing said"),
    ],
)
def test_a_paragraph_ends_where_people_pause(
    segments: list[tuple[float, float, str]], paragraphs: list[str]
) -> None:
    """A second of silence ends a paragraph of some sentences; three seconds end any."""
    assert [text for _, text in read(whole(*segments))] == paragraphs


def test_without_pauses_it_ends_when_it_is_long() -> None:
    """The next end of a sentence after 600 characters ends it; the time is that of the first word."""
    sentence = "This is what somebody says for five seconds in one go."
    segments = [(number * 5.0, number * 5.0 + 5, sentence) for number in range(22)]
    paragraphs = read(whole(*segments))
    assert [mark for mark, _ in paragraphs] == ["0:00", "0:55"]
    assert [len(text) for _, text in paragraphs] == [604, 604]


def test_a_server_without_times() -> None:
    """Of minutes in one segment the sentences get their share of the time by their length."""
    text = " ".join(["Every one of these sentences is just as long as another."] * 60)
    paragraphs = read(whole((300.0, 600.0, text)))
    assert [mark for mark, _ in paragraphs] == ["5:00", "5:55", "6:50", "7:45", "8:40", "9:35"]
    assert " ".join(said for _, said in paragraphs) == text


def test_gaps_stand_between() -> None:
    """What is missing stands where it is; neighbours are one to people, others are not."""
    gaps = (Gap(0, 300), Gap(300, 600), Gap(900, 1200), Gap(1500, 1800))
    spoken = whole((600, 604, "One."), (604, 608, "Two."), gaps=gaps)
    assert read(spoken) == [
        ("0:00", "to 10:00"),
        ("10:00", "One. Two."),
        ("15:00", "to 20:00"),
        ("25:00", "to 30:00"),
    ]
    assert gaps_of(spoken) == [Gap(0, 600), Gap(900, 1200), Gap(1500, 1800)]


def test_a_gap_without_an_end() -> None:
    """Where nobody knows how much is missing only its beginning is told, also when two gaps are one."""
    spoken = whole((0, 4, "One."), gaps=(Gap(4, 300), Gap(300, 310, is_open=True)))
    (gap,) = gaps_of(spoken)
    assert (gap.is_open, span_mark(gap)) == (True, "from 0:04 on")


NONE, UNSURE, LOOP, FOREIGN = Doubt.NONE, Doubt.UNSURE, Doubt.LOOP, Doubt.FOREIGN
LISTEN = "hard to hear, please listen"


@pytest.mark.parametrize(
    ("segments", "paragraphs"),
    [
        pytest.param(
            [(0, 2, "One.", NONE), (2, 5.5, "Two.", UNSURE), (5.5, 9, "Three.", NONE)],
            [("0:00", "One."), (f"0:02–0:05 · {LISTEN}", "Two."), ("0:05", "Three.")],  # noqa: RUF001 -- from, to
            id="in the middle",
        ),
        pytest.param(
            [(3599, 3601, "One and", LOOP), (3601, 3605, "two.", FOREIGN)],
            [
                ("59:59–1:00:01 · the same was said over and over, shown once", "One and"),  # noqa: RUF001 -- from, to
                ("1:00:01–1:00:05 · not in English", "two."),  # noqa: RUF001 -- from, to
            ],
            id="two kinds, in the middle of a sentence",
        ),
        pytest.param(
            [(0, 2, "One. Two.", UNSURE), (2, 4, LONG, UNSURE), (6.5, 8, LONG * 2, UNSURE)],
            [(f"0:00–0:08 · {LISTEN}", f"One. Two. {LONG} {LONG * 2}")],  # noqa: RUF001 -- from, to
            id="neighbours of one kind",
        ),
        pytest.param(
            [(0, 2, "One.", UNSURE), (60, 62, "Two.", UNSURE)],
            [(f"0:00–0:02 · {LISTEN}", "One."), (f"1:00–1:02 · {LISTEN}", "Two.")],  # noqa: RUF001 -- from, to
            id="a long pause between them",
        ),
        pytest.param([(7.1, 7.9, "One.", UNSURE)], [(f"0:07 · {LISTEN}", "One.")], id="within a second"),
    ],
)
def test_a_doubt_has_a_paragraph_of_its_own(
    segments: list[tuple[float, float, str, Doubt]], paragraphs: list[tuple[str, str]]
) -> None:
    """The mark above it says from when to when people should listen themselves, and why."""
    assert read(doubted(*segments)) == paragraphs
    assert has_doubts(doubted(*segments))


def test_a_gap_divides_a_doubt() -> None:
    """What is missing stands where it is, also between two stretches that are hard to hear."""
    spoken = doubted((0, 2, "One.", UNSURE), (4, 6, "Two.", UNSURE), gaps=(Gap(2, 4),))
    assert [mark for mark, _ in read(spoken)] == [f"0:00–0:02 · {LISTEN}", "0:02", f"0:04–0:06 · {LISTEN}"]  # noqa: RUF001 -- from, to


def test_a_doubt_is_cut_with_its_mark() -> None:
    """Both parts of a doubtful paragraph are doubtful, each with its own times."""
    parts = cut(Paragraph(10.0, 20.0, "One two. Three four.", UNSURE), 12)
    assert [part.mark for part in parts] == [f"0:10–0:14 · {LISTEN}", f"0:14–0:20 · {LISTEN}"]  # noqa: RUF001 -- from, to


def test_a_text_without_doubts_has_none() -> None:
    """Of a text that is believed nothing has to be listened to."""
    assert not has_doubts(whole((0, 2, "One.")))


@pytest.mark.parametrize(
    ("seconds", "mark"),
    [(0, "0:00"), (59.9, "0:59"), (754.2, "12:34"), (3600, "1:00:00"), (36_123, "10:02:03")],
)
def test_times_as_players_say_them(seconds: float, mark: str) -> None:
    """Hours stand there from one hour on."""
    assert time_mark(seconds) == mark


def test_a_cut_paragraph_has_its_times() -> None:
    """The parts of a paragraph follow each other in time."""
    parts = cut(Paragraph(10.0, 20.0, "One two. Three four."), 10)
    assert [(part.start_seconds, part.end_seconds, part.text) for part in parts] == [
        (10.0, pytest.approx(14.44, abs=0.01), "One two."),
        (pytest.approx(14.44, abs=0.01), pytest.approx(17.22, abs=0.01), "Three"),
        (pytest.approx(17.22, abs=0.01), 20.0, "four."),
    ]
