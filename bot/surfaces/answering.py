"""Give an answer to the one person who asked, by whatever way is open; what went wrong is an answer too."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.surfaces import words
from bot.surfaces.conversations import ask
from bot.surfaces.words import Answer
from bot.web_api import SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine

    from bot.surfaces.desk import Desk

T = TypeVar("T")
log = structlog.get_logger()


def keep(desk: Desk, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run something beside the listener; the loop itself would let an unreferenced task be lost."""
    task = asyncio.create_task(coroutine)
    desk.tasks.add(task)
    task.add_done_callback(desk.tasks.discard)
    return task


async def finish(desk: Desk, *, patience_seconds: float) -> None:
    """Let the answers that are still being worked on be given, before the process ends."""
    if desk.tasks:
        await asyncio.wait(set(desk.tasks), timeout=patience_seconds)


async def or_what_went_wrong(work: Awaitable[T], *, channel_id: str, broke: str) -> T | Answer:
    """Give what `work` gives, or the words for its failure; `broke` are those for what nobody foresaw."""
    try:
        return await work
    except SlackUnreachableError as error:
        log.warning("asking.unanswered", channel_id=channel_id, detail=str(error))
        return Answer(words.SLACK_SILENT)
    except SlackRefusedError as error:
        log.warning("asking.refused", channel_id=channel_id, detail=str(error), needed=error.needed)
        return Answer(words.SLACK_REFUSES)
    except Exception as error:  # noqa: BLE001 -- the person must hear of it, whatever it was
        # Only its kind: a database error repeats the statement with the prompt in it.
        log.error("asking.broke", channel_id=channel_id, kind=type(error).__name__)  # noqa: TRY400 -- see above
        return Answer(broke)


async def respond(desk: Desk, response_url: str, message: dict[str, Any], *, channel_id: str) -> bool:
    """Post to the address that came with the payload, which needs no token; say whether Slack took it."""
    client = AsyncWebhookClient(response_url, session=desk.web_api.client.session, retry_handlers=[])
    client.proxy = None  # the session obeys the environment, NO_PROXY included
    try:
        response = await client.send_dict(message)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        log.warning("answer.unsent", channel_id=channel_id, kind=type(error).__name__)
        return False
    if response.status_code != HTTPStatus.OK:
        log.warning("answer.unsent", channel_id=channel_id, status=response.status_code)
    return response.status_code == HTTPStatus.OK


async def whisper(
    desk: Desk, message: dict[str, Any], *, channel_id: str, user_id: str, thread_ts: str = ""
) -> bool:
    """Post what only one person sees; say whether Slack took it."""
    try:
        await ask(
            desk.web_api,
            "chat.postEphemeral",
            channel=channel_id,
            user=user_id,
            text=message["text"],
            blocks=message["blocks"],
            thread_ts=thread_ts or None,
        )
    except (SlackRefusedError, SlackUnreachableError) as error:
        log.warning("answer.unsent", channel_id=channel_id, detail=str(error))
        return False
    return True
