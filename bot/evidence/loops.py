"""The same said over and over, as models do when they are caught in a loop: cut to one, and marked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from operator import eq
from typing import TYPE_CHECKING

from bot.engines import Doubt
from bot.evidence.spoken import amount, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.engines import Segment
    from bot.evidence.spoken import Word

# The model was not sure, or thinks that nobody spoke.
LEAST_LOGPROB, MOST_NO_SPEECH = -1.0, 0.6
# The longest unit that is looked for; a model's window holds no longer one twice.
MOST_WORDS = 80
# A sentence: so many words at least, so often in a row. People say "no, no, no" and "thank you, thank you".
LEAST_SENTENCE, SENTENCES_IN_A_ROW = 3, 3
# Any words: so often, over so many characters.
GROUPS_IN_A_ROW, LEAST_CHARACTERS = 4, 50
# Numbers are repeated in good faith: "five five five five", "0000 0000". So are short groups that hold some,
# or letters, where somebody dictates: "50 euros", "error E five".
NUMBERS_IN_A_ROW = 30
MOST_DICTATED = 6
# What is as short as this, people say a few times when they are heard well: "Hold the line. Hold the line."
SHORT_WORDS, SHORT_IN_A_ROW = 3, 6
NUMBERS = frozenset({
    "and", "double", "eight", "eighteen", "eighty", "eleven", "fifteen", "fifty", "five", "forty", "four",
    "fourteen", "hundred", "nine", "nineteen", "ninety", "nought", "o", "oh", "one", "point", "seven",
    "seventeen", "seventy", "six", "sixteen", "sixty", "ten", "thirteen", "thirty", "thousand", "three",
    "triple", "twelve", "twenty", "two", "zero",
})  # fmt: skip

# Those alone make no number of what they stand in.
_NO_NUMBERS = frozenset({"and", "double", "o", "oh", "point", "triple"})
_LETTERS_THAT_ARE_WORDS = frozenset({"a", "i"})
_BETWEEN = " ,;:.!?…-、，。！？\n\t"  # noqa: RUF001 -- full-width marks are meant


@dataclass(frozen=True, slots=True)
class _Loop:
    """Which words are said over and over: once from `first` to before `unit_end`, again to before `end`."""

    first: int
    unit_end: int
    end: int


@dataclass(frozen=True, slots=True)
class _Placed:
    """A word, and the segment in which it stands."""

    segment: int
    word: Word
    has_good_metrics: bool
    has_bad_metrics: bool


def cut_loops(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Leave of each loop what is said once, with the time of all of it; the rest stays as it is."""
    found = tuple(segments)
    while True:
        shorter = _cut_once(found)
        if shorter == found:
            return found
        found = shorter


