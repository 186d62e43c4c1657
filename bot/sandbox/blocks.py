"""Refuse blocks and views that Slack would refuse: types, keys, sizes, counts, unique ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.block_shapes import MESSAGE_BLOCKS, MOST_MARKDOWN, VIEWS
from bot.sandbox.refusals import RefusedError
from bot.sandbox.shapes import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.records import Json
    from bot.sandbox.shapes import Check

MOST_BLOCK_TEXT = 13_200
MOST_VIEW_BYTES = 250_000


def check_blocks(blocks: Any) -> None:  # noqa: ANN401 -- JSON from outside
    """Refuse the blocks of a message that Slack would refuse."""
    _check(MESSAGE_BLOCKS, blocks, "/blocks")
    _check_ids(blocks)
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MOST_MARKDOWN:
        rule = f"all markdown blocks together hold at most {MOST_MARKDOWN} characters, these {markdown}"
        raise RefusedError(code="invalid_blocks", rule=rule)
    total = sum(len(text) for text in _texts(blocks))
    if total > MOST_BLOCK_TEXT:
        rule = f"the text of all blocks together has at most {MOST_BLOCK_TEXT} characters, this {total}"
        raise RefusedError(code="msg_blocks_too_long", rule=rule)


def check_view(view: Any, size: int) -> None:  # noqa: ANN401 -- JSON from outside
    """Refuse a modal or a Home that Slack would refuse; `size` is its length as JSON."""
    _check(VIEWS, view, "/view", code="invalid_arguments")
    _check_ids(view["blocks"], code="invalid_arguments")
    if size > MOST_VIEW_BYTES:
        raise RefusedError(
            code="view_too_large", rule=f"a view has at most {MOST_VIEW_BYTES} bytes, this {size}"
        )
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if view["type"] == "modal" and has_input and "submit" not in view:
        raise _refusal(
            code="invalid_arguments",
            rule="a modal with input blocks needs `submit` [json-pointer:/view/submit]",
        )


def _check(check: Check, value: Any, pointer: str, code: str = "invalid_blocks") -> None:  # noqa: ANN401 -- JSON from outside
    try:
        check(value, pointer)
    except ShapeError as error:
        raise _refusal(code, str(error)) from error


def _refusal(code: str, rule: str) -> RefusedError:
    return RefusedError(code, rule, response_metadata={"messages": [f"[ERROR] {rule}"]})


def _check_ids(blocks: list[Json], code: str = "invalid_blocks") -> None:
    """Refuse a `block_id` used twice, and an `action_id` used twice in one block."""
    seen: set[str] = set()
    for position, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            raise _refusal(
                code, f"`block_id` {block_id} already used [json-pointer:/blocks/{position}/block_id]"
            )
        seen.update({block_id} if block_id else ())
        actions = [entry["action_id"] for entry in block.get("elements", ()) if "action_id" in entry]
        if len(actions) != len(set(actions)):
            raise _refusal(
                code, f"`action_id` used twice in a block [json-pointer:/blocks/{position}/elements]"
            )


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 -- JSON from outside
    """Give every text that people would read."""
    if isinstance(value, list):
        for entry in value:
            yield from _texts(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key == "text" and isinstance(entry, str):
                yield entry
            else:
                yield from _texts(entry)
