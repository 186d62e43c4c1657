"""Keep what people set for their channel with `/translate`: mode, prompt, terms, output and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.share import Output
from bot.store.database import METADATA, UtcDateTime, insert_into, storable, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_SETTINGS = sa.Table(
    "channel_settings",
    METADATA,
    sa.Column("team_id", sa.Text, primary_key=True),
    sa.Column("channel_id", sa.Text, primary_key=True),
    # NULL: nobody chose, so the default applies, also one that changes later.
    sa.Column("mode", sa.Text, nullable=True),
    sa.Column("prompt", sa.Text, nullable=False, server_default=""),
    # NULL in these: nobody chose, as for the mode.
    sa.Column("output", sa.Text, nullable=True),
    sa.Column("temperature", sa.Float, nullable=True),
    sa.Column("wants_original", sa.Boolean, nullable=True),
    sa.Column("skips_english", sa.Boolean, nullable=True),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
)

# Only beside a row of settings: whoever adds a term makes one.
_TERMS = sa.Table(
    "channel_terms",
    METADATA,
    sa.Column("team_id", sa.Text, primary_key=True),
    sa.Column("channel_id", sa.Text, primary_key=True),
    # The term without regard to case: Acme and ACME are one.
    sa.Column("folded", sa.Text, primary_key=True),
    sa.Column("term", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
)

# Every share asks for it, and building it takes longer than asking.
_ROWS_OF_CHANNEL = (
    sa.select(_SETTINGS, _TERMS.c.term)
    .outerjoin(
        _TERMS,
        sa.and_(_TERMS.c.team_id == _SETTINGS.c.team_id, _TERMS.c.channel_id == _SETTINGS.c.channel_id),
    )
    .where(
        _SETTINGS.c.team_id == sa.bindparam("team_id"), _SETTINGS.c.channel_id == sa.bindparam("channel_id")
    )
    .order_by(_TERMS.c.position, _TERMS.c.folded)
)

# They go along with every request, and what is over 900 characters no model reads.
MOST_TERMS = 50
LONGEST_GLOSSARY = 900


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


@dataclass(frozen=True, slots=True)
class TermsChange:
    """What became of a channel's terms: those that are new, or gone, and all that there are now."""

    changed: tuple[str, ...]
    glossary: tuple[str, ...]


class GlossaryFullError(Exception):
    """With these there would be `count` terms, of so many `characters` when joined: nothing was added."""

    def __init__(self, glossary: Iterable[str]) -> None:
        terms = list(glossary)
        self.count, self.characters = len(terms), len(", ".join(terms))
        super().__init__(f"{self.count} terms, {self.characters} characters")


