"""Interactions: people press, choose, submit, close and call shortcuts, and the app hears of it once.

Slack tells the app within the manifest's rules, and waits three seconds for the ack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from bot.sandbox import views
from bot.sandbox.commands import name_of
from bot.sandbox.delivery import failure
from bot.sandbox.element_values import action, complaints, current, merged, state
from bot.sandbox.elements import Standing, find, standing
from bot.sandbox.objects import message_object
from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.response_urls import Answers
from bot.sandbox.submissions import settle
from bot.sandbox.traffic import Exchange
from bot.sandbox.workspace import TEAM_ID

if TYPE_CHECKING:
    from bot.sandbox.delivery import Delivery
    from bot.sandbox.elements import Filled
    from bot.sandbox.records import Channel, Json, Message, User, View
    from bot.sandbox.response_urls import ResponseUrls
    from bot.sandbox.socket_mode import Outcome
    from bot.sandbox.traffic import Log
    from bot.sandbox.workspace import Workspace

MOST_FILLED = 1000

Values = Mapping[str, Any]


@dataclass(slots=True)
class InteractionResult(Answers):
    """What a person sees of an interaction. It grows as the app answers to the response_url.

    `errors` stand at the blocks of a form, whoever raised them: the app, or Slack's own client, which then
    sends nothing. `payload` is what was sent. `rule` says what was broken, where there is an `error`.
    """

    rule: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    payload: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where elements stand: a view, or a message in its channel. `user` is the person in front of it."""

    user: User
    blocks: list[Json]
    view: View | None = None
    channel: Channel | None = None
    message: Message | None = None
    is_ephemeral: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Under which the person's choices are remembered."""
        if self.view is not None:
            return self.user.id, self.view.id
        return self.user.id, self.message.ts if self.message else ""


