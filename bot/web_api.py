"""Slack's Web API for one token: calls that obey Retry-After and are never repeated behind our back.

slack_sdk's own default repeats a POST after a dropped connection, so a reply could appear twice
(slack.dev documents no idempotency key). Here a lost connection is an error that says whether the
call may have been performed; who called decides.
"""

from __future__ import annotations

import asyncio
import math
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeletedError, DownloadForbiddenError, NotReadyError, WithdrawnError
from bot.share import SlackFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

log = structlog.get_logger()

CALL_SECONDS = 30
CONNECT_SECONDS = 10
LONGEST_WAIT_SECONDS = 600
DEFAULT_WAIT_SECONDS = 5
# "Retry-After: 0" would make a loop without a pause.
SHORTEST_WAIT_SECONDS = 1
# Slack says of these itself that part of the work may have been done (common errors of every method).
UNCLEAR_ERRORS = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
# chat.postMessage says `rate_limited` with status 200, all others `ratelimited` with 429.
LIMIT_ERRORS = frozenset({"ratelimited", "rate_limited"})
TOKEN_ERRORS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
    }
)


class SlackRefusedError(Exception):
    """Slack answered `ok: false`; `error` is its word, `needed` the missing scopes."""

    def __init__(self, method: str, error: str, *, needed: str = "") -> None:
        super().__init__(f"{method}: {error}")
        self.method = method
        self.error = error
        self.needed = needed


