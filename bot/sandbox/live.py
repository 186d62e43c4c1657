"""The page's websocket: everything as it stands, then each change in its order, to every tab that is open."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, web

if TYPE_CHECKING:
    from bot.sandbox.records import Change, Json
    from bot.sandbox.showing import Showing
    from bot.sandbox.traffic import Exchange

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 500  # frames for one tab
HEARTBEAT_SECONDS: Final = 20.0
GOODBYE_SECONDS: Final = 0.2
MOST_HEARD_BYTES: Final = 4096  # a tab has nothing to say


class Tab:
    """One open page: the frames that wait for it, or the wish for all of it anew."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._is_behind = True
        self._news = asyncio.Event()
        self._news.set()

    def tell(self, frame: str) -> None:
        """Let a frame wait; a tab that does not keep up loses its backlog and gets a snapshot instead."""
        if self._is_behind:
            return  # the snapshot is made when it is sent, so it will have this in it
        self._waiting.append(frame)
        if len(self._waiting) > MOST_WAITING:
            self.renew()
        self._news.set()

    def renew(self) -> None:
        """Send everything anew."""
        self._waiting.clear()
        self._is_behind = True
        self._news.set()

    async def next_frame(self, showing: Showing) -> str:
        """Wait for what is to be sent next."""
        while not self._is_behind and not self._waiting:
            self._news.clear()
            await self._news.wait()
        if not self._is_behind:
            return self._waiting.popleft()
        self._is_behind = False
        return _written(showing.snapshot())


class Live:
    """Tells the tabs. Frames are made when something happens, so no tab sees a later state too early."""

    def __init__(self, showing: Showing) -> None:
        self._showing = showing
        self._tabs: dict[Tab, web.WebSocketResponse] = {}
        self.heartbeat_seconds = HEARTBEAT_SECONDS

    @property
    def tabs(self) -> int:
        """How many tabs are open."""
        return len(self._tabs)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one tab until it closes, or is dead."""
        socket = web.WebSocketResponse(
            heartbeat=self.heartbeat_seconds, max_msg_size=MOST_HEARD_BYTES, compress=False
        )
        await socket.prepare(request)
        self.tell(*self._showing.surroundings())  # to the others; this one is told with its snapshot
        tab = Tab()
        self._tabs[tab] = socket
        telling = asyncio.create_task(self._tell_tab(tab, socket))
        try:
            async for _ in socket:
                pass
        finally:
            del self._tabs[tab]
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        return socket

    async def _tell_tab(self, tab: Tab, socket: web.WebSocketResponse) -> None:
        with suppress(ConnectionError):  # it has gone; `handle` hears of it too
            while True:
                try:
                    frame = await tab.next_frame(self._showing)
                except Exception:
                    logger.exception("The page cannot be told how things stand")
                    await socket.close(code=WSCloseCode.INTERNAL_ERROR)
                    return
                await socket.send_str(frame)

    def tell(self, *frames: Json) -> None:
        """Tell every tab."""
        for frame in frames:
            written = _written(frame)
            for tab in self._tabs:
                tab.tell(written)

    def heard(self, change: Change) -> None:
        """Tell of a change in the workspace."""
        if self._tabs:
            self.tell(*self._showing.frames(change))

    def passed(self, number: int, exchange: Exchange) -> None:
        """Tell of an exchange with the app."""
        if self._tabs:
            self.tell({"type": "exchange", "exchange": self._showing.exchange(number, exchange)})

    def look_around(self) -> None:
        """Tell of what changes without a word: people, conversations, faults."""
        if self._tabs:
            self.tell(*self._showing.surroundings())

    def renew(self) -> None:
        """Send everything anew to every tab."""
        for tab in self._tabs:
            tab.renew()

    async def close(self) -> None:
        """Say goodbye to every tab, without waiting for those that do not answer."""
        goodbyes = [socket.close(code=WSCloseCode.GOING_AWAY) for socket in self._tabs.values()]
        await asyncio.gather(
            *(asyncio.wait_for(one, GOODBYE_SECONDS) for one in goodbyes), return_exceptions=True
        )


def _written(frame: Json) -> str:
    return json.dumps(frame)
