"""One message with every block, element and piece of rich text that the embedded Slack takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from small_app import button, option, plain

from bot.sandbox.block_shapes import BLOCKS, ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    Json = dict[str, Any]

# The smallest picture there is: the page loads none from elsewhere.
PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
COLOURS = [option("Red"), option("Green"), option("Blue")]
TYPES = {*BLOCKS, *ELEMENTS}


def leaf(kind: str, **more: Any) -> Json:  # noqa: ANN401 -- its keys
    """Write a piece of rich text."""
    return {"type": kind, **more}


def chosen(kind: str, **more: Any) -> Json:  # noqa: ANN401 -- its keys
    """Write an element in which something is chosen."""
    return {"type": kind, "action_id": kind, **more}


def asked(label: str, element: Json, **more: Any) -> Json:  # noqa: ANN401 -- its keys
    """Write an input block."""
    return {"type": "input", "label": plain(label), "element": element, **more}


def said(text: str, **more: Any) -> Json:  # noqa: ANN401 -- its keys
    """Write a section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


RICH: Json = {
    "type": "rich_text",
    "elements": [
        leaf(
            "rich_text_section",
            elements=[
                leaf("text", text="Plain, "),
                leaf("text", text="bold", style={"bold": True}),
                leaf("link", url="https://example.com/order", text="a link"),
                leaf("emoji", name="wave"),
                leaf("user", user_id="U0ANA"),
                leaf("channel", channel_id="C0SUPPORT"),
                leaf("broadcast", range="here"),
                leaf("date", timestamp=1_720_710_212, format="{date_num}", fallback="then"),
                leaf("color", value="#1b4965"),
            ],
        ),
        leaf("rich_text_quote", elements=[leaf("text", text="Quoted words")]),
        leaf("rich_text_preformatted", elements=[leaf("text", text="code  as  typed")]),
        leaf(
            "rich_text_list",
            style="ordered",
            elements=[leaf("rich_text_section", elements=[leaf("text", text="The first point")])],
        ),
    ],
}
MESSAGE: list[Json] = [
    {"type": "header", "text": plain("Every block")},
    said("A *section* with `code`", accessory={"type": "image", "image_url": PICTURE, "alt_text": "A dot"}),
    said("Two fields", fields=[plain("Left field"), plain("Right field")]),
    {"type": "divider"},
    {
        "type": "context",
        "elements": [plain("A note"), {"type": "image", "image_url": PICTURE, "alt_text": "A small dot"}],
    },
    {
        "type": "actions",
        "elements": [
            button("Agree", "agree", style="primary"),
            button("Refuse", "refuse", style="danger"),
            chosen("static_select", options=COLOURS, placeholder=plain("A colour")),
            chosen("users_select", placeholder=plain("A person")),
            chosen("conversations_select", placeholder=plain("A conversation")),
            chosen("channels_select", placeholder=plain("A channel")),
            chosen("datepicker", initial_date="2026-11-21"),
            chosen("overflow", options=COLOURS),
        ],
    },
    said(
        "Several colours", accessory=chosen("multi_static_select", options=COLOURS, placeholder=plain("Any"))
    ),
    said("One colour", accessory=chosen("radio_buttons", options=COLOURS)),
    said("Some colours", accessory=chosen("checkboxes", options=COLOURS)),
    asked("Your name", chosen("plain_text_input")),
    asked("How many", chosen("number_input", is_decimal_allowed=False), hint=plain("At least one")),
    {"type": "image", "image_url": PICTURE, "alt_text": "A large dot", "title": plain("Only a dot")},
    RICH,
    {"type": "markdown", "text": "# A title\n\n- one *thing*\n- another"},
]
# What is read of each, in its order.
READ = (
    *("Every block", "A section with code", "Left field", "Right field", "A note", "Agree", "Refuse"),
    *("A colour", "A person", "A conversation", "A channel", "Several colours", "One colour", "Some colours"),
    *("Your name", "How many", "At least one", "Only a dot", "Plain, bold", "a link", "Quoted words"),
    *("code  as  typed", "The first point", "A title", "one thing", "another"),
)


def types_in(what: Any) -> Iterator[str]:  # noqa: ANN401 -- any JSON
    """Name every type that stands anywhere in blocks."""
    if isinstance(what, dict):
        if "type" in what:
            yield what["type"]
        what = list(what.values())
    if isinstance(what, list):
        for one in what:
            yield from types_in(one)
