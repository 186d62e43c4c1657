"""Keep what people set for their channel with `/translate`: mode, prompt, output and temperature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.share import Output
from bot.store.database import METADATA, UtcDateTime, insert_into, storable, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncEngine

_SETTINGS = sa.Table(
    "channel_settings",
    METADATA,
    sa.Column("team_id", sa.Text, primary_key=True),
    sa.Column("channel_id", sa.Text, primary_key=True),
    # NULL: nobody chose, so the default applies, also one that changes later.
    sa.Column("mode", sa.Text, nullable=True),
    sa.Column("prompt", sa.Text, nullable=False, server_default=""),
    # NULL in both: nobody chose, as for the mode.
    sa.Column("output", sa.Text, nullable=True),
    sa.Column("temperature", sa.Float, nullable=True),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
)


class Mode(StrEnum):
    """What happens to audio files in a channel: translated at once, when asked for, or not at all."""

    ON = "on"
    ASK = "ask"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What people chose for a channel; None is what nobody chose."""

    mode: Mode | None = None
    prompt: str = ""
    output: Output | None = None
    temperature: float | None = None
    glossary: tuple[str, ...] = ()
    wants_original: bool | None = None
    skips_english: bool | None = None
    changed_by: str = ""
    changed_at: datetime | None = None


class SettingsStore:
    """The settings of all channels."""

    def __init__(self, engine: AsyncEngine, *, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def get(self, team_id: str, channel_id: str) -> ChannelSettings | None:
        """Look a channel up; None where nobody has set anything."""
        row_of_channel = sa.select(_SETTINGS).where(
            _SETTINGS.c.team_id == team_id, _SETTINGS.c.channel_id == channel_id
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(row_of_channel)).one_or_none()
        if row is None:
            return None
        return ChannelSettings(
            mode=None if row.mode is None else Mode(row.mode),
            prompt=row.prompt,
            output=_output(row.output),
            temperature=row.temperature,
            changed_by=row.changed_by,
            changed_at=row.changed_at,
        )

    async def set_mode(self, team_id: str, channel_id: str, mode: Mode, *, by: str) -> None:
        """Choose the mode of a channel."""
        await self._set(team_id, channel_id, "mode", mode.value, by=by)

    async def set_prompt(self, team_id: str, channel_id: str, prompt: str, *, by: str) -> None:
        """Choose the prompt of a channel; an empty one clears it."""
        await self._set(team_id, channel_id, "prompt", storable(prompt), by=by)

    async def set_output(self, team_id: str, channel_id: str, output: Output, *, by: str) -> None:
        """Choose what a channel's replies bring besides the text."""
        await self._set(team_id, channel_id, "output", output.value, by=by)

    async def set_temperature(
        self, team_id: str, channel_id: str, temperature: float | None, *, by: str
    ) -> None:
        """Choose the temperature of a channel; None leaves it to the default again."""
        await self._set(team_id, channel_id, "temperature", temperature, by=by)

    async def _set(
        self, team_id: str, channel_id: str, column: str, value: str | float | None, *, by: str
    ) -> None:
        """Write one column and leave the others alone, in one statement.

        Reading the row to write it back whole would lose what somebody else sets in between.
        """
        new = {column: value, "changed_by": by, "changed_at": self._now()}
        insert = insert_into(self._engine, _SETTINGS).values(team_id=team_id, channel_id=channel_id, **new)
        async with self._engine.begin() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["team_id", "channel_id"], set_=new)
            )


def _output(stored: str | None) -> Output | None:
    """Read a stored output; one that only a later version knows counts as none."""
    return Output(stored) if stored in set(Output) else None