class SettingsStore:
    """The settings of all channels."""

    def __init__(self, engine: AsyncEngine, *, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._now = now

    async def get(self, team_id: str, channel_id: str) -> ChannelSettings | None:
        """Look a channel up; None where nobody has set anything.

        One query, since every share asks: a row for each term, or one where there is none.
        """
        channel = {"team_id": team_id, "channel_id": channel_id}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_ROWS_OF_CHANNEL, channel)).all()
        if not rows:
            return None
        row = rows[0]
        return ChannelSettings(
            mode=None if row.mode is None else Mode(row.mode),
            prompt=row.prompt,
            output=_output(row.output),
            temperature=row.temperature,
            glossary=tuple(one.term for one in rows if one.term is not None),
            wants_original=row.wants_original,
            skips_english=row.skips_english,
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

    async def set_original(self, team_id: str, channel_id: str, *, wants_original: bool, by: str) -> None:
        """Choose whether a channel sees the words as they were said under the English."""
        await self._set(team_id, channel_id, "wants_original", wants_original, by=by)

    async def set_skips_english(self, team_id: str, channel_id: str, *, skips_english: bool, by: str) -> None:
        """Choose whether recordings that are in English already are left alone in a channel."""
        await self._set(team_id, channel_id, "skips_english", skips_english, by=by)

    async def add_terms(self, team_id: str, channel_id: str, terms: Iterable[str], *, by: str) -> TermsChange:
        """Add terms behind those that a channel has; one that is there already, in any case, stays as it is.

        All or none: raises GlossaryFullError where they would be too many.
        """
        async with self._engine.connect() as connection:
            await self._change(connection, team_id, channel_id, {}, by=by)
            standing = await _standing(connection, team_id, channel_id)
            new: dict[str, str] = {}
            for term in filter(None, map(storable, terms)):
                if term.casefold() not in standing:
                    new.setdefault(term.casefold(), term)
            glossary = (*(row.term for row in standing.values()), *new.values())
            if new:
                if len(glossary) > MOST_TERMS or len(", ".join(glossary)) > LONGEST_GLOSSARY:
                    raise GlossaryFullError(glossary)
                first = max((row.position for row in standing.values()), default=0) + 1
                await connection.execute(
                    sa.insert(_TERMS),
                    [
                        {
                            "team_id": team_id,
                            "channel_id": channel_id,
                            "folded": folded,
                            "term": term,
                            "position": position,
                        }
                        for position, (folded, term) in enumerate(new.items(), start=first)
                    ],
                )
                await connection.commit()
        return TermsChange(tuple(new.values()), glossary)

    async def remove_terms(
        self, team_id: str, channel_id: str, terms: Iterable[str], *, by: str
    ) -> TermsChange:
        """Take terms out, written in any case; one that is not there is left at that."""
        unwanted = {storable(term).casefold() for term in terms}
        async with self._engine.connect() as connection:
            await self._change(connection, team_id, channel_id, {}, by=by)
            standing = await _standing(connection, team_id, channel_id)
            gone = tuple(row.term for folded, row in standing.items() if folded in unwanted)
            if gone:
                await connection.execute(
                    sa.delete(_TERMS).where(
                        _TERMS.c.team_id == team_id,
                        _TERMS.c.channel_id == channel_id,
                        _TERMS.c.folded.in_(unwanted),
                    )
                )
                await connection.commit()
        return TermsChange(
            gone, tuple(row.term for folded, row in standing.items() if folded not in unwanted)
        )

    async def _set(
        self, team_id: str, channel_id: str, column: str, value: str | float | None, *, by: str
    ) -> None:
        """Write one column and leave the others alone, in one statement.

        Reading the row to write it back whole would lose what somebody else sets in between.
        """
        async with self._engine.begin() as connection:
            await self._change(connection, team_id, channel_id, {column: value}, by=by)

    async def _change(
        self,
        connection: AsyncConnection,
        team_id: str,
        channel_id: str,
        columns: dict[str, str | float | None],
        *,
        by: str,
    ) -> None:
        """Write columns of a channel's row, and who did it.

        Until the transaction ends, nobody else can do the same: who changes terms begins with it, so that
        of two people at once each sees what the other did. Not committed, it never was.
        """
        new = columns | {"changed_by": by, "changed_at": self._now()}
        insert = insert_into(self._engine, _SETTINGS).values(team_id=team_id, channel_id=channel_id, **new)
        await connection.execute(
            insert.on_conflict_do_update(index_elements=["team_id", "channel_id"], set_=new)
        )


async def _standing(connection: AsyncConnection, team_id: str, channel_id: str) -> dict[str, sa.Row[Any]]:
    """Give a channel's terms in their order, by what they are without regard to case."""
    terms = (
        sa.select(_TERMS)
        .where(_TERMS.c.team_id == team_id, _TERMS.c.channel_id == channel_id)
        .order_by(_TERMS.c.position, _TERMS.c.folded)
    )
    return {row.folded: row for row in await connection.execute(terms)}


def _output(stored: str | None) -> Output | None:
    """Read a stored output; one that only a later version knows counts as none."""
    return Output(stored) if stored in set(Output) else None
