"""What a decoder child says of its pieces, checked: one that a hostile file took over may lie."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from bot.errors import NotDecodableError
from bot.piece import Piece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GARBAGE: Final = "decoder wrote garbage"

# Far below what is cut, but for the last: a child that was taken over may report pieces without end.
SHORTEST_PIECE_SECONDS: Final = 30
_MOST_ANCHORS: Final = 2000  # a piece has one for each hole or long silence
_LONGEST_SECONDS: Final = 200 * 3600.0  # also keeps out what is no number
_ROUNDING: Final = 0.001
_SANE_DECIBELS: Final = 300.0  # 16 bits have a third of it, long moments count up to three times


@dataclass(frozen=True, slots=True)
class Frame:
    """What the pieces of one file have to fit into: so long in all, each so large."""

    folder: Path
    names: str
    most_seconds: float
    most_bytes: int
    shortest_seconds: float = SHORTEST_PIECE_SECONDS


def as_piece(report: Mapping[str, Any], previous: Piece | None, frame: Frame) -> Piece:
    """Check what the child says about a piece: a decoder that a hostile file took over may lie."""
    index = previous.index + 1 if previous else 0
    file = frame.folder / frame.names.format(index=index)
    try:
        start, end, seconds = (float(report[key]) for key in ("start_seconds", "end_seconds", "seconds"))
        anchors = tuple((float(piece), float(recording)) for piece, recording in report["anchors"])
        piece = Piece(
            index,
            str(file),
            start,
            seconds,
            _size(file),
            is_last=report.get("is_last") is True,
            end_seconds=end,
            anchors=anchors,
            loud_db=_decibels(report.get("loud_db")),
            rise_db=_decibels(report.get("rise_db")),
        )
        # By another name it could be the source, or one and the same file again and again.
        is_sane = report["file"] == file.name and _fits(piece, previous, frame)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, IndexError) as error:
        raise NotDecodableError(GARBAGE) from error
    if not is_sane:
        raise NotDecodableError(GARBAGE)
    return piece


def _decibels(measured: Any) -> float | None:  # noqa: ANN401 -- whatever the child's JSON has there
    """Check a level; None where it was not measured."""
    if measured is None:
        return None
    if not abs(decibels := float(measured)) <= _SANE_DECIBELS:  # what is no number is not below, either
        raise ValueError
    return decibels


def _fits(piece: Piece, previous: Piece | None, frame: Frame) -> bool:
    """Say whether a piece can be one: after the last, not too short, too large, or one too many."""
    least = 0 if piece.is_last else frame.shortest_seconds
    return (
        piece.seconds > 0
        and piece.seconds >= least
        and piece.index * frame.shortest_seconds <= frame.most_seconds
        and 0 < piece.size_bytes <= frame.most_bytes
        and piece.anchors[0] == (0.0, piece.start_seconds)
        and _runs((0.0, previous.end_seconds if previous else 0.0), (0.0, piece.start_seconds))
        and _is_map(piece.anchors, (piece.seconds, piece.end_seconds))
    )


def _size(file: Path) -> int:
    """Give the size of a file that is one: a link could lead to what is none of the recording's."""
    found = file.lstat()
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0


def _is_map(anchors: Sequence[tuple[float, float]], end: tuple[float, float]) -> bool:
    """Say whether anchors lead through a piece to its end."""
    return len(anchors) <= _MOST_ANCHORS and all(
        _runs(one, other) for one, other in pairwise((*anchors, end))
    )


def _runs(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Say whether time goes on from one anchor to the other: in the recording no less than in the piece."""
    in_piece, in_recording = other[0] - one[0], other[1] - one[1]
    return in_piece >= 0 and _LONGEST_SECONDS >= in_recording + _ROUNDING >= in_piece
