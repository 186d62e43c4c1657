"""Block Kit as tables: which types there are, their keys, their sizes. To be read beside its reference.

Sizes: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.shapes import (
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
    from bot.sandbox.shapes import Check

MOST_BLOCKS_IN_MESSAGE = 50
MOST_BLOCKS_IN_VIEW = 100
MOST_MARKDOWN = 12_000
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
