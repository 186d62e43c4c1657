"""Is this text to be believed? Pure functions over what the engine gave back."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.engines import Translation


class Verdict(StrEnum):
    """What may be posted of a translation."""

    GOOD = "good"
    NO_SPEECH = "no_speech"


def judge(translation: Translation) -> Verdict:
    """Say whether the text is speech. Text without a single letter or digit is none.

    Servers answer an empty text, or a lone "." or "♪", for a recording in which nobody speaks.
    """
    has_words = any(character.isalnum() for character in translation.text)
    return Verdict.GOOD if has_words else Verdict.NO_SPEECH
