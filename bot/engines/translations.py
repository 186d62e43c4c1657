"""Ask an OpenAI-compatible `/audio/translations` for the English of one piece.

No SDK: its table of retries is wrong for the gateways this is sent through, it follows redirects,
and it gives a web page back as a translation.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aiofiles
import httpx

from bot.engines.answers import TWICE, error_for, names_the_format, names_the_sound
from bot.engines.reading import read_translation
from bot.errors import BotError, EndpointDownError, EndpointKeyError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.engines import Ask, Transcription, Translation
    from bot.piece import Piece

REMEMBERED_PIECES = 256
REQUEST_SECONDS = 120.0
CONNECT_SECONDS = 10.0
CHUNK_BYTES = 256 * 1024
LONGEST_ANSWER_BYTES = 16 * 1024 * 1024  # hours of segments fit; an endless body does not
# Gateways choose the decoder by the extension; never the user's own name.
FILES = {"flac": ("audio.flac", "audio/flac"), "mp3": ("audio.mp3", "audio/mpeg")}


@dataclass(frozen=True, slots=True)
class Way:
    """What of a request a server may refuse, while it would do the same work asked another way."""

    response_format: str = "verbose_json"  # the only one with times and metrics
    sound: str = "flac"  # exact, and the cheapest to make


class Answer(NamedTuple):
    """What came back, not yet understood."""

    status: int
    headers: httpx.Headers
    body: bytes


class Fallback(NamedTuple):
    """What to ask with `instead` where a server, in its refusal, names what the request had."""

    field: str
    instead: str
    is_named: Callable[[int, bytes], bool]


FALLBACKS = (
    Fallback("response_format", "json", names_the_format),
    Fallback("sound", "mp3", names_the_sound),
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TranslationsEngine:
    """The engine `translations`: one request per piece, asked the way that the server is known to take."""

    name = "translations"
    brings_original = False

    def __init__(  # noqa: PLR0913 -- the endpoint is three settings; the others are there for tests
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        key: str,
        model: str,
        as_mp3: Callable[[Path], Awaitable[Path]] | None = None,
        now: Callable[[], datetime] = _utc_now,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """`as_mp3` makes the MP3 of a piece's FLAC; without it none is ever sent."""
        self._client = client
        self._base_url = base_url
        self._key = key.strip()
        self._model = model
        self._as_mp3 = as_mp3
        self._now = now
        self._request_seconds = request_seconds
        self._way = Way()
        # Once per piece: a passing 500 that repeats the form must not double every try.
        self._fell_back: deque[tuple[str, str]] = deque(maxlen=REMEMBERED_PIECES)

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Ask once, and once more for each thing that the server refuses and that has another way.

        FileNotFoundError passes: the piece is gone from this machine and has to be cut again.
        """
        way, learnt = self._way, dict[str, str]()
        if (piece.path, "sound") in self._fell_back:
            # FLAC was refused, and a passing fault came in the way of MP3: no need to upload both again.
            learnt["sound"] = "mp3"
            way = replace(way, **learnt)
        try:
            file = await self._file(piece, way)
        except (BotError, OSError):
            # Trouble of ours, not the recording's: the server may take FLAC, or else says what it thinks.
            learnt.pop("sound", None)
            way = replace(way, sound="flac")
            file = Path(piece.path)
        answer = await self._post(file, ask, way)
        while other := self._other(piece, way, answer):
            self._fell_back.append((piece.path, other.field))
            learnt[other.field] = other.instead
            way = replace(way, **learnt)
            try:
                file = await self._file(piece, way)
            except (BotError, OSError):
                break  # without an MP3 the refusal stands
            answer = await self._post(file, ask, way)
        if answer.status < httpx.codes.MULTIPLE_CHOICES:
            self._way = replace(self._way, **learnt)
            return read_translation(answer.body, answer.headers)
        raise error_for(*answer, now=self._now())

    async def transcribe(self, piece: Piece, ask: Ask) -> Transcription:
        """Ask once for the words as they were said."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    def _other(self, piece: Piece, way: Way, answer: Answer) -> Fallback | None:
        """Find what to ask with instead, where the answer names something that has another way."""
        for fallback in FALLBACKS:
            is_new = (piece.path, fallback.field) not in self._fell_back
            can_be_made = fallback.field != "sound" or self._as_mp3 is not None
            is_other = getattr(way, fallback.field) != fallback.instead
            if is_new and can_be_made and is_other and fallback.is_named(answer.status, answer.body):
                return fallback
        return None

    async def _file(self, piece: Piece, way: Way) -> Path:
        """Give the file to send."""
        path = Path(piece.path)
        return await self._as_mp3(path) if self._as_mp3 and way.sound == "mp3" else path

    async def _post(self, file: Path, ask: Ask, way: Way) -> Answer:
        """Send one request and read the whole answer, within the limit of time."""
        request = self._request(file, ask, way)
        try:
            async with asyncio.timeout(self._request_seconds):
                response = await self._client.send(request, stream=True, follow_redirects=False)
                try:
                    return Answer(response.status_code, response.headers, await _read(response))
                finally:
                    await response.aclose()
        except httpx.UnsupportedProtocol as error:
            raise EndpointKeyError(detail="address without http(s)") from error
        except (httpx.RequestError, TimeoutError) as error:
            raise EndpointDownError(type(error).__name__) from error

    def _request(self, file: Path, ask: Ask, way: Way) -> httpx.Request:
        """Build the request by hand: nothing that a client may have learnt (cookies, headers) goes along."""
        boundary = uuid.uuid4().hex
        fields = {"model": self._model, "prompt": ask.prompt, "response_format": way.response_format}
        if not ask.prompt:
            del fields["prompt"]
        fields["temperature"] = f"{ask.temperature:g}"
        head, tail = _form(fields, FILES[way.sound], boundary)
        length = len(head) + file.stat().st_size + len(tail)
        return httpx.Request(
            "POST",
            self._url(),
            headers={
                "Authorization": f"Bearer {self._checked_key()}",
                "Accept": "application/json",
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                # Said beforehand, so that httpx does not send chunks: some servers refuse those (411).
                "Content-Length": str(length),
            },
            content=_body(head, file, tail),
            extensions={"timeout": httpx.Timeout(self._request_seconds, connect=CONNECT_SECONDS).as_dict()},
        )

    def _url(self) -> httpx.URL:
        """Put the path behind the base, before a query that some gateways want (`?api-version=…`)."""
        try:
            base = httpx.URL(self._base_url)
            return base.copy_with(path=base.path.rstrip("/") + "/audio/translations")
        except httpx.InvalidURL as error:
            raise EndpointKeyError(detail="address cannot be read") from error

    def _checked_key(self) -> str:
        """Give the key, unless no header can hold it: the complaint of httpx would contain it."""
        if not (self._key.isascii() and self._key.isprintable()):
            raise EndpointKeyError(detail="key with characters that no key has")
        return self._key


def _form(fields: dict[str, str], file: tuple[str, str], boundary: str) -> tuple[bytes, bytes]:
    """Write what stands before and after the file in a form; the file is its last part."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    file_name, file_type = file
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
        f"Content-Type: {file_type}\r\n\r\n"
    )
    return "".join(parts).encode("utf-8", "replace"), f"\r\n--{boundary}--\r\n".encode()


async def _body(head: bytes, path: Path, tail: bytes) -> AsyncIterator[bytes]:
    """Give the form with the file streamed from the disk."""
    yield head
    # A link in place of the piece would lead to what is none of the recording's.
    async with aiofiles.open(path, "rb", opener=_no_link) as file:
        while chunk := await file.read(CHUNK_BYTES):
            yield chunk
    yield tail


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            raise EndpointDownError(detail="answer without end", tries=TWICE)
    return bytes(body)
