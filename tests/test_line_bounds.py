"""What an endpoint that is out of order costs at most: requests that may be paid for, and people's time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bot.breaker import OVERDUE_SECONDS
from bot.engines import Ask, Translation
from bot.engines.turns import FairTurns
from bot.errors import EndpointDownError, EndpointSlowError
from bot.line import LONG_LOOK_IN_SECONDS, LOOK_IN_SECONDS, Line, ShutError, Tries
from bot.translate import Translator
from lines_props import ENGLISH, Clock, ListEngine, line_of, open_up, piece_of

if TYPE_CHECKING:
    from bot.piece import Piece

DOWN, NONSENSE = EndpointDownError("503"), EndpointDownError("200 not JSON", tries=2)
LATE = EndpointSlowError("524", tries=2)


async def translate(line: Line, job_id: str = "J1", *, seconds: float = 6.0, is_last: bool = True) -> str:
    """Translate a piece, with or without another line behind this one."""
    translation = await line.translate(
        piece_of(seconds=seconds), Ask(), team_id="T1", job_id=job_id, may_wait=lambda: is_last
    )
    return translation.text


# --- what may have been paid for ----------------------------------------------------------------


async def test_nonsense_is_asked_for_twice_by_each_and_no_oftener() -> None:
    """An address that answers with a web page costs each share two requests, and nobody waits an hour."""
    engine, clock = ListEngine([NONSENSE]), Clock()
    line = line_of(engine, clock)
    outcomes = await asyncio.gather(
        *(translate(line, f"J{number}") for number in range(12)), return_exceptions=True
    )
    assert outcomes == [NONSENSE] * 12
    assert (len(engine.asks), line.breaker.is_open) == (2 * 12, False)
    assert clock.now < 60


@pytest.mark.parametrize("fault", [NONSENSE, LATE], ids=["nonsense", "524"])
async def test_as_a_probe_it_is_asked_for_twice_as_well(fault: EndpointDownError) -> None:
    """While the endpoint is down only what costs nothing is tried again and again."""
    engine, clock = ListEngine([DOWN, DOWN, DOWN, DOWN, DOWN, DOWN, fault]), Clock()
    line = line_of(engine, clock)
    open_up(line.breaker)
    with pytest.raises(EndpointDownError) as caught:
        await translate(line)
    assert caught.value is fault
    assert len(engine.asks) == 6 + 2
    assert line.breaker.is_open


async def test_the_bound_holds_over_two_lines() -> None:
    """Who looks in at a line, goes on to the next and comes back has not forgotten what it has paid for."""
    clock = Clock()
    first, second = ListEngine([NONSENSE]), ListEngine([*[DOWN] * 12, ENGLISH], name="local")
    lines = [line_of(engine, clock) for engine in (first, second)]
    for line in lines:
        open_up(line.breaker)
    translation = await Translator(lines).translate(piece_of(), Ask(), team_id="T1", job_id="J1")
    assert translation.engine == "local"
    assert len(first.asks) == 2


def test_slow_answers_are_counted_only_where_less_may_go_through() -> None:
    """A short piece is asked for as long as the outage lasts; one that can be cut, twice."""
    tries, slow = Tries(), EndpointSlowError("504")
    assert [tries.are_over_while_down(slow, wants_less=False) for _ in range(9)] == [False] * 9
    assert [tries.are_over_while_down(slow, wants_less=True) for _ in range(2)] == [False, True]
    assert not tries.are_over_while_down(DOWN, wants_less=False)
    assert (tries.number, tries.met.total()) == (0, 0)


# --- people's time ------------------------------------------------------------------------------


@dataclass
class HangingEngine(ListEngine):
    """Never answers, or raises."""

    raises: Exception | None = None

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Hang."""
        if self.raises:
            raise self.raises
        self.gate.clear()
        return await super().translate(piece, ask)


