"""The slash command: what was typed → one ephemeral answer, always, that says what happened.

An answer that is there at once is the ack itself. Slack gives 3 s for that; what takes longer is
acked empty, worked on in a task, and answered through the command's `response_url`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from bot.store.settings import Mode
from bot.surfaces import words
from bot.surfaces.answering import keep, or_what_went_wrong, respond, whisper
from bot.surfaces.asking import invitation, translate_file, translate_last, translate_message
from bot.surfaces.choices import use_english, use_original
from bot.surfaces.conversations import find_conversation
from bot.surfaces.desk import Asked
from bot.surfaces.glossary import use_terms
from bot.surfaces.links import FileLink, looks_like_link, read_link
from bot.surfaces.setting import set_mode, status, use_output, use_prompt, use_temperature
from bot.surfaces.unescape import unescape
from bot.surfaces.words import Answer, as_message

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Mapping

    from slack_bolt.async_app import AsyncApp

    from bot.surfaces.desk import Desk

log = structlog.get_logger()

MODES = {mode.value: mode for mode in Mode}
ALONE = frozenset({*MODES, "last", "status"})
SET_HERE = {
    "prompt": use_prompt,
    "term": use_terms,
    "terms": use_terms,
    "original": use_original,
    "english": use_english,
    "output": use_output,
    "temperature": use_temperature,
}
NOT_YET = frozenset({"settings", "usage"})
LONGEST_WORD_SHOWN = 40


def register(app: AsyncApp, desk: Desk, *, command: str | re.Pattern[str]) -> None:
    """Hang the listener in. A pattern serves an app whose command was renamed in its manifest."""

    async def on_command(
        ack: Callable[..., Awaitable[object]], body: dict[str, Any], context: dict[str, Any]
    ) -> None:
        asked = read(body, context)
        work = keep(desk, answer(desk, asked))
        await asyncio.wait({work}, timeout=desk.patience_seconds)
        if work.done():
            await ack(as_message(work.result()))
            return
        await ack()
        keep(desk, _answer_later(desk, asked, work))

    app.command(command)(on_command)


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


async def answer(desk: Desk, asked: Asked) -> Answer:
    """Do what was asked and say what happened; whatever goes wrong is said too."""
    broke = words.BROKE.format(bot_name=desk.bot_name)
    return await or_what_went_wrong(_answer_word(desk, asked), channel_id=asked.channel_id, broke=broke)


async def _answer_word(desk: Desk, asked: Asked) -> Answer:
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
    if word in ALONE or word in SET_HERE:
        return await _answer_here(desk, asked, word)
    shown = unescape(asked.word, {})[:LONGEST_WORD_SHOWN].replace("`", "'")
    return Answer(words.UNKNOWN.format(command=command, word=shown))


async def _answer_here(desk: Desk, asked: Asked, word: str) -> Answer:
    """Answer what is about this conversation; nothing is stored for one that the bot is not in."""
    here = await find_conversation(desk.web_api, asked.channel_id)
    if here is None or not here.is_member:
        return invitation(desk, asked)
    if word in SET_HERE:
        return await SET_HERE[word](desk, asked)
    if word == "last":
        return await translate_last(desk, asked)
    if word == "status":
        return await status(desk, asked, here)
    return await set_mode(desk, asked, here, MODES[word])


async def _answer_link(desk: Desk, asked: Asked) -> Answer:
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


async def _answer_later(desk: Desk, asked: Asked, work: asyncio.Task[Answer]) -> None:
    """Send an answer that came too late for the ack; if its address fails, as an ephemeral message."""
    message = as_message(await work)
    if await respond(desk, asked.response_url, message, channel_id=asked.channel_id):
        return
    if not await whisper(desk, message, channel_id=asked.channel_id, user_id=asked.user_id):
        log.warning("answer.lost", channel_id=asked.channel_id)
