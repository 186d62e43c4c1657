"""One process per database, held by the kernel or by the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.store.lock import LockHeldError, lock_file, lock_postgres

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.store.lock import Lock

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
