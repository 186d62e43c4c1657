"""A file in Slack → its bytes on this machine.

Slack says "no" in disguise: a missing right, or a file that is not ready yet, is a web page for
signing in, with status 200. And the first address it gives can be a transcode of its own. So type,
first bytes and size are all looked at before a file counts as downloaded.

Of a video only the sound is wanted. Where Slack has made a rendition of that, much smaller than the
picture, it is taken in its place; but it is a gift, never waited for and never asked for twice. Only who
has taken it before, and needs the very same sound again, asks for it as for an original.
"""

from __future__ import annotations

import asyncio
import errno
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiofiles
import aiofiles.os
import httpx
import structlog

from bot.engines.answers import read_retry_after
from bot.errors import (
    BotError,
    BrokenError,
    DeletedError,
    DownloadForbiddenError,
    EmptyFileError,
    ExternalFileError,
    HiddenByLimitError,
    NotReadyError,
    TooLargeError,
    WithdrawnError,
)
from bot.hosts import allowed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from bot.share import SlackFile

# Slack pushes a message before its file is ready, mostly for less than a second; 30 s in all.
RESOLVE_PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 14.5)
FAULT_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
# Too early looks the same as forbidden; who is forbidden should not wait long to hear it.
SIGN_IN_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)
LONGEST_RETRY_AFTER_SECONDS = 600.0

MOST_HOPS = 5
MOST_BYTES = 1024**3
CHUNK_BYTES = 256 * 1024
HEAD_BYTES = 1024
TIMEOUT = httpx.Timeout(30.0, connect=10.0, pool=None)
# A gigabyte over a slow line is fine as long as it moves; what trickles is given up at last.
MOST_SECONDS = 1800.0

# A video is worth a look at its rendition from here on, and above so many times what its sound takes.
LEAST_VIDEO_BYTES = 2_000_000
SOUND_BYTES_PER_SECOND = 20_000
FAR_LARGER = 4
RENDITION_SHARE = 2  # left alone where it is not smaller than the original by this
RENDITION_SECONDS = 5.0  # of silence; the original is there already
# Over all a rendition may take so long, and what its announced length takes at least so fast …
RENDITION_START_SECONDS = 10.0
RENDITION_BYTES_PER_SECOND = 500_000
RENDITION_UNKNOWN_SECONDS = 60.0  # … or this where no length is announced
RENDITION = "rendition"
ORIGINAL = "original"
SOUND_TYPES = ("audio/", "video/", "application/octet-stream", "binary/octet-stream")
GONE = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
HTML_BEGINNINGS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--")


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A downloaded file, whole, at a path of ours; `name` is what people call it, where Slack told.

    `source` says which of a video's sounds it is (RENDITION or ORIGINAL), "" where nobody knows any more.
    """

    path: str
    size_bytes: int
    name: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    """The address to fetch; `size_bytes` is what must arrive, where Slack's word holds for it."""

    url: str
    size_bytes: int | None
    most_bytes: int
    is_rendition: bool = False


class _TryAgainError(Exception):
    """This try failed and another may not; `ending` is raised when none is left."""

    def __init__(self, ending: BotError, *, pauses: tuple[float, ...] = FAULT_PAUSES_SECONDS) -> None:
        super().__init__(ending.detail)
        self.ending = ending
        self.pauses = pauses

    @classmethod
    def sign_in(cls, detail: str) -> _TryAgainError:
        return cls(DownloadForbiddenError(detail), pauses=SIGN_IN_PAUSES_SECONDS)


