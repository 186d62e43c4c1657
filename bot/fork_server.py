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
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bot.decoder.forks import NUMBER

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from asyncio.subprocess import Process
    from collections.abc import Mapping, Sequence

_SECONDS_TO_FORK: Final = 60.0  # the first fork waits until the server has loaded its libraries
_SECONDS_TO_DIE: Final = 1.0
_SECONDS_TO_SEE: Final = 0.2  # that a process has died; its children may be gone before it


class Child:
    """One fork: what is written goes to its stdin, what it writes to its stdout can be read."""

    def __init__(
        self, number: int, reader: StreamReader, writer: StreamWriter, server: ForkServer, process: Process
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.pid = 0  # until it has said so
        self._number = number
        self._server = server
        self._process = process  # the server's, as long as it runs; another one knows nothing of this child
        self._is_ended = False

    @property
    def is_gone(self) -> bool:
        """Whether it has died, or closed its stdout, with nothing left to read."""
        return self.reader.at_eof()

    async def lost_its_server(self) -> bool:
        """Whether the server has died, and its children with it. Waits a moment to be sure."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _SECONDS_TO_SEE)
        return self._process.returncode is not None

    def end(self) -> None:
        """Kill it with whatever it started, finished or not: an orderly exit would cost time."""
        if self._is_ended:
            return
        self._is_ended = True
        if self.pid and self._process.returncode is None:
            _kill_group(self.pid)  # nobody else's: the server keeps it from being used again
        self.writer.close()
        self._server.forget(self._number)


class ForkServer:
    """Starts the server when it is needed, and again where it has died. Belongs to one event loop."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], longest_line_bytes: int
    ) -> None:
        """`command` must run `decoder/forks.py`; of no more than `longest_line_bytes` is a child's line."""
        self._command = command
        self._environment = environment
        self._longest_line_bytes = longest_line_bytes
        self._process: Process | None = None
        self._control: socket.socket | None = None
        self._numbers = itertools.count(1)
        self._start_lock = asyncio.Lock()

    async def start(self) -> Process:
        """Start the server, unless it runs. Raises OSError where that can't be done."""
        async with self._start_lock:
            if self._process is not None and self._process.returncode is None:
                return self._process
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    self._process = await asyncio.create_subprocess_exec(
                        *self._command,
                        stdin=theirs.fileno(),
                        stdout=asyncio.subprocess.DEVNULL,
                        stderr=asyncio.subprocess.DEVNULL,  # FFmpeg's words quote the file
                        start_new_session=True,
                        cwd="/",
                        env=self._environment,
                    )
                except BaseException:
                    ours.close()
                    raise
            ours.settimeout(0)  # who hangs must not hold us up
            if self._control is not None:
                self._control.close()
            self._control = ours
            return self._process

    async def fork(self) -> Child:
        """Give a new child. Raises OSError where there is none to be had; the next one may be."""
        process = await self.start()
        try:
            async with asyncio.timeout(_SECONDS_TO_FORK):
                return await self._fork(process)
        except (TimeoutError, ConnectionError) as error:
            if isinstance(error, TimeoutError):  # it hangs, so those at work are lost as well as this one
                self._kill_server()
            with suppress(TimeoutError):  # so that the next one is not asked of a server that dies just now
                await asyncio.wait_for(process.wait(), _SECONDS_TO_DIE)
            raise

    async def _fork(self, process: Process) -> Child:
        number = next(self._numbers)
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._send(number, theirs)
            reader, writer = await asyncio.open_connection(sock=ours, limit=self._longest_line_bytes)
        except BaseException:
            ours.close()
            raise
        child = Child(number, reader, writer, self, process)
        try:
            child.pid = _pid_in(await reader.readline())
        except BaseException:
            child.end()
            raise
        return child

    def forget(self, number: int) -> None:
        """Let the server know that a child is not needed any more."""
        with suppress(OSError):  # it died, and its children with it
            self._send(number)

    async def close(self) -> None:
        """End the server, which ends the children that are left."""
        if self._control is not None:
            self._control.close()
            self._control = None
        with suppress(TimeoutError):  # as long as it still loads its libraries it does not listen
            await asyncio.wait_for(self._ended(), _SECONDS_TO_DIE)
        self._kill_server()
        await self._ended()

    def _send(self, number: int, connection: socket.socket | None = None) -> None:
        if self._control is None:
            raise ConnectionError
        connections = [connection.fileno()] if connection else []
        socket.send_fds(self._control, [NUMBER.pack(number)], connections)

    async def _ended(self) -> None:
        if self._process is not None:
            await self._process.wait()

    def _kill_server(self) -> None:
        if self._process is not None and self._process.returncode is None:
            _kill_group(self._process.pid)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _pid_in(first_line: bytes) -> int:
    """Read who a child is. Raises OSError: the server could not fork, or died before it did."""
    if not first_line:
        raise ConnectionResetError
    said = json.loads(first_line)
    if "pid" not in said:
        raise OSError(said["why"])
    return int(said["pid"])
