"""A document → a file in the thread: bytes to an address of Slack's, then the word to share them.

An uploaded file carries no metadata, so the road keeps its id before it is shared; whether it was is
asked of `files.info`. Where Slack refuses (a missing scope, an extension that a Slack Connect channel
does not take), the caller has other ways to say the same.
"""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import structlog

from bot.errors import ForeignHostError
from bot.hosts import allowed
from bot.persist import persist
from bot.web_api import SlackRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.compose import Document
    from bot.share import Job, Share
    from bot.web_api import WebApi

log = structlog.get_logger()

# The API answers but the address for the bytes does not: after these pauses that counts as refused.
SEND_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
# Slack shares an upload some time after it said "ok" (python-slack-sdk#1277).
SHARE_PAUSES_SECONDS = (0, 1, 2, 4)
TIMEOUT = httpx.Timeout(30.0, connect=10.0, pool=None)


class _SendError(Exception):
    """The bytes did not arrive, or Slack did not take them."""


class Uploader:
    """Uploads documents; the bot's token goes to the Web API only."""

    def __init__(  # noqa: PLR0913 -- the first three say which Slack; the others are there for tests
        self,
        client: httpx.AsyncClient,
        web_api: WebApi,
        *,
        api_url: str,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self._client = client
        self._web_api = web_api
        self._api_url = api_url
        self._sleep = sleep
        self._persist = partial(persist, sleep=sleep, chance=chance)
        self._timeout = timeout

    async def send(self, document: Document, share: Share) -> str:
        """Bring the bytes to Slack, where nobody sees them yet; give the file's id, "" where Slack refuses.

        Bytes that got lost are sent again, to a new address: what is not completed Slack forgets.
        """
        detail = ""
        for pause in (*SEND_PAUSES_SECONDS, None):
            try:
                file_id, address = await self._address(document)
                await self._post(address, document.data)
            except (SlackRefusedError, ForeignHostError) as error:
                detail = str(error)
                break
            except _SendError as error:
                detail = str(error)
            else:
                return file_id
            if pause is not None:
                await self._sleep(pause)
        log.warning("upload.refused", source_file_id=share.file.id, detail=detail)
        return ""

    async def attach(self, file_id: str, document: Document, job: Job, *, is_first_run: bool) -> bool:
        """Share an uploaded file in the thread of `job`, once; say whether it stands there."""
        share = job.share

        async def complete() -> None:
            await self._web_api.call(
                "files.completeUploadExternal",
                files=[{"id": file_id, "title": document.name}],
                channel_id=share.channel_id,
                thread_ts=share.reply_ts,
            )

        async def is_shared() -> bool:
            return await self._is_shared(file_id, share.channel_id)

        try:
            if is_first_run or not await is_shared():
                await self._persist(complete, is_done=is_shared)
        except SlackRefusedError as error:
            log.warning("attach.refused", job_id=job.id, file_id=file_id, error=error.error)
            # Slack knows no such upload: one that was shared already, perhaps, however late it says so.
            return error.error == "file_not_found" and await is_shared()
        return True

    async def _address(self, document: Document) -> tuple[str, httpx.URL]:
        """Ask Slack for a place for the bytes: the file's id, and the address to send them to."""
        answer: dict[str, Any] = {}

        async def ask() -> None:
            answer.update(
                await self._web_api.call(
                    "files.getUploadURLExternal", filename=document.name, length=len(document.data)
                )
            )

        await self._persist(ask)
        file_id, address = str(answer.get("file_id") or ""), str(answer.get("upload_url") or "")
        if not (file_id and address):
            message = "no address"
            raise _SendError(message)
        return file_id, allowed(address, api_url=self._api_url)

    async def _post(self, address: httpx.URL, data: bytes) -> None:
        """Send the bytes, without the token: the address is the permission."""
        # Built by hand: nothing that a client may have learnt (cookies, headers) goes along.
        request = httpx.Request(
            "POST",
            address,
            content=data,
            headers={"Content-Type": "application/octet-stream"},
            extensions={"timeout": self._timeout.as_dict()},
        )
        try:
            response = await self._client.send(request, follow_redirects=False)
        except httpx.RequestError as error:
            raise _SendError(type(error).__name__) from error
        if not response.is_success:
            message = f"status {response.status_code}"
            raise _SendError(message)

    async def _is_shared(self, file_id: str, channel_id: str) -> bool:
        """Ask whether the file stands in the channel; Slack says so only after a while."""
        for pause in SHARE_PAUSES_SECONDS:
            await self._sleep(pause)
            answer: dict[str, Any] = {}

            async def ask(answer: dict[str, Any] = answer) -> None:
                answer.update(await self._web_api.call("files.info", file=file_id))

            try:
                await self._persist(ask)
            except SlackRefusedError as error:
                if error.error == "file_deleted":
                    return True  # it stood, and somebody did not want it
                continue
            if channel_id in _channels_of(answer.get("file")):
                return True
        return False


def _channels_of(file: object) -> set[str]:
    """Give the conversations in which a file stands, by any of the places where Slack says so."""
    if not isinstance(file, dict):
        return set()
    shares = file.get("shares")
    found = [file.get(key) for key in ("channels", "groups", "ims")]
    found += list(shares.values()) if isinstance(shares, dict) else []
    return {str(channel) for channels in found if isinstance(channels, list | dict) for channel in channels}
