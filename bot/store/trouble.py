"""Tell a database that is configured wrongly from one that is only down, and say it in one clause.

A wrong variable ends the start; a database that is down is waited for. The drivers raise one and the
same OperationalError for both.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

if TYPE_CHECKING:
    from collections.abc import Iterator

# libpq gives no code for a refused login, only the server's words.
_POSTGRES_IS_BUSY = re.compile(
    r"the database system is|too many (connections|clients)|remaining connection slots|terminating connection"
    r"|cannot connect to server|query_wait_timeout|server_login_retry|not currently accepting",
    re.IGNORECASE,
)
_POSTGRES_REFUSALS = (
    (r'database ".*" does not exist|no such database', "names a database that does not exist: create it"),
    (
        r"password|role \"|authentication|no such user|user not found",
        "is refused: check its user and password",
    ),
    (r"pg_hba\.conf", "is refused by the server's pg_hba.conf: allow this user from this address"),
    (r"\bSSL\b|certificate", "is refused for its encryption: check its sslmode and the server's certificate"),
    (
        r"permission denied for database",
        "names a user who may not create a schema: GRANT CREATE ON DATABASE to this user",
    ),
    (r"permission denied", "names a user who may not create tables: grant CREATE on the schema"),
    (r"already exists", "names a database with tables of another program: use one of its own"),
    (r"FATAL", "is refused by the server: check its user, password, database name and options"),
)
# The classes of SQLSTATE that say: this user, this database, this schema, these tables or rights.
_POSTGRES_REFUSAL_STATES = ("28", "3D", "3F", "42")
_SQLITE_REFUSALS = {
    sqlite3.SQLITE_ERROR: "holds tables of another program",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_READONLY: "cannot be written",
    sqlite3.SQLITE_PERM: "cannot be opened",
    sqlite3.SQLITE_AUTH: "cannot be opened",
    sqlite3.SQLITE_NOTADB: "is no SQLite database",
    sqlite3.SQLITE_CORRUPT: "is damaged",
}


class DatabaseError(Exception):
    """The database cannot be used; the message names the variable, and no secret."""


class DatabaseRefusedError(DatabaseError):
    """What DATABASE_URL or DATA_DIR says is wrong: trying again would not help."""


class DatabaseUnreachableError(DatabaseError):
    """The database is down, busy or full: it may come back."""


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn what a driver raises about the database at `url` into one of our two errors."""
    try:
        yield
    except PoolTimeoutError as error:
        msg = "DATABASE_URL: no connection became free in time"
        raise DatabaseUnreachableError(msg) from error
    except DBAPIError as error:
        raise _named(error.orig, url) from error
    except psycopg.Error as error:  # from a connection that SQLAlchemy has no part in
        raise _named(error, url) from error


def folder_refused(path: str, error: OSError) -> DatabaseRefusedError:
    """Name a file or folder that this user cannot create."""
    return DatabaseRefusedError(_sqlite_clause(path, f"cannot be written ({error.strerror})"))


def _named(error: BaseException | None, url: str) -> DatabaseError:
    if isinstance(error, sqlite3.Error):
        return _named_by_sqlite(error, make_url(url).database or "")
    return _named_by_postgres(error)


def _named_by_sqlite(error: sqlite3.Error, path: str) -> DatabaseError:
    # The low byte is the kind; what is above it says where it happened.
    # aiosqlite itself raises without a code, for a connection that was closed meanwhile.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ABORT) & 0xFF
    if code in _SQLITE_REFUSALS:
        return DatabaseRefusedError(_sqlite_clause(path, _SQLITE_REFUSALS[code]))
    name = getattr(error, "sqlite_errorname", "SQLITE_ABORT")
    return DatabaseUnreachableError(f"DATABASE_URL: {path} cannot be used right now ({name})")


def _sqlite_clause(path: str, what: str) -> str:
    is_file = what in {"is no SQLite database", "is damaged"}
    remedy = "move it away or name another file" if is_file else "choose a folder that this user may write to"
    return f"DATA_DIR (or DATABASE_URL): {path} {what}: {remedy}"


def _named_by_postgres(error: BaseException | None) -> DatabaseError:
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        # psycopg itself, before it dialled: an option after the ? that PostgreSQL does not know.
        return DatabaseRefusedError(
            "DATABASE_URL has an option after the ? that PostgreSQL does not know: remove it"
        )
    said = str(error)
    state = (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""
    was_refused = state.startswith(_POSTGRES_REFUSAL_STATES) or (
        # Without a state the connection was never made. Only then are the words all there is.
        not state
        and not _POSTGRES_IS_BUSY.search(said)
        and re.search(r"FATAL|no password supplied|SSL|certificate|SCRAM|authentication", said)
    )
    if was_refused:
        remedy = next((words for pattern, words in _POSTGRES_REFUSALS if re.search(pattern, said)), None)
        return DatabaseRefusedError(f"DATABASE_URL {remedy or 'is refused by the server: check its user'}")
    return DatabaseUnreachableError(
        f"DATABASE_URL: the server does not answer ({state or type(error).__name__})"
    )
