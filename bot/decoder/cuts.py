"""Where a long recording is cut: in the longest pause before a piece becomes too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.decoder.clock import SAMPLE_RATE
from bot.decoder.level import level_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# Endpoints and the gateways before them allow about 100 s for a request: five minutes are safe, and from
# one hour up it hardly matters for the speed (fewer requests against more of them at once).
_LONGEST_SECONDS: Final = 300
_SHORTEST_SECONDS: Final = 120
_PIECES: Final = 20  # of a recording that is not very long, so that they can be translated at once
_ONE_PIECE_BELOW_SECONDS: Final = 240

SEARCHED: Final = 60 * SAMPLE_RATE  # the cut lies in the last minute before the target
LOOK_AHEAD: Final = 15 * SAMPLE_RATE  # if the recording ends within it, it is not cut again for a word or two

_FRAME: Final = SAMPLE_RATE // 50
# A pause of 0.3 s holds 13 whole frames of 20 ms wherever it begins; the stop before a plosive, which
# lasts 0.15 s at most, does not.
_WINDOW: Final = 13
_SILENT: Final = -70.0  # decibels: what is below is silent, and no silence is better than another
_AS_QUIET: Final = 3.0


def target_samples(declared_seconds: float) -> int:
    """Say how long a piece of a recording should be that declares this length, 0 for none."""
    if not declared_seconds:
        seconds: float = _ONE_PIECE_BELOW_SECONDS
    elif declared_seconds < _ONE_PIECE_BELOW_SECONDS:
        seconds = _LONGEST_SECONDS
    else:
        seconds = min(max(declared_seconds / _PIECES, _SHORTEST_SECONDS), _LONGEST_SECONDS)
    return round(seconds * SAMPLE_RATE)


def best_cut(sound: bytes) -> int:
    """Say at which sample to cut: in the middle of the longest pause, of the latest among equals.

    A window of 0.26 s is as loud as the loudest moment in it: so only what is quiet all along is a
    pause. Where nobody pauses, in noise or in music, the quietest windows are.
    """
    levels = _levels(sound)
    windows = [max(levels[first : first + _WINDOW]) for first in range(len(levels) - _WINDOW + 1)]
    limit = min(windows) + _AS_QUIET
    begin, end = _longest_run([window <= limit for window in windows])
    return (begin + end - 1 + _WINDOW) * _FRAME // 2


def _levels(sound: bytes) -> list[float]:
    """Give the level of each 20 ms in decibels."""
    frame, whole = _FRAME * 2, memoryview(sound)
    return [max(_SILENT, level_of(whole[at : at + frame])) for at in range(0, len(sound) - frame + 1, frame)]


def _longest_run(flags: Sequence[bool]) -> tuple[int, int]:
    """Give where the longest run of what is true begins and ends, the latest among equals."""
    longest = (0, 0)
    begin = 0
    for number, flag in enumerate((*flags, False)):
        if not flag:
            begin = number + 1
        elif number + 1 - begin >= longest[1] - longest[0]:
            longest = (begin, number + 1)
    return longest
