"""Let requests to the endpoint in, so many at once, by turns between the workspaces and their jobs.

A workspace that posts a thousand recordings must not make another one wait for all of them, nor a
meeting of fifty pieces a clip that is posted after it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class FairTurns:
    """At most `at_once` inside; who waits is let in by workspace in turn, by job in turn within one.

    For one event loop: all that happens between two awaits happens as one.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        # Who is next stands first, workspace and job; none stands here without somebody waiting.
        self._waiting: OrderedDict[str, OrderedDict[str, deque[asyncio.Future[None]]]] = OrderedDict()

    @asynccontextmanager
    async def of(self, team_id: str, job_id: str) -> AsyncIterator[None]:
        """Wait for a turn of a job of `team_id`, hold it, and give it back."""
        await self._take(team_id, job_id)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, team_id: str, job_id: str) -> None:
        if self._free:  # then nobody waits: a turn given back goes to who waits first
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(team_id, OrderedDict()).setdefault(job_id, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(team_id, job_id, turn)
            else:  # the turn was given in the very moment that its owner was cancelled
                self._give_back()
            raise

    def _give_back(self) -> None:
        """Hand the turn to the first of the next job of the next workspace, or keep it free."""
        while self._waiting:
            team_id, jobs = next(iter(self._waiting.items()))
            job_id, queue = next(iter(jobs.items()))
            turn = queue.popleft()
            jobs.move_to_end(job_id)
            self._waiting.move_to_end(team_id)
            self._tidy(team_id, job_id)
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, team_id: str, job_id: str, turn: asyncio.Future[None]) -> None:
        """Take a cancelled wait out of the row, so that its job does not lose a turn by it."""
        queue = self._waiting.get(team_id, OrderedDict()).get(job_id)
        if queue and turn in queue:
            queue.remove(turn)
            self._tidy(team_id, job_id)

    def _tidy(self, team_id: str, job_id: str) -> None:
        """Take who has nobody waiting out of the rows."""
        jobs = self._waiting[team_id]
        if not jobs[job_id]:
            del jobs[job_id]
        if not jobs:
            del self._waiting[team_id]
