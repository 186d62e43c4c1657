"""A long recording and a power cut in the middle of it: only what was not translated yet is sent again."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import chain, repeat
from typing import TYPE_CHECKING

import pytest
from real_bot import kept_rows, real_stage

import known_words
from bot.sandbox.records import SharedFile

if TYPE_CHECKING:
    from pathlib import Path

    from real_bot import RealStage, Starter

pytest_plugins = ("process_fixtures",)

ANSWERED = 5


@pytest.mark.timeout(400)  # twenty-four minutes of speech are cut twice, perhaps on a busy machine
async def test_killed_in_the_middle_of_twelve_pieces(starter: Starter, tmp_path: Path) -> None:
    """Pieces whose translation is kept are not sent again after a power cut; the others are, once each."""
    meeting = known_words.speech(1450, seed=2)
    async with real_stage(starter, tmp_path) as stage:
        stage.endpoint.ears = known_words.ears
        # The first five are answered; all the others would be for ever on their way.
        delays = chain(repeat(0.0, ANSWERED), repeat(600.0))
        stage.endpoint.delay_seconds = lambda _: next(delays)
        path = await asyncio.to_thread(meeting.write, tmp_path / "meeting.flac")
        ts = await stage.slack.share(SharedFile("meeting.flac", path=path))
        pieces = await _all_asked(stage)
        assert pieces >= 12
        before = _sizes(stage)
        await stage.bot.kill()
        stage.endpoint.delay_seconds = 0
        await stage.bot.start()
        await stage.answered(ts, seconds=180)
        await stage.settled()
        assert sum((_sizes(stage) - before).values()) == pieces - ANSWERED
        assert known_words.heard_words("\n".join(one.text for one in stage.replies(ts))) == meeting.words


async def _all_asked(stage: RealStage) -> int:
    """Wait until every piece is on its way, and what was answered is kept; give how many pieces there are."""
    async with asyncio.timeout(180):
        while True:
            rows = await asyncio.to_thread(kept_rows, stage, "operation_outputs", "function_name, output")
            pieces = [str(output) for step, output in rows if str(step).startswith("prepare-")]
            kept = [step for step, _ in rows if str(step).startswith("translate-")]
            is_whole = any('"is_last": true' in output for output in pieces)
            # Wholly there: a request begins to count before its body came, and by its size it is known.
            if is_whole and len(kept) == ANSWERED and _sizes(stage).total() == len(pieces):
                return len(pieces)
            await asyncio.sleep(0.1)


def _sizes(stage: RealStage) -> Counter[int]:
    """Count the requests by the size of their file: it tells the pieces apart."""
    return Counter(one.file_bytes for one in stage.endpoint.requests if one.file_bytes)
