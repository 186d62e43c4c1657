"""A server on the loopback whose every byte a test decides: for what only a real wire does.

It hangs, cuts, trickles and resets, which no transport inside the process can.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came over the wire; names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Wire:
    """What the server was asked, and where it listens."""

    url: str
    received: list[Received] = field(default_factory=list)


@asynccontextmanager
async def serving(*answers: Answer, reads_body: bool = True) -> AsyncIterator[Wire]:
    """Serve one request per connection, with one answer after the other; the last one again and again.

    Without `reads_body` the answer is given while the other side is still sending.
    """
    turns = iter(answers)
    wire = Wire("")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                wire.received.append(await _receive(reader, reads_body=reads_body))
                await next(turns, answers[-1])(reader, writer)
                await writer.drain()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(start, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _receive(reader: asyncio.StreamReader, *, reads_body: bool) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, target, _ = first.split(" ")
    length = int(headers.get("content-length", "0")) if reads_body else 0
    body = await reader.readexactly(length)
    return Received(method, target, headers, body)


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Answer properly; `content_type="…"` and the like become headers."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if "content_length" not in headers:
        lines.append(f"content-length: {len(body)}")
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", "connection: close", *lines])
    return sends(head.encode() + b"\r\n\r\n" + body)


def sends(*parts: bytes, seconds_between: float = 0.0) -> Answer:
    """Send these very bytes, then close."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(seconds_between)

    return answer


def hangs(before: bytes = b"") -> Answer:
    """Send `before` and then nothing more, until the other side has gone."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        await writer.drain()
        await reader.read()

    return answer


def resets(before: bytes = b"") -> Answer:
    """Send `before` and break the connection off, so that the other side sees a reset."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        await writer.drain()
        # With a linger of zero a close is a reset.
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        writer.transport.abort()

    return answer
