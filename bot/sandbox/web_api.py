"""The HTTP door of the Web API: arguments in four ways, tokens, limits, faults, and the log."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.answers import bearer, refused
from bot.sandbox.calls import Arguments, Call
from bot.sandbox.faults import lose_answer, too_many
from bot.sandbox.limits import Limits
from bot.sandbox.methods import METHODS, Method, perform
from bot.sandbox.refusals import RefusedError
from bot.sandbox.traffic import Exchange

if TYPE_CHECKING:
    from bot.sandbox.calls import Platform
    from bot.sandbox.faults import Faults
    from bot.sandbox.traffic import Log
    from bot.sandbox.workspace import Workspace

logger = logging.getLogger(__name__)


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


class WebApi:
    """Takes calls of `/api/METHOD`. Rate limits count only while `limits_on`."""

    def __init__(
        self, workspace: Workspace, platform: Platform, tokens: Tokens, faults: Faults, log: Log
    ) -> None:
        self._workspace = workspace
        self._platform = platform
        self._tokens = tokens
        self._faults = faults
        self._log = log
        self._limits = Limits(workspace.clock)
        self.limits_on = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call and log it, with the rule when it was refused."""
        began, name = time.perf_counter(), request.match_info["method"]
        at = self._workspace.clock() - self._workspace.began_at
        values: dict[str, Any] = {}
        notes: list[str] = []
        refusal: RefusedError | None = None
        try:
            values = await _arguments(request)
            body = await self._perform(name, bearer(request), values, notes)
            response = web.json_response(body, headers=self._scope_headers(name))
        except RefusedError as error:
            refusal, response = error, refused(request, error)
        self._log(
            Exchange(
                at=at,
                kind="api",
                method=name,
                arguments={key: value for key, value in values.items() if key != "token"},
                status=response.status,
                ok=refusal is None,
                error=refusal.code if refusal else "",
                rule=refusal.rule if refusal else "; ".join(notes),
                duration=time.perf_counter() - began,
            )
        )
        return response

    async def _perform(
        self, name: str, token: str, values: dict[str, Any], notes: list[str]
    ) -> dict[str, Any]:
        """Do what the call asks for, unless a rule or a fault stands against it."""
        method = METHODS.get(name)
        if method is None:
            logger.warning("The sandbox does not know the method %s", name)
            raise RefusedError(code="unknown_method", rule=f"the sandbox knows {', '.join(METHODS)}")
        fault = self._faults.take(name)
        await self._faults.suffer(fault)
        self._tokens.check(token or str(values.get("token", "")), method)
        self._check_limits(name, method, str(values.get("channel", "")))
        body = perform(name, Call(self._workspace, Arguments(values), self._platform, notes))
        lose_answer(fault)
        return body

    def _check_limits(self, name: str, method: Method, channel: str) -> None:
        wait = self._limits.wait_seconds(name, method.per_minute, channel) if self.limits_on else 0.0
        if wait:
            raise too_many(wait, f"{method.per_minute} calls a minute, one message per second and channel")

    def _scope_headers(self, name: str) -> dict[str, str]:
        accepted = METHODS[name].scope
        return {"X-OAuth-Scopes": ",".join(self._workspace.app.scopes), "X-Accepted-OAuth-Scopes": accepted}


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
