"""One running stage for all journeys of a module: starting Slack, endpoint and bot costs a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from scenes import Clock, Room, new_room

from running import playing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from running import Stage


@pytest.fixture(scope="module")
def clock() -> Clock:
    """Give the clock by which the bot of this module makes its pauses."""
    return Clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> AsyncIterator[Stage]:
    """Play over Socket Mode."""
    async with playing(tmp_path_factory.mktemp("data"), sleep=clock.sleep) as stage:
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["socket", "http"])
async def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clock: Clock
) -> AsyncIterator[Stage]:
    """Play over Socket Mode, and once more over HTTP."""
    folder, is_http = tmp_path_factory.mktemp("data"), request.param == "http"
    async with playing(folder, is_http=is_http, sleep=clock.sleep, DEFAULT_MODE="on") as stage:
        yield stage


@pytest.fixture
def room(stage: Stage) -> Room:
    """Give a channel that nobody has used."""
    return new_room(stage)
