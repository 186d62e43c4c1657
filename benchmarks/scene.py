"""The scene of every benchmark: the real bot as a process between the embedded Slack and endpoint."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine
from bot.reply import EVENT_TYPE
from bot.sandbox import samples
from bot.sandbox.bot_process import BotProcess, Endpoint
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.records import SharedFile
from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.sandbox.endpoint_records import AudioRequest
    from bot.sandbox.hearing import Heard
    from bot.sandbox.records import Message

PATIENCE_SECONDS = 60.0
CHANNEL = "support"


@dataclass(frozen=True, slots=True)
class Scene:
    """Slack and the endpoint in this process, the bot in its own.

    `start_seconds` is how long its start took, `start_cpu` how much processor time of that was its own.
    """

    slack: SlackSandbox
    endpoint: EndpointSandbox
    start_seconds: float
    start_cpu: float | None

    def finals(self, channel: str, ts: str) -> list[Message]:
        """Give the parts of replies that stand in a thread."""
        return [message for message in self.slack.thread(channel, ts) if is_final(message)]

    async def answer(self, clip: SharedFile) -> tuple[str, Message]:
        """Share one clip and wait for its reply; give the clip's ts and the reply."""
        ts = await self.slack.share(clip, channel=CHANNEL)
        await self.slack.wait_for(lambda _: self.finals(CHANNEL, ts), timeout=PATIENCE_SECONDS)
        return ts, self.finals(CHANNEL, ts)[0]

    async def answer_whole(self, recording: SharedFile, *, patience_seconds: float) -> float:
        """Share a long recording and wait for all parts of its reply; give how many seconds that took.

        Raises RuntimeError where it ends in anything but a translation without gaps.
        """
        began = time.perf_counter()
        ts = await self.slack.share(recording, channel=CHANNEL)
        await self.slack.wait_for(lambda _: self._is_whole(ts), timeout=patience_seconds)
        seconds = time.perf_counter() - began
        first = self.finals(CHANNEL, ts)[0]
        payload = (first.metadata or {})["event_payload"]
        if payload["ending"] != "translated" or any(
            one.status != HTTPStatus.OK for one in self.endpoint.requests
        ):
            msg = f"{recording.name} ended as {payload['ending']} {payload.get('reason', '')}: {first.text}"
            raise RuntimeError(msg)
        return seconds

    def _is_whole(self, ts: str) -> bool:
        finals = self.finals(CHANNEL, ts)
        return bool(finals) and len(finals) >= (finals[0].metadata or {})["event_payload"]["parts"]


@asynccontextmanager
async def playing(
    *,
    data: Path | None = None,
    endpoint_seconds: float | Callable[[AudioRequest], float] = 0.0,
    ears: Callable[[bytes], Heard | None] | None = None,
) -> AsyncIterator[Scene]:
    """Start Slack, the endpoint, which takes so long for each request, and the bot; end them all."""
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as folder:
        async with SlackSandbox() as slack, EndpointSandbox() as endpoint:
            endpoint.delay_seconds, endpoint.ears = endpoint_seconds, ears
            place = Endpoint(endpoint.base_url, endpoint.key)
            bot = BotProcess(slack, place, data=data or Path(folder), is_http=False)
            began = time.perf_counter()
            try:
                await bot.start()
                seconds = time.perf_counter() - began
                yield Scene(slack, endpoint, seconds, machine.cpu_seconds(next(iter(machine.bots()), 0)))
            finally:
                await bot.stop()


def clip(name: str = "parcel") -> SharedFile:
    """Give a shipped sample as Slack's own recorder would have made it: about 6 s of speech."""
    sample = next(one for one in samples.load() if one.name == name)
    return SharedFile(
        "audio_message.m4a",
        data=sample.path.read_bytes(),
        subtype="slack_audio",
        mimetype="audio/mp4",
        duration_ms=round(sample.seconds * 1000),
    )


def is_final(message: Message) -> bool:
    """Say whether a message is part of a reply."""
    return (message.metadata or {}).get("event_type") == EVENT_TYPE


async def rest(seconds: float) -> None:
    """Let the bot come to rest: what it prepares for the next clip is no part of this one."""
    await asyncio.sleep(seconds)
