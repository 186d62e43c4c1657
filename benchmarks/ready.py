"""How long the bot takes from its start until Slack's events reach it."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, spread
from benchmarks.scene import playing

GOAL_SECONDS = 2.0
STARTS = 5


async def measure(*, starts: int = STARTS) -> list[Figure]:
    """Start it on an empty folder, then again and again on the same."""
    seconds: list[float] = []
    cpu: list[float] = []
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as folder:
        for _ in range(starts):
            async with playing(data=Path(folder)) as scene:
                seconds.append(scene.start_seconds)
                cpu += [] if scene.start_cpu is None else [scene.start_cpu]
    return [
        Figure("ready after the first start, with an empty database", seconds[0], "s", GOAL_SECONDS),
        Figure(
            "ready after a start, median",
            statistics.median(seconds),
            "s",
            GOAL_SECONDS,
            spread(seconds, digits=2),
        ),
        Figure("  processor time of it, median", statistics.median(cpu) if cpu else None, "s"),
    ]
