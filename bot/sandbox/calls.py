"""One call of the Web API: its arguments however they came, and the conversation it speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from bot.sandbox.bodies import strict_json
from bot.sandbox.events import SUBSCRIPTIONS
from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.sandbox.records import Channel, Json
    from bot.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments from a query, a form or JSON alike: forms send everything as text."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Give an argument as text; empty when it was not sent."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, dict | list):
            self.refuse(f"`{name}` must be a string [json-pointer:/{name}]")
        return str(value)

    def needed(self, name: str, code: str = "invalid_arguments") -> str:
        """Give an argument that must be there."""
        value = self.text(name)
        if not value:
            self.refuse(f"missing required field: {name}", code)
        return value

    def flag(self, name: str) -> bool:
        """Give a yes or no: true, "true", 1 and "1" all say yes."""
        return str(self.values.get(name, "")).lower() in {"true", "1"}

    def number(self, name: str, default: int, most: int) -> int:
        """Give a whole number from 1 to `most`."""
        value = self.text(name)
        if not value:
            return default
        if not value.isdecimal() or not 1 <= int(value) <= most:
            raise RefusedError(
                code="invalid_limit", rule=f"`{name}` must be a number from 1 to {most}, not {value}"
            )
        return int(value)

    def parsed(self, name: str, code: str) -> Any:  # noqa: ANN401 -- JSON from outside
        """Give an argument that is JSON, sent as such or as text; None when it was not sent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return strict_json(value) if value else None
        except (ValueError, RecursionError) as error:
            raise RefusedError(code, f"`{name}` is no JSON: {error}") from error

    def refuse(self, rule: str, code: str = "invalid_arguments") -> NoReturn:
        """Refuse the arguments as Slack does, with a message that names the fault."""
        raise RefusedError(code, rule, response_metadata={"messages": [f"[ERROR] {rule}"]})


@dataclass(frozen=True, slots=True)
class Platform:
    """What a method needs besides the workspace: a clock that rings, and the websocket's door."""

    later: Callable[[Callable[[], None]], None]
    open_socket: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call by the app. `notes` are remarks for the log about what passed but deserves a look."""

    workspace: Workspace
    arguments: Arguments
    platform: Platform
    notes: list[str] = field(default_factory=list)

    def check_scope(self, *any_of: str) -> None:
        """Refuse the call when the manifest grants none of these scopes."""
        granted = self.workspace.app.scopes
        if not set(any_of) & set(granted):
            needed = ",".join(any_of)
            rule = f"the manifest has no scope {needed}"
            raise RefusedError(code="missing_scope", rule=rule, needed=needed, provided=",".join(granted))

    def channel(self, family: str, *, name: str = "channel", member: bool = True) -> Channel:
        """Give the conversation an argument names, with the scopes of `family` (history, read) for its kind.

        What the app is not in and could not see does not exist for it.
        """
        key = self.arguments.needed(name, "channel_not_found")
        channel = self.workspace.channels.get(key)
        if channel is None:
            raise RefusedError(code="channel_not_found", rule=f"no conversation has the id {key}")
        if family:
            prefix = SUBSCRIPTIONS[channel.kind][1].partition(":")[0]
            self.check_scope(f"{prefix}:{family}")
        self.check_member(channel, needed=member)
        return channel

    def check_member(self, channel: Channel, *, needed: bool = True) -> None:
        """Refuse what the bot is not in: a public channel says so, others do not exist for it."""
        bot = self.workspace.app.bot
        if bot.id in channel.members:
            return
        if channel.kind != "channel":
            raise RefusedError(
                code="channel_not_found", rule=f"the bot is not in {channel.id}, which is not public"
            )
        if needed:
            raise RefusedError(
                code="not_in_channel", rule=f"the bot is not in #{channel.name}: /invite @{bot.real_name}"
            )

    def answer(self, **values: object) -> Json:
        """Give a good answer's JSON."""
        return {"ok": True, **values}
