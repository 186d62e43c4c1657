"""The engine that DBOS keeps jobs with, on both databases."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import pytest

from bot.store import jobs_database
from bot.store.jobs_database import open_jobs_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import sqlalchemy as sa

    from postgres import PostgresServer


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    """Connect to a fresh SQLite file as DBOS does."""
    engine = open_jobs_engine(f"sqlite:///{tmp_path / 'dragoman.db'}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 30_000), ("foreign_keys", 1)],
)
def test_how_sqlite_is_opened(connection: sa.Connection, pragma: str, value: object) -> None:
    """Readers and a writer at once, on disk before the ack, waiting rather than failing: DBOS sets none."""
    assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_the_time_of_an_old_sqlite(connection: sa.Connection) -> None:
    """`unixepoch('subsec')`, a default in DBOS's tables, is never NULL, as an old library would have it."""
    now: Any = connection.exec_driver_sql("SELECT unixepoch('subsec')").scalar()
    assert now == pytest.approx(time.time(), abs=5)


def test_the_clock_that_old_libraries_get() -> None:
    """What is lent to libraries without it takes any arguments, and gives parts of seconds."""
    connection = sqlite3.connect(":memory:")
    jobs_database._add_unixepoch(connection, None)  # noqa: SLF001 -- used only with libraries before 3.42
    row = connection.execute("SELECT unixepoch('subsec'), unixepoch()").fetchone()
    assert row == (pytest.approx(time.time(), abs=5), pytest.approx(time.time(), abs=5))
    connection.close()


def test_postgresql_comes_back(postgres: PostgresServer) -> None:
    """A connection that died with the server is replaced before a statement meets it."""
    url = postgres.url(postgres.create_database()).replace("postgresql:", "postgresql+psycopg:")
    engine = open_jobs_engine(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    postgres.stop()
    postgres.start()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()
