"""The real bot as a process of its own, between the sandbox and an endpoint: only addresses differ."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.sandbox.server import SlackSandbox

State = Literal["starting", "running", "stopped"]

START_SECONDS = 60
STOP_SECONDS = 19  # the bot takes 18 at most, and a platform gives the sandbox 20
POLL_SECONDS = 0.02
NO_JOBS_RUNNING = "dragoman_jobs_running 0.0"  # a line of the bot's /metrics
# What a program needs of a machine, and nothing that could point it at a real Slack or database.
_MACHINE_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LOG_LEVEL", "LOG_FORMAT")
# What is allowed for one recording points nowhere, and people want to see what it does.
_LIMIT_VARIABLES = ("MAX_FILE_MB", "MAX_MINUTES", "CONFIRM_MINUTES", "PRICE_PER_MINUTE")
KEPT_VARIABLES = (*_MACHINE_VARIABLES, *_LIMIT_VARIABLES)
# How a machine reaches the internet; the stand-in is on this machine and needs none of it.
_PROXY_NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
WAY_OUT_VARIABLES = (
    *_PROXY_NAMES,
    *(name.lower() for name in _PROXY_NAMES),
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_LEASH = Path(__file__).with_name("leash.py")


class BotStartError(Exception):
    """The bot did not come up; its last words are on stderr. `code` is what it ended with, if it did."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the bot sends audio: the stand-in, or a real one."""

    base_url: str
    key: str
    model: str = ""
    is_real: bool = False


class BotProcess:
    """`dragoman run` between the embedded Slack and an endpoint, with its data in a folder.

    It can be started again after it has ended. `listeners` hear of every change of `state`; `exit_code` is
    what it ended with last, None while it runs; `has_died` says that nobody stopped it.
    """

    def __init__(self, slack: SlackSandbox, endpoint: Endpoint, *, data: Path, is_http: bool) -> None:
        self._slack = slack
        self._endpoint = endpoint
        self.data = data
        self.is_http = is_http
        self.port = free_port()
        self.state: State = "stopped"
        self.exit_code: int | None = None
        self.has_died = False
        self.listeners: list[Callable[[], None]] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._is_delivered_to = False

    def environ(self) -> dict[str, str]:
        """Give the variables that point a bot at this sandbox."""
        ours = {
            "SLACK_BOT_TOKEN": self._slack.bot_token,
            "SLACK_API_URL": self._slack.api_url,
            "COMETAPI_KEY": self._endpoint.key,
            "TRANSLATION_BASE_URL": self._endpoint.base_url,
            "DATA_DIR": str(self.data),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }
        if self._endpoint.model:
            ours["TRANSLATION_MODEL"] = self._endpoint.model
        if self.is_http:
            return ours | {"SLACK_SIGNING_SECRET": self._slack.signing_secret}
        return ours | {"SLACK_APP_TOKEN": self._slack.app_token}

    async def start(self, *, patience_seconds: float = START_SECONDS) -> None:
        """Start the bot and wait until Slack's events reach it. Raises BotStartError."""
        self.has_died = False
        self._become("starting")
        try:
            process = await self._launch()
            async with asyncio.timeout(patience_seconds):
                await self._until_ready(process)
        except TimeoutError as error:
            msg = f"the bot was not ready within {patience_seconds:g} s"
            raise BotStartError(msg) from error
        except BotStartError as error:
            self._become("stopped", error.code)
            raise
        if self.is_http and not self._is_delivered_to:
            address = f"http://127.0.0.1:{self.port}/slack/events"
            self._is_delivered_to = await self._slack.deliver_over_http(address)
        self._become("running")
        self._slack.hurry()
        self._watching = asyncio.create_task(self._watch(process))

    async def _launch(self) -> asyncio.subprocess.Process:
        # Empty, because `.env` is read from the working directory.
        self._tidy()
        self._process = None
        self._folder = tempfile.TemporaryDirectory(prefix="dragoman-")
        package_folder = str(Path(__file__).parents[2])
        defaults = {"LOG_LEVEL": "warning", "PYTHONPATH": package_folder}
        kept = inherited(os.environ, is_real_endpoint=self._endpoint.is_real)
        self._process = await asyncio.create_subprocess_exec(
            # A sandbox that is killed leaves no bot behind.
            *(sys.executable, "-I", "-S", _LEASH, str(os.getpid())),
            *(sys.executable, "-m", "bot", "run"),
            cwd=self._folder.name,
            env=defaults | kept | self.environ(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
        )
        return self._process

    async def ended(self) -> int:
        """Wait until the bot ends by itself, and give its exit code."""
        if self._process is None:
            return 0
        return await self._process.wait()

    async def idle(self) -> None:
        """Wait until no job runs in the bot; it counts them itself."""
        async with self._client() as client:
            while True:
                with suppress(httpx.HTTPError):
                    if NO_JOBS_RUNNING in (await client.get("/metrics")).text.splitlines():
                        return
                await asyncio.sleep(POLL_SECONDS)

    async def stop(self, *, patience_seconds: float = STOP_SECONDS) -> None:
        """End the bot as a platform would: SIGTERM, and SIGKILL when that takes too long."""
        if self._watching is not None:
            self._watching.cancel()
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):  # it may end by itself at any moment
                process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), patience_seconds)
            except TimeoutError:
                self.kill()
                await process.wait()
        if self.state != "stopped":
            self._become("stopped", None if process is None else process.returncode)
        self._tidy()

    def kill(self) -> None:
        """End the bot without giving it time; who waits in `stop` is done then."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):  # it may end by itself at any moment
                self._process.kill()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Notice when the bot ends although nobody stopped it."""
        code = await process.wait()
        self.has_died = True
        self._become("stopped", code)

    def _become(self, state: State, exit_code: int | None = None) -> None:
        self.state, self.exit_code = state, exit_code
        for listener in self.listeners:
            listener()

    def _tidy(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False)

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with self._client() as client:
            while True:
                if process.returncode is not None:
                    msg = f"the bot ended with exit code {process.returncode}"
                    raise BotStartError(msg, process.returncode)
                with suppress(httpx.HTTPError):
                    if (await client.get("/readyz")).is_success:
                        return
                await asyncio.sleep(POLL_SECONDS)


def free_port() -> int:
    """Ask the system for a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def inherited(environ: Mapping[str, str], *, is_real_endpoint: bool) -> dict[str, str]:
    """Choose what the bot keeps of the environment; with the real endpoint also its way out, never for us."""
    names = KEPT_VARIABLES + (WAY_OUT_VARIABLES if is_real_endpoint else ())
    kept = {name: environ[name] for name in names if name in environ}
    if is_real_endpoint:
        ours = ("127.0.0.1", "localhost")
        given = environ.get("no_proxy") or environ.get("NO_PROXY")
        # In both spellings: clients differ in which one they ask for first.
        kept["NO_PROXY"] = kept["no_proxy"] = ",".join((given, *ours) if given else ours)
    return kept
