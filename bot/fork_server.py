"""Children that are there at once: forks of one process that is ready, asked for one by one.

`decoder/forks.py` is the other side. What is asked goes over a socket to the process that is ready (the
server); each fork has a socket of its own, over which it gets its job and reports.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bot.decoder.forks import END, FORK, ORDER

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from asyncio.subprocess import Process
    from collections.abc import Mapping, Sequence

_SECONDS_TO_FORK: Final = 60.0  # the first fork waits until the server has loaded its libraries
_SECONDS_TO_DIE: Final = 1.0
_SECONDS_TO_SEE: Final = 0.2  # that a process has died; its children may be gone before it


class Child:
    """One fork: what is written goes to its stdin, what it writes to its stdout can be read."""

    def __init__(self, number: int, server: _Server, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._number = number
        self._server = server

    async def lost_its_server(self) -> bool:
        """Whether the server has died, and its children with it. Waits a moment to be sure."""
        return await self._server.dies_within(_SECONDS_TO_SEE)

    def end(self) -> None:
        """Have it killed with whatever it started, finished or not: an orderly exit would cost time."""
        self.writer.close()
        self._server.end(self._number)


class ForkServer:
    """Starts the server when it is needed, and again where it has died. Belongs to one event loop."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], longest_line_bytes: int
    ) -> None:
        """`command` must run `decoder/forks.py`; of no more than `longest_line_bytes` is a child's line."""
        self._command = command
        self._environment = environment
        self._longest_line_bytes = longest_line_bytes
        self._server: _Server | None = None
        self._retired: list[_Server] = []
        self._numbers = itertools.count(1)
        self._start_lock = asyncio.Lock()
        self._is_closed = False

    async def start(self) -> None:
        """Start the server, unless it runs. Raises OSError where that can't be done."""
        self._is_closed = False
        await self._running()

    async def fork(self) -> Child:
        """Give a new child. Raises OSError where there is none to be had; the next one may be."""
        server = await self._running()
        try:
            return await self._fork_of(server)
        except ConnectionError:  # it died, before or just now
            await server.dies_within(_SECONDS_TO_DIE)
            return await self._fork_of(await self._running())

    def retire(self) -> None:
        """Have later forks made by a new server, whose memory lies elsewhere; those at work go on.

        For when a fork was crashed by its file: what somebody learnt by that is of no use any more.
        """
        if self._server is not None:
            self._server.retire()
            self._retired = [one for one in (*self._retired, self._server) if one.runs]
            self._server = None

    async def close(self) -> None:
        """End the server, which ends the children that are left."""
        self._is_closed = True
        async with self._start_lock:
            servers, self._retired = [*self._retired, *filter(None, [self._server])], []
            self._server = None
        for server in servers:
            await server.close()

    async def _running(self) -> _Server:
        async with self._start_lock:
            if self._is_closed:
                raise ConnectionAbortedError
            if self._server is None or not self._server.runs:
                self.retire()
                self._server = await _Server.started(self._command, self._environment)
            return self._server

    async def _fork_of(self, server: _Server) -> Child:
        number = next(self._numbers)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                server.order(FORK, number, theirs)
                # macOS may lose a socket that is closed before it is received; elsewhere it tells who died.
                if sys.platform != "darwin":  # pragma: no branch -- the tests run on Linux
                    theirs.close()
                reader, writer = await asyncio.open_connection(sock=ours, limit=self._longest_line_bytes)
            except BaseException:
                ours.close()
                server.end(number)
                raise
            child = Child(number, server, reader, writer)
            try:
                async with asyncio.timeout(_SECONDS_TO_FORK):
                    said = await reader.readline()
                _check(said)
            except BaseException as error:
                child.end()
                if isinstance(error, TimeoutError):  # it hangs, so those at work are lost as well
                    server.kill()
                raise
        server.has_forked = True
        return child


class _Server:
    """One process that forks."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self.has_forked = False
        self._process = process
        self._control = control
        self._children: set[int] = set()
        self._is_retired = False

    @classmethod
    async def started(cls, command: Sequence[str], environment: Mapping[str, str]) -> _Server:
        """Start it. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=theirs.fileno(),
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.DEVNULL,  # FFmpeg's words quote the file
                    start_new_session=True,
                    cwd="/",
                    env=environment,
                )
            except BaseException:
                ours.close()
                raise
        ours.settimeout(0)  # who hangs must not hold us up
        return cls(process, ours)

    @property
    def runs(self) -> bool:
        """Whether it is not known to have died."""
        return self._process.returncode is None

    def order(self, what: bytes, number: int, connection: socket.socket | None = None) -> None:
        """Have a fork made or ended. Raises OSError where it has died, or hangs."""
        order = ORDER.pack(what, number)
        if connection is None:
            self._control.send(order)
        else:
            socket.send_fds(self._control, [order], [connection.fileno()])
            self._children.add(number)

    def end(self, number: int) -> None:
        """Have a fork killed and forgotten; once more does nothing."""
        if number not in self._children:
            return
        self._children.discard(number)
        with suppress(OSError):  # it died, and its forks with it
            self.order(END, number)
        self._leave_if_done()

    def retire(self) -> None:
        """Let it end with its last child."""
        self._is_retired = True
        self._leave_if_done()

    async def dies_within(self, seconds: float) -> bool:
        """Wait for its end, but not for ever; say whether it came."""
        # Not wait_for, which of Python 3.11 forgets that it was cancelled when the end comes just then.
        ending = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait([ending], timeout=seconds)
        finally:
            ending.cancel()
        return not self.runs

    async def close(self) -> None:
        """End it with all its children; as long as it loads its libraries it can't hear of that."""
        self._control.close()
        if not self.has_forked or not await self.dies_within(_SECONDS_TO_DIE):
            self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """Kill it, and so all its children."""
        if self.runs:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _leave_if_done(self) -> None:
        if self._is_retired and not self._children:
            self._control.close()


def _check(first_line: bytes) -> None:
    """Read whether a child lives. Raises OSError: the server could not fork, or died before it did."""
    if not first_line:
        raise ConnectionResetError
    if "why" in (said := json.loads(first_line)):
        raise OSError(said["why"])
