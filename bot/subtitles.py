"""A translation → subtitles, SRT or WebVTT: cues that people can read, at the right time of the recording.

Pure functions. A cue is seen 1 to 7 seconds and has at most two lines of 42 characters. All of it is
reckoned in the recording's seconds and rounded once, to whole milliseconds. The text is data: nothing in
it may pass for a time, a tag or the end of a cue.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.engines import Doubt
from bot.rich_text import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.join import Whole

LINE_CHARACTERS, LINES = 42, 2
SHORTEST_MS, LONGEST_MS = 1_000, 7_000
SHORTEST_SECONDS, LONGEST_SECONDS = SHORTEST_MS / 1000, LONGEST_MS / 1000
GAP_TEXT = "[could not be translated]"
UNSURE_SIGN = "(?)"  # at the end of a cue in which something was hard to hear
# Of fewer characters a cue is not halved because it lasts long: it is shown for a while, then nothing is.
FEW_CHARACTERS = 32
SENTENCE_MARKS, CLAUSE_MARKS = ".!?…。！？", ",;:–—，、；："  # noqa: RUF001 -- full-width marks too

_ARROW = re.compile("-{2,}>")
_CONTROLS, _HALVES = re.compile(r"[\x00-\x1f\x7f-\x9f]"), re.compile(r"[\ud800-\udfff]")
_JOINERS = "\u200d\ufe0e\ufe0f"  # what holds the parts of an emoji together


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, or the part of one that fits in a line, and its share of its segment's time.

    `is_glued` says that no space stands before it: it is the second part of a long word. `is_unsure`:
    whoever wrote it down was not sure of it.
    """

    text: str
    start_seconds: float
    end_seconds: float
    is_glued: bool = False
    is_unsure: bool = False


@dataclass(frozen=True, slots=True)
class _Cue:
    """Some words, seen from `start` to `end`, in milliseconds."""

    start: int
    end: int
    lines: tuple[str, ...]


def srt(whole: Whole) -> str:
    """Write SubRip; empty where there is no text. Nothing is escaped: players show what they read."""
    cues = [
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n" + "\n".join(cue.lines) + "\n"
        for number, cue in enumerate(_cues(whole), start=1)
    ]
    return "\n".join(cues)


def vtt(whole: Whole) -> str:
    """Write WebVTT: www.w3.org/TR/webvtt1."""
    cues = [
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n" + escape("\n".join(cue.lines)) + "\n"
        for cue in _cues(whole)
    ]
    return "\n".join(["WEBVTT\n", *cues]) if cues else "WEBVTT\n\n"


def _cues(whole: Whole) -> list[_Cue]:
    """Give the cues in their order: never two at once, none before the recording begins or after it ends."""
    groups = [group for run in _runs(whole) for group in _divided(run)]
    wanted = [(group[0].start_seconds, group[-1].end_seconds) for group in groups]
    times = _scheduled(wanted, whole.seconds or max((end for _, end in wanted), default=0.0))
    return [
        _Cue(start, stop, tuple(_lines(group))) for (start, stop), group in zip(times, groups, strict=True)
    ]


# --- words --------------------------------------------------------------------------------------


def _runs(whole: Whole) -> Iterator[list[_Word]]:
    """Give the words of each segment; those of one that is too short to be read go with the next."""
    segments = _timed(whole)
    run: list[_Word] = []
    for number, (start, end, text, is_unsure) in enumerate(segments):
        run += [replace(word, is_unsure=is_unsure) for word in _words(text, start, max(start, end))]
        following = segments[number + 1] if number + 1 < len(segments) else None
        if (
            following is None
            or GAP_TEXT in {text, following[2]}
            or following[0] - run[0].start_seconds >= SHORTEST_SECONDS
        ):
            yield run
            run = []


def _timed(whole: Whole) -> list[tuple[float, float, str, bool]]:
    """Give segments and gaps in the order of their times, as far as the segments are in order."""
    timed = [
        (one.start_seconds, one.end_seconds, _cleaned(one.text), one.doubt is Doubt.UNSURE)
        for one in whole.segments
    ]
    for gap in whole.gaps:
        place = next((place for place, one in enumerate(timed) if one[0] >= gap.start_seconds), len(timed))
        timed.insert(place, (gap.start_seconds, gap.end_seconds, GAP_TEXT, False))
    return [one for one in timed if one[2]]


def _cleaned(text: str) -> str:
    """Make one line of it, without what no subtitle may hold: controls, halves of characters, an arrow."""
    words = " ".join(text.replace("\0", " ").split())
    return _ARROW.sub("->", _CONTROLS.sub("", _HALVES.sub("�", words)))


def _words(text: str, start: float, end: float) -> Iterator[_Word]:
    """Give the words of a segment, each with its share of the time by its length."""
    parts = [(part, number > 0) for word in text.split(" ") for number, part in enumerate(_fitting(word))]
    said, whole = 0, sum(len(part) for part, _ in parts)
    for part, is_glued in parts:
        begins, said = said, said + len(part)
        share = (end - start) / whole
        yield _Word(part, start + begins * share, start + said * share, is_glued)


