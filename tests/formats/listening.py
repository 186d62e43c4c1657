"""What the bot hears in a file, through its real children."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import voices

import recordings
from bot.prepare import Decoders

if TYPE_CHECKING:
    from voices import Voice

    from bot.piece import Piece
    from bot.prepare import Limits

OFF_SECONDS: Final = 0.05  # at most, from the true length
_LEAST_LIKENESS: Final = 0.9  # telephones take the hiss out of speech; of two sentences it is below 0.7
_RATE: Final = 16_000


async def heard(source: Path, *, limits: Limits | None = None) -> tuple[float, list[float]]:
    """Prepare a file; give the length that it was found to have, and the course of its loudness."""
    decoders = Decoders(at_once=1, limits=limits)
    into = source.parent / "pieces"
    into.mkdir(exist_ok=True)
    try:
        pieces = [piece async for piece in decoders.prepare(source, into)]
    finally:
        await decoders.close()
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    for piece in pieces:
        assert recordings.flac_seconds(Path(piece.path)) == pytest.approx(piece.seconds, abs=0.001)
    return end_of(pieces[-1]), [level for piece in pieces for level in _levels(piece)]


def end_of(piece: Piece) -> float:
    """Say where in the recording a piece ends."""
    return piece.end_seconds or piece.start_seconds + piece.seconds


def _levels(piece: Piece) -> list[float]:
    return voices.levels(recordings.samples_of(Path(piece.path)), _RATE)


async def sounds_like(voice: Voice, source: Path, *, quieter: float = 1.0) -> None:
    """See that a file has the length of what was said, and that it is this what is heard in it."""
    seconds, levels = await heard(source)
    off = seconds - voice.seconds
    assert abs(off) <= OFF_SECONDS, f"{off * 1000:+.1f} ms"
    likeness = voices.alike(voice, levels)
    assert likeness > _LEAST_LIKENESS, f"{likeness:.2f}"
    volume = voices.loudness(levels) / (voices.loudness(voice.levels) * quieter)
    assert 0.7 < volume < 1.4, f"{volume:.2f}"
