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
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import structlog

from bot.breaker import Breaker
from bot.engines import Translation
from bot.engines.answers import TWICE
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
# Quick at first, since most faults pass at once; in all twenty seconds, since a restart takes that long.
FIRST_PAUSE_SECONDS = 0.5
EACH_TIMES = 3
LONGEST_PAUSE_SECONDS = 20.0
LONGEST_WAIT_SECONDS = 3600.0
# Who has somewhere else to go looks in at an endpoint that is down with a short piece, and not for long.
SHORT_PIECE_SECONDS = 60.0
LOOK_IN_SECONDS = 15.0
# Where no such piece came for minutes, any will do, and needs longer.
LONG_LOOK_IN_SECONDS = 60.0


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
class Tries:
    """What was spent on one piece so far: tries, each kind of fault on its own, and seconds.

    As many tries as `least` are made however long they take, unless it is only slowness that they meet.
    """

    most: int = MOST_TRIES
    least: int = 2
    number: int = 0
    seconds: float = 0.0
    met: Counter[int] = field(default_factory=Counter)
    slow: int = 0

    def are_over(self, error: EndpointError) -> bool:
        """Say whether a piece that has met this fault gets no further try."""
        return (
            not error.can_be_retried
            or self.number >= self.most
            or self.met[error.tries] >= error.tries
            or (
                self.seconds >= PATIENCE_SECONDS
                and (self.number >= self.least or isinstance(error, EndpointSlowError))
            )
        )

    def are_over_while_down(self, error: EndpointError, *, wants_less: bool) -> bool:
        """Count a fault of an endpoint that is down, and say whether the piece gets no further try.

        Only what may have been paid for is counted, and how often the whole of a piece was too slow where
        less of it may go through: not once, since in an outage halves would only be more requests.
        """
        if error.tries <= TWICE:
            self.met[error.tries] += 1
            return self.met[error.tries] >= error.tries
        self.slow += wants_less
        return wants_less and self.slow >= TWICE


