"""The Web API's views methods and the triggers they need: modals and the App Home."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.blocks import check_view
from bot.sandbox.elements import numbered
from bot.sandbox.records import View
from bot.sandbox.refusals import RefusedError
from bot.sandbox.templates import OMIT

if TYPE_CHECKING:
    from bot.sandbox.calls import Call
    from bot.sandbox.records import Json
    from bot.sandbox.workspace import Workspace

TRIGGER_LIFE_SECONDS = 3.0
MOST_TRIGGERS = 1000
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
    if len(workspace.triggers) > MOST_TRIGGERS:
        del workspace.triggers[next(iter(workspace.triggers))]
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
    return _answer(call, stand(call.workspace, body, trigger.user))


def push(call: Call) -> Json:
    """Put a modal on top of another: views.push."""
    body = _checked(call, "modal")
    trigger = _use_trigger(call)
    below = call.workspace.views.get(trigger.view)
    if below is None:
        raise RefusedError(code="not_found", rule="views.push needs a trigger from inside a modal")
    return _answer(call, stand(call.workspace, body, trigger.user, below))


def update(call: Call) -> Json:
    """Change an open modal: views.update."""
    body = _checked(call, "modal")
    view_id, external_id = call.arguments.text("view_id"), call.arguments.text("external_id")
    for view in call.workspace.views.values():
        if view_id == view.id or (external_id and external_id == view.view.get("external_id")):
            _check_hash(call, view)
            return _answer(call, change(call.workspace, view, body))
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
        view = workspace.homes[user_id] = _new(workspace, user_id, None)
    else:
        _check_hash(call, view)
    return _answer(call, change(workspace, view, body))


def view_object(workspace: Workspace, view: View, values: Json | None = None) -> Json:
    """Give a view as Slack sends it; `values` is what a person filled in."""
    return workspace.templates.fill(
        "view",
        **{"submit_disabled": OMIT} | view.view,
        id=view.id,
        hash=view.hash,
        root_view_id=view.root_id,
        previous_view_id=view.previous_id,
        state={"values": values or {}},
        app_id=workspace.app.id,
        bot_id=workspace.app.bot.bot_id,
    )


def checked(view: Any, kind: str) -> Json:  # noqa: ANN401 -- JSON from outside
    """Give a view if Slack would take it where one of this type is due."""
    check_view(view, len(json.dumps(view)))
    if view["type"] != kind:
        rule = f"a view of type {kind} is due here [json-pointer:/view/type]"
        messages = [f"[ERROR] {rule}"]
        raise RefusedError(code="invalid_arguments", rule=rule, response_metadata={"messages": messages})
    return dict(view)


def stack(workspace: Workspace, view: View) -> list[View]:
    """Give the modals that lie on each other with this one, the lowest first."""
    return [one for one in workspace.views.values() if one.root_id == view.root_id]


def stand(workspace: Workspace, body: Json, user_id: str, below: View | None = None) -> View:
    """Let a checked modal stand, on top of another where there is one."""
    if below is not None and len(stack(workspace, below)) >= MOST_STACKED:
        raise RefusedError(code="push_limit_reached", rule=f"at most {MOST_STACKED} views lie on each other")
    view = _new(workspace, user_id, below)
    workspace.views[view.id] = view
    return change(workspace, view, body)


def change(workspace: Workspace, view: View, body: Json) -> View:
    """Put checked content into a view."""
    view.view = body | {"blocks": numbered(workspace, body["blocks"])}
    view.hash = f"{int(workspace.clock())}.{secrets.token_hex(4)}"
    workspace.tell("view", "", None, user=view.user, detail=view.id)
    return view


def close(workspace: Workspace, views: list[View]) -> None:
    """Take modals away, the uppermost first."""
    for view in reversed(views):
        workspace.views.pop(view.id, None)
        workspace.filled.pop((view.user, view.id), None)
        workspace.tell("view_gone", "", None, user=view.user, detail=view.id)


def _checked(call: Call, kind: str) -> Json:
    return checked(call.arguments.parsed("view", "invalid_arguments"), kind)


def _new(workspace: Workspace, user_id: str, below: View | None) -> View:
    view_id = workspace.new_id("V")
    root = below.root_id if below else view_id
    return View(view_id, user_id, {}, "", root, below.id if below else None)


def _answer(call: Call, view: View) -> Json:
    return call.answer(view=view_object(call.workspace, view))


def _check_hash(call: Call, view: View) -> None:
    given = call.arguments.text("hash")
    if given and given != view.hash:
        raise RefusedError(code="hash_conflict", rule="the view was changed since this hash was given out")
