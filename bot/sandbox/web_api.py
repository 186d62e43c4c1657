"""The HTTP door of the Web API: arguments in four ways, tokens, limits, faults, and the log."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.calls import Arguments, Call
from bot.sandbox.methods import METHODS, Method, perform
from bot.sandbox.refusals import RefusedError
from bot.sandbox.traffic import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.calls import Platform
    from bot.sandbox.faults import Fault, Faults
    from bot.sandbox.limits import Limits
    from bot.sandbox.workspace import Workspace

logger = logging.getLogger(__name__)

ERROR_PAGE = (
    "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Something went wrong</body></html>"
)
API_FAULTS = (
    "rate_limited",
    "error",
    "http_error",
    "revoked_token",
    "missing_scope",
    "lost_before",
    "lost_after",
    "hang",
    "slow",
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The secrets of the installed app."""

    bot: str
    app: str
    signing_secret: str

    def check(self, given: str, method: Method) -> None:
        """Refuse a missing, a wrong, or the other kind of token."""
        if not given:
            raise RefusedError(
                code="not_authed", rule="no Authorization: Bearer header, and no `token` in a form"
            )
        right, other = (self.app, self.bot) if method.token == "app" else (self.bot, self.app)  # noqa: S105 -- a kind
        if given == other:
            raise RefusedError(
                code="not_allowed_token_type", rule=f"this method takes the {method.token} token"
            )
        if given != right:
            raise RefusedError(
                code="invalid_auth", rule="this token is not the one that the sandbox gave out"
            )


def bearer(request: web.Request) -> str:
    """Give the token of the Authorization header."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def drop(request: web.Request) -> web.Response:
    """Cut the connection: whoever called never hears what became of it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def error_page(status: int) -> web.Response:
    """Answer as a broken server does: with HTML."""
    return web.Response(status=status, text=ERROR_PAGE, content_type="text/html")


class WebApi:
    """Takes calls of `/api/METHOD`."""

    def __init__(
        self,
        workspace: Workspace,
        platform: Platform,
        tokens: Tokens,
        faults: Faults,
        limits: Limits,
        log: Callable[[Exchange], None],
    ) -> None:
        self._workspace = workspace
        self._platform = platform
        self._tokens = tokens
        self._faults = faults
        self._limits = limits
        self._log = log
        self.limits_on = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call and log it, with the rule when it was refused."""
        began, name = time.perf_counter(), request.match_info["method"]
        at = self._workspace.clock() - self._workspace.began_at
        token, values, fault = bearer(request), {}, self._faults.take(name, *API_FAULTS)
        notes: list[str] = []
        refusal: RefusedError | None = None
        try:
            values = await _arguments(request)
            token = token or str(values.get("token", ""))
            if fault is not None:
                await self._suffer(fault)
            if fault is not None and fault.kind == "lost_before":
                body, response = {"ok": False}, drop(request)
            else:
                body = self._perform(name, token, values, notes)
                response = web.json_response(body, headers=self._scope_headers(name))
        except RefusedError as error:
            refusal, body = error, error.body()
            response = _refused(error)
        if fault is not None and fault.kind == "lost_after":
            response = drop(request)
        elif fault is not None and fault.kind == "http_error":
            body, response = {"ok": False}, error_page(fault.status or 500)
        rule = refusal.rule if refusal else "; ".join(notes)
        if fault is not None:
            rule = f"fault {fault.kind}" + (f": {rule}" if rule else "")
        self._log(
            Exchange(
                at=at,
                kind="api",
                method=name,
                arguments={key: value for key, value in values.items() if key != "token"},
                status=response.status,
                ok=body["ok"],
                error=str(body.get("error", "")),
                rule=rule,
                duration=time.perf_counter() - began,
            )
        )
        return response

    async def _suffer(self, fault: Fault) -> None:
        """Let a fault that comes before the work have its way; the others are seen to by `handle`."""
        match fault.kind:
            case "hang":
                await self._faults.hang()
            case "slow":
                await asyncio.sleep(fault.seconds)
            case "http_error":
                raise RefusedError(code="internal_error", rule="a fault was asked for")
            case "rate_limited":
                raise rate_limited(fault.retry_after, fault.status or 429, "a fault was asked for")
            case "revoked_token":
                raise RefusedError(code="token_revoked", rule="a fault was asked for")
            case "missing_scope":
                provided = ",".join(self._workspace.app.scopes)
                raise RefusedError(
                    code="missing_scope", rule="a fault was asked for", needed=fault.error, provided=provided
                )
            case "error":
                raise RefusedError(fault.error or "internal_error", "a fault was asked for")

    def _perform(self, name: str, token: str, values: dict[str, Any], notes: list[str]) -> dict[str, Any]:
        method = METHODS.get(name)
        if method is None:
            logger.warning("The sandbox does not know the method %s", name)
            raise RefusedError(code="unknown_method", rule=f"the sandbox knows {', '.join(METHODS)}")
        self._tokens.check(token, method)
        if self.limits_on:
            wait = self._limits.wait_seconds(name, method.per_minute, str(values.get("channel", "")))
            if wait:
                raise rate_limited(wait, 429, f"{name} takes {method.per_minute} calls a minute")
        return perform(name, Call(self._workspace, Arguments(values), self._platform, notes))

    def _scope_headers(self, name: str) -> dict[str, str]:
        accepted = METHODS[name].scope
        return {"X-OAuth-Scopes": ",".join(self._workspace.app.scopes), "X-Accepted-OAuth-Scopes": accepted}


def rate_limited(wait_seconds: float, status: int, rule: str) -> RefusedError:
    """Give the refusal of a call too many: 429 with Retry-After, or a 200 that says `rate_limited`."""
    error = RefusedError(
        "ratelimited" if status == web.HTTPTooManyRequests.status_code else "rate_limited", rule
    )
    error.status, error.retry_after = status, math.ceil(wait_seconds)
    return error


def _refused(error: RefusedError) -> web.Response:
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return web.json_response(error.body(), status=error.status, headers=headers)


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Read query, form or JSON; the body wins. Slack takes no token from a query."""
    values: dict[str, Any] = {key: value for key, value in request.query.items() if key != "token"}
    if request.method != "POST" or not request.can_read_body:
        return values
    if request.content_type == "application/json":
        return values | _json_object(await request.text())
    if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.post()
        return values | {key: value for key, value in form.items() if isinstance(value, str)}
    raise RefusedError(code="invalid_post_type", rule=f"Slack does not read {request.content_type}")


def _json_object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise RefusedError(code="invalid_json", rule="the body is no JSON") from error
    if not isinstance(body, dict):
        raise RefusedError(code="json_not_object", rule="the body must be a JSON object")
    if "token" in body:
        raise RefusedError(
            code="not_authed", rule="with a JSON body the token goes into the Authorization header"
        )
    return body
