"""How one recording ended in the shell, and how that is written: text, subtitles or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bot.document import SHORT_CHARACTERS, SHORT_SECONDS
from bot.join import Gap, Whole
from bot.paragraphs import Paragraph, gap_mark, has_doubts, paragraphs_of
from bot.shell.order import SUBTITLES
from bot.subtitles import srt, vtt

if TYPE_CHECKING:
    from pathlib import Path

    from bot.shell.order import Order


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong: one of the errors' reasons, and what the person at the shell reads."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How `file` ended: its English, or trouble; both where some of it could not be translated.

    `target` is where it was written, None for stdout. `remark` is worth a line, and no trouble.
    """

    file: Path
    whole: Whole | None = None
    trouble: Trouble | None = None
    target: Path | None = None
    remark: str = ""


def render(whole: Whole, order: Order, file: Path) -> str:
    """Give a translation in the format that was asked for."""
    match order.output_format:
        case "srt":
            return srt(whole)
        case "vtt":
            return vtt(whole)
        case "json":
            return json.dumps(fields_of(whole, file), ensure_ascii=False) + "\n"
        case _:
            return _text_of(whole) + "\n"


def fields_of(whole: Whole, file: Path) -> dict[str, Any]:
    """Give a translation as JSON has it, under the recording's name as it was given.

    The text is what was said; what is missing stands beside it, in `gaps`.
    """
    told = {"file": str(file)} | asdict(whole)
    del told["is_english"]  # only who may leave a recording alone asks for it
    if not whole.seconds:  # all of it is silence: nobody measured how long
        del told["seconds"]
    return told


def line_of(outcome: Outcome, order: Order) -> dict[str, Any]:
    """Give all that there is to say of a recording: what came of it, where it went, what went wrong."""
    told: dict[str, Any] = {"file": str(outcome.file)}
    if outcome.whole:
        told |= fields_of(outcome.whole, outcome.file)
        if outcome.target:
            told["out"] = str(outcome.target)
        elif order.output_format in SUBTITLES:
            told[order.output_format] = render(outcome.whole, order, outcome.file)
    if outcome.trouble:
        told |= {"error": outcome.trouble.reason, "message": outcome.trouble.message}
    return told


def _text_of(whole: Whole) -> str:
    """Give the text, a long one in paragraphs, with the times of what is missing and what is doubtful."""
    is_short = whole.seconds <= SHORT_SECONDS and len(whole.text) <= SHORT_CHARACTERS
    if is_short and not whole.gaps and not has_doubts(whole):
        return whole.text
    return "\n\n".join(map(_shown, paragraphs_of(whole)))


def _shown(part: Paragraph | Gap) -> str:
    if isinstance(part, Gap):
        return gap_mark(part)
    return f"[{part.mark}]\n{part.text}" if part.doubt else part.text
