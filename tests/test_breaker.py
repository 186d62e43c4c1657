"""The breaker: when it opens and closes, and that only one at a time asks an endpoint that is down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.breaker import Breaker
from bot.errors import (
    EndpointBusyError,
    EndpointDownError,
    EndpointKeyError,
    EndpointRefusedError,
    EndpointSlowError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.errors import EndpointError

DOWN, BUSY = EndpointDownError("503"), EndpointBusyError("429")
NONSENSE, LATE = EndpointDownError("200 not JSON", tries=2), EndpointSlowError("524", tries=2)
REFUSED, KEY = EndpointRefusedError("400"), EndpointKeyError("401")


class Pauses:
    """A clock, and a sleep that lasts until the test ends it; a pause that is over moved the clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[float] = []
        self._may_end = asyncio.Semaphore(0)

    def __call__(self) -> float:
        """Say the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait for the test."""
        self.asked.append(seconds)
        await self._may_end.acquire()
        self.now += seconds

    async def end(self) -> None:
        """End one pause, and let happen what follows."""
        self._may_end.release()
        await settled()


async def settled() -> None:
    """Let everything go on as far as it gets."""
    for _ in range(20):
        await asyncio.sleep(0)


def breaker_of(pauses: Pauses) -> Breaker:
    """Give a closed breaker."""
    return Breaker("translations", sleep=pauses.sleep, clock=pauses)


def open_breaker(pauses: Pauses) -> Breaker:
    """Give one that five shares have opened."""
    breaker = breaker_of(pauses)
    for who in "ABCDE":
        breaker.note(who, DOWN)
    assert breaker.is_open
    return breaker


def waits(breaker: Breaker, *names: str) -> list[asyncio.Task[bool]]:
    """Let each of these wait once."""
    return [asyncio.create_task(breaker.wait(name), name=name) for name in names]


# --- opening ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tries", "is_open"),
    [
        pytest.param([(who, DOWN) for who in "ABCDE"], True, id="five shares"),
        pytest.param([(who, DOWN) for who in "ABCD"], False, id="four shares"),
        pytest.param([("A", DOWN)] * 50, False, id="one share over and over"),
        pytest.param([(who, DOWN) for who in "ABCD" * 20], False, id="four over and over"),
        pytest.param(
            [*((who, DOWN) for who in "ABCD"), ("F", None), ("E", DOWN)], False, id="a success between"
        ),
        pytest.param([*((who, DOWN) for who in "ABCD"), ("A", REFUSED), ("E", DOWN)], False, id="a refusal"),
        pytest.param([*((who, DOWN) for who in "ABCD"), ("E", KEY), ("E", DOWN)], False, id="a wrong key"),
        pytest.param([(who, BUSY) for who in "ABCDEFGH"], False, id="busy is not down"),
        pytest.param([(who, NONSENSE) for who in "ABCDEFGH"], False, id="nonsense is not down"),
        pytest.param([(who, LATE) for who in "ABCDE"], True, id="late is"),
        pytest.param(
            [*((who, DOWN) for who in "ABCD"), ("E", BUSY), ("F", DOWN)], True, id="busy is no answer either"
        ),
        pytest.param(
            [("A", None), *((who, DOWN) for who in "BACADEF")], True, id="five different ones among others"
        ),
    ],
)
def test_what_opens_it(tries: Sequence[tuple[str, EndpointError | None]], *, is_open: bool) -> None:
    """Five different shares in a row that find the endpoint out of order open it, and nothing else does."""
    breaker = Breaker("translations")
    for who, error in tries:
        breaker.note(who, error)
    assert breaker.is_open is is_open


@pytest.mark.parametrize(
    ("error", "is_open"),
    [
        pytest.param(None, False, id="a success"),
        pytest.param(REFUSED, False, id="a refusal"),
        pytest.param(KEY, False, id="a wrong key"),
        pytest.param(DOWN, True, id="down"),
        pytest.param(BUSY, True, id="busy"),
    ],
)
@pytest.mark.parametrize("is_probe", [True, False])
def test_what_closes_it(error: EndpointError | None, *, is_open: bool, is_probe: bool) -> None:
    """The first answer closes it, whoever gets it: the endpoint talks again."""
    breaker = open_breaker(Pauses())
    breaker.note("A", error, is_probe=is_probe)
    assert breaker.is_open is is_open


