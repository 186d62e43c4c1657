"""Socket Mode's side of Slack: one-use addresses, hello, envelopes to one of the connections, acks."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.records import Json
    from bot.sandbox.workspace import Workspace

MOST_CONNECTIONS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery. `body` is what the app sent along with its ack."""

    is_acked: bool
    reason: str = ""
    rule: str = ""
    body: Json | None = None
    is_final: bool = False
    status: int = 200


@dataclass(eq=False, slots=True)
class Connection:
    """One websocket of the app, with the envelopes that wait for their ack on it."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    waiting: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)

    def settle(self, envelope_id: str, outcome: Outcome) -> bool:
        """Hand an outcome to who waits for it."""
        waiter = self.waiting.get(envelope_id)
        if waiter is None or waiter.done():
            return False
        waiter.set_result(outcome)
        return True


class SocketMode:
    """Holds the connections and sends each envelope over one of them."""

    def __init__(self, workspace: Workspace, note: Callable[[str, str], None]) -> None:
        self._workspace = workspace
        self._note = note
        self._tickets: set[str] = set()
        self._turn = 0
        self.connections: list[Connection] = []

    def open_url(self) -> str:
        """Give an address that lets one websocket in, once."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        address = self._workspace.url.replace("http", "ws", 1)
        return f"{address}/link/?ticket={ticket}&app_id={self._workspace.app.id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Keep one websocket until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            self._note("connect", "the address of a websocket works once")
            return web.Response(status=404, text="ticket used or unknown")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self.connections) >= MOST_CONNECTIONS:
            await socket.send_json(self._disconnect("too_many_websockets"))
            await socket.close()
            return socket
        connection = Connection(socket, request.transport)
        self.connections.append(connection)
        await socket.send_json(self._hello())
        self._note("hello", "")
        try:
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    self._heard(connection, frame.data)
        finally:
            self._gone(connection)
        return socket

    async def send(self, kind: str, values: Json, timeout_seconds: float) -> Outcome:
        """Send an envelope over one of the connections and wait for its ack."""
        usable = [one for one in self.connections if not one.socket.closed]
        if not usable:
            return Outcome(is_acked=False, reason="timeout", rule="no websocket is open")
        self._turn += 1
        connection = usable[self._turn % len(usable)]
        envelope_id = secrets.token_hex(12)
        body = self._workspace.templates.fill(f"socket.{kind}", envelope_id=envelope_id, **values)
        waiter: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = waiter
        try:
            await connection.socket.send_json(body)
            async with asyncio.timeout(timeout_seconds):
                return await waiter
        except TimeoutError:
            return Outcome(
                is_acked=False, reason="timeout", rule=f"no ack within {timeout_seconds:g} seconds"
            )
        except ConnectionError:
            return Outcome(is_acked=False, reason="timeout", rule="the websocket broke")
        finally:
            connection.waiting.pop(envelope_id, None)

    def _heard(self, connection: Connection, text: str) -> None:
        """Take an ack. It counts on the connection that the envelope went over."""
        try:
            frame = json.loads(text)
            envelope_id, body = frame["envelope_id"], frame.get("payload")
        except (ValueError, KeyError, TypeError):
            self._note("ack", "a frame without envelope_id")
            return
        if connection.settle(envelope_id, Outcome(is_acked=True, body=body)):
            return
        elsewhere = any(envelope_id in one.waiting for one in self.connections)
        self._note(
            "ack", "came over another connection" if elsewhere else "came too late, or is for no envelope"
        )

    def _gone(self, connection: Connection) -> None:
        self.connections.remove(connection)
        for envelope_id in list(connection.waiting):
            connection.settle(
                envelope_id, Outcome(is_acked=False, reason="timeout", rule="the websocket closed")
            )
        self._note("goodbye", "")

    def _hello(self) -> Json:
        hello = self._workspace.templates.fill("socket.hello", num_connections=len(self.connections))
        hello["connection_info"]["app_id"] = self._workspace.app.id
        return hello

    def _disconnect(self, reason: str) -> Json:
        return self._workspace.templates.fill("socket.disconnect", reason=reason)

    async def ask_to_reconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to go and come back, as Slack does every few hours."""
        for connection in list(self.connections):
            await connection.socket.send_json(self._disconnect(reason))

    def drop(self) -> None:
        """Cut every connection without a word."""
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.close()

    async def close(self) -> None:
        """Say goodbye to every connection."""
        for connection in list(self.connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)
