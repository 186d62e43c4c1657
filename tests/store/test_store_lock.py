"""One process per database, held by the kernel or by the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.store.lock import LockHeldError, lock_file, lock_postgres

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.store.lock import AdvisoryLock, Lock
    from postgres import PostgresServer

    Take = Callable[[float], Awaitable[Lock]]


@pytest.fixture(params=["sqlite", "postgresql"])
def take(request: pytest.FixtureRequest, tmp_path: Path) -> Take:
    """Give a way to take one and the same lock with some patience; once per kind of database."""
    if request.param == "sqlite":
        path = tmp_path / "data" / "dragoman.db.lock"
        return lambda seconds: lock_file(path, patience_seconds=seconds)
    server = request.getfixturevalue("postgres")
    url = server.url(server.create_database())
    return lambda seconds: lock_postgres(url, patience_seconds=seconds)


async def test_a_held_lock_is_refused(take: Take) -> None:
    """Whoever finds the lock held gives up after their patience, in one line that says what to do."""
    lock = await take(0)
    try:
        with pytest.raises(LockHeldError, match="stop it, or give this one its own") as info:
            await take(0)
        assert len(str(info.value).splitlines()) == 1
    finally:
        await lock.close()


async def test_a_lock_that_becomes_free(take: Take) -> None:
    """Whoever waits gets the lock when the other one lets go of it."""
    first = await take(0)
    waiting = asyncio.ensure_future(take(20))
    _, pending = await asyncio.wait({waiting}, timeout=0.2)
    assert pending
    await first.close()
    second = await waiting
    with pytest.raises(LockHeldError):
        await take(0)
    await second.close()
    await (await take(0)).close()


async def test_the_file_of_the_lock_stays(tmp_path: Path) -> None:
    """The file is left behind: removing it would let two processes hold two locks. Its folder is private."""
    path = tmp_path / "data" / "dragoman.db.lock"
    await (await lock_file(path)).close()
    assert path.exists()
    assert path.parent.stat().st_mode & 0o777 == 0o700


class Watch:
    """The pauses between two looks: at each something happens, and at the last one the test ends."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self._happenings = list(happenings)
        self.over = asyncio.Event()
        self.lost = 0

    async def sleep(self, _seconds: float) -> None:
        """Let the next thing happen instead of a pause."""
        if not self._happenings:
            self.over.set()
            await asyncio.Event().wait()
        result = self._happenings.pop(0)()
        if asyncio.iscoroutine(result):
            await result

    def note_lost(self) -> None:
        """Note that the lock is another's."""
        self.lost += 1

    async def hold(self, lock: AdvisoryLock) -> None:
        """Watch over the lock until all has happened, or it is lost."""
        holding = asyncio.ensure_future(lock.hold(on_lost=self.note_lost, sleep=self.sleep))
        ending = asyncio.ensure_future(self.over.wait())
        await asyncio.wait({holding, ending}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        holding.cancel()
        await asyncio.gather(holding, ending, return_exceptions=True)


def nothing() -> None:
    """Let time pass."""


async def test_a_lock_outlives_its_server(postgres: PostgresServer) -> None:
    """After the server was away the lock is taken again, without a word: nobody else could have it."""
    url = postgres.url(postgres.create_database())
    lock, watch = await lock_postgres(url), Watch(nothing, postgres.stop, nothing, postgres.start, nothing)
    try:
        await watch.hold(lock)
        assert (watch.over.is_set(), watch.lost) == (True, 0)
        with pytest.raises(LockHeldError):
            await lock_postgres(url, patience_seconds=0)
    finally:
        await lock.close()


async def test_a_lock_that_another_took(postgres: PostgresServer) -> None:
    """Where another process was quicker after the server came back, the lock is lost, and that is said."""
    url, others = postgres.url(postgres.create_database()), []

    async def take() -> None:
        postgres.stop()
        postgres.start()
        others.append(await lock_postgres(url, patience_seconds=0))

    lock, watch = await lock_postgres(url), Watch(take, nothing, nothing)
    try:
        await watch.hold(lock)
        assert watch.lost == 1
    finally:
        await lock.close()
        for other in others:
            await other.close()
