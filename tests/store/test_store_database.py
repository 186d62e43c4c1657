from __future__ import annotations

import asyncio
import shutil
import socket
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.engine import make_url

import bot.store.withdrawals  # noqa: F401 -- importing it registers its tables
from bot.share import Output
from bot.store import migrations
from bot.store.database import (
    METADATA,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    is_current,
    is_writable,
    open_engine,
    upgrade,
)
from bot.store.settings import ChannelSettings, Mode, SettingsStore
from bot.store.trouble import translated
from postgres import PASSWORD, PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine


def async_url(url: str) -> str:
    """Spell a server's address as SQLAlchemy takes it."""
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    """Give a path that does not exist, with all that an address would have to escape."""
    return tmp_path / "a folder" / "50%25 sure" / "dragoman.db"


def sqlite_url(path: Path) -> str:
    """Spell a path as SQLAlchemy takes it."""
    return sa.URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


# --- migrations ---------------------------------------------------------------------------------


async def test_upgrade_and_again(database_url: str) -> None:
    """An empty database is brought to this version once; after that there is nothing to do."""
    engine = open_engine(database_url)
    before = await is_current(engine)

    done = [await upgrade(database_url), await upgrade(database_url)]

    assert (before, done, await is_current(engine)) == (False, [True, False], True)
    await engine.dispose()