def test_closed_anew_it_counts_anew() -> None:
    """After an answer it takes five shares again, those that failed before among them."""
    breaker = open_breaker(Pauses())
    breaker.note("A", None, is_probe=True)
    for who in "ABCD":
        breaker.note(who, DOWN)
    assert not breaker.is_open
    breaker.note("E", DOWN)
    assert breaker.is_open


# --- probes -------------------------------------------------------------------------------------


async def test_one_probe_at_a_time() -> None:
    """Of many who wait one gets to ask; the next one's turn comes when the first gives it back."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    first, *others = waits(breaker, "A", "B", "C")
    await settled()
    assert pauses.asked == [1.0]
    await pauses.end()
    assert first.result() is True
    assert not any(one.done() for one in others)
    breaker.note("A", DOWN, is_probe=True)
    breaker.leave()
    await settled()
    assert not others[0].done()  # in its pause
    assert others[1].result() is False  # who looks, and comes again
    assert pauses.asked == [1.0, 2.0]
    await pauses.end()
    assert others[0].result() is True


async def test_pauses_grow_up_to_a_quarter_of_a_minute() -> None:
    """Probes come after 1, 2, 4, 8 and 15 seconds, and then every 15; after an answer it begins anew."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    for _ in range(7):
        (one,) = waits(breaker, "A")
        await settled()
        await pauses.end()
        assert one.result() is True
        breaker.note("A", DOWN, is_probe=True)
        breaker.leave()
    assert pauses.asked == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    breaker.note("A", None)
    for who in "ABCDE":
        breaker.note(who, DOWN)
    waiting = waits(breaker, "A")
    await settled()
    assert pauses.asked[-1] == 1.0
    await pauses.end()
    assert [one.result() for one in waiting] == [True]


async def test_a_pause_that_is_over_is_not_made_again() -> None:
    """Who comes long after the last probe asks at once."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    assert not breaker.is_worth_asking
    pauses.now = 1.0
    assert breaker.is_worth_asking
    (one,) = waits(breaker, "F")
    await settled()
    assert not breaker.is_worth_asking
    await pauses.end()
    assert one.result() is True
    assert pauses.asked == [0.0]


async def test_retry_after_puts_the_probe_off() -> None:
    """Where the endpoint asks for more time it gets it, up to ten minutes, and nobody sleeps through them."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    breaker.note("A", EndpointDownError("503", retry_after_seconds=3600.0), is_probe=True)
    slept = 0
    while True:
        (one,) = waits(breaker, "A")
        await settled()
        await pauses.end()
        slept += 1
        if one.result():
            break
    assert set(pauses.asked) == {15.0}
    assert slept * 15 == 600
    breaker.leave()


@pytest.mark.parametrize("who_demands", ["A", "E"])
async def test_the_first_probe_is_put_off_as_well(who_demands: str) -> None:
    """What one of those demands who open it is granted; after an answer nobody remembers it."""
    pauses = Pauses()
    breaker = breaker_of(pauses)

    def fail() -> None:
        for who in "ABCDE":
            demand = 60.0 if who == who_demands else None
            breaker.note(who, EndpointDownError("503", retry_after_seconds=demand))

    fail()
    for now, is_worth_asking in ((1.0, False), (59.9, False), (60.0, True)):
        pauses.now = now
        assert breaker.is_worth_asking is is_worth_asking
    fail()
    breaker.note("A", None)
    for who in "ABCDE":
        breaker.note(who, DOWN)
    pauses.now = 61.0
    assert breaker.is_worth_asking


