"""The embedded Slack as one object: start it, act as a person, point the real app at it, look at what came.

async with SlackSandbox() as slack:
    ts = await slack.share("order.mp3", channel="support", user="ana")
    await slack.wait_for(lambda s: len(s.thread("support", ts)) > 1)
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from bot import manifest as app_manifest
from bot.sandbox.acting import Acting
from bot.sandbox.answers import sign_in_page
from bot.sandbox.backstage import Backstage, Props
from bot.sandbox.calls import Platform
from bot.sandbox.commands import Commands
from bot.sandbox.control import Control
from bot.sandbox.delivery import Delivery
from bot.sandbox.downloads import Downloads
from bot.sandbox.drops import MOST_BYTES as MOST_UPLOAD_BYTES
from bot.sandbox.drops import MOST_KEPT_BYTES, Drops
from bot.sandbox.events import envelope, events_of
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.guard import HOST, Guard
from bot.sandbox.interactions import Interactions
from bot.sandbox.live import Live
from bot.sandbox.messages import permalink
from bot.sandbox.page import Page
from bot.sandbox.records import Change, Message, SharedFile
from bot.sandbox.refusals import RefusedError
from bot.sandbox.response_urls import ResponseUrls
from bot.sandbox.seed import sow
from bot.sandbox.showing import Showing
from bot.sandbox.socket_mode import SocketMode
from bot.sandbox.traffic import Changes, Exchange, Pulse, Traffic
from bot.sandbox.uploads import Uploads
from bot.sandbox.web_api import Tokens, WebApi
from bot.sandbox.workspace import TEAM_ID, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from bot.sandbox.records import Json

__all__ = ["Change", "Exchange", "Fault", "Message", "SharedFile", "SlackSandbox"]

MOST_BODY_BYTES = 1024**3
DELAY_OF_SHARES = 0.05


class SlackSandbox(Acting):
    """A workspace with the app installed, behind an address on this machine.

    Everything runs in the loop of whoever enters it. `port` 0 lets the system choose. `generation` counts
    how often it began again. `share_gate`, while it is cleared, holds back the sharing of what was uploaded.
    """

    def __init__(
        self,
        port: int = 0,
        manifest: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._wanted_port = port
        self._manifest = manifest if manifest is not None else app_manifest.build()
        self.port = port
        self.bot_token = f"xoxb-{secrets.randbelow(10**12):012d}-{secrets.token_hex(12)}"
        self.app_token = f"xapp-1-A0SANDBOX-{secrets.token_hex(24)}"
        self.signing_secret = secrets.token_hex(16)
        self.control_token = secrets.token_urlsafe(24)
        self.share_delay = DELAY_OF_SHARES
        self.share_gate = asyncio.Event()
        self.share_gate.set()
        self.most_upload_bytes = MOST_UPLOAD_BYTES
        self.most_kept_bytes = MOST_KEPT_BYTES
        self.generation = 0
        self.exchanges = Traffic()
        self.workspace = Workspace(self._manifest, clock)
        self._pulse = Pulse()
        self._watchers: list[Changes] = []
        self._runner: web.AppRunner | None = None
        self._build()

    def _build(self) -> None:
        """Join the parts; here one sees who knows whom."""
        tokens = Tokens(self.bot_token, self.app_token, self.signing_secret)
        self.faults = Faults(self._suffer_at_once, self._pulse.beat)
        self._socket = SocketMode(self.workspace, self._note_socket)
        self._delivery = Delivery(self.workspace, self._socket, self.faults, self._log)
        platform = Platform(later=self._later, open_socket=self._socket.open_url)
        self._api = WebApi(self.workspace, platform, tokens, self.faults, self._log)
        self._downloads = Downloads(self.workspace, tokens, self.faults, self._log)
        self._uploads = Uploads(self.workspace, self.faults, self._log)
        self._response_urls = ResponseUrls(self.workspace, self.faults, self._pulse, self._log)
        self._commands = Commands(self.workspace, self._delivery, self._response_urls, self._log)
        self._interactions = Interactions(self.workspace, self._delivery, self._response_urls, self._log)
        self.live = Live(Showing(self))
        self.use(Props())
        self._guard = Guard(self.control_token, lambda: self.port)
        self._drops = Drops(self._pulse.beat)
        self._control = Control(self, self._guard, self._drops)
        self._page = Page(self.workspace, self._guard)
        self.exchanges.listeners.append(self.live.passed)
        self.faults.listeners.append(self.live.look_around)
        self.workspace.listeners += [self.live.heard, self._heard]
        sow(self.workspace)

    # --- open and close ---------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Bind the port; from here on the addresses are right."""
        application = web.Application(client_max_size=MOST_BODY_BYTES, middlewares=[self._guard.middleware])
        application.on_response_prepare.append(self._guard.protect)
        application.add_routes(
            [
                web.route("*", "/api/{method}", self._api.handle),
                web.get("/link/", self._socket.handle),
                web.get("/files-pri/{key}/download/{name}", self._downloads.handle),
                web.get("/files-pri/{key}/{name}", self._downloads.handle),
                web.get("/files-tmb/{key}/{name}", self._downloads.handle),
                web.get("/signin", sign_in_page),
                web.post("/upload/v1/{token}", self._uploads.handle),
                *self._response_urls.routes(),
                *self._control.routes(),
                web.get("/page/{token}/live", self._guard.by_address(self.live.handle)),
                *self._page.routes(),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._wanted_port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.port = self._runner.addresses[0][1]
        self.workspace.url = self.url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop deliveries, let go of what hangs, close every connection."""
        self.faults.clear()
        await self.backstage.close()
        await self.live.close()
        await self._delivery.close()
        await self._socket.close()
        for watcher in self._watchers:
            watcher.tell(None)
        if self._runner is not None:  # pragma: no branch -- whoever leaves has entered
            await self._runner.cleanup()
        await self._drops.close()

    @property
    def url(self) -> str:
        """The sandbox's address."""
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` must say."""
        return f"{self.url}/api/"

    @property
    def page_url(self) -> str:
        """The address of the page, with the token that opens it."""
        return f"{self.url}/page/{self.control_token}/"

    @property
    def team_id(self) -> str:
        """The workspace's id."""
        return TEAM_ID

    @property
    def bot_user_id(self) -> str:
        """The id of the user that stands for the app."""
        return self.workspace.app.bot.id

    # --- what stands around it --------------------------------------------------------------

    def use(self, props: Props) -> None:
        """Say what was set up around this Slack, so that the page shows it and can work it."""
        self.backstage = Backstage(self, props, self.live.tell)
        self.live.renew()

    def look_around(self) -> None:
        """Tell the page of people, conversations and faults that came about without a word."""
        self.live.look_around()

    # --- how events travel ------------------------------------------------------------------

    def deliver_over_http(self, events_url: str) -> asyncio.Task[bool]:
        """Use HTTP mode from now on. Nobody need await the task; it says whether the challenge came back."""
        return self._delivery.over_http(events_url, self.signing_secret)

    @property
    def delivers_over_http(self) -> bool:
        """Whether events travel by signed POSTs."""
        return self._delivery.http is not None

    def hurry(self) -> None:
        """Repeat at once what would be delivered again later."""
        self._delivery.hurry()

    @property
    def connections(self) -> int:
        """How many websockets of the app are open."""
        return len(self._socket.connections)

    @property
    def retry_delays(self) -> tuple[float, ...]:
        """The seconds before each repeated delivery of an event."""
        return self._delivery.retry_delays

    @retry_delays.setter
    def retry_delays(self, delays: Iterable[float]) -> None:
        self._delivery.retry_delays = tuple(delays)

    @property
    def ack_seconds(self) -> float:
        """How long the app may take to ack."""
        return self._delivery.ack_seconds

    @ack_seconds.setter
    def ack_seconds(self, seconds: float) -> None:
        self._delivery.ack_seconds = seconds

    @property
    def rate_limits(self) -> bool:
        """Whether Slack's rate limits apply; off until somebody switches them on."""
        return self._api.limits_on

    @rate_limits.setter
    def rate_limits(self, on: bool) -> None:
        self._api.limits_on = on

    def send_event(self, event: Json) -> str:
        """Send any event in a full envelope, asked for or not; give its event_id."""
        is_whole = event.get("type") in {"event_callback", "app_rate_limited"}
        payload = event if is_whole else envelope(self.workspace, event)
        return self._delivery.send({"event_id": self.workspace.new_id("Ev"), **payload})

    def redeliver(self, event_id: str | None = None) -> str:
        """Deliver an event once more, the last one where none is named."""
        return self._delivery.send_again(event_id)

    def reset(self) -> None:
        """Begin again: the seed, no messages, no faults, an empty log. Connections and tokens stay."""
        self.generation += 1
        self.faults.clear()
        self._delivery.forget()
        self.workspace.forget()
        self.exchanges.forget()
        sow(self.workspace)
        self.live.renew()
        self._drops.forget()  # last: whatever the disk does, Slack has begun again
        self._pulse.beat()

    async def delete_file(self, file_id: str) -> None:
        """Delete a file; of one that was uploaded the bytes go as well."""
        await super().delete_file(file_id)
        self._drops.free(self.workspace.files[file_id].shared.path)

    # --- looking ----------------------------------------------------------------------------

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Give a message and its replies, oldest first."""
        return self.workspace.thread(self.workspace.channel(channel), ts)

    def messages(self, channel: str) -> list[Message]:
        """Give everything that stands in a channel, replies included, oldest first."""
        return list(self.workspace.channel(channel).messages.values())

    def permalink(self, channel: str, ts: str) -> str:
        """Give what «Copy link» gives for a message."""
        return permalink(self.workspace, self.workspace.message(self.workspace.channel(channel), ts))

    def status(self, channel: str, ts: str) -> str:
        """Give the status line that a thread shows now."""
        return self.workspace.channel(channel).statuses.get(ts, "")

    @property
    def changes(self) -> Changes:
        """What happens from now on, for `async for`."""
        watcher = Changes()
        self._watchers.append(watcher)
        return watcher

    def unwatch(self, changes: Changes) -> None:
        """Stop telling somebody who has gone."""
        self._watchers.remove(changes)

    @property
    def traffic(self) -> list[Exchange]:
        """Everything that passed between this Slack and the app, oldest first."""
        return self.exchanges.kept

    def calls(self, method: str) -> list[Exchange]:
        """Give the calls of a method, or everything of a kind (`download`, `event`)."""
        return [one for one in self.traffic if method in {one.method, one.kind}]

    async def wait_for(self, is_true: Callable[[SlackSandbox], Any], timeout: float = 10.0) -> None:  # noqa: ASYNC109 -- the caller's patience, part of the failure's text
        """Wait until something is true of the sandbox; else fail with the traffic log."""
        if not await self._pulse.until(lambda: bool(is_true(self)), timeout):
            lines = "\n".join(one.line() for one in self.traffic[-60:])
            message = f"not true within {timeout:g} seconds; the traffic:\n{lines}"
            raise TimeoutError(message)

    # --- between the parts ------------------------------------------------------------------

    def _heard(self, change: Change) -> None:
        for watcher in self._watchers:
            watcher.tell(change)
        self._announce(events_of(self.workspace, change))
        self._pulse.beat()

    def _announce(self, events: list[Json]) -> None:
        for event in events:
            self._delivery.send(envelope(self.workspace, event))

    def _log(self, exchange: Exchange) -> None:
        self.exchanges.add(exchange)
        self._pulse.beat()

    def _note_socket(self, what: str, rule: str) -> None:
        at = self.workspace.clock() - self.workspace.began_at
        self._log(Exchange(at, "socket", what, ok=not rule, rule=rule))

    def _later(self, work: Callable[[], None]) -> None:
        """Share an upload in a moment; what is impossible by then fails in silence, but for the log."""

        async def share() -> None:
            await asyncio.sleep(self.share_delay)
            await self.share_gate.wait()
            try:
                work()
            except RefusedError as error:
                at = self.workspace.clock() - self.workspace.began_at
                self._log(Exchange(at, "upload", "share", ok=False, error=error.code, rule=error.rule))

        self._delivery.spawn(share())  # a reset gives it up, as its channel is gone then

    def _suffer_at_once(self, fault: Fault) -> None:
        if fault.kind == "socket_drop":
            self._socket.drop()
        else:
            self._delivery.spawn(self._socket.ask_to_reconnect(fault.error or "refresh_requested"))
