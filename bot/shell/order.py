"""What was asked for on the command line, and whether that can be done at all."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# The format and how its files end.
SUFFIXES: Final = {"text": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".json"}
SUBTITLES: Final = frozenset({"srt", "vtt"})
STDIN: Final = Path("-")


class UsageError(Exception):
    """What was asked for cannot be done; the message says why, and what can."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for. `out` None: to stdout. `is_json`: stdout holds a line of JSON for every file."""

    files: Sequence[Path]
    prompt: str = ""
    temperature: float = 0.0
    output_format: str = "text"
    out: Path | None = None
    is_json: bool = False


def check(order: Order) -> None:
    """Raise UsageError for what can be known to fail before anything is sent, and paid for."""
    if order.output_format not in SUFFIXES:
        msg = f"--format must be one of {', '.join(SUFFIXES)}"
        raise UsageError(msg)
    if not 0 <= order.temperature <= 1:  # so that "nan" is refused, too
        msg = "--temperature must be a number from 0 to 1"
        raise UsageError(msg)
    if order.output_format in SUBTITLES and len(order.files) > 1 and not (order.out or order.is_json):
        # One after the other they would be no subtitles of anything.
        msg = f"--format {order.output_format} of several recordings needs --out FOLDER"
        raise UsageError(msg)
    if list(order.files).count(STDIN) > 1:
        msg = "- can be named once only: what is piped in is one recording"
        raise UsageError(msg)
    for file in order.files:
        if (fault := _stdin_fault() if file == STDIN else _fault(file)) is not None:
            raise UsageError(fault)


def _fault(file: Path) -> str | None:
    try:
        if file.is_dir():
            return f"{file} is a folder: name the recordings in it"
        if not file.exists():
            return f"{file}: there is no such file"
    except (OSError, ValueError) as error:  # a name that is too long, or that no file can have
        return f"{file} cannot be looked at ({getattr(error, 'strerror', None) or error})"
    return None if os.access(file, os.R_OK) else f"{file} may not be read: check its permissions"


def _stdin_fault() -> str | None:
    # None: it was closed by who started us.
    if sys.stdin is None or sys.stdin.isatty():
        return "- reads a recording that is piped in: dragoman translate - < FILE"
    return None


def is_stream(file: Path) -> bool:
    """Say whether a recording can be read once only, from its beginning on: a pipe, or `-` for stdin."""
    return file == STDIN or not file.is_file()
