"""A few seconds of speech in seven languages, made by `tools/make_samples.py`, with their known English.

They are known again by their sound, so also after they were re-encoded, and under any name.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER: Final = Path(__file__).parent
LIST: Final = FOLDER / "samples.json"

# Encoders put up to a tenth of a second of silence around the sound.
_LENGTH_TOLERANCE_SECONDS: Final = 0.35
_SHIFTS: Final = range(-2, 3)  # in steps of 100 ms
_LEAST_LIKENESS: Final = 0.9


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording whose English is known. `levels` is its loudness in steps of 100 ms."""

    name: str
    path: Path
    language: str
    original: str
    english: str
    seconds: float
    levels: tuple[int, ...]


def load() -> tuple[Sample, ...]:
    """Read the list of the samples."""
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    return tuple(
        Sample(
            name=entry["name"],
            path=FOLDER / entry["file"],
            language=entry["language"],
            original=entry["original"],
            english=entry["english"],
            seconds=entry["seconds"],
            levels=tuple(entry["levels"]),
        )
        for entry in listed
    )


def recognise(samples: Sequence[Sample], seconds: float, levels: Sequence[int]) -> Sample | None:
    """Find the sample that a recording of this length and loudness is, or None."""
    near = [sample for sample in samples if abs(sample.seconds - seconds) <= _LENGTH_TOLERANCE_SECONDS]
    best = max(near, key=lambda sample: likeness(sample.levels, levels), default=None)
    return best if best is not None and likeness(best.levels, levels) >= _LEAST_LIKENESS else None


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """Say how alike two courses of loudness are: 1 is the same, at whatever volume; 0 is unlike.

    Encoders shift the sound a little, so the best of a few shifts counts.
    """
    return max(_correlation(one, other, shift) for shift in _SHIFTS)


def _correlation(one: Sequence[int], other: Sequence[int], shift: int) -> float:
    pairs = [(one[i], other[i + shift]) for i in range(len(one)) if 0 <= i + shift < len(other)]
    if not pairs:
        return 0.0
    # Roots, so that the quiet parts of speech count beside its few loud vowels.
    left, right = ([math.sqrt(value) for value in side] for side in zip(*pairs, strict=True))
    middle_left, middle_right = sum(left) / len(left), sum(right) / len(right)
    spread_left = math.hypot(*(value - middle_left for value in left))
    spread_right = math.hypot(*(value - middle_right for value in right))
    if not spread_left or not spread_right:
        return 0.0
    together = sum((a - middle_left) * (b - middle_right) for a, b in zip(left, right, strict=True))
    return together / (spread_left * spread_right)