async def test_the_share_that_fails_does_not_try_for_all() -> None:
    """The next probe is made by who had none for the longest time: one bad recording keeps nobody waiting."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    probers = []
    tasks = waits(breaker, "bad", "bad", "bad", "good", "other")
    for _ in range(4):
        await settled()
        await pauses.end()
        done = {task for task in tasks if task.done()}
        (prober,) = [task for task in done if task.result()]
        probers.append(prober.get_name())
        tasks = [task for task in tasks if task not in done]
        tasks += waits(breaker, *(task.get_name() for task in done - {prober}))
        breaker.note(prober.get_name(), DOWN, is_probe=True)
        await settled()
        breaker.leave()
        tasks += waits(breaker, prober.get_name())
    assert probers == ["bad", "good", "other", "bad"]
    await cancelled(*tasks)


async def cancelled(*tasks: asyncio.Task[bool]) -> None:
    """Cancel these, and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_another_one_takes_over_from_a_prober_that_is_cancelled_in_its_pause() -> None:
    """A share that is withdrawn while it waits to probe leaves the probe to the next, its pause too."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    first, second = waits(breaker, "A", "B")
    await settled()
    pauses.now = 0.75
    await cancelled(first)
    await settled()
    assert pauses.asked == [1.0, 0.25]
    await pauses.end()
    assert second.result() is True


async def test_another_one_takes_over_in_the_very_moment() -> None:
    """The probe is not lost where its owner is cancelled just as it gets it."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    first, second, third = waits(breaker, "A", "B", "C")
    await settled()
    await pauses.end()
    assert first.result() is True
    breaker.leave()
    second.cancel()  # it was given the probe, and does not know it yet
    await asyncio.gather(second, return_exceptions=True)
    assert second.cancelled()
    assert third.result() is False
    (fourth,) = waits(breaker, "C")
    await settled()
    await pauses.end()
    assert fourth.result() is True


async def test_who_is_cancelled_first_is_not_given_the_probe() -> None:
    """A probe that is given back goes past one who is just being cancelled."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    first, second, third = waits(breaker, "A", "B", "C")
    await settled()
    await pauses.end()
    second.cancel()
    breaker.leave()
    await settled()
    assert second.cancelled()
    await pauses.end()
    assert (first.result(), third.result()) == (True, True)


async def test_who_goes_away_is_forgotten() -> None:
    """One who stops waiting leaves no trace: the next one gets the probe."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    first, second, third = waits(breaker, "A", "B", "C")
    await settled()
    await cancelled(second)
    await pauses.end()
    assert first.result() is True
    breaker.leave()
    await settled()
    await pauses.end()
    assert third.result() is True


async def test_an_answer_lets_all_go_on() -> None:
    """An answer to one who asked before the breaker opened wakes everybody, at once or after its pause."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    first, *others = waits(breaker, "A", "B", "C")
    closed = asyncio.create_task(breaker.closed())
    await settled()
    breaker.note("Z", None)
    await settled()
    assert [one.result() for one in others] == [False, False]
    assert closed.done()
    assert breaker.is_worth_asking
    await pauses.end()
    assert first.result() is False


async def test_who_passes_by_may_probe() -> None:
    """One who has somewhere else to go takes a probe that is due, and nobody else then does."""
    pauses = Pauses()
    breaker = open_breaker(pauses)
    pauses.now = 1.0
    breaker.take_probe()
    assert not breaker.is_worth_asking
    (one,) = waits(breaker, "B")
    await settled()
    assert pauses.asked == []
    breaker.note("A", DOWN, is_probe=True)
    breaker.leave()
    await settled()
    assert pauses.asked == [2.0]
    await pauses.end()
    assert one.result() is True


# --- what is told -------------------------------------------------------------------------------


def test_the_log_tells_each_change() -> None:
    """Opened, probed, closed: each is one line, with the ids of engine and job."""
    with capture_logs() as logs:
        breaker = open_breaker(Pauses())
        breaker.note("F", DOWN)
        breaker.note("F", DOWN, is_probe=True)
        breaker.note("G", None, is_probe=True)
        breaker.note("H", None)
    told = [(log["event"], log["engine"], log["job_id"]) for log in logs]
    assert told == [
        ("breaker.opened", "translations", "E"),
        ("breaker.probed", "translations", "F"),
        ("breaker.probed", "translations", "G"),
        ("breaker.closed", "translations", "G"),
    ]
    assert [logs[1]["outcome"], logs[2]["outcome"]] == ["endpoint_down", "translated"]
