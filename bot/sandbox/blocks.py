"""Refuse blocks and views that Slack would refuse: types, keys, sizes, counts, unique ids.

Sizes: docs.slack.dev/reference/block-kit. The checks stand as tables, to be read beside that page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.refusals import RefusedError
from bot.sandbox.shapes import (
    ShapeError,
    anything,
    at_least_one,
    boolean,
    each,
    integer,
    listing,
    one_of,
    record,
    string,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.records import Json
    from bot.sandbox.shapes import Check

MOST_BLOCKS_IN_MESSAGE = 50
MOST_BLOCKS_IN_VIEW = 100
MOST_MARKDOWN = 12_000
MOST_BLOCK_TEXT = 13_200
MOST_VIEW_BYTES = 250_000
ID = string(255)
URL = string(3000)
KIND = anything  # `typed` has looked at it


def _plain(most: int) -> Check:
    return each(
        typed({"plain_text": record({"type": KIND, "text": string(most)}, {"emoji": boolean})}),
    )


def _text(most: int) -> Check:
    return typed(
        {
            "plain_text": record({"type": KIND, "text": string(most)}, {"emoji": boolean}),
            "mrkdwn": record({"type": KIND, "text": string(most)}, {"verbatim": boolean}),
        }
    )


# --- objects inside blocks ----------------------------------------------------------------------

CONFIRM = record(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)},
    {"style": one_of("primary", "danger")},
)
OPTION = record({"text": _text(75), "value": string(150)}, {"description": _text(75), "url": URL})
OPTION_GROUP = record({"label": _plain(75), "options": listing(OPTION, 100)})
_INPUT = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean, "placeholder": _plain(150)}
_CHOICE = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
_FILTER = {
    "include": listing(string(20), 4),
    "exclude_bot_users": boolean,
    "exclude_external_shared_channels": boolean,
}
_OPTIONS = {"options": listing(OPTION, 100), "option_groups": listing(OPTION_GROUP, 100)}
_CHANNELS = {
    "default_to_current_conversation": boolean,
    "response_url_enabled": boolean,
    "filter": record({}, _FILTER),
}
_SEVERAL = {"max_selected_items": integer}

ELEMENTS: dict[str, Check] = {
    "button": record(
        {"type": KIND, "text": _plain(75)},
        {
            "action_id": ID,
            "url": URL,
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
    ),
    "static_select": each(
        record({"type": KIND}, {**_INPUT, **_OPTIONS, "initial_option": OPTION}),
        at_least_one("options", "option_groups"),
    ),
    "multi_static_select": each(
        record({"type": KIND}, {**_INPUT, **_OPTIONS, **_SEVERAL, "initial_options": listing(OPTION, 100)}),
        at_least_one("options", "option_groups"),
    ),
    "users_select": record({"type": KIND}, {**_INPUT, "initial_user": ID}),
    "conversations_select": record({"type": KIND}, {**_INPUT, **_CHANNELS, "initial_conversation": ID}),
    "channels_select": record(
        {"type": KIND}, {**_INPUT, "initial_channel": ID, "response_url_enabled": boolean}
    ),
    "overflow": record({"type": KIND, "options": listing(OPTION, 5)}, {"action_id": ID, "confirm": CONFIRM}),
    "radio_buttons": record(
        {"type": KIND, "options": listing(OPTION, 10)}, {**_CHOICE, "initial_option": OPTION}
    ),
    "checkboxes": record(
        {"type": KIND, "options": listing(OPTION, 10)}, {**_CHOICE, "initial_options": listing(OPTION, 10)}
    ),
    "datepicker": record({"type": KIND}, {**_INPUT, "initial_date": string(10, 10)}),
    "plain_text_input": record(
        {"type": KIND},
        {
            "action_id": ID,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer,
            "max_length": integer,
            "placeholder": _plain(150),
            "focus_on_load": boolean,
            "dispatch_action_config": record({"trigger_actions_on": listing(string(50), 2)}),
        },
    ),
    "number_input": record(
        {"type": KIND, "is_decimal_allowed": boolean},
        {**_INPUT, "initial_value": string(30), "min_value": string(30), "max_value": string(30)},
    ),
    "image": each(
        record({"type": KIND, "alt_text": string(2000, 0)}, {"image_url": URL, "slack_file": anything}),
        at_least_one("image_url", "slack_file"),
    ),
}
INPUTS = {name: check for name, check in ELEMENTS.items() if name not in {"button", "overflow", "image"}}
BUTTONS = {
    name: check
    for name, check in ELEMENTS.items()
    if name not in {"plain_text_input", "number_input", "image"}
}

# --- rich text ----------------------------------------------------------------------------------

_STYLE = record({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), boolean))
_RICH_LEAVES: dict[str, Check] = {
    "text": record({"type": KIND, "text": string(40_000)}, {"style": _STYLE}),
    "link": record({"type": KIND, "url": URL}, {"text": string(40_000), "style": _STYLE, "unsafe": boolean}),
    "emoji": record({"type": KIND, "name": string(255)}, {"unicode": string(255), "style": _STYLE}),
    "user": record({"type": KIND, "user_id": ID}, {"style": _STYLE}),
    "channel": record({"type": KIND, "channel_id": ID}, {"style": _STYLE}),
    "usergroup": record({"type": KIND, "usergroup_id": ID}, {"style": _STYLE}),
    "broadcast": record({"type": KIND, "range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
    "date": record(
        {"type": KIND, "timestamp": integer, "format": string(255)},
        {"url": URL, "fallback": string(255), "style": _STYLE},
    ),
    "color": record({"type": KIND, "value": string(20)}, {"style": _STYLE}),
}
_LEAVES = listing(typed(_RICH_LEAVES), 10_000, 0)
_SECTION = record({"type": KIND, "elements": _LEAVES})
_RICH: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_quote": record({"type": KIND, "elements": _LEAVES}, {"border": integer}),
    "rich_text_preformatted": record(
        {"type": KIND, "elements": _LEAVES}, {"border": integer, "language": string(50)}
    ),
    "rich_text_list": record(
        {
            "type": KIND,
            "style": one_of("bullet", "ordered"),
            "elements": listing(typed({"rich_text_section": _SECTION}), 1000),
        },
        {"indent": integer, "offset": integer, "border": integer},
    ),
}

# --- blocks -------------------------------------------------------------------------------------

_BLOCK_ID = {"block_id": ID}
BLOCKS: dict[str, Check] = {
    "section": each(
        record(
            {"type": KIND},
            {
                **_BLOCK_ID,
                "text": _text(3000),
                "fields": listing(_text(2000), 10),
                "accessory": typed({**BUTTONS, "image": ELEMENTS["image"]}),
                "expand": boolean,
            },
        ),
        at_least_one("text", "fields"),
    ),
    "divider": record({"type": KIND}, _BLOCK_ID),
    "header": record({"type": KIND, "text": _plain(150)}, _BLOCK_ID),
    "context": record(
        {
            "type": KIND,
            "elements": listing(
                typed(
                    {
                        "plain_text": record({"type": KIND, "text": string(3000)}, {"emoji": boolean}),
                        "mrkdwn": record({"type": KIND, "text": string(3000)}, {"verbatim": boolean}),
                        "image": ELEMENTS["image"],
                    }
                ),
                10,
            ),
        },
        _BLOCK_ID,
    ),
    "actions": record({"type": KIND, "elements": listing(typed(BUTTONS), 25)}, _BLOCK_ID),
    "image": each(
        record(
            {"type": KIND, "alt_text": string(2000, 0)},
            {**_BLOCK_ID, "image_url": URL, "slack_file": anything, "title": _plain(2000)},
        ),
        at_least_one("image_url", "slack_file"),
    ),
    "input": record(
        {"type": KIND, "label": _plain(2000), "element": typed(INPUTS)},
        {**_BLOCK_ID, "hint": _plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": record({"type": KIND, "elements": listing(typed(_RICH), 1000)}, _BLOCK_ID),
    "markdown": record({"type": KIND, "text": string(MOST_MARKDOWN)}, _BLOCK_ID),
}
MESSAGE_BLOCKS = listing(typed(BLOCKS), MOST_BLOCKS_IN_MESSAGE, 0)
VIEW_BLOCKS = listing(
    typed({name: check for name, check in BLOCKS.items() if name != "markdown"}), MOST_BLOCKS_IN_VIEW
)
_VIEW = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
}
VIEWS = typed(
    {
        "modal": record(
            {"type": KIND, "title": _plain(24), "blocks": VIEW_BLOCKS},
            {**_VIEW, "submit": _plain(24), "close": _plain(24), "submit_disabled": boolean},
        ),
        "home": record({"type": KIND, "blocks": VIEW_BLOCKS}, _VIEW),
    }
)


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
