"""The log of everything that passed between Slack and the app, with the reason of every refusal."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.records import Change, Json

    Log = Callable[["Exchange"], None]

ExchangeKind = Literal[
    "api", "download", "upload", "response_url", "event", "command", "interaction", "socket"
]

MOST_KEPT = 20_000  # exchanges; far more than a test makes, little enough for a sandbox left running

# What may be shown of a call where a failure is printed: ids and shapes, never what somebody said.
SHOWN = ("channel", "channel_id", "thread_ts", "ts", "file", "user", "limit", "event_id", "type", "attempt")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call of the app, or one delivery to it.

    `method` is the method, the path or the event's type. `rule` says which rule refused it and why,
    or what would deserve a look although it passed. `at` counts seconds since the sandbox began.
    """

    at: float
    kind: ExchangeKind
    method: str
    arguments: Json = field(default_factory=dict)
    status: int = 200
    ok: bool = True
    error: str = ""
    rule: str = ""
    duration: float = 0.0

    def line(self) -> str:
        """Give one readable line without texts and tokens."""
        shown = " ".join(f"{key}={self.arguments[key]}" for key in SHOWN if key in self.arguments)
        verdict = "ok" if self.ok else f"{self.error or self.status}"
        reason = f" -- {self.rule}" if self.rule else ""
        return f"+{self.at:.2f}s {self.kind} {self.method} {shown} -> {verdict}{reason}"


class Traffic:
    """The exchanges in their order. Each has a number; those of a long day are let go, the oldest first."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.kept: list[Exchange] = []
        self.listeners: list[Callable[[int, Exchange], None]] = []
        self._most = most
        self._gone = 0

    @property
    def next_number(self) -> int:
        """The number that the next exchange gets."""
        return self._gone + len(self.kept)

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange and tell who listens."""
        number = self.next_number
        self.kept.append(exchange)
        if len(self.kept) > self._most:
            less = max(1, self._most // 10)  # several at once, so that it is not done for every exchange
            del self.kept[:less]
            self._gone += less
        for listener in self.listeners:
            listener(number, exchange)

    def since(self, number: int) -> list[tuple[int, Exchange]]:
        """Give the exchanges from this number on, as far as they are kept, with their numbers."""
        start = max(number - self._gone, 0)
        return list(enumerate(self.kept[start:], self._gone + start))

    def latest(self, count: int) -> list[tuple[int, Exchange]]:
        """Give the last exchanges with their numbers."""
        return self.since(self.next_number - count)

    def get(self, number: int) -> Exchange | None:
        """Give an exchange by its number."""
        index = number - self._gone
        return self.kept[index] if 0 <= index < len(self.kept) else None

    def forget(self) -> None:
        """Begin anew with number 0."""
        self.kept.clear()
        self._gone = 0


class Pulse:
    """Wakes whoever waits for something to happen: no polling, no sleeping for luck."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        """Say that something happened."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def until(self, is_true: Callable[[], bool], timeout_seconds: float) -> bool:
        """Wait until `is_true`; False when time runs out."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while not is_true():
                    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting.add(waiter)
                    try:
                        await waiter
                    finally:
                        self._waiting.discard(waiter)
        except TimeoutError:
            return False
        return True


class Changes:
    """What happens from now on, one `Change` after the other; ends when the sandbox closes."""

    def __init__(self) -> None:
        self._seen: deque[Change | None] = deque()
        self._pulse = Pulse()

    def tell(self, change: Change | None) -> None:
        """Add a change; None ends the story."""
        self._seen.append(change)
        self._pulse.beat()

    def __aiter__(self) -> Changes:
        """Go through them."""
        return self

    async def __anext__(self) -> Change:
        """Wait for the next change."""
        while not self._seen:
            await self._pulse.until(lambda: bool(self._seen), timeout_seconds=3600.0)
        change = self._seen.popleft()
        if change is None:
            self._seen.appendleft(None)
            raise StopAsyncIteration
        return change
