"""A child that listens: how long a recording is, and how loud each moment of it.

The embedded endpoint knows the shipped samples by this. Like `decoder.py`, whose road it shares, it is
started by its path in an isolated Python; what it heard is its one "piece", a file of JSON.
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

from bot import decoder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.frame import AudioFrame

_MOST_SECONDS: Final = 20  # samples are shorter, so the loudness of the rest is of no use


def levels(source: str) -> tuple[float, list[int]]:
    """Give the length in seconds and the loudness (root mean square) of each 100 ms."""
    with decoder.listen(source) as sound:
        heard = [_loudness(frame) for frame in sound if sound.seconds <= _MOST_SECONDS]
        sound.judge()
    return sound.seconds, heard


def _loudness(frame: AudioFrame) -> int:
    values = array("h", bytes(frame.planes[0])[: frame.samples * 2])  # a plane is longer than its sound
    return round(math.sqrt(sum(value * value for value in values) / len(values)))


def hear(source: str, folder: Path, most_seconds: float) -> Iterator[decoder.Report]:
    """Write down what is heard, in place of a piece."""
    seconds, heard = levels(source)
    if seconds > most_seconds:
        raise decoder.Refusal(decoder.Ending.TOO_LONG, "decoded")
    (folder / "heard.json").write_text(json.dumps(heard), encoding="utf-8")
    yield {"file": "heard.json", "start_seconds": 0.0, "seconds": seconds, "is_last": True}


if __name__ == "__main__":  # pragma: no cover -- lasts; seen on real children
    decoder.main(hear)