def looked_in(engine: ListEngine, clock: Clock) -> Line:
    """Give the line of an engine that gets no time at all from who has somewhere else to go."""
    line = Line(engine, turns=FairTurns(20), sleep=clock.sleep, clock=clock, look_in_seconds=0.0)
    open_up(line.breaker)
    return line


async def test_nobody_waits_long_for_a_first_engine_that_hangs() -> None:
    """With a second engine a probe of the first gets little time, and then the second is asked."""
    first, second, clock = HangingEngine(), ListEngine(name="local"), Clock()
    line = looked_in(first, clock)
    clock.now += 1.0
    lines = [line, line_of(second, clock)]
    async with asyncio.timeout(10):
        translation = await Translator(lines).translate(piece_of(), Ask(), team_id="T1", job_id="J1")
    assert (translation.engine, len(first.asks), first.cancelled) == ("local", 1, 1)
    assert line.breaker.is_open
    assert not line.breaker.is_worth_asking  # the next probe is put off, and somebody else may make it
    clock.now += 60
    assert line.breaker.is_worth_asking


async def test_a_last_engine_gets_all_the_time_it_needs() -> None:
    """Where nobody else would help, a probe is waited for like any other request."""
    engine, clock = ListEngine(), Clock()
    assert await translate(looked_in(engine, clock)) == ENGLISH.text


async def test_long_pieces_do_not_look_in() -> None:
    """Only what lasts a minute at most is worth a look at an engine that is down."""
    engine, clock = ListEngine(), Clock(now=10.0)
    line = line_of(engine, clock)
    open_up(line.breaker)
    clock.now += 10.0
    with pytest.raises(ShutError):
        await translate(line, seconds=60.1, is_last=False)
    assert engine.asks == []
    assert await translate(line, seconds=60.0, is_last=False) == ENGLISH.text
    assert await translate(line, seconds=300.0, is_last=False) == ENGLISH.text  # it is back


async def test_where_only_long_pieces_come_one_looks_in_at_last() -> None:
    """An engine that is back is found, minutes later, also where nobody has a short piece."""
    engine, clock = ListEngine(), Clock()
    line = line_of(engine, clock)
    open_up(line.breaker)
    clock.now = 1.0 + OVERDUE_SECONDS - 0.1  # the first probe was due after a second
    with pytest.raises(ShutError):
        await translate(line, seconds=300.0, is_last=False)
    clock.now = 1.0 + OVERDUE_SECONDS
    assert await translate(line, seconds=300.0, is_last=False) == ENGLISH.text
    assert LOOK_IN_SECONDS < LONG_LOOK_IN_SECONDS <= 60


def test_a_probe_that_nobody_makes_is_overdue() -> None:
    """Five minutes after it was due, and only while nobody makes it."""
    clock = Clock()
    breaker = line_of(ListEngine(), clock).breaker
    open_up(breaker)
    is_overdue = []
    for now in (300.9, 301.0):
        clock.now = now
        is_overdue.append(breaker.is_overdue)
    breaker.take_probe()
    is_overdue.append(breaker.is_overdue)
    breaker.note("A", DOWN, is_probe=True)
    breaker.leave()
    assert [*is_overdue, breaker.is_overdue] == [False, True, False, False]


async def test_long_pieces_wait_where_all_are_down() -> None:
    """A long piece waits for the last engine, although a short one might look in at the first."""
    clock = Clock()
    first, second = ListEngine([DOWN]), ListEngine([DOWN, DOWN, ENGLISH], name="local")
    lines = [line_of(engine, clock) for engine in (first, second)]
    for line in lines:
        open_up(line.breaker)
    async with asyncio.timeout(10):
        translation = await Translator(lines).translate(
            piece_of(seconds=200.0), Ask(), team_id="T1", job_id="J1"
        )
    assert (translation.engine, first.asks) == ("local", [])


async def test_a_timeout_of_the_engine_itself_is_a_fault_of_ours() -> None:
    """What an engine should have made an error of its own passes as it is."""
    with pytest.raises(TimeoutError, match="ours"):
        await translate(line_of(HangingEngine(raises=TimeoutError("ours")), Clock()))
