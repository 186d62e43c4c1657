"""How the bot ends when it is asked to: by a platform, by Ctrl-C, and by somebody who cannot wait."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
from typing import TYPE_CHECKING

from real_bot import real_stage

from recordings import sample

if TYPE_CHECKING:
    from pathlib import Path

    from real_bot import RealStage, Starter

pytest_plugins = ("process_fixtures",)


async def share_five(stage: RealStage, *, delay_seconds: float) -> list[str]:
    """Share five recordings and wait until the endpoint has them all; it takes its time."""
    stage.endpoint.delay_seconds = delay_seconds
    shares = [await stage.slack.share(sample().path) for _ in range(5)]
    await stage.asked(5)
    await stage.acked(5)
    return shares


async def check_next_start(stage: RealStage, shares: list[str]) -> None:
    """See that after the next start every share has one answer."""
    stage.endpoint.delay_seconds = 0
    await stage.bot.start()
    await stage.answered(*shares)
    await stage.settled()
    assert [len(stage.of_bot(ts)) for ts in shares] == [1] * 5


async def test_sigterm_with_five_jobs(starter: Starter, tmp_path: Path) -> None:
    """SIGTERM ends the process within 20 s with code 0; what was not done by then is done after the start."""
    async with real_stage(starter, tmp_path) as stage:
        shares = await share_five(stage, delay_seconds=60)
        began = time.monotonic()
        stage.bot.signal(signal.SIGTERM)
        page = await stage.bot.until(lambda answer: "stopping" in answer.text, "/readyz")
        assert (page.status_code, page.json()) == (503, {"ready": False, "reasons": ["stopping", "slack"]})
        assert await stage.bot.ended() == 0
        assert time.monotonic() - began < 25  # 20, and what a busy machine adds
        assert not any(stage.of_bot(ts) for ts in shares)
        await check_next_start(stage, shares)


async def test_jobs_that_finish_in_time(starter: Starter, tmp_path: Path) -> None:
    """After Ctrl-C running jobs may finish; with the last of them the process ends, with code 0."""
    async with real_stage(starter, tmp_path) as stage:
        shares = await share_five(stage, delay_seconds=1.5)
        stage.bot.signal(signal.SIGINT)
        assert await stage.bot.ended() == 0
        assert [len(stage.of_bot(ts)) for ts in shares] == [1] * 5
        assert len(stage.endpoint.requests) == 5


async def test_the_second_ctrl_c(starter: Starter, tmp_path: Path) -> None:
    """Who presses Ctrl-C twice need not wait, and loses nothing either."""
    async with real_stage(starter, tmp_path) as stage:
        shares = await share_five(stage, delay_seconds=60)
        stage.bot.signal(signal.SIGINT)
        await stage.bot.until(lambda answer: "stopping" in answer.text, "/readyz")
        began = time.monotonic()
        stage.bot.signal(signal.SIGINT)
        assert await stage.bot.ended() == 1
        assert time.monotonic() - began < 12  # one signal alone: up to 18
        await check_next_start(stage, shares)


async def test_sigterm_while_slack_is_away(starter: Starter, tmp_path: Path) -> None:
    """A bot that waits for Slack at its start ends with code 0 as well, at once."""
    away = {"SLACK_API_URL": "http://127.0.0.1:9/api/"}
    async with real_stage(starter, tmp_path, more=away, start=False) as stage:
        await stage.bot.start(until_ready=False)
        await stage.bot.until(lambda answer: answer.status_code == 503, "/readyz")
        began = time.monotonic()
        assert await stage.bot.stop() == 0
        assert time.monotonic() - began < 12


async def test_sigterm_with_half_a_request(starter: Starter, tmp_path: Path) -> None:
    """A client that never sends the rest of its request holds nothing up: code 0 in time, no traceback."""
    async with real_stage(starter, tmp_path, is_http=True) as stage:
        port = int(stage.bot.environ["PORT"])
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(b"POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
            # A whole request behind it: when that is answered, the half one has been taken as well.
            await stage.bot.until(lambda answer: answer.status_code == 200, "/healthz")
            began = time.monotonic()
            assert await stage.bot.stop() == 0
            assert time.monotonic() - began < 15
        assert "Traceback" not in stage.bot.log


async def test_sigterm_while_the_database_is_locked(starter: Starter, tmp_path: Path) -> None:
    """Somebody else's lock on the SQLite file delays no end, and the job goes on afterwards."""
    async with real_stage(starter, tmp_path) as stage:
        stage.endpoint.delay_seconds = 1
        ts = await stage.slack.share(sample().path)
        await stage.asked(1)
        await stage.acked(1)
        other = sqlite3.connect(tmp_path / "data" / "dragoman.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            assert await stage.bot.stop() == 0
            assert time.monotonic() - began < 25
            other.rollback()
        finally:
            other.close()
        await stage.bot.start()
        await stage.answered(ts)
        assert [one.text for one in stage.of_bot(ts)] == [sample().english]
