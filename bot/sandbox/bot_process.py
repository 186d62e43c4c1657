"""The real bot as a process of its own, between the sandbox and an endpoint: only addresses differ."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from bot.sandbox.server import SlackSandbox

START_SECONDS = 60
STOP_SECONDS = 25
POLL_SECONDS = 0.02
# What a program needs of a machine, and nothing that could point it at a real Slack or database.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LOG_LEVEL", "LOG_FORMAT")


class BotEndedError(Exception):
    """The bot ended by itself; its last words are on stderr."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the bot sends audio: the stand-in, or a real one."""

    base_url: str
    key: str
    model: str = ""


class BotProcess:
    """`dragoman run` between the embedded Slack and an endpoint, with its data in a folder."""

    def __init__(self, slack: SlackSandbox, endpoint: Endpoint, *, data: Path, is_http: bool) -> None:
        self._slack = slack
        self._endpoint = endpoint
        self._data = data
        self._is_http = is_http
        self.port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    def environ(self) -> dict[str, str]:
        """Give the variables that point a bot at this sandbox, ready to paste for one started by hand."""
        ours = {
            "SLACK_BOT_TOKEN": self._slack.bot_token,
            "SLACK_API_URL": self._slack.api_url,
            "COMETAPI_KEY": self._endpoint.key,
            "TRANSLATION_BASE_URL": self._endpoint.base_url,
            "DATA_DIR": str(self._data),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }
        if self._endpoint.model:
            ours["TRANSLATION_MODEL"] = self._endpoint.model
        if self._is_http:
            return ours | {"SLACK_SIGNING_SECRET": self._slack.signing_secret}
        return ours | {"SLACK_APP_TOKEN": self._slack.app_token}

    async def start(self) -> None:
        """Start the bot and wait until Slack's events reach it. Raises BotEndedError."""
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        package_folder = str(Path(__file__).parents[2])
        environ = {"LOG_LEVEL": "warning", "PYTHONPATH": package_folder} | kept | self.environ()
        self._data.mkdir(parents=True, exist_ok=True)
        # In the data folder, because `.env` is read from the working directory.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self._data,
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
        )
        async with asyncio.timeout(START_SECONDS):
            await self._until_ready()
        if self._is_http:
            await self._slack.deliver_over_http(f"http://127.0.0.1:{self.port}/slack/events")

    async def ended(self) -> int:
        """Wait until the bot ends by itself, and give its exit code."""
        if self._process is None:
            return 0
        return await self._process.wait()

    async def stop(self) -> None:
        """End the bot as a platform would: SIGTERM, and SIGKILL when that takes too long."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _until_ready(self) -> None:
        url = f"http://127.0.0.1:{self.port}/readyz"
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                if self._process is not None and self._process.returncode is not None:
                    msg = f"the bot ended with exit code {self._process.returncode}"
                    raise BotEndedError(msg)
                with suppress(httpx.HTTPError):
                    if (await client.get(url)).is_success:
                        return
                await asyncio.sleep(POLL_SECONDS)


def free_port() -> int:
    """Ask the system for a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
