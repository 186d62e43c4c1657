"""What /metrics tells: how shares ended and how long they took, how many are on the road, what is down."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.ending import Ending
    from bot.line import Line

BUCKETS_SECONDS = (0.5, 1, 2, 5, 10, 20, 60, 120, 300, 900, 3600)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._ended = Counter(
            "dragoman_shares_ended", "Shares by how they ended", ["ending", "reason"], registry=self.registry
        )
        self._seconds = Histogram(
            "dragoman_share_seconds",
            "From the start of a share's job to its ending",
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self._running = Gauge("dragoman_jobs_running", "Jobs on the road now", registry=self.registry)
        self._down = Gauge(
            "dragoman_endpoint_down",
            "1 where an engine's endpoint failed several shares in a row, and the others wait",
            ["engine"],
            registry=self.registry,
        )

    def count_running(self, running: Callable[[], int]) -> None:
        """Ask `running` whenever somebody looks."""
        self._running.set_function(running)

    def note_ending(self, ending: Ending, seconds: float) -> None:
        """Count one share."""
        self._ended.labels(ending=ending.name.value, reason=ending.reason).inc()
        self._seconds.observe(seconds)

    def watch(self, lines: Iterable[Line]) -> None:
        """Ask the breaker of each line whenever somebody looks."""
        for line in lines:
            self._down.labels(engine=line.name).set_function(partial(_is_open, line))


def _is_open(line: Line) -> float:
    return float(line.breaker.is_open)
