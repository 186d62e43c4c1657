"""Where in the recording a sound lies: its samples are counted, and holes in its timestamps added."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

SAMPLE_RATE: Final = 16_000  # what Whisper hears; more would only cost bytes

_LEAST_HOLE_SECONDS: Final = 0.5  # timestamps wander by less
# At the beginning nothing has wandered yet. But WMA counts up to 128 ms of its delay as time.
_LEAST_LATE_SECONDS: Final = 0.15
# Between two holes. Else a crafted file could have one at every frame, and its pieces a map without end.
_LEAST_BETWEEN_SECONDS: Final = 0.5
_ROUNDING_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 100 * 3600.0  # who declares more is not believed at all


class Clock:
    """Counts what is heard, and believes a timestamp only where it leads into the declared length.

    `begins_at` is when a player starts the file, by its own timestamps: a track that starts later than
    the picture has a hole before it.
    """

    def __init__(self, begins_at: float, declared_seconds: float) -> None:
        self._begins_at = begins_at
        self._declared = declared_seconds if declared_seconds <= LONGEST_SECONDS else 0.0
        self._heard = 0.0
        self._last_hole = 0.0
        self._holes = 0.0
        # (from this sample of the sound on, so many samples of the recording are missing before it)
        self._shifts: deque[tuple[int, int]] = deque()
        self._shift = 0
        self._placed = 0

    def hear(self, frame: AudioFrame) -> None:
        """Take note of a frame as the file has it, before it is brought to our rate."""
        seconds = frame.samples / frame.sample_rate
        if (time := frame.time) is not None:
            ahead = time - self._begins_at - self._heard - self._holes
            if self._is_hole(ahead, seconds):
                self._last_hole = self._heard
                self._holes += ahead
                self._shifts.append((round(self._heard * SAMPLE_RATE), round(self._holes * SAMPLE_RATE)))
        self._heard += seconds

    def _is_hole(self, ahead: float, frame_seconds: float) -> bool:
        if self._heard == 0:
            is_far = ahead > _LEAST_LATE_SECONDS
        else:
            since = self._heard - self._last_hole
            is_far = ahead > _LEAST_HOLE_SECONDS and since >= _LEAST_BETWEEN_SECONDS
        end = self._heard + self._holes + ahead + frame_seconds
        return is_far and end <= self._declared + _ROUNDING_SECONDS

    def place(self, samples: int) -> list[tuple[int, int]]:
        """Say where the next `samples` lie: (how many of them, from which sample of the recording on)."""
        stretches = []
        while samples:
            if self._shifts and self._shifts[0][0] <= self._placed:
                self._shift = self._shifts.popleft()[1]
                continue
            stretch = samples
            if self._shifts:
                stretch = min(samples, self._shifts[0][0] - self._placed)
            stretches.append((stretch, self._placed + self._shift))
            self._placed += stretch
            samples -= stretch
        return stretches
