"""Whether an endpoint is worth asking: where several shares failed in a row, only one at a time tries.

Closed, it lets everybody through and remembers whose tries found the endpoint out of order since its
last answer. Open, everybody waits but one, whose own request is the probe. An answer closes it, also a
refusal; busy and nonsense say nothing.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

import structlog

from bot.engines.answers import TWICE
from bot.errors import EndpointBusyError, EndpointDownError, EndpointSlowError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.errors import EndpointError

# One share that fails may itself be the cause; so many different ones in a row are not.
SHARES_TO_OPEN = 5
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)
LONGEST_DEMAND_SECONDS = 600.0
# A probe that has been due for so long without anybody to make it is made by whoever comes.
OVERDUE_SECONDS = 300.0


class _Waiting(NamedTuple):
    """Somebody who waits; the future says whether the next probe is theirs."""

    who: str
    is_next: asyncio.Future[bool]


class Breaker:
    """The breaker of one endpoint; belongs to one event loop."""

    def __init__(
        self,
        engine: str = "",
        *,
        shares_to_open: float = SHARES_TO_OPEN,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._shares_to_open = shares_to_open
        self._sleep = sleep
        self._clock = clock
        self._failed: set[str] = set()
        self._closed = asyncio.Event()
        self._closed.set()
        self._probes = 0
        self._due_at = 0.0
        self._is_probing = False
        self._waiting: list[_Waiting] = []
        self._last_probe: dict[str, int] = {}
        self._log = structlog.get_logger()

    @property
    def is_open(self) -> bool:
        """Whether the endpoint counts as down."""
        return not self._closed.is_set()

    @property
    def is_worth_asking(self) -> bool:
        """Whether somebody may ask right now: it is closed, or its next probe is due and nobody makes it."""
        return not self.is_open or (not self._is_probing and self._clock() >= self._due_at)

    @property
    def is_overdue(self) -> bool:
        """Whether nobody has made the next probe long after it was due."""
        return self.is_worth_asking and self._clock() >= self._due_at + OVERDUE_SECONDS

    async def closed(self) -> None:
        """Wait, without offering a probe, until the endpoint answers again."""
        await self._closed.wait()

    def take_probe(self) -> None:
        """Make the next probe without waiting for it; give it back with `leave`."""
        self._is_probing = True

    async def wait(self, who: str) -> bool:
        """Wait for the next probe, or until something has changed.

        True: the probe is the caller's, who gives it back with `leave`. False: somebody else has made
        one; the caller looks whether the endpoint is still down, and whether it still wants to wait.
        """
        if self._is_probing:
            one = _Waiting(who, asyncio.get_running_loop().create_future())
            self._waiting.append(one)
            try:
                if not await one.is_next:
                    return False
            except asyncio.CancelledError:
                if one in self._waiting:
                    self._waiting.remove(one)
                elif not one.is_next.cancelled() and one.is_next.result():
                    # It was given in the very moment that its owner was cancelled.
                    self.leave()
                raise
        else:
            self._is_probing = True
        pause = max(0.0, self._due_at - self._clock())
        try:
            await self._sleep(min(pause, PAUSES_SECONDS[-1]))
        except BaseException:
            self.leave()
            raise
        # An answer may have come to somebody who had asked before; and nobody sleeps through ten minutes.
        if not self.is_open or pause > PAUSES_SECONDS[-1]:
            self.leave()
            return False
        return True

    def note(self, who: str, error: EndpointError | None, *, is_probe: bool = False) -> None:
        """Take note of how a try ended. One that is busy, or talks nonsense, says nothing either way."""
        if is_probe and self.is_open:
            self._log.info(
                "breaker.probed",
                engine=self._engine,
                job_id=who,
                outcome=error.reason if error else "translated",
            )
        if not isinstance(error, EndpointDownError):
            self._note_answer(who)
        elif self.is_open:
            if is_probe:
                self._put_off(who, error)
        elif _is_outage(error):
            self._note_failure(who, error)

    def leave(self) -> None:
        """Give the probe back: to whose job had none for the longest time, and let all others look."""
        self._is_probing = False
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        # One whose own recording is the trouble must not be the one that tries, again and again.
        for one in sorted(waiting, key=lambda one: self._last_probe.get(one.who, 0)):
            if not one.is_next.cancelled():
                is_next = self.is_open and not self._is_probing
                self._is_probing = self._is_probing or is_next
                one.is_next.set_result(is_next)

    def _note_answer(self, who: str) -> None:
        self._failed.clear()
        self._due_at = 0.0
        if not self.is_open:
            return
        self._log.info("breaker.closed", engine=self._engine, job_id=who, probes=self._probes)
        self._closed.set()
        self._probes = 0
        self._last_probe.clear()
        self._wake()

    def _note_failure(self, who: str, error: EndpointDownError) -> None:
        self._failed.add(who)
        self._due_at = max(self._due_at, self._clock() + _demand(error))
        if len(self._failed) < self._shares_to_open:
            return
        self._log.warning("breaker.opened", engine=self._engine, job_id=who, shares=len(self._failed))
        self._failed.clear()
        self._closed.clear()
        self._due_at = max(self._due_at, self._clock() + PAUSES_SECONDS[0])

    def _put_off(self, who: str, error: EndpointDownError) -> None:
        """Put the next probe off, each time a little longer, and at least as long as the endpoint asks."""
        self._probes += 1
        self._last_probe[who] = self._probes
        pause = PAUSES_SECONDS[min(self._probes, len(PAUSES_SECONDS) - 1)]
        self._due_at = self._clock() + max(pause, _demand(error))


def _is_outage(error: EndpointDownError) -> bool:
    """Say whether this is how an endpoint fails that is out of order.

    One that says it did what it was asked, and gives nonsense, is up: the next recording may fare better,
    and where none does, the address is wrong, and nobody should wait an hour to hear of it.
    """
    if isinstance(error, EndpointBusyError):
        return False
    return error.tries > TWICE or isinstance(error, EndpointSlowError)


def _demand(error: EndpointDownError) -> float:
    """Give how long the endpoint wants to be left alone, as far as anybody obeys."""
    return min(error.retry_after_seconds or 0.0, LONGEST_DEMAND_SECONDS)
