"""Start a PostgreSQL server of our own for the tests: a temporary folder, loopback, a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "only-on-loopback"  # noqa: S105 -- of a server that lives as long as the tests
_START_SECONDS = 30


@dataclass
class PostgresServer:
    """A running server; `stop` and `start` let a test take it away and bring it back."""

    binaries: Path
    folder: Path
    port: int
    user: str | None
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str, *, user: str = "postgres", password: str = PASSWORD) -> str:
        """Give the address of one of its databases, as a platform would hand it out."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Make an empty database and give its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composed | sql.SQL, database: str = "postgres") -> None:
        """Run one statement as the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [str(self.binaries / "postgres"), "-D", "data", "-h", "127.0.0.1", "-p", str(self.port)]
        # Nothing here outlives the test, so nothing need reach the disk.
        options = ["-k", str(self.folder), "-c", "fsync=off", "-c", "full_page_writes=off"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- our own server with fixed arguments
                command + options, cwd=self.folder, user=self.user, stdout=log, stderr=log
            )
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server as a power cut would: connections break at once."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait(timeout=30)
            self._process = None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres() -> Iterator[PostgresServer | None]:
    """Run a server while the block runs; None where PostgreSQL is not installed."""
    binaries = _find_binaries()
    if binaries is None:
        yield None
        return
    # PostgreSQL refuses to run as root, so root lends it the user that its package makes.
    user = _other_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="dragoman-postgres-"))
    server = PostgresServer(binaries, folder, _free_port(), user)
    try:
        (folder / "password").write_text(PASSWORD)
        if user is not None:
            shutil.chown(folder, user)
            shutil.chown(folder / "password", user)
        initdb = [str(binaries / "initdb"), "-D", "data", "-U", "postgres", "-A", "scram-sha-256"]
        options = ["--pwfile=password", "--no-sync", "--locale=C", "--encoding=UTF8"]
        subprocess.run(initdb + options, cwd=folder, user=user, check=True, capture_output=True)  # noqa: S603 -- fixed
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _find_binaries() -> Path | None:
    """Find the programs, the newest version first; Debian keeps them off PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path and shutil.which("initdb") else None


def _other_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
