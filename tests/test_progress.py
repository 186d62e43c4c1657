"""The status line and the progress message: when they come, when not, and that they never hurt."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.progress import ProgressBoard
from bot.sandbox.faults import Fault
from bot.share import SlackFile
from bot.web_api import WebApi, build_client
from slack_api import CLIP, Desk, open_desk
from wire import says, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.progress import Progress
    from bot.share import Job

POST, STATUS = "chat.postMessage", "assistant.threads.setStatus"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Run the embedded Slack with our client on it."""
    async with open_desk() as desk:
        yield desk


class Patience:
    """A sleep that lasts until the test says that the time is over."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.over = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait for the test."""
        self.asked.append(seconds)
        await self.over.wait()


async def started(
    desk: Desk, *, seconds: float | None = 45.0, is_first_run: bool = True
) -> tuple[Progress, Patience, Job]:
    """Start the progress of a clip of so many seconds, by Slack's word."""
    job, patience = await desk.job(), Patience()
    file = replace(job.share.file, duration_seconds=seconds)
    job = replace(job, share=replace(job.share, file=file))
    board = ProgressBoard(desk.web_api, sleep=patience.sleep)
    return board.start(job, is_first_run=is_first_run), patience, job


async def test_the_status_line_comes_at_once(desk: Desk) -> None:
    """The thread says "is translating…" as soon as the work begins, and no message does."""
    progress, patience, job = await started(desk)
    await desk.slack.wait_for(lambda slack: slack.status("support", job.share.ts))
    assert desk.slack.status("support", job.share.ts) == "is translating…"
    await progress.stop()
    assert (desk.said(), patience.asked) == ([], [8])


async def test_long_sound_earns_a_message_after_eight_seconds(desk: Desk) -> None:
    """A message comes once the time is over, and says which job it belongs to."""
    progress, patience, job = await started(desk)
    patience.over.set()
    await desk.slack.wait_for(lambda _: desk.said())
    await progress.stop()
    (said,) = desk.said()
    assert said.metadata == {
        "event_type": "dragoman_progress",
        "event_payload": {"version": 1, "job_id": job.id},
    }
    assert (said.text, said.thread_ts) == ("Translating this recording…", job.share.ts)
    assert (progress.ts, progress.may_stand) == (said.ts, False)


@pytest.mark.parametrize("seconds", [None, 0.0, 29.9])
async def test_short_sound_earns_none(desk: Desk, seconds: float | None) -> None:
    """Sound under 30 s, or of unknown length, gets no message however long it takes."""
    progress, patience, _ = await started(desk, seconds=seconds)
    progress.heard(29.99)
    patience.over.set()
    await desk.slack.wait_for(lambda slack: slack.calls(STATUS))
    await progress.stop()
    assert desk.slack.calls(POST) == []


async def test_sound_that_turns_out_long_earns_one(desk: Desk) -> None:
    """What is heard while decoding counts where Slack knew nothing."""
    progress, patience, _ = await started(desk, seconds=None)
    patience.over.set()
    progress.heard(10.0)
    progress.heard(30.0)
    await desk.slack.wait_for(lambda _: desk.said())
    await progress.stop()
    assert len(desk.said()) == 1


async def test_a_message_names_its_file_where_there_are_several(desk: Desk) -> None:
    """With several files the message says which; a name like a mention pings nobody."""
    job = await desk.job(replace(CLIP, name="<!channel> & me.m4a"), CLIP)
    patience = Patience()
    progress = ProgressBoard(desk.web_api, sleep=patience.sleep).start(job, is_first_run=True)
    progress.heard(31.0)
    patience.over.set()
    await desk.slack.wait_for(lambda _: desk.said())
    await progress.stop()
    assert desk.said()[0].text == "Translating &lt;!channel&gt; &amp; me.m4a…"


async def test_after_a_crash_nothing_new_is_shown(desk: Desk) -> None:
    """One message may stand from before the crash, so a second run shows none, and no status line."""
    progress, patience, _ = await started(desk, is_first_run=False)
    patience.over.set()
    await asyncio.gather(progress._status, progress._message)  # noqa: SLF001 -- nothing else says that they ended
    await progress.stop()
    assert progress.may_stand
    assert desk.slack.calls("api") == []


