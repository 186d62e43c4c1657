"""Shared by tests of what posts to Slack: the embedded Slack, and our own Web API client on it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sandbox.records import SharedFile
from bot.sandbox.server import SlackSandbox
from bot.share import Job, Share, SlackFile
from bot.web_api import WebApi, build_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.records import Message

CLIP = SharedFile("audio_message.m4a", data=b"sound", subtype="slack_audio", duration_ms=4200)


@dataclass(frozen=True, slots=True)
class Desk:
    """An embedded Slack without events, the bot's Web API on it, and the pauses it made."""

    slack: SlackSandbox
    web_api: WebApi
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Note a pause instead of making it."""
        self.slept.append(seconds)

    async def job(self, *files: SharedFile, thread_ts: str | None = None) -> Job:
        """Let ana share files (a clip where none is named), and give the job of the first."""
        ts = await self.slack.share([*files] or CLIP, thread_ts=thread_ts)
        channel = self.slack.workspace.channel("support")
        stored = channel.messages[ts].files
        shown = SlackFile(id=stored[0].id, name=stored[0].name)
        share = Share(self.slack.team_id, channel.id, ts, shown, thread_ts=thread_ts or "", of=len(stored))
        return Job(share)

    def said(self) -> list[Message]:
        """Give what the bot has said in the channel."""
        return [one for one in self.slack.messages("support") if one.user == self.slack.bot_user_id]

    async def post(self, job: Job, text: str, metadata: dict[str, Any]) -> str:
        """Let the bot post into the thread of a job, as an earlier run or another app did; give the ts."""
        answer = await self.web_api.call(
            "chat.postMessage",
            channel=job.share.channel_id,
            thread_ts=job.share.reply_ts,
            text=text,
            metadata=metadata,
        )
        return str(answer["ts"])


@asynccontextmanager
async def open_desk() -> AsyncIterator[Desk]:
    """Run the embedded Slack with our client on it."""
    async with SlackSandbox() as slack:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        web_api = WebApi(build_client(api_url=slack.api_url, token=slack.bot_token), sleep=sleep)
        try:
            yield Desk(slack, web_api, slept)
        finally:
            await web_api.close()