def _fitting(word: str) -> Iterator[str]:
    """Break a word that no line holds, but never inside of what people see as one character."""
    while len(word) > LINE_CHARACTERS:
        cut = LINE_CHARACTERS
        while cut > LINE_CHARACTERS // 2 and _goes_on(word, cut):
            cut -= 1
        yield word[:cut]
        word = word[cut:]
    yield word


def _goes_on(word: str, cut: int) -> bool:
    return bool(unicodedata.combining(word[cut])) or word[cut] in _JOINERS or word[cut - 1] in _JOINERS


# --- cues ---------------------------------------------------------------------------------------


def _divided(run: list[_Word]) -> list[list[_Word]]:
    """Halve at the best place, again and again, until each part is a cue."""
    done: list[list[_Word]] = []
    left = [run]
    while left:
        words = left.pop()
        if _is_cue(words):
            done.append(words)
        else:
            cut = _best_cut(words)
            left += [words[cut:], words[:cut]]
    return done


def _is_cue(words: list[_Word]) -> bool:
    if len(words) == 1:
        return True
    characters = sum(len(word.text) for word in words)
    seconds = words[-1].end_seconds - words[0].start_seconds
    is_seen_whole = seconds <= LONGEST_SECONDS or characters < FEW_CHARACTERS
    return is_seen_whole and characters <= LINES * LINE_CHARACTERS and len(_lines(words)) <= LINES


def _best_cut(words: list[_Word]) -> int:
    """Find where to halve: near the middle, rather at the end of a sentence or a clause, and in a pause."""
    whole = sum(len(word.text) for word in words)
    start, end = words[0].start_seconds, words[-1].end_seconds
    best, least, said = 1, float("inf"), 0
    for place, (word, following) in enumerate(pairwise(words), start=1):
        said += len(word.text)
        cost = abs(said / whole - 0.5) + _break_cost(word, following)
        if min(word.end_seconds - start, end - following.start_seconds) < SHORTEST_SECONDS:
            cost += 0.5
        if cost < least:
            best, least = place, cost
    return best


def _break_cost(word: _Word, following: _Word) -> float:
    """Say how much a break between two words disturbs who reads."""
    if following.is_glued:
        return 0.6
    mark = word.text.rstrip("'\"”’)]»")[-1:]  # noqa: RUF001 -- these close what is quoted
    cost = 0.0 if mark and mark in SENTENCE_MARKS else 0.15 if mark and mark in CLAUSE_MARKS else 0.35
    return cost - 0.1 if following.start_seconds - word.end_seconds >= SHORTEST_SECONDS / 4 else cost


def _lines(words: Sequence[_Word]) -> list[str]:
    """Fill lines; of two, make both about as long. The sign of a doubt stands at the end, as a word does."""
    lines: list[str] = []
    if any(word.is_unsure for word in words):
        words = [*words, _Word(UNSURE_SIGN, 0.0, 0.0)]
    for word in words:
        longer = lines[-1] + ("" if word.is_glued else " ") + word.text if lines else word.text
        if lines and len(longer) <= LINE_CHARACTERS:
            lines[-1] = longer
        else:
            lines.append(word.text)
    if len(lines) != LINES:
        return lines
    halves = [(_joined(words[:cut]), _joined(words[cut:])) for cut in range(1, len(words))]
    fitting = [half for half in halves if max(map(len, half)) <= LINE_CHARACTERS]
    return [*min(fitting, key=lambda half: abs(len(half[0]) - len(half[1])))]


def _joined(words: Sequence[_Word]) -> str:
    return "".join(word.text if word.is_glued else f" {word.text}" for word in words).strip(" ")


# --- times --------------------------------------------------------------------------------------


def _scheduled(wanted: Sequence[tuple[float, float]], end: float) -> list[tuple[int, int]]:
    """Round, and make room: each cue is seen long enough, none too long, one after the other.

    Where there is a pause nothing moves but ends. Only where more is said than can be read do cues
    give way; and where even that is not enough, all of them are short.
    """
    if not wanted:
        return []
    total = max(round(end * 1000), len(wanted))
    shortest = min(SHORTEST_MS, total // len(wanted))
    starts: list[int] = []
    for start, _ in wanted:
        starts.append(max(round(start * 1000), starts[-1] if starts else 0))
    times: list[tuple[int, int]] = []
    last_end = 0
    for start, (_, stop), limit in zip(starts, wanted, [*starts[1:], total], strict=True):
        begin, last = start, min(round(stop * 1000), limit)
        if last - begin < shortest:
            last = min(begin + shortest, max(limit, begin))
            begin = max(last_end, min(begin, last - shortest))
        begin = max(begin, last_end)
        last_end = min(max(last, begin + shortest), begin + LONGEST_MS)
        times.append((begin, last_end))
    limit = total
    for number in range(len(times) - 1, -1, -1):
        begin, last = times[number]
        last = min(last, limit)
        limit = min(begin, last - shortest)
        times[number] = (limit, last)
    return times


def _clock(milliseconds: int, point: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
