"""What the control API can do, as a table of verbs: each takes JSON and gives JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.sandbox import samples
from bot.sandbox.bodies import is_count
from bot.sandbox.control_interactions import ControlInteractions
from bot.sandbox.faults import Fault
from bot.sandbox.objects import channel_object, message_object, user_object
from bot.sandbox.refusals import SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.records import Json, Message
    from bot.sandbox.server import SlackSandbox

    Verb = Callable[[Json], Awaitable[Json]]


# What must be text in the body of each verb; with `?` it may be null as well.
TEXTS: Final = {
    "say": "text channel user thread_ts?",
    "forward": "ts from_channel to_channel user",
    "edit": "channel ts text",
    "delete": "channel ts file",
    "react": "channel ts name user",
    "unreact": "channel ts name user",
    "invite": "channel name user",
    "command": "command text channel user",
    "sample": "name? text channel user thread_ts? as_bot?",
    "action": "action_id block_id channel ts view_id user",
    "submit": "view_id user",
    "close": "view_id user",
    "shortcut": "callback_id channel ts user",
    "home": "tab user",
    "faults": "kind? method? error? scope? url?",
    "endpoint": "fault?",
    "bot": "do",
    "redeliver": "event_id?",
}
# What must be an object where it is there, and not null; `values` has one for each block.
OBJECTS: Final = {"action": "values", "submit": "values", "event": "event"}


def check_body(verb: str, body: Json) -> None:
    """Refuse a body in which something has the wrong type, and say what: no verb need look again."""
    for given in TEXTS.get(verb, "").split():
        name = given.removesuffix("?")
        value = body.get(name, "")
        if not (isinstance(value, str) or (value is None and name != given)):
            message = f"{name} must be text"
            raise TypeError(message)
    for name in OBJECTS.get(verb, "").split():
        value = body.get(name)
        inner = value.values() if isinstance(value, dict) and name == "values" else ()
        if not isinstance(value, dict | None) or not all(isinstance(one, dict) for one in inner):
            message = f"{name} must be an object" + (" of objects" if name == "values" else "")
            raise TypeError(message)


class Doing:
    """The verbs that act, as people or on the sandbox itself."""

    def __init__(self, slack: SlackSandbox) -> None:
        self._slack = slack
        self.verbs: dict[str, Verb] = {
            "say": self._say,
            "forward": self._forward,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "unreact": self._unreact,
            "invite": self._invite,
            "command": self._command,
            "sample": self._sample,
            **ControlInteractions(slack).verbs(),
            "faults": self._fault,
            "unfault": self._unfault,
            "release": self._release,
            "endpoint": self._endpoint,
            "bot": self._bot,
            "event": self._event,
            "redeliver": self._redeliver,
            "reset": self._reset,
        }

    async def _say(self, body: Json) -> Json:
        return {"ts": await self._slack.say(**body)}

    async def _forward(self, body: Json) -> Json:
        return {"ts": await self._slack.forward(**body)}

    async def _edit(self, body: Json) -> Json:
        await self._slack.edit_message(**body)
        return {}

    async def _delete(self, body: Json) -> Json:
        """Delete a message (channel, ts) or a file (file)."""
        if "file" in body:
            await self._slack.delete_file(body["file"])
        else:
            await self._slack.delete_message(body["channel"], body["ts"])
        return {}

    async def _react(self, body: Json) -> Json:
        await self._slack.react(**body)
        return {}

    async def _unreact(self, body: Json) -> Json:
        await self._slack.unreact(**body)
        return {}

    async def _invite(self, body: Json) -> Json:
        """Invite `name` (the bot where none is given) into `channel`."""
        await self._slack.invite(**({"name": self._slack.workspace.app.bot.name} | body))
        return {}

    async def _command(self, body: Json) -> Json:
        result = await self._slack.command(**body)
        return {"acked": result.acked, "ephemeral": result.ephemeral, "error": result.error}

    async def _sample(self, body: Json) -> Json:
        """Share one of the shipped recordings: `name` (the first where none is given)."""
        shipped = {one.name: Path(one.path) for one in samples.load()}
        name = body.pop("name", None) or next(iter(shipped))
        if name not in shipped:
            message = f"no sample is called {name}; there are {', '.join(shipped)}"
            raise SandboxMisuseError(message)
        return {"ts": await self._slack.share(shipped[name], **body)}

    async def _fault(self, body: Json) -> Json:
        self._slack.faults.add(_checked_fault(body))
        return {"armed": [asdict(fault) for fault in self._slack.faults.armed]}

    async def _unfault(self, body: Json) -> Json:
        """Disarm the fault `id`; all of them where none is named."""
        faults = self._slack.faults
        if body.get("id") is None:
            faults.clear()
        else:
            faults.disarm(body["id"])  # one that has met its call meanwhile is gone as well
        return {"armed": [asdict(fault) for fault in faults.armed]}

    async def _release(self, _: Json) -> Json:
        self._slack.faults.release()
        return {}

    async def _endpoint(self, body: Json) -> Json:
        """Switch `fault` on at the stand-in endpoint; null switches it off."""
        return self._slack.backstage.switch_fault(body["fault"])

    async def _bot(self, body: Json) -> Json:
        """Start or stop the bot: `do`."""
        return await self._slack.backstage.work_bot(body["do"])

    async def _event(self, body: Json) -> Json:
        return {"event_id": self._slack.send_event(body)}

    async def _redeliver(self, body: Json) -> Json:
        return {"event_id": self._slack.redeliver(body.get("event_id"))}

    async def _reset(self, _: Json) -> Json:
        return await self._slack.backstage.reset()


class Looking:
    """The verbs that only look."""

    def __init__(self, slack: SlackSandbox) -> None:
        self._slack = slack
        self.verbs: dict[str, Verb] = {
            "state": self._state,
            "channel": self._channel,
            "thread": self._thread,
            "traffic": self._traffic,
            "exchange": self._exchange,
        }

    async def _state(self, _: Json) -> Json:
        workspace = self._slack.workspace
        return {
            "team_id": self._slack.team_id,
            "bot_user_id": self._slack.bot_user_id,
            "connections": self._slack.connections,
            "users": [user_object(workspace, user, with_locale=True) for user in workspace.users.values()],
            "channels": [
                channel_object(workspace, channel) | {"name": channel.name, "members": channel.members}
                for channel in workspace.channels.values()
            ],
            "faults": [asdict(fault) for fault in self._slack.faults.armed],
        }

    async def _channel(self, query: Json) -> Json:
        messages = self._slack.messages(query["channel"])
        return {"messages": [shown(self._slack, one) for one in messages]}

    async def _thread(self, query: Json) -> Json:
        channel, ts = query["channel"], query["ts"]
        messages = [shown(self._slack, one) for one in self._slack.thread(channel, ts)]
        return {"messages": messages, "status": self._slack.status(channel, ts)}

    async def _traffic(self, query: Json) -> Json:
        exchanges = self._slack.exchanges
        since = exchanges.since(int(query.get("since", 0)))
        return {"traffic": [asdict(one) for _, one in since], "next": exchanges.next_number}

    async def _exchange(self, query: Json) -> Json:
        """Show one exchange whole, with its body."""
        number = int(query["number"])
        exchange = self._slack.exchanges.get(number)
        if exchange is None:
            message = f"there is no exchange {number}, or it is long gone"
            raise SandboxMisuseError(message)
        return {"exchange": {"number": number, **asdict(exchange)}}


def shown(slack: SlackSandbox, message: Message) -> Json:
    """Describe a message with its author's name and its conversation."""
    body = message_object(slack.workspace, message, all_metadata=True)
    return body | {"name": message.name, "channel": message.channel}


def _checked_fault(body: Json) -> Fault:
    """Read a fault; what must be a number is one, or the call that it meets would break down on it."""
    unending = {"times": None} if body.get("times", 1) is None else {}
    for name in ("times", "after", "status", "retry_after", "seconds", "bytes"):
        if not (body.get(name) is None or is_count(body[name])):
            message = f"{name} must be a number that is not negative"
            raise ValueError(message)
    return Fault.from_payload({name: value for name, value in body.items() if value is not None} | unending)
