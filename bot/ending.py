"""The named endings of a share: every one ends in exactly one of them (design.md, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.share import Job


class EndingName(StrEnum):
    """*skipped* and *withdrawn* post nothing; all others are seen in the thread."""

    TRANSLATED = "translated"
    NO_SPEECH = "no_speech"
    ALREADY_ENGLISH = "already_english"
    SKIPPED = "skipped"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a share ended; `reason` is one of `errors.REASONS` where it failed, else empty.

    `missing` numbers the pieces of the recording that could not be translated: a person may ask for
    them again. A share that waits for somebody's yes is *skipped* with the reason `too_long`.
    """

    name: EndingName
    reason: str = ""
    missing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of a job: `ending` is None while it is unfinished."""

    job: Job
    ending: Ending | None
