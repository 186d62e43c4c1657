"""Open the database, bring it to this version, and say whether it can be used.

SQLite and PostgreSQL behind one engine. DBOS keeps its own tables in the same database (the schema
`dbos` on PostgreSQL, the same file on SQLite); nothing here touches them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.store.migrations import HEAD, VERSION_TABLE
from bot.store.trouble import (
    DatabaseError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    folder_refused,
    translated,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Dialect
    from sqlalchemy.ext.asyncio import AsyncConnection

# Who opens a database also catches its errors, so both come from here.
__all__ = [
    "METADATA",
    "DatabaseError",
    "DatabaseRefusedError",
    "DatabaseUnreachableError",
    "UtcDateTime",
    "insert_into",
    "is_current",
    "is_writable",
    "open_engine",
    "storable",
    "upgrade",
    "utc_now",
    "version_of",
]

METADATA = sa.MetaData()

# Any number will do as long as no other program locks the same one: the word, read in base 36.
_MIGRATION_LOCK = int("dragoman", 36)
_BUSY_MS = 30_000
_WAL_PAUSES_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_READY_BUSY_MS = 1_000


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment, aware and in UTC on both databases; SQLite by itself forgets the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store every moment as UTC, so that SQLite's texts compare as moments do."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        del dialect
        # Without a zone astimezone would take it for local time.
        return (
            None if value is None else (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        )


def utc_now() -> datetime:
    """Tell the time; the stores take it as an argument."""
    return datetime.now(UTC)


def open_engine(url: str) -> AsyncEngine:
    """Make the engine that all stores share; nothing is connected before the first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(parsed, pool_size=3, max_overflow=7, hide_parameters=True)
        sa.event.listen(engine.sync_engine, "connect", prepare_sqlite)
        return engine
    # Small: DBOS has a pool of its own, and platforms sell connections by the dozen. The ping finds
    # connections that died with the database, before a statement does.
    return create_async_engine(
        parsed,
        pool_size=3,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args=_postgres_arguments(parsed),
        hide_parameters=True,
    )


async def upgrade(url: str) -> bool:
    """Bring our tables to this version, and say whether there was anything to do.

    Safe when several processes do it at once. Raise `DatabaseRefusedError` for what is to be
    configured otherwise, `DatabaseUnreachableError` for what may come back.
    """
    return await asyncio.to_thread(_upgrade, make_url(url))


async def is_current(engine: AsyncEngine) -> bool:
    """Say whether our tables are of exactly this version."""
    with translated(str(engine.url)):
        async with engine.connect() as connection:
            return await connection.run_sync(version_of) == HEAD


async def is_writable(engine: AsyncEngine, *, timeout_seconds: float = 3.0) -> bool:
    """Say whether a write would be taken right now; whatever is wrong, the answer is no."""
    try:
        async with asyncio.timeout(timeout_seconds), engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                return await _is_sqlite_writable(connection, Path(engine.url.database or ""))
            # A standby and a database set to read-only both say "on".
            return bool(await connection.scalar(sa.text("SHOW transaction_read_only")) == "off")
    except (OSError, TimeoutError, sa.exc.SQLAlchemyError):
        return False


def insert_into(engine: AsyncEngine, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """Begin an INSERT that can say ON CONFLICT: both databases spell it alike, SQLAlchemy has two classes."""
    return sqlite.insert(table) if engine.dialect.name == "sqlite" else postgresql.insert(table)


def storable(text: str) -> str:
    """Take out what one of the databases refuses: PostgreSQL knows no NUL, neither half a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 -- sqlite3's, or aiosqlite's in its guise
    """Set what SQLite keeps per connection."""
    cursor = connection.cursor()
    # First, so that the statements below wait too.
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    # Readers and a writer at once. This one is kept in the file, so it serves DBOS's connections too.
    _switch_to_wal(cursor)
    # An acked event has to outlive a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:  # noqa: ANN401 -- sqlite3's, or aiosqlite's in its guise
    """Switch the file to WAL unless it is; for this one statement SQLite does not wait for others itself."""
    for pause in (*_WAL_PAUSES_SECONDS, None):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return


def _postgres_arguments(url: URL) -> dict[str, str | int]:
    """Notice a dead server within half a minute; what DATABASE_URL says itself wins."""
    ours: dict[str, str | int] = {
        "application_name": "dragoman",
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return {name: value for name, value in ours.items() if name not in url.query}


async def _is_sqlite_writable(connection: AsyncConnection, path: Path) -> bool:
    # A file that was removed stays open, and would take writes that nobody finds again.
    if not await asyncio.to_thread(path.exists):
        return False
    await connection.exec_driver_sql(f"PRAGMA busy_timeout = {_READY_BUSY_MS}")
    try:
        await connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        await connection.rollback()
        await connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_MS}")
    return True


# --- migrations ---------------------------------------------------------------------------------


def _upgrade(url: URL) -> bool:
    engine = _open_for_migration(url)
    with translated(url.render_as_string()), engine.connect() as connection:
        if version_of(connection) == HEAD:
            return False
        _lock_out_others(connection)
        # Once more: another process may have done it while this one waited for the lock.
        version = version_of(connection)
        if version == HEAD:
            return False
        if version > HEAD:
            msg = "DATABASE_URL: the database was written by a newer version: update Dragoman"
            raise DatabaseRefusedError(msg)
        _run_migrations(connection)
        connection.commit()
    return True


def _open_for_migration(url: URL) -> sa.Engine:
    """Make a sync engine, because Alembic is sync; psycopg is both, SQLite has its own driver for it."""
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(
            url, poolclass=NullPool, connect_args=_postgres_arguments(url), hide_parameters=True
        )
    path = Path(url.database or "")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Prompts and jobs are nobody else's to read. SQLite gives its other files the same mode.
        path.touch(mode=0o600)
    except OSError as error:
        raise folder_refused(str(path), error) from error
    engine = sa.create_engine(url.set(drivername="sqlite"), poolclass=NullPool, hide_parameters=True)
    sa.event.listen(engine, "connect", prepare_sqlite)
    return engine


def version_of(connection: Connection) -> str:
    """Read the version of our tables; empty where there are none yet."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return ""
    return connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")) or ""  # noqa: S608 -- a constant


def _lock_out_others(connection: Connection) -> None:
    """Hold a lock until the transaction ends, so that migrations run in one process at a time."""
    if connection.dialect.name == "sqlite":
        # The only lock that SQLite has: on the whole file, for writers.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # There is no table yet that could be locked.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))


def _run_migrations(connection: Connection) -> None:
    """Let Alembic run what is missing, inside the caller's transaction."""
    # Importing it takes longer than the rest of a start on a database that is current.
    from alembic import command  # noqa: PLC0415 -- see above
    from alembic.config import Config  # noqa: PLC0415 -- see above

    config = Config(attributes={"connection": connection})
    # By the package's name: in a path, a % would be read as a reference to another option.
    config.set_main_option("script_location", "bot.store:migrations")
    command.upgrade(config, "head")
