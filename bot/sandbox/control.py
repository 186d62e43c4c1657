"""The control API: act as a person and look at the workspace from another process. JSON over HTTP.

Guarded by the sandbox's `control_token`, so that no web page can reach it.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.answers import bearer
from bot.sandbox.faults import Fault
from bot.sandbox.objects import channel_object, message_object, user_object
from bot.sandbox.records import SharedFile
from bot.sandbox.refusals import RefusedError, SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.records import Change, Json, Message
    from bot.sandbox.server import SlackSandbox

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Takes requests below `/control/`."""

    def __init__(self, slack: SlackSandbox) -> None:
        self._slack = slack

    def routes(self) -> list[web.RouteDef]:
        """Give every address with what it does."""
        post: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "say": self._say,
            "forward": self._forward,
            "edit": self._edit,
            "delete": self._delete,
            "react": self._react,
            "invite": self._invite,
            "command": self._command,
            "faults": self._fault,
            "release": self._release,
            "event": self._event,
            "redeliver": self._redeliver,
            "reset": self._reset,
        }
        get: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "state": self._state,
            "channel": self._channel,
            "thread": self._thread,
            "traffic": self._traffic,
        }
        return [
            *(web.post(f"/control/{name}", self._guarded(_posted(act))) for name, act in post.items()),
            *(web.get(f"/control/{name}", self._guarded(_asked(act))) for name, act in get.items()),
            web.post("/control/share", self._guarded(self._share)),
            web.get("/control/changes", self._guarded(self._changes)),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """Let only who has the token in, and give every refusal as JSON."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not hmac.compare_digest(bearer(request).encode(), self._slack.control_token.encode()):
                return web.json_response({"ok": False, "error": "wrong control token"}, status=403)
            try:
                return await handler(request)
            except RefusedError as error:
                return web.json_response(error.body() | {"rule": error.rule}, status=409)
            except (SandboxMisuseError, KeyError, TypeError, ValueError) as error:
                return web.json_response({"ok": False, "error": str(error)}, status=400)

        return guarded

    # --- acting -----------------------------------------------------------------------------

    async def _share(self, request: web.Request) -> web.Response:
        """Share uploaded files: a form with `file` (several), and channel, user, text, thread_ts, options."""
        form = await request.post()
        options: Json = json.loads(str(form.get("options", "{}")))
        files = [
            SharedFile(**_file_values(one, options))
            for one in form.getall("file", [])
            if isinstance(one, web.FileField)
        ]
        words = {
            key: str(form[key]) for key in ("channel", "user", "text", "thread_ts", "as_bot") if key in form
        }
        return web.json_response({"ok": True, "ts": await self._slack.share(files, **words)})

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

    async def _invite(self, body: Json) -> Json:
        """Invite `name` (the bot where none is given) into `channel`."""
        await self._slack.invite(**({"name": self._slack.workspace.app.bot.name} | body))
        return {}

    async def _command(self, body: Json) -> Json:
        result = await self._slack.command(**body)
        return {"acked": result.acked, "ephemeral": result.ephemeral, "error": result.error}

    async def _fault(self, body: Json) -> Json:
        self._slack.faults.add(Fault.from_payload(body))
        return {"armed": [asdict(fault) for fault in self._slack.faults.armed]}

    async def _release(self, _: Json) -> Json:
        self._slack.faults.release()
        return {}

    async def _event(self, body: Json) -> Json:
        return {"event_id": self._slack.send_event(body)}

    async def _redeliver(self, body: Json) -> Json:
        return {"event_id": self._slack.redeliver(body.get("event_id"))}

    async def _reset(self, _: Json) -> Json:
        self._slack.reset()
        return {}

    # --- looking ----------------------------------------------------------------------------

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
        return {"messages": [self._shown(one) for one in self._slack.messages(query["channel"])]}

    async def _thread(self, query: Json) -> Json:
        channel, ts = query["channel"], query["ts"]
        messages = [self._shown(one) for one in self._slack.thread(channel, ts)]
        return {"messages": messages, "status": self._slack.status(channel, ts)}

    async def _traffic(self, query: Json) -> Json:
        since = int(query.get("since", 0))
        return {
            "traffic": [asdict(one) for one in self._slack.traffic[since:]],
            "next": len(self._slack.traffic),
        }

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        """Stream what happens from now on, one JSON object per line."""
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        changes = self._slack.changes
        await response.prepare(request)
        try:
            async for change in changes:
                await response.write(json.dumps(self._told(change)).encode() + b"\n")
        finally:
            self._slack.unwatch(changes)
        return response

    def _told(self, change: Change) -> Json:
        message = self._shown(change.message) if change.message else None
        told = {"kind": change.kind, "channel": change.channel, "at": change.at, "message": message}
        return told | {"user": change.user, "detail": change.detail}

    def _shown(self, message: Message) -> Json:
        body = message_object(self._slack.workspace, message, all_metadata=True)
        return body | {"name": message.name, "channel": message.channel}


def _file_values(part: web.FileField, options: Json) -> Json:
    return {"name": part.filename, "data": part.file.read(), **options}


def _posted(act: Callable[[Json], Awaitable[Json]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        body = json.loads(await request.text() or "{}")
        return web.json_response({"ok": True, **await act(body)})

    return handler


def _asked(act: Callable[[Json], Awaitable[Json]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, **await act(dict(request.query))})

    return handler
