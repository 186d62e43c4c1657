"""How a file ends in the child, and the reports that say so."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

Report = dict[str, Any]


class Ending(StrEnum):
    """How a file ends; `prepare.py` knows the same words."""

    DONE = "done"
    NOT_DECODABLE = "not_decodable"
    NO_SOUND = "no_sound"
    SILENT = "silent"
    TOO_LONG = "too_long"
    OWN_TROUBLE = "own_trouble"


class Refusal(Exception):  # noqa: N818 -- an outcome of the file, not a fault of ours
    """The file ends in `ending`; `why` is one word for the log."""

    def __init__(self, ending: Ending, why: str) -> None:
        super().__init__(ending)
        self.ending = ending
        self.why = why


def own_trouble(error: Exception) -> Refusal:
    """Say that it was our disk, and not the file."""
    return Refusal(Ending.OWN_TROUBLE, type(error).__name__)
