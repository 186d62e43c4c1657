"""What people see while a share is on the road: a status line, and for long sound one message.

Best effort and never awaited by the road. A progress message says in its metadata which job it
belongs to, so that it is found and deleted after a crash too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from bot.compose import escape
from bot.web_api import SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.share import Job
    from bot.web_api import WebApi

log = structlog.get_logger()

EVENT_TYPE = "dragoman_progress"
STATUS_TEXT = "is translating…"
LONG_SOUND_SECONDS = 30
PATIENCE_SECONDS = 8


class ProgressBoard:
    """Starts the progress of each job."""

    def __init__(
        self, web_api: WebApi, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._web_api = web_api
        self._sleep = sleep

    def start(self, job: Job, *, is_first_run: bool) -> Progress:
        """Show that `job` is being worked on. After a crash an older message may still stand."""
        return Progress(job, self._web_api, sleep=self._sleep, may_stand=not is_first_run)


class Progress:
    """The progress of one job. `may_stand` says that a message may exist whose ts is not known."""

    def __init__(
        self,
        job: Job,
        web_api: WebApi,
        *,
        sleep: Callable[[float], Awaitable[object]],
        may_stand: bool,
    ) -> None:
        self._job = job
        self._web_api = web_api
        self._sleep = sleep
        self._is_long = asyncio.Event()
        # Of a stub nobody knows yet whether it is a recording; one that is none is met with silence.
        self._is_known = asyncio.Event()
        if not job.share.file.is_stub:
            self._is_known.set()
        self.may_stand = may_stand
        self.ts = ""
        self.heard(job.share.file.duration_seconds or 0.0)
        self.is_posting = False
        self._status = asyncio.ensure_future(self._set_status())
        self._message = asyncio.ensure_future(self._post_when_slow())

    def heard(self, seconds: float) -> None:
        """Tell how long the sound is so far: long sound earns a message."""
        if seconds:
            self._is_known.set()
        if seconds >= LONG_SOUND_SECONDS:
            self._is_long.set()

    async def stop(self) -> None:
        """Show nothing more; a call that is already on its way is waited for, so that its ts is known."""
        self._status.cancel()
        if not self.is_posting:
            self._message.cancel()
        await asyncio.gather(self._status, self._message, return_exceptions=True)

    async def _set_status(self) -> None:
        """Set the thread's status line; it vanishes with the next message or after two minutes.

        Not after a crash: the reply may stand already, and the line would then stay.
        """
        if self.may_stand:
            return
        await self._is_known.wait()
        share = self._job.share
        try:
            await self._web_api.call(
                "assistant.threads.setStatus",
                longest_wait_seconds=0,
                channel_id=share.channel_id,
                thread_ts=share.reply_ts,
                status=STATUS_TEXT,
            )
        except (SlackRefusedError, SlackUnreachableError) as error:
            log.debug("status.refused", job_id=self._job.id, detail=str(error))

    async def _post_when_slow(self) -> None:
        await asyncio.gather(self._sleep(PATIENCE_SECONDS), self._is_long.wait())
        if self.may_stand:
            return  # one from before the crash may be there; two would be one too many
        self.is_posting = True
        share = self._job.share
        subject = f" {escape(share.file.name)}" if share.of > 1 and share.file.name else " this recording"
        try:
            answer = await self._web_api.call(
                "chat.postMessage",
                longest_wait_seconds=0,
                channel=share.channel_id,
                thread_ts=share.reply_ts,
                text=f"Translating{subject}…",
                metadata=progress_metadata(self._job.id),
                unfurl_links=False,
                unfurl_media=False,
            )
            self.ts = str(answer.get("ts") or "")
            self.may_stand = not self.ts
        except SlackRefusedError as error:
            log.info("progress.refused", job_id=self._job.id, detail=str(error))
        except SlackUnreachableError as error:
            self.may_stand = self.may_stand or error.is_unclear
        finally:
            self.is_posting = False


def progress_metadata(job_id: str) -> dict[str, Any]:
    """Mark a progress message as this job's."""
    return {"event_type": EVENT_TYPE, "event_payload": {"version": 1, "job_id": job_id}}
