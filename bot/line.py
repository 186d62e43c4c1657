"""One engine with its turns, tries, patience and breaker: a piece → what the engine makes of it.

An engine asks once and says in its error what another try is worth; only this file tries again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.breaker import Breaker
from bot.engines import Translation
from bot.errors import BotError, EndpointDownError, EndpointError, EndpointSlowError, OutcomeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.engines import Ask, Engine, Transcription
    from bot.engines.turns import FairTurns
    from bot.piece import Piece

T = TypeVar("T")

MOST_TRIES = 5
# The words as they were said come along; they are not worth as much.
MOST_TRIES_FOR_ORIGINAL = 3
PATIENCE_SECONDS = 120.0
LONGEST_RETRY_AFTER_SECONDS = 600.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 3600.0


class ShutError(EndpointDownError):
    """The breaker of a line is open, and whoever asks has somewhere else to go."""


async def _go_on() -> None:
    """Find nothing against a further try."""


def _always() -> bool:
    """Stay, since there is nowhere else to go."""
    return True


@dataclass(slots=True)
class Wait:
    """A piece's wait for endpoints that are down; `on_wait` is called when it begins, once."""

    on_wait: Callable[[], None] = lambda: None
    since: float | None = None

    def go_on(self, now: float) -> None:
        """Begin to wait, or wait on. Raises EndpointDownError where it has lasted too long."""
        if self.since is None:
            self.since = now
            self.on_wait()
        elif now - self.since >= LONGEST_WAIT_SECONDS:
            raise EndpointDownError(detail=f"waited {now - self.since:.0f} s")


