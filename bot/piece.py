"""A piece: a stretch of a recording fit to be sent in one request, and where it lies in the recording."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the recording, sent in one request.

    `start_seconds` and `end_seconds` are where it lies in the recording; `seconds` is its own length,
    counted in decoded samples, since what a file declares about itself is not to be trusted. It is
    shorter than the stretch where long silence was left out, or where the recording itself has a hole.
    `anchors` says where: from each (seconds in the piece, seconds in the recording) on, both run alike.

    What was measured about its sound, None where nobody did: `loud_db` is how loud its loudest moments
    are (decibels of the loudest there can be), `rise_db` how far they rise above its usual level.
    """

    index: int
    path: str
    start_seconds: float
    seconds: float
    size_bytes: int
    is_last: bool
    end_seconds: float = 0.0
    anchors: tuple[tuple[float, float], ...] = ()
    loud_db: float | None = None
    rise_db: float | None = None

    def begins_at(self, seconds: float) -> float:
        """Give the moment of the recording at which something begins that begins so far into the piece."""
        return self._at(seconds, bisect_right(self._anchors, seconds, key=_of_piece))

    def ends_at(self, seconds: float) -> float:
        """Give the moment at which something ends: what ends at a silence ends before it, not after."""
        return self._at(seconds, bisect_left(self._anchors, seconds, key=_of_piece))

    @property
    def _anchors(self) -> tuple[tuple[float, float], ...]:
        return self.anchors or ((0.0, self.start_seconds),)

    def _at(self, seconds: float, found: int) -> float:
        in_piece, in_recording = self._anchors[max(0, found - 1)]
        end = self.end_seconds or self.start_seconds + self.seconds
        return min(in_recording + max(0.0, seconds - in_piece), end)


def _of_piece(anchor: tuple[float, float]) -> float:
    return anchor[0]
