"""HTTP mode's side of Slack: signed POSTs to the app, with the headers of repeated deliveries."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.socket_mode import Outcome

if TYPE_CHECKING:
    from bot.sandbox.records import Json
    from bot.sandbox.workspace import Workspace

MOST_REDIRECTS = 2
GOOD = range(200, 300)


class SignedHttp:
    """Delivers to one address, once the app has answered its `url_verification`."""

    def __init__(self, workspace: Workspace, url: str, signing_secret: str) -> None:
        self._workspace = workspace
        self._url = url
        self._signing_secret = signing_secret
        self._session: aiohttp.ClientSession | None = None
        self._verifying = asyncio.Lock()
        self.is_verified = False

    async def verify(self, timeout_seconds: float) -> Outcome:
        """Send the challenge that an address must answer before Slack delivers to it."""
        async with self._verifying:
            if self.is_verified:
                return Outcome(is_acked=True)
            challenge = secrets.token_urlsafe(32)
            body = self._workspace.templates.fill("url_verification", challenge=challenge)
            outcome = await self._post(_as_json(body), "application/json", {}, timeout_seconds)
            answered = (outcome.body or {}).get("challenge", (outcome.body or {}).get("text"))
            self.is_verified = outcome.is_acked and answered == challenge
            if self.is_verified or not outcome.is_acked:
                return outcome
            return Outcome(
                is_acked=False, reason="http_error", rule="url_verification: the challenge did not come back"
            )

    async def send_event(self, payload: Json, attempt: int, reason: str, timeout_seconds: float) -> Outcome:
        """Deliver an event; from the second time on with the retry headers."""
        outcome = await self.verify(timeout_seconds)
        if not outcome.is_acked:
            return outcome
        headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
        return await self._post(_as_json(payload), "application/json", headers, timeout_seconds)

    async def send_form(self, fields: Json, timeout_seconds: float) -> Outcome:
        """Deliver a command (its fields), or an interaction (one field, `payload`)."""
        body = urlencode(fields).encode()
        return await self._post(body, "application/x-www-form-urlencoded", {}, timeout_seconds)

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = str(int(self._workspace.clock()))
        base = b"v0:" + stamp.encode() + b":" + body
        digest = hmac.new(self._signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def _post(
        self, body: bytes, content_type: str, headers: dict[str, str], timeout_seconds: float
    ) -> Outcome:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        every = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0", **self._signed(body), **headers}
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._session.post(
                    self._url, data=body, headers=every, max_redirects=MOST_REDIRECTS
                ) as answer,
            ):
                return _outcome(
                    answer.status, answer.headers.get("x-slack-no-retry", ""), await answer.text()
                )
        except TimeoutError:
            return Outcome(
                is_acked=False, reason="http_timeout", rule=f"no answer within {timeout_seconds:g} seconds"
            )
        except aiohttp.TooManyRedirects:
            return Outcome(
                is_acked=False, reason="too_many_redirects", rule=f"over {MOST_REDIRECTS} redirects"
            )
        except (aiohttp.ClientError, OSError) as error:
            rule = f"{self._url} cannot be reached: {type(error).__name__}"
            return Outcome(is_acked=False, reason="connection_failed", rule=rule)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()


def _as_json(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _outcome(status: int, no_retry: str, text: str) -> Outcome:
    if status not in GOOD:
        return Outcome(
            is_acked=False,
            reason="http_error",
            rule=f"the app answered {status}",
            is_final=no_retry == "1",
            status=status,
        )
    try:
        body = json.loads(text) if text else None
    except ValueError:
        body = {"text": text}  # an ack may be plain text
    return Outcome(is_acked=True, body=body if isinstance(body, dict) else None, status=status)
