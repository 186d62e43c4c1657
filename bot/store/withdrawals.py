"""Remember which sources people deleted, so that a job already under way posts nothing for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.store.database import METADATA, UtcDateTime, insert_into, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

# Stands for every file of a message. A NULL would be unequal to itself, and so never found twice.
_WHOLE_MESSAGE = ""

_WITHDRAWALS = sa.Table(
    "withdrawals",
    METADATA,
    sa.Column("team_id", sa.Text, primary_key=True),
    sa.Column("channel_id", sa.Text, primary_key=True),
    sa.Column("ts", sa.Text, primary_key=True),
    sa.Column("file_id", sa.Text, primary_key=True),
    sa.Column("withdrawn_at", UtcDateTime, nullable=False, index=True),
)

# Every reply asks for it, and building it takes longer than asking.
_IS_WITHDRAWN = sa.select(
    sa.exists().where(
        _WITHDRAWALS.c.team_id == sa.bindparam("team_id"),
        _WITHDRAWALS.c.channel_id == sa.bindparam("channel_id"),
        _WITHDRAWALS.c.ts == sa.bindparam("ts"),
        sa.or_(_WITHDRAWALS.c.file_id == _WHOLE_MESSAGE, _WITHDRAWALS.c.file_id == sa.bindparam("file_id")),
    )
)


class WithdrawalStore:
    """The deleted messages and files of the last days."""

    def __init__(self, engine: AsyncEngine, *, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def add(self, team_id: str, channel_id: str, ts: str, file_ids: Collection[str] | None) -> None:
        """Note that a message was deleted, or only these files of it; once more does no harm."""
        withdrawn_at = self._now()
        rows = [
            {
                "team_id": team_id,
                "channel_id": channel_id,
                "ts": ts,
                "file_id": file_id,
                "withdrawn_at": withdrawn_at,
            }
            # Sorted: two writers that lock the same rows in another order would wait for each other.
            for file_id in sorted(set(file_ids or [_WHOLE_MESSAGE]))
        ]
        async with self._engine.begin() as connection:
            await connection.execute(insert_into(self._engine, _WITHDRAWALS).on_conflict_do_nothing(), rows)

    async def has(self, team_id: str, channel_id: str, ts: str, file_id: str) -> bool:
        """Say whether this file, or the whole message it is in, was deleted."""
        file = {"team_id": team_id, "channel_id": channel_id, "ts": ts, "file_id": file_id}
        async with self._engine.connect() as connection:
            return bool(await connection.scalar(_IS_WITHDRAWN, file))

    async def purge(self, before: datetime) -> int:
        """Forget what was deleted before this moment, and say how many that were."""
        old = sa.delete(_WITHDRAWALS).where(_WITHDRAWALS.c.withdrawn_at < before)
        async with self._engine.begin() as connection:
            return (await connection.execute(old)).rowcount
