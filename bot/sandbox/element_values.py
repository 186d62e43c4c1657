"""Make Slack's values of what a person chose in elements, and check a form as Slack's own client does."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NoReturn

from bot.sandbox.elements import find, standing
from bot.sandbox.refusals import SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.sandbox.elements import Filled, Standing
    from bot.sandbox.records import Json
    from bot.sandbox.workspace import Workspace

MOST_TEXT = 3000
REQUIRED = "Please complete this required field."
TOO_SHORT = "Please write at least {} characters."
TOO_LONG = "Please write at most {} characters."
NO_NUMBER = "Please enter a number."
NO_WHOLE_NUMBER = "Please enter a whole number."
TOO_SMALL = "Please enter a number of at least {}."
TOO_LARGE = "Please enter a number of at most {}."


def action(workspace: Workspace, one: Standing, raw: Any) -> Json:  # noqa: ANN401 -- a raw choice
    """Give the entry of `actions` for an element that somebody used."""
    element = one.element
    told: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": one.block["block_id"],
    }
    told |= {key: element[key] for key in one.kind.told if key in element}
    if one.kind.key:
        told[one.kind.key] = _chosen(workspace, element, raw)
    if element["type"] == "overflow" and told["selected_option"] is None:
        _misuse(f"nothing was chosen in {element['action_id']}")
    return told | {"action_ts": workspace.next_ts()}


def state(workspace: Workspace, blocks: Iterable[Json], filled: Filled, *, with_inputs: bool = True) -> Json:
    """Give `state.values`: every element that keeps a choice, as it stands or as the app set it at first."""
    values: Json = {}
    for one in standing(blocks):
        if not one.kind.is_stateful or (one.is_input and not with_inputs):
            continue
        block_id, action_id = one.block["block_id"], one.element["action_id"]
        chosen = _chosen(workspace, one.element, current(one, filled))
        value = {"type": one.element["type"], one.kind.key: chosen}
        values.setdefault(block_id, {})[action_id] = value
    return values


def merged(workspace: Workspace, blocks: list[Json], before: Filled, values: Mapping[str, Any]) -> Filled:
    """Add choices to those from before; what does not stand there any more is forgotten.

    Choices that Slack's client has no way to make are refused.
    """
    kept: Filled = {}
    for one in standing(blocks):
        block_id, action_id = one.block["block_id"], one.element["action_id"]
        if action_id in before.get(block_id, {}) and _still_fits(workspace, one, before[block_id][action_id]):
            kept.setdefault(block_id, {})[action_id] = before[block_id][action_id]
    for block_id, choices in values.items():
        for action_id, raw in choices.items():
            one = find(blocks, block_id, action_id)
            if one.kind.is_stateful:
                _chosen(workspace, one.element, raw)
                kept.setdefault(block_id, {})[action_id] = raw
    return kept


def current(one: Standing, filled: Filled) -> Any:  # noqa: ANN401 -- a raw choice
    """Give what stands in an element now, raw."""
    chosen = filled.get(one.block["block_id"], {})
    if one.element["action_id"] in chosen:
        return chosen[one.element["action_id"]]
    for key, value in one.element.items():
        if key == "initial_option":
            return value["value"]
        if key == "initial_options":
            return [option["value"] for option in value]
        if key.startswith("initial_"):
            return value
    return None


def complaints(blocks: Iterable[Json], filled: Filled) -> dict[str, str]:
    """Give what Slack's client itself says about a form before anything is sent, by block."""
    found = {
        one.block["block_id"]: _complaint(one, current(one, filled))
        for one in standing(blocks)
        if one.is_input
    }
    return {block_id: words for block_id, words in found.items() if words}


def _complaint(one: Standing, raw: Any) -> str:  # noqa: ANN401 -- a raw choice
    if raw in (None, "", []):
        return "" if one.block.get("optional") else REQUIRED
    element = one.element
    if element["type"] == "number_input":
        return _complaint_of_number(element, raw)
    if element["type"] != "plain_text_input":
        return ""
    if len(raw) < element.get("min_length", 0):
        return TOO_SHORT.format(element["min_length"])
    most = element.get("max_length", MOST_TEXT)
    return TOO_LONG.format(most) if len(raw) > most else ""


def _complaint_of_number(element: Json, raw: str) -> str:
    is_decimal = element["is_decimal_allowed"]
    try:
        number = float(raw) if is_decimal else int(raw)
    except ValueError:
        return NO_NUMBER if is_decimal else NO_WHOLE_NUMBER
    if "min_value" in element and number < float(element["min_value"]):
        return TOO_SMALL.format(element["min_value"])
    if "max_value" in element and number > float(element["max_value"]):
        return TOO_LARGE.format(element["max_value"])
    return ""


# --- one choice ---------------------------------------------------------------------------------


def _still_fits(workspace: Workspace, one: Standing, raw: Any) -> bool:  # noqa: ANN401 -- a raw choice
    try:
        _chosen(workspace, one.element, raw)
    except SandboxMisuseError:
        return False
    return True


def _chosen(workspace: Workspace, element: Json, raw: Any) -> Any:  # noqa: ANN401 -- raw in, Slack's form out
    """Turn a raw choice into the form in which Slack sends it; null where nothing is chosen."""
    kind, name = element["type"], element["action_id"]
    if kind in {"multi_static_select", "checkboxes"}:
        return _several(element, [] if raw is None else raw)
    if raw is None or raw == "":
        return None
    if not isinstance(raw, str):
        _misuse(f"{name} takes text, not {type(raw).__name__}")
    if kind in {"static_select", "radio_buttons", "overflow"}:
        return _option(element, raw)
    if kind == "datepicker":
        _check_date(name, raw)
    elif kind == "users_select" and raw not in workspace.users:
        _misuse(f"{name}: nobody has the id {raw}")
    elif kind in {"conversations_select", "channels_select"}:
        channel = workspace.channels.get(raw)
        if channel is None or (kind == "channels_select" and channel.kind != "channel"):
            _misuse(f"{name}: no conversation to choose has the id {raw}")
    return raw


def _several(element: Json, raw: Any) -> list[Json]:  # noqa: ANN401 -- a raw choice
    if not isinstance(raw, list) or len(set(raw)) != len(raw):
        _misuse(f"{element['action_id']} takes a list of values, each once")
    if len(raw) > element.get("max_selected_items", len(raw)):
        _misuse(f"{element['action_id']} takes at most {element['max_selected_items']} values")
    return [_option(element, value) for value in raw]


def _option(element: Json, value: str) -> Json:
    groups = element.get("option_groups", ())
    options = [*element.get("options", ()), *(option for group in groups for option in group["options"])]
    found = next((option for option in options if option["value"] == value), None)
    if found is None:
        _misuse(f"{element['action_id']} has no option {value}")
    return dict(found)


def _check_date(name: str, raw: str) -> None:
    try:
        if date.fromisoformat(raw).isoformat() == raw:
            return
    except ValueError:
        pass
    _misuse(f"{name} takes a date such as 2026-11-21, not {raw}")


def _misuse(message: str) -> NoReturn:
    raise SandboxMisuseError(message)
