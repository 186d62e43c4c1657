"""The ways to get English from sound: one small protocol, an engine per file.

An engine takes one piece and asks once. It never tries again by itself: `translate.py` does,
by what the error says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.prepare import Piece


@dataclass(frozen=True, slots=True)
class Segment:
    """A timed stretch of English. Times are seconds in the piece; a metric the server left out is None."""

    start_seconds: float
    end_seconds: float
    text: str
    no_speech_prob: float | None = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """The English of one piece. `text` may be empty (no speech); `segments` may be (no times known)."""

    text: str
    segments: tuple[Segment, ...] = field(default=())
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What goes with the sound: the channel's own wishes.

    `temperature` is 0 to 1; an empty `prompt` is not sent at all.
    """

    prompt: str = ""
    temperature: float = 0.0


class Engine(Protocol):
    """One way to turn a piece of sound into English."""

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Ask once. Raise an `EndpointError` whose class says what to do next."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
