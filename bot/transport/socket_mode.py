"""Socket Mode: a websocket that we open to Slack; no public address is needed.

slack_sdk keeps the connection; here are the three things it does not do: say when Slack greeted
us, forget an address that failed (each works once), and obey NO_PROXY.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.transport.turns import Turns
from bot.web_api import proxy_for

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest
    from slack_sdk.web.async_client import AsyncWebClient

# Slack's own client pings every 10 s and needs one interval to notice a dropped connection.
PING_SECONDS = 5
ACK_SECONDS = 3
CLOSE_SECONDS = 2

log = structlog.get_logger()


class SocketConnection:
    """One connection to Slack, renewed for ever until it is closed."""

    def __init__(self, app: AsyncApp, *, app_token: str, client: AsyncWebClient) -> None:
        self._app = app
        self._app_token = app_token
        self._client = client
        self._handler: AsyncSocketModeHandler | None = None
        self._greeted_session = ""
        self._is_closing = False
        self._turns = Turns()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
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
        socket.socket_mode_request_listeners = [self._take]
        self._connecting = asyncio.ensure_future(socket.connect())  # type: ignore[no-untyped-call]  # slack_sdk's
        self._watching = asyncio.ensure_future(self._forget_used_urls())

    async def is_greeted(self) -> bool:
        """Say whether Slack's hello came on the connection that is open now."""
        if self._handler is None or not await self._handler.client.is_connected():
            return False
        return self._greeted_session == await self._handler.client.session_id()

    async def close(self) -> None:
        """Take no more envelopes; one that is being stored is still acked. The rest comes again."""
        if self._handler is None:
            return
        self._is_closing = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), ACK_SECONDS)
        for task in (self._connecting, self._watching):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        with suppress(TimeoutError):  # a peer that is gone does not say goodbye
            await asyncio.wait_for(self._handler.client.close(), CLOSE_SECONDS)  # type: ignore[no-untyped-call]  # slack_sdk's

    async def _take(self, socket: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Hand an envelope to Bolt, which acks it once its listener is done."""
        if self._is_closing or self._handler is None:
            return
        self._under_way += 1
        self._idle.clear()
        try:
            async with self._turns.turn_of(request.payload):
                if self._is_closing:
                    return
                await self._handler.handle(socket, request)  # type: ignore[arg-type]  # the client we gave it
        except aiohttp.ClientError as error:
            # The connection was renewed meanwhile: Slack sends it again, and it is found stored.
            log.info("ack.lost", envelope_id=request.envelope_id, detail=type(error).__name__)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

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
