"""One engine with its turns, tries, patience and breaker: a piece → what the engine makes of it.

An engine asks once and says in its error what another try is worth; only this file tries again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from bot.breaker import Breaker
from bot.engines import Translation
from bot.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.engines import Ask, Engine
    from bot.engines.turns import FairTurns
    from bot.piece import Piece

MOST_TRIES = 5
PATIENCE_SECONDS = 120.0
LONGEST_RETRY_AFTER_SECONDS = 600.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


async def _go_on() -> None:
    """Find nothing against a further try."""


class Line:
    """One engine, asked as often as a piece is worth."""

    def __init__(  # noqa: PLR0913 -- the engine, its turns and breaker; the others are there for tests
        self,
        engine: Engine,
        *,
        turns: FairTurns,
        breaker: Breaker | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._engine = engine
        self._turns = turns
        self.breaker = breaker or Breaker()
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._log = structlog.get_logger()

    @property
    def name(self) -> str:
        """The engine's name in the configuration."""
        return self._engine.name

    async def translate(
        self,
        piece: Piece,
        ask: Ask,
        *,
        team_id: str,
        job_id: str,
        check: Callable[[], Awaitable[None]] = _go_on,
    ) -> Translation:
        """Give the English of one piece, or raise the last `EndpointError` when no further try is due.

        The turn is given back between tries, so that others ask while this piece waits. Patience
        counts our own requests and pauses, not the wait for a turn nor what Retry-After demands. `check`
        is called before each try, and may raise: minutes may have passed since the piece was cut.
        """
        spent, number = 0.0, 0
        met: Counter[int] = Counter()
        while True:
            number += 1
            async with self._turns.of(team_id, job_id):
                await check()
                started = self._clock()
                outcome = await self._try(piece, ask)
                seconds = self._clock() - started
            self._log.info(
                "translation.tried",
                job_id=job_id,
                team_id=team_id,
                piece=piece.index,
                try_number=number,
                **_told(outcome, piece, seconds),
            )
            if isinstance(outcome, Translation):
                return outcome
            met[outcome.tries] += 1
            pause = self._chosen_pause(number)
            demanded = outcome.retry_after_seconds or 0.0
            spent += seconds if demanded > pause else seconds + pause
            is_last = number >= MOST_TRIES or met[outcome.tries] >= outcome.tries or spent >= PATIENCE_SECONDS
            if is_last or not outcome.can_be_retried or demanded > LONGEST_RETRY_AFTER_SECONDS:
                raise outcome
            # All who were sent away at once must not come back at once.
            await self._sleep(max(pause, demanded + FIRST_PAUSE_SECONDS * self._chance()))

    async def close(self) -> None:
        """Let go of the engine's connections."""
        await self._engine.close()

    async def _try(self, piece: Piece, ask: Ask) -> Translation | EndpointError:
        try:
            return await self._engine.translate(piece, ask)
        except EndpointError as error:
            return error

    def _chosen_pause(self, number: int) -> float:
        """Choose how long to wait after try `number`: doubling, with a half that chance decides."""
        longest: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (number - 1))
        return longest * (0.5 + self._chance() / 2)


def _told(outcome: Translation | EndpointError, piece: Piece, seconds: float) -> dict[str, object]:
    """Tell a try for the log: ids, statuses and times; never a text."""
    error = outcome if isinstance(outcome, EndpointError) else None
    return {
        "piece_seconds": round(piece.seconds, 3),
        "seconds": round(seconds, 3),
        "outcome": error.reason if error else "translated",
        "detail": error.detail if error else "",
        "request_id": outcome.request_id,
        "retry_after_seconds": error.retry_after_seconds if error else None,
    }
