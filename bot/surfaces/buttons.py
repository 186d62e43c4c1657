"""The buttons under a reply: try again what is missing; translate a long recording, or leave it.

A press is acked at once and worked on beside the listener: should the process end between the two,
the buttons still stand and can be pressed again.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from bot.compose import CONFIRM_NO, CONFIRM_YES, RETRY_MISSING, compose_notice
from bot.rich_text import weight
from bot.surfaces import words
from bot.surfaces.answering import keep, or_what_went_wrong, respond, whisper
from bot.surfaces.attempts import missing_of
from bot.surfaces.conversations import ask
from bot.surfaces.words import Answer, as_message
from bot.web_api import SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from slack_bolt.async_app import AsyncApp

    from bot.ending import JobState
    from bot.share import Job
    from bot.surfaces.desk import Desk

log = structlog.get_logger()

# Somebody waits for a word; a database that is away would otherwise be waited for without end.
STORE_SECONDS = 10
# chat.update refuses more, although chat.postMessage took it.
MOST_FALLBACK_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Press:
    """One press: which button, about which job, under which message, by whom."""

    action_id: str
    job_id: str
    channel_id: str
    user_id: str
    response_url: str
    message: Mapping[str, Any]


def register(app: AsyncApp, desk: Desk) -> None:
    """Hang the listeners in."""

    async def on_press(ack: Callable[..., Awaitable[object]], body: dict[str, Any]) -> None:
        await ack()
        keep(desk, answer(desk, read(body)))

    for action_id in (RETRY_MISSING, CONFIRM_YES, CONFIRM_NO):
        app.action(action_id)(on_press)


def read(body: Mapping[str, Any]) -> Press:
    """Read Slack's payload: docs.slack.dev/reference/interaction-payloads/block_actions-payload."""
    (action, *_), message = body["actions"], body.get("message") or {}
    return Press(
        action_id=str(action["action_id"]),
        job_id=str(action.get("value") or ""),
        channel_id=str((body.get("channel") or {}).get("id") or ""),
        user_id=str(body["user"]["id"]),
        response_url=str(body.get("response_url") or ""),
        message=message,
    )


async def answer(desk: Desk, press: Press) -> None:
    """Do what the button says. All see it in the message; only trouble is told to who pressed alone."""
    broke = words.PRESS_BROKE.format(bot_name=desk.bot_name)
    said = await or_what_went_wrong(_press(desk, press), channel_id=press.channel_id, broke=broke)
    if isinstance(said, Answer):
        await _tell(desk, press, said)
    else:
        await _put_in_place_of_buttons(desk, press, said)


async def _press(desk: Desk, press: Press) -> Answer | str:
    """Start what is to be started; give the words for the place of the buttons, or for one person."""
    async with asyncio.timeout(STORE_SECONDS):
        state = await desk.jobs.find(press.job_id)
        # The value of a button is ours, but what it is worth depends on the message that it stands under.
        if state is None or state.job.share.channel_id != press.channel_id:
            return Answer(words.FORGOTTEN)
        latest = await desk.jobs.latest(state.job.share) or state
        if latest.job.attempt > state.job.attempt:
            return words.PRESSED_BEFORE if latest.ending else words.PRESSED_ON_IT
        if press.action_id == CONFIRM_NO:
            return words.PRESSED_NO
        if press.action_id == RETRY_MISSING and state.ending is None:
            # Its last words are just being kept, and only they say what is missing.
            return Answer(words.STILL_ENDING)
        job = _next(state)
        await desk.jobs.start(job)
    log.info("button.pressed", job_id=job.id, action=press.action_id)
    return words.PRESSED_ON_IT


def _next(state: JobState) -> Job:
    """Make the attempt that a button stands for; of two people who press at once both make the same."""
    only = missing_of(state.job, state.ending) if state.ending else ()
    return replace(state.job, attempt=state.job.attempt + 1, after="", only=only, confirm_above_seconds=0.0)


async def _put_in_place_of_buttons(desk: Desk, press: Press, said: str) -> None:
    """Change the message that was pressed. Where Slack refuses, its buttons stay and do no harm."""
    blocks = [block for block in press.message.get("blocks") or () if block.get("type") != "actions"]
    (notice,) = compose_notice(said, file_name="")
    try:
        await ask(
            desk.web_api,
            "chat.update",
            channel=press.channel_id,
            ts=str(press.message.get("ts") or ""),
            text=_shortened(str(press.message.get("text") or ""), notice.text),
            blocks=[*blocks, *notice.blocks],
            parse="none",  # its default here is another than for a new message
        )
    except (SlackRefusedError, SlackUnreachableError) as error:
        log.info("buttons.kept", job_id=press.job_id, detail=str(error))


def _shortened(text: str, end: str) -> str:
    """Put both together, as long as may be; a cut must not leave half of an `&amp;`."""
    surplus = weight(f"{text}\n{end}") - MOST_FALLBACK_CHARACTERS
    if surplus > 0:
        text = re.sub(r"&[a-z]*$", "", text[:-surplus])
    return f"{text}\n{end}"


async def _tell(desk: Desk, press: Press, said: Answer) -> None:
    """Tell who pressed. What comes by the `response_url` stands outside of the thread: it is plan B."""
    message = as_message(said)
    thread_ts = str(press.message.get("thread_ts") or "")
    place = {"channel_id": press.channel_id, "user_id": press.user_id, "thread_ts": thread_ts}
    if await whisper(desk, message, **place):
        return
    beside = message | {"replace_original": False}
    if not await respond(desk, press.response_url, beside, channel_id=press.channel_id):
        log.warning("answer.lost", channel_id=press.channel_id)
