"""How far the loudest moments of a sound rise above its usual level: of steady noise and hum, hardly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from bot.decoder.clock import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAME: Final = SAMPLE_RATE // 40  # samples: 25 ms, as short as the parts of the shortest words

# Each value is taken less the one so many before. That weakens what rumbles and hums, which is never
# quite even, and of speech leaves what it is known by. At 7 no round frequency is lost wholly.
_LAG: Final = 7
_STEP: Final = 3  # every third difference says nearly as much as all, in a third of the time
_DIFFERENCES: Final = len(range(0, FRAME - _LAG, _STEP))
_FULL_SCALE: Final = 32_768.0**2 * _DIFFERENCES
# Two values in three, or more, are as that before them: digital silence, or what codecs leave of it.
_SILENT: Final = 10 ** (-95 / 10)

# Short words show in moments of one frame. Of a voice hardly louder than the noise around it, longer
# moments show more: those of noise differ less the longer they are, by the root of it, those of speech
# do not. So all are looked at, each by the measure of what noise may do.
_LENGTHS: Final = (1, 2, 4, 8)
_LEAST_MOMENTS: Final = 8  # in fewer nothing is usual
_USUAL: Final = 4  # a quarter of the moments are quieter: noise may swell and fade, and speech pauses
# A click of 100 ms is no word, and lies in so many frames and one more; one more is asked for. But one
# in sixteen is enough where a recording is so short that it may be one syllable, if there are two.
_CLICK: Final = 4
_LOUD, _LEAST_LOUD = 16, 2

# What has risen by so much in the first ten seconds is not steady, so the rest is not measured.
_ENOUGH_FRAMES: Final = 10 * SAMPLE_RATE // FRAME
_ENOUGH: Final = 20.0


class Rise:
    """Measures one piece, from its beginning until enough is known."""

    def __init__(self) -> None:
        self._frames: list[float] = []  # how loud each is that is not silent, as a power
        self._looks_at = _ENOUGH_FRAMES
        self._is_enough = False

    def hear(self, sound: bytes) -> None:
        """Go on with 16 kHz mono sound of 16 bits a sample. What is over after whole frames is not heard."""
        if self._is_enough:
            return
        samples = memoryview(sound).cast("h")
        frames = (samples[begin : begin + FRAME] for begin in range(0, len(samples) - FRAME + 1, FRAME))
        self._frames += [power for frame in frames if (power := _power(frame)) >= _SILENT]
        if len(self._frames) >= self._looks_at:
            self._looks_at *= 2  # looking takes longer each time
            self._is_enough = (self.decibels or 0.0) >= _ENOUGH

    @property
    def decibels(self) -> float | None:
        """How far it rises, as if in moments of one frame; None where too little was heard to tell."""
        rises = [
            math.sqrt(length) * _rise(moments, length)
            for length in _LENGTHS
            if len(moments := _moments(self._frames, length)) >= _LEAST_MOMENTS
        ]
        return max(rises, default=None)


def _power(samples: memoryview) -> float:
    """Give the mean square of a frame's differences; `math.dist` takes them and adds them up in C."""
    return math.dist(samples[: FRAME - _LAG : _STEP], samples[_LAG::_STEP]) ** 2 / _FULL_SCALE


def _moments(frames: Sequence[float], length: int) -> list[float]:
    """Give how loud each moment of so many frames is, the quietest first."""
    ends = range(length, len(frames) + 1, length)
    return sorted(sum(frames[end - length : end]) for end in ends)


def _rise(moments: Sequence[float], length: int) -> float:
    """Give the decibels from the usual moment to the loud ones."""
    most = math.ceil(_CLICK / length) + 2
    loud = min(most, max(_LEAST_LOUD, len(moments) // _LOUD))
    return 10 * math.log10(moments[-loud] / moments[len(moments) // _USUAL])
