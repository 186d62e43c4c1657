"""Ask an OpenAI-compatible `/audio/translations` for the English of one piece.

The words as they were said are no part of its answer; `/audio/transcriptions` of the same endpoint has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.engines.audio import TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH, AudioPath
from bot.engines.endpoint import REQUEST_SECONDS, Endpoint
from bot.engines.reading import read_transcription, read_translation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx

    from bot.engines import Ask, Transcription, Translation
    from bot.piece import Piece


class TranslationsEngine:
    """The engine `translations`: one request per piece, asked the way that the server is known to take."""

    name = "translations"
    brings_original = False

    def __init__(  # noqa: PLR0913 -- the endpoint is four settings; the others are there for tests
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        key: str,
        model: str,
        transcription_model: str = "gpt-transcribe",
        as_mp3: Callable[[Path], Awaitable[Path]] | None = None,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """`as_mp3` makes the MP3 of a piece's FLAC; without it none is ever sent."""
        self._endpoint = Endpoint(client, base_url=base_url, key=key, request_seconds=request_seconds)
        self._english = AudioPath(self._endpoint, TRANSLATIONS_PATH, model=model, as_mp3=as_mp3)
        self._original = AudioPath(
            self._endpoint, TRANSCRIPTIONS_PATH, model=transcription_model, as_mp3=as_mp3
        )

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Ask for the English. FileNotFoundError passes: the piece has to be cut again."""
        answer = await self._english.ask(piece, ask)
        return read_translation(answer.body, answer.headers)

    async def transcribe(self, piece: Piece, ask: Ask) -> Transcription:
        """Ask for the words as they were said. FileNotFoundError passes here, too."""
        answer = await self._original.ask(piece, ask)
        return read_transcription(answer.body, answer.headers)

    async def close(self) -> None:
        """Let go of connections."""
        await self._endpoint.close()
