from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.turns import FairTurns

JOBS = ("ax", "ay", "bx", "cx", "cy", "cz")


class Queue:
    """Pieces that wait for turns; each holds its turn until it is let go."""

    def __init__(self, at_once: int) -> None:
        self.turns = FairTurns(at_once)
        self.inside: list[str] = []
        self.order: list[str] = []
        self.doors: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def add(self, name: str) -> None:
        """Start a piece; its workspace and its job are the name's first two letters."""
        self.doors[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._run(name))
        await settle()

    async def _run(self, name: str) -> None:
        async with self.turns.of(name[0], name[:2]):
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
    for name in ("ax1", "ax2", "ax3", "ax4", "bx1", "bx2", "cx1"):
        await queue.add(name)
    await queue.drain()
    assert queue.order == ["ax1", "ax2", "bx1", "cx1", "ax3", "bx2", "ax4"]


async def test_jobs_of_a_workspace_take_turns() -> None:
    """A clip does not wait for all the pieces of a meeting, and its workspace gets no more turns by it."""
    queue = Queue(1)
    for name in ("ax1", "ax2", "ax3", "ax4", "ax5", "ay1", "az1", "bx1", "bx2"):
        await queue.add(name)
    await queue.drain()
    assert queue.order == ["ax1", "ax2", "bx1", "ay1", "bx2", "az1", "ax3", "ax4", "ax5"]


@given(rows=st.lists(st.sampled_from(JOBS), min_size=1, max_size=40))
def test_nobody_gets_two_turns_while_another_gets_none(rows: list[str]) -> None:
    """While somebody waits, a workspace, and within it a job, gets at most one turn more than each other."""

    async def play() -> None:
        queue = Queue(1)
        await queue.add("zz0")  # holds the only turn until all others wait
        for number, job in enumerate(rows):
            await queue.add(f"{job}{number}")
        await queue.drain()
        order = [name[:2] for name in queue.order[1:]]
        assert sorted(order) == sorted(rows)
        for length in (1, 2):  # of a workspace's name, and of a job's
            for at in range(len(order)):
                got, left = Counter(n[:length] for n in order[:at]), {n[:length] for n in order[at:]}
                for one in left:
                    rivals = [other for other in got if length == 1 or other[0] == one[0]]
                    assert all(got[other] <= got[one] + 1 for other in rivals)

    asyncio.run(play())


async def test_only_so_many_at_once() -> None:
    """No more than allowed are inside, and a free turn is taken at once."""
    queue = Queue(2)
    for name in ("ax1", "ax2", "ax3"):
        await queue.add(name)
    assert queue.inside == ["ax1", "ax2"]
    await queue.let_go("ax1")
    assert queue.inside == ["ax2", "ax3"]
    await queue.drain()
    await queue.add("ax4")
    assert queue.inside == ["ax4"]
    await queue.drain()


async def test_a_failure_gives_the_turn_back() -> None:
    """A job that raises does not keep its turn."""
    turns = FairTurns(1)
    with pytest.raises(ZeroDivisionError):
        async with turns.of("a", "ax"):
            raise ZeroDivisionError
    async with asyncio.timeout(10), turns.of("a", "ax"):
        pass


async def test_who_is_cancelled_while_waiting_costs_nobody_a_turn() -> None:
    """A cancelled job leaves the row, alone in its workspace or among others."""
    queue = Queue(1)
    for name in ("ax1", "ax2", "bx1", "ax3"):
        await queue.add(name)
    await queue.cancel("bx1")
    await queue.cancel("ax2")
    await queue.drain()
    assert queue.order == ["ax1", "ax3"]


async def test_who_is_cancelled_when_the_turn_comes_passes_it_on() -> None:
    """A turn given in the very moment of a cancellation is not lost."""
    turns = FairTurns(1)
    entered = []

    async def enter(name: str) -> None:
        async with turns.of("a", "ax"):
            entered.append(name)

    async with turns.of("a", "ax"):
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
    for name in ("ax1", "ax2", "bx1"):
        await queue.add(name)
    for task in queue.tasks.values():
        task.cancel()
    await settle()
    await queue.add("cx1")
    assert queue.inside == ["cx1"]
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
                job = JOBS[choice % len(JOBS)]
                number[job] += 1
                await queue.add(f"{job}{number[job]}")
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
        for job in JOBS:
            mine = [int(name[2:]) for name in queue.order if name[:2] == job]
            assert mine == sorted(mine)

    asyncio.run(play())
