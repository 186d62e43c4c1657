"""Work beside the caller: it goes on when nobody waits, is done once per key, and fails audibly."""

from __future__ import annotations

import asyncio
import io

import pytest

from bot import logs
from bot.background import Background


class Work:
    """Work that ends when the test opens its gate."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun = 0
        self.done = 0

    async def run(self) -> None:
        """Do it."""
        self.begun += 1
        await self.gate.wait()
        self.done += 1


async def test_work_in_time() -> None:
    """Work that is quick is waited for; its key may be used anew afterwards."""
    background, work = Background(), Work()
    work.gate.set()
    await background.finish_within(5, "key", work.run)
    await background.finish_within(5, "key", work.run)
    assert work.done == 2


async def test_late_work_goes_on() -> None:
    """Only the waiting ends: late work is not broken off."""
    background, work = Background(), Work()
    with pytest.raises(TimeoutError):
        await background.finish_within(0.01, "key", work.run)
    assert (work.begun, work.done) == (1, 0)
    work.gate.set()
    await background.finish_within(5, "key", work.run)
    assert (work.begun, work.done) == (1, 1)


async def test_the_same_key_waits_for_the_same_work() -> None:
    """Who comes with a key that is under way waits for that work; another key is other work."""
    background, work = Background(), Work()
    both = [asyncio.ensure_future(background.finish_within(5, "key", work.run)) for _ in range(2)]
    other = asyncio.ensure_future(background.finish_within(5, "other", work.run))
    while work.begun < 2:  # noqa: ASYNC110 -- the work tells nobody
        await asyncio.sleep(0)
    work.gate.set()
    await asyncio.gather(*both, other)
    assert work.done == 2


async def test_who_waits_may_be_cancelled() -> None:
    """A caller that goes away takes nothing with it."""
    background, work = Background(), Work()
    waiting = asyncio.ensure_future(background.finish_within(5, "key", work.run))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    work.gate.set()
    await background.finish_within(5, "key", work.run)
    assert (work.begun, work.done) == (1, 1)


async def test_a_failure_reaches_who_waits_and_the_log() -> None:
    """Whoever waits sees the failure; the log has its kind alone, for its words may be people's."""
    stream = io.StringIO()
    logs.configure("debug", "json", stream)

    async def fail() -> None:
        message = "somebody's words"
        raise ZeroDivisionError(message)

    background = Background()
    with pytest.raises(ZeroDivisionError):
        await background.finish_within(5, "key", fail)
    await asyncio.wait([background.start(fail())])
    await asyncio.sleep(0)
    assert stream.getvalue().count('"kind": "ZeroDivisionError", "event": "background.failed"') == 2
    assert "words" not in stream.getvalue()


async def test_cancelling_ends_all() -> None:
    """At the end nothing goes on, and that is no failure."""
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    background, work = Background(), Work()
    task = background.start(work.run())
    await asyncio.sleep(0)
    background.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await asyncio.sleep(0)
    assert stream.getvalue() == ""
