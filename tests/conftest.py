"""What all tests share: an environment of their own, and a fresh database on SQLite and on PostgreSQL."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from sqlalchemy.engine import make_url

from bot import jobs, logs
from bot.config import Config
from bot.store.database import open_engine, upgrade
from postgres import PostgresServer, running_postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

# A slow machine is no failure: timing decides no test. And CI tries the same cases each time: a new one
# that is found by chance must not stop a change that has nothing to do with it. New ones are found here.
hypothesis.settings.register_profile("dragoman", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("dragoman")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Where nothing may be skipped (CI), make a failure of a skip: it names what is missing there."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's
    if report.skipped and os.environ.get("NOTHING_MAY_BE_SKIPPED"):
        report.outcome = "failed"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run half as many tests again at once as there are cores: many wait for processes and browsers."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


@pytest.fixture(autouse=True)
def quiet_logs() -> None:
    """Configure logs as the command line does; unconfigured, structlog prints to stdout."""
    logs.configure("debug", "json", io.StringIO())


@pytest.fixture(autouse=True)
def patient_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for a job to be stored than Slack waits for its ack: a busy disk must fail no test."""
    monkeypatch.setattr(jobs, "STORE_SECONDS", 60)


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's variables and `.env` out of the tests, and out of the processes they start."""
    before, folder = dict(os.environ), Path.cwd()
    for name in Config.variables():
        os.environ.pop(name, None)
    # From the empty folder the package is found only where it is installed.
    root = str(Path(__file__).parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, before.get("PYTHONPATH")]))
    os.chdir(tmp_path_factory.mktemp("working-directory"))
    yield
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run one PostgreSQL server for all tests that ask for it."""
    with running_postgres() as server:
        if server is None:
            pytest.skip("PostgreSQL is not installed (no postgres and initdb)")
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a fresh, empty database as SQLAlchemy's async engine takes it; the test runs once on each."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'dragoman.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create_database()
    url = make_url(server.url(name)).set(drivername="postgresql+psycopg")
    yield url.render_as_string(hide_password=False)
    server.drop_database(name)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Give an engine on a database of this version; the test runs once on SQLite and once on PostgreSQL."""
    await upgrade(database_url)
    engine = open_engine(database_url)
    yield engine
    await engine.dispose()