@dataclass(slots=True)
class _Tries:
    """What was spent on one piece so far: tries, each kind of fault on its own, and seconds."""

    most: int = MOST_TRIES
    number: int = 0
    seconds: float = 0.0
    met: Counter[int] = field(default_factory=Counter)

    def are_over(self, error: EndpointError) -> bool:
        """Say whether a piece that has met this fault gets no further try."""
        return (
            not error.can_be_retried
            or self.number >= self.most
            or self.met[error.tries] >= error.tries
            or self.seconds >= PATIENCE_SECONDS
        )


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
        self.breaker = breaker or Breaker(engine.name, sleep=sleep, clock=clock)
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._log = structlog.get_logger()

    @property
    def name(self) -> str:
        """The engine's name in the configuration."""
        return self._engine.name

    @property
    def brings_original(self) -> bool:
        """Whether the words as they were said come with the translation."""
        return self._engine.brings_original

    async def translate(  # noqa: PLR0913 -- who asks, for what, and how long they wait
        self,
        piece: Piece,
        ask: Ask,
        *,
        team_id: str,
        job_id: str,
        check: Callable[[], Awaitable[None]] = _go_on,
        wait: Wait | None = None,
        may_wait: Callable[[], bool] = _always,
        can_be_halved: bool = False,
    ) -> Translation:
        """Give the English of one piece, or raise the last `EndpointError` when no further try is due.

        The turn is given back between tries, so that others ask while this piece waits. Patience
        counts our own requests and pauses, not the wait for a turn nor what Retry-After demands; nor
        do tries and waits while the breaker is open. `check` is called before each try and now and then
        in a wait, and may raise: minutes may have passed since the piece was cut. Raises ShutError where
        the breaker is open and `may_wait` says no. Of a piece that `can_be_halved` the first
        EndpointSlowError is final, once the pause is over: to ask alike would take as long, and cost again.
        """
        tries, wait = _Tries(), wait or Wait()
        while True:
            async with self._past_breaker(job_id, check, wait, may_wait) as is_probe:
                async with self._turns.of(team_id, job_id):
                    await check()
                    if self.breaker.is_open and not is_probe:
                        continue  # it has opened while this piece waited for its turn
                    outcome, seconds = await self._timed(self._engine.translate(piece, ask))
                error = outcome if isinstance(outcome, EndpointError) else None
                self._tell(
                    "translation.tried", outcome, piece, seconds, tries, job_id=job_id, team_id=team_id
                )
                self.breaker.note(job_id, error, is_probe=is_probe)
            if not isinstance(outcome, EndpointError):
                return outcome
            demanded = outcome.retry_after_seconds or 0.0
            if demanded > LONGEST_RETRY_AFTER_SECONDS:
                raise outcome
            wants_less = can_be_halved and isinstance(outcome, EndpointSlowError)
            if outcome.can_be_retried and self.breaker.is_open and not wants_less:
                continue
            pause = self._count(tries, outcome, seconds)
            if tries.are_over(outcome) and not wants_less:
                raise outcome
            # All who were sent away at once must not come back at once.
            await self._sleep(max(pause, demanded + FIRST_PAUSE_SECONDS * self._chance()))
            if wants_less:
                raise outcome

    async def transcribe(  # noqa: PLR0913 -- as for a translation
        self,
        piece: Piece,
        ask: Ask,
        *,
        team_id: str,
        job_id: str,
        check: Callable[[], Awaitable[None]] = _go_on,
        may_wait: Callable[[], bool] = _always,
    ) -> Transcription | None:
        """Give the words of one piece as they were said, or None where they cannot be had soon.

        Whatever goes wrong here is no reason to go without the translation: nothing is raised. How it
        ends says nothing to the breaker, since another model does this work; while that is open, nothing is
        asked, and waited only as long as `may_wait` says so.
        """
        tries = _Tries(MOST_TRIES_FOR_ORIGINAL)
        while True:
            while self.breaker.is_open:
                if not may_wait():
                    return None
                await self.breaker.closed()
            try:
                async with self._turns.of(team_id, job_id):
                    await check()
                    if self.breaker.is_open:
                        continue
                    outcome, seconds = await self._timed(self._engine.transcribe(piece, ask))
            except (BotError, OutcomeError, FileNotFoundError):
                return None  # not wanted any more, or to be cut again: the translation hears of it, too
            except Exception:  # noqa: BLE001 -- logged, with its traceback
                self._log.exception("original.broke", job_id=job_id, piece=piece.index)
                return None
            self._tell("original.tried", outcome, piece, seconds, tries, job_id=job_id, team_id=team_id)
            if not isinstance(outcome, EndpointError):
                return outcome
            pause, demanded = self._count(tries, outcome, seconds), outcome.retry_after_seconds or 0.0
            tries.seconds += max(0.0, demanded - pause)  # here also what Retry-After demands costs patience
            if tries.are_over(outcome):
                return None
            await self._sleep(max(pause, demanded))

    async def close(self) -> None:
        """Let go of the engine's connections."""
        await self._engine.close()

    @asynccontextmanager
    async def _past_breaker(
        self,
        job_id: str,
        check: Callable[[], Awaitable[None]],
        wait: Wait,
        may_wait: Callable[[], bool],
    ) -> AsyncIterator[bool]:
        """Come past the breaker, and say whether as its probe; holds no turn meanwhile."""
        is_probe = False
        while self.breaker.is_open and not is_probe:
            if may_wait():
                wait.go_on(self._clock())
                await check()
                is_probe = await self.breaker.wait(job_id)
            elif self.breaker.is_worth_asking:
                self.breaker.take_probe()
                is_probe = True
            else:
                raise ShutError(detail="not asked: found down before")
        try:
            yield is_probe
        finally:
            if is_probe:
                self.breaker.leave()

    async def _timed(self, asked: Awaitable[T]) -> tuple[T | EndpointError, float]:
        """Wait for one answer; give it, or why there is none, and the seconds that it took."""
        started = self._clock()
        outcome: T | EndpointError
        try:
            outcome = await asked
        except EndpointError as error:
            outcome = error
        return outcome, self._clock() - started

    def _count(self, tries: _Tries, error: EndpointError, seconds: float) -> float:
        """Count a try that failed; choose the pause after it: doubling, with a half that chance decides."""
        tries.number += 1
        tries.met[error.tries] += 1
        longest: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (tries.number - 1))
        pause = longest * (0.5 + self._chance() / 2)
        # What Retry-After demands is not of our own choice.
        tries.seconds += seconds if (error.retry_after_seconds or 0.0) > pause else seconds + pause
        return pause

    def _tell(
        self,
        event: str,
        outcome: Translation | Transcription | EndpointError,
        piece: Piece,
        seconds: float,
        tries: _Tries,
        **ids: str,
    ) -> None:
        """Tell a try in the log: ids, statuses and times; never a text."""
        error = outcome if isinstance(outcome, EndpointError) else None
        done = "translated" if isinstance(outcome, Translation) else "transcribed"
        self._log.info(
            event,
            **ids,
            engine=self.name,
            piece=piece.index,
            try_number=tries.number + 1,
            piece_seconds=round(piece.seconds, 3),
            seconds=round(seconds, 3),
            outcome=error.reason if error else done,
            detail=error.detail if error else "",
            request_id=outcome.request_id,
            retry_after_seconds=error.retry_after_seconds if error else None,
        )
