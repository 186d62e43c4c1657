"""A workspace with the real command listener in it: only Slack is the sandbox, only `Jobs` is a notebook."""

from __future__ import annotations

import json
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.ending import Ending, EndingName, JobState
from bot.manifest import DEFAULT_COMMAND
from bot.sandbox.records import SharedFile
from bot.sandbox.server import SlackSandbox
from bot.store.database import METADATA, open_engine
from bot.store.settings import ChannelSettings, Mode, SettingsStore
from bot.surfaces import buttons
from bot.surfaces.answering import finish
from bot.surfaces.command import register
from bot.surfaces.desk import Desk
from bot.terms import Terms
from bot.transport.http import PATH, slack_route
from bot.web_api import WebApi, build_client
from running import PATIENT_ACK_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.sandbox.commands import CommandResult
    from bot.share import Job, Share

CLIP = SharedFile("clip.m4a", data=b"sound", subtype="slack_audio", duration_ms=3000)
SONG = SharedFile("song.mp3", data=b"sound")
NOTES = SharedFile("notes.txt", data=b"words")


@dataclass
class Notebook:
    """Keeps jobs as `Jobs` does, and lets a test say how they ended."""

    started: list[Job] = field(default_factory=list)
    endings: dict[str, Ending] = field(default_factory=dict)
    is_broken: bool = False

    async def start(self, job: Job) -> None:
        """Note a job, once."""
        if self.is_broken:
            raise TimeoutError
        if job.id not in {one.id for one in self.started}:
            self.started.append(job)

    async def latest(self, share: Share) -> JobState | None:
        """Find the newest job of a share, as its id is made."""
        key = (share.team_id, share.channel_id, share.ts, share.file.id)
        found = [
            job
            for job in self.started
            if (job.share.team_id, job.share.channel_id, job.share.ts, job.share.file.id) == key
        ]
        if not found:
            return None
        newest = max(found, key=lambda job: job.attempt)
        return JobState(newest, self.endings.get(newest.id))

    async def find(self, job_id: str) -> JobState | None:
        """Find one job."""
        if self.is_broken:
            raise TimeoutError
        found = next((job for job in self.started if job.id == job_id), None)
        return JobState(found, self.endings.get(job_id)) if found else None

    def end(
        self, name: EndingName, reason: str = "", *, missing: tuple[tuple[float, float], ...] = ()
    ) -> None:
        """Let everything that was started end so."""
        self.endings |= {
            job.id: Ending(name, reason, missing) for job in self.started if job.id not in self.endings
        }


@dataclass
class Office:
    """What a test holds on to."""

    slack: SlackSandbox
    app: AsyncApp
    desk: Desk
    jobs: Notebook
    settings: SettingsStore

    async def type(
        self, text: str, *, channel: str = "support", user: str = "ana", command: str = DEFAULT_COMMAND
    ) -> str:
        """Type a command and give the one answer that the person sees, as its fallback text."""
        result = await self.command(text, channel=channel, user=user, command=command)
        (answer,) = await result.answers()
        return str(answer["text"])

    async def command(
        self, text: str, *, channel: str = "support", user: str = "ana", command: str = DEFAULT_COMMAND
    ) -> CommandResult:
        """Type a command; give what the person sees of it."""
        result = await self.slack.command(command, text, channel=channel, user=user)
        assert result.acked, result.error
        return result

    async def dispatch(self, text: str, **fields: str) -> dict[str, Any]:
        """Hand a payload to the app as Slack would have made it, and give the ack's body."""
        body = {
            "command": DEFAULT_COMMAND,
            "text": text,
            "team_id": self.slack.team_id,
            "channel_id": self.channel_id("support"),
            "user_id": self.user_id("ana"),
            **fields,
        }
        response = await self.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=body))
        assert response.status == 200
        return dict(json.loads(response.body)) if response.body else {}

    async def mode(self, channel: str = "support") -> Mode | None:
        """Give the mode that is stored."""
        settings = await self.settings.get(self.slack.team_id, self.channel_id(channel))
        return settings.mode if settings else None

    async def prompt(self, channel: str = "support") -> str:
        """Give the prompt that is stored."""
        settings = await self.settings.get(self.slack.team_id, self.channel_id(channel))
        return settings.prompt if settings else ""

    async def stored(self, channel: str = "support") -> ChannelSettings:
        """Give all that is stored."""
        settings = await self.settings.get(self.slack.team_id, self.channel_id(channel))
        return settings or ChannelSettings()

    async def is_untouched(self, channel: str = "support") -> bool:
        """Say whether nothing is stored for the channel and nothing was started."""
        stored = await self.settings.get(self.slack.team_id, self.channel_id(channel))
        return stored is None and not self.jobs.started

    def channel_id(self, name: str) -> str:
        """Give a channel's id."""
        return self.slack.workspace.channel(name).id

    def user_id(self, name: str) -> str:
        """Give a person's id."""
        return self.slack.workspace.user(name).id


@asynccontextmanager
async def open_office(folder: Path, **changes: Any) -> AsyncIterator[Office]:  # noqa: ANN401 -- fields of the desk
    """Open the workspace; `changes` are fields of the desk that shall be otherwise."""
    command = changes.pop("command", DEFAULT_COMMAND)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(changes.pop("slack", None) or SlackSandbox())
        slack.ack_seconds = PATIENT_ACK_SECONDS
        settings = SettingsStore(await _open_store(folder, stack))
        web_api = WebApi(build_client(api_url=slack.api_url, token=slack.bot_token))
        stack.push_async_callback(web_api.close)
        jobs = Notebook()
        desk = Desk(
            jobs=jobs,
            settings=settings,
            web_api=web_api,
            default_mode=Mode.ON,
            terms=Terms(),
            slack_origin=slack.url,
            disclosure="The sound goes to api.example.com.",
            version="1.2.3",
            patience_seconds=2.5,  # a busy machine must not make a quick answer a late one
        )
        desk = replace(desk, **changes)
        app = AsyncApp(client=web_api.client, token=slack.bot_token, process_before_response=True)
        register(app, desk, command=command)
        buttons.register(app, desk)
        app.event(re.compile(".*"))(_ignore)
        await _serve(app, slack, stack)
        stack.push_async_callback(finish, desk, patience_seconds=5)
        stack.callback(slack.faults.clear)
        yield Office(slack, app, desk, jobs, settings)


async def _open_store(folder: Path, stack: AsyncExitStack) -> AsyncEngine:
    engine = open_engine(f"sqlite+aiosqlite:///{folder / 'settings.db'}")
    stack.push_async_callback(engine.dispose)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    return engine


async def _ignore() -> None:
    """Take events, so that they are not sent again."""


async def _serve(app: AsyncApp, slack: SlackSandbox, stack: AsyncExitStack) -> None:
    """Let Slack reach the app over HTTP, as it would."""
    application = web.Application()
    application.router.add_post(PATH, slack_route(lambda: app, signing_secret=slack.signing_secret))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await slack.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}")


@asynccontextmanager
async def fixed_slack(**answers: dict[str, Any]) -> AsyncIterator[WebApi]:
    """Serve fixed answers, by method with `_` for the dot: forms of them that the sandbox does not have."""

    async def handle(request: web.Request) -> web.Response:
        return web.json_response({"ok": True} | answers[request.match_info["method"].replace(".", "_")])

    application = web.Application()
    application.router.add_route("*", "/api/{method}", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    web_api = WebApi(build_client(api_url=f"http://127.0.0.1:{port}/api/", token="xoxb-1"))  # noqa: S106 -- no secret
    try:
        yield web_api
    finally:
        await web_api.close()
        await runner.cleanup()
