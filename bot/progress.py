"""What people see while a share is on the road: a status line, and for long sound one message that counts.

Best effort and never awaited by the road. A progress message says in its metadata which job it
belongs to, so that it is found and deleted after a crash too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from bot.compose import escape, minutes_of
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
SECONDS_BETWEEN_EDITS = 3
# Of shorter sound minutes say nothing.
COUNTED_SECONDS = 120
WAITING_TEXT = "The translation service isn't answering right now; I go on by myself as soon as it does."


class ProgressBoard:
    """Starts the progress of each job; knows by which one people in a thread were told of a wait."""

    def __init__(
        self, web_api: WebApi, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._web_api = web_api
        self._sleep = sleep
        self._telling: dict[tuple[str, str], str] = {}

    def start(self, job: Job, *, is_first_run: bool) -> Progress:
        """Show that `job` is being worked on. After a crash an older message may still stand."""
        return Progress(
            job, self._web_api, sleep=self._sleep, may_stand=not is_first_run, telling=self._telling
        )


class Progress:
    """The progress of one job. `may_stand` says that a message may exist whose ts is not known.

    `telling` says for each thread which job tells there of a wait: several files of one message all wait.
    """

    def __init__(
        self,
        job: Job,
        web_api: WebApi,
        *,
        sleep: Callable[[float], Awaitable[object]],
        may_stand: bool,
        telling: dict[tuple[str, str], str],
    ) -> None:
        self._job = job
        self._web_api = web_api
        self._sleep = sleep
        self._telling = telling
        self._is_long = self._is_waiting = False
        self._earns_message = asyncio.Event()
        # Of a stub nobody knows yet whether it is a recording; one that is none is met with silence.
        self._is_known = asyncio.Event()
        if not job.share.file.is_stub:
            self._is_known.set()
        self._expected_seconds = job.share.file.duration_seconds or 0.0
        self._done_seconds = 0.0
        self._has_moved = asyncio.Event()
        self.may_stand = may_stand
        self.ts = ""
        # Of what is only asked about nobody reads that it is being translated.
        if not 0 < job.confirm_above_seconds < self._expected_seconds:
            self.heard(self._expected_seconds)
        self.is_posting = False
        self._is_stopped = False
        self._status = asyncio.ensure_future(self._set_status())
        self._message = asyncio.ensure_future(self._post_when_slow())

    def heard(self, seconds: float) -> None:
        """Tell how long the sound is so far: long sound earns a message."""
        if seconds:
            self._is_known.set()
        if seconds >= LONG_SOUND_SECONDS:
            self._is_long = True
            self._earns_message.set()

    def expect(self, seconds: float) -> None:
        """Tell how long the whole recording is; until then Slack's word counts, where it gave one."""
        self._expected_seconds = seconds
        self.heard(seconds)
        self._has_moved.set()

    def translated(self, seconds: float) -> None:
        """Tell that so much more of the recording is done."""
        self._done_seconds += seconds
        self._is_waiting = False
        if not self._is_long:
            self._earns_message.clear()
        self._has_moved.set()

    def wait_for_endpoint(self) -> None:
        """Tell that the work waits for an endpoint that is down: short sound earns a message by that, too.

        Of all jobs in a thread one tells. After a crash that may have been done already, by this very job:
        then nobody else tells either.
        """
        if self._is_stopped or self._telling.setdefault(self._thread, self._job.id) != self._job.id:
            return
        self._is_waiting = True
        self._earns_message.set()
        self._has_moved.set()

    async def stop(self) -> None:
        """Show nothing more; a message that is just being posted is waited for, so that its ts is known.

        An edit is not: the message is deleted next.
        """
        self._status.cancel()
        if not self.is_posting:
            self._message.cancel()
        self._is_stopped = True
        if self._telling.get(self._thread) == self._job.id:
            del self._telling[self._thread]
        await asyncio.gather(self._status, self._message, return_exceptions=True)

    @property
    def _thread(self) -> tuple[str, str]:
        return self._job.share.channel_id, self._job.share.reply_ts

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
        """Post the message when the time has come, and let it count until the end."""
        await self._sleep(PATIENCE_SECONDS)
        await self._earns_message.wait()
        if self.may_stand:
            return  # one from before the crash may be there; two would be one too many
        self.is_posting = True
        try:
            text = await self._post()
        finally:
            self.is_posting = False
        if self.ts:
            await self._count(text)

    async def _post(self) -> str:
        """Post the message, and give what it says; `ts` stays empty where it could not be posted."""
        share, text = self._job.share, self._text()
        try:
            answer = await self._web_api.call(
                "chat.postMessage",
                longest_wait_seconds=0,
                channel=share.channel_id,
                thread_ts=share.reply_ts,
                text=text,
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
        return text

    async def _count(self, shown: str) -> None:
        """Let the message say how far the work is, as often as Slack likes it; a lost edit costs nothing."""
        while not self._is_stopped:
            await self._sleep(SECONDS_BETWEEN_EDITS)
            await self._has_moved.wait()
            self._has_moved.clear()
            text = self._text()
            if text == shown:
                continue
            try:
                await self._web_api.call(
                    "chat.update",
                    longest_wait_seconds=0,
                    channel=self._job.share.channel_id,
                    ts=self.ts,
                    text=text,
                    parse="none",  # the default of an edit would make links of names such as @here
                )
                shown = text
            except SlackRefusedError as error:
                log.info("progress.refused", job_id=self._job.id, detail=str(error))
                return  # somebody deleted it, or edits are not wanted here
            except SlackUnreachableError as error:
                log.debug("progress.skipped", job_id=self._job.id, detail=str(error))
                self._has_moved.set()

    def _text(self) -> str:
        share = self._job.share
        name = escape(share.file.name) if share.of > 1 else ""
        if self._job.only:  # a few minutes, here and there: those of the recording say nothing
            text = f"Translating what was missing of {name}…" if name else "Translating what was missing…"
        else:
            text = f"Translating {name or 'this recording'}…{self._counted()}"
        if not self._is_waiting:
            return text
        return f"{text if text.endswith('…') else f'{text}.'} {WAITING_TEXT}"

    def _counted(self) -> str:
        """Say how many minutes are done; never all of them, since the end says that itself."""
        whole, done = minutes_of(self._expected_seconds), int(self._done_seconds // 60)
        if self._expected_seconds >= COUNTED_SECONDS:
            return f" {min(done, whole - 1)} of {whole} minutes"
        if not self._expected_seconds and done > 1:
            return f" {done} minutes so far"
        return ""


def progress_metadata(job_id: str) -> dict[str, Any]:
    """Mark a progress message as this job's."""
    return {"event_type": EVENT_TYPE, "event_payload": {"version": 1, "job_id": job_id}}
