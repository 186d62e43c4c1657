"""Messages of our own that are posted once: the introduction in a channel, a line of help in a DM."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from bot.compose import compose_notice
from bot.persist import persist
from bot.web_api import SlackRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.web_api import WebApi

log = structlog.get_logger()

EVENT_TYPE = "dragoman_notice"
PERSON = ("U", "W")
# What whoever runs the bot can do where Slack refuses a notice.
REMEDIES = {
    "not_in_channel": "invite the app there: /invite @Dragoman",
    "channel_not_found": "check the id; a private channel has to invite the app first",
    "user_not_found": "check the id of the person",
    "is_archived": "choose a channel that is not archived",
    "missing_scope": "paste the new manifest into the app's settings and reinstall the app",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A message at top level that is posted once under `key`; `…` in backticks is shown as code.

    `channel_id` may be a person's id: then it stands in her conversation with the app.
    `is_once_ever` keeps its key for ever, not only as long as Slack may deliver an event again.
    """

    key: str
    channel_id: str
    text: str
    is_once_ever: bool = False


@dataclass(frozen=True, slots=True)
class NoticeState:
    """What is known of a notice: its key, and whether it stands or is on its way."""

    key: str
    is_posted: bool


class NoticeBoard:
    """Posts notices; after a crash it looks first whether the notice stands."""

    def __init__(
        self,
        web_api: WebApi,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._web_api = web_api
        self._persist = partial(persist, sleep=sleep, chance=chance)

    async def post(self, notice: Notice, *, is_first_run: bool) -> bool:
        """Post the notice unless an earlier run did. A refusal ends it, and is False: nobody waits for it."""
        (message,) = compose_notice(notice.text, file_name="")

        async def post() -> None:
            await self._web_api.call(
                "chat.postMessage",
                channel=notice.channel_id,
                text=message.text,
                blocks=list(message.blocks),
                metadata={"event_type": EVENT_TYPE, "event_payload": {"version": 1, "key": notice.key}},
                unfurl_links=False,
                unfurl_media=False,
            )

        try:
            if is_first_run or not await self._is_standing(notice):
                await self._persist(post, is_done=partial(self._is_standing, notice))
        except SlackRefusedError as error:
            remedy = REMEDIES.get(error.error, "")
            log.warning("notice.refused", key=notice.key, error=error.error, remedy=remedy)
            return False
        return True

    async def _is_standing(self, notice: Notice) -> bool:
        """Look among the newest messages of the channel; a notice that went up did so just now."""
        found = False

        async def read() -> None:
            nonlocal found
            answer = await self._web_api.call(
                "conversations.history",
                channel=await self._conversation(notice.channel_id),
                include_all_metadata=True,
                limit=100,
            )
            found = any(_key_of(message) == notice.key for message in answer.get("messages") or [])

        await self._persist(read)
        return found

    async def _conversation(self, channel_id: str) -> str:
        """Give the conversation that a notice goes to; of a person it is the one with the app.

        chat.postMessage takes a person's id, and conversations.history does not.
        """
        if not channel_id.startswith(PERSON):
            return channel_id
        answer = await self._web_api.call("conversations.open", users=channel_id)
        return str(answer["channel"]["id"])


def _key_of(message: dict[str, Any]) -> str:
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    is_ours = isinstance(metadata, dict) and metadata.get("event_type") == EVENT_TYPE
    return str(payload.get("key", "")) if is_ours and isinstance(payload, dict) else ""