class SlackUnreachableError(Exception):
    """No usable answer came; `is_unclear` says whether the call may have been performed all the same.

    `retry_after_seconds` is what Slack asked for, where it did.
    """

    def __init__(
        self, method: str, detail: str, *, is_unclear: bool, retry_after_seconds: float = 0.0
    ) -> None:
        super().__init__(f"{method}: {detail}")
        self.is_unclear = is_unclear
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is, as `auth.test` says."""

    team_id: str
    user_id: str
    bot_id: str
    enterprise_id: str = ""


def proxy_for(url: str) -> str | None:
    """Give the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for `url`, if any.

    slack_sdk reads the first two itself but not NO_PROXY, so it is told the outcome instead.
    """
    parts = urlsplit(url)
    if not parts.hostname or urllib.request.proxy_bypass(parts.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get({"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme))


def build_client(*, api_url: str, token: str) -> AsyncWebClient:
    """Make the client: one pooled session, no repeats of its own. Needs a running loop."""
    session = aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CONNECT_SECONDS), trust_env=True
    )
    client = AsyncWebClient(token=token, base_url=api_url, session=session, retry_handlers=[])
    client.proxy = None  # the session obeys the environment, NO_PROXY included
    return client


def without_token(client: AsyncWebClient) -> AsyncWebClient:
    """Make a twin that carries no token, for Bolt: it takes one from `authorize`, and warns of two."""
    twin = AsyncWebClient(base_url=client.base_url, session=client.session, retry_handlers=[])
    twin.proxy = None
    return twin


class WebApi:
    """Calls Slack. `sleep` is an argument so that tests need not wait."""

    def __init__(
        self, client: AsyncWebClient, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self.client = client
        # What the token may do, in the words of auth.test's answer; None where it has not said so.
        self.scopes: frozenset[str] | None = None
        self._sleep = sleep

    async def call(
        self,
        method: str,
        *,
        longest_wait_seconds: float = LONGEST_WAIT_SECONDS,
        **arguments: Any,  # noqa: ANN401 -- as many kinds as Slack has arguments
    ) -> dict[str, Any]:
        """Call `method` and give Slack's answer; waits as told while Slack says "too many".

        Raises SlackRefusedError (Slack said no) or SlackUnreachableError (no answer, or one that
        tells nothing). Waits at most `longest_wait_seconds` in all, then it is SlackUnreachableError.
        """
        waited = 0.0
        while True:
            pause = await self._try(method, arguments)
            if isinstance(pause, dict):
                return pause
            waited += pause
            if waited > longest_wait_seconds:
                raise SlackUnreachableError(
                    method, "rate limited for too long", is_unclear=False, retry_after_seconds=pause
                )
            log.info("slack.limited", method=method, wait_seconds=pause)
            await self._sleep(pause)

    async def _try(self, method: str, arguments: dict[str, object]) -> dict[str, Any] | float:
        """Call once: the answer, or the seconds to wait before the next try."""
        send = getattr(self.client, method.replace(".", "_"))
        try:
            response = await send(**arguments)
        except SlackApiError as error:
            return _read_refusal(method, error)
        except aiohttp.ClientConnectorError as error:
            raise SlackUnreachableError(method, type(error).__name__, is_unclear=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError, AttributeError) as error:
            # AttributeError: slack_sdk stumbles over an answer in plain text, such as a proxy's.
            raise SlackUnreachableError(method, type(error).__name__, is_unclear=True) from error
        answer = response.data
        if not isinstance(answer, dict):
            raise SlackUnreachableError(method, "not JSON", is_unclear=True)
        if method == "auth.test":
            self.scopes = _scopes(response.headers)
        return answer

    async def identify(self) -> Identity:
        """Ask Slack who this token is."""
        answer = await self.call("auth.test", longest_wait_seconds=60)
        return Identity(
            team_id=answer.get("team_id", ""),
            user_id=answer.get("user_id", ""),
            bot_id=answer.get("bot_id", ""),
            enterprise_id=answer.get("enterprise_id") or "",
        )

    async def files_info(self, file_id: str) -> SlackFile:
        """Ask for one file. Raises the share's own errors: deleted, forbidden, not ready."""
        try:
            answer = await self.call("files.info", file=file_id, longest_wait_seconds=60)
        except SlackRefusedError as error:
            if error.error == "file_deleted":
                raise WithdrawnError from error
            if error.error == "file_not_found":
                raise DeletedError(error.error) from error
            raise DownloadForbiddenError(error.error) from error
        except SlackUnreachableError as error:
            raise NotReadyError(str(error)) from error
        file = SlackFile.from_payload(answer.get("file") or {})
        if file.is_tombstone:
            raise WithdrawnError
        return file

    async def messages(
        self,
        method: str,
        **arguments: Any,  # noqa: ANN401 -- as many kinds as Slack has arguments
    ) -> AsyncIterator[dict[str, Any]]:
        """Read `conversations.history` or `.replies` page by page."""
        cursor = ""
        while True:
            page = await self.call(method, cursor=cursor or None, **arguments)
            for message in page.get("messages") or []:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def close(self) -> None:
        """Close the pooled connections."""
        if self.client.session is not None:
            await self.client.session.close()


def _read_refusal(method: str, error: SlackApiError) -> float:
    """Tell "wait" (the seconds) from "no" and from "nobody knows" (raised)."""
    response = error.response
    status = getattr(response, "status_code", None) or getattr(response, "status", 0)
    body = response.data if isinstance(getattr(response, "data", None), dict) else {}
    word = str(body.get("error", ""))
    if status == HTTPStatus.TOO_MANY_REQUESTS or word in LIMIT_ERRORS:
        return _seconds(response.headers.get("Retry-After"))
    if word and word not in UNCLEAR_ERRORS:
        raise SlackRefusedError(method, word, needed=str(body.get("needed", ""))) from error
    raise SlackUnreachableError(method, word or f"status {status}", is_unclear=True) from error


def _scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    """Read the scopes, which Slack lists in a header of every answer."""
    said = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return None if said is None else frozenset(filter(None, map(str.strip, said.split(","))))


def _seconds(header: str | None) -> float:
    try:
        seconds = float(header or DEFAULT_WAIT_SECONDS)
    except ValueError:
        return DEFAULT_WAIT_SECONDS
    return max(SHORTEST_WAIT_SECONDS, seconds) if math.isfinite(seconds) else DEFAULT_WAIT_SECONDS
