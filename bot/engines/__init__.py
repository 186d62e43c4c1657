"""The ways to get English from sound: one small protocol, an engine per file.

An engine takes one piece and asks once. It never tries again by itself: `translate.py` does,
by what the error says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.piece import Piece


class Doubt(StrEnum):
    """Why people should listen to a stretch themselves; `judge.py` says it, an engine never does."""

    NONE = ""
    UNSURE = "unsure"  # the model itself was not sure
    LOOP = "loop"  # it said the same over and over: shown once
    FOREIGN = "foreign"  # it is not English


@dataclass(frozen=True, slots=True)
class Segment:
    """A timed stretch of English. Times are seconds in the piece; a metric the server left out is None.

    `original` holds the words as they were said, where that is known.
    """

    start_seconds: float
    end_seconds: float
    text: str
    no_speech_prob: float | None = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    original: str = ""
    doubt: Doubt = Doubt.NONE


@dataclass(frozen=True, slots=True)
class Translation:
    """The English of one piece. `text` may be empty (no speech); `segments` may be (no times known).

    `original` holds the words as they were said, and `source_language` is a tag such as `de`: empty
    where nobody knows. `engine` is the name of the one that made it.
    """

    text: str
    segments: tuple[Segment, ...] = field(default=())
    request_id: str = ""
    original: str = ""
    source_language: str = ""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Transcription:
    """The words of one piece as they were said; `source_language` is a tag such as `de`, or empty."""

    text: str
    segments: tuple[Segment, ...] = field(default=())
    request_id: str = ""
    source_language: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What goes with the sound: the channel's own wishes.

    `temperature` is 0 to 1. `prompt` is the whole hint, glossary included, and is not sent where it is
    empty; `glossary` are its terms alone, for an engine that translates text. `wants_original`: people
    want to see the words as they were said, too.
    """

    prompt: str = ""
    temperature: float = 0.0
    glossary: tuple[str, ...] = ()
    wants_original: bool = False


class Engine(Protocol):
    """One way to turn a piece of sound into English, by its `name` in the configuration.

    `brings_original`: what it translates comes with the words as they were said. Where it does not,
    they are asked for with `transcribe`.
    """

    name: str
    brings_original: bool

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Ask once. Raise an `EndpointError` whose class says what to do next."""
        ...

    async def transcribe(self, piece: Piece, ask: Ask) -> Transcription:
        """Ask once for the words as they were said. Raise as `translate` does."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
