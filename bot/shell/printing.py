"""What is written to stdout and stderr. Both may be a terminal, which obeys control characters."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

# C0 without line end and tabulator, DEL, C1: with them a text, or a file's name, moves the cursor, sets the
# window's title or types into the shell. A carriage return goes, all others are seen to have been there.
_CONTROLS: Final = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"} | {
    ord("\r"): None
}


class OutputError(Exception):
    """Nothing more can be written to stdout; without a word where nobody reads it any more."""


def printable(text: str) -> str:
    """Take out of a text what a terminal would obey."""
    return text.translate(_CONTROLS)


def print_text(text: str) -> None:
    """Write to stdout: to a file or a pipe every character, to a terminal what it can only show."""
    if sys.stdout is None:
        msg = "stdout is closed: name --out"
        raise OutputError(msg)
    try:
        _write(sys.stdout, text)
    except OSError as error:
        # What is left in the buffer would fail again, with a traceback, when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        words = "" if error.errno == errno.EPIPE else f"stdout cannot be written ({error.strerror})"
        raise OutputError(words) from error


def print_json(told: Mapping[str, Any]) -> None:
    """Write one line of JSON to stdout, in ASCII alone: it reads the same whatever the machine's encoding."""
    print_text(json.dumps(told) + "\n")


def say(line: str) -> None:
    """Write a line to stderr, one whatever a file's name holds."""
    _write(sys.stderr, " ".join(line.splitlines()) + "\n")


def _write(stream: TextIO, text: str) -> None:
    shown = printable(text) if stream.isatty() else text
    encoding = stream.encoding or "utf-8"
    stream.write(shown.encode(encoding, "replace").decode(encoding))
    stream.flush()
