"""Which file goes along with a reply, and its words as messages where no file may go along.

Pure functions. The file is never empty: Slack takes no upload of length 0.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.join import Gap
from bot.long_text import is_one_message
from bot.original import language_name, original_text
from bot.paragraphs import gap_mark, has_doubts, paragraphs_of, time_mark
from bot.rich_text import Message, block, bold, escape, heading_of, preformatted, split, weight
from bot.share import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS, Output
from bot.subtitles import srt, vtt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.join import Whole
    from bot.share import Job

# Longer than this, or with a gap or a doubt, a text is cut into paragraphs with their times.
SHORT_SECONDS, SHORT_CHARACTERS = 180, 3_000
NAME_CHARACTERS, NAME_BYTES = 80, 180  # with what is added, a file system's 255 bytes hold it
UNNAMED = "recording"
_METRICS = ("avg_logprob", "compression_ratio", "no_speech_prob")
# Escaped, one character may become five; a message holds 40,000 of these.
PART_CHARACTERS, PART_ESCAPED_CHARACTERS = 10_000, 36_000
LINE_CHARACTERS = 5_000

_UNSAFE = re.compile(r"[/\\:*?\"<>|]+")  # what some system refuses in a name
_ENDINGS = {
    Output.TEXT: "txt",
    Output.SRT: "srt",
    Output.VTT: "vtt",
    Output.JSON: "json",
    Output.VERBOSE_JSON: "verbose.json",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A text file that goes along with a reply: subtitles, the whole of a long text, the API's own JSON."""

    name: str
    content: str

    @property
    def data(self) -> bytes:
        """The bytes of the file; half a surrogate pair, which a server may send, is no text to anybody."""
        return self.content.encode("utf-8", "replace")


def is_long(job: Job, whole: Whole) -> bool:
    """Say whether people need paragraphs and times to find their way through, or to know what is missing."""
    return (
        whole.seconds > SHORT_SECONDS
        or len(whole.text) > SHORT_CHARACTERS
        or bool(whole.gaps)
        or bool(job.only)
    )


def is_plain(job: Job, whole: Whole) -> bool:
    """Say whether the text can stand alone, in a single line of thought, without times and marks."""
    return not is_long(job, whole) and not has_doubts(whole)


def document_of(job: Job, whole: Whole) -> Document | None:
    """Give the file that goes along with the translation of `job`: what its channel wants.

    A text that stands in one message needs none.
    """
    if not whole.text.strip():
        return None
    if job.output is Output.TEXT and (
        is_plain(job, whole) or is_one_message(paragraphs_of(whole), is_short=not is_long(job, whole))
    ):
        return None
    return Document(_name(job, f"en.{_ENDINGS[job.output]}"), _WRITERS[job.output](job, whole))


def original_document(job: Job, whole: Whole) -> Document:
    """Give the words as they were said as a file, for where no message holds them beside the English."""
    language = language_name(job, whole)
    title = _title(job, whole, f"in {language}" if language else "as it was said")
    return Document(_name(job, "original.txt"), f"{title}\n\n{original_text(whole)}")


def as_text(document: Document) -> Document:
    """Give the same words under a name that Slack takes everywhere: Slack Connect refuses some extensions."""
    return Document(f"{document.name}.txt", document.content)


def as_messages(document: Document) -> tuple[Message, ...]:
    """Give the content as messages, as it is, for where no upload is possible."""
    parts = _parts(document.content.strip("\n"))
    messages = []
    for number, part in enumerate(parts, start=1):
        heading = heading_of(document.name, number, len(parts))
        messages.append(Message(escape(f"{heading}\n{part}"), (block(bold(heading)), preformatted(part))))
    return tuple(messages)


def _parts(content: str) -> list[str]:
    """Cut at lines; only a line that no message holds is cut inside."""
    parts: list[str] = []
    room = escaped_room = 0
    for line in (short for long in content.split("\n") for short in _fitting(long)):
        characters, escaped_characters = weight(line) + 1, weight(escape(line)) + 1
        if parts and characters <= room and escaped_characters <= escaped_room:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
            room, escaped_room = PART_CHARACTERS, PART_ESCAPED_CHARACTERS
        room, escaped_room = room - characters, escaped_room - escaped_characters
    return parts


def _fitting(line: str) -> list[str]:
    return [line] if len(line) <= LINE_CHARACTERS else split(line, LINE_CHARACTERS)


def _as_text(job: Job, whole: Whole) -> str:
    """Write paragraphs under their times, below a line that says what they are."""
    language = language_name(job, whole)
    lines = [_title(job, whole, f"in English, from {language}" if language else "in English")]
    for item in paragraphs_of(whole):
        if isinstance(item, Gap):
            lines.append(gap_mark(item))
        else:
            lines.append(f"{item.mark}\n{item.text}")
    return "\n\n".join(lines) + "\n"


def _title(job: Job, whole: Whole, what: str) -> str:
    """Say in one line of which recording a file is, how long that is, and what the file has of it."""
    length = "" if any(gap.is_open for gap in whole.gaps) else f", {time_mark(whole.seconds)}"
    return " ".join(f"{job.share.file.name or UNNAMED}{length}, {what}".split())


def _verbose(job: Job, whole: Whole) -> dict[str, Any]:
    """Give what the API would answer for the whole recording; a metric that nobody told is left out.

    What is missing and what is doubtful the API does not know; a file that kept silent about them would lie.
    """
    answer: dict[str, Any] = {
        "task": "translate",
        "language": "english",
        "duration": round(whole.seconds, 3),
        "text": whole.text,
        "segments": [
            {
                "id": number,
                "seek": round(
                    segment.start_seconds * 100
                ),  # in the hundredths of a second that the API counts
                "start": round(segment.start_seconds, 3),
                "end": round(segment.end_seconds, 3),
                "text": segment.text,
                "temperature": job.temperature,
            }
            | {metric: told for metric in _METRICS if (told := getattr(segment, metric)) is not None}
            | ({"doubt": segment.doubt.value} if segment.doubt else {})
            for number, segment in enumerate(whole.segments)
        ],
    }
    if whole.gaps:
        answer["missing"] = [
            {"start": round(gap.start_seconds, 3)}
            | ({} if gap.is_open else {"end": round(gap.end_seconds, 3)})
            for gap in whole.gaps
        ]
    return answer


def _as_json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2) + "\n"


def _name(job: Job, ending: str) -> str:
    part = "missing." if job.only else ""
    return f"{_stem(job)}.{part}{ending}"


def _stem(job: Job) -> str:
    """Make a file's name from the recording's: without its ending, and with nothing that could be a path."""
    file = job.share.file
    name, _, extension = file.name.rpartition(".")
    if extension.lower() not in AUDIO_EXTENSIONS | VIDEO_EXTENSIONS:
        name = file.name
    seen = "".join(one for one in " ".join(name.split()) if not unicodedata.category(one).startswith("C"))
    safe = _UNSAFE.sub("-", seen)[:NAME_CHARACTERS]
    safe = safe.encode()[:NAME_BYTES].decode("utf-8", "ignore").strip(" .-")
    return safe or UNNAMED


_WRITERS: Mapping[Output, Callable[[Job, Whole], str]] = {
    Output.TEXT: _as_text,
    Output.SRT: lambda _, whole: srt(whole),
    Output.VTT: lambda _, whole: vtt(whole),
    Output.JSON: lambda _, whole: _as_json({"text": whole.text}),
    Output.VERBOSE_JSON: lambda job, whole: _as_json(_verbose(job, whole)),
}
