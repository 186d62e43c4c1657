"""The Web API's views methods and the triggers they need: modals and the App Home."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.blocks import check_view
from bot.sandbox.records import View
from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from bot.sandbox.calls import Call
    from bot.sandbox.records import Json
    from bot.sandbox.workspace import Workspace

TRIGGER_LIFE_SECONDS = 3.0
MOST_STACKED = 3


@dataclass(slots=True)
class Trigger:
    """The right to open one modal, for three seconds, once."""

    user: str
    given_at: float
    is_used: bool = False
    view: str = ""


def new_trigger(workspace: Workspace, user_id: str, view_id: str = "") -> str:
    """Give a trigger_id; `view_id` is the modal that the person acted in."""
    trigger_id = f"{int(workspace.clock())}.{secrets.randbelow(10**9)}.{secrets.token_hex(8)}"
    workspace.triggers[trigger_id] = Trigger(user_id, workspace.clock(), view=view_id)
    return trigger_id


def _use_trigger(call: Call) -> Trigger:
    trigger = call.workspace.triggers.get(call.arguments.needed("trigger_id"))
    if trigger is None:
        raise RefusedError(code="invalid_trigger_id", rule="the sandbox never gave out this trigger_id")
    if trigger.is_used:
        raise RefusedError(code="exchanged_trigger_id", rule="a trigger_id opens one view only")
    if call.workspace.clock() - trigger.given_at > TRIGGER_LIFE_SECONDS:
        raise RefusedError(
            code="expired_trigger_id", rule=f"a trigger_id lives {TRIGGER_LIFE_SECONDS:.0f} seconds"
        )
    trigger.is_used = True
    return trigger


def open_view(call: Call) -> Json:
    """Open a modal: views.open."""
    body = _checked(call, "modal")
    trigger = _use_trigger(call)
    return _kept(call, _new(call, body, trigger.user, None))


def push(call: Call) -> Json:
    """Put a modal on top of another: views.push."""
    body = _checked(call, "modal")
    trigger = _use_trigger(call)
    below = call.workspace.views.get(trigger.view)
    if below is None:
        raise RefusedError(code="not_found", rule="views.push needs a trigger from inside a modal")
    stacked = [view for view in call.workspace.views.values() if view.root_id == below.root_id]
    if len(stacked) >= MOST_STACKED:
        raise RefusedError(code="push_limit_reached", rule=f"at most {MOST_STACKED} views lie on each other")
    return _kept(call, _new(call, body, trigger.user, below))


def update(call: Call) -> Json:
    """Change an open modal: views.update."""
    body = _checked(call, "modal")
    view_id, external_id = call.arguments.text("view_id"), call.arguments.text("external_id")
    for view in call.workspace.views.values():
        if view_id == view.id or (external_id and external_id == view.view.get("external_id")):
            _check_hash(call, view)
            view.view, view.hash = body, _hash(call.workspace)
            return _kept(call, view)
    raise RefusedError(code="not_found", rule=f"no modal {view_id or external_id} is open")


def publish(call: Call) -> Json:
    """Set somebody's App Home: views.publish."""
    workspace = call.workspace
    user_id = call.arguments.needed("user_id")
    if user_id not in workspace.users:
        call.arguments.refuse("invalid `user_id`")
    if not workspace.app.has_home:
        raise RefusedError(code="not_enabled", rule="the manifest does not switch the Home tab on")
    body = _checked(call, "home")
    view = workspace.homes.get(user_id)
    if view is None:
        view = workspace.homes[user_id] = _new(call, body, user_id, None)
    else:
        _check_hash(call, view)
        view.view, view.hash = body, _hash(workspace)
    workspace.tell("view", "", None, user=user_id, detail=view.id)
    return call.answer(view=view_object(workspace, view))


def view_object(workspace: Workspace, view: View, values: Json | None = None) -> Json:
    """Give a view as Slack sends it; `values` is what a person filled in."""
    return workspace.templates.fill(
        "view",
        **view.view,
        id=view.id,
        hash=view.hash,
        root_view_id=view.root_id,
        previous_view_id=view.previous_id,
        state={"values": values or {}},
        app_id=workspace.app.id,
        bot_id=workspace.app.bot.bot_id,
    )


def _checked(call: Call, kind: str) -> Json:
    view: Any = call.arguments.parsed("view", "invalid_arguments")
    check_view(view, len(json.dumps(view)))
    if view["type"] != kind:
        call.arguments.refuse(f"this method takes a view of type {kind} [json-pointer:/view/type]")
    return dict(view)


def _new(call: Call, body: Json, user_id: str, below: View | None) -> View:
    view_id = call.workspace.new_id("V")
    root = below.root_id if below else view_id
    return View(view_id, user_id, body, _hash(call.workspace), root, below.id if below else None)


def _kept(call: Call, view: View) -> Json:
    call.workspace.views[view.id] = view
    call.workspace.tell("view", "", None, user=view.user, detail=view.id)
    return call.answer(view=view_object(call.workspace, view))


def _check_hash(call: Call, view: View) -> None:
    given = call.arguments.text("hash")
    if given and given != view.hash:
        raise RefusedError(code="hash_conflict", rule="the view was changed since this hash was given out")


def _hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock())}.{secrets.token_hex(4)}"
