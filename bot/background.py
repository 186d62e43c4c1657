"""Work that goes on beside what started it: kept from being collected, heard of when it fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = structlog.get_logger()


class Background:
    """The tasks of one owner. The loop itself holds its tasks only weakly."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._by_key: dict[str, asyncio.Task[None]] = {}

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside the caller; its failure is logged by kind."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    async def finish_within(
        self, seconds: float, key: str, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        """Wait for `work`, but not for ever: late, it goes on, and only the waiting ends (TimeoutError).

        Whoever comes with the same key meanwhile waits for the same work instead of doing it twice.
        """
        if key not in self._by_key:
            self._by_key[key] = self.start(work())
            self._by_key[key].add_done_callback(lambda _: self._by_key.pop(key))
        await asyncio.wait_for(asyncio.shield(self._by_key[key]), seconds)

    def cancel(self) -> None:
        """End everything that still goes on."""
        for task in self._tasks:
            task.cancel()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("background.failed", kind=type(error).__name__)
