"""What stands behind the curtain besides Slack: the endpoint, the bot's process, and how all begins again."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.sandbox import endpoint_faults
from bot.sandbox.bot_process import BotStartError
from bot.sandbox.refusals import RefusedError, SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.sandbox.bot_process import BotProcess
    from bot.sandbox.endpoint import EndpointSandbox
    from bot.sandbox.endpoint_records import AudioRequest
    from bot.sandbox.records import Json
    from bot.sandbox.server import SlackSandbox

MOST_REQUESTS_SHOWN: Final = 200
STOP_SECONDS: Final = 3.0  # what it was at is thrown away anyway
GIVEN_UP: Final = "the start was given up, because the bot was to stop or all to begin again"
DATA_KEPT: Final = (
    "Slack begins anew. The bot and its data stay as they are, because the folder was given with --data."
)


@dataclass(slots=True)
class Props:
    """What was set up around a sandbox; a test that plays the bot itself has nothing of it.

    `is_data_ours` says that the bot's folder is the sandbox's own and may be emptied. `again` puts back
    what was set up in Slack beyond its seed.
    """

    endpoint: EndpointSandbox | None = None
    real_url: str = ""
    bot: BotProcess | None = None
    is_data_ours: bool = False
    again: Callable[[], object] | None = None


class Backstage:
    """Shows the props to `tell`, frame by frame, and works them: one thing at a time."""

    def __init__(self, slack: SlackSandbox, props: Props, tell: Callable[[Json], None]) -> None:
        self._slack = slack
        self._props = props
        self._tell = tell
        self._fault: str | None = None
        self._bots_turn = asyncio.Lock()
        self._starting: asyncio.Task[None] | None = None
        self._is_closing = False
        self._reset_under_way: asyncio.Task[Json] | None = None
        if props.endpoint is not None:
            props.endpoint.listeners.append(self._tell_request)
        if props.bot is not None:
            props.bot.listeners.append(self._tell_bot)

    # --- what is shown ----------------------------------------------------------------------

    def endpoint(self) -> Json:
        """Describe the endpoint with its faults and its last requests."""
        titles = endpoint_faults.FAULTS if self._props.endpoint is not None else {}
        return {
            **self._endpoint_state(),
            "faults": [{"name": name, "title": fault.title} for name, fault in titles.items()],
            "requests": self._requests(),
        }

    def bot(self) -> Json:
        """Describe the bot's process; of one that somebody else runs nothing is known."""
        bot = self._props.bot
        is_http = self._slack.delivers_over_http if bot is None else bot.is_http
        return {
            "state": "unknown" if bot is None else bot.state,
            "exit_code": None if bot is None else bot.exit_code,
            "transport": "http" if is_http else "socket",
            "can_restart": bot is not None,
        }

    def _endpoint_state(self) -> Json:
        stand_in, real_url = self._props.endpoint, self._props.real_url
        if stand_in is not None:
            return {"kind": "stand-in", "url": stand_in.base_url, "fault": self._fault}
        return {"kind": "real" if real_url else "none", "url": real_url, "fault": None}

    def _requests(self) -> list[Json]:
        if self._props.endpoint is None:
            return []
        latest = self._props.endpoint.numbered()[-MOST_REQUESTS_SHOWN:]
        return [self._request(number, record) for number, record in latest]

    def _request(self, number: int, record: AudioRequest) -> Json:
        return {
            "number": number,
            "at": record.at.timestamp() - self._slack.workspace.began_at,
            "status": record.status,
            "answered": record.answered,
            "authorization_ok": record.authorization_ok,
            "content_length": record.content_length,
            "fields": dict(record.fields),
            "file_name": record.file_name,
            "file_bytes": record.file_bytes,
            "seconds": record.seconds,
            "duration": record.duration,
            "answer": record.answer,
        }

    def _tell_request(self, number: int, record: AudioRequest) -> None:
        self._tell({"type": "request", "request": self._request(number, record)})

    def _tell_bot(self) -> None:
        self._tell({"type": "bot", "bot": self.bot()})

    # --- what is done -----------------------------------------------------------------------

    def switch_fault(self, name: str | None) -> Json:
        """Let a fault meet every request to the stand-in, or none."""
        if self._props.endpoint is None:
            message = "faults of the endpoint can be switched on with the stand-in only"
            raise SandboxMisuseError(message)
        if name is not None and name not in endpoint_faults.FAULTS:
            message = (
                f"no fault of the endpoint is called {name}; there are {', '.join(endpoint_faults.FAULTS)}"
            )
            raise SandboxMisuseError(message)
        self._switch(self._props.endpoint, name)
        return {"endpoint": self._endpoint_state()}

    def _switch(self, stand_in: EndpointSandbox, name: str | None) -> None:
        self._fault = name
        endpoint_faults.switch(stand_in, name)
        self._tell({"type": "endpoint", "endpoint": self._endpoint_state()})

    async def work_bot(self, do: str) -> Json:
        """Start or stop the bot; where it is so already, nothing happens. Before a stop faults go off."""
        bot = self._props.bot
        if bot is None:
            message = "this bot was not started by the sandbox: start and stop it where it runs"
            raise SandboxMisuseError(message)
        if do not in {"start", "stop"}:
            message = f"do must be start or stop, not {do!r}"
            raise ValueError(message)
        if do == "stop":
            self._make_way()
        async with self._bots_turn:
            if do == "start":
                await self._start(bot)
            else:
                await bot.stop()
        return {"bot": self.bot()}

    def _make_way(self) -> None:
        """Let go what hangs and give up a start under way: who wants the bot stopped would wait for both."""
        self._slack.faults.clear()
        if self._props.endpoint is not None:
            self._switch(self._props.endpoint, None)
        if self._starting is not None:
            self._starting.cancel()

    async def _start(self, bot: BotProcess) -> None:
        self._check_open()
        if bot.state == "running":
            return
        starting = self._starting = asyncio.create_task(bot.start())
        try:
            await asyncio.wait({starting})
        finally:
            self._starting = None
            starting.cancel()  # where nobody waits for it any more
            await asyncio.gather(starting, return_exceptions=True)
        try:
            starting.result()
        except BotStartError as error:
            rule = f"{error}; its last words are in the terminal"
        except asyncio.CancelledError:
            rule = GIVEN_UP
        else:
            return
        await bot.stop(patience_seconds=STOP_SECONDS)
        raise RefusedError(code="bot_not_started", rule=rule)

    def _check_open(self) -> None:
        """Refuse to begin anything once the sandbox ends."""
        if self._is_closing:
            raise RefusedError(code="sandbox_ends", rule="the sandbox ends")

    async def reset(self) -> Json:
        """Begin again; whoever asks while that is under way gets the same answer when it is done."""
        if self._reset_under_way is None or self._reset_under_way.done():
            self._reset_under_way = asyncio.create_task(self._reset())
        return await asyncio.shield(self._reset_under_way)

    async def _reset(self) -> Json:
        bot = self._props.bot
        if bot is None or not self._props.is_data_ours:
            self._begin_again()
            return {"note": DATA_KEPT} if bot is not None else {}
        self._make_way()
        async with self._bots_turn:
            self._check_open()
            await bot.stop(patience_seconds=STOP_SECONDS)
            await asyncio.to_thread(_empty, bot.data)
            self._begin_again()
            await self._start(bot)
        return {}

    def _begin_again(self) -> None:
        self._fault = None
        if self._props.endpoint is not None:
            self._props.endpoint.forget()
        self._slack.reset()
        if self._props.again is not None:
            self._props.again()

    async def close(self) -> None:
        """Stop the bot for good: what is under way is given up, and nothing begins any more."""
        self._is_closing = True
        self._make_way()
        if self._reset_under_way is not None:
            self._reset_under_way.cancel()
            await asyncio.gather(self._reset_under_way, return_exceptions=True)
        if self._props.bot is not None:
            async with self._bots_turn:
                await self._props.bot.stop()


def _empty(folder: Path) -> None:
    """Take everything out of a folder."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
