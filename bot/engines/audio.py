"""Send a piece of sound to one of an endpoint's audio paths, the way that the server is known to take.

Translations and transcriptions are asked for alike, and what servers refuse of a request is the same.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bot.engines.answers import names_the_format, names_the_sound
from bot.engines.endpoint import Attachment
from bot.errors import BotError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.engines import Ask
    from bot.engines.endpoint import Answer, Endpoint
    from bot.piece import Piece

TRANSLATIONS_PATH = "/audio/translations"
TRANSCRIPTIONS_PATH = "/audio/transcriptions"
REMEMBERED_PIECES = 256
# Gateways choose the decoder by the extension; never the user's own name.
FILES = {"flac": ("audio.flac", "audio/flac"), "mp3": ("audio.mp3", "audio/mpeg")}


@dataclass(frozen=True, slots=True)
class Way:
    """What of a request a server may refuse, while it would do the same work asked another way."""

    response_format: str = "verbose_json"  # the only one with times and metrics
    sound: str = "flac"  # exact, and the cheapest to make
    temperature: str = "sent"


class Fallback(NamedTuple):
    """What to ask with `instead` where a server, in its refusal, names what the request had."""

    field: str
    instead: str
    is_named: Callable[[int, bytes], bool]


def names_the_temperature(status: int, body: bytes) -> bool:
    """Say whether a server refuses the temperature: newer models have none to choose."""
    return status in {400, 422} and b"temperature" in body.lower()


FALLBACKS = (
    Fallback("response_format", "json", names_the_format),
    Fallback("temperature", "left out", names_the_temperature),
    Fallback("sound", "mp3", names_the_sound),
)


class AudioPath:
    """One of the two paths of an endpoint that take sound, with the model that works there."""

    def __init__(
        self,
        endpoint: Endpoint,
        path: str,
        *,
        model: str,
        as_mp3: Callable[[Path], Awaitable[Path]] | None = None,
    ) -> None:
        """`as_mp3` makes the MP3 of a piece's FLAC; without it none is ever sent."""
        self._endpoint = endpoint
        self._path = path
        self._model = model
        self._as_mp3 = as_mp3
        # OpenAI's models for words know no times, and all others are asked for them first.
        is_timeless = path == TRANSCRIPTIONS_PATH and model.startswith("gpt-")
        self._way = Way(response_format="json" if is_timeless else "verbose_json")
        # By piece: what was asked for otherwise, and whether to go on so. Each once: a passing 500 that
        # repeats the form must not double every try.
        self._fell_back: OrderedDict[str, dict[str, bool]] = OrderedDict()

    async def ask(self, piece: Piece, ask: Ask) -> Answer:
        """Ask once, and once more for each thing that the server refuses and that has another way.

        The answer is a success, else its `EndpointError` is raised. FileNotFoundError passes: the piece is
        gone from this machine and has to be cut again.
        """
        # What was refused stays so where a passing fault came in the way of the other way.
        fell_back = self._fell_back.get(piece.path, {})
        learnt = {one.field: one.instead for one in FALLBACKS if fell_back.get(one.field)}
        way = replace(self._way, **learnt)
        try:
            file = await self._file(piece, way)
        except (BotError, OSError):
            # Trouble of ours, not the recording's: the server may take FLAC, or else says what it thinks.
            learnt.pop("sound", None)
            way = replace(way, sound="flac")
            file = Path(piece.path)
        answer = await self._post(file, ask, way)
        while other := self._other(piece, way, answer):
            self._remember(piece, other)
            learnt[other.field] = other.instead
            way = replace(way, **learnt)
            try:
                file = await self._file(piece, way)
            except (BotError, OSError):
                del learnt[other.field]
                break  # without an MP3 the refusal stands
            answer = await self._post(file, ask, way)
        if not answer.is_good:
            # Where only words are asked for another model is the remedy, and no other engine.
            model = self._model if self._path == TRANSLATIONS_PATH else ""
            error = self._endpoint.error(answer, model=model)
            fell_back = self._fell_back.get(piece.path, {})
            for one in FALLBACKS:
                if one.field in learnt and one.is_named(answer.status, answer.body):
                    fell_back[one.field] = False  # refused all the same: it was no help
            raise error
        self._way = replace(self._way, **learnt)
        return answer

    def _other(self, piece: Piece, way: Way, answer: Answer) -> Fallback | None:
        """Find what to ask with instead, where the answer names something that has another way."""
        for fallback in FALLBACKS:
            is_new = fallback.field not in self._fell_back.get(piece.path, {})
            can_be_made = fallback.field != "sound" or self._as_mp3 is not None
            is_other = getattr(way, fallback.field) != fallback.instead
            if is_new and can_be_made and is_other and fallback.is_named(answer.status, answer.body):
                return fallback
        return None

    def _remember(self, piece: Piece, other: Fallback) -> None:
        """Keep what a piece is asked for otherwise; the oldest piece makes room."""
        self._fell_back.setdefault(piece.path, {})[other.field] = True
        while len(self._fell_back) > REMEMBERED_PIECES:
            self._fell_back.popitem(last=False)

    async def _file(self, piece: Piece, way: Way) -> Path:
        """Give the file to send."""
        path = Path(piece.path)
        return await self._as_mp3(path) if self._as_mp3 and way.sound == "mp3" else path

    async def _post(self, file: Path, ask: Ask, way: Way) -> Answer:
        """Send one request in this way."""
        fields = {"model": self._model}
        if ask.prompt:
            fields["prompt"] = ask.prompt
        fields["response_format"] = way.response_format
        if way.temperature == "sent":
            fields["temperature"] = f"{ask.temperature:g}"
        return await self._endpoint.post_form(self._path, fields, Attachment(file, *FILES[way.sound]))
