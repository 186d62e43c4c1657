"""What the bot costs while nothing happens: memory and processor of all its processes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.figures import Figure
from benchmarks.scene import clip, playing, rest

if TYPE_CHECKING:
    from benchmarks.machine import Memory

GOAL_MB, GOAL_PERCENT = 180, 5
SETTLE_SECONDS, SECONDS = 3.0, 20.0


async def measure(*, seconds: float = SECONDS, settle_seconds: float = SETTLE_SECONDS) -> list[Figure]:
    """Look at a bot that has translated one clip and now waits for the next."""
    async with playing() as scene:
        await scene.answer(clip())
        await rest(settle_seconds)
        bot = next(iter(machine.bots()), 0)
        began, before = time.perf_counter(), machine.cpu_seconds(bot)
        await rest(seconds)
        after, elapsed = machine.cpu_seconds(bot), time.perf_counter() - began
        family = machine.family(bot)
        held = machine.memory(family)
    percent = None if before is None or after is None else 100 * (after - before) / elapsed
    return [
        memory_figure(held, processes=len(family)),
        Figure("idle, processor of one core", percent, "%", GOAL_PERCENT, f"over {elapsed:.0f} s"),
    ]


def memory_figure(
    held: Memory | None,
    *,
    processes: int,
    what: str = "idle, memory of all processes",
    goal_mb: float = GOAL_MB,
    more: str = "",
) -> Figure:
    """Take shared pages fairly where the system tells; else each is counted with every process."""
    if held is None:
        return Figure(what, None, "MB", goal_mb)
    kind = "" if held.shared_fairly_mb is None else "PSS; "
    note = f"{kind}{processes} processes; RSS {held.resident_mb:.0f} MB{more}"
    return Figure(what, held.fairest_mb, "MB", goal_mb, note)
