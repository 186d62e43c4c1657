from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines import Doubt, Segment, Translation
from bot.join import END_OF_ALL_SECONDS, Gap, Whole, end_of, join, lies_in, rest_after
from bot.piece import Piece


def piece_of(
    index: int = 0,
    *,
    start: float = 0.0,
    seconds: float = 6.0,
    end: float = 0.0,
    anchors: tuple[tuple[float, float], ...] = (),
) -> Piece:
    """Give a piece of the recording."""
    return Piece(index, "", start, seconds, 4, is_last=True, end_seconds=end, anchors=anchors)


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        pytest.param(["One."], "One.", id="one"),
        pytest.param(["One.", "Two."], "One.\nTwo.", id="whole sentences"),
        pytest.param(["One and", "two."], "One and two.", id="a sentence goes on"),
        pytest.param(["One?", "“Two.”", "three,", "four"], "One?\n“Two.”\nthree, four", id="many"),
        pytest.param(["", "One.", "", "Two.", ""], "One.\nTwo.", id="silences between"),
        pytest.param(["One and", None, "two."], "One and two.", id="a gap between"),
        pytest.param([None, None], "", id="nothing but gaps"),
        pytest.param(["", ""], "", id="silence"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_texts_are_joined(texts: list[str | None], whole: str) -> None:
    """The pieces' texts stand one after the other, a sentence that goes on in one line."""
    pieces = [piece_of(index) for index in range(len(texts))]
    assert join([None if text is None else Translation(text) for text in texts], pieces).text == whole


def test_times_are_the_recordings() -> None:
    """Segments are moved to where their piece begins, and end with it at the latest."""
    first = Translation("One. Two.", (Segment(0, 2, "One.", 0.1, -0.2, 1.3), Segment(2, 9, "Two.")))
    second = Translation("Three. Late.", (Segment(1, 3, "Three."), Segment(7, 8, "Late.")))
    pieces = [piece_of(0, seconds=6.0), piece_of(1, start=6.5, seconds=4.0)]
    assert join([first, second], pieces) == Whole(
        "One. Two.\nThree. Late.",
        (
            Segment(0, 2, "One.", 0.1, -0.2, 1.3),
            Segment(2, 6.0, "Two."),
            Segment(7.5, 9.5, "Three."),
            Segment(10.5, 10.5, "Late."),
        ),
        10.5,
    )


def test_times_jump_over_what_was_left_out() -> None:
    """What was said after a silence that was not sent has the time at which it was said."""
    told = Translation("One. Two.", (Segment(0, 10, "One."), Segment(10, 14, "Two.")))
    piece = piece_of(start=300.0, seconds=20.0, end=420.0, anchors=((0.0, 300.0), (10.0, 400.0)))
    whole = join([told], [piece])
    assert [(one.start_seconds, one.end_seconds) for one in whole.segments] == [(300, 310), (400, 404)]
    assert whole.seconds == 420.0


@pytest.mark.parametrize(
    "segments",
    [
        pytest.param((), id="no times"),
        pytest.param((Segment(0, 2, "Two"),), id="a segment lost on the way"),
    ],
)
def test_a_piece_whose_times_do_not_hold_all_its_words(segments: tuple[Segment, ...]) -> None:
    """No word of the text is missing from the segments: such a piece is one segment."""
    timed = Translation("One.", (Segment(0, 2, " One. "),))
    pieces = [piece_of(0), piece_of(1, start=6.0, seconds=5.0), piece_of(2, start=11.0)]
    whole = join([timed, Translation("Two three.", segments), Translation("")], pieces)
    assert whole.segments == (Segment(0, 2, " One. "), Segment(6.0, 11.0, "Two three."))


def test_what_is_known_of_segments_is_kept() -> None:
    """Doubts and the words as they were said stay with their segments, also where times don't hold all."""
    unsure = Segment(1.0, 2.0, "Two.", original="Zwei.", doubt=Doubt.UNSURE)
    told = Translation(
        "One. Two.", (Segment(0.0, 1.0, "One.", original="Eins."), unsure), original="Eins. Zwei."
    )
    untimed = Translation("Three.", (), original="Drei.")
    whole = join([told, untimed], [piece_of(0), piece_of(1, start=6.0)])
    assert whole.segments == (
        told.segments[0],
        unsure,
        Segment(6.0, 12.0, "Three.", original="Drei."),
    )
    assert whole.original == "Eins. Zwei.\nDrei."


@pytest.mark.parametrize(
    ("languages", "language"),
    [
        pytest.param([("de", 6.0), ("en", 5.0), ("", 90.0)], "de", id="most of it"),
        pytest.param([("de", 6.0), ("en", 4.0), ("en", 4.0)], "en", id="most of it in several pieces"),
        pytest.param([("", 6.0)], "", id="nobody knows"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_the_language_is_that_of_most_of_it(languages: list[tuple[str, float]], language: str) -> None:
    """By the seconds of the pieces whose language is known; a gap has none."""
    told: list[Translation | None] = [Translation("x", source_language=tag) for tag, _ in languages]
    pieces = [piece_of(index, seconds=seconds) for index, (_, seconds) in enumerate(languages)]
    assert join([*told, None], [*pieces, piece_of(len(pieces), seconds=600.0)]).source_language == language


@pytest.mark.parametrize(
    ("told", "is_english"),
    [
        pytest.param([("One.", "en"), ("Two.", "en")], True, id="all of it"),
        pytest.param([("One.", "en"), ("", "de"), ("Two.", "en")], True, id="nothing said in between"),
        pytest.param([("One.", "en"), ("Two.", "de"), ("Three.", "en")], False, id="a little German"),
        pytest.param([("One.", "en"), ("Two.", "")], False, id="a part of which nobody knows"),
        pytest.param([("", "en")], False, id="nothing said"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_english_is_what_is_all_in_english(told: list[tuple[str, str]], *, is_english: bool) -> None:
    """However long a recording goes on in English, one piece in another language is not."""
    pieces = [piece_of(index, seconds=300.0 if tag == "en" else 1.0) for index, (_, tag) in enumerate(told)]
    whole = join([Translation(text, source_language=tag) for text, tag in told], pieces)
    assert whole.is_english is is_english
    assert whole.source_language == ("en" if told else "")


def test_gaps_say_what_is_missing() -> None:
    """A piece that could not be translated is told by its number and its times in the recording."""
    pieces = [
        piece_of(0),
        piece_of(1, start=6.0, seconds=5.0),
        piece_of(2, start=11.0, seconds=5.0, end=40.0),
    ]
    assert join([None, Translation("Two."), None], pieces) == Whole(
        "Two.", (Segment(6.0, 11.0, "Two."),), 40.0, (Gap(0.0, 6.0), Gap(11.0, 40.0))
    )


def test_what_was_never_cut_is_a_gap() -> None:
    """What comes after the pieces belongs to the recording, as far as anybody knows how long that is."""
    told, piece = [Translation("One.")], piece_of(0)
    assert join(told, [piece], [Gap(6.0, 90.0)]).seconds == 90.0
    whole = join(told, [piece], [Gap(6.0, 16.0, is_open=True)])
    assert (whole.seconds, [gap.span for gap in whole.gaps]) == (6.0, [(6.0, END_OF_ALL_SECONDS)])


FOR_EVER = (12.0, END_OF_ALL_SECONDS)


@pytest.mark.parametrize(
    ("seconds", "only", "spans"),
    [
        pytest.param(90.0, (), [(12.0, 90.0)], id="to the end"),
        pytest.param(0.0, (), [FOR_EVER], id="nobody told the length"),
        pytest.param(12.4, (), [FOR_EVER], id="there is more than was told"),
        pytest.param(
            90.0, ((0.0, 12.4), (10.0, 20.0), (30.0, 40.0)), [(12.0, 20.0), (30.0, 40.0)], id="only"
        ),
        pytest.param(90.0, (FOR_EVER,), [FOR_EVER], id="only the open rest"),
        pytest.param(90.0, ((0.0, 6.0),), [], id="nothing of what was missing"),
    ],
)
def test_what_is_missing_where_cutting_fails(
    seconds: float, only: tuple[tuple[float, float], ...], spans: list[tuple[float, float]]
) -> None:
    """All that comes after the last piece is missing, of a second attempt what was missing before."""
    gaps = rest_after(piece_of(1, start=6.0), seconds=seconds, only=only)
    assert [gap.span for gap in gaps] == spans
    assert all(gap.start_seconds < gap.end_seconds < 200 for gap in gaps)


@pytest.mark.parametrize(
    ("span", "is_in"),
    [
        pytest.param((6.0, 12.0), True, id="the very piece"),
        pytest.param((0.0, 90.0), True, id="more than the piece"),
        pytest.param((8.0, 8.3), True, id="a short stretch in it"),
        pytest.param((11.0, END_OF_ALL_SECONDS), True, id="all from there on"),
        pytest.param((0.0, 6.5), False, id="a little of its beginning"),
        pytest.param((11.6, 20.0), False, id="a little of its end"),
        pytest.param((11.9, 12.2), False, id="less than half of a short one"),
        pytest.param((12.0, 20.0), False, id="the next one"),
    ],
)
def test_a_piece_in_a_stretch(span: tuple[float, float], *, is_in: bool) -> None:
    """A piece belongs to what is missing where they share more than cuts may differ by."""
    assert lies_in(piece_of(1, start=6.0), [(200.0, 300.0), span]) is is_in


def test_the_end_of_a_piece() -> None:
    """A piece ends where it says; one cut by an older version, after its own length."""
    assert (end_of(piece_of(start=6.0, end=30.0)), end_of(piece_of(start=6.0))) == (30.0, 12.0)


def test_a_piece_too_few_is_a_mistake() -> None:
    """Translations and pieces belong together one by one."""
    with pytest.raises(ValueError, match="argument 2 is longer"):
        join([Translation("One.")], [piece_of(0), piece_of(1)])


WORDS = st.text("abc.!? ", max_size=12)
TIMES = st.floats(0, 400)
TOLD = st.none() | st.builds(
    lambda said: Translation(
        " ".join(text for _, _, text in said), tuple(Segment(min(a, b), max(a, b), t) for a, b, t in said)
    ),
    st.lists(st.tuples(TIMES, TIMES, WORDS), max_size=4),
)


@given(st.lists(st.tuples(TOLD, st.floats(0.1, 300)), max_size=6))
def test_no_word_is_lost_and_no_time_lies_outside(rows: list[tuple[Translation | None, float]]) -> None:
    """Whatever endpoints say, the segments hold the text, and each lies within its own piece."""
    pieces, start = [], 0.0
    for index, (_, seconds) in enumerate(rows):
        pieces.append(piece_of(index, start=start, seconds=seconds))
        start += seconds
    whole = join([told for told, _ in rows], pieces)
    said = "".join("".join(told.text.split()) for told, _ in rows if told)
    assert "".join(whole.text.split()) == said
    assert "".join("".join(one.text.split()) for one in whole.segments) == said
    assert all(0 <= one.start_seconds <= one.end_seconds <= whole.seconds for one in whole.segments)
    assert [gap.start_seconds for gap in whole.gaps] == [
        piece.start_seconds for (told, _), piece in zip(rows, pieces, strict=True) if told is None
    ]
