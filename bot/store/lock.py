"""One process per database: two that run the same jobs would answer twice.

SQLite: a lock on a file beside the database. PostgreSQL: an advisory lock, held by a connection of
its own for as long as the process lives. (A fleet of workers needs neither; it is not in this version.)
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

PATIENCE_SECONDS = 30
POLL_SECONDS = 0.5
WATCH_SECONDS = 5
ANSWER_SECONDS = 10
# A server that vanished is noticed within half a minute.
_KEEPALIVES: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_ADVISORY_KEY = int("dragomanrun", 36) % 2**63


class LockHeldError(Exception):
    """Another process runs on this database; the message says so to who started this one."""


class Lock(Protocol):
    """Holds the lock until the process ends."""

    async def close(self) -> None:
        """Give the lock back."""
        ...


class FileLock:
    """An flock; the kernel gives it back when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = path.open("a")

    def try_lock(self) -> bool:
        """Take the lock if it is free."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def close(self) -> None:
        """Give the lock back. The file stays: removing it would let two processes hold two locks."""
        self._file.close()


async def lock_file(path: Path, *, patience_seconds: float = PATIENCE_SECONDS) -> Lock:
    """Lock the folder of a SQLite database. Raises LockHeldError when another process keeps it."""
    lock = FileLock(path)
    deadline = time.monotonic() + patience_seconds
    while not lock.try_lock():
        if time.monotonic() >= deadline:
            await lock.close()
            msg = f"another Dragoman runs on {path.parent}: stop it, or give this one its own DATA_DIR"
            raise LockHeldError(msg)
        await asyncio.sleep(POLL_SECONDS)
    return lock


class AdvisoryLock:
    """A PostgreSQL session lock; the server gives it back when the connection ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection | None = None

    async def try_lock(self) -> bool:
        """Connect where there is no connection, and take the lock if it is free."""
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, **_KEEPALIVES
            )
        cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s)", (_ADVISORY_KEY,))
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def hold(
        self,
        *,
        on_lost: Callable[[], None],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Keep the lock for as long as this runs: with the connection it is lost, and taken again.

        Calls `on_lost` when another process took it first: two must never run the same jobs.
        """
        while True:
            await sleep(WATCH_SECONDS)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    is_ours = await self._is_alive() or await self.try_lock()
            except (psycopg.Error, TimeoutError, OSError):
                await self.close()  # the database is away: nobody else can take the lock either
                continue
            if not is_ours:
                on_lost()
                return

    async def close(self) -> None:
        """Give the lock back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _is_alive(self) -> bool:
        if self._connection is None:
            return False
        await self._connection.execute("SELECT 1")
        return True


async def lock_postgres(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> AdvisoryLock:
    """Lock a PostgreSQL database; `url` as libpq reads it. Raises LockHeldError as `lock_file`."""
    lock = AdvisoryLock(url)
    deadline = time.monotonic() + patience_seconds
    while not await lock.try_lock():
        if time.monotonic() >= deadline:
            await lock.close()
            msg = "another Dragoman runs on this DATABASE_URL: stop it, or give this one its own database"
            raise LockHeldError(msg)
        await asyncio.sleep(POLL_SECONDS)
    return lock
