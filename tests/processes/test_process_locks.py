"""Two bots on one database would answer twice: the second waits until the first has gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from real_bot import RealBot, real_stage

from bot.sandbox.bot_process import free_port
from recordings import sample

if TYPE_CHECKING:
    from pathlib import Path

    from real_bot import Starter

pytest_plugins = ("process_fixtures",)


async def test_the_second_bot_waits(starter: Starter, tmp_path: Path, database: dict[str, str]) -> None:
    """A second process on the same database takes nothing while the first runs, and all once it has gone."""
    async with real_stage(starter, tmp_path, more=database) as stage:
        folder = tmp_path / "second"
        folder.mkdir()
        second = RealBot(starter, stage.bot.environ | {"PORT": str(free_port())}, folder)
        await second.start(until_ready=False)
        try:
            await second.until(lambda page: page.json()["reasons"] == ["starting"], "/readyz")
            ts = await stage.slack.share(sample().path)
            await stage.answered(ts)
            await stage.settled()
            assert stage.slack.connections == 1
            assert await stage.bot.stop() == 0
            await second.until_ready()
            ts = await stage.slack.share(sample("login").path)
            await stage.answered(ts)
            assert len(stage.of_bot(ts)) == 1
        finally:
            await second.kill()
