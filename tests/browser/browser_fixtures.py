"""Fixtures of the browser tests: one Chromium per worker, fresh tabs per test, the real bot behind them.

All of it lives in one loop: a browser cannot change its loop, and the sandbox answers in that of the test.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tabs import Tabs, running_chromium, speech_of

from bot.sandbox.backstage import Props
from running import playing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

    from running import Stage


async def hurried(seconds: float) -> None:
    """Let a pause between two tries pass in a fiftieth of its time."""
    await asyncio.sleep(seconds / 50)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Run one Chromium, whose microphone hears a shipped sample."""
    speech = speech_of("parcel", tmp_path_factory.mktemp("microphone"))
    async with running_chromium(speech) as browser:
        if browser is None:
            pytest.skip("Chromium is not installed (no chromium, chromium-browser or google-chrome)")
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(chromium: Browser) -> AsyncIterator[Tabs]:
    """Give tabs of this test's own; at its end they are closed, and nothing may have gone wrong in them."""
    async with Tabs(chromium) as tabs:
        yield tabs
    assert tabs.problems == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """Play, over Socket Mode where a test does not choose `http`: one bot at a time, for many tests."""
    folder, is_http = tmp_path_factory.mktemp("data"), getattr(request, "param", "socket") == "http"
    async with playing(folder, is_http=is_http, sleep=hurried) as stage:
        stage.slack.use(Props(endpoint=stage.endpoint))
        yield stage
