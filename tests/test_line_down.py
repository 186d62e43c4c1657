"""A line whose endpoint is down: pieces wait in its row, one asks at a time, and all go on by themselves."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import generate_latest

from bot.engines import Ask, Transcription
from bot.engines.turns import FairTurns
from bot.errors import (
    EndpointBusyError,
    EndpointDownError,
    EndpointError,
    EndpointKeyError,
    EndpointRefusedError,
    WithdrawnError,
)
from bot.line import Line, ShutError, Wait
from bot.metrics import Metrics
from lines_props import ENGLISH, HEARD, Clock, ListEngine, line_of, open_up, piece_of, settled

DOWN, BUSY = EndpointDownError("503"), EndpointBusyError("429")


async def translate(line: Line, job_id: str = "J1", **more: object) -> str:
    """Translate a piece of a job, and give its text."""
    translation = await line.translate(piece_of(), Ask(), team_id="T1", job_id=job_id, **more)  # type: ignore[arg-type]  # what a test names
    return translation.text


# --- opening ------------------------------------------------------------------------------------


async def test_five_shares_in_their_first_try_open_it() -> None:
    """Where five shares fail at once, each in its first try, nobody tries a second time but the probe."""
    engine, clock = ListEngine([DOWN] * 7 + [ENGLISH]), Clock()
    line = line_of(engine, clock)
    texts = await asyncio.gather(*(translate(line, f"J{number}") for number in range(5)))
    assert texts == [ENGLISH.text] * 5
    # Four had begun their own pause when the fifth failed; then two probes failed, and a third did not.
    assert clock.pauses[:4] == [0.5] * 4
    assert len(engine.asks) == 5 + 3 + 4


async def test_one_share_alone_opens_nothing() -> None:
    """A share of many pieces that all fail fails by itself, after its own tries."""
    engine, clock = ListEngine([DOWN]), Clock()
    line = line_of(engine, clock)
    pieces = [line.translate(piece_of(number), Ask(), team_id="T1", job_id="J1") for number in range(3)]
    outcomes = await asyncio.gather(*pieces, return_exceptions=True)
    assert [type(one) for one in outcomes] == [EndpointDownError] * 3
    assert not line.breaker.is_open
    assert len(engine.asks) == 3 * 5


async def test_an_endpoint_that_is_busy_is_not_down() -> None:
    """However many shares are sent away for a while, each goes on with its own tries."""
    engine, clock = ListEngine([BUSY] * 12 + [ENGLISH]), Clock()
    line = line_of(engine, clock)
    await asyncio.gather(*(translate(line, f"J{number}") for number in range(8)))
    assert not line.breaker.is_open
    assert len(engine.asks) == 12 + 8


# --- waiting ------------------------------------------------------------------------------------


async def test_all_go_on_when_it_is_back() -> None:
    """Thirty shares wait for one endpoint: one request at a time, and then all are translated."""
    engine, clock = ListEngine([DOWN] * 9 + [ENGLISH]), Clock()
    line = line_of(engine, clock, turns=FairTurns(3))
    open_up(line.breaker)
    waiting = [asyncio.create_task(translate(line, f"J{number}")) for number in range(30)]
    await line.breaker.closed()
    assert (engine.most_at_once, len(engine.asks)) == (1, 10)
    assert clock.pauses == [1, 2, 4, 8, 15, 15, 15, 15, 15, 15]
    assert await asyncio.gather(*waiting) == [ENGLISH.text] * 30
    assert engine.most_at_once == 3  # as ever
    assert len(engine.asks) == 9 + 30


async def test_waits_cost_neither_tries_nor_patience() -> None:
    """After many probes that failed, a piece still has the tries that it had before."""
    engine, clock = ListEngine([*[DOWN] * 20, ENGLISH]), Clock()
    line = line_of(engine, clock)
    open_up(line.breaker)
    assert await translate(line) == ENGLISH.text
    assert clock.now > 200
    engine = ListEngine([DOWN])
    line = line_of(engine, clock)
    open_up(line.breaker)
    task = asyncio.create_task(translate(line))
    await engine.begun(3)
    line.breaker.note("Z", None)
    with pytest.raises(EndpointDownError, match="503"):
        await task
    assert len(engine.asks) == 2 + 5  # the third probe came too late to be one


async def test_the_turn_is_free_while_a_piece_waits() -> None:
    """A piece behind an open breaker holds no turn: another engine's piece can take it."""
    engine, clock, turns = ListEngine(), Clock(), FairTurns(1)
    line = line_of(engine, clock, turns=turns)
    open_up(line.breaker)
    line.breaker.take_probe()
    task = asyncio.create_task(translate(line))
    await settled()
    async with asyncio.timeout(10), turns.of("T2", "J2"):
        pass
    assert engine.asks == []
    line.breaker.note("Z", None, is_probe=True)
    line.breaker.leave()
    assert await task == ENGLISH.text


