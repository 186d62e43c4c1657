"""Find the elements that stand in blocks, and give an id to whatever has none, as Slack does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.refusals import SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.sandbox.records import Json
    from bot.sandbox.workspace import Workspace

# What a person chose, raw: by block_id, then by action_id.
Filled = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What Slack says of an element of one type: where the choice stands, and what else comes with an action.

    A stateful one keeps its choice, and stands in `state.values`.
    """

    key: str
    told: tuple[str, ...] = ()
    is_stateful: bool = True


_MENU = ("placeholder", "confirm")
KINDS: dict[str, Kind] = {
    "button": Kind("", ("text", "value", "style", "url", "confirm"), is_stateful=False),
    "overflow": Kind("selected_option", ("confirm",), is_stateful=False),
    "static_select": Kind("selected_option", ("initial_option", *_MENU)),
    "multi_static_select": Kind("selected_options", ("initial_options", *_MENU)),
    "radio_buttons": Kind("selected_option", ("initial_option", "confirm")),
    "checkboxes": Kind("selected_options", ("initial_options", "confirm")),
    "users_select": Kind("selected_user", ("initial_user", *_MENU)),
    "conversations_select": Kind("selected_conversation", ("initial_conversation", *_MENU)),
    "channels_select": Kind("selected_channel", ("initial_channel", *_MENU)),
    "datepicker": Kind("selected_date", ("initial_date", *_MENU)),
    "plain_text_input": Kind("value"),
    "number_input": Kind("value"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """An element, and the block that it stands in."""

    block: Json
    element: Json

    @property
    def kind(self) -> Kind:
        """What Slack says of it."""
        return KINDS[self.element["type"]]

    @property
    def is_input(self) -> bool:
        """Whether it stands in an input block: filled in for a submission, silent until then."""
        return bool(self.block["type"] == "input")

    @property
    def dispatches(self) -> bool:
        """Whether Slack tells the app as soon as somebody uses it."""
        if self.is_input:
            return bool(self.block.get("dispatch_action"))
        return True


def standing(blocks: Iterable[Json]) -> Iterator[Standing]:
    """Give every element that people can use, in the order of the blocks."""
    for block in blocks:
        for element in (block.get("accessory"), block.get("element"), *block.get("elements", ())):
            if element and element.get("type") in KINDS:
                yield Standing(block, element)


def find(blocks: Iterable[Json], block_id: str, action_id: str) -> Standing:
    """Find the element that a person means; without a `block_id` the first of that `action_id`."""
    for one in standing(blocks):
        if one.element["action_id"] == action_id and block_id in {"", one.block["block_id"]}:
            return one
    where = f"block {block_id}" if block_id else "these blocks"
    message = f"no element {action_id} stands in {where}"
    raise SandboxMisuseError(message)


def numbered(workspace: Workspace, blocks: Iterable[Json]) -> list[Json]:
    """Give every block a block_id and every element an action_id where the app gave none."""
    return [_numbered(workspace, block) for block in blocks]


def _numbered(workspace: Workspace, block: Json) -> Json:
    whole = {"block_id": workspace.new_id("")[-5:], **block}
    for place in ("accessory", "element"):
        if place in whole:
            whole[place] = _named(workspace, whole[place])
    if whole["type"] == "actions":
        whole["elements"] = [_named(workspace, element) for element in whole["elements"]]
    return whole


def _named(workspace: Workspace, element: Json) -> Json:
    if element["type"] not in KINDS or "action_id" in element:
        return element
    return {**element, "action_id": workspace.new_id("")[-5:]}
