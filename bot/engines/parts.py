"""A transcript under translation: cut into parts that a chat model answers safely, and put together again.

An answer that is cut off, or comes too late, has been paid for in vain; so no request holds much.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.engines import Segment
from bot.engines.plausible import is_plausible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.engines import Transcription
    from bot.piece import Piece

MOST_PARTS = 60
MOST_CHARACTERS = 4000  # a slow model needs half a minute for them, and gateways hang up after 100 s
LONGEST_PART = 1000
# Where a sentence ends, in most of the scripts that have sentences.
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？।؟])\s*")  # noqa: RUF001 -- full-width marks are meant


@dataclass(slots=True)
class Parts:
    """What was said in a piece, part by part, and the English of those that are done.

    A part is a segment, or a stretch of a long one; its number is its place. `heard` is the first step,
    paid for; `is_plain` says that JSON mode was refused for it. `halves` are batches that were too much at
    once, the last one is next; of them the `largest` that went well is the measure for all others.
    `doubted` are parts whose English was not to be believed, and which are asked for once more.
    """

    heard: Transcription
    segments: tuple[Segment, ...]
    texts: tuple[tuple[int, str], ...]
    english: dict[int, str] = field(default_factory=dict)
    halves: list[dict[int, str]] = field(default_factory=list)
    largest: int = 0
    most: int = MOST_PARTS
    is_plain: bool = False
    doubted: set[int] = field(default_factory=set)

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
        if self.halves:
            return self.halves[-1]
        batch: dict[int, str] = {}
        characters = 0
        for number, (_, text) in enumerate(self.texts):
            if number in self.english:
                continue
            characters += len(text)
            if batch and (len(batch) >= self.most or characters > MOST_CHARACTERS):
                break
            batch[number] = text
        return batch

    def believe(self, english: Mapping[int, str]) -> dict[int, str]:
        """Leave out what can hardly be the English of its part; said once more it may be, after all."""
        believed = {}
        for number, text in english.items():
            if number in self.doubted or is_plausible(text, self.texts[number][1]):
                believed[number] = text
            else:
                self.doubted.add(number)
        return believed

    def take(self, english: Mapping[int, str]) -> None:
        """Keep the English of some parts."""
        self.english.update(english)
        if not self.halves:
            return
        self.largest = max(self.largest, len(english))
        left = (
            {number: text for number, text in half.items() if number not in self.english}
            for half in self.halves
        )
        self.halves = [half for half in left if half]
        if not self.halves:
            self.most, self.largest = self.largest, 0

    def halve(self, batch: dict[int, str]) -> None:
        """Ask for a batch in halves, one after the other; for a single part there is no less."""
        if len(batch) == 1:
            return
        parts, middle = [*batch.items()], len(batch) // 2
        others = [half for half in self.halves if half != batch]
        self.halves = [*others, dict(parts[middle:]), dict(parts[:middle])]

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
