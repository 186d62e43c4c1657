"""The prompt that comes back as if somebody had said it: models do so where nobody speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.evidence.spoken import amount, said_in, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.engines import Ask, Segment

# So many words of the prompt in a row are no chance.
LEAST_IN_A_ROW = 4
# Nearly all of so many words are the prompt's, in its order and close together.
LEAST_WORDS, LEAST_SHARE = 6, 0.8
# Real speech uses a prompt's words, too, but from all over it.
MOST_SPREAD = 1.5


def is_echo(text: str, ask: Ask) -> bool:
    """Say whether a text is the prompt, or a part of it, and too much of it to be chance."""
    if not ask.prompt:
        return False
    words, prompt = said_in(text), _prompt_of(ask)
    if len(words) * LEAST_SHARE > len(prompt):
        return False
    much = amount(words)
    if much >= LEAST_IN_A_ROW and _holds(prompt, words):
        return True
    return much >= LEAST_WORDS and _share(words, prompt) >= LEAST_SHARE


def is_short_echo(text: str, ask: Ask) -> bool:
    """Say whether a text is all of a prompt, or all of its terms, that people may well say themselves."""
    if not ask.prompt:
        return False
    words = said_in(text)
    return bool(words) and words in _wholes(ask)


# The segments of a piece, and its pieces, are all compared with the same.
@lru_cache(maxsize=16)
def _prompt_of(ask: Ask) -> tuple[str, ...]:
    return said_in(ask.prompt)


@lru_cache(maxsize=16)
def _wholes(ask: Ask) -> frozenset[tuple[str, ...]]:
    """Give the words of the prompt, of the prompt without its terms, and of the terms."""
    prompt, terms = _prompt_of(ask), said_in(" ".join(ask.glossary))
    without = prompt[: len(prompt) - len(terms)] if terms and prompt[-len(terms) :] == terms else prompt
    return frozenset({prompt, terms, without})


@dataclass(frozen=True, slots=True)
class _Said:
    """A stretch of a segment's text, mostly a sentence, and its words."""

    segment: int
    text: str
    words: tuple[str, ...]


def without_prompt(segments: Sequence[Segment], ask: Ask) -> tuple[Segment, ...]:
    """Leave out what is nearly the whole of the prompt, in one segment or in several; the rest was said."""
    originals = [_Said(number, "", said_in(one.original)) for number, one in enumerate(segments)]
    gone = {originals[place].segment for place in _prompts_in(originals, ask)}
    sentences = [
        sentence
        for number, one in enumerate(segments)
        if number not in gone
        for sentence in _sentences_of(number, one.text)
    ]
    unsaid = _prompts_in(sentences, ask)
    kept: dict[int, list[str]] = {}
    for place, sentence in enumerate(sentences):
        if place not in unsaid:
            kept.setdefault(sentence.segment, []).append(sentence.text)
    changed = {sentences[place].segment for place in unsaid}
    return tuple(
        replace(segments[number], text=" ".join(texts)) if number in changed else segments[number]
        for number, texts in kept.items()
    )


def _sentences_of(segment: int, text: str) -> list[_Said]:
    starts = [0, *[word.start for word in words_of(text) if word.begins][1:], len(text)]
    return [
        _Said(segment, text[start:end].strip(), said_in(text[start:end])) for start, end in pairwise(starts)
    ]


def _prompts_in(said: Sequence[_Said], ask: Ask) -> set[int]:
    """Find the stretches that are together nearly the whole of the prompt; the likest count first."""
    wholes = [whole for whole in _wholes(ask) if amount(whole) >= LEAST_IN_A_ROW] if ask.prompt else []
    found = sorted(
        (-likeness, first, end)
        for whole in wholes
        for first in range(len(said))
        for end, likeness in _likenesses(said, first, whole)
    )
    unsaid: set[int] = set()
    for _, first, end in found:
        if unsaid.isdisjoint(range(first, end)):
            unsaid.update(range(first, end))
    return unsaid


def _likenesses(said: Sequence[_Said], first: int, whole: Sequence[str]) -> Iterator[tuple[int, float]]:
    """Say where stretches end that begin so and are nearly all of the prompt, and how like it they are."""
    count = 0
    common = _Shared(whole)
    for end in range(first, len(said) if said[first].words else first):
        count += len(said[end].words)
        if count * LEAST_SHARE > len(whole):
            return
        common.go_on(said[end].words)
        if common.length >= LEAST_SHARE * max(count, len(whole)):
            yield end + 1, 2 * common.length / (count + len(whole))


def _holds(prompt: Sequence[str], words: Sequence[str]) -> bool:
    """Say whether the prompt has these words in a row."""
    starts = range(len(prompt) - len(words) + 1)
    return any(prompt[start : start + len(words)] == words for start in starts)


def _share(words: Sequence[str], prompt: Sequence[str]) -> float:
    """Say how much of the words stands in one stretch of the prompt, in this order."""
    length = int(MOST_SPREAD * len(words))
    step = max(1, len(words) // 4)
    starts = range(0, max(1, len(prompt) - length + step), step)
    most = 0
    for start in starts:
        common = _Shared(prompt[start : start + length])
        common.go_on(words)
        most = max(most, common.length)
    return most / len(words)


class _Shared:
    """The words that a stretch and others have in common, in the same order, with others between them.

    A bit for each word of the stretch: 0 where what they have in common grew by it. One addition carries
    through all of them, so that long texts take no time.
    """

    def __init__(self, stretch: Sequence[str]) -> None:
        self._places: dict[str, int] = {}
        for place, word in enumerate(stretch):
            self._places[word] = self._places.get(word, 0) | 1 << place
        self._size = len(stretch)
        self._all = self._bits = (1 << self._size) - 1

    def go_on(self, words: Iterable[str]) -> None:
        """Compare with some words more."""
        for word in words:
            if places := self._bits & self._places.get(word, 0):
                self._bits = (self._bits + places | self._bits - places) & self._all

    @property
    def length(self) -> int:
        """How many words are in common so far."""
        return self._size - self._bits.bit_count()
