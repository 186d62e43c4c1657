"""The pages that tell how we are."""

from __future__ import annotations

import asyncio

from bot.transport.pages import Readiness


async def test_a_start_that_goes_on_while_somebody_asks() -> None:
    """A check that is added, or taken away, while others are made costs nobody the answer."""
    readiness, asked, go_on = Readiness(), asyncio.Event(), asyncio.Event()

    async def slow() -> bool:
        asked.set()
        await go_on.wait()
        return False

    async def bad() -> bool:
        return False

    readiness.add("starting", slow)
    asking = asyncio.create_task(readiness.reasons())
    await asked.wait()
    readiness.add("database", bad)
    readiness.add("slack", bad)
    readiness.remove("starting")
    go_on.set()
    assert await asking == ["starting"]
    assert await readiness.reasons() == ["database", "slack"]
    readiness.stop()
    assert await readiness.reasons() == ["stopping", "database", "slack"]


async def test_a_check_that_breaks_is_no_good() -> None:
    """Whatever breaks a check, we are not ready."""

    async def broken() -> bool:
        raise OSError

    readiness = Readiness()
    readiness.add("database", broken)
    assert await readiness.reasons() == ["database"]
