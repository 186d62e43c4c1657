"""A small language for the shapes that Slack takes: each function gives a check with its limits built in.

A check takes a value and where it stands (a JSON pointer), and raises `ShapeError` at the first fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[Any, str], None]


class ShapeError(Exception):
    """A value has not the shape that Slack wants; `pointer` says where."""

    def __init__(self, rule: str, pointer: str) -> None:
        super().__init__(f"{rule} [json-pointer:{pointer}]")


def string(most: int, least: int = 1) -> Check:
    """Take text of a length."""

    def check(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
        if not isinstance(value, str):
            message = f"must be a string, not {type(value).__name__}"
            raise ShapeError(message, pointer)
        if len(value) > most:
            message = f"must be at most {most} characters long, has {len(value)}"
            raise ShapeError(message, pointer)
        if len(value) < least:
            message = f"must be at least {least} characters long"
            raise ShapeError(message, pointer)

    return check


def boolean(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
    """Take true or false."""
    if not isinstance(value, bool):
        message = "must be true or false"
        raise ShapeError(message, pointer)


def integer(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
    """Take a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        message = "must be a whole number"
        raise ShapeError(message, pointer)


def anything(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
    """Take whatever it is: Slack looks at it elsewhere."""


def one_of(*values: str) -> Check:
    """Take one of these words."""

    def check(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
        if value not in values:
            message = f"must be one of {', '.join(values)}"
            raise ShapeError(message, pointer)

    return check


def listing(item: Check, most: int, least: int = 1) -> Check:
    """Take a list of so many items."""

    def check(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
        if not isinstance(value, list):
            message = f"must be a list, not {type(value).__name__}"
            raise ShapeError(message, pointer)
        if not least <= len(value) <= most:
            message = f"must have {least} to {most} items, has {len(value)}"
            raise ShapeError(message, pointer)
        for position, entry in enumerate(value):
            item(entry, f"{pointer}/{position}")

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """Take an object with these keys and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
        if not isinstance(value, dict):
            message = f"must be an object, not {type(value).__name__}"
            raise ShapeError(message, pointer)
        for key in value:
            if key not in known:
                message = f"no more keys allowed: {key}"
                raise ShapeError(message, pointer)
        for key in required:
            if key not in value:
                message = f"missing required field: {key}"
                raise ShapeError(message, pointer)
        for key, entry in value.items():
            known[key](entry, f"{pointer}/{key}")

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """Take an object whose `type` is one of these, with the shape of that type."""

    def check(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            message = f"unsupported type: {kind} (allowed: {', '.join(kinds)})"
            raise ShapeError(message, pointer)
        kinds[kind](value, pointer)

    return check


def each(*checks: Check) -> Check:
    """Take what every one of these takes."""

    def check(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
        for one in checks:
            one(value, pointer)

    return check


def at_least_one(*keys: str) -> Check:
    """Take an object that has one of these keys."""

    def check(value: Any, pointer: str) -> None:  # noqa: ANN401 -- JSON from outside
        if not any(key in value for key in keys):
            message = f"missing one of: {', '.join(keys)}"
            raise ShapeError(message, pointer)

    return check
