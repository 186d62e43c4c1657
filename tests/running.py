"""Shared test set-up: the real bot in this process, between the embedded Slack and the stand-in endpoint."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.app import Bot
from bot.config import Config
from bot.sandbox import samples
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from bot.sandbox.endpoint_answers import Answer
    from bot.sandbox.endpoint_records import AudioRequest
    from bot.sandbox.records import Message

PATIENT_ACK_SECONDS = 30.0  # Slack gives three: a busy machine is no reason for a test to fail
SAMPLES = {sample.name: sample for sample in samples.load()}


@dataclass(frozen=True, slots=True)
class Stage:
    """What a journey test plays on, with the engine that the bot uses first."""

    slack: SlackSandbox
    endpoint: EndpointSandbox
    bot: Bot
    engine: str = "translations"

    def script(self, *answers: Answer | None) -> None:
        """Queue what the engine's next requests with sound get, on whatever path it sends them."""
        if self.engine == "two-step":
            self.endpoint.script_transcription(*answers)
        else:
            self.endpoint.script(*answers)

    @property
    def asked(self) -> list[AudioRequest]:
        """Every request with sound that the engine has made."""
        return self.endpoint.transcriptions if self.engine == "two-step" else self.endpoint.requests

    def replies(self, channel: str, ts: str) -> list[Message]:
        """Give what the bot answered in a thread, oldest first."""
        return [one for one in self.slack.thread(channel, ts) if one.user == self.slack.bot_user_id]

    async def reply(self, channel: str, ts: str, *, count: int = 1, seconds: float = 15) -> list[Message]:
        """Wait for `count` final replies in a thread and give them; progress messages do not count."""
        await self.slack.wait_for(lambda _: len(self.endings(channel, ts)) >= count, timeout=seconds)
        return [one for one in self.replies(channel, ts) if is_final(one)]

    def endings(self, channel: str, ts: str) -> list[str]:
        """Give the endings that stand in a thread, one per message of a reply."""
        return [
            one.metadata["event_payload"]["ending"]
            for one in self.replies(channel, ts)
            if is_final(one) and one.metadata
        ]

    async def settle(self) -> None:
        """Wait until every event is acked and no job runs."""
        await self.slack.wait_for(lambda slack: all(one.ok for one in slack.calls("event")))
        await self.bot.jobs.idle()


def is_final(message: Message) -> bool:
    """Say whether a message is part of a reply."""
    return (message.metadata or {}).get("event_type") == "dragoman_translation"


def environ(slack: SlackSandbox, endpoint: EndpointSandbox, data: Path, *, is_http: bool) -> dict[str, str]:
    """Give the variables that point a bot at the sandbox."""
    ours = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "COMETAPI_KEY": endpoint.key,
        "TRANSLATION_BASE_URL": endpoint.base_url,
        "DATA_DIR": str(data),
        "HOST": "127.0.0.1",
        "PORT": "0",
    }
    mode = {"SLACK_SIGNING_SECRET": slack.signing_secret} if is_http else {"SLACK_APP_TOKEN": slack.app_token}
    return ours | mode


@asynccontextmanager
async def running_bot(
    slack: SlackSandbox,
    endpoint: EndpointSandbox,
    data: Path,
    *,
    is_http: bool = False,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    **more: str,
) -> AsyncIterator[Bot]:
    """Run the bot in this process until the end of the block; `more` are further variables."""
    config = Config.load(environ(slack, endpoint, data, is_http=is_http) | more, env_file=None)
    bot = Bot(config, sleep=sleep)
    try:
        await bot.start()
        if is_http:
            assert await slack.deliver_over_http(f"http://127.0.0.1:{bot.port}/slack/events")
        else:
            await slack.wait_for(lambda one: one.connections > 0)
        yield bot
    finally:
        await bot.stop()
        await bot.close()


@asynccontextmanager
async def playing(
    data: Path,
    *,
    is_http: bool = False,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    **more: str,
) -> AsyncIterator[Stage]:
    """Run Slack, endpoint and bot; retries come fast, so that no test waits for Slack's minutes."""
    assert not {name for name in os.environ if name.startswith("SLACK_")}, "SLACK_* would leak into Bolt"
    async with SlackSandbox() as slack, EndpointSandbox() as endpoint:
        slack.retry_delays = (0.05, 0.1, 0.2)
        slack.ack_seconds = PATIENT_ACK_SECONDS
        async with running_bot(slack, endpoint, data, is_http=is_http, sleep=sleep, **more) as bot:
            yield Stage(slack, endpoint, bot, more.get("TRANSLATION_ENGINE", "translations"))
