"""A composed reply as people, and as Slack, read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.engines import Segment
from bot.join import Whole
from bot.rich_text import weight

if TYPE_CHECKING:
    from bot.compose import Message, Reply


def talk(
    seconds: float,
    *,
    sentence: str = "This is sentence {} of the talk.",
    every: float = 5.0,
    said: float = 0.0,
) -> Whole:
    """Give a talk with a sentence every five seconds, without a pause to speak of, or `said` in so many."""
    count = int(seconds / every)
    segments = tuple(
        Segment(number * every, number * every + (said or every - 0.1), sentence.format(number))
        for number in range(count)
    )
    return Whole(" ".join(one.text for one in segments), segments, seconds)


def shown(message: Message) -> str:
    """Give what a person reads in the blocks of a message, buttons apart."""
    parts = [
        part
        for block in message.blocks
        for part in {"rich_text": block["elements"], "context": [block]}.get(block["type"], [])
    ]
    return "\n\n".join("".join(element["text"] for element in part["elements"]) for part in parts)


def body(reply: Reply) -> str:
    """Give all of the English, without headings, times and marks, as one line."""
    plain = [
        element["text"]
        for message in reply.messages
        for block in message.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] != "rich_text_quote"
        for element in part["elements"]
        if not element.get("style") and "recording is" not in element["text"]
    ]
    return " ".join(" ".join(plain).split())


def quotes(reply: Reply) -> list[str]:
    """Give what stands in quotes."""
    return [
        element["text"]
        for message in reply.messages
        for block in message.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        if part["type"] == "rich_text_quote"
        for element in part["elements"]
    ]


def buttons(reply: Reply) -> list[tuple[str, str, str]]:
    """Give every button: its block, its action and its value."""
    return [
        (block["block_id"], button["action_id"], button["value"])
        for message in reply.messages
        for block in message.blocks
        if block["type"] == "actions"
        for button in block["elements"]
    ]


def check_limits(reply: Reply) -> None:
    """Assert what Slack would refuse, counting an emoji as two."""
    for message in reply.messages:
        texts = list(_texts(list(message.blocks)))
        assert len(message.blocks) <= 50
        assert sum(map(weight, texts)) <= 13_200
        assert max(map(weight, texts)) <= 3_000
        assert 0 < weight(message.text) <= 40_000
        assert all(texts)


def _texts(value: Any) -> list[str]:  # noqa: ANN401 -- blocks
    if isinstance(value, dict):
        return [
            one
            for key, entry in value.items()
            for one in ([entry] if key == "text" and isinstance(entry, str) else _texts(entry))
        ]
    return [one for entry in value for one in _texts(entry)] if isinstance(value, list) else []
