"""A transcript under translation: cut into parts that a chat model answers safely, and put together again.

An answer that is cut off, or comes too late, has been paid for in vain; so no request holds much.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.engines import Segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.engines import Transcription
    from bot.piece import Piece

MOST_PARTS = 60
MOST_CHARACTERS = 4000  # a slow model needs half a minute for them, and gateways hang up after 100 s
LONGEST_PART = 1000
SMALLEST_SHARE = 64
# Where a sentence ends, in most of the scripts that have sentences.
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？।؟])\s*")  # noqa: RUF001 -- full-width marks are meant


@dataclass(slots=True)
class Parts:
    """What was said in a piece, part by part, and the English of those that are done.

    A part is a segment, or a stretch of a long one; its number is its place. `heard` is the first step,
    paid for; `is_plain` says that JSON mode was refused for it.
    """

    heard: Transcription
    segments: tuple[Segment, ...]
    texts: tuple[tuple[int, str], ...]
    english: dict[int, str] = field(default_factory=dict)
    share: int = 1
    is_plain: bool = False

    @classmethod
    def of(cls, heard: Transcription, piece: Piece) -> Parts:
        """Cut a transcript; where its segments do not hold all of it, it is one as long as the piece."""
        segments = heard.segments
        if _letters(heard.text) != _letters("".join(segment.text for segment in segments)):
            segments = (Segment(0.0, piece.seconds, heard.text),)
        cut = ((number, text) for number, segment in enumerate(segments) for text in _cut(segment.text))
        parts = cls(heard, segments, tuple(cut))
        # Marks and notes have no English; a model asked for it would make some up.
        parts.take({number: text for number, (_, text) in enumerate(parts.texts) if not has_words(text)})
        return parts

    def next_batch(self) -> dict[int, str]:
        """Give the next parts to be translated, in their order; none when all is done."""
        batch: dict[int, str] = {}
        characters = 0
        for number, (_, text) in enumerate(self.texts):
            if number in self.english:
                continue
            characters += len(text)
            if batch and (
                len(batch) >= MOST_PARTS // self.share or characters > MOST_CHARACTERS // self.share
            ):
                break
            batch[number] = text
        return batch

    def take(self, english: Mapping[int, str]) -> None:
        """Keep the English of some parts."""
        self.english.update(english)

    def halve(self) -> None:
        """Ask for half as much at once from now on."""
        self.share = min(SMALLEST_SHARE, self.share * 2)

    def translated(self) -> tuple[Segment, ...]:
        """Give the segments in English, with times and metrics of what was heard."""
        english: list[list[str]] = [[] for _ in self.segments]
        for number, (segment, _) in enumerate(self.texts):
            english[segment].append(self.english[number])
        return tuple(
            replace(segment, text=" ".join(texts), original=segment.text)
            for segment, texts in zip(self.segments, english, strict=True)
        )


def has_words(text: str) -> bool:
    """Say whether there is anything in a text that can be translated."""
    return any(character.isalnum() for character in text)


def _cut(text: str) -> list[str]:
    """Cut a long text at the ends of sentences, and a sentence without end between its words."""
    if len(text) <= LONGEST_PART:
        return [text]
    parts = [""]
    for sentence in SENTENCE_END.split(text):
        for stretch in textwrap.wrap(sentence, LONGEST_PART, break_on_hyphens=False):
            longer = f"{parts[-1]} {stretch}".strip()
            if len(longer) <= LONGEST_PART:
                parts[-1] = longer
            else:
                parts.append(stretch)
    return parts


def _letters(text: str) -> str:
    return "".join(text.split())
