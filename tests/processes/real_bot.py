"""The bot as a real process between the embedded Slack and the stand-in endpoint."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import sqlalchemy as sa

from bot.config import Config
from bot.sandbox.bot_process import BotProcess, Endpoint
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.server import SlackSandbox
from bot.store.jobs_database import open_jobs_engine
from running import is_final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from bot.sandbox.records import Message

START_SECONDS = 30
POLL_SECONDS = 0.02


class Starter:
    """Forks processes of ours; see `starter.py`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, *words: str, environ: Mapping[str, str], folder: Path, log: Path) -> int:
        """Start `python -m bot WORDS` and give its process id."""
        return self._order(words=words, environ=dict(environ), folder=str(folder), log=str(log))

    def wait(self, pid: int) -> int:
        """Wait for the end of a process and give its exit code, negative for a signal."""
        return self._order(wait=pid)

    def _order(self, **order: Any) -> int:  # noqa: ANN401 -- plain JSON
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        return int(stdout.readline())


@contextmanager
def running_starter() -> Iterator[Starter]:
    """Run a starter while the block runs."""
    command = [sys.executable, str(Path(__file__).with_name("starter.py"))]
    with subprocess.Popen(  # noqa: S603 -- our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Starter(process)


@dataclass
class RealBot:
    """One `python -m bot run` after the other, with the same variables and data."""

    starter: Starter
    environ: dict[str, str]
    folder: Path
    pid: int = 0
    exit_codes: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.environ['PORT']}"

    @property
    def log(self) -> str:
        """Give what its processes said so far, on stdout and stderr."""
        return (self.folder / "bot.log").read_text()

    async def start(self, *, until_ready: bool = True) -> None:
        """Start it, and wait until it takes events."""
        assert not self.pid, "it runs already"
        self.pid = await asyncio.to_thread(self._start)
        if until_ready:
            await self.until_ready()

    def _start(self) -> int:
        log = self.folder / "bot.log"
        return self.starter.start("run", environ=self.environ, folder=self.folder, log=log)

    async def until_ready(self) -> None:
        """Wait for /readyz to say so."""
        await self.until(lambda answer: answer.is_success, "/readyz")

    async def until(self, is_true: Any, page: str, *, seconds: float = START_SECONDS) -> httpx.Response:  # noqa: ANN401 -- a predicate over the answer
        """Wait until a page answers as wished."""
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient(trust_env=False) as client:
            while time.monotonic() < deadline:
                with suppress(httpx.HTTPError):
                    answer = await client.get(self.url + page)
                    if is_true(answer):
                        return answer
                if self.has_ended():
                    break
                await asyncio.sleep(POLL_SECONDS)
        message = f"{page} did not answer as expected; the log:\n{self.log[-6000:]}"
        raise AssertionError(message)

    def has_ended(self) -> bool:
        """Say whether the process is over, its code still to be asked for."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    async def ended(self) -> int:
        """Wait for its end and give the exit code."""
        code = await asyncio.to_thread(self.starter.wait, self.pid)
        self.pid = 0
        self.exit_codes.append(code)
        return code

    async def kill(self) -> None:
        """Kill it as a power cut would."""
        self.signal(signal.SIGKILL)
        assert await self.ended() == -signal.SIGKILL

    async def stop(self) -> int:
        """Ask it to end, as a platform does."""
        self.signal(signal.SIGTERM)
        return await self.ended()


@dataclass(frozen=True, slots=True)
class RealStage:
    """Slack, endpoint and the process between them."""

    slack: SlackSandbox
    endpoint: EndpointSandbox
    bot: RealBot

    def replies(self, ts: str, channel: str = "support") -> list[Message]:
        """Give the final replies in a thread."""
        return [one for one in self.of_bot(ts, channel) if is_final(one)]

    def of_bot(self, ts: str, channel: str = "support") -> list[Message]:
        """Give all that the bot wrote in a thread."""
        return [one for one in self.slack.thread(channel, ts) if one.user == self.slack.bot_user_id]

    async def answered(self, *shares: str, seconds: float = 30) -> None:
        """Wait until every share has its reply."""
        await self.slack.wait_for(lambda _: all(self.replies(ts) for ts in shares), timeout=seconds)

    async def acked(self, count: int) -> None:
        """Wait until so many events are acked, which says that they are stored."""
        await self.slack.wait_for(lambda slack: len([one for one in slack.calls("event") if one.ok]) >= count)

    async def asked(self, count: int) -> None:
        """Wait until the endpoint has so many requests."""
        await self.endpoint.wait_for(lambda: len(self.endpoint.requests) >= count)

    async def hangs(self) -> None:
        """Wait until a call has met the fault that was armed for it."""
        async with asyncio.timeout(START_SECONDS):
            while self.slack.faults.armed:  # noqa: ASYNC110 -- no event tells of it
                await asyncio.sleep(POLL_SECONDS)

    async def settled(self) -> None:
        """Wait until no job runs any more."""
        await self.bot.until(lambda page: "dragoman_jobs_running 0.0" in page.text, "/metrics")


@asynccontextmanager
async def real_stage(
    starter: Starter,
    folder: Path,
    *,
    more: Mapping[str, str] | None = None,
    is_http: bool = False,
    start: bool = True,
) -> AsyncIterator[RealStage]:
    """Run Slack and endpoint, and the bot as a process; `more` are further variables."""
    async with SlackSandbox() as slack, EndpointSandbox() as endpoint:
        slack.retry_delays = (0.3,) * 100
        where = Endpoint(endpoint.base_url, endpoint.key)
        ours = BotProcess(slack, where, data=folder / "data", is_http=is_http).environ()
        bot = RealBot(starter, ours | dict(more or {}), folder)
        try:
            if start:
                await bot.start()
                if is_http:
                    await slack.deliver_over_http(f"{bot.url}/slack/events")
            yield RealStage(slack, endpoint, bot)
        finally:
            slack.faults.clear()
            if bot.pid:
                await bot.kill()


def kept_rows(stage: RealStage, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Read a table that DBOS keeps, as it lies in the database now."""
    config = Config.load(stage.bot.environ, env_file=None)
    # A relative DATA_DIR would lie elsewhere for the bot; the stage's is absolute.
    engine = open_jobs_engine(config.jobs_database_url)
    name = f"dbos.{table}" if engine.dialect.name == "postgresql" else table
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(f"SELECT {columns} FROM {name}"))]  # noqa: S608 -- names of this file's callers
    finally:
        engine.dispose()
