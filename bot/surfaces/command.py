"""The slash command: what was typed → one ephemeral answer, always, that says what happened.

An answer that is there at once is the ack itself. Slack gives 3 s for that; what takes longer is
acked empty, worked on in a task, and answered through the command's `response_url`.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.store.settings import Mode
from bot.surfaces import words
from bot.surfaces.asking import invitation, translate_file, translate_last, translate_message
from bot.surfaces.conversations import ask, find_conversation
from bot.surfaces.desk import Asked, CommandDesk
from bot.surfaces.links import FileLink, looks_like_link, read_link
from bot.surfaces.setting import set_mode, status, use_prompt
from bot.surfaces.unescape import unescape
from bot.surfaces.words import Answer, as_message
from bot.web_api import SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from slack_bolt.async_app import AsyncApp

__all__ = ["CommandDesk", "finish", "register"]

T = TypeVar("T")
log = structlog.get_logger()

MODES = {mode.value: mode for mode in Mode}
ALONE = frozenset({*MODES, "last", "status"})
NOT_YET = frozenset({"output", "temperature", "settings", "usage"})
LONGEST_WORD_SHOWN = 40


def register(app: AsyncApp, desk: CommandDesk, *, command: str | re.Pattern[str]) -> None:
    """Hang the listener in. A pattern serves an app whose command was renamed in its manifest."""

    async def on_command(
        ack: Callable[..., Awaitable[object]], body: dict[str, Any], context: dict[str, Any]
    ) -> None:
        asked = read(body, context)
        work = _kept(desk, answer(desk, asked))
        await asyncio.wait({work}, timeout=desk.patience_seconds)
        if work.done():
            await ack(as_message(work.result()))
            return
        await ack()
        _kept(desk, _answer_later(desk, asked, work))

    app.command(command)(on_command)


def _kept(desk: CommandDesk, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run something beside the listener; the loop itself would let an unreferenced task be lost."""
    task = asyncio.create_task(coroutine)
    desk.tasks.add(task)
    task.add_done_callback(desk.tasks.discard)
    return task


async def finish(desk: CommandDesk, *, patience_seconds: float) -> None:
    """Let the answers that are still being worked on be given, before the process ends."""
    if desk.tasks:
        await asyncio.wait(set(desk.tasks), timeout=patience_seconds)


def read(body: Mapping[str, Any], context: Mapping[str, Any]) -> Asked:
    """Read Slack's payload: docs.slack.dev/interactivity/implementing-slash-commands."""
    word, rest = _split(str(body.get("text") or ""))
    return Asked(
        command=str(body["command"]),
        word=word,
        rest=rest,
        team_id=str(context["team_id"]),
        channel_id=str(body["channel_id"]),
        user_id=str(body["user_id"]),
        response_url=str(body.get("response_url") or ""),
        bot_user_id=str(context.get("bot_user_id") or ""),
        bot_id=str(context.get("bot_id") or ""),
    )


async def answer(desk: CommandDesk, asked: Asked) -> Answer:
    """Do what was asked and say what happened; whatever goes wrong is said too."""
    try:
        return await _answer_word(desk, asked)
    except SlackUnreachableError as error:
        log.warning("command.unanswered", channel_id=asked.channel_id, detail=str(error))
        return Answer(words.SLACK_SILENT)
    except SlackRefusedError as error:
        log.warning("command.refused", channel_id=asked.channel_id, detail=str(error), needed=error.needed)
        return Answer(words.SLACK_REFUSES)
    except Exception as error:  # noqa: BLE001 -- the person must hear of it, whatever it was
        # Only its kind: a database error repeats the statement with the prompt in it.
        log.error("command.broke", channel_id=asked.channel_id, kind=type(error).__name__)  # noqa: TRY400 -- see above
        return Answer(words.BROKE.format(bot_name=desk.bot_name))


async def _answer_word(desk: CommandDesk, asked: Asked) -> Answer:
    """Answer what needs no look at the conversation: help, and whatever cannot be done."""
    word, command = asked.word.lower(), asked.command
    if looks_like_link(asked.word):
        return await _answer_link(desk, asked)
    if word in {"", "help"}:
        return Answer(words.HELP.format(command=command))
    if word in NOT_YET:
        return Answer(words.NOT_IN_THIS_VERSION.format(command=command, word=word))
    if word in ALONE and asked.rest:
        return Answer(words.STANDS_ALONE.format(command=command, word=word))
    if word in ALONE or word == "prompt":
        return await _answer_here(desk, asked, word)
    shown = unescape(asked.word, {})[:LONGEST_WORD_SHOWN].replace("`", "'")
    return Answer(words.UNKNOWN.format(command=command, word=shown))


async def _answer_here(desk: CommandDesk, asked: Asked, word: str) -> Answer:
    """Answer what is about this conversation; nothing is stored for one that the bot is not in."""
    here = await find_conversation(desk.web_api, asked.channel_id)
    if here is None or not here.is_member:
        return invitation(desk, asked)
    if word == "prompt":
        return await use_prompt(desk, asked)
    if word == "last":
        return await translate_last(desk, asked)
    if word == "status":
        return await status(desk, asked, here)
    return await set_mode(desk, asked, here, MODES[word])


async def _answer_link(desk: CommandDesk, asked: Asked) -> Answer:
    link = read_link(asked.word, slack_origin=desk.slack_origin)
    if link is None:
        return Answer(words.NOT_A_LINK.format(command=asked.command))
    if asked.rest:
        return Answer(words.ONE_LINK.format(command=asked.command))
    if isinstance(link, FileLink):
        return await translate_file(desk, asked, link)
    return await translate_message(desk, asked, link)


def _split(text: str) -> tuple[str, str]:
    """Take the first word off; `<…|a label>` is one word, whatever spaces it has."""
    text = text.strip()
    if text.startswith("<") and ">" in text:
        word, mark, rest = text.partition(">")
        return word + mark, rest.strip()
    first = text.split(maxsplit=1)
    return "".join(first[:1]), "".join(first[1:])


async def _answer_later(desk: CommandDesk, asked: Asked, work: asyncio.Task[Answer]) -> None:
    """Send an answer that came too late for the ack; if its address fails, as an ephemeral message."""
    message = as_message(await work)
    if await _respond(desk, asked, message):
        return
    try:
        await ask(
            desk.web_api,
            "chat.postEphemeral",
            channel=asked.channel_id,
            user=asked.user_id,
            text=message["text"],
            blocks=message["blocks"],
        )
    except (SlackRefusedError, SlackUnreachableError) as error:
        log.warning("answer.lost", channel_id=asked.channel_id, detail=str(error))


async def _respond(desk: CommandDesk, asked: Asked, message: dict[str, Any]) -> bool:
    """Post to the command's address, which needs no token; say whether Slack took it."""
    client = AsyncWebhookClient(asked.response_url, session=desk.web_api.client.session, retry_handlers=[])
    client.proxy = None  # the session obeys the environment, NO_PROXY included
    try:
        response = await client.send_dict(message)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        log.warning("answer.unsent", channel_id=asked.channel_id, kind=type(error).__name__)
        return False
    if response.status_code != HTTPStatus.OK:
        log.warning("answer.unsent", channel_id=asked.channel_id, status=response.status_code)
    return response.status_code == HTTPStatus.OK
