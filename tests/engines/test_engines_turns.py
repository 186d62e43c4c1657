from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.turns import FairTurns


class Queue:
    """Jobs that wait for turns; each holds its turn until it is let go."""

    def __init__(self, at_once: int) -> None:
        self.turns = FairTurns(at_once)
        self.inside: list[str] = []
        self.order: list[str] = []
        self.doors: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def add(self, name: str) -> None:
        """Start a job; its workspace is the name's first letter."""
        self.doors[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._run(name))
        await settle()

    async def _run(self, name: str) -> None:
        async with self.turns.of(name[0]):
            self.inside.append(name)
            self.order.append(name)
            try:
                await self.doors[name].wait()
            finally:
                self.inside.remove(name)

    async def let_go(self, name: str) -> None:
        """End a job that is inside."""
        self.doors[name].set()
        await settle()

    async def cancel(self, name: str) -> None:
        """Cancel a job, wherever it is."""
        self.tasks[name].cancel()
        await settle()

    async def drain(self) -> None:
        """Let everybody go, in the order they came in."""
        while self.inside:
            await self.let_go(self.inside[0])
        for task in self.tasks.values():
            with suppress(asyncio.CancelledError):
                await task


async def settle() -> None:
    """Let all tasks run as far as they get."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_workspaces_take_turns() -> None:
    """A workspace with much to do does not make another one wait for all of it."""
    queue = Queue(1)
    for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
        await queue.add(name)
    await queue.drain()
    assert queue.order == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_only_so_many_at_once() -> None:
    """No more than allowed are inside, and a free turn is taken at once."""
    queue = Queue(2)
    for name in ("a1", "a2", "a3"):
        await queue.add(name)
    assert queue.inside == ["a1", "a2"]
    await queue.let_go("a1")
    assert queue.inside == ["a2", "a3"]
    await queue.drain()
    await queue.add("a4")
    assert queue.inside == ["a4"]
    await queue.drain()


async def test_a_failure_gives_the_turn_back() -> None:
    """A job that raises does not keep its turn."""
    turns = FairTurns(1)
    with pytest.raises(ZeroDivisionError):
        async with turns.of("a"):
            raise ZeroDivisionError
    async with asyncio.timeout(10), turns.of("a"):
        pass


async def test_who_is_cancelled_while_waiting_costs_nobody_a_turn() -> None:
    """A cancelled job leaves the row, alone in its workspace or among others."""
    queue = Queue(1)
    for name in ("a1", "a2", "b1", "a3"):
        await queue.add(name)
    await queue.cancel("b1")
    await queue.cancel("a2")
    await queue.drain()
    assert queue.order == ["a1", "a3"]


async def test_who_is_cancelled_when_the_turn_comes_passes_it_on() -> None:
    """A turn given in the very moment of a cancellation is not lost."""
    turns = FairTurns(1)
    entered = []

    async def enter(name: str) -> None:
        async with turns.of("a"):
            entered.append(name)

    async with turns.of("a"):
        unlucky, lucky = (asyncio.create_task(enter(name)) for name in ("unlucky", "lucky"))
        await settle()
    # The turn is the unlucky one's now, but it has not run yet.
    unlucky.cancel()
    async with asyncio.timeout(10):
        await lucky
    assert entered == ["lucky"]
    assert unlucky.cancelled()


async def test_all_cancelled_at_once() -> None:
    """When the row and the one inside are cancelled together the turn is free again."""
    queue = Queue(1)
    for name in ("a1", "a2", "b1"):
        await queue.add(name)
    for task in queue.tasks.values():
        task.cancel()
    await settle()
    await queue.add("c1")
    assert queue.inside == ["c1"]
    await queue.drain()


MOVES = st.lists(st.tuples(st.sampled_from(["add", "let go", "cancel"]), st.integers(0, 30)), max_size=60)


@given(at_once=st.integers(1, 3), moves=MOVES)
def test_whatever_happens_turns_are_neither_lost_nor_doubled(
    at_once: int, moves: list[tuple[str, int]]
) -> None:
    """In any order of coming, going and cancelling, nobody waits beside a free turn, and all get in."""

    async def play() -> None:
        queue, number = Queue(at_once), Counter[str]()
        cancelled = set()
        for move, choice in moves:
            names = [name for name, task in queue.tasks.items() if not task.done()]
            if move == "add":
                team = "abc"[choice % 3]
                number[team] += 1
                await queue.add(f"{team}{number[team]}")
            elif move == "cancel" and names:
                cancelled.add(names[choice % len(names)])
                await queue.cancel(names[choice % len(names)])
            elif move == "let go" and queue.inside:
                await queue.let_go(queue.inside[choice % len(queue.inside)])
            waiting = [n for n, task in queue.tasks.items() if not task.done() and n not in queue.inside]
            assert len(queue.inside) <= at_once
            assert len(queue.inside) == at_once or not waiting
        await queue.drain()
        assert set(queue.tasks) - cancelled <= set(queue.order)
        for team in "abc":
            mine = [int(name[1:]) for name in queue.order if name[0] == team]
            assert mine == sorted(mine)

    asyncio.run(play())
