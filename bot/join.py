"""The translations of a recording's pieces → one, with times in the whole recording and its gaps marked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.engines import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.engines import Translation
    from bot.prepare import Piece

SENTENCE_ENDS = frozenset(".!?…。！？।؟\"'”’»)]♪")  # noqa: RUF001 -- full-width marks are meant


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that could not be translated: piece `index`. Times are seconds in the recording."""

    index: int
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Whole:
    """The English of a recording that lasts `seconds`. All times are seconds in the recording.

    `segments` hold all of the text: a piece whose times the endpoint did not tell is one segment.
    """

    text: str
    segments: tuple[Segment, ...] = ()
    seconds: float = 0.0
    gaps: tuple[Gap, ...] = ()


def join(translations: Sequence[Translation | None], pieces: Sequence[Piece]) -> Whole:
    """Make one translation of the pieces', in their order; None is one that could not be translated."""
    pairs = list(zip(translations, pieces, strict=True))
    text = ""
    for told in (translation.text for translation in translations if translation and translation.text):
        # Pieces are cut at silences, but a speaker may go on with the sentence after one.
        between = "\n" if text[-1:] in SENTENCE_ENDS else " "
        text += (between if text else "") + told
    return Whole(
        text,
        tuple(segment for told, piece in pairs if told for segment in _placed(told, piece)),
        max((end_of(piece) for piece in pieces), default=0.0),
        tuple(Gap(piece.index, piece.start_seconds, end_of(piece)) for told, piece in pairs if told is None),
    )


def _placed(translation: Translation, piece: Piece) -> list[Segment]:
    """Move a piece's segments to where they lie in the recording; none may reach beyond the piece."""
    segments = translation.segments
    # Gateways have dropped segments on the way (speaches#44): then the text has words that they lack.
    if _letters(translation.text) != _letters("".join(segment.text for segment in segments)):
        segments = (Segment(0.0, piece.seconds, translation.text),)
    return [
        replace(
            segment,
            start_seconds=piece.begins_at(min(segment.start_seconds, piece.seconds)),
            end_seconds=piece.ends_at(min(segment.end_seconds, piece.seconds)),
        )
        for segment in segments
        if segment.text
    ]


def _letters(text: str) -> str:
    return "".join(text.split())


def end_of(piece: Piece) -> float:
    """Give where a piece ends in the recording; those cut by an older version did not say."""
    return piece.end_seconds or piece.start_seconds + piece.seconds
