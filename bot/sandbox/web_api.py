"""The HTTP door of the Web API: arguments in four ways, tokens, limits, faults, and the log."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.sandbox.answers import bearer, refused
from bot.sandbox.bodies import let_go, reading, strict_json, visible
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

    def check(self, given: str, method: Method | None) -> None:
        """Refuse a missing, a wrong, or the other kind of token; what is no method takes both."""
        if not given:
            raise RefusedError(
                code="not_authed", rule="no Authorization: Bearer header, and no `token` in a form"
            )
        kinds = {self.bot: "bot", self.app: "app"}
        if given not in kinds:
            raise RefusedError(
                code="invalid_auth", rule="this token is not the one that the sandbox gave out"
            )
        if method is not None and kinds[given] != method.token:
            raise RefusedError(
                code="not_allowed_token_type", rule=f"this method takes the {method.token} token"
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
        """Answer one call and log it, with the rule when it was refused.

        Of who has no right token nothing is kept but the method's name, and no fault is spent on him.
        """
        began, name = time.perf_counter(), visible(request.match_info["method"])
        at = self._workspace.clock() - self._workspace.began_at
        kept: dict[str, Any] = {}
        notes: list[str] = []
        refusal: RefusedError | None = None
        try:
            values = await _arguments(request)
            self._tokens.check(bearer(request) or str(values.get("token", "")), METHODS.get(name))
            kept = {key: value for key, value in values.items() if key != "token"}
            body = await self._perform(name, values, notes)
            response = web.json_response(body, headers=self._scope_headers(name))
        except RefusedError as error:
            refusal, response = error, refused(request, error)
            let_go(request, response)
        self._log(
            Exchange(
                at=at,
                kind="api",
                method=name,
                arguments=kept,
                status=response.status,
                ok=refusal is None,
                error=refusal.code if refusal else "",
                rule=refusal.rule if refusal else "; ".join(notes),
                duration=time.perf_counter() - began,
            )
        )
        return response

    async def _perform(self, name: str, values: dict[str, Any], notes: list[str]) -> dict[str, Any]:
        """Do what the call asks for, unless a rule or a fault stands against it."""
        method = METHODS.get(name)
        if method is None:
            logger.warning("The sandbox does not know the method %s", name)
            raise RefusedError(code="unknown_method", rule=f"the sandbox knows {', '.join(METHODS)}")
        fault = self._faults.take(name)
        await self._faults.suffer(fault)
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
        return values | await _json_object(request)
    if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return values | await _form(request)
    raise RefusedError(code="invalid_post_type", rule=f"Slack does not read {request.content_type}")


async def _form(request: web.Request) -> dict[str, Any]:
    try:
        with reading(request) as bounded:
            form = await bounded.post()
    except ValueError as error:
        raise RefusedError(code="invalid_form_data", rule=f"the form cannot be read: {error}") from error
    for value in form.values():
        if isinstance(value, web.FileField):
            value.file.close()
    return {key: value for key, value in form.items() if isinstance(value, str)}


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        with reading(request) as bounded:
            body = strict_json(await bounded.text())
    except (ValueError, RecursionError) as error:
        raise RefusedError(code="invalid_json", rule=f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise RefusedError(code="json_not_object", rule="the body must be a JSON object")
    if "token" in body:
        raise RefusedError(
            code="not_authed", rule="with a JSON body the token goes into the Authorization header"
        )
    return body