class _Pass(NamedTuple):
    """What lets a piece past the breaker: maybe that it is the probe, and then maybe a limit to its time."""

    is_probe: bool = False
    seconds: float | None = None


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
        look_in_seconds: float = LOOK_IN_SECONDS,
    ) -> None:
        self._engine = engine
        self._turns = turns
        self.breaker = breaker or Breaker(engine.name, sleep=sleep, clock=clock)
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._look_in_seconds = look_in_seconds
        self._log = structlog.get_logger()

    @property
    def name(self) -> str:
        """The engine's name in the configuration."""
        return self._engine.name

    @property
    def brings_original(self) -> bool:
        """Whether the words as they were said come with the translation."""
        return self._engine.brings_original

    def is_worth_asking(self, piece: Piece) -> bool:
        """Say whether a piece that has somewhere else to go may ask here right now."""
        if not self.breaker.is_open:
            return True
        is_short = piece.seconds <= SHORT_PIECE_SECONDS
        return self.breaker.is_worth_asking if is_short else self.breaker.is_overdue

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
        tries: Tries | None = None,
    ) -> Translation:
        """Give the English of one piece, or raise the last `EndpointError` when no further try is due.

        The turn is given back between tries, so that others ask while this piece waits. Patience
        counts our own requests and pauses, not the wait for a turn nor what Retry-After demands; nor
        do tries and waits while the breaker is open. `check` is called before each try and now and then
        in a wait, and may raise: minutes may have passed since the piece was cut. Raises ShutError where
        the breaker is open and `may_wait` says no; `tries` then say what was spent. Of a piece that
        `can_be_halved` the first EndpointSlowError is final, once the pause is over: to ask alike would
        take as long, and cost again.
        """
        tries, wait = tries or Tries(), wait or Wait()
        while True:
            async with self._past_breaker(piece, job_id, check, wait, may_wait) as (is_probe, limit):
                async with self._turns.of(team_id, job_id):
                    await check()
                    if self.breaker.is_open and not is_probe:
                        continue  # it has opened while this piece waited for its turn
                    outcome, seconds = await self._timed(_within(limit, self._engine.translate(piece, ask)))
                error = outcome if isinstance(outcome, EndpointError) else None
                self._tell(
                    "translation.tried", outcome, piece, seconds, tries, job_id=job_id, team_id=team_id
                )
                self.breaker.note(job_id, error, is_probe=is_probe)
            if not isinstance(outcome, EndpointError):
                return outcome
            wants_less = can_be_halved and isinstance(outcome, EndpointSlowError)
            if not await self._may_ask_again(tries, outcome, seconds, wants_less=wants_less):
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
        """Give the words of one piece as they were said, or None where they are not wanted any more.

        Raises the last `EndpointError` when no further try is due, and nothing else: no fault here is a
        reason to go without the translation. How it ends says nothing to the breaker, since another model
        does this work; while that is open, nothing is asked, and waited only as long as `may_wait` says so.
        """
        tries = Tries(MOST_TRIES_FOR_ORIGINAL, least=1)
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
            except EndpointError:
                raise  # of the check
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
                raise outcome
            await self._sleep(max(pause, demanded))

    async def close(self) -> None:
        """Let go of the engine's connections."""
        await self._engine.close()

    @asynccontextmanager
    async def _past_breaker(
        self,
        piece: Piece,
        job_id: str,
        check: Callable[[], Awaitable[None]],
        wait: Wait,
        may_wait: Callable[[], bool],
    ) -> AsyncIterator[_Pass]:
        """Come past the breaker, and say whether as its probe; holds no turn meanwhile."""
        is_probe, limit = False, None
        while self.breaker.is_open and not is_probe:
            if may_wait():
                wait.go_on(self._clock())
                await check()
                is_probe = await self.breaker.wait(job_id)
            elif self.is_worth_asking(piece):
                self.breaker.take_probe()
                is_probe = True
                is_short = piece.seconds <= SHORT_PIECE_SECONDS
                limit = self._look_in_seconds if is_short else LONG_LOOK_IN_SECONDS
            else:
                raise ShutError(detail="not asked: found down before")
        try:
            yield _Pass(is_probe, limit)
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

    async def _may_ask_again(
        self, tries: Tries, error: EndpointError, seconds: float, *, wants_less: bool
    ) -> bool:
        """Make the pause that is due after a fault, and say whether to ask alike then."""
        demanded = error.retry_after_seconds or 0.0
        if demanded > LONGEST_RETRY_AFTER_SECONDS:
            return False
        if error.can_be_retried and self.breaker.is_open:
            return not tries.are_over_while_down(error, wants_less=wants_less)
        pause = self._count(tries, error, seconds)
        if tries.are_over(error) and not wants_less:
            return False
        # All who were sent away at once must not come back at once.
        await self._sleep(max(pause, demanded + FIRST_PAUSE_SECONDS * self._chance()))
        # Where it turned out meanwhile that it is down for all, the piece was not too long.
        return not wants_less or self.breaker.is_open

    def _count(self, tries: Tries, error: EndpointError, seconds: float) -> float:
        """Count a try that failed; choose the pause after it: growing, with a half that chance decides."""
        tries.number += 1
        tries.met[error.tries] += 1
        longest: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * EACH_TIMES ** (tries.number - 1))
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
        tries: Tries,
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


async def _within(limit: float | None, asked: Awaitable[T]) -> T:
    """Wait for an answer, to a probe no longer than its limit.

    Late is not too slow: nothing is known of an endpoint that was hardly waited for.
    """
    try:
        async with asyncio.timeout(limit) as waiting:
            return await asked
    except TimeoutError as error:
        if not waiting.expired():
            raise
        raise EndpointDownError(detail=f"probe without an answer in {limit} s") from error
