"""What is a loop, foreign or slow is no speech where something gives it away, and else somebody's words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.engines import Ask, Doubt, Segment, Translation
from bot.judge import Verdict, judge_original, judge_piece
from judging import judged, left_of, piece, timed
from sentences import FOREIGN

if TYPE_CHECKING:
    from bot.piece import Piece

SENTENCE = "I am going to the store."
GERMAN = FOREIGN["de"]
CLEAR = piece(seconds=20.0, loud_db=-20.0, rise_db=26.0)


def whole(text: str, sound: Piece) -> Verdict:
    """Judge an answer that has a text and nothing else."""
    return judge_piece(Translation(text), sound, Ask()).verdict


# --- loops --------------------------------------------------------------------------------------


def test_a_loop_that_nobody_can_say_so_fast_is_no_speech() -> None:
    """A short beep that is answered with a sentence twelve times is a beep; in a minute somebody may."""
    for seconds, verdict in ((1.05, Verdict.NO_SPEECH), (60.0, Verdict.GOOD)):
        sound = replace(CLEAR, seconds=seconds)
        assert whole(" ".join([SENTENCE] * 12), sound) is verdict


@pytest.mark.parametrize(
    ("metrics", "verdict"),
    [
        pytest.param((0.2, -1.4, 1.4), Verdict.NO_SPEECH, id="the model unsure"),
        pytest.param((0.5, -0.3, 8.0), Verdict.NO_SPEECH, id="packed small, and maybe nobody spoke"),
        pytest.param((0.1, -0.3, 8.0), Verdict.GOOD, id="packed small, as all that is repeated"),
        pytest.param((0.5, -0.3, 1.4), Verdict.GOOD, id="maybe nobody spoke"),
        pytest.param((None, None, 8.0), Verdict.GOOD, id="nothing but the ratio"),
    ],
)
def test_bad_metrics_give_a_loop_away(
    metrics: tuple[float | None, float | None, float | None], verdict: Verdict
) -> None:
    """A loop over music is no speech by what the model thought of it, and stays once where it was sure."""
    loop = [Segment(3.0 * at, 3.0 * at + 3.0, SENTENCE, *metrics) for at in range(9)]
    assert judged(*loop, sound=CLEAR).verdict is verdict
    more = Segment(40.0, 43.0, "Where is my order?", 0.01, -0.2, 1.2)
    assert [text for text, _ in left_of(*loop, more, sound=CLEAR)] == [SENTENCE, more.text]


# --- foreign text -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metrics", "sound", "verdict"),
    [
        pytest.param((0.7, -0.8, 1.4), CLEAR, Verdict.NO_SPEECH, id="maybe nobody spoke"),
        pytest.param((0.1, -1.2, 1.4), CLEAR, Verdict.NO_SPEECH, id="the model unsure"),
        pytest.param((0.4, -0.2, 5.0), CLEAR, Verdict.NO_SPEECH, id="packed small"),
        pytest.param((None, None, None), piece(rise_db=3.2), Verdict.NO_SPEECH, id="flat"),
        pytest.param((None, None, None), piece(loud_db=-70.0), Verdict.NO_SPEECH, id="faint"),
        pytest.param((None, None, None), CLEAR, Verdict.NOT_ENGLISH, id="nothing known"),
        pytest.param((0.05, -0.3, 1.4), CLEAR, Verdict.NOT_ENGLISH, id="the model sure"),
        pytest.param((0.815, -0.34, 1.4), CLEAR, Verdict.NOT_ENGLISH, id="as real speech once was"),
    ],
)
def test_foreign_text_that_is_given_away_is_no_speech(
    metrics: tuple[float | None, float | None, float | None], sound: Piece, verdict: Verdict
) -> None:
    """Nobody is alarmed by what a model made up; what somebody said in another language is told."""
    assert judged(Segment(0.0, 9.0, GERMAN, *metrics), sound=sound).verdict is verdict


def test_one_given_away_part_makes_no_silence() -> None:
    """Where one segment is doubtful, and the others are not, somebody spoke another language."""
    unsure, sure = Segment(0.0, 9.0, GERMAN, 0.1, -1.2), Segment(9.0, 18.0, GERMAN, 0.1, -0.2)
    assert judged(unsure, sure).verdict is Verdict.NOT_ENGLISH


def test_foreign_text_that_nobody_can_say_so_fast_is_no_speech() -> None:
    """More than fifty letters in a second nobody says: in the whole piece, or in each segment's own time."""
    assert whole(GERMAN, piece(seconds=0.9)) is Verdict.NO_SPEECH
    assert judged(Segment(4.0, 4.5, GERMAN)).verdict is Verdict.NO_SPEECH
    assert whole(GERMAN, piece(seconds=9.0)) is Verdict.NOT_ENGLISH
    # Of no length nothing follows.
    assert whole(GERMAN, piece(seconds=0.0)) is Verdict.NOT_ENGLISH


# --- stock phrases of other languages -----------------------------------------------------------

LEFT_OVER = [
    "ご視聴ありがとうございました",
    "Vielen Dank fürs Zuschauen!",
    "Untertitelung des ZDF, 2020",
    "¡Gracias por ver el video!",
    "Субтитры создавал DimaTorzok",
    "Gracias. Gracias por ver el video.",
    "ありがとうございました",
]


@pytest.mark.parametrize("text", LEFT_OVER)
@pytest.mark.parametrize("metrics", [(None, None, None), (0.02, -1.0, -1.0)])
def test_how_videos_end_elsewhere_is_no_translation(
    text: str, metrics: tuple[float | None, float | None, float | None]
) -> None:
    """Over a melody it alarms nobody, and nobody gets it as English, where no metrics speak for it."""
    assert judged(Segment(0.0, 3.0, text, *metrics), sound=CLEAR).verdict is Verdict.NO_SPEECH


@pytest.mark.parametrize("text", LEFT_OVER)
def test_beside_other_words_it_stays(text: str) -> None:
    """It is left out where it is all there is, and not where somebody speaks, or the model is sure."""
    said = timed("I saw it on the screen, in the middle of the film.", text)
    assert judged(*said, sound=CLEAR).translation.text.endswith(text)
    assert judged(Segment(0.0, 3.0, text, 0.02, -0.3), sound=CLEAR).verdict is not Verdict.NO_SPEECH


def test_thanks_that_were_left_stay() -> None:
    """A caller's "Gracias" may be left as it is, and original words are in another language anyway."""
    assert left_of(*timed("Muchas gracias."), sound=CLEAR) == [("Muchas gracias.", Doubt.NONE)]
    assert judge_original("ありがとうございました", CLEAR, Ask()) == "ありがとうございました"


# --- pace ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "rise_db", "verdict"),
    [
        pytest.param(20.0, 26.0, Verdict.GOOD, id="as long as the piece"),
        pytest.param(19.9, 26.0, Verdict.GOOD, id="nearly as long"),
        pytest.param(20.0, None, Verdict.GOOD, id="of unknown sound"),
        pytest.param(20.0, 6.0, Verdict.NO_SPEECH, id="where little stands out"),
        pytest.param(18.5, 26.0, Verdict.NO_SPEECH, id="timed by the server"),
    ],
)
def test_slow_words_are_judged_by_times_of_their_own(
    until: float, rise_db: float | None, verdict: Verdict
) -> None:
    """A real "Thank you." somewhere in a recording stays, though the answer has no times."""
    sound = replace(CLEAR, rise_db=rise_db)
    assert judged(Segment(0.0, until, "Thank you."), sound=sound).verdict is verdict
