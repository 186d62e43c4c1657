"""Slack's rate limits: so many calls of a method per minute, one message per second and channel."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE_SECONDS = 60.0
BURST = 5  # «short bursts» of messages in one channel; Slack gives no number


class Limits:
    """Counts calls. Nothing is refused unless somebody asks `wait_seconds`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._allowance: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, method: str, per_minute: int, channel: str) -> float:
        """Count a call; give how long the caller must wait where it is one too many, else 0."""
        now, calls = self._clock(), self._calls[method]
        while calls and calls[0] <= now - MINUTE_SECONDS:
            calls.popleft()
        if len(calls) >= per_minute:
            return calls[0] + MINUTE_SECONDS - now
        if method == "chat.postMessage":
            wait = self._wait_for_channel(channel, now)
            if wait:
                return wait
        calls.append(now)
        return 0.0

    def _wait_for_channel(self, channel: str, now: float) -> float:
        left, counted_at = self._allowance.get(channel, (float(BURST), now))
        left = min(float(BURST), left + (now - counted_at))
        if left < 1:
            self._allowance[channel] = (left, now)
            return 1.0 - left
        self._allowance[channel] = (left - 1, now)
        return 0.0
