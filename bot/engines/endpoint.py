"""Speak HTTP to an OpenAI-compatible endpoint: a request, and the whole answer, not yet understood.

No SDK: its table of retries is wrong for the gateways this is sent through, it follows redirects,
and it gives a web page back as a translation.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import aiofiles
import httpx

from bot.engines.answers import TWICE, error_for
from bot.errors import EndpointDownError, EndpointKeyError, EndpointSlowError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from bot.errors import EndpointError

REQUEST_SECONDS = 120.0
CONNECT_SECONDS = 10.0
CHUNK_BYTES = 256 * 1024
# Five minutes of speech with times, metrics, tokens and every word on its own are a quarter of it.
LONGEST_ANSWER_BYTES = 1024 * 1024
LONGEST_LIST_BYTES = 16 * 1024 * 1024  # some gateways list thousands of models


class Answer(NamedTuple):
    """What came back, not yet understood."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether the endpoint says that it did what it was asked."""
        return self.status < httpx.codes.MULTIPLE_CHOICES


class Attachment(NamedTuple):
    """A file that goes with a form: where it lies, and what it is called there."""

    path: Path
    name: str
    kind: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Endpoint:
    """One server with its key. Every method asks once; an answer that is a refusal is an answer, too."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        key: str,
        now: Callable[[], datetime] = _utc_now,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """`request_seconds` is how long one request may take in all, its answer included."""
        self._client = client
        self._base_url = base_url
        self._key = key.strip()
        self._now = now
        self._request_seconds = request_seconds

    async def get(self, path: str) -> Answer:
        """Ask for what stands at a path."""
        return await self._send(self._request("GET", path, {}, b""), longest=LONGEST_LIST_BYTES)

    async def post_json(self, path: str, body: object) -> Answer:
        """Send an object as JSON."""
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        return await self._send(self._request("POST", path, headers, content))

    async def post_form(self, path: str, fields: Mapping[str, str], file: Attachment) -> Answer:
        """Send a form whose last part is a file, streamed from the disk.

        FileNotFoundError passes: the file is gone from this machine.
        """
        boundary = uuid.uuid4().hex
        head, tail = _form(fields, file, boundary)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            # Said beforehand, so that httpx does not send chunks: some servers refuse those (411).
            "Content-Length": str(len(head) + file.path.stat().st_size + len(tail)),
        }
        return await self._send(self._request("POST", path, headers, _body(head, file.path, tail)))

    def error(self, answer: Answer, *, model: str = "") -> EndpointError:
        """Say what an answer that is no success means; `model` is the one that was asked for."""
        return error_for(*answer, now=self._now(), model=model)

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _send(self, request: httpx.Request, *, longest: int = LONGEST_ANSWER_BYTES) -> Answer:
        """Send one request and read the whole answer, within the limits of time and length."""
        try:
            async with asyncio.timeout(self._request_seconds):
                response = await self._client.send(request, stream=True, follow_redirects=False)
                try:
                    return Answer(response.status_code, response.headers, await _read(response, longest))
                finally:
                    await response.aclose()
        except httpx.UnsupportedProtocol as error:
            raise EndpointKeyError(detail="address without http(s)") from error
        except (httpx.ReadTimeout, TimeoutError) as error:
            raise EndpointSlowError(type(error).__name__) from error
        except httpx.RequestError as error:
            raise EndpointDownError(type(error).__name__) from error

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | AsyncIterator[bytes]
    ) -> httpx.Request:
        """Build the request by hand: nothing that a client may have learnt (cookies, headers) goes along."""
        return httpx.Request(
            method,
            self._url(path),
            headers={
                "Authorization": f"Bearer {self._checked_key()}",
                "Accept": "application/json",
                **headers,
            },
            content=content,
            extensions={"timeout": httpx.Timeout(self._request_seconds, connect=CONNECT_SECONDS).as_dict()},
        )

    def _url(self, path: str) -> httpx.URL:
        """Put the path behind the base, before a query that some gateways want (`?api-version=…`)."""
        try:
            base = httpx.URL(self._base_url)
            return base.copy_with(path=base.path.rstrip("/") + path)
        except httpx.InvalidURL as error:
            raise EndpointKeyError(detail="address cannot be read") from error

    def _checked_key(self) -> str:
        """Give the key, unless no header can hold it: the complaint of httpx would contain it."""
        if not (self._key.isascii() and self._key.isprintable()):
            raise EndpointKeyError(detail="key with characters that no key has")
        return self._key


def _form(fields: Mapping[str, str], file: Attachment, boundary: str) -> tuple[bytes, bytes]:
    """Write what stands before and after the file in a form; the file is its last part."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        f"Content-Type: {file.kind}\r\n\r\n"
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


async def _read(response: httpx.Response, longest: int) -> bytes:
    """Read the body; of a refusal the beginning says enough, whatever length it has."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > longest:
            if response.is_success:
                raise EndpointDownError(detail="answer without end", tries=TWICE)
            break
    return bytes(body[:longest])
