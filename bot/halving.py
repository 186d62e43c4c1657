"""A piece that takes an endpoint too long → its halves, translated side by side → one translation.

Asked for again it would be cut alike, and fail alike. Nobody but this file knows the halves: they are made
and taken away here, and what comes back has the times of the piece.
"""

from __future__ import annotations

import asyncio
import glob
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.engines import Segment, Translation
from bot.errors import BotError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.errors import EndpointSlowError
    from bot.piece import Piece

    Halve = Callable[[Piece], Awaitable[tuple[Piece, Piece]]]

# What is shorter takes too long for another reason than its length.
SHORTEST_TO_HALVE_SECONDS = 60.0
# Five minutes become two and a half, and these become quarters.
MOST_HALVINGS = 2

log = structlog.get_logger()


def can_be_halved(piece: Piece, halvings: int) -> bool:
    """Say whether a piece, itself made by so many halvings, is long enough for one more."""
    return piece.seconds >= SHORTEST_TO_HALVE_SECONDS and halvings < MOST_HALVINGS


async def in_halves(
    piece: Piece,
    slow: EndpointSlowError,
    job_id: str,
    *,
    halve: Halve,
    translate: Callable[[Piece], Awaitable[Translation]],
) -> Translation:
    """Translate both halves of a piece that was too `slow`, at the same time; where one fails, all does.

    Where the piece cannot be cut, that it was too slow is all that people need to hear. FileNotFoundError
    passes: the piece is gone from this machine.
    """
    try:
        try:
            halves = await halve(piece)
        except FileNotFoundError:
            raise
        except (BotError, OSError) as error:
            log.warning("piece.unhalved", job_id=job_id, piece=piece.index, error=type(error).__name__)
            raise slow from error
        return merge(halves, await _side_by_side(*(translate(half) for half in halves)))
    finally:
        _remove_halves(piece)


def merge(halves: tuple[Piece, Piece], translations: tuple[Translation, Translation]) -> Translation:
    """Make one translation of those of two halves, with times in the piece that they were."""
    offset = halves[0].seconds
    segments = (*_placed(translations[0], halves[0], 0.0), *_placed(translations[1], halves[1], offset))
    longest_first = sorted(zip(halves, translations, strict=True), key=lambda one: -one[0].seconds)
    languages = [told.source_language for _, told in longest_first if told.source_language]
    return Translation(
        _joined(*(told.text for told in translations)),
        segments,
        _joined(*(told.request_id for told in translations)),
        _joined(*(told.original for told in translations)),
        languages[0] if languages else "",
        translations[0].engine or translations[1].engine,
    )


def _placed(told: Translation, half: Piece, offset: float) -> list[Segment]:
    """Move a half's segments to where they lie in the piece; none may reach beyond the half.

    Where they do not hold all of its text, one does: so at least the other half keeps its times.
    """
    segments = told.segments
    if _letters(told.text) != _letters("".join(segment.text for segment in segments)):
        segments = (Segment(0.0, half.seconds, told.text, original=told.original),)
    return [
        replace(
            segment,
            start_seconds=offset + min(max(0.0, segment.start_seconds), half.seconds),
            end_seconds=offset + min(max(0.0, segment.end_seconds), half.seconds),
        )
        for segment in segments
    ]


def _joined(*texts: str) -> str:
    return " ".join(text for text in texts if text)


def _letters(text: str) -> str:
    return "".join(text.split())


async def _side_by_side(
    one: Awaitable[Translation], other: Awaitable[Translation]
) -> tuple[Translation, Translation]:
    """Wait for both; where one fails the other is given up, since nobody would use it."""
    works = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        first, second = await asyncio.gather(*works)
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
    return first, second


def _remove_halves(piece: Piece) -> None:
    """Take away all that was made of a piece's halves: their sound, as MP3 too, and what was left unfinished.

    What the disk refuses now goes with the folder, at the end of the job.
    """
    whole = Path(piece.path)
    for unneeded in whole.parent.glob(f"{glob.escape(whole.stem)}-*"):
        with suppress(OSError):
            unneeded.unlink()