async def test_tables_are_those_of_the_stores(engine: AsyncEngine) -> None:
    """The migrations make exactly the tables that the stores use."""
    assert {"channel_settings", "channel_terms", "withdrawals"} <= METADATA.tables.keys()

    def differences(connection: Connection) -> list[object]:
        options = {"version_table": migrations.VERSION_TABLE, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_head_is_the_newest_migration() -> None:
    """The version that a start compares with is the newest migration, and there is one line of them."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))

    assert script.get_heads() == [migrations.HEAD]


def make_old(database_url: str, revision: str, *statements: str) -> None:
    """Make a database of a former version, with what is in it."""
    url = make_url(database_url)
    driver = "sqlite" if url.get_backend_name() == "sqlite" else url.drivername
    old = sa.create_engine(url.set(drivername=driver), poolclass=sa.NullPool)
    with old.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", "bot.store:migrations")
        command.upgrade(config, revision)
        for statement in statements:
            connection.exec_driver_sql(statement)
    old.dispose()


async def test_upgrade_of_a_database_in_use(database_url: str) -> None:
    """The settings of a database of the first version stay what they were; nobody has chosen what is new."""
    make_old(
        database_url,
        "0001",
        "INSERT INTO channel_settings VALUES"
        " ('T1', 'C1', 'ask', 'Zoë', 'U1', '2026-11-20 09:00:00+00:00'),"
        " ('T1', 'C2', NULL, '', 'U2', '2026-11-20 09:00:00+00:00')",
    )

    done = [await upgrade(database_url), await upgrade(database_url)]

    engine = open_engine(database_url)
    store = SettingsStore(engine)
    found = [await store.get("T1", channel) for channel in ("C1", "C2")]
    morning = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert done == [True, False]
    assert found == [
        ChannelSettings(Mode.ASK, "Zoë", changed_by="U1", changed_at=morning),
        ChannelSettings(None, "", changed_by="U2", changed_at=morning),
    ]
    await store.set_output("T1", "C1", Output.SRT, by="U3")
    await store.set_temperature("T1", "C1", 0.2, by="U3")
    after = await store.get("T1", "C1")
    assert after is not None
    assert (after.mode, after.prompt, after.output, after.temperature) == (Mode.ASK, "Zoë", Output.SRT, 0.2)
    await engine.dispose()


async def test_upgrade_to_terms(database_url: str) -> None:
    """The settings of the second version stay, too, and the channel can have terms and the new choices."""
    make_old(
        database_url,
        "0002",
        "INSERT INTO channel_settings"
        " (team_id, channel_id, mode, prompt, output, temperature, changed_by, changed_at) VALUES"
        " ('T1', 'C1', 'off', 'Zoë', 'vtt', 0.5, 'U1', '2026-11-20 09:00:00+00:00')",
    )

    assert await upgrade(database_url)

    engine = open_engine(database_url)
    store = SettingsStore(engine)
    before = await store.get("T1", "C1")
    assert before == ChannelSettings(
        Mode.OFF, "Zoë", Output.VTT, 0.5, changed_by="U1", changed_at=datetime(2026, 11, 20, 9, tzinfo=UTC)
    )
    await store.add_terms("T1", "C1", ["Acme"], by="U2")
    await store.set_original("T1", "C1", wants_original=True, by="U2")
    await store.set_skips_english("T1", "C1", skips_english=True, by="U2")
    after = await store.get("T1", "C1")
    assert after is not None
    assert (after.prompt, after.glossary, after.wants_original, after.skips_english) == (
        "Zoë",
        ("Acme",),
        True,
        True,
    )
    await engine.dispose()


async def test_parallel_upgrades(database_url: str) -> None:
    """Of several that upgrade an empty database at once, one does it and the others wait for it."""
    done = await asyncio.gather(*(upgrade(database_url) for _ in range(4)))

    assert sorted(done) == [False, False, False, True]


async def test_upgrade_leaves_other_tables_alone(database_url: str) -> None:
    """Tables of DBOS, or of whoever shares the database, stay as they are; so does an alien version table."""
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        await connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")

    await upgrade(database_url)

    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "theirs"
    await engine.dispose()


async def test_newer_database(engine: AsyncEngine, database_url: str) -> None:
    """A database that a newer version wrote is refused and left as it is."""
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE dragoman_version SET version_num = '9999'")

    with pytest.raises(DatabaseRefusedError, match=r"DATABASE_URL.*newer version.*update"):
        await upgrade(database_url)

    assert not await is_current(engine)


async def test_current_start_does_not_import_alembic(sqlite_file: Path) -> None:
    """A start on a current database is quick: it never imports Alembic."""
    await upgrade(sqlite_url(sqlite_file))
    program = (
        "import asyncio, sys; from bot.store.database import upgrade; "
        "assert not asyncio.run(upgrade(sys.argv[1])); assert 'alembic' not in sys.modules"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, sqlite_url(sqlite_file))

    assert await process.wait() == 0


async def test_failed_migration_leaves_nothing(database_url: str) -> None:
    """A database where another program has such a table is refused, and no half of ours is left in it."""
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE withdrawals (theirs INTEGER)")

    with pytest.raises(DatabaseRefusedError, match="tables of another program"):
        await upgrade(database_url)

    async with engine.connect() as connection:
        names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    assert names == ["withdrawals"]
    await engine.dispose()


# --- SQLite -------------------------------------------------------------------------------------


def test_sqlite_file_is_private(sqlite_file: Path) -> None:
    """Missing folders are made, and nobody else may read what lies in them."""
    asyncio.run(upgrade(sqlite_url(sqlite_file)))

    assert sqlite_file.stat().st_mode & 0o777 == 0o600
    assert sqlite_file.parent.stat().st_mode & 0o777 == 0o700


async def test_sqlite_settings(sqlite_file: Path) -> None:
    """Every SQLite connection waits for locks, survives a power cut and lets readers beside a writer."""
    await upgrade(sqlite_url(sqlite_file))
    engine = open_engine(sqlite_url(sqlite_file))
    names = ("busy_timeout", "journal_mode", "synchronous", "foreign_keys")

    async with engine.connect() as one, engine.connect() as two:
        found = [
            [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]
            for connection in (one, two)
        ]

    assert found == [[30_000, "wal", 2, 1]] * 2
    await engine.dispose()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(
            lambda path: path.mkdir(), "cannot be opened: choose", id="a folder where the file should be"
        ),
        pytest.param(
            lambda path: path.write_text("x" * 9999), "is no SQLite database: move it", id="another file"
        ),
    ],
)
async def test_sqlite_refused(tmp_path: Path, make: object, words: str) -> None:
    """A path that can never be a database is a configuration fault that names it."""
    path = tmp_path / "dragoman.db"
    assert callable(make)
    make(path)

    with pytest.raises(DatabaseRefusedError, match=f"DATABASE_URL.*{path} {words}"):
        await upgrade(sqlite_url(path))


async def test_sqlite_below_a_file(tmp_path: Path) -> None:
    """A folder that cannot be made is a configuration fault that names the path."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "dragoman.db"

    with pytest.raises(DatabaseRefusedError, match=rf"DATA_DIR.*{path} cannot be written \("):
        await upgrade(sqlite_url(path))


def sqlite_trouble(path: Path, statement: str, mode: str) -> None:
    """Let SQLite itself raise, in SQLAlchemy's wrapping."""
    address = f"file:{quote(str(path))}?mode={mode}"
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, timeout=0.01, isolation_level=None),
        poolclass=sa.NullPool,
    )
    with translated(sqlite_url(path)), engine.connect() as connection:
        connection.exec_driver_sql(statement)


