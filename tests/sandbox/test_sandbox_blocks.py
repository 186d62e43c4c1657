"""Blocks and views that Slack would refuse are refused, and those it takes are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.models.blocks import Block

from bot.sandbox.blocks import check_blocks, check_view
from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(text: str) -> dict[str, Any]:
    """Give a plain_text object."""
    return {"type": "plain_text", "text": text}


def section(text: str = "x", **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    """Give a section."""
    return {"type": "section", "text": plain(text), **more}


def button(**more: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    """Give a button."""
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def rich(*leaves: dict[str, Any], kind: str = "rich_text_section", **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    """Give a rich_text block."""
    return {"type": "rich_text", "elements": [{"type": kind, "elements": [*leaves], **more}]}


def refusal(check: Callable[[], None]) -> str:
    """Give the rule by which something is refused; empty when it is taken."""
    try:
        check()
    except RefusedError as error:
        return error.rule
    return ""


INPUT = {"type": "input", "label": plain("Prompt"), "element": {"type": "plain_text_input", "action_id": "a"}}
OPTION = {"text": plain("On"), "value": "on"}

GOOD = [
    pytest.param(section("x" * 3000), id="a long section"),
    pytest.param({"type": "section", "fields": [plain("x")] * 10}, id="ten fields"),
    pytest.param(section(accessory=button(style="danger", value="v" * 2000)), id="a button beside"),
    pytest.param(
        {"type": "section", "text": {"type": "mrkdwn", "text": "*x*", "verbatim": True}}, id="verbatim"
    ),
    pytest.param({"type": "header", "text": plain("x" * 150)}, id="a header"),
    pytest.param({"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10}, id="a context"),
    pytest.param({"type": "actions", "elements": [button(), button(action_id="b")]}, id="two buttons"),
    pytest.param(
        {"type": "actions", "elements": [{"type": "static_select", "options": [OPTION], "action_id": "s"}]},
        id="a select",
    ),
    pytest.param({"type": "image", "image_url": "https://a.example/b.png", "alt_text": ""}, id="an image"),
    pytest.param(rich({"type": "text", "text": "Hello", "style": {"bold": True}}), id="rich text"),
    pytest.param(rich({"type": "link", "url": "https://a.example"}, kind="rich_text_quote"), id="a quote"),
    pytest.param(
        rich(
            {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0ANA"}]},
            kind="rich_text_list",
            style="bullet",
        ),
        id="a list",
    ),
    pytest.param({"type": "markdown", "text": "# x"}, id="markdown"),
    pytest.param({"type": "divider", "block_id": "d"}, id="a divider"),
    pytest.param(INPUT, id="an input"),
]


@pytest.mark.parametrize("block", GOOD)
def test_good_blocks_are_taken(block: dict[str, Any]) -> None:
    """What Slack takes is taken."""
    assert refusal(lambda: check_blocks([block])) == ""


@pytest.mark.parametrize("block", [case for case in GOOD if case.id != "markdown"])
def test_good_blocks_are_good_for_the_sdk_too(block: dict[str, Any]) -> None:
    """Slack's own models agree about what is good."""
    parsed = Block.parse(block)
    assert parsed is not None
    parsed.validate_json()