@pytest.mark.parametrize(
    ("fault", "may_stand"),
    [
        pytest.param(Fault("error", POST, error="restricted_action"), False, id="refused"),
        pytest.param(Fault("rate_limited", POST), False, id="too many"),
        pytest.param(Fault("lost_after", POST), True, id="lost"),
        pytest.param(Fault("http_error", POST), True, id="500"),
    ],
)
async def test_a_message_that_fails_is_not_tried_again(desk: Desk, fault: Fault, *, may_stand: bool) -> None:
    """Progress is best effort: one try, no pause; whether a message may stand is remembered."""
    progress, patience, _ = await started(desk)
    desk.slack.faults.add(fault)
    patience.over.set()
    await desk.slack.wait_for(lambda slack: slack.calls(POST))
    await progress.stop()
    assert (progress.ts, progress.may_stand) == ("", may_stand)
    assert (len(desk.slack.calls(POST)), desk.slept) == (1, [])


@pytest.mark.parametrize("kind", ["lost_before", "http_error", "rate_limited"])
async def test_a_status_line_that_fails_hurts_nobody(desk: Desk, kind: str) -> None:
    """Where the status line cannot be set, everything else goes on."""
    desk.slack.faults.add(Fault(kind, STATUS))  # type: ignore[arg-type]  # one of its kinds
    progress, patience, _ = await started(desk)
    await desk.slack.wait_for(lambda slack: slack.calls(STATUS))
    patience.over.set()
    await desk.slack.wait_for(lambda _: desk.said())
    await progress.stop()
    assert len(desk.slack.calls(STATUS)) == 1


async def test_a_post_on_its_way_is_waited_for(desk: Desk) -> None:
    """Stopping while the message is being posted waits for its ts, so that it can be deleted."""
    desk.slack.faults.add(Fault("slow", POST, seconds=0.1))
    progress, patience, _ = await started(desk)
    patience.over.set()
    await desk.slack.wait_for(lambda slack: not slack.faults.armed)
    assert progress.is_posting
    await progress.stop()
    assert (progress.ts, progress.is_posting) == (desk.said()[0].ts, False)


async def test_nothing_is_shown_after_the_stop(desk: Desk) -> None:
    """Once stopped, a progress stays silent although its time is over."""
    progress, patience, _ = await started(desk)
    await progress.stop()
    patience.over.set()
    await asyncio.sleep(0)
    assert desk.slack.calls(POST) == []


async def test_an_answer_without_a_ts(desk: Desk) -> None:
    """A message may stand whose ts Slack did not say: then the thread is searched before the end."""
    job, patience = await desk.job(), Patience()
    answer = says(200, json.dumps({"ok": True}).encode(), content_type="application/json")
    async with serving(answer) as wire:
        web_api = WebApi(build_client(api_url=f"{wire.url}/api/", token="xoxb-1-a"))  # noqa: S106 -- of nobody
        progress = ProgressBoard(web_api, sleep=patience.sleep).start(job, is_first_run=True)
        progress.heard(31.0)
        patience.over.set()
        await asyncio.gather(progress._status, progress._message)  # noqa: SLF001 -- nothing else says that they ended
        await progress.stop()
        await web_api.close()
    assert (progress.ts, progress.may_stand) == ("", True)


async def stub(desk: Desk) -> tuple[Progress, Patience, Job]:
    """Start the progress of a file of which only the id is known."""
    job, patience = await desk.job(), Patience()
    job = replace(
        job, share=replace(job.share, file=SlackFile(job.share.file.id, file_access="check_file_info"))
    )
    board = ProgressBoard(desk.web_api, sleep=patience.sleep)
    return board.start(job, is_first_run=True), patience, job


async def test_a_stub_has_no_status_line(desk: Desk) -> None:
    """Of a file of which nothing is known yet nobody is told that it is being translated."""
    progress, patience, _ = await stub(desk)
    patience.over.set()
    for _ in range(20):  # more turns of the loop than a call needs to begin
        await asyncio.sleep(0)
    await progress.stop()
    assert desk.slack.calls("api") == []


async def test_a_stub_that_sounds_has_one(desk: Desk) -> None:
    """Once sound was heard it is a recording, and the status line comes."""
    progress, _, job = await stub(desk)
    progress.heard(4.0)
    await desk.slack.wait_for(lambda slack: slack.status("support", job.share.ts))
    assert desk.slack.status("support", job.share.ts) == "is translating…"
    await progress.stop()
