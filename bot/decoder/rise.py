"""How far the loudest moments of a sound rise above its usual level: of steady noise and hum, hardly."""

from __future__ import annotations

import math
from typing import Final

from bot.decoder.clock import SAMPLE_RATE

FRAME: Final = SAMPLE_RATE // 40  # samples: 25 ms, as short as the parts of the shortest words

# Each value is taken less the one so many before. That weakens what rumbles and hums, which is never
# quite even, and of speech leaves what it is known by. At 7 no round frequency is lost wholly.
_LAG: Final = 7
_STEP: Final = 3  # every third difference says nearly as much as all, in a third of the time
_DIFFERENCES: Final = len(range(0, FRAME - _LAG, _STEP))
_FULL_SCALE: Final = 32_768 * math.sqrt(_DIFFERENCES)

_SILENT: Final = -95.0  # decibels: two values in three, or more, are as that before them
_LEAST_FRAMES: Final = 8  # in fewer nothing is usual
_USUAL: Final = 4  # a quarter of the frames are quieter: noise may swell and fade, and speech pauses
# So many frames are loud in a word, but not in a click of 100 ms. Of a recording of less than two
# seconds, which may be one syllable, not so many are asked for; but always two.
_LEAST_LOUD, _LOUD, _MOST_LOUD = 2, 16, 6

# What has risen so far in so many frames is not steady, whatever follows, so the rest is not measured.
_ENOUGH_FRAMES: Final = 10 * SAMPLE_RATE // FRAME
_ENOUGH: Final = 12.0


class Rise:
    """Measures one piece, from its beginning until enough is known."""

    def __init__(self) -> None:
        self._levels: list[float] = []  # sorted

    def hear(self, sound: bytes) -> None:
        """Go on with 16 kHz mono sound of 16 bits a sample. What is over after whole frames is not heard."""
        if len(self._levels) >= _ENOUGH_FRAMES and (self.decibels or 0.0) >= _ENOUGH:
            return
        samples = memoryview(sound).cast("h")
        for begin in range(0, len(samples) - FRAME + 1, FRAME):
            level = _level(samples[begin : begin + FRAME])
            if level >= _SILENT:
                self._levels.append(level)
        self._levels.sort()

    @property
    def decibels(self) -> float | None:
        """How far it rises; None where too little was heard to tell."""
        frames = len(self._levels)
        if frames < _LEAST_FRAMES:
            return None
        loud = min(_MOST_LOUD, max(_LEAST_LOUD, frames // _LOUD))
        return self._levels[-loud] - self._levels[frames // _USUAL]


def _level(samples: memoryview) -> float:
    """Give the level (RMS) of a frame's differences; `math.dist` takes them and adds them up in C."""
    loudness = math.dist(samples[: FRAME - _LAG : _STEP], samples[_LAG::_STEP])
    return 20 * math.log10(loudness / _FULL_SCALE) if loudness else -math.inf
