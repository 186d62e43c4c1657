"""Messages that apply no markup: every character of a text from audio stays, and nobody is pinged.

Pure functions. The text stands in `rich_text`, which parses nothing; the fallback `text` (notifications,
search, screen readers) is escaped as Slack asks:
docs.slack.dev/messaging/formatting-message-text#escaping.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’)\]]*\s+")  # noqa: RUF001 -- full-width marks end sentences too
_CODE = re.compile(r"`([^`]+)`")

Element = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a reply: the fallback text and the blocks."""

    text: str
    blocks: tuple[dict[str, Any], ...]


def escape(text: str) -> str:
    """Make `text` inert for Slack: these three characters, in this order, and nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def weight(text: str) -> int:
    """Count characters as Slack may count them: one beyond the first 65,536 (an emoji) is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str) -> Element:
    """Give `text` as it is."""
    return {"type": "text", "text": text}


def bold(text: str) -> Element:
    """Give `text` in bold: a heading, or a mark between paragraphs."""
    return {"type": "text", "text": text, "style": {"bold": True}}


def italic(text: str) -> Element:
    """Give `text` in italics: a quiet heading."""
    return {"type": "text", "text": text, "style": {"italic": True}}


def with_code(text: str) -> list[Element]:
    """Split our own words at `code`, since rich_text shows backticks as they are."""
    elements: list[Element] = []
    for index, piece in enumerate(_CODE.split(text)):
        if piece:
            element = plain(piece)
            if index % 2:
                element["style"] = {"code": True}
            elements.append(element)
    return elements


def block(*elements: Element) -> dict[str, Any]:
    """Give a block that holds these elements as running text."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def quote(heading: str, text: str) -> dict[str, Any]:
    """Give a block that holds a quiet heading and, under it, `text` as a quote."""
    return {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [italic(heading)]},
            {"type": "rich_text_quote", "elements": [plain(text)]},
        ],
    }


def small(text: str) -> dict[str, Any]:
    """Give a block that shows our own words small and grey: what is good to know, and no more."""
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def preformatted(text: str) -> dict[str, Any]:
    """Give a block that holds `text` with its lines and spaces as they are."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [plain(text)]}],
    }


def under(above: Message, below: Message) -> Message:
    """Give one message of two, a blank line between their texts."""
    return Message("\n\n".join(filter(None, (above.text, below.text))), (*above.blocks, *below.blocks))


def heading_of(name: str, number: int, of: int) -> str:
    """Say which file a message is about, and which of several messages it is; empty where it need not be."""
    count = f"{number}/{of}" if of > 1 else ""
    return " · ".join(piece for piece in (name, count) if piece)


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
        (match.end() for match in SENTENCE_END.finditer(window) if match.end() <= limit), default=0
    )
    if sentence >= least:
        return sentence
    word = max(window.rfind(space) for space in " \t\u3000")
    return word if word >= least else limit
