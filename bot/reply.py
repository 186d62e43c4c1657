"""Translation → messages in the thread: every part once, whatever happens to the connection.

Slack documents no idempotency key, so each part carries the job in its metadata. When it is unknown
whether a part was posted (a crash, a lost connection), the thread is read first: what stands is
never repeated, what is missing is added.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import progress as progress_message
from bot.ending import Ending, EndingName
from bot.persist import persist
from bot.web_api import SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.compose import Message
    from bot.progress import Progress
    from bot.share import Job, Share
    from bot.store.withdrawals import WithdrawalStore
    from bot.web_api import WebApi

log = structlog.get_logger()

EVENT_TYPE = "dragoman_translation"
DATABASE_PAUSE_SECONDS = 2
# The message or thread that was to be answered is not there any more (errors of chat.postMessage).
GONE_ERRORS = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
# Should Slack ever dislike our blocks, the words alone still say everything.
BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})


@dataclass(slots=True)
class Standing:
    """What already stands in the thread for a job: part numbers, and progress messages by ts."""

    parts: set[int] = field(default_factory=set)
    progress: set[str] = field(default_factory=set)


class Replier:
    """Posts the ending of a share into its thread."""

    def __init__(
        self,
        web_api: WebApi,
        withdrawals: WithdrawalStore,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._web_api = web_api
        self._withdrawals = withdrawals
        self._sleep = sleep
        self._persist = partial(persist, sleep=sleep, chance=chance)

    async def reply(
        self, job: Job, ending: Ending, messages: Sequence[Message], *, progress: Progress, is_first_run: bool
    ) -> Ending:
        """Post the reply, delete the progress message, and give the ending as it came to be.

        The ending turns into *withdrawn* where the source was deleted meanwhile, and into *failed*
        where Slack refuses the reply.
        """
        await progress.stop()
        standing = Standing()
        if not is_first_run or progress.may_stand:
            standing = await self.read_thread(job)
        # A deletion while we were away may not have been told yet: then Slack is asked.
        may_be_gone = not is_first_run and not standing.parts
        if await self.is_withdrawn(job.share) or (may_be_gone and await self.is_source_gone(job.share)):
            ending, messages = Ending(EndingName.WITHDRAWN), ()
        ending = await self._post_parts(job, ending, messages, standing)
        await self._delete_progress(job, standing.progress | ({progress.ts} - {""}))
        return ending

    async def add(
        self, job: Job, ending: Ending, messages: Sequence[Message], *, first_part: int, is_first_run: bool
    ) -> None:
        """Post further parts of a reply that stands, from number `first_part` on; each once, as it was."""
        standing = Standing() if is_first_run else await self.read_thread(job)
        if not await self.is_withdrawn(job.share):
            await self._post_parts(job, ending, messages, standing, first_part=first_part)

    async def _post_parts(
        self,
        job: Job,
        ending: Ending,
        messages: Sequence[Message],
        standing: Standing,
        *,
        first_part: int = 1,
    ) -> Ending:
        """Post the parts that do not stand yet; give the ending, another where Slack refuses one."""
        parts = first_part - 1 + len(messages)
        for number, message in enumerate(messages, start=first_part):
            if number in standing.parts:
                continue
            metadata = reply_metadata(job, ending, part=number, parts=parts)
            try:
                await self._post(job, message, metadata, standing)
            except SlackRefusedError as error:
                log.warning("reply.refused", job_id=job.id, error=error.error)
                is_gone = error.error in GONE_ERRORS
                return Ending(EndingName.WITHDRAWN if is_gone else EndingName.FAILED)
        return ending

    async def is_withdrawn(self, share: Share) -> bool:
        """Say whether Slack told us that the message or its file was deleted.

        Waits for the database where that is away: nothing else would go on without it either.
        """
        while True:
            try:
                return await self._withdrawals.has(share.team_id, share.channel_id, share.ts, share.file.id)
            except (SQLAlchemyError, OSError) as error:
                log.warning("database.unreachable", kind=type(error).__name__)
                await self._sleep(DATABASE_PAUSE_SECONDS)

    async def is_source_gone(self, share: Share) -> bool:
        """Ask Slack whether the source message, with this file, no longer stands.

        Only a clear word counts: an answer that says nothing of the message must not cost people
        theirs. (`files.info` says `file_not_found` of a file that the bot may not see, too.)
        """
        is_thread_there = False
        try:
            async for message in self._web_api.messages(
                "conversations.replies",
                channel=share.channel_id,
                ts=share.reply_ts,
                oldest=share.ts,
                latest=share.ts,
                inclusive=True,
            ):
                if message.get("ts") == share.ts:
                    return _has_lost_file(message, share.file.id)
                is_thread_there = is_thread_there or message.get("ts") == share.reply_ts
        except SlackRefusedError as error:
            return error.error in GONE_ERRORS
        except SlackUnreachableError:
            return False
        return is_thread_there

    async def read_thread(self, job: Job) -> Standing:
        """Find what stands for `job` in its thread; waits as long as Slack cannot be reached."""
        standing = Standing()

        async def read() -> None:
            async for message in self._web_api.messages(
                "conversations.replies",
                channel=job.share.channel_id,
                ts=job.share.reply_ts,
                oldest=job.share.ts,
                include_all_metadata=True,
                limit=200,
            ):
                _note(message, job.id, standing)

        try:
            await self._persist(read)
        except SlackRefusedError as error:
            # A thread that is gone holds nothing; any other refusal must not cost people their answer.
            log.warning("thread.unreadable", job_id=job.id, error=error.error)
        return standing

    async def _post(self, job: Job, message: Message, metadata: dict[str, Any], standing: Standing) -> None:
        """Post one part, once. Raises SlackRefusedError when Slack does not take it."""
        number = metadata["event_payload"]["part"]
        arguments: dict[str, Any] = {"blocks": list(message.blocks)}

        async def post() -> None:
            await self._web_api.call(
                "chat.postMessage",
                channel=job.share.channel_id,
                thread_ts=job.share.reply_ts,
                text=message.text,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
                **arguments,
            )

        async def is_standing() -> bool:
            found = await self.read_thread(job)
            standing.parts |= found.parts
            return number in found.parts

        try:
            await self._persist(post, is_done=is_standing)
        except SlackRefusedError as error:
            if error.error not in BLOCK_ERRORS:
                raise
            log.warning("reply.blocks_refused", job_id=job.id, error=error.error)
            arguments = {}
            await self._persist(post, is_done=is_standing)

    async def _delete_progress(self, job: Job, messages: set[str]) -> None:
        for ts in messages:

            async def delete(ts: str = ts) -> None:
                await self._web_api.call("chat.delete", channel=job.share.channel_id, ts=ts)

            try:
                await self._persist(delete)
            except SlackRefusedError as error:
                log.info("progress.kept", job_id=job.id, error=error.error)


def reply_metadata(job: Job, ending: Ending, *, part: int, parts: int) -> dict[str, Any]:
    """Mark a message as part of this job's reply; design.md, section 2. Readable by the workspace."""
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {
            "version": 1,
            "job_id": job.id,
            "ending": ending.name.value,
            "reason": ending.reason,
            "source_ts": job.share.ts,
            "file_id": job.share.file.id,
            "part": part,
            "parts": parts,
        },
    }


def _note(message: dict[str, Any], job_id: str, standing: Standing) -> None:
    """Add what `message` is for this job, if anything. Any app may write metadata: trust no shape."""
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(payload, dict) or payload.get("job_id") != job_id:
        return
    if metadata.get("event_type") == EVENT_TYPE and isinstance(payload.get("part"), int):
        standing.parts.add(payload["part"])
    elif metadata.get("event_type") == progress_message.EVENT_TYPE:
        standing.progress.add(str(message.get("ts", "")))


def _has_lost_file(message: dict[str, Any], file_id: str) -> bool:
    """Say whether the message was deleted (a tombstone stays where it had replies), or its file was."""
    if message.get("subtype") == "tombstone":
        return True
    files = list(message.get("files") or [])
    for attachment in message.get("attachments") or []:
        files += attachment.get("files") or []
    standing = {file.get("id") for file in files if file.get("mode") != "tombstone"}
    return bool(files) and file_id not in standing
