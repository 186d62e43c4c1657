"""Is this text to be believed? Pure functions over what the engine gave back."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.join import Whole


class Verdict(StrEnum):
    """What may be posted of a translation."""

    GOOD = "good"
    NO_SPEECH = "no_speech"
    UNHEARD = "unheard"  # what was heard has no words, and not all was


def judge(whole: Whole) -> Verdict:
    """Say whether the text is speech. Text without a single letter or digit is none.

    Servers answer an empty text, or a lone "." or "♪", for a recording in which nobody speaks. Whether
    somebody does in a piece that could not be translated, nobody knows.
    """
    if any(character.isalnum() for character in whole.text):
        return Verdict.GOOD
    return Verdict.UNHEARD if whole.gaps else Verdict.NO_SPEECH
