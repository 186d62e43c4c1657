"""What the ack of a submitted modal may say: errors, another view, a view on top, or that all is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from bot.sandbox import views
from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from bot.sandbox.records import Json, View
    from bot.sandbox.workspace import Workspace

# What goes with each `response_action`.
KEYS = {"errors": {"errors"}, "update": {"view"}, "push": {"view"}, "clear": set[str]()}


def settle(workspace: Workspace, view: View, body: Json | None) -> dict[str, str]:
    """Do what the app answered to a submission; give the errors that people are shown, by block.

    An answer that Slack would not take is refused, and the modal stays as it is.
    """
    if not body:
        views.close(workspace, [view])
        return {}
    wanted = body.get("response_action")
    keys = KEYS.get(wanted) if isinstance(wanted, str) else None
    if keys is None:
        _refuse(f"`response_action` must be one of {', '.join(KEYS)}, not {wanted!r}")
    if body.keys() != keys | {"response_action"}:
        _refuse(f"response_action {wanted} goes with {', '.join(keys) or 'nothing else'}")
    match wanted:
        case "errors":
            return _errors(view, body["errors"])
        case "update":
            views.change(workspace, view, views.checked(body["view"], "modal"))
        case "push":
            views.stand(workspace, views.checked(body["view"], "modal"), view.user, view)
        case _:
            views.close(workspace, views.stack(workspace, view))
    return {}


def _errors(view: View, errors: Any) -> dict[str, str]:  # noqa: ANN401 -- JSON from outside
    if not isinstance(errors, dict) or not errors:
        _refuse("`errors` must be an object with at least one text")
    inputs = {block["block_id"] for block in view.view["blocks"] if block["type"] == "input"}
    strangers = sorted(errors.keys() - inputs)
    if strangers:
        _refuse(f"`errors` names {', '.join(strangers)}, which are no block_ids of input blocks here")
    if not all(isinstance(text, str) and text for text in errors.values()):
        _refuse("every error must be a text")
    return dict(errors)


def _refuse(rule: str) -> NoReturn:
    raise RefusedError(code="invalid_response_action", rule=rule)
