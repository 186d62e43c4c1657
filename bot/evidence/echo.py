"""The prompt that comes back as if somebody had said it: models do so where nobody speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.evidence.spoken import amount, said_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.engines import Ask

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
    words, prompt, terms = said_in(text), said_in(ask.prompt), said_in(" ".join(ask.glossary))
    without = prompt[: len(prompt) - len(terms)] if terms and prompt[-len(terms) :] == terms else prompt
    return bool(words) and words in {prompt, terms, without}


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