class Interactions:
    """Sends interactions to the app, and does what its acks say."""

    def __init__(self, workspace: Workspace, delivery: Delivery, urls: ResponseUrls, log: Log) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._urls = urls
        self._log = log
        self._submitting: set[str] = set()

    # --- where ------------------------------------------------------------------------------

    def in_message(self, user: str, channel: str, ts: str) -> Place:
        """Find a message of the app's that this person sees."""
        workspace = self._workspace
        who, where = workspace.user(user), workspace.channel(channel)
        kept = workspace.ephemerals.get(ts)
        if kept is not None and kept.message.channel == where.id:
            if kept.user != who.id:
                _misuse(f"{who.name} does not see this message: it is ephemeral, and somebody else's")
            message = kept.message
        else:
            message = self._visible(who, where, ts)
        if message.app_id != workspace.app.id:
            _misuse(f"{message.ts} was not posted by the app, so nothing in it reaches the app")
        blocks = [*message.blocks]
        return Place(who, blocks, channel=where, message=message, is_ephemeral=kept is not None)

    def in_view(self, user: str, view_id: str) -> Place:
        """Find a modal or a Home that this person has in front of them."""
        workspace = self._workspace
        who = workspace.user(user)
        shown = [*workspace.views.values(), *workspace.homes.values()]
        view = next((one for one in shown if one.id == view_id), None)
        if view is None:
            _misuse(f"no view {view_id} is open")
        if view.user != who.id:
            _misuse(f"{who.name} does not see this view: it is somebody else's")
        if any(one.previous_id == view.id for one in workspace.views.values()):
            _misuse(f"another modal lies on {view_id}")
        return Place(who, view.view["blocks"], view=view)

    def _visible(self, who: User, where: Channel, ts: str) -> Message:
        if who.id not in where.members:
            _misuse(f"{who.name} is not in {where.name}")
        return self._workspace.message(where, ts)

    def _modal(self, user: str, view_id: str) -> tuple[Place, View]:
        place = self.in_view(user, view_id)
        if place.view is None or place.view.view["type"] != "modal":
            _misuse(f"{view_id} is no modal")
        return place, place.view

    # --- acting -----------------------------------------------------------------------------

    async def act(
        self,
        place: Place,
        block_id: str,
        action_id: str,
        value: Any,  # noqa: ANN401 -- a raw choice
        values: Values,
    ) -> InteractionResult:
        """Press or choose: `block_actions`. What was chosen stays chosen, for this person."""
        one = find(place.blocks, block_id, action_id)
        if not one.dispatches:
            _misuse(
                f"{action_id} stands in an input block without dispatch_action: it waits for the submission"
            )
        told = action(self._workspace, one, value)
        chosen = {told["block_id"]: {action_id: value}} if one.kind.is_stateful else {}
        filled = self._fill(place, values, chosen)
        self._check_interactive("block_actions", place.user)
        result = InteractionResult(acked=False)
        result.payload = self._action_payload(place, told, filled, result)
        return await self._tell(result)

    def _action_payload(self, place: Place, told: Json, filled: Filled, result: InteractionResult) -> Json:
        workspace, view, message, channel = self._workspace, place.view, place.message, place.channel
        values = state(workspace, place.blocks, filled)
        result.trigger_id = views.new_trigger(workspace, place.user.id, view.id if view else "")
        common: Json = {**self._common(place.user), "trigger_id": result.trigger_id, "actions": [told]}
        if view is not None:
            shown = views.view_object(workspace, view, values)
            where = {"type": "view", "view_id": view.id}
            return workspace.templates.fit("block_actions.view", common | {"container": where, "view": shown})
        if message is None or channel is None:  # pragma: no cover -- a place is one or the other
            _misuse("nothing stands there")
        original = {"ephemeral_ts" if place.is_ephemeral else "message_ts": message.ts}
        self._urls.give("actions", channel, place.user, result, **original)
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": place.is_ephemeral,
        }
        common |= {
            "container": container | ({"thread_ts": message.thread_ts} if message.is_reply else {}),
            "channel": {"id": channel.id, "name": name_of(channel)},
            "message": message_object(workspace, message),
            "state": {"values": values},
            "response_url": result.response_url,
        }
        case = "ephemeral" if place.is_ephemeral else "message"
        return workspace.templates.fit(f"block_actions.{case}", common)

    async def submit(self, user: str, view_id: str, values: Values) -> InteractionResult:
        """Submit a modal: `view_submission`, unless Slack's own client finds the form incomplete."""
        place, view = self._modal(user, view_id)
        if "submit" not in view.view or view.view.get("submit_disabled"):
            _misuse(f"{view_id} has no button to submit it, or it is off")
        if view_id in self._submitting:
            _misuse(f"{view_id} is being submitted")
        filled = self._fill(place, values)
        result = InteractionResult(acked=False, errors=complaints(place.blocks, filled))
        if result.errors:
            return result
        self._check_interactive("view_submission", place.user)
        result.trigger_id = views.new_trigger(self._workspace, place.user.id, view.id)
        shown = views.view_object(self._workspace, view, state(self._workspace, place.blocks, filled))
        more: Json = {"trigger_id": result.trigger_id, "view": shown}
        more["response_urls"] = self._response_urls(place, filled, result)
        result.payload = self._workspace.templates.fit("view_submission", self._common(place.user) | more)
        self._submitting.add(view_id)
        try:
            outcome = await self._delivery.interaction(result.payload, takes_answer=True)
        finally:
            self._submitting.discard(view_id)
        _end(result, outcome)
        if outcome.is_acked and view.id in self._workspace.views:
            self._settle(view, outcome.body, result)
        return result

    def _settle(self, view: View, body: Json | None, result: InteractionResult) -> None:
        try:
            result.errors = settle(self._workspace, view, body)
        except RefusedError as error:
            result.error, result.rule = error.code, error.rule
            self._note("view_submission", {"user": view.user, "view_id": view.id, "body": body}, error)

    def _response_urls(self, place: Place, filled: Filled, result: InteractionResult) -> list[Json]:
        """Give an address for each conversation that was chosen where the app asked for one."""
        given: list[Json] = []
        for one in _asking_for_addresses(place.blocks):
            chosen = current(one, filled)
            if chosen:
                channel = self._workspace.channels[chosen]
                self._urls.give("app", channel, place.user, result)
                ids = {"block_id": one.block["block_id"], "action_id": one.element["action_id"]}
                given.append(ids | {"channel_id": chosen, "response_url": result.response_url})
        return given

    async def close(self, user: str, view_id: str, *, everything: bool) -> InteractionResult:
        """Close a modal, and tell the app where it asked for that: `view_closed`."""
        place, view = self._modal(user, view_id)
        is_cleared = everything or bool(view.view.get("clear_on_close"))
        closed = views.stack(self._workspace, view) if is_cleared else [view]
        told = [
            self._closed_payload(one, place.user, is_cleared=is_cleared)
            for one in reversed(closed)
            if one.view.get("notify_on_close")
        ]
        views.close(self._workspace, closed)
        result = InteractionResult(acked=True)
        if told and not self._workspace.app.is_interactive:
            error = self._not_interactive("view_closed", place.user)
            result.error, result.rule = error.code, error.rule
            return result
        for payload in told:
            outcome = await self._delivery.interaction(payload)
            result.payload = payload
            _end(result, outcome)
        return result

    def _closed_payload(self, view: View, who: User, *, is_cleared: bool) -> Json:
        """Say what was closed; of its state Slack leaves out what stood in input blocks."""
        workspace, blocks = self._workspace, view.view["blocks"]
        filled = workspace.filled.get((who.id, view.id), {})
        shown = views.view_object(workspace, view, state(workspace, blocks, filled, with_inputs=False))
        more = {"view": shown, "is_cleared": is_cleared}
        return workspace.templates.fit("view_closed", self._common(who) | more)

    async def shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> InteractionResult:
        """Use a shortcut: `message_action` on a message, `shortcut` anywhere."""
        workspace = self._workspace
        who, entry = workspace.user(user), workspace.app.shortcuts.get(callback_id)
        if entry is None or "commands" not in workspace.app.scopes:
            _misuse(f"there is no shortcut {callback_id}: the manifest has none, or no scope commands")
        if bool(ts) != (entry["type"] == "message"):
            _misuse(
                f"{callback_id} is a shortcut of type {entry['type']}: a message belongs only to `message`"
            )
        message = self._visible(who, workspace.channel(channel), ts) if ts else None
        kind = "message_action" if message else "shortcut"
        self._check_interactive(kind, who)
        result = InteractionResult(acked=False, trigger_id=views.new_trigger(workspace, who.id))
        values = self._common(who) | {"callback_id": callback_id, "trigger_id": result.trigger_id}
        values["action_ts"] = workspace.next_ts()
        if message:
            where = workspace.channel(channel)
            self._urls.give("app", where, who, result)
            values |= {
                "user": {"id": who.id, "name": who.name},
                "channel": {"id": where.id, "name": name_of(where)},
                "message_ts": message.ts,
                "message": message_object(workspace, message),
                "response_url": result.response_url,
            }
        else:
            values["user"] = {"id": who.id, "username": who.name, "team_id": TEAM_ID}
        result.payload = workspace.templates.fit(kind, values)
        return await self._tell(result)

    # --- what they share --------------------------------------------------------------------

    def _common(self, who: User) -> Json:
        user = {"id": who.id, "username": who.name, "name": who.name, "team_id": TEAM_ID}
        return {"user": user, "api_app_id": self._workspace.app.id}

    async def _tell(self, result: InteractionResult) -> InteractionResult:
        _end(result, await self._delivery.interaction(result.payload))
        return result

    def _fill(self, place: Place, *several: Values) -> Filled:
        """Remember what stands in the elements in front of a person."""
        filled = self._workspace.filled
        kept = filled.pop(place.key, {})
        try:
            for values in several:
                kept = merged(self._workspace, place.blocks, kept, values)
        finally:
            filled[place.key] = kept
        if len(filled) > MOST_FILLED:
            del filled[next(iter(filled))]
        return kept

    def _check_interactive(self, what: str, who: User) -> None:
        """Refuse what Slack cannot tell an app whose manifest leaves interactivity off."""
        if not self._workspace.app.is_interactive:
            raise self._not_interactive(what, who)

    def _not_interactive(self, what: str, who: User) -> RefusedError:
        rule = "the manifest does not switch interactivity on (settings.interactivity.is_enabled)"
        error = RefusedError(code="interactivity_not_enabled", rule=rule)
        self._note(what, {"user": who.id}, error)
        return error

    def _note(self, what: str, arguments: Json, error: RefusedError) -> None:
        at = self._workspace.clock() - self._workspace.began_at
        self._log(Exchange(at, "interaction", what, arguments, ok=False, error=error.code, rule=error.rule))


def _end(result: InteractionResult, outcome: Outcome) -> None:
    result.acked, result.error = outcome.is_acked, failure(outcome)
    result.rule = "" if outcome.is_acked else outcome.rule


def _asking_for_addresses(blocks: list[Json]) -> list[Standing]:
    return [one for one in standing(blocks) if one.is_input and one.element.get("response_url_enabled")]


def _misuse(message: str) -> NoReturn:
    raise SandboxMisuseError(message)