async def test_sqlite_read_only(sqlite_file: Path) -> None:
    """A database that may be read but not written is a configuration fault."""
    await upgrade(sqlite_url(sqlite_file))

    with pytest.raises(DatabaseRefusedError, match="cannot be written: choose a folder"):
        sqlite_trouble(sqlite_file, "DELETE FROM withdrawals", "ro")


async def test_sqlite_locked(sqlite_file: Path) -> None:
    """A database that another process holds is waited for: no variable is wrong."""
    await upgrade(sqlite_url(sqlite_file))
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DatabaseUnreachableError, match="SQLITE_BUSY"):
        sqlite_trouble(sqlite_file, "BEGIN IMMEDIATE", "rw")

    other.close()


async def test_sqlite_writable_or_not(sqlite_file: Path) -> None:
    """A locked file is not writable until the lock is gone, and a removed one never again."""
    await upgrade(sqlite_url(sqlite_file))
    engine = open_engine(sqlite_url(sqlite_file))
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    found = [await is_writable(engine)]
    other.execute("BEGIN IMMEDIATE")
    found.append(await is_writable(engine))
    other.execute("ROLLBACK")
    found.append(await is_writable(engine))
    async with engine.connect() as connection:
        waits = (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar()
    shutil.rmtree(sqlite_file.parent)
    found.append(await is_writable(engine))

    assert (found, waits) == ([True, False, True, False], 30_000)
    other.close()
    await engine.dispose()


# --- PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """Give the name of a fresh database."""
    name = postgres.create_database()
    yield name
    postgres.drop_database(name)


@pytest.mark.parametrize(
    ("user", "password", "end", "words"),
    [
        pytest.param("postgres", "wrong-word", "postgres", "user and password", id="a wrong password"),
        pytest.param("nobody-here", "wrong-word", "postgres", "user and password", id="no such user"),
        pytest.param("postgres", PASSWORD, "missing", "does not exist", id="no such database"),
        pytest.param("postgres", PASSWORD, "postgres?schema=x", "option", id="an option of another driver"),
        pytest.param("postgres", PASSWORD, "postgres?sslmode=require", "sslmode", id="no encryption"),
    ],
)
async def test_postgres_refused(
    postgres: PostgresServer, user: str, password: str, end: str, words: str
) -> None:
    """A login that the server refuses is a configuration fault, told in one clause without the password."""
    with pytest.raises(DatabaseRefusedError, match=f"^DATABASE_URL .*{words}") as caught:
        await upgrade(async_url(postgres.url(end, user=user, password=password)))

    assert password not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_postgres_without_rights(postgres: PostgresServer, database: str) -> None:
    """A user who may not create tables is a configuration fault."""
    postgres.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"), database)
    postgres.execute(sql.SQL("CREATE ROLE reader LOGIN PASSWORD 'x'"))
    try:
        with pytest.raises(DatabaseRefusedError, match="grant CREATE"):
            await upgrade(async_url(postgres.url(database, user="reader", password="x")))  # noqa: S106 -- above
    finally:
        postgres.execute(sql.SQL("DROP ROLE reader"))


async def test_postgres_down(unused_tcp_port: int) -> None:
    """A server that nobody runs is waited for: it may come back."""
    url = f"postgresql+psycopg://u:geheim@127.0.0.1:{unused_tcp_port}/d"
    engine = open_engine(url)

    with pytest.raises(DatabaseUnreachableError, match="does not answer") as caught:
        await upgrade(url)
    with pytest.raises(DatabaseUnreachableError):
        await is_current(engine)

    assert "geheim" not in str(caught.value)
    assert not await is_writable(engine)


async def test_postgres_full(postgres: PostgresServer, database: str) -> None:
    """A server without a free connection is waited for, although it refuses with the same word."""
    postgres.execute(sql.SQL("CREATE ROLE crowd LOGIN PASSWORD 'x' CONNECTION LIMIT 0"))
    try:
        with pytest.raises(DatabaseUnreachableError):
            await upgrade(async_url(postgres.url(database, user="crowd", password="x")))  # noqa: S106 -- above
    finally:
        postgres.execute(sql.SQL("DROP ROLE crowd"))


async def test_postgres_silent() -> None:
    """A server that takes the connection and says nothing makes /readyz say no in time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = open_engine(f"postgresql+psycopg://u:p@127.0.0.1:{silent.getsockname()[1]}/d")

        assert not await is_writable(engine, timeout_seconds=0.1)


async def test_postgres_read_only(postgres: PostgresServer, database: str) -> None:
    """A database that takes no writes, as a standby does, is not writable although it answers."""
    url = async_url(postgres.url(database))
    await upgrade(url)
    engine = open_engine(url)
    found = [await is_writable(engine)]
    await engine.dispose()
    postgres.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(database))
    )
    found.append(await is_writable(engine))

    assert found == [True, False]
    await engine.dispose()


async def test_postgres_connection_dies(postgres: PostgresServer, database: str) -> None:
    """A connection that died in the pool is replaced before anybody notices."""
    url = async_url(postgres.url(database))
    await upgrade(url)
    engine = open_engine(url)
    assert await is_current(engine)

    postgres.execute(
        sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(database)
    )

    assert await is_current(engine)
    await engine.dispose()


async def test_postgres_url_wins(postgres: PostgresServer, database: str) -> None:
    """What DATABASE_URL says after the ? wins over what we would ask for."""
    engine = open_engine(async_url(postgres.url(database)) + "?application_name=theirs")

    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SHOW application_name")) == "theirs"

    await engine.dispose()


@pytest.mark.parametrize(
    "words",
    [
        "FATAL:  the database system is starting up",
        "FATAL:  the database system is shutting down",
        "FATAL:  sorry, too many clients already",
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "could not translate host name to address: Temporary failure in name resolution",
        "connection timeout expired",
    ],
)
def test_postgres_words_of_a_server_that_will_be_back(words: str) -> None:
    """Words of a server that is only starting, ending, crowded or far away are no configuration fault."""
    error = sa.exc.OperationalError("", {}, psycopg.OperationalError(words))
    with pytest.raises(DatabaseUnreachableError), translated("postgresql://h/d"):
        raise error


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "u"', "pg_hba.conf"),
        ("fe_sendauth: no password supplied", "user and password"),
        ("FATAL:  Tenant or user not found", "user and password"),
        ("FATAL:  no such database: d", "create it"),
        ("SSL error: certificate verify failed", "certificate"),
        ("FATAL:  something new", "is refused by the server"),
    ],
)
def test_postgres_words_of_a_refusal(words: str, remedy: str) -> None:
    """Words of a server that refuses this very login are a configuration fault with its own remedy."""
    error = sa.exc.OperationalError("", {}, psycopg.OperationalError(words))
    with pytest.raises(DatabaseRefusedError, match=remedy), translated("postgresql://h/d"):
        raise error


def test_no_connection_free() -> None:
    """A pool whose connections are all taken is trouble that passes."""
    engine = sa.create_engine(
        "sqlite://", poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0
    )
    with (
        pytest.raises(DatabaseUnreachableError, match="no connection became free"),
        translated("sqlite://"),
        engine.connect(),
        engine.connect(),
    ):
        pass
    engine.dispose()
