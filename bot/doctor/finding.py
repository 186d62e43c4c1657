"""What one check found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands: fine, worth a look, or not working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and the remedy where there is something to do: clauses, without a full stop.

    `blocked_by` names the check that has to go well before this one can be tried at all.
    """

    state: State
    found: str
    remedy: str = ""
    blocked_by: str = ""


def ok(found: str) -> Finding:
    """Say that all is well."""
    return Finding(State.OK, found)


def warn(found: str, remedy: str = "") -> Finding:
    """Say what deserves a look, while the bot works."""
    return Finding(State.WARN, found, remedy)


def fail(found: str, remedy: str) -> Finding:
    """Say what keeps the bot from working."""
    return Finding(State.FAIL, found, remedy)


def blocked(name: str) -> Finding:
    """Say that a check waits for another one to go well."""
    return Finding(State.WARN, "not tried", f"mend “{name}” first", blocked_by=name)