async def test_who_waited_for_a_turn_looks_again() -> None:
    """A piece that gets its turn after the breaker has opened sends nothing with it."""
    engine, clock, turns = ListEngine(), Clock(), FairTurns(1)
    line = line_of(engine, clock, turns=turns)
    async with turns.of("T2", "J2"):
        task = asyncio.create_task(translate(line))
        await settled()
        open_up(line.breaker)
        line.breaker.take_probe()
    await settled()
    assert (engine.asks, task.done()) == ([], False)
    line.breaker.leave()
    assert await task == ENGLISH.text


@pytest.mark.parametrize(
    "answer",
    [pytest.param(EndpointKeyError("401"), id="key"), pytest.param(EndpointRefusedError(), id="400")],
)
async def test_any_answer_is_a_sign_of_life(answer: Exception) -> None:
    """A probe that is refused fails alone: the endpoint talks, so the others go on."""
    engine, clock = ListEngine([answer, ENGLISH]), Clock()
    line = line_of(engine, clock)
    open_up(line.breaker)
    outcomes = await asyncio.gather(*(translate(line, one) for one in "AB"), return_exceptions=True)
    assert outcomes == [answer, ENGLISH.text]
    assert not line.breaker.is_open


async def test_a_probe_of_a_piece_that_is_gone_leaves_the_probe_to_others() -> None:
    """What is no answer of the endpoint neither closes the breaker nor keeps its probe."""
    engine, clock = ListEngine([FileNotFoundError("gone"), ENGLISH]), Clock()
    line = line_of(engine, clock)
    open_up(line.breaker)
    with pytest.raises(FileNotFoundError):
        await translate(line, "A")
    assert line.breaker.is_open
    assert await translate(line, "B") == ENGLISH.text


async def test_a_busy_endpoint_is_asked_by_one_still() -> None:
    """A probe that is sent away for a while leaves things as they are."""
    engine, clock = ListEngine([EndpointBusyError("429", retry_after_seconds=30.0), ENGLISH]), Clock()
    line = line_of(engine, clock)
    open_up(line.breaker)
    assert await translate(line) == ENGLISH.text
    assert clock.pauses == [1, 15, 15]


async def test_a_demand_that_nobody_would_wait_for_is_a_failure() -> None:
    """Told to come back in more than ten minutes, a probe fails like any other try."""
    engine, clock = ListEngine([EndpointDownError("503", retry_after_seconds=601.0)]), Clock()
    line = line_of(engine, clock)
    open_up(line.breaker)
    with pytest.raises(EndpointDownError):
        await translate(line)
    assert len(engine.asks) == 1


async def test_the_wait_ends_after_an_hour() -> None:
    """A piece that has waited for sixty minutes fails, and tells for the log how long it was."""
    engine, clock, began = ListEngine([DOWN]), Clock(), []
    line = line_of(engine, clock)
    open_up(line.breaker)
    with pytest.raises(EndpointDownError, match=r"waited 36\d\d s"):
        await translate(line, wait=Wait(lambda: began.append(clock.now)))
    assert 3600 <= clock.now < 3616
    assert began == [0.0]


async def test_what_is_not_wanted_any_more_stops_waiting() -> None:
    """It is asked at every probe whether the piece is wanted, also for those that do not probe."""
    engine, clock, is_withdrawn = ListEngine([DOWN]), Clock(), False
    line = line_of(engine, clock)
    open_up(line.breaker)

    async def check() -> None:
        if is_withdrawn:
            raise WithdrawnError

    waiting = [asyncio.create_task(translate(line, one, check=check)) for one in "ABC"]
    await engine.begun(4)
    is_withdrawn = True
    before, pauses = len(engine.asks), len(clock.pauses)
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in outcomes] == [WithdrawnError] * 3
    assert len(engine.asks) == before
    assert len(clock.pauses) == pauses + 1  # of the one whose turn to probe it was; the others looked at once


async def test_a_prober_that_is_cancelled_leaves_the_probe_to_the_next() -> None:
    """Where a job stops while its probe hangs, another one asks."""
    engine, clock = ListEngine(), Clock()
    engine.gate.clear()
    line = line_of(engine, clock)
    open_up(line.breaker)
    first, second = (asyncio.create_task(translate(line, one)) for one in "AB")
    await engine.begun(1)
    await settled()
    assert len(engine.asks) == 1
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    engine.gate.set()
    assert await second == ENGLISH.text
    assert engine.cancelled == 1


