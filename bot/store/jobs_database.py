"""The engine that DBOS keeps jobs with: the same database, opened its way (it works with sync drivers)."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.store.database import prepare_sqlite

if TYPE_CHECKING:
    from sqlalchemy import Engine

POOL_SIZE = 5
# From this version on SQLite gives unixepoch('subsec'), which DBOS's tables use as a default.
_SUBSECOND_SQLITE = (3, 42)


def open_jobs_engine(url: str) -> Engine:
    """Make DBOS's engine. Own, because its SQLite one sets no WAL and needs a newer SQLite library.

    With SQLite < 3.42 under Python 3.12 DBOS cannot start: `unixepoch('subsec')` is NULL there. So
    the connection brings its own.
    """
    if sa.make_url(url).get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_size=POOL_SIZE, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(url, pool_size=POOL_SIZE, hide_parameters=True)
    sa.event.listen(engine, "connect", prepare_sqlite)
    if sqlite3.sqlite_version_info < _SUBSECOND_SQLITE:
        sa.event.listen(engine, "connect", _add_unixepoch)
    return engine


def _add_unixepoch(connection: Any, _record: object) -> None:  # noqa: ANN401 -- a sqlite3 connection
    connection.create_function("unixepoch", -1, lambda *_: time.time())
