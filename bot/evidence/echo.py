"""The prompt that comes back as if somebody had said it: models do so where nobody speaks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.evidence.spoken import amount, said_in, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    words, prompt = said_in(text), said_in(ask.prompt)
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


def _wholes(ask: Ask) -> set[tuple[str, ...]]:
    """Give the words of the prompt, of the prompt without its terms, and of the terms."""
    prompt, terms = said_in(ask.prompt), said_in(" ".join(ask.glossary))
    without = prompt[: len(prompt) - len(terms)] if terms and prompt[-len(terms) :] == terms else prompt
    return {prompt, terms, without}


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
    found: list[tuple[float, int, int]] = []
    for whole in _wholes(ask) if ask.prompt else ():
        for first, begin in enumerate(said):
            words: tuple[str, ...] = ()
            end = first
            while begin.words and end < len(said) and len(words) * LEAST_SHARE <= len(whole):
                words += said[end].words
                end += 1
                if likeness := _likeness(words, whole):
                    found.append((-likeness, first, end))
    unsaid: set[int] = set()
    for _, first, end in sorted(found):
        if unsaid.isdisjoint(range(first, end)):
            unsaid.update(range(first, end))
    return unsaid


def _likeness(words: Sequence[str], whole: Sequence[str]) -> float:
    """Say how like the prompt some words are; 0 where people may well have said them."""
    least = LEAST_SHARE * max(len(words), len(whole))
    if min(len(words), len(whole)) < least or amount(whole) < LEAST_IN_A_ROW:
        return 0.0
    if _in_common(words, whole) < least:
        return 0.0
    common = _longest_common(words, whole)
    return 2 * common / (len(words) + len(whole)) if common >= least else 0.0


def _in_common(words: Iterable[str], others: Iterable[str]) -> int:
    """Count the words that both have, in any order."""
    return (Counter(words) & Counter(others)).total()


def _holds(prompt: Sequence[str], words: Sequence[str]) -> bool:
    """Say whether the prompt has these words in a row."""
    starts = range(len(prompt) - len(words) + 1)
    return any(prompt[start : start + len(words)] == words for start in starts)


def _share(words: Sequence[str], prompt: Sequence[str]) -> float:
    """Say how much of the words stands in one stretch of the prompt, in this order."""
    length = int(MOST_SPREAD * len(words))
    step = max(1, len(words) // 4)
    starts = range(0, max(1, len(prompt) - length + step), step)
    most = max(_longest_common(words, prompt[start : start + length]) for start in starts)
    return most / len(words)


def _longest_common(words: Sequence[str], stretch: Sequence[str]) -> int:
    """Count the words that both have in the same order, with others between them."""
    row = [0] * (len(stretch) + 1)
    for word in words:
        before = 0
        for place, other in enumerate(stretch, start=1):
            above = row[place]
            row[place] = before + 1 if word == other else max(above, row[place - 1])
            before = above
    return row[-1]