# --- with somewhere else to go ------------------------------------------------------------------


async def test_who_may_not_wait_is_sent_on() -> None:
    """With another engine to go to, a piece does not wait; one at a time looks in, when a probe is due."""
    engine, clock, told = ListEngine([DOWN, ENGLISH]), Clock(), []
    line = line_of(engine, clock)
    open_up(line.breaker)
    wait = Wait(lambda: told.append(1))
    with pytest.raises(ShutError):
        await translate(line, wait=wait, may_wait=lambda: False)
    assert engine.asks == []
    clock.now = 1.0
    with pytest.raises(ShutError):
        await translate(line, wait=wait, may_wait=lambda: False)
    assert len(engine.asks) == 1
    clock.now = 3.0
    assert await translate(line, wait=wait, may_wait=lambda: False) == ENGLISH.text
    assert not line.breaker.is_open
    assert (told, clock.pauses) == ([], [])


async def test_metrics_tell_what_is_down() -> None:
    """The gauge of an engine is 1 while its breaker is open."""
    line, metrics = line_of(ListEngine(), Clock()), Metrics()
    metrics.watch([line])
    assert b'dragoman_endpoint_down{engine="translations"} 0.0' in generate_latest(metrics.registry)
    open_up(line.breaker)
    assert b'dragoman_endpoint_down{engine="translations"} 1.0' in generate_latest(metrics.registry)


# --- the words as they were said ----------------------------------------------------------------


async def transcribe(line: Line, **more: object) -> Transcription | None:
    """Ask for the words of a piece."""
    return await line.transcribe(piece_of(), Ask(), team_id="T1", job_id="J1", **more)  # type: ignore[arg-type]  # what a test names


async def test_the_words_are_tried_for_a_few_times() -> None:
    """A fault that passes is not felt; one that stays costs three requests, and opens no breaker."""
    engine, clock = ListEngine(heard=[DOWN, BUSY, HEARD]), Clock()
    assert await transcribe(line_of(engine, clock)) == HEARD
    assert clock.pauses == [0.5, 1.5]
    engine = ListEngine(heard=[DOWN])
    line = line_of(engine, clock)
    with pytest.raises(EndpointDownError):
        await transcribe(line)
    assert engine.hearings == 3
    assert not line.breaker.is_open


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EndpointKeyError("401"), id="refused"),
        pytest.param(BUSY.__class__("429", retry_after_seconds=130.0), id="busy for too long"),
        pytest.param(FileNotFoundError("gone"), id="gone"),
        pytest.param(ValueError("a fault of ours"), id="broken"),
    ],
)
async def test_words_that_cannot_be_had_are_given_up(error: Exception) -> None:
    """What will not get better soon is asked for once; only what the endpoint says is raised."""
    engine, clock = ListEngine(heard=[error]), Clock()
    if isinstance(error, EndpointError):
        with pytest.raises(type(error)):
            await transcribe(line_of(engine, clock))
    else:
        assert await transcribe(line_of(engine, clock)) is None
    assert (engine.hearings, clock.pauses) == (1, [])


async def test_words_are_waited_for_as_long_as_told() -> None:
    """A short Retry-After is obeyed, and costs patience."""
    busy = EndpointBusyError("429", retry_after_seconds=70.0)
    engine, clock = ListEngine(heard=[busy, busy, HEARD]), Clock()
    with pytest.raises(EndpointBusyError):
        await transcribe(line_of(engine, clock))
    assert (engine.hearings, clock.pauses) == (2, [70.0])


async def test_nobody_asks_for_the_words_of_what_is_not_wanted() -> None:
    """A piece that is not wanted any more is not sent for its words either."""
    engine, clock = ListEngine(), Clock()

    async def check() -> None:
        raise WithdrawnError

    assert await transcribe(line_of(engine, clock), check=check) is None
    assert engine.hearings == 0


async def test_words_are_asked_for_when_the_endpoint_is_back() -> None:
    """While the breaker is open nobody asks for them; they are waited for as long as somebody wants to."""
    engine, clock, turns = ListEngine(), Clock(), FairTurns(1)
    line = line_of(engine, clock, turns=turns)
    async with turns.of("T2", "J2"):
        task = asyncio.create_task(transcribe(line))
        await settled()
        open_up(line.breaker)
    await settled()
    assert await transcribe(line, may_wait=lambda: False) is None
    assert engine.hearings == 0
    line.breaker.note("Z", None)
    assert await task == HEARD