def _cut_once(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    placed = _placed(segments)
    said = [one.word.said for one in placed]
    for period in range(1, MOST_WORDS + 1):
        same = bytes(map(eq, said, said[period:]))
        # From the end, so that the places of those before stay true.
        loops = list(_loops_of(placed, same, period))[::-1]
        for loop in loops:
            segments = _cut(segments, placed, loop)
        if loops:
            placed = _placed(segments)
            said = [one.word.said for one in placed]
    return segments


def _placed(segments: Sequence[Segment]) -> list[_Placed]:
    return [
        _Placed(number, word, _has_good_metrics(one), _has_bad_metrics(one))
        for number, one in enumerate(segments)
        for word in words_of(one.text)
    ]


def _has_bad_metrics(segment: Segment) -> bool:
    """Say whether the model was not sure. That a text packs small says nothing: what people repeat does."""
    logprob, no_speech = segment.avg_logprob, segment.no_speech_prob
    return (logprob is not None and logprob < LEAST_LOGPROB) or (
        no_speech is not None and no_speech > MOST_NO_SPEECH
    )


def _has_good_metrics(segment: Segment) -> bool:
    """Say whether the model was sure; -1.0 is filled in by servers that do not know."""
    has_metrics = segment.no_speech_prob is not None and segment.avg_logprob not in {None, -1.0}
    return has_metrics and not _has_bad_metrics(segment)


def _loops_of(placed: Sequence[_Placed], same: bytes, period: int) -> Iterator[_Loop]:
    """Find the loops whose unit has so many words; `same` tells of each word whether it comes again then."""
    least = period * (min(SENTENCES_IN_A_ROW, GROUPS_IN_A_ROW) - 1)
    for run in re.finditer(rb"\x01{%d,}" % least, same):
        loop = _loop_in(placed, run.start(), run.end() + period, period)
        if loop:
            yield loop


def _loop_in(placed: Sequence[_Placed], start: int, end: int, period: int) -> _Loop | None:
    """Read a run of words that repeats itself; nothing where people might say it so."""
    begins = [place for place in range(start, start + period) if placed[place].word.begins]
    for first in begins:
        times = 1
        while (after := first + times * period) < end and placed[after].word.begins:
            times += 1
        # What follows the last one may be a longer sentence, which only begins like it.
        after = first + times * period
        if after > end or (after < len(placed) and not placed[after].word.begins):
            times -= 1
        unit = [one.word.said for one in placed[first : first + period]]
        run = placed[first : first + times * period]
        is_enough = times >= SENTENCES_IN_A_ROW and amount(unit) >= LEAST_SENTENCE
        if is_enough and times >= _least(run, unit):
            return _Loop(first, first + period, first + times * period)
    first = begins[0] if begins else start
    times = (end - first) // period
    run = placed[first : first + times * period]
    words = [one.word.said for one in run]
    if (
        times < max(GROUPS_IN_A_ROW, _least(run, words[:period]))
        or sum(map(len, words)) + amount(words) < LEAST_CHARACTERS
    ):
        return None
    # A beginning of one more at the very end was cut off with it.
    return _Loop(first, first + period, end if end == len(placed) else first + times * period)


def _least(run: Sequence[_Placed], unit: Sequence[str]) -> int:
    """Say how often a unit may well be said in a row, plus one; 0 where only its length decides."""
    # Of "five five five five" the same two are found as well, half as often.
    once = next(
        size for size in range(1, len(unit) + 1) if all(map(eq, unit, unit[size:])) and len(unit) % size == 0
    )
    numbers = math.ceil(NUMBERS_IN_A_ROW * once / len(unit))
    if all(map(_is_number, unit)):
        return numbers
    if any(one.has_bad_metrics for one in run):
        return 0
    if once <= MOST_DICTATED and any(map(_is_dictated, unit)):
        return numbers
    is_short = amount(unit) <= SHORT_WORDS and all(one.has_good_metrics for one in run)
    return SHORT_IN_A_ROW if is_short else 0


def _is_number(word: str) -> bool:
    return word.isdigit() or word in NUMBERS


def _is_dictated(word: str) -> bool:
    """Say whether a word is a number, holds one, or is a letter that is spelled."""
    is_letter = len(word) == 1 and word.isascii() and word not in _LETTERS_THAT_ARE_WORDS
    return is_letter or any(map(str.isdigit, word)) or (word in NUMBERS and word not in _NO_NUMBERS)


def _cut(segments: Sequence[Segment], placed: Sequence[_Placed], loop: _Loop) -> tuple[Segment, ...]:
    """Take out what is said again; the segments that say it once get the mark, and the time of all."""
    once, last = placed[loop.unit_end - 1], placed[loop.end - 1]
    found = list(segments)
    for number in range(placed[loop.first].segment, once.segment + 1):
        found[number] = replace(found[number], doubt=Doubt.LOOP)
    kept, rest = found[once.segment].text[: once.word.end], segments[last.segment].text[last.word.end :]
    if last.segment == once.segment:
        found[once.segment] = replace(found[once.segment], text=(kept + rest).strip())
        return tuple(found)
    gone = found[once.segment + 1 : last.segment]
    ends_here = not any(map(str.isalnum, rest))
    following = [] if ends_here else [replace(found[last.segment], text=rest.lstrip(_BETWEEN))]
    until = max(
        one.end_seconds for one in (found[once.segment], *gone, *([found[last.segment]] if ends_here else []))
    )
    # The full stop after the words that stay, and not what comes after it.
    stop = re.match(r"[.!?…。！？]*", segments[once.segment].text[once.word.end :])  # noqa: RUF001 -- meant
    found[once.segment] = replace(
        found[once.segment], text=kept + (stop[0] if stop else ""), end_seconds=until
    )
    return (*found[: once.segment + 1], *following, *found[last.segment + 1 :])
