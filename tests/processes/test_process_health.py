"""What the pages of a real bot say while Slack or the database are away, and when all is well."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import psycopg
from real_bot import real_stage

from bot import __version__
from bot.sandbox.faults import Fault
from recordings import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from real_bot import RealBot, Starter

    from postgres import PostgresServer

pytest_plugins = ("process_fixtures",)


@contextmanager
def away(postgres: PostgresServer) -> Iterator[None]:
    """Take the server away, and bring it back."""
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


async def check_alive(bot: RealBot) -> None:
    """See that the process says that it lives, and its version."""
    page = await bot.until(lambda answer: answer.status_code == 200, "/healthz")
    assert page.json() == {"status": "ok", "version": __version__}


async def until_unready(bot: RealBot, *reasons: str) -> None:
    """Wait until the bot is unready for these very reasons."""
    page = await bot.until(lambda answer: answer.json()["reasons"] == [*reasons], "/readyz")
    assert (page.status_code, page.json()["ready"]) == (503, False)


async def test_slack_is_away_at_the_start(starter: Starter, tmp_path: Path) -> None:
    """An unreachable Slack is no fault of a variable: the bot waits for it, and says so."""
    async with real_stage(starter, tmp_path, start=False) as stage:
        for method in ("auth.test", "apps.connections.open"):
            stage.slack.faults.add(Fault("lost_before", method, times=None))
        await stage.bot.start(until_ready=False)
        await until_unready(stage.bot, "starting")
        await check_alive(stage.bot)
        await stage.slack.wait_for(lambda slack: len(slack.calls("auth.test")) > 1)
        await until_unready(stage.bot, "starting")
        stage.slack.faults.clear()
        await stage.bot.until_ready()
        ts = await stage.slack.share(sample().path)
        await stage.answered(ts)


async def test_slack_goes_away_and_comes_back(starter: Starter, tmp_path: Path) -> None:
    """Without a websocket that said hello the bot is not ready; once there is one again, it is."""
    async with real_stage(starter, tmp_path) as stage:
        stage.slack.faults.add(Fault("http_error", "apps.connections.open", times=None))
        stage.slack.faults.add(Fault("socket_drop"))
        await until_unready(stage.bot, "slack")
        await check_alive(stage.bot)
        stage.slack.faults.clear()
        await stage.bot.until_ready()
        ts = await stage.slack.share(sample().path)
        await stage.answered(ts)


async def test_the_database_file_is_deleted(starter: Starter, tmp_path: Path) -> None:
    """A bot whose database was deleted under its hands is not ready: what it wrote would be lost."""
    async with real_stage(starter, tmp_path) as stage:
        (tmp_path / "data" / "dragoman.db").unlink()
        await until_unready(stage.bot, "database")
        await check_alive(stage.bot)


async def test_postgresql_is_away(starter: Starter, tmp_path: Path, postgres: PostgresServer) -> None:
    """PostgreSQL down at the start or later: the bot waits for it, is not ready meanwhile, then goes on."""
    more = {"DATABASE_URL": postgres.url(postgres.create_database())}
    async with real_stage(starter, tmp_path, more=more, start=False) as stage:
        with away(postgres):
            await stage.bot.start(until_ready=False)
            await stage.slack.wait_for(lambda slack: slack.calls("auth.test"))
            await until_unready(stage.bot, "starting")
            await check_alive(stage.bot)
        await stage.bot.until_ready()
        with away(postgres):
            await until_unready(stage.bot, "database")
        await stage.bot.until_ready()
        ts = await stage.slack.share(sample().path)
        await stage.answered(ts)


async def upgraded(url: str) -> None:
    """Wait until our tables are there and nobody is connected to the database any more."""
    is_ready = "SELECT to_regclass('withdrawals') IS NOT NULL AND count(*) = 1 FROM pg_stat_activity"
    async with asyncio.timeout(20), await psycopg.AsyncConnection.connect(url, autocommit=True) as own:
        while True:
            cursor = await own.execute(f"{is_ready} WHERE datname = current_database()")
            if await cursor.fetchone() == (True,):
                return
            await asyncio.sleep(0.02)


async def test_postgresql_goes_away_after_the_checks(
    starter: Starter, tmp_path: Path, postgres: PostgresServer
) -> None:
    """PostgreSQL that answered the checks and is down a moment later is waited for, without a traceback."""
    url = postgres.url(postgres.create_database())
    async with real_stage(starter, tmp_path, more={"DATABASE_URL": url}, start=False) as stage:
        stage.slack.faults.add(Fault("hang", "apps.connections.open"))
        await stage.bot.start(until_ready=False)
        await stage.hangs()
        await upgraded(url)
        with away(postgres):
            stage.slack.faults.release()
            await stage.bot.until(lambda _: "the server does not answer" in stage.bot.log, "/healthz")
        await stage.bot.until_ready()
        ts = await stage.slack.share(sample().path)
        await stage.answered(ts)
        assert "Traceback" not in stage.bot.log


async def test_what_the_metrics_tell(starter: Starter, tmp_path: Path) -> None:
    """Endings by name and reason, seconds, and how many are on the road; in HTTP mode too."""
    async with real_stage(starter, tmp_path, is_http=True) as stage:
        (tmp_path / "notes.mp3").write_text("milk, bread, eggs")
        shares = [await stage.slack.share(one) for one in (sample().path, tmp_path / "notes.mp3")]
        await stage.answered(*shares)
        await stage.settled()
        async with httpx.AsyncClient(trust_env=False) as client:
            page = await client.get(f"{stage.bot.url}/metrics")
        assert page.headers["content-type"].startswith("text/plain; version=")
        for line in (
            'dragoman_shares_ended_total{ending="translated",reason=""} 1.0',
            'dragoman_shares_ended_total{ending="failed",reason="not_decodable"} 1.0',
            "dragoman_share_seconds_count 2.0",
            "dragoman_jobs_running 0.0",
        ):
            assert line in page.text.splitlines()
