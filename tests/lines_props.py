"""Engines that answer from a list, and a clock: for tests of lines and of the translator over them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.engines import Ask, Transcription, Translation
from bot.engines.turns import FairTurns
from bot.errors import EndpointDownError
from bot.line import Line
from bot.piece import Piece

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.breaker import Breaker

ENGLISH = Translation("The parcel has not arrived yet.", request_id="req_1")
HEARD = Transcription("Das Paket ist noch nicht da.", source_language="de")


def piece_of(index: int = 0, *, seconds: float = 6.0) -> Piece:
    """Give a piece of a recording; no engine here looks at its sound."""
    return Piece(index, f"piece-{index}.flac", 0.0, seconds, 4, is_last=True)


@dataclass
class Clock:
    """A clock that only pauses move, each over at once."""

    now: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Say the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the clock go on, and others have their turn."""
        self.pauses.append(seconds)
        self.now += seconds
        for _ in range(5):
            await asyncio.sleep(0)


@dataclass
class ListEngine:
    """Answers in turn, the last answer again and again; raises those that are exceptions.

    While `gate` is cleared every translation waits, and while `ear` is, every transcription.
    """

    answers: Iterable[Translation | Exception] = (ENGLISH,)
    heard: Iterable[Transcription | Exception] = (HEARD,)
    name: str = "translations"
    brings_original: bool = False
    asks: list[Ask] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    hearings: int = 0
    cancelled: int = 0
    at_once: int = 0
    most_at_once: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    ear: asyncio.Event = field(default_factory=asyncio.Event)
    is_closed: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Open both gates."""
        self.answers, self.heard = deque(self.answers), deque(self.heard)
        self.gate.set()
        self.ear.set()

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Note what is asked, and answer."""
        self.asks.append(ask)
        self.asked.append(piece.index)
        self._news.set()
        answer = await self._answer(self.answers, self.gate)
        assert isinstance(answer, Translation)
        return answer

    async def transcribe(self, _piece: Piece, _ask: Ask) -> Transcription:
        """Say what was said."""
        self.hearings += 1
        heard = await self._answer(self.heard, self.ear)
        assert isinstance(heard, Transcription)
        return heard

    async def begun(self, count: int) -> None:
        """Wait until so many translations have been asked for."""
        while len(self.asks) < count:
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        """Note that it was let go."""
        self.is_closed = True

    async def _answer(
        self, answers: Iterable[Translation | Transcription | Exception], gate: asyncio.Event
    ) -> Translation | Transcription:
        assert isinstance(answers, deque)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await gate.wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_once -= 1
        answer = answers.popleft() if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Translation | Transcription)
        return answer


def line_of(engine: ListEngine, clock: Clock, *, turns: FairTurns | None = None) -> Line:
    """Give a line without chance."""
    return Line(engine, turns=turns or FairTurns(20), sleep=clock.sleep, clock=clock, chance=lambda: 1.0)


def open_up(breaker: Breaker) -> None:
    """Let five shares find the endpoint down."""
    for who in ("S1", "S2", "S3", "S4", "S5"):
        breaker.note(who, EndpointDownError("503"))
    assert breaker.is_open


async def settled() -> None:
    """Let everything go on as far as it gets."""
    for _ in range(50):
        await asyncio.sleep(0)
