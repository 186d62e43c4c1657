"""Few events at a time, however many come at once.

Taken up all together, a thousand would each be stored last: Slack would send most of them again, and the
jobs that run already would wait for all. One after the other each is acked as soon as it is stored. What
people do themselves (commands, buttons) waits for no event.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager

EVENTS_AT_ONCE = 20


class Turns:
    """The turns of one transport; the first that comes is the first that is served."""

    def __init__(self) -> None:
        self._events = asyncio.Semaphore(EVENTS_AT_ONCE)

    def turn_of(self, body: Mapping[str, Any]) -> AbstractAsyncContextManager[Any]:
        """Give the turn to wait for before a request with this body is handled."""
        return self._events if body.get("type") == "event_callback" else nullcontext()
