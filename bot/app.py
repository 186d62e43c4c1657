"""The one place where the parts are built and joined, and their life from start to stop."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import structlog
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot import __version__, language, receive
from bot.alerts import Alerts
from bot.checks import check, listen_fault
from bot.compose import compose_reply
from bot.config import ConfigFaults
from bot.disclosure import where_sound_goes
from bot.download import Downloader
from bot.ending import Ending, EndingName
from bot.errors import NotDecodableError
from bot.jobs import Jobs
from bot.lines import build_lines
from bot.metrics import Metrics
from bot.notice import NoticeBoard
from bot.prepare import Decoders, Limits
from bot.progress import ProgressBoard
from bot.receive import Intake
from bot.reply import Replier
from bot.road import Run, walk
from bot.spool import Spool
from bot.stages import Stages
from bot.store import database
from bot.store.jobs_database import open_jobs_engine
from bot.store.lock import Lock, lock_file, lock_postgres
from bot.store.settings import SettingsStore
from bot.store.trouble import DatabaseRefusedError, DatabaseUnreachableError, translated
from bot.store.withdrawals import WithdrawalStore
from bot.surfaces import answering, buttons, command
from bot.surfaces.desk import Desk
from bot.translate import Translator
from bot.transport import http
from bot.transport.pages import Readiness, add_pages
from bot.transport.socket_mode import SocketConnection
from bot.upload import Uploader
from bot.web_api import WebApi, build_client, without_token

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from bot.config import Config
    from bot.notice import Notice, NoticeState
    from bot.share import Job
    from bot.web_api import Identity

log = structlog.get_logger()

# Of the 20 s that a platform gives after SIGTERM: the jobs' share, the rest is for closing down.
STOP_PATIENCE_SECONDS = 8
ANSWER_PATIENCE_SECONDS = 3
HALF_REQUEST_SECONDS = 2
DATABASE_PAUSE_SECONDS = 2
ENDPOINT_CONNECTIONS = 100


@dataclass(frozen=True, slots=True)
class Stores:
    """What is remembered, in one database."""

    engine: AsyncEngine
    settings: SettingsStore
    withdrawals: WithdrawalStore


class Bot:
    """The whole bot in one process: receives and works (`dragoman run`).

    `sleep` is what every pause on the road is made with, so that tests need not wait.
    """

    def __init__(
        self, config: Config, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._config = config
        self._sleep = sleep
        self.web_api = WebApi(
            build_client(api_url=config.slack_api_url, token=config.slack_bot_token.get_secret_value()),
            sleep=sleep,
        )
        engine = database.open_engine(config.database_url)
        self.stores = Stores(engine, SettingsStore(engine), WithdrawalStore(engine))
        self._http = httpx.AsyncClient(limits=httpx.Limits(max_connections=ENDPOINT_CONNECTIONS))
        self.metrics = Metrics()
        self.readiness = Readiness()
        self.alerts = Alerts(config, say=self._say, latest=self._latest_notice)
        self.stages = self._build_stages()
        notices = NoticeBoard(self.web_api, sleep=sleep)
        self.jobs = Jobs(
            walk=self._walk,
            say=notices.post,
            give_up=self._give_up,
            purge=self.stores.withdrawals.purge,
            on_end=self.metrics.note_ending,
            sleep=sleep,
        )
        self.metrics.count_running(lambda: self.jobs.running)
        self._runner: web.AppRunner | None = None
        self._lock: Lock | None = None
        self._holding: asyncio.Future[None] | None = None
        self._socket: SocketConnection | None = None
        self._bolt: AsyncApp | None = None
        self._desk: Desk | None = None
        self._is_taking = False
        self._loading: asyncio.Future[None] | None = None

    def _build_stages(self) -> Stages:
        config = self._config
        decoders = Decoders(
            at_once=max(2, os.cpu_count() or 1),
            limits=Limits.up_to(config.terms.max_seconds),
        )
        lines = build_lines(config, self._http, decoders, sleep=self._sleep)
        self.metrics.watch(lines)
        return Stages(
            spool=Spool(config.spool_dir),
            downloader=Downloader(
                self._http,
                token=config.slack_bot_token.get_secret_value(),
                api_url=config.slack_api_url,
                files_info=self.web_api.files_info,
                max_bytes=config.terms.max_file_bytes,
                sleep=self._sleep,
            ),
            decoders=decoders,
            translator=Translator(lines, halve=decoders.halve, on_trouble=self.alerts.tell),
            replier=Replier(self.web_api, self.stores.withdrawals, sleep=self._sleep),
            uploader=Uploader(self._http, self.web_api, api_url=config.slack_api_url, sleep=self._sleep),
            progress=ProgressBoard(self.web_api, sleep=self._sleep),
            terms=config.terms,
        )

    async def start(self) -> None:
        """Come up: pages first, so that /readyz tells what is still missing, then all the rest.

        Raises ConfigFaults for what must be configured otherwise, LockHeldError when another
        process runs on this database. Waits for Slack and the database as long as it takes.
        """
        config = self._config
        self.readiness.add("starting", self._has_started)
        faults = await self._listen()
        await self._take_lock()
        checked = await check(config, self.web_api, faults=faults)
        if not self.port:
            log.warning("port.taken", port=config.port)
        self.stages.spool.clear_all()
        await self.stages.decoders.start()
        self._bolt = self._build_bolt(checked.identity)
        while not await self._open_jobs():
            await self._sleep(DATABASE_PAUSE_SECONDS)
        self._is_taking = True
        self.readiness.remove("starting")
        self.readiness.add("database", lambda: database.is_writable(self.stores.engine))
        if config.is_socket_mode:
            app_token = config.slack_app_token.get_secret_value()
            self._socket = SocketConnection(self._bolt, app_token=app_token, client=self.web_api.client)
            self.readiness.add("slack", self._socket.is_greeted)
            self._socket.open(checked.socket_url)
        # A fifth of a second, which no text should have to wait for.
        self._loading = asyncio.get_running_loop().run_in_executor(None, language.load)
        log.info("bot.started", version=__version__, mode="socket" if config.is_socket_mode else "http")

    async def stop(self) -> None:
        """Take nothing more, let running jobs finish for a while, keep the rest for the next start.

        The process should end right after: what goes on past this point is not kept any more.
        """
        self.readiness.stop()
        self._is_taking = False
        if self._socket is not None:
            await self._socket.close()
        if self._desk is not None:
            await answering.finish(self._desk, patience_seconds=ANSWER_PATIENCE_SECONDS)
        await self.jobs.stop(patience_seconds=STOP_PATIENCE_SECONDS)
        if self._runner is not None:
            await self._runner.cleanup()
        log.info("bot.stopped")

    async def close(self) -> None:
        """Let go of everything else; only where the process lives on, as in tests."""
        await self.stages.decoders.close()
        await self.stages.translator.close()
        await self._http.aclose()
        await self.web_api.close()
        await self.stores.engine.dispose()
        if self._holding is not None:
            self._holding.cancel()
        if self._lock is not None:
            await self._lock.close()

    @property
    def port(self) -> int:
        """The port that the pages are served on; 0 where it was taken."""
        addresses = self._runner.addresses if self._runner is not None else []
        return int(addresses[0][1]) if addresses else 0

    async def _walk(self, job: Job, run: Run) -> Ending:
        return await walk(job, stages=self.stages, run=run)

    async def _say(self, notice: Notice) -> None:
        await self.jobs.say_once(notice)

    async def _latest_notice(self, prefix: str) -> NoticeState | None:
        return await self.jobs.latest_notice(prefix)

    async def _give_up(self, job: Job) -> None:
        """Answer a share whose job ended the process too often to be run again."""
        ending = Ending(EndingName.FAILED, NotDecodableError.reason)
        progress = self.stages.progress.start(job, is_first_run=False)
        reply = compose_reply(job, ending, NotDecodableError.text, terms=self._config.terms)
        await self.stages.replier.reply(job, ending, reply.messages, progress=progress, is_first_run=False)

    async def _has_started(self) -> bool:
        return False

    async def _listen(self) -> list[str]:
        """Serve the pages, and in HTTP mode Slack's requests; give what is wrong with HOST or PORT."""
        config = self._config
        server = web.Application(client_max_size=http.LONGEST_BODY_BYTES)
        add_pages(server.router, self.readiness, self.metrics.registry)
        if not config.is_socket_mode:
            secret = config.slack_signing_secret.get_secret_value()
            dispatch = http.slack_route(
                lambda: self._bolt if self._is_taking else None, signing_secret=secret
            )
            server.router.add_post(http.PATH, dispatch)
        # A client that sends half a request must not hold up the end of the process.
        # Bodies stay as they came: that is what Slack signs, and aiohttp logs a traceback for false gzip.
        self._runner = web.AppRunner(
            server, access_log=None, shutdown_timeout=HALF_REQUEST_SECONDS, auto_decompress=False
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, config.host, config.port).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE and config.is_socket_mode and not config.port_is_given:
                return []  # said once the start has succeeded: a fault must stand alone on stderr
            return [listen_fault(config, error)]
        return []

    async def _open_jobs(self) -> bool:
        """Take PostgreSQL's lock and launch the jobs; False where the database has just gone away."""
        config = self._config
        try:
            with translated(config.jobs_database_url):
                if config.sqlite_path is None and self._lock is None:
                    lock = await lock_postgres(config.jobs_database_url.replace("+psycopg", "", 1))
                    self._lock = lock
                    self._holding = asyncio.ensure_future(lock.hold(on_lost=_end_without_lock))
                await self._launch_jobs(config.jobs_database_url)
        except DatabaseRefusedError as error:
            raise ConfigFaults([str(error)]) from error
        except DatabaseUnreachableError as error:
            log.warning("start.waiting", detail=str(error))
            return False
        return True

    async def _launch_jobs(self, url: str) -> None:
        engine = open_jobs_engine(url)
        try:
            await self.jobs.launch(engine)
        except Exception:
            engine.dispose()  # the next try brings its own connections
            raise

    async def _take_lock(self) -> None:
        """Make sure that no other process runs on the same SQLite file."""
        path = self._config.sqlite_path
        if path is None:
            return
        # A folder that cannot be written is a fault that `check` finds, and says together with all others.
        with suppress(OSError):
            self._lock = await lock_file(path.with_name(path.name + ".lock"))

    def _build_bolt(self, identity: Identity) -> AsyncApp:
        """Make Bolt's app with every listener, in one visible list."""

        async def authorize() -> AuthorizeResult:
            # Known since the start: without this Bolt would ask `auth.test` for its first events.
            return AuthorizeResult(
                enterprise_id=identity.enterprise_id or None,
                team_id=identity.team_id,
                bot_user_id=identity.user_id,
                bot_id=identity.bot_id,
                bot_token=self._config.slack_bot_token.get_secret_value(),
            )

        app = AsyncApp(
            name="dragoman",  # without it Bolt looks for a name in the whole stack, for a fifth of a second
            client=without_token(self.web_api.client),
            authorize=authorize,
            process_before_response=True,
            raise_error_for_unhandled_request=True,
        )
        config, stores = self._config, self.stores
        disclosure = where_sound_goes(config.engines, config.translation_base_url)
        intake = Intake(
            jobs=self.jobs,
            settings=stores.settings,
            withdrawals=stores.withdrawals,
            default_mode=config.default_mode,
            terms=config.terms,
            disclosure=disclosure,
        )
        api = urlsplit(config.slack_api_url)
        self._desk = Desk(
            jobs=self.jobs,
            settings=stores.settings,
            web_api=self.web_api,
            default_mode=config.default_mode,
            terms=config.terms,
            slack_origin=f"{api.scheme}://{api.netloc}",
            disclosure=disclosure,
        )
        receive.register(app, intake, identity)
        # Whatever its name: the command is renamed in the manifest where another app owns /translate.
        command.register(app, self._desk, command=re.compile("."))
        buttons.register(app, self._desk)
        return app


def _end_without_lock() -> None:
    """End at once: another process has taken the database over, and runs our jobs."""
    log.critical("lock.lost")
    os._exit(1)
