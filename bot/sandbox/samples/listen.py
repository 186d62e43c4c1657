"""A child that listens: how long a recording is, and how loud each moment of it.

The embedded endpoint knows the shipped samples by this. Like `decoder/`, whose road it shares, it runs
in an isolated Python, started by its path; what it heard is its one "piece", a file of JSON.
"""

from __future__ import annotations

import json
import math
import sys
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Final

if __name__ == "__main__":  # pragma: no cover -- isolated, where our own package is not found by itself
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bot.decoder.child import main
from bot.decoder.pieces import whole_file
from bot.decoder.refusal import Ending, Refusal
from bot.decoder.sound import listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.decoder.refusal import Report
    from bot.decoder.sound import Block

_MOST_SECONDS: Final = 20  # samples are shorter, so the loudness of the rest is of no use


def levels(source: str) -> tuple[float, list[int]]:
    """Give the length in seconds and the loudness (root mean square) of each 100 ms."""
    with listen(source) as sound:
        heard = [_loudness(block) for block in sound if sound.seconds <= _MOST_SECONDS]
        sound.judge()
    return sound.seconds, heard


def _loudness(block: Block) -> int:
    values = array("h", block.sound)
    return round(math.sqrt(sum(value * value for value in values) / len(values)))


def hear(source: str, folder: Path, most_seconds: float) -> Iterator[Report]:
    """Write down what is heard, in place of a piece."""
    seconds, heard = levels(source)
    if seconds > most_seconds:
        raise Refusal(Ending.TOO_LONG, "decoded")
    (folder / "heard.json").write_text(json.dumps(heard), encoding="utf-8")
    yield whole_file("heard.json", seconds)


if __name__ == "__main__":  # pragma: no cover -- lasts; seen on real children
    main(hear)
