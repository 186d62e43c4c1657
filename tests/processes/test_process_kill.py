"""Power cuts: the bot killed with -9 at the worst moments, and started again."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import sqlalchemy as sa
from real_bot import kept_rows, real_stage

from bot.sandbox.faults import Fault
from bot.sandbox.records import SharedFile
from recordings import sample, tone

if TYPE_CHECKING:
    from pathlib import Path

    from real_bot import RealStage, Starter

pytest_plugins = ("process_fixtures",)


async def test_killed_between_store_and_reply(
    starter: Starter, tmp_path: Path, database: dict[str, str]
) -> None:
    """What Slack heard "received" for is answered once after a power cut, and only the rest is asked for."""
    async with real_stage(starter, tmp_path, more=database) as stage:
        done = await stage.slack.share(sample("invoice").path)
        await stage.answered(done)
        await stage.settled()
        stage.endpoint.delay_seconds = 60
        ts = await stage.slack.share(sample().path)
        await stage.asked(2)
        await stage.acked(2)
        await stage.bot.kill()
        stage.endpoint.delay_seconds = 0
        await stage.bot.start()
        await stage.answered(ts)
        await stage.settled()
        assert [one.text for one in stage.replies(ts)] == [sample().english]
        assert len(stage.replies(done)) == 1
        assert [one.answered for one in stage.endpoint.requests] == [True, False, True]


async def test_killed_between_the_answer_and_the_reply(
    starter: Starter, tmp_path: Path, database: dict[str, str]
) -> None:
    """A translation that was paid for is not asked for again after a power cut before its reply."""
    async with real_stage(starter, tmp_path, more=database) as stage:
        stage.slack.faults.add(Fault("hang", "chat.postMessage"))
        ts = await stage.slack.share(sample().path)
        await stage.hangs()
        await stage.bot.kill()
        stage.slack.faults.release()
        await stage.bot.start()
        await stage.answered(ts)
        await stage.settled()
        assert [one.text for one in stage.replies(ts)] == [sample().english]
        assert len(stage.endpoint.requests) == 1


async def test_killed_after_slack_took_the_reply(
    starter: Starter, tmp_path: Path, database: dict[str, str]
) -> None:
    """A reply that stands, although the power went before we heard so, is not posted again."""
    async with real_stage(starter, tmp_path, more=database) as stage:
        stage.slack.faults.add(Fault("lost_after", "chat.postMessage"))
        ts = await stage.slack.share(sample().path)
        await stage.answered(ts)
        await stage.bot.kill()
        await stage.bot.start()
        # The job has to end without a trace, so its end is seen in the count of endings.
        await stage.bot.until(
            lambda page: 'shares_ended_total{ending="translated",reason=""} 1.0' in page.text, "/metrics"
        )
        assert [one.text for one in stage.replies(ts)] == [sample().english]
        assert len(stage.slack.calls("chat.postMessage")) == 1
        assert len(stage.endpoint.requests) == 1


async def test_deleted_while_the_power_was_off(starter: Starter, tmp_path: Path) -> None:
    """What was deleted while nobody could tell us of it is not answered after the next start."""
    async with real_stage(starter, tmp_path) as stage:
        stage.slack.faults.add(Fault("hang", "chat.postMessage"))
        ts = await stage.slack.share(sample().path, text="listen")
        await stage.hangs()
        await stage.bot.kill()
        stage.slack.faults.release()
        # No event tells of this one: Slack keeps none for as long as a night.
        stage.slack.retry_delays = ()
        (file,) = stage.slack.thread("support", ts)[0].files
        await stage.slack.delete_file(file.id)
        await stage.bot.start()
        await stage.bot.until(
            lambda page: 'shares_ended_total{ending="withdrawn",reason=""} 1.0' in page.text, "/metrics"
        )
        assert stage.of_bot(ts) == []


async def test_killed_while_a_progress_message_stands(starter: Starter, tmp_path: Path) -> None:
    """A progress message from before the power cut is deleted after the reply."""
    async with real_stage(starter, tmp_path) as stage:
        stage.endpoint.delay_seconds = 60
        ts = await stage.slack.share(SharedFile("long.m4a", path=sample().path, duration_ms=40_000))
        await stage.slack.wait_for(lambda _: stage.of_bot(ts), timeout=20)
        assert stage.of_bot(ts)[0].text.startswith("Translating")
        await stage.bot.kill()
        stage.endpoint.delay_seconds = 0
        await stage.bot.start()
        await stage.answered(ts)
        await stage.slack.wait_for(lambda _: len(stage.of_bot(ts)) == 1)
        assert [one.text for one in stage.of_bot(ts)] == [sample().english]


async def test_a_night_of_power_cuts(starter: Starter, tmp_path: Path) -> None:
    """However often the power goes, no share is lost, none answered twice, no kept answer bought again."""
    chance = random.Random(7)  # noqa: S311 -- the moments of the cuts, the same in every run
    async with real_stage(starter, tmp_path, start=False) as stage:
        stage.endpoint.delay_seconds = lambda _: chance.random() / 3
        ledger = Ledger(stage)
        for number in range(8):
            if number % 2 == 0:
                seconds = 1 + number / 10
                file = tone(tmp_path / f"{number}.wav", seconds)
                ledger.seconds[await stage.slack.share(file)] = seconds
            await stage.bot.start(until_ready=number % 3 > 0)
            await asyncio.sleep(chance.random() * 0.7)
            await stage.bot.kill()
            ledger.check()
        await stage.bot.start()
        await stage.answered(*ledger.seconds)
        await stage.settled()
        ledger.check()
        assert len(ledger.asked_when_kept) == len(ledger.seconds)
        for ts in ledger.seconds:
            assert len(stage.of_bot(ts)) == 1


class Ledger:
    """Holds what was asked of the endpoint against what the job store has kept."""

    def __init__(self, stage: RealStage) -> None:
        self._stage = stage
        self.seconds: dict[str, float] = {}  # of each share's sound, which tells its requests apart
        self.asked_when_kept: dict[str, int] = {}

    def check(self) -> None:
        """See that no translation was asked for again after it had been kept."""
        kept = [job_id for job_id, step in self._steps() if step == "translate-0"]
        for ts in self.seconds:
            if any(f":{ts}:" in job_id for job_id in kept):
                asked = self.asked_when_kept.setdefault(ts, self._asked(ts))
                assert self._asked(ts) == asked

    def _asked(self, ts: str) -> int:
        seconds = self.seconds[ts]
        return len([one for one in self._stage.endpoint.requests if abs(one.seconds - seconds) < 0.05])

    def _steps(self) -> list[tuple[str, str]]:
        try:
            rows = kept_rows(self._stage, "operation_outputs", "workflow_uuid, function_name")
        except sa.exc.DBAPIError:  # killed before there was a table
            return []
        return [(str(job_id), str(step)) for job_id, step in rows]
