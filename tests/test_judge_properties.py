"""What holds of every text that is judged, whatever an endpoint sends."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engines import Ask, Doubt, Segment, Translation
from bot.judge import Verdict, judge_piece
from judging import answer, judged, piece
from sentences import ENGLISH, FOREIGN

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.piece import Piece

PHRASES = [
    "Thank you.",
    "Thanks for watching!",
    "[Music]",
    "no",
    "I am here.",
    "five",
    "はい",
    "もう一度",
    "you",
    ".",
    *ENGLISH[:4],
    FOREIGN["de"],
    FOREIGN["ru"],
]
texts = st.one_of(
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from(PHRASES), max_size=12).map(" ".join),
)
metrics = st.none() | st.sampled_from([-1.0, 0.0, 0.05, 0.5, 0.7, 3.0, -1.5, -0.3]) | st.floats()
seconds = st.floats(0.0, 400.0)
prompts = st.sampled_from(
    ["", "I am here.", "Thank you for watching my talk about no and five", FOREIGN["de"]]
)
pieces = st.builds(
    lambda length, loud, rise: piece(seconds=length, loud_db=loud, rise_db=rise),
    st.sampled_from([0.0, 0.05, 2.0, 300.0]),
    st.none() | st.floats(-100.0, 0.0),
    st.none() | st.floats(0.0, 60.0),
)


@st.composite
def translations(draw: st.DrawFn) -> Translation:
    """Draw an answer whose segments are in order, and mostly hold its text."""
    marks = sorted(draw(st.lists(seconds, min_size=0, max_size=16)))
    segments = tuple(
        Segment(start, end, draw(texts).strip(), draw(metrics), draw(metrics), draw(metrics))
        for start, end in zip(marks[::2], marks[1::2], strict=False)
    )
    text = "\n".join(segment.text for segment in segments)
    return Translation(draw(st.sampled_from([text, text, draw(texts)])), segments, original="so")


def is_within(some: list[str], many: list[str]) -> bool:
    """Say whether some words are among many, in the same order."""
    rest = iter(many)
    return all(word in rest for word in some)


@given(translations(), pieces, prompts)
def test_whatever_comes_is_judged(given_: Translation, sound: Piece, prompt: str) -> None:
    """Nothing is raised, nothing is added, no time is invented, and the text is what its segments say."""
    found = judge_piece(given_, sound, Ask(prompt=prompt))
    left = found.translation
    if left == given_:
        return
    assert found.verdict in {Verdict.GOOD, Verdict.NO_SPEECH}
    assert left.text == " ".join(segment.text for segment in left.segments)
    assert is_within(
        [letter for letter in left.text if letter.isalnum()],
        [letter for letter in given_.text if letter.isalnum()],
    )
    assert (found.verdict is Verdict.NO_SPEECH) == (not left.segments)
    assert left.original == ("so" if left.segments else "")
    starts = [segment.start_seconds for segment in left.segments]
    assert starts == sorted(starts)
    most = max([sound.seconds, *(segment.end_seconds for segment in given_.segments)])
    assert all(0.0 <= one.start_seconds <= one.end_seconds <= most for one in left.segments)


@given(translations(), pieces, prompts)
def test_judging_again_changes_nothing(given_: Translation, sound: Piece, prompt: str) -> None:
    """What is good stays as it is, marks and all."""
    once = judge_piece(given_, sound, Ask(prompt=prompt))
    assert judge_piece(once.translation, sound, Ask(prompt=prompt)) == once


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(ENGLISH), min_size=1, max_size=8, unique=True),
    st.sampled_from([(None, None, None), (0.01, -0.2, 1.4), (0.04, -1.0, -1.0), (0.9, -0.4, 1.9)]),
    prompts,
)
def test_ordinary_speech_is_kept_whole(
    sentences: list[str], told: tuple[float | None, float | None, float | None], prompt: str
) -> None:
    """Sentences of at least three different words, with good metrics or none, lose nothing."""
    spoken = [one for one in sentences if len(set(one.casefold().split())) >= 3]
    segments = [Segment(4.0 * at, 4.0 * at + 4, one, *told) for at, one in enumerate(spoken)]
    given_ = answer(*segments)
    if segments:
        found = judge_piece(given_, piece(seconds=80.0, loud_db=-50.0, rise_db=9.0), Ask(prompt=prompt))
        assert (found.verdict, found.translation.text) == (Verdict.GOOD, given_.text)


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(" ".join(ENGLISH).split()), min_size=6, max_size=60),
    st.integers(),
    st.sampled_from([str.upper, str.lower, str.title]),
)
def test_no_case_or_mark_hides_an_echo(words: list[str], seed: int, change: Callable[[str], str]) -> None:
    """However the prompt comes back written, it is an echo, and so is most of it."""
    chance = random.Random(seed)  # noqa: S311 -- marks, no secrets
    written = "".join(change(word) + chance.choice([" ", ", ", ". ", "! ", " - ", "\n"]) for word in words)
    prompt = " ".join(words)
    for text in (written, written.strip() + "..."):
        verdict = judged(Segment(0.0, 9.0, text.strip()), prompt=prompt).verdict
        plain = judged(Segment(0.0, 9.0, prompt), prompt=prompt).verdict
        assert verdict is plain


@settings(max_examples=25)
@given(st.integers(3, 20), st.sampled_from([one for one in ENGLISH[:20] if len(one.split()) > 6]))
def test_however_often_a_sentence_is_said_it_stays_once(times: int, sentence: str) -> None:
    """A loop of any length leaves its sentence, marked."""
    segments = [Segment(3.0 * at, 3.0 * at + 3, sentence) for at in range(times)]
    left = judged(*segments).translation
    assert left.text == sentence
    assert (left.segments[0].doubt, left.segments[0].end_seconds) == (Doubt.LOOP, 3.0 * times)
