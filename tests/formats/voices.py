"""The speech that the files are made of, with its samples, and so its true length, known."""

from __future__ import annotations

import math
import wave
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import recordings
from bot.sandbox.samples import likeness

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SENTENCE: Final = "Good morning. The parcel for Mister Brown is late, it will arrive on Tuesday."
_STEPS_PER_SECOND: Final = 50
_STEPS_OF_A_LEVEL: Final = 5  # so 100 ms, as long as a syllable


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody speaks for some seconds, without a pause worth the name."""

    path: Path
    seconds: float
    levels: tuple[float, ...]


def of_people() -> list[Voice]:
    """Give people who read and who name cards."""
    return [measured(path) for path in recordings.human_readers()]


def of_a_machine(folder: Path) -> Voice:
    """Let espeak-ng say a sentence."""
    return measured(recordings.spoken(folder, _SENTENCE))


def measured(file: Path) -> Voice:
    """Count the samples of a mono WAV file and take its levels; no decoder has a part in it."""
    with wave.open(str(file)) as opened:
        assert (opened.getnchannels(), opened.getsampwidth()) == (1, 2)
        rate, samples = opened.getframerate(), array("h", opened.readframes(opened.getnframes()))
    return Voice(file, len(samples) / rate, tuple(levels(samples, rate)))


def levels(samples: Sequence[int], rate: int) -> list[float]:
    """Give the loudness (root mean square) of each 20 ms."""
    step = rate // _STEPS_PER_SECOND
    return [
        math.sqrt(sum(value * value for value in samples[start : start + step]) / step)
        for start in range(0, len(samples), step)
    ]


def loudness(course: Sequence[float]) -> float:
    """Give the loudness of a whole, from the levels of its parts."""
    return math.sqrt(sum(level * level for level in course) / len(course))


def alike(voice: Voice, other: Sequence[float]) -> float:
    """Say how alike the courses of loudness are, 1 being the same; encoders may delay the sound a little."""
    course = _slower(voice.levels)
    return max(likeness(course, _slower(other[late:])) for late in range(_STEPS_OF_A_LEVEL))


def _slower(course: Sequence[float]) -> list[int]:
    size = _STEPS_OF_A_LEVEL
    return [round(loudness(course[start : start + size])) for start in range(0, len(course), size)]
