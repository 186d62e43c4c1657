"""What /metrics tells: how shares ended, how long they took, how many are on the road."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ending import Ending

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

    def count_running(self, running: Callable[[], int]) -> None:
        """Ask `running` whenever somebody looks."""
        self._running.set_function(running)

    def note_ending(self, ending: Ending, seconds: float) -> None:
        """Count one share."""
        self._ended.labels(ending=ending.name.value, reason=ending.reason).inc()
        self._seconds.observe(seconds)
