"""Fixtures for real processes; a module of its own, since pytest wants to load it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from real_bot import running_starter
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from real_bot import Starter


@pytest.fixture(scope="session")
def starter(own_environment: None) -> Iterator[Starter]:  # noqa: ARG001 -- its variables must be gone by then
    """Run one starter for all tests that start processes."""
    with running_starter() as one:
        yield one


@pytest.fixture
def database(database_url: str) -> dict[str, str]:
    """Give the variables of a fresh database: none for SQLite, which lies in the data folder."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return {}
    return {"DATABASE_URL": url.set(drivername="postgresql").render_as_string(hide_password=False)}
