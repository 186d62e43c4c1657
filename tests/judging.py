"""What the tests of the judge hand it: pieces, segments, answers."""

from __future__ import annotations

from bot.engines import Ask, Doubt, Segment, Translation
from bot.judge import Judged, judge_piece
from bot.piece import Piece

SEGMENT_SECONDS = 3.0


def piece(*, seconds: float = 60.0, loud_db: float | None = None, rise_db: float | None = None) -> Piece:
    """Give a piece of so many seconds of sound."""
    return Piece(0, "0.flac", 0.0, seconds, 1000, is_last=True, loud_db=loud_db, rise_db=rise_db)


def timed(*texts: str) -> tuple[Segment, ...]:
    """Give segments of three seconds each, without metrics."""
    return tuple(
        Segment(place * SEGMENT_SECONDS, (place + 1) * SEGMENT_SECONDS, text)
        for place, text in enumerate(texts)
    )


def answer(*segments: Segment) -> Translation:
    """Give what an engine makes of such segments, with all that is to stay."""
    text = " ".join(segment.text for segment in segments)
    return Translation(text, segments, "req-1", "wie gesagt", "de", "translations")


def judged(
    *segments: Segment, sound: Piece | None = None, prompt: str = "", glossary: tuple[str, ...] = ()
) -> Judged:
    """Judge what an engine makes of such segments."""
    return judge_piece(answer(*segments), sound or piece(), Ask(prompt=prompt, glossary=glossary))


def left_of(
    *segments: Segment, sound: Piece | None = None, prompt: str = "", glossary: tuple[str, ...] = ()
) -> list[tuple[str, Doubt]]:
    """Give the texts that are left, each with its mark."""
    found = judged(*segments, sound=sound, prompt=prompt, glossary=glossary).translation
    return [(segment.text, segment.doubt) for segment in found.segments]
