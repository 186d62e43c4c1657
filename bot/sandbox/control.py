"""The control API: act as a person and look at the workspace from another process. JSON over HTTP.

Each verb has two addresses: `/control/VERB`, for who sends the sandbox's `control_token` as a bearer, and
one below the page's own address, which has the token in it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, web

from bot.sandbox.bodies import let_go, reading, strict_json
from bot.sandbox.control_verbs import Doing, Looking, check_body, shown
from bot.sandbox.refusals import RefusedError, SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.control_verbs import Verb
    from bot.sandbox.drops import Drops
    from bot.sandbox.guard import Guard
    from bot.sandbox.records import Change, Json
    from bot.sandbox.server import SlackSandbox

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FIRST_REFUSAL = 400


class Control:
    """Takes requests below `/control/` and `/page/TOKEN/`."""

    def __init__(self, slack: SlackSandbox, guard: Guard, drops: Drops) -> None:
        self._slack = slack
        self._guard = guard
        self._drops = drops

    def routes(self) -> list[web.RouteDef]:
        """Give every address with what does it."""
        post: dict[str, Handler] = {
            **{name: _posted(name, act) for name, act in Doing(self._slack).verbs.items()},
            "share": self._share,
        }
        get: dict[str, Handler] = {name: _asked(act) for name, act in Looking(self._slack).verbs.items()}
        in_program, on_page = self._guard.by_bearer, self._guard.by_address
        return [
            *(web.post(f"/control/{name}", in_program(self._told(act))) for name, act in post.items()),
            *(web.get(f"/control/{name}", in_program(self._told(act))) for name, act in get.items()),
            web.get("/control/changes", in_program(self._changes)),
            *(web.post(f"/page/{{token}}/do/{name}", on_page(self._told(act))) for name, act in post.items()),
            *(web.get(f"/page/{{token}}/see/{name}", on_page(self._told(act))) for name, act in get.items()),
        ]

    def _told(self, handler: Handler) -> Handler:
        """Give every refusal as JSON, and tell the page of what nobody else tells of."""

        async def told(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except (ConnectionError, ClientError):
                return web.Response(status=499)  # the client has gone, and nobody hears of it
            except (
                *(RefusedError, SandboxMisuseError),
                *(KeyError, TypeError, ValueError, RecursionError),
            ) as error:
                response = _refusal(error)
                let_go(request, response)
                return response
            finally:
                self._slack.look_around()

        return told

    async def _share(self, request: web.Request) -> web.Response:
        """Share uploaded files: a form with `file` (several), and channel, user, text, thread_ts, options."""
        limits = self._slack.most_upload_bytes, self._slack.most_kept_bytes
        async with self._drops.received(request, *limits) as drop:
            ts = await self._slack.share(drop.files, **drop.words)
        return web.json_response({"ok": True, "ts": ts})

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        """Stream what happens from now on, one JSON object per line."""
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        changes = self._slack.changes
        await response.prepare(request)
        try:
            with suppress(ConnectionError):  # whoever listened has gone
                async for change in changes:
                    await response.write(json.dumps(self._described(change)).encode() + b"\n")
        finally:
            self._slack.unwatch(changes)
        return response

    def _described(self, change: Change) -> Json:
        message = shown(self._slack, change.message) if change.message else None
        told = {"kind": change.kind, "channel": change.channel, "at": change.at, "message": message}
        return told | {"user": change.user, "detail": change.detail}


def _refusal(error: Exception) -> web.Response:
    """Say what is wrong: in Slack's own code where it has one."""
    match error:
        case RefusedError():
            status = error.status if error.status >= FIRST_REFUSAL else 409
            return web.json_response(error.body() | {"rule": error.rule}, status=status)
        case KeyError():
            words = f"{error.args[0]} is missing, or unknown here"
        case _:
            words = str(error)
    return web.json_response({"ok": False, "error": words, "rule": words}, status=400)


def _posted(name: str, act: Verb) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        with reading(request) as bounded:
            body: Any = strict_json(await bounded.text() or "{}")
        if not isinstance(body, dict):
            message = "the body must be a JSON object"
            raise TypeError(message)
        check_body(name, body)
        json.dumps(body, ensure_ascii=False).encode()  # half a character could be sent to nobody
        return web.json_response({"ok": True, **await act(body)})

    return handler


def _asked(act: Verb) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, **await act(dict(request.query))})

    return handler
