"""What a reply looks like in Slack: text from audio becomes messages that apply no markup.

Pure functions. The text stands in `rich_text`, which parses nothing, so every character stays and
nobody is pinged; the fallback `text` (notifications, search, screen readers) is escaped as Slack
asks: docs.slack.dev/messaging/formatting-message-text#escaping.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Slack's best practice is 4,000 characters a message; the rest is room for a heading.
PART_CHARACTERS = 3_500
NO_SPEECH_TEXT = "I heard no speech in this recording."
# What the buttons of a reply are called; each one's value is the id of the job that it is about.
RETRY_MISSING, MISSING_BLOCK = "retry_missing", "dragoman_missing"
CONFIRM_YES, CONFIRM_NO, CONFIRM_BLOCK = "confirm_yes", "confirm_no", "dragoman_confirm"

_SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)\]]*\s+")  # noqa: RUF001 -- full-width marks end sentences too
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a reply: the fallback text and the blocks."""

    text: str
    blocks: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A text file that goes along with a reply: subtitles, the whole of a long text, the API's own JSON."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that answers a share: its messages, in their order, and then perhaps a file."""

    messages: tuple[Message, ...]
    document: Document | None = None


def escape(text: str) -> str:
    """Make `text` inert for Slack: these three characters, in this order, and nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def compose_translation(text: str, *, file_name: str) -> tuple[Message, ...]:
    """Give the messages that hold `text` whole; `file_name` heads them unless it is empty."""
    parts = split(text.strip(), PART_CHARACTERS)
    return tuple(
        _message(part, heading=_heading(file_name, number, len(parts)))
        for number, part in enumerate(parts, start=1)
    )


def compose_notice(text: str, *, file_name: str) -> tuple[Message, ...]:
    """Give the one message that says `text`, our own words; `…` in backticks is shown as code."""
    return (_message(text, heading=_heading(file_name, 1, 1), has_code=True),)


def split(text: str, limit: int) -> list[str]:
    """Cut `text` into parts of at most `limit` characters: at a line, else a sentence, else a word.

    Only white space at a cut is dropped; joined by it, the parts are the text again.
    """
    parts = []
    while len(text) > limit:
        cut = _cut(text, limit)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*parts, text]


def _cut(text: str, limit: int) -> int:
    """Find where to cut: as late as possible, but never leaving a part under a third of the limit."""
    window, least = text[: limit + 1], limit // 3
    line = window.rfind("\n")
    if line >= least:
        return line
    sentence = max(
        (match.end() for match in _SENTENCE_END.finditer(window) if match.end() <= limit), default=0
    )
    if sentence >= least:
        return sentence
    word = max(window.rfind(space) for space in " \t\u3000")
    return word if word >= least else limit


def _heading(file_name: str, number: int, of: int) -> str:
    count = f"{number}/{of}" if of > 1 else ""
    return " · ".join(piece for piece in (file_name, count) if piece)


def _message(text: str, *, heading: str, has_code: bool = False) -> Message:
    elements = [{"type": "text", "text": f"{heading}\n", "style": {"bold": True}}] if heading else []
    elements += _code_elements(text) if has_code else [{"type": "text", "text": text}]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}
    return Message(text=escape(f"{heading}\n{text}" if heading else text), blocks=(block,))


def _code_elements(text: str) -> list[dict[str, Any]]:
    """Split our own words at `code`, since rich_text shows backticks as they are."""
    elements: list[dict[str, Any]] = []
    for index, piece in enumerate(_CODE.split(text)):
        if piece:
            element: dict[str, Any] = {"type": "text", "text": piece}
            if index % 2:
                element["style"] = {"code": True}
            elements.append(element)
    return elements
