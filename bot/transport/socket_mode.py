"""Socket Mode: a websocket that we open to Slack; no public address is needed.

slack_sdk keeps the connection; here are the three things it does not do: say when Slack greeted
us, forget an address that failed (each works once), and obey NO_PROXY.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.web_api import proxy_for

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
    from slack_sdk.web.async_client import AsyncWebClient

# Slack's own client pings every 10 s and needs one interval to notice a dropped connection.
PING_SECONDS = 5


class SocketConnection:
    """One connection to Slack, renewed for ever until it is closed."""

    def __init__(self, app: AsyncApp, *, app_token: str, client: AsyncWebClient) -> None:
        self._app = app
        self._app_token = app_token
        self._client = client
        self._handler: AsyncSocketModeHandler | None = None
        self._greeted_session = ""
        self._connecting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    def open(self, url: str) -> None:
        """Start connecting, at first to `url` from `apps.connections.open`. Needs a running loop."""
        self._handler = AsyncSocketModeHandler(
            self._app, self._app_token, web_client=self._client, ping_interval=PING_SECONDS
        )
        socket = self._handler.client
        socket.wss_uri = url
        socket.proxy = proxy_for(url)
        socket.message_listeners.append(self._note)
        self._connecting = asyncio.ensure_future(socket.connect())  # type: ignore[no-untyped-call]  # slack_sdk's
        self._watching = asyncio.ensure_future(self._forget_used_urls())

    async def is_greeted(self) -> bool:
        """Say whether Slack's hello came on the connection that is open now."""
        if self._handler is None or not await self._handler.client.is_connected():
            return False
        return self._greeted_session == await self._handler.client.session_id()

    async def close(self) -> None:
        """Take no more envelopes. What was not acked comes again to the next connection."""
        if self._handler is None:
            return
        for task in (self._connecting, self._watching):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._handler.client.close()  # type: ignore[no-untyped-call]  # slack_sdk's

    async def _note(
        self, socket: AsyncBaseSocketModeClient, message: dict[str, Any], _raw: str | None
    ) -> None:
        if message.get("type") == "hello":
            self._greeted_session = await socket.session_id()

    async def _forget_used_urls(self) -> None:
        """Make slack_sdk ask for a new address: it would try one that failed for ever."""
        while self._handler is not None:
            await asyncio.sleep(PING_SECONDS)
            if not await self._handler.client.is_connected():
                self._handler.client.wss_uri = None
