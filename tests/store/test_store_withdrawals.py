from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.store.withdrawals import WithdrawalStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncEngine

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_nothing_withdrawn(engine: AsyncEngine) -> None:
    """What nobody deleted is not withdrawn."""
    assert not await WithdrawalStore(engine).has("T1", "C1", "1.000100", "F1")


@pytest.mark.parametrize(
    "file_ids", [pytest.param(None, id="none named"), pytest.param([], id="an empty list")]
)
async def test_whole_message(engine: AsyncEngine, file_ids: Collection[str] | None) -> None:
    """A deleted message withdraws all its files, and nothing of another message, channel or workspace."""
    store = WithdrawalStore(engine)

    await store.add("T1", "C1", "1.000100", file_ids)

    assert await store.has("T1", "C1", "1.000100", "F1")
    assert await store.has("T1", "C1", "1.000100", "F2")
    assert not await store.has("T1", "C1", "1.000200", "F1")
    assert not await store.has("T1", "C2", "1.000100", "F1")
    assert not await store.has("T2", "C1", "1.000100", "F1")


async def test_some_files(engine: AsyncEngine) -> None:
    """A file that was taken out of its message is withdrawn, the others are not."""
    store = WithdrawalStore(engine)

    await store.add("T1", "C1", "1.000100", {"F1", "F3"})

    found = [await store.has("T1", "C1", "1.000100", file_id) for file_id in ("F1", "F2", "F3")]
    assert found == [True, False, True]


async def test_twice(engine: AsyncEngine) -> None:
    """The same deletion told twice, even at once and in another order, does no harm."""
    store = WithdrawalStore(engine)

    await asyncio.gather(
        *(store.add("T1", "C1", "1.000100", ["F1", "F2"]) for _ in range(5)),
        *(store.add("T1", "C1", "1.000100", ["F2", "F1", "F1"]) for _ in range(5)),
    )

    assert await store.purge(before=datetime.now(UTC) + timedelta(days=1)) == 2


async def test_purge(engine: AsyncEngine) -> None:
    """What was deleted long ago is forgotten, what was deleted since is kept."""
    await WithdrawalStore(engine, now=lambda: NOON - timedelta(seconds=1)).add("T1", "C1", "1.000100", None)
    await WithdrawalStore(engine, now=lambda: NOON).add("T1", "C1", "1.000200", None)
    store = WithdrawalStore(engine)

    assert await store.purge(before=NOON) == 1

    assert not await store.has("T1", "C1", "1.000100", "F1")
    assert await store.has("T1", "C1", "1.000200", "F1")