class Downloader:
    """Fetches files from Slack with the bot's token, which goes nowhere else."""

    def __init__(  # noqa: PLR0913 -- the first three say which Slack; the others are there for tests
        self,
        client: httpx.AsyncClient,
        *,
        token: str,
        api_url: str,
        files_info: Callable[[str], Awaitable[SlackFile]],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        max_bytes: int = MOST_BYTES,
        timeout: httpx.Timeout = TIMEOUT,
        most_seconds: float = MOST_SECONDS,
    ) -> None:
        """`max_bytes` is about what is downloaded; `most_seconds` about one try."""
        self._client = client
        self._token = token
        self._api_url = api_url
        self._files_info = files_info
        self._sleep = sleep
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._most_seconds = most_seconds
        self._log = structlog.get_logger()

    async def resolve(self, file: SlackFile) -> SlackFile:
        """Give the file as it can be fetched, asking `files_info` while Slack has only half of it.

        Whatever `files_info` raises passes, save NotReadyError: that is what the pauses are for.
        """
        detail = "no address"
        for pause in RESOLVE_PAUSES_SECONDS:
            if _can_be_fetched(file):
                return file
            await self._sleep(pause)
            try:
                file = await self._files_info(file.id)
            except NotReadyError as error:
                detail = error.detail
        if _can_be_fetched(file):
            return file
        raise NotReadyError(detail)

    async def fetch(self, file: SlackFile, into: Path, *, source: str = "") -> AudioFile:
        """Download the file, or all of its sound, to the path `into`, which exists only once it is whole.

        `source` names the one that was taken the first time: another would be cut at other places.
        """
        rendition = _rendition(file, self._max_bytes)
        if source == RENDITION and rendition is not None:
            tries = self._persist(file, rendition, into)
        elif source != ORIGINAL and rendition is not None and _is_worth_it(file):
            tries = self._try(file, rendition, into)
        else:
            return await self._fetch_original(file, into)
        try:
            return await tries
        except BrokenError:
            raise
        except (BotError, _TryAgainError) as fault:
            detail = (fault.ending if isinstance(fault, _TryAgainError) else fault).detail
        self._log.info("rendition.refused", file_id=file.id, detail=detail)
        return await self._fetch_original(file, into)

    async def _fetch_original(self, file: SlackFile, into: Path) -> AudioFile:
        if (file.size_bytes or 0) > self._max_bytes:
            raise TooLargeError(detail=f"{file.size_bytes} bytes by Slack's word")
        return await self._persist(file, _original(file, self._max_bytes), into)

    async def _persist(self, file: SlackFile, source: _Source, into: Path) -> AudioFile:
        """Try until it is there, or until it is not to be expected any more."""
        tries = 0
        while True:
            tries += 1
            try:
                return await self._try(file, source, into)
            except _TryAgainError as fault:
                ending, pauses = fault.ending, fault.pauses
            self._log.info("download.failed", file_id=file.id, try_number=tries, detail=ending.detail)
            demanded = ending.retry_after_seconds or 0.0
            if tries > len(pauses) or demanded > LONGEST_RETRY_AFTER_SECONDS:
                raise ending
            await self._sleep(max(pauses[tries - 1], demanded))

    async def _try(self, file: SlackFile, source: _Source, into: Path) -> AudioFile:
        part = into.with_name(into.name + ".part")
        began = asyncio.get_running_loop().time()
        most_seconds = self._most_seconds
        if source.is_rendition:
            most_seconds = min(most_seconds, RENDITION_UNKNOWN_SECONDS)
        try:
            async with asyncio.timeout_at(began + most_seconds) as limit, self._open(source) as response:
                await self._refuse(response, file, source)
                if source.is_rendition:
                    most_seconds = min(self._most_seconds, _rendition_seconds(response))
                    limit.reschedule(began + most_seconds)
                size, head = await self._save(response, part, source.most_bytes)
            _check_arrived(file, source, size=size, head=head)
            await aiofiles.os.replace(part, into)
        except httpx.RequestError as error:
            raise _TryAgainError(NotReadyError(type(error).__name__)) from error
        except TimeoutError as error:
            raise NotReadyError(detail=f"not whole after {most_seconds:.0f} s") from error
        except OSError as error:  # a full disk, which is our trouble and not Slack's
            raise BrokenError(detail=f"spool: {errno.errorcode.get(error.errno or 0, 'unknown')}") from error
        finally:
            part.unlink(missing_ok=True)
        return AudioFile(str(into), size, source=RENDITION if source.is_rendition else ORIGINAL)

    @asynccontextmanager
    async def _open(self, source: _Source) -> AsyncIterator[httpx.Response]:
        """Send the request and follow redirects by hand: each address is checked before it sees the token."""
        url = allowed(source.url, api_url=self._api_url)
        timeout = {
            name: min(limit, RENDITION_SECONDS) if limit and source.is_rendition else limit
            for name, limit in self._timeout.as_dict().items()
        }
        for _ in range(MOST_HOPS + 1):
            # Built by hand: nothing that a client may have learnt (cookies, headers) goes along.
            request = httpx.Request(
                "GET",
                url,
                headers={"Authorization": f"Bearer {self._token}", "Accept-Encoding": "identity"},
                extensions={"timeout": timeout},
            )
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                if response.next_request is None:
                    yield response
                    return
            finally:
                await response.aclose()
            url = allowed(response.next_request.url, api_url=self._api_url)
        raise _TryAgainError.sign_in(detail=f"more than {MOST_HOPS} redirects")

    async def _refuse(self, response: httpx.Response, file: SlackFile, source: _Source) -> None:
        """Raise what the status and the type say, if they say anything but "here it is"."""
        status = response.status_code
        if source.is_rendition:
            _check_rendition(response, source)
            return
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise DownloadForbiddenError(detail=f"status {status}")
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            # Deleted with its message, or only the file? files.info knows, and raises what it knows.
            _can_be_fetched(await self._files_info(file.id))
            raise DeletedError(detail=f"status {status}")
        _check_status(response)
        if _is_page(response) and not _is_html(file):
            raise _TryAgainError.sign_in(detail="sign-in page by its type")

    async def _save(self, response: httpx.Response, part: Path, most_bytes: int) -> tuple[int, bytes]:
        """Write the body to `part`; give its size and its beginning."""
        size, head = 0, b""
        async with aiofiles.open(part, "wb") as spooled:
            async for chunk in response.aiter_bytes(CHUNK_BYTES):
                head = head or chunk[:HEAD_BYTES]
                size += len(chunk)
                if size > most_bytes:
                    raise TooLargeError(detail=f"more than {most_bytes} bytes")
                await spooled.write(chunk)
        return size, head


