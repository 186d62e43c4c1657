"""One process per database: two that run the same jobs would answer twice.

SQLite: a lock on a file beside the database. PostgreSQL: an advisory lock, held by a connection of
its own for as long as the process lives. (A fleet of workers needs neither; it is not in this version.)
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from typing import TYPE_CHECKING, Protocol

import psycopg

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 30
POLL_SECONDS = 0.5
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

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection

    async def try_lock(self) -> bool:
        """Take the lock if it is free."""
        cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s)", (_ADVISORY_KEY,))
        row = await cursor.fetchone()
        return bool(row and row[0])

    async def close(self) -> None:
        """Give the lock back."""
        await self._connection.close()


async def lock_postgres(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Lock:
    """Lock a PostgreSQL database; `url` as libpq reads it. Raises LockHeldError as `lock_file`."""
    lock = AdvisoryLock(await psycopg.AsyncConnection.connect(url, autocommit=True))
    deadline = time.monotonic() + patience_seconds
    while not await lock.try_lock():
        if time.monotonic() >= deadline:
            await lock.close()
            msg = "another Dragoman runs on this DATABASE_URL: stop it, or give this one its own database"
            raise LockHeldError(msg)
        await asyncio.sleep(POLL_SECONDS)
    return lock
