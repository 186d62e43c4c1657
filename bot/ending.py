"""The named endings of a share: every one ends in exactly one of them (design.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.errors import TooLongError

if TYPE_CHECKING:
    from bot.share import Job


class EndingName(StrEnum):
    """All are seen in the thread, save *withdrawn*, and *skipped* where it asks nothing."""

    TRANSLATED = "translated"
    NO_SPEECH = "no_speech"
    ALREADY_ENGLISH = "already_english"
    SKIPPED = "skipped"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a share ended; `reason` is one of `errors.REASONS` where it failed, else empty.

    `missing` holds the stretches of the recording that could not be translated, from and to in its
    seconds: a person may ask for them again. A share that waits for somebody's yes is *skipped* with
    the reason `too_long`: `QUESTION`.
    """

    name: EndingName
    reason: str = ""
    missing: tuple[tuple[float, float], ...] = ()

    @property
    def is_question(self) -> bool:
        """Whether people were asked if so long a recording shall be translated."""
        return self == QUESTION


QUESTION = Ending(EndingName.SKIPPED, TooLongError.reason)


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of a job: `ending` is None while it is unfinished."""

    job: Job
    ending: Ending | None