def _check_arrived(file: SlackFile, source: _Source, *, size: int, head: bytes) -> None:
    """Raise unless what arrived is the file, whole.

    A web page that somebody called `voice.mp3` is the file if it has the very size that Slack names.
    """
    if size == source.size_bytes:
        return
    if source.is_rendition and b"\0" not in head:  # sound has zeros in its first kilobyte, a page has none
        if not _looks_like_html(head):
            raise NotReadyError(detail="not a recording by its first bytes")
        raise _TryAgainError.sign_in(detail="sign-in page by its first bytes")
    if _looks_like_html(head) and not _is_html(file):
        raise _TryAgainError.sign_in(detail="sign-in page by its first bytes")
    if source.size_bytes is not None:
        raise _TryAgainError(NotReadyError(f"{size} bytes of {source.size_bytes}"))
    if not size:
        raise EmptyFileError(detail="0 bytes")


def _can_be_fetched(file: SlackFile) -> bool:
    """Say whether the file has all it needs, or raise why it never will."""
    if file.is_external or file.mode == "external":
        raise ExternalFileError(detail="external")
    if file.is_tombstone:
        raise WithdrawnError
    if file.mode == "hidden_by_limit":
        raise HiddenByLimitError(detail="hidden_by_limit")
    if file.file_access in {"access_denied", "file_not_found"}:
        raise DownloadForbiddenError(detail=file.file_access)
    return not file.is_stub and bool(_source_url(file))


def _source_url(file: SlackFile) -> str:
    return file.url_private_download or file.url_private


def _original(file: SlackFile, max_bytes: int) -> _Source:
    """Prefer the original; `url_private` can be Slack's transcode, of which no size is known."""
    url = _source_url(file)
    if not url:
        raise NotReadyError(detail="no address")
    return _Source(url, file.size_bytes if file.url_private_download else None, max_bytes)


def _rendition(file: SlackFile, max_bytes: int) -> _Source | None:
    """Give Slack's rendition of a video's sound, where there is one."""
    if not (file.url_audio and file.is_video()):
        return None
    # It is no use unless it is smaller, so that is also the most that is read of it.
    most = min(max_bytes, file.size_bytes // RENDITION_SHARE) if file.size_bytes else max_bytes
    return _Source(file.url_audio, None, most, is_rendition=True)


def _is_worth_it(file: SlackFile) -> bool:
    """Say whether a video is so much larger than its sound that its rendition is worth a look."""
    sound = (file.duration_seconds or 0.0) * SOUND_BYTES_PER_SECOND
    return (file.size_bytes or 0) > max(LEAST_VIDEO_BYTES, FAR_LARGER * sound)


def _check_status(response: httpx.Response) -> None:
    """Raise what makes another try worth it, unless all is well."""
    if response.status_code != HTTPStatus.OK:
        wait = read_retry_after(response.headers, now=datetime.now(UTC))
        raise _TryAgainError(NotReadyError(f"status {response.status_code}", retry_after_seconds=wait))


def _check_rendition(response: httpx.Response, source: _Source) -> None:
    """Raise unless this may be sound, and little of it. Whatever it is instead, the original is there."""
    if response.status_code in GONE:
        raise DeletedError(detail=f"status {response.status_code}")
    _check_status(response)
    if _is_page(response):
        raise _TryAgainError.sign_in(detail="sign-in page by its type")
    if not response.headers.get("content-type", SOUND_TYPES[0]).lower().startswith(SOUND_TYPES):
        raise NotReadyError(detail="not a recording by its type")
    if (_length(response) or 0) >= source.most_bytes:
        raise TooLargeError(detail=f"{_length(response)} bytes by its length")


def _length(response: httpx.Response) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def _rendition_seconds(response: httpx.Response) -> float:
    """Say how long a rendition may take over all."""
    if (length := _length(response)) is None:
        return RENDITION_UNKNOWN_SECONDS
    return RENDITION_START_SECONDS + length / RENDITION_BYTES_PER_SECOND


def _is_page(response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"}


def _is_html(file: SlackFile) -> bool:
    return file.mimetype == "text/html" or file.filetype == "html" or file.extension in {"html", "htm"}


def _looks_like_html(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(HTML_BEGINNINGS)