@pytest.mark.parametrize(
    ("block", "rule"),
    [
        pytest.param({"type": "video"}, "unsupported type: video", id="unknown block"),
        pytest.param("section", "unsupported type: None", id="no object"),
        pytest.param(section(text_align="left"), "no more keys allowed: text_align", id="unknown key"),
        pytest.param({"type": "section"}, "missing one of: text, fields", id="empty section"),
        pytest.param(section("x" * 3001), "at most 3000", id="long section"),
        pytest.param(section(""), "at least 1", id="empty text"),
        pytest.param({"type": "section", "text": "x"}, "unsupported type", id="text is no object"),
        pytest.param(
            {"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}},
            "no more keys allowed: emoji",
            id="emoji of mrkdwn",
        ),
        pytest.param({"type": "section", "fields": [plain("x")] * 11}, "1 to 10 items", id="eleven fields"),
        pytest.param({"type": "section", "fields": plain("x")}, "must be a list", id="fields no list"),
        pytest.param({"type": "header", "text": plain("x" * 151)}, "at most 150", id="long header"),
        pytest.param(
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "unsupported type: mrkdwn",
            id="mrkdwn header",
        ),
        pytest.param({"type": "header"}, "missing required field: text", id="header without text"),
        pytest.param({"type": "context", "elements": [plain("x")] * 11}, "1 to 10 items", id="long context"),
        pytest.param(
            {"type": "context", "elements": [button()]}, "unsupported type: button", id="button in context"
        ),
        pytest.param({"type": "actions", "elements": []}, "1 to 25 items", id="no actions"),
        pytest.param({"type": "actions", "elements": [button(style="blue")]}, "primary, danger", id="style"),
        pytest.param(
            {"type": "actions", "elements": [button(text=plain("x" * 76))]}, "at most 75", id="label"
        ),
        pytest.param({"type": "actions", "elements": [button(value="x" * 2001)]}, "at most 2000", id="value"),
        pytest.param({"type": "actions", "elements": [button(value=1)]}, "must be a string", id="a number"),
        pytest.param(
            {"type": "actions", "elements": [button(), button()]}, "`action_id` used twice", id="twice"
        ),
        pytest.param(
            {"type": "actions", "elements": [{"type": "static_select", "action_id": "s"}]},
            "missing one of: options",
            id="select of nothing",
        ),
        pytest.param(
            {"type": "actions", "elements": [{"type": "static_select", "options": [OPTION] * 101}]},
            "1 to 100 items",
            id="select of 101",
        ),
        pytest.param(section(block_id="x" * 256), "at most 255", id="long block_id"),
        pytest.param({"type": "markdown", "text": "x" * 12_001}, "at most 12000", id="long markdown"),
        pytest.param(
            rich({"type": "text", "text": "x", "style": {"big": True}}), "no more keys", id="rich style"
        ),
        pytest.param(
            rich({"type": "text", "text": "x", "style": []}), "must be an object", id="style no object"
        ),
        pytest.param(
            rich({"type": "text", "text": "x", "style": {"bold": 1}}),
            "must be true or false",
            id="bold is a number",
        ),
        pytest.param(rich({"type": "text"}), "missing required field: text", id="rich text without text"),
        pytest.param(rich({"type": "text", "text": ""}), "at least 1", id="empty rich text"),
        pytest.param(rich(kind="rich_text_table"), "unsupported type: rich_text_table", id="rich table"),
        pytest.param(
            rich(kind="rich_text_quote", border="1"), "must be a whole number", id="a border in words"
        ),
    ],
)
def test_bad_blocks_are_refused_with_the_rule(block: Any, rule: str) -> None:  # noqa: ANN401 -- JSON
    """A bad block is invalid_blocks, and the answer's messages say what and where."""
    with pytest.raises(RefusedError) as refused:
        check_blocks([section(block_id="first"), block])
    assert refused.value.code == "invalid_blocks"
    assert rule in refused.value.rule
    assert "[json-pointer:/blocks/1" in refused.value.body()["response_metadata"]["messages"][0]


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        pytest.param([section()] * 51, "invalid_blocks", id="51 blocks"),
        pytest.param([section(block_id="a"), section(block_id="a")], "invalid_blocks", id="block_id twice"),
        pytest.param(
            [{"type": "markdown", "text": "x" * 6001}] * 2, "invalid_blocks", id="markdown together"
        ),
        pytest.param([section("x" * 2650)] * 5, "msg_blocks_too_long", id="texts together"),
        pytest.param(
            [rich({"type": "text", "text": "x" * 13_201})], "msg_blocks_too_long", id="one long rich text"
        ),
        pytest.param({"type": "divider"}, "invalid_blocks", id="no list"),
    ],
)
def test_blocks_are_limited_together(blocks: Any, code: str) -> None:  # noqa: ANN401 -- JSON
    """There are limits for all blocks of a message together."""
    with pytest.raises(RefusedError) as refused:
        check_blocks(blocks)
    assert refused.value.code == code


MODAL = {"type": "modal", "title": plain("Settings"), "submit": plain("Save"), "blocks": [INPUT]}


def test_good_views_are_taken() -> None:
    """A modal with an input and a submit button is taken, and a Home."""
    assert refusal(lambda: check_view(MODAL, 100)) == ""
    home = {"type": "home", "blocks": [section()], "private_metadata": ""}
    assert refusal(lambda: check_view(home, 100)) == ""


@pytest.mark.parametrize(
    ("view", "rule"),
    [
        pytest.param({**MODAL, "title": plain("x" * 25)}, "at most 24", id="long title"),
        pytest.param({key: MODAL[key] for key in MODAL if key != "submit"}, "needs `submit`", id="no submit"),
        pytest.param({key: MODAL[key] for key in MODAL if key != "title"}, "field: title", id="no title"),
        pytest.param({**MODAL, "blocks": []}, "1 to 100", id="no blocks"),
        pytest.param({**MODAL, "blocks": [section()] * 101}, "1 to 100", id="101 blocks"),
        pytest.param({**MODAL, "private_metadata": "x" * 3001}, "at most 3000", id="metadata"),
        pytest.param({**MODAL, "callback_id": "x" * 256}, "at most 255", id="callback_id"),
        pytest.param({**MODAL, "color": "red"}, "no more keys", id="unknown key"),
        pytest.param({**MODAL, "type": "popup"}, "unsupported type: popup", id="unknown type"),
        pytest.param(None, "unsupported type: None", id="nothing"),
    ],
)
def test_bad_views_are_refused(view: Any, rule: str) -> None:  # noqa: ANN401 -- JSON
    """A bad view is refused with the rule."""
    with pytest.raises(RefusedError) as refused:
        check_view(view, 100)
    assert refused.value.code == "invalid_arguments"
    assert rule in refused.value.rule


def test_a_view_has_a_limit_of_bytes() -> None:
    """A view over 250 KB is too large."""
    with pytest.raises(RefusedError, match="view_too_large"):
        check_view(MODAL, 250_001)
