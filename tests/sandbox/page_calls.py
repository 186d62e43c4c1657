"""Open the sandbox's page as a browser does: its requests, and its websocket."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.sandbox.server import SlackSandbox


def page_client(slack: SlackSandbox) -> httpx.AsyncClient:
    """Give a client that stands on the page; addresses are those below it."""
    headers = {"Origin": slack.url, "Sec-Fetch-Site": "same-origin"}
    return httpx.AsyncClient(base_url=slack.page_url, headers=headers, verify=False, trust_env=False)  # noqa: S501 -- there is no TLS


async def do(slack: SlackSandbox, verb: str, /, **body: Any) -> httpx.Response:  # noqa: ANN401 -- JSON
    """Do something on the page."""
    async with page_client(slack) as client:
        return await client.post(f"do/{verb}", json=body)


async def drop(slack: SlackSandbox, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
    """Share files on the page."""
    async with page_client(slack) as client:
        return await client.post("do/share", data=fields, files=[("file", file) for file in files])


class TabOfPage:
    """One open page: the frames that came."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def next(self, *types: str) -> dict[str, Any]:
        """Wait for the next frame; where types are named, for one of those."""
        return await self.until(lambda frame: not types or frame["type"] in types)

    async def until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read on until a frame is the wanted one, and give it."""
        async with asyncio.timeout(20):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.receive_str())
                self.frames.append(frame)
                if is_it(frame):
                    return frame


@asynccontextmanager
async def opened(slack: SlackSandbox) -> AsyncIterator[TabOfPage]:
    """Open the page in a tab; it has not read its snapshot yet."""
    async with (
        aiohttp.ClientSession(headers={"Origin": slack.url}) as session,
        session.ws_connect(f"{slack.page_url}live", max_msg_size=0) as socket,
    ):
        yield TabOfPage(socket)
