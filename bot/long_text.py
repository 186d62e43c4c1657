"""A long translation as messages: a lead that is read at a glance, then all the rest, every word once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bot.join import Gap
from bot.paragraphs import Paragraph, cut, gap_mark
from bot.rich_text import Message, block, bold, escape, heading_of, plain, weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.rich_text import Element

    Item = Paragraph | Gap

# So much is one message, and needs no file; of more, the first message is a lead.
ONE_MESSAGE_CHARACTERS, LEAD_CHARACTERS = 3_000, 1_200
# Slack takes 13,200 characters over all blocks (measured: bolt-js#2509), and 40,000 of escaped text.
MESSAGE_CHARACTERS, MESSAGE_ESCAPED_CHARACTERS = 11_000, 38_000
# Few paragraphs to a block: no documented limit is near, whatever a text is like.
BLOCK_CHARACTERS, BLOCK_ITEMS, MESSAGE_ITEMS = 3_000, 20, 200
_BETWEEN = "\n\n"


@dataclass(slots=True)
class _Pack:
    """The paragraphs of one message, and what they weigh with their marks."""

    items: list[Item] = field(default_factory=list)
    characters: int = 0
    escaped_characters: int = 0

    def takes(self, item: Item, most: int) -> bool:
        """Say whether there is room for one more."""
        return (
            len(self.items) < MESSAGE_ITEMS
            and self.characters + _weight(item) <= most
            and self.escaped_characters + weight(escape(_text(item))) <= MESSAGE_ESCAPED_CHARACTERS
        )

    def add(self, item: Item) -> None:
        """Take one more."""
        self.items.append(item)
        self.characters += _weight(item)
        self.escaped_characters += weight(escape(_text(item))) + len(_BETWEEN)


def is_one_message(items: Sequence[Item], *, is_short: bool = False) -> bool:
    """Say whether one message holds all of it, and people still like to read that.

    A short text stays in one message however many marks stand in it, as far as Slack takes that.
    """
    most = MESSAGE_CHARACTERS if is_short else ONE_MESSAGE_CHARACTERS
    return len(items) <= MESSAGE_ITEMS and sum(map(_weight, items)) <= most


def compose_long(
    items: Sequence[Item], *, name: str, openings: tuple[str, str], is_short: bool = False
) -> tuple[Message, ...]:
    """Give the messages; `openings` is what the first one says where it is alone, and where more follow."""
    packs = [_Pack(list(items))] if is_one_message(items, is_short=is_short) else _packed(items)
    alone, followed = openings
    messages = []
    for number, pack in enumerate(packs, start=1):
        heading = heading_of(name, number, len(packs))
        opening = (followed if len(packs) > 1 else alone) if number == 1 else ""
        messages.append(_message(pack.items, heading=heading, opening=opening))
    return tuple(messages)


def _packed(items: Sequence[Item]) -> list[_Pack]:
    """Fill several messages; the first has only what is read at a glance."""
    lead, rest = _lead(items)
    packs = [lead]
    for item in rest:
        if len(packs) == 1 or not packs[-1].takes(item, MESSAGE_CHARACTERS):
            packs.append(_Pack())
        packs[-1].add(item)
    return packs


def _lead(items: Sequence[Item]) -> tuple[_Pack, list[Item]]:
    """Take the first paragraphs, or of a long one its first sentences; give what is left, too."""
    lead, rest = _Pack(), list(items)
    while rest and lead.takes(rest[0], LEAD_CHARACTERS):
        lead.add(rest.pop(0))
    long = rest[0] if rest else None
    if isinstance(long, Paragraph) and lead.characters < LEAD_CHARACTERS // 2:
        room = LEAD_CHARACTERS - lead.characters - _weight(replace(long, text=""))
        is_wide = weight(long.text) > len(long.text)
        first, second, *_ = cut(long, room // 2 if is_wide else room)
        lead.add(first)
        text = long.text[len(first.text) :].lstrip()
        rest[0] = replace(long, start_seconds=second.start_seconds, text=text)
    return lead, rest


def _message(items: Sequence[Item], *, heading: str, opening: str) -> Message:
    head = [bold(f"{heading}\n")] if heading else []
    head += [plain(f"{opening}\n")] if opening else []
    blocks = [block(*head)] if head else []
    blocks += [block(*_elements(group)) for group in _grouped(items)]
    texts = ["\n".join(one for one in (heading, opening) if one), *map(_text, items)]
    return Message(escape(_BETWEEN.join(text for text in texts if text)), tuple(blocks))


def _grouped(items: Iterable[Item]) -> list[list[Item]]:
    groups: list[list[Item]] = []
    room = 0
    for item in items:
        if _weight(item) > room or len(groups[-1]) == BLOCK_ITEMS:
            groups.append([])
            room = BLOCK_CHARACTERS
        groups[-1].append(item)
        room -= _weight(item)
    return groups


def _elements(items: Sequence[Item]) -> list[Element]:
    elements: list[dict[str, Any]] = []
    for item in items:
        elements += [plain(_BETWEEN)] if elements else []
        if isinstance(item, Gap):
            elements.append(bold(_text(item)))
        else:
            elements += [bold(f"{item.mark}\n"), plain(item.text)]
    return elements


def _text(item: Item) -> str:
    if isinstance(item, Gap):
        return gap_mark(item)
    return f"{item.mark}\n{item.text}"


def _weight(item: Item) -> int:
    return weight(_text(item)) + len(_BETWEEN)
