"""A text as the words that are said, to be compared: without case and punctuation, in any script."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Scripts without spaces between words: there a letter is the smallest thing that can be compared.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Marks that belong to the letter before them, and the two apostrophes.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff'\u2019"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}_])[\w{_MARKS}])+")
_SENTENCE_END = re.compile("[.!?…。！？।؟\n]")  # noqa: RUF001 -- full-width marks are meant
# So many of those letters say about as much as a word.
LETTERS_IN_A_WORD = 2


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared, where it stands in its text, and whether a sentence begins with it."""

    said: str
    start: int
    end: int
    begins: bool


def words_of(text: str) -> list[Word]:
    """Read the words of a text in their order."""
    found: list[Word] = []
    end = 0
    for match in _WORD.finditer(text):
        said = _as_compared(match[0])
        if said:
            begins = not found or _SENTENCE_END.search(text, end, match.start()) is not None
            found.append(Word(said, match.start(), match.end(), begins))
            end = match.end()
    return found


def _as_compared(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word.lower()
    whole = unicodedata.normalize("NFKC", word).casefold()
    return "".join(letter for letter in whole if unicodedata.category(letter)[0] in "LNM")


def said_in(text: str) -> tuple[str, ...]:
    """Give what is compared of a text: its words without case and punctuation."""
    return tuple(said for match in _WORD.finditer(text) if (said := _as_compared(match[0])))


def amount(said: Iterable[str]) -> float:
    """Count words, in any script."""
    return sum(1 / LETTERS_IN_A_WORD if _is_letter(word) else 1 for word in said)


def _is_letter(word: str) -> bool:
    return len(word) == 1 and re.match(f"[{_UNSPACED}]", word) is not None
