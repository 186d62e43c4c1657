"""Ask an OpenAI-compatible `/audio/translations` for the English of one piece.

No SDK: its table of retries is wrong for the gateways this is sent through, it follows redirects,
and it gives a web page back as a translation.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aiofiles
import httpx

from bot.engines.answers import TWICE, error_for, names_the_format, read_translation
from bot.errors import EndpointDownError, EndpointKeyError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.engines import Ask, Translation
    from bot.prepare import Piece

REMEMBERED_PIECES = 256
REQUEST_SECONDS = 120.0
CONNECT_SECONDS = 10.0
CHUNK_BYTES = 256 * 1024
LONGEST_ANSWER_BYTES = 16 * 1024 * 1024  # hours of segments fit; an endless body does not
FILE_NAME = "audio.flac"  # gateways choose the decoder by the extension; never the user's own name
FILE_TYPE = "audio/flac"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TranslationsEngine:
    """The engine `translations`: one request per piece, in one of two formats."""

    def __init__(  # noqa: PLR0913 -- the endpoint is three settings; the others are there for tests
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        key: str,
        model: str,
        now: Callable[[], datetime] = _utc_now,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._key = key.strip()
        self._model = model
        self._now = now
        self._request_seconds = request_seconds
        # Only verbose_json has times and metrics; some servers refuse it.
        self._format = "verbose_json"
        # Once per piece: a passing 500 that repeats the form must not double every try.
        self._fell_back: deque[str] = deque(maxlen=REMEMBERED_PIECES)

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Ask once, or a second time where the server refuses the format only.

        FileNotFoundError passes: the piece is gone from this machine and has to be prepared again.
        """
        asked = self._format
        status, headers, body = await self._post(piece, ask, asked)
        if asked == "verbose_json" and piece.path not in self._fell_back and names_the_format(status, body):
            self._fell_back.append(piece.path)
            status, headers, body = await self._post(piece, ask, "json")
            if status < httpx.codes.MULTIPLE_CHOICES:
                self._format = "json"
        if status < httpx.codes.MULTIPLE_CHOICES:
            return read_translation(body, headers)
        raise error_for(status, headers, body, now=self._now())

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _post(self, piece: Piece, ask: Ask, response_format: str) -> tuple[int, httpx.Headers, bytes]:
        """Send one request and read the whole answer, within the limit of time."""
        request = self._request(piece, ask, response_format)
        try:
            async with asyncio.timeout(self._request_seconds):
                response = await self._client.send(request, stream=True, follow_redirects=False)
                try:
                    return response.status_code, response.headers, await _read(response)
                finally:
                    await response.aclose()
        except httpx.UnsupportedProtocol as error:
            raise EndpointKeyError(detail="address without http(s)") from error
        except (httpx.RequestError, TimeoutError) as error:
            raise EndpointDownError(type(error).__name__) from error

    def _request(self, piece: Piece, ask: Ask, response_format: str) -> httpx.Request:
        """Build the request by hand: nothing that a client may have learnt (cookies, headers) goes along."""
        boundary = uuid.uuid4().hex
        fields = {"model": self._model, "prompt": ask.prompt, "response_format": response_format}
        if not ask.prompt:
            del fields["prompt"]
        fields["temperature"] = f"{ask.temperature:g}"
        head, tail = _form(fields, boundary)
        length = len(head) + Path(piece.path).stat().st_size + len(tail)
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
            content=_body(head, piece.path, tail),
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


def _form(fields: dict[str, str], boundary: str) -> tuple[bytes, bytes]:
    """Write what stands before and after the file in a form; the file is its last part."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{FILE_NAME}"\r\n'
        f"Content-Type: {FILE_TYPE}\r\n\r\n"
    )
    return "".join(parts).encode("utf-8", "replace"), f"\r\n--{boundary}--\r\n".encode()


async def _body(head: bytes, path: str, tail: bytes) -> AsyncIterator[bytes]:
    """Give the form with the file streamed from the disk."""
    yield head
    async with aiofiles.open(path, "rb") as file:
        while chunk := await file.read(CHUNK_BYTES):
            yield chunk
    yield tail


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ANSWER_BYTES:
            raise EndpointDownError(detail="answer without end", tries=TWICE)
    return bytes(body)
