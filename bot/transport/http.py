"""HTTP mode: Slack's signed requests → Bolt.

Signature and body are read here, not by Bolt, for three reasons: a form that holds the word
"payload" anywhere is emptied by Bolt's own `parse_body`; unsigned junk gets 500 from it instead of
401; and its server refuses bodies over 1 MiB, which Slack does send.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.transport.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from slack_bolt.async_app import AsyncApp

log = structlog.get_logger()

PATH = "/slack/events"
LONGEST_BODY_BYTES = 8 * 1024 * 1024


def slack_route(
    dispatch: Callable[[], AsyncApp | None], *, signing_secret: str
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make the handler for Slack's requests; `dispatch` gives the app while events are taken, else None.

    Answers 401 to what Slack has not signed, 400 to what is no Slack body, 503 while no event can
    be stored: Slack then sends it again.
    """
    verifier, turns = SignatureVerifier(signing_secret), Turns()

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            raw = await request.read()
        except web.RequestPayloadError:
            return web.json_response({"error": "body"}, status=400)
        if not is_signed(verifier, raw, request.headers):
            log.warning("request.unsigned", bytes=len(raw))
            return web.json_response({"error": "signature"}, status=401)
        try:
            body = parse(raw.decode(), request.content_type)
        except (ValueError, RecursionError):  # the second: JSON nested thousands deep
            log.warning("request.unreadable", bytes=len(raw))
            return web.json_response({"error": "body"}, status=400)
        if "ssl_check" in body:
            return web.Response()
        app = dispatch()
        if app is None:
            return web.json_response({"error": "not ready"}, status=503)
        # Bolt calls a request "socket_mode" whose body is already read and trusted; this one is.
        bolt_request = AsyncBoltRequest(mode="socket_mode", body=body, headers=dict(request.headers))
        async with turns.turn_of(body):
            return await to_aiohttp_response(await app.async_dispatch(bolt_request))

    return handle


def is_signed(verifier: SignatureVerifier, raw: bytes, headers: Any) -> bool:  # noqa: ANN401 -- multidict
    """Say whether Slack signed this body within the last five minutes."""
    timestamp, signature = headers.get("X-Slack-Request-Timestamp"), headers.get("X-Slack-Signature")
    if not signature or not re.fullmatch(r"[0-9]{1,12}", timestamp or ""):
        return False
    try:
        return verifier.is_valid(raw, timestamp, signature)
    except (UnicodeDecodeError, TypeError):
        # slack_sdk reads the body as text, and compares no signature that is not ASCII.
        return False


def parse(text: str, content_type: str) -> dict[str, Any]:
    """Read a request body: JSON (events), or a form (commands) that may carry JSON in its `payload` field.

    Raises ValueError for anything that does not come out as an object.
    """
    if content_type == "application/json":
        body = json.loads(text)
    else:
        fields = dict(parse_qsl(text, keep_blank_values=True))
        body = json.loads(fields["payload"]) if "payload" in fields else fields
    if not isinstance(body, dict) or not body:
        msg = "not an object"
        raise ValueError(msg)
    return body
