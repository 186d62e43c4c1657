"""The translations of a recording's pieces → one, with times in the whole recording and its gaps marked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.engines import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.engines import Translation
    from bot.piece import Piece

ENGLISH = "en"
SENTENCE_ENDS = frozenset(".!?…。！？।؟\"'”’»)]♪")  # noqa: RUF001 -- full-width marks are meant
# A piece that touches a missing stretch by less belongs to its neighbour: cuts differ a little.
LEAST_OVERLAP_SECONDS = 0.5
# Longer than any recording; JSON has no infinity.
END_OF_ALL_SECONDS = 1e6
# So long the mark of an open gap stands in subtitles.
OPEN_MARK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that could not be translated. Times are seconds in the recording.

    Where one is open nobody knows how much is missing: its end is only where a mark for it may end.
    """

    start_seconds: float
    end_seconds: float
    is_open: bool = False

    @property
    def span(self) -> tuple[float, float]:
        """From when to when somebody would have to try again."""
        return self.start_seconds, END_OF_ALL_SECONDS if self.is_open else self.end_seconds


@dataclass(frozen=True, slots=True)
class Whole:
    """The English of a recording that lasts `seconds`. All times are seconds in the recording.

    `segments` hold all of the text: a piece whose times the endpoint did not tell is one segment.
    `original` are the words as they were said and `source_language` a tag such as `de`, where known: the
    language of most of it. `is_english`: whatever was said is known to have been said in English.
    """

    text: str
    segments: tuple[Segment, ...] = ()
    seconds: float = 0.0
    gaps: tuple[Gap, ...] = ()
    original: str = ""
    source_language: str = ""
    is_english: bool = False


def join(
    translations: Sequence[Translation | None], pieces: Sequence[Piece], uncut: Sequence[Gap] = ()
) -> Whole:
    """Make one translation of the pieces', in their order; None is one that could not be translated.

    `uncut` is what comes after the pieces and never became any.
    """
    pairs = list(zip(translations, pieces, strict=True))
    text = ""
    for told in (translation.text for translation in translations if translation and translation.text):
        # Pieces are cut at silences, but a speaker may go on with the sentence after one.
        between = "\n" if text[-1:] in SENTENCE_ENDS else " "
        text += (between if text else "") + told
    return Whole(
        text,
        tuple(segment for told, piece in pairs if told for segment in _placed(told, piece)),
        max((*map(end_of, pieces), *(gap.end_seconds for gap in uncut if not gap.is_open)), default=0.0),
        (*(Gap(piece.start_seconds, end_of(piece)) for told, piece in pairs if told is None), *uncut),
        "\n".join(told.original for told in translations if told and told.original),
        _source_language(pairs),
        bool(text) and all(told.source_language == ENGLISH for told in translations if told and told.text),
    )


def _source_language(pairs: Sequence[tuple[Translation | None, Piece]]) -> str:
    """Give the language in which most of the recording is, by the seconds of its pieces."""
    seconds: Counter[str] = Counter()
    for told, piece in pairs:
        if told and told.source_language:
            seconds[told.source_language] += round(piece.seconds * 1000)
    return max(seconds, key=lambda language: seconds[language], default="")


def rest_after(piece: Piece, *, seconds: float, only: Sequence[tuple[float, float]]) -> tuple[Gap, ...]:
    """Give what is missing where nothing could be cut after a piece, of a recording of so many seconds.

    0 is a length that nobody told. Of a second attempt only what was missing before is missing now.
    """
    begin = end_of(piece)
    spans = only or [(begin, seconds if seconds - begin > LEAST_OVERLAP_SECONDS else END_OF_ALL_SECONDS)]
    rests = [(max(begin, start), end) for start, end in spans if end - begin > LEAST_OVERLAP_SECONDS]
    return tuple(
        Gap(start, start + OPEN_MARK_SECONDS, is_open=True) if end == END_OF_ALL_SECONDS else Gap(start, end)
        for start, end in rests
    )


def lies_in(piece: Piece, spans: Sequence[tuple[float, float]]) -> bool:
    """Say whether a piece holds something of these stretches."""
    return any(
        min(end_of(piece), end) - max(piece.start_seconds, start)
        > min(LEAST_OVERLAP_SECONDS, (end - start) / 2)
        for start, end in spans
    )


def _placed(translation: Translation, piece: Piece) -> list[Segment]:
    """Move a piece's segments to where they lie in the recording; none may reach beyond the piece."""
    segments = translation.segments
    # Gateways have dropped segments on the way (speaches#44): then the text has words that they lack.
    if _letters(translation.text) != _letters("".join(segment.text for segment in segments)):
        segments = (Segment(0.0, piece.seconds, translation.text, original=translation.original),)
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
