from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines import Segment, Transcription
from bot.engines.parts import LONGEST_PART, MOST_CHARACTERS, MOST_PARTS, Parts, has_words
from bot.piece import Piece

PIECE = Piece(0, "/piece.flac", 0.0, 60.0, 4, is_last=True)
HALLO, TSCHUESS = Segment(0.0, 2.0, "Hallo.", 0.1, -0.2, 1.1), Segment(2.0, 3.0, "Tschüss.")


def heard(*texts: str) -> Transcription:
    """Give a transcript with one segment a text, a second each."""
    segments = (Segment(float(number), number + 1.0, text) for number, text in enumerate(texts))
    return Transcription(" ".join(texts), tuple(segments))


def words(text: str) -> str:
    """Give a text without its spaces."""
    return "".join(text.split())


def test_segments_keep_their_times_and_metrics() -> None:
    """What comes out has the English, the words as they were said, and all that was measured of them."""
    parts = Parts.of(Transcription("Hallo. Tschüss.", (HALLO, TSCHUESS)), PIECE)
    assert parts.next_batch() == {0: "Hallo.", 1: "Tschüss."}
    parts.take({0: "Hello.", 1: "Bye."})
    assert parts.next_batch() == {}
    assert parts.translated() == (
        Segment(0.0, 2.0, "Hello.", 0.1, -0.2, 1.1, original="Hallo."),
        Segment(2.0, 3.0, "Bye.", original="Tschüss."),
    )


@pytest.mark.parametrize("segments", [(), (HALLO,)], ids=["no times", "a segment was lost on the way"])
def test_text_without_its_segments_is_one(segments: tuple[Segment, ...]) -> None:
    """Where the segments do not hold all that was said, the whole text is one as long as the piece."""
    parts = Parts.of(Transcription("Hallo. Tschüss.", segments), PIECE)
    assert parts.next_batch() == {0: "Hallo. Tschüss."}
    parts.take({0: "Hello. Bye."})
    assert parts.translated() == (Segment(0.0, 60.0, "Hello. Bye.", original="Hallo. Tschüss."),)


def test_a_batch_is_bounded() -> None:
    """No request holds too many parts or characters."""
    many = Parts.of(heard(*["Ja."] * 200), PIECE)
    assert [*many.next_batch()] == [*range(MOST_PARTS)]
    long = Parts.of(heard(*["Ja, " + "a" * (LONGEST_PART - 10)] * 9), PIECE)
    assert sum(map(len, long.next_batch().values())) <= MOST_CHARACTERS
    assert len(long.next_batch()) == 4


def test_what_was_too_much_goes_in_halves() -> None:
    """A batch is asked for in halves, and these in halves, in their order, down to a single part."""
    parts = Parts.of(heard(*["Ja."] * 5), PIECE)
    parts.halve(parts.next_batch())
    assert [*parts.next_batch()] == [0, 1]
    parts.halve(parts.next_batch())
    assert [*parts.next_batch()] == [0]
    parts.halve(parts.next_batch())
    assert [*parts.next_batch()] == [0], "there is no less than one"
    seen = []
    while batch := parts.next_batch():
        seen.append([*batch])
        parts.take(batch)
    assert seen == [[0], [1], [2, 3, 4]]


def test_what_went_well_is_the_measure() -> None:
    """After a batch that was too much, the others are no larger than what of it went well at once."""
    parts = Parts.of(heard(*["Ja."] * (MOST_PARTS * 2)), PIECE)
    parts.halve(parts.next_batch())
    parts.halve(parts.next_batch())
    seen = []
    while batch := parts.next_batch():
        seen.append(len(batch))
        parts.take(batch)
    assert seen == [15, 15, 30, 30, 30]


def test_a_half_asks_only_for_what_is_left() -> None:
    """Of a half in which one part was doubted only that part is asked for again, and then it is believed."""
    parts = Parts.of(heard(*["Ein ganzer Satz von jemandem."] * 4), PIECE)
    parts.halve(parts.next_batch())
    answer = {0: "A whole sentence of somebody.", 1: "OK"}
    parts.take(parts.believe(answer))
    assert [*parts.next_batch()] == [1]
    parts.take(parts.believe({1: "OK"}))
    assert [*parts.next_batch()] == [2, 3]


def test_what_is_done_is_not_asked_for_again() -> None:
    """The next batch goes on behind what is translated, and closes a hole in it."""
    parts = Parts.of(heard("Eins.", "Zwei.", "Drei."), PIECE)
    parts.take({1: "Two."})
    assert parts.next_batch() == {0: "Eins.", 2: "Drei."}


@pytest.mark.parametrize("text", ["♪", "…", "- -", "?!"])
def test_what_has_no_words_is_not_translated(text: str) -> None:
    """Of marks and notes a model would make something up; they stay as they are."""
    parts = Parts.of(heard("Ja.", text), PIECE)
    assert parts.next_batch() == {0: "Ja."}
    parts.take({0: "Yes."})
    assert [segment.text for segment in parts.translated()] == ["Yes.", text]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Das ist ein Satz, und zwar keiner von den kurzen. " * 100, id="sentences"),
        pytest.param("これは文です。" * 500, id="sentences without spaces between"),
        pytest.param("wort " * 1000, id="one sentence without end"),
        pytest.param("ก" * 5000, id="no end of anything"),
    ],
)
def test_a_long_segment_is_cut_and_joined(text: str) -> None:
    """A long text is asked for in stretches, cut at ends of sentences if it has any, and is one again."""
    parts = Parts.of(heard(text), PIECE)
    texts = [text for _, text in parts.texts]
    assert len(texts) > 3
    assert max(map(len, texts)) <= LONGEST_PART
    if "." in text or "。" in text:
        assert {text[-1] for text in texts} <= {".", "。"}
    assert words("".join(texts)) == words(text)
    parts.take({number: f"Stretch {number}." for number in range(len(texts))})
    (segment,) = parts.translated()
    assert segment.text == " ".join(f"Stretch {number}." for number in range(len(texts)))
    assert segment.original == text


@given(st.lists(st.text(max_size=50), max_size=200), st.integers(1, 2000), st.sets(st.integers(0, 50)))
def test_every_word_is_asked_for_once(texts: list[str], times: int, failing: set[int]) -> None:
    """Whatever is said and however much at once: batch after batch is bounded, and all of it is asked for."""
    parts = Parts.of(heard(*texts, "So ein langer Satz. " * times), PIECE)
    seen: list[str] = []
    requests = 0
    while batch := parts.next_batch():
        requests += 1
        assert len(batch) <= MOST_PARTS
        assert len(batch) == 1 or sum(map(len, batch.values())) <= MOST_CHARACTERS
        if requests in failing and len(batch) > 1:
            parts.halve(batch)
            continue
        seen += batch.values()
        parts.take({number: text.upper() for number, text in batch.items()})
    assert words("".join(seen)) == words("".join(text for _, text in parts.texts if has_words(text)))
    assert [segment.original for segment in parts.translated()] == [one.text for one in parts.segments]
