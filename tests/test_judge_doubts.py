"""Text that is not English is not posted as English; parts that are doubtful are marked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engines import Ask, Doubt, Segment, Translation
from bot.judge import Verdict, judge_piece
from judging import answer, judged, left_of, piece, timed
from sentences import ENGLISH, FOREIGN

LONG = "I ordered a coffee machine in March, and it still has not arrived."


@pytest.mark.parametrize("language", FOREIGN)
def test_untranslated_text_is_noticed(language: str) -> None:
    """A model that cannot translate gives back what was said; that is no English, and stays as it was."""
    for given in (answer(*timed(FOREIGN[language])), Translation(FOREIGN[language])):
        found = judge_piece(given, piece(), Ask())
        assert found.verdict is Verdict.NOT_ENGLISH
        assert found.translation is given


def test_short_segments_are_judged_together() -> None:
    """A few words say nothing alone, but the text that they make does."""
    words = FOREIGN["de"].split()
    parts = [" ".join(words[at : at + 4]) for at in range(0, len(words), 4)]
    assert judged(*timed(*parts)).verdict is Verdict.NOT_ENGLISH


def test_most_of_it_decides() -> None:
    """Where more than half of the letters are foreign, all of it is called so; else that part is marked."""
    assert judged(*timed(FOREIGN["de"], FOREIGN["de"], LONG)).verdict is Verdict.NOT_ENGLISH
    assert left_of(*timed(LONG, FOREIGN["de"], LONG, LONG)) == [
        (LONG, Doubt.NONE),
        (FOREIGN["de"], Doubt.FOREIGN),
        (LONG, Doubt.NONE),
        (LONG, Doubt.NONE),
    ]


def test_all_of_the_english_is_english() -> None:
    """A long talk with names, lists and foreign words in it is not marked anywhere."""
    assert judged(*timed(*ENGLISH)).translation.segments == timed(*ENGLISH)


def test_silence_in_another_language_is_silence() -> None:
    """What the metrics call silence is not called foreign."""
    none = replace(timed(FOREIGN["de"])[0], no_speech_prob=0.9, avg_logprob=-1.4)
    assert judged(none).verdict is Verdict.NO_SPEECH


@pytest.mark.parametrize(
    ("metrics", "doubt"),
    [
        pytest.param((None, None, None), Doubt.NONE, id="no metrics"),
        pytest.param((0.1, -0.9, 2.3), Doubt.NONE, id="good enough"),
        pytest.param((0.1, -1.0, -1.0), Doubt.NONE, id="placeholders"),
        pytest.param((0.1, -1.01, 1.5), Doubt.UNSURE, id="the model unsure"),
        pytest.param((0.1, -0.3, 2.5), Doubt.UNSURE, id="too much of the same"),
    ],
)
def test_doubtful_parts_are_marked(
    metrics: tuple[float | None, float | None, float | None], doubt: Doubt
) -> None:
    """What the model itself was not sure of is kept, with a mark."""
    doubtful = Segment(3.0, 6.0, LONG, *metrics)
    assert left_of(*timed(LONG), doubtful) == [(LONG, Doubt.NONE), (LONG, doubt)]


def test_of_short_text_the_ratio_says_nothing() -> None:
    """Under fifty characters a text cannot be packed, and the metric is of what stood around it."""
    assert left_of(Segment(0.0, 3.0, "It leaks.", 0.1, -0.3, 3.0)) == [("It leaks.", Doubt.NONE)]


def test_without_metrics_the_ratio_is_reckoned() -> None:
    """Where the endpoint tells none, text that can be packed small is doubtful; a long talk is not."""
    odd = "".join(f"a{'b' * (number % 7)}" for number in range(200))
    assert left_of(*timed(odd)) == [(odd, Doubt.UNSURE)]
    talk = " ".join(ENGLISH)
    assert judge_piece(Translation(talk), piece(), Ask()).translation == Translation(talk)


def test_a_changed_text_is_what_its_segments_say() -> None:
    """Servers join their segments in their own ways; a judged text has one space between them."""
    segments = (*timed(LONG), Segment(3.0, 6.0, LONG, 0.1, -1.5, 1.5))
    left = judge_piece(Translation(f"{LONG}\n{LONG}", segments), piece(), Ask()).translation
    assert left.text == f"{LONG} {LONG}"
    kept = judge_piece(Translation(f"{LONG}\n{LONG}", timed(LONG, LONG)), piece(), Ask()).translation
    assert kept.text == f"{LONG}\n{LONG}"
