"""A text as people read it: paragraphs by pause, with times, and marks for what is missing or doubtful."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.engines import Doubt, Segment
from bot.join import SENTENCE_ENDS, Gap
from bot.rich_text import SENTENCE_END, split, weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.join import Whole

# A pause after a sentence ends a paragraph that is not too short; a long pause ends any, whatever was said.
PAUSE_SECONDS, LONG_PAUSE_SECONDS, LEAST_CHARACTERS = 1.0, 3.0, 250
# From here on the next end of a sentence ends the paragraph, and no paragraph is longer than the most.
ENOUGH_CHARACTERS, MOST_CHARACTERS = 600, 2_400
# What the mark above a doubtful stretch says, after its times.
DOUBTS: Mapping[Doubt, str] = {
    Doubt.UNSURE: "hard to hear, please listen",
    Doubt.LOOP: "the same was said over and over, shown once",
    Doubt.FOREIGN: "not in English",
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences in one line, and from when to when in the recording they are said.

    All of it is doubtful in the same way, or nothing of it is.
    """

    start_seconds: float
    end_seconds: float
    text: str
    doubt: Doubt = Doubt.NONE

    @property
    def mark(self) -> str:
        """What stands above it: its time, or from when to when people should listen themselves, and why."""
        if not self.doubt:
            return time_mark(self.start_seconds)
        return f"{_from_to(self.start_seconds, self.end_seconds)} · {DOUBTS[self.doubt]}"


def paragraphs_of(whole: Whole) -> list[Paragraph | Gap]:
    """Divide the text at its pauses, and where a doubt begins or ends, with the gaps where they are.

    Every word stands there once, in order.
    """
    found: list[Paragraph | Gap] = []
    gaps = list(whole.gaps)
    for sentence in _sentences(whole):
        while gaps and gaps[0].start_seconds <= sentence.start_seconds:
            _add_gap(found, gaps.pop(0))
        last = found[-1] if found else None
        if isinstance(last, Paragraph) and not _is_new(last, sentence):
            found[-1] = replace(last, end_seconds=sentence.end_seconds, text=f"{last.text} {sentence.text}")
        else:
            found.append(sentence)
    for gap in gaps:
        _add_gap(found, gap)
    return found


def gaps_of(whole: Whole) -> list[Gap]:
    """Give what is missing as people see it: gaps with nothing between them are one."""
    return [item for item in paragraphs_of(whole) if isinstance(item, Gap)]


def has_doubts(whole: Whole) -> bool:
    """Say whether people should listen to some of it themselves."""
    return any(segment.doubt for segment in whole.segments)


def cut(paragraph: Paragraph, limit: int) -> list[Paragraph]:
    """Cut a paragraph at sentences, else at words; the times of its parts are reckoned by their length."""
    return list(_timed(split(paragraph.text, limit), paragraph))


def time_mark(seconds: float) -> str:
    """Say a moment of the recording as players do: 12:34, and 1:02:03 from one hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span_mark(gap: Gap) -> str:
    """Say from when to when something is missing; to the end, where nobody knows when that is."""
    if gap.is_open:
        return f"from {time_mark(gap.start_seconds)} on"
    return _from_to(gap.start_seconds, gap.end_seconds)


def gap_mark(gap: Gap) -> str:
    """Give the line that stands where something is missing."""
    return f"[{span_mark(gap)} could not be translated]"


def _from_to(start_seconds: float, end_seconds: float) -> str:
    start, end = time_mark(start_seconds), time_mark(end_seconds)
    return start if start == end else f"{start}–{end}"  # noqa: RUF001 -- from, to


def _sentences(whole: Whole) -> Iterator[Paragraph]:
    for segment in whole.segments or (Segment(0.0, whole.seconds, whole.text),):
        # A server that tells no times gives minutes of speech in one segment.
        text = " ".join(segment.text.split())
        ends = [match.end() for match in SENTENCE_END.finditer(text)]
        sentences = [text[start:end].strip() for start, end in zip([0, *ends], [*ends, None], strict=True)]
        parts = [part for sentence in sentences if sentence for part in _fitting(sentence)]
        yield from _timed(parts, Paragraph(segment.start_seconds, segment.end_seconds, text, segment.doubt))


def _fitting(sentence: str) -> list[str]:
    """Cut what nobody ended for very long; an emoji may count as two, hence half of the limit for these."""
    limit = MOST_CHARACTERS if weight(sentence) == len(sentence) else MOST_CHARACTERS // 2
    return split(sentence, limit)


def _timed(parts: list[str], whole: Paragraph) -> Iterator[Paragraph]:
    """Give each part its share of the time by its length."""
    start, seconds = whole.start_seconds, whole.end_seconds - whole.start_seconds
    said, all_of_it = 0, sum(map(len, parts))
    for part in parts:
        begins, said = said, said + len(part)
        yield replace(
            whole,
            start_seconds=start + seconds * begins / all_of_it,
            end_seconds=start + seconds * said / all_of_it,
            text=part,
        )


def _is_new(last: Paragraph, sentence: Paragraph) -> bool:
    """Say whether a sentence begins a paragraph."""
    pause = sentence.start_seconds - last.end_seconds
    if pause >= LONG_PAUSE_SECONDS or weight(last.text) + weight(sentence.text) >= MOST_CHARACTERS:
        return True
    if last.doubt != sentence.doubt:
        return True
    # A doubtful stretch has one mark, for one go at listening.
    if last.doubt or last.text[-1] not in SENTENCE_ENDS:
        return False
    return len(last.text) > (LEAST_CHARACTERS if pause >= PAUSE_SECONDS else ENOUGH_CHARACTERS)


def _add_gap(found: list[Paragraph | Gap], gap: Gap) -> None:
    """Add a gap; where it borders on the one before, the two are one to people."""
    last = found[-1] if found else None
    if isinstance(last, Gap) and gap.start_seconds - last.end_seconds < PAUSE_SECONDS:
        found[-1] = replace(last, end_seconds=gap.end_seconds, is_open=gap.is_open)
    else:
        found.append(gap)
