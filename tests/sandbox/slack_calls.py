"""Call the embedded Slack as an app does, over the wire, and listen as one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx

from bot import manifest
from bot.sandbox.records import SharedFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.sandbox.server import SlackSandbox

SOUND = bytes(range(256)) * 8
CLIP = SharedFile("audio_message.m4a", data=SOUND, subtype="slack_audio", duration_ms=4200, locale="pt-PT")
SONG = SharedFile("Pedido atrasado.mp3", data=SOUND, duration_ms=4200)
EVERY_SCOPE = ("files:write", "reactions:read", "reactions:write", "app_mentions:read", "im:write")
EVERY_EVENT = ("app_mention", "file_shared", "file_deleted", "reaction_added", "reaction_removed")


def wide_manifest(*, home: bool = False) -> dict[str, Any]:
    """Give a manifest with more scopes and events than the bot's own, to reach every rule."""
    wide = manifest.build()
    wide["oauth_config"]["scopes"]["bot"] += EVERY_SCOPE
    wide["settings"]["event_subscriptions"]["bot_events"] += EVERY_EVENT
    wide["features"]["app_home"]["home_tab_enabled"] = home
    return wide


def without_scope(*scopes: str) -> dict[str, Any]:
    """Give the bot's manifest with fewer scopes."""
    narrow = manifest.build()
    kept = [scope for scope in narrow["oauth_config"]["scopes"]["bot"] if scope not in scopes]
    narrow["oauth_config"]["scopes"]["bot"] = kept
    return narrow


async def call(slack: SlackSandbox, method: str, /, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    """Call a method with JSON and the right token; give the answer's JSON."""
    answer = await post(slack, method, json=arguments)
    body: dict[str, Any] = answer.json()
    return body


async def post(slack: SlackSandbox, method: str, /, **more: Any) -> httpx.Response:  # noqa: ANN401 -- httpx's own
    """Call a method in any way; give the whole answer."""
    token = slack.app_token if method.startswith("apps.") else slack.bot_token
    headers = {"Authorization": f"Bearer {token}"}
    async with plain_client(base_url=slack.api_url) as client:
        return await client.post(method, **{"headers": headers, **more})


async def get(slack: SlackSandbox, url: str, token: str | None = None) -> httpx.Response:
    """Download from an address, without following redirects."""
    headers = {"Authorization": f"Bearer {token or slack.bot_token}"}
    async with plain_client() as client:
        return await client.get(url, headers=headers)


def plain_client(**more: Any) -> httpx.AsyncClient:  # noqa: ANN401 -- httpx's own
    """Give a client for loopback; reading certificates would take longer than most tests."""
    return httpx.AsyncClient(verify=False, trust_env=False, **more)  # noqa: S501 -- there is no TLS


class Listener:
    """A websocket client that keeps what it hears and acks when it is told to."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, acks: bool, reply: Any) -> None:  # noqa: ANN401 -- JSON
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.is_over = False
        self._acks = acks
        self._reply = reply
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Take what comes until the websocket ends."""
        async for frame in self.socket:
            body = frame.json()
            self.frames.append(body)
            if self._acks and "envelope_id" in body:
                reply = {"payload": self._reply} if self._reply else {}
                await self.socket.send_json({"envelope_id": body["envelope_id"], **reply})
            self._news.set()
        self.is_over = True
        self._news.set()

    async def heard(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many envelopes."""
        await self.until(lambda: len(self.envelopes) >= count)
        return self.envelopes

    async def until(self, is_true: Callable[[], bool], timeout_seconds: float = 5.0) -> None:
        """Wait until something is true of what came."""
        async with asyncio.timeout(timeout_seconds):
            while not is_true():
                self._news.clear()
                await self._news.wait()

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        """The envelopes among what came."""
        return [frame for frame in self.frames if "envelope_id" in frame]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The inner events."""
        return [envelope["payload"]["event"] for envelope in self.envelopes]


@asynccontextmanager
async def listening(slack: SlackSandbox, *, acks: bool = True, reply: Any = None) -> AsyncIterator[Listener]:  # noqa: ANN401 -- JSON
    """Open a websocket as an app does."""
    url = (await call(slack, "apps.connections.open"))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        listener = Listener(socket, acks=acks, reply=reply)
        task = asyncio.get_running_loop().create_task(listener.listen())
        await slack.wait_for(lambda s: s.connections)
        try:
            yield listener
        finally:
            task.cancel()
