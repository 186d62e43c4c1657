"""The status line and the progress message: when they come, when not, and that they never hurt."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.compose import spell_length
from bot.progress import ProgressBoard
from bot.sandbox.faults import Fault
from bot.share import SlackFile
from bot.web_api import WebApi, build_client
from slack_api import CLIP, Desk, open_desk
from wire import says, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.progress import Progress
    from bot.sandbox.faults import FaultKind
    from bot.sandbox.records import SharedFile
    from bot.share import Job

POST, STATUS, UPDATE = "chat.postMessage", "assistant.threads.setStatus", "chat.update"


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


# --- it counts ----------------------------------------------------------------------------------


class Steps:
    """A sleep that ends when the test lets it: one pause after the other."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._may_go_on = asyncio.Semaphore(0)
        self._news = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait for the test."""
        self.asked.append(seconds)
        self._news.set()
        await self._may_go_on.acquire()

    async def begun(self, count: int) -> None:
        """Wait until so many pauses have begun."""
        while len(self.asked) < count:
            self._news.clear()
            await self._news.wait()

    def go_on(self) -> None:
        """End one pause."""
        self._may_go_on.release()


async def counting(desk: Desk, *, seconds: float | None) -> tuple[Progress, Steps]:
    """Start the progress of a recording of so many seconds by Slack's word, up to its message."""
    job, steps = await desk.job(), Steps()
    file = replace(job.share.file, duration_seconds=seconds)
    job = replace(job, share=replace(job.share, file=file))
    progress = ProgressBoard(desk.web_api, sleep=steps.sleep).start(job, is_first_run=True)
    progress.heard(31.0)
    steps.go_on()
    await steps.begun(2)
    assert (len(desk.said()), steps.asked) == (1, [8, 3])
    return progress, steps


async def edited(desk: Desk, steps: Steps) -> str:
    """Let three seconds pass; give what the message then says, once the next pause has begun."""
    edits, pauses = len(desk.slack.calls(UPDATE)), len(steps.asked)
    steps.go_on()
    await desk.slack.wait_for(lambda slack: len(slack.calls(UPDATE)) > edits)
    await steps.begun(pauses + 1)
    return desk.said()[0].text


async def test_the_message_counts(desk: Desk) -> None:
    """It says how many minutes are done, after every pause of three seconds, and never all of them."""
    progress, steps = await counting(desk, seconds=2_390.0)
    assert desk.said()[0].text == "Translating this recording… 0 of 40 minutes"
    progress.translated(300.0)
    assert await edited(desk, steps) == "Translating this recording… 5 of 40 minutes"
    progress.translated(200.0)
    progress.translated(270.0)
    assert await edited(desk, steps) == "Translating this recording… 12 of 40 minutes"
    progress.translated(1_630.0)
    assert await edited(desk, steps) == "Translating this recording… 39 of 40 minutes"
    await progress.stop()
    (said,) = desk.said()
    assert said.metadata is not None
    assert set(steps.asked[1:]) == {3}
    assert {one.arguments["parse"] for one in desk.slack.calls(UPDATE)} == {"none"}


@pytest.mark.parametrize("seconds", [121.0, 150.0, 210.0, 2_390.0, 3_569.0])
async def test_it_counts_the_minutes_that_the_reply_tells(desk: Desk, seconds: float) -> None:
    """However the length is rounded: what counts and what stands in the end name the same minutes."""
    progress, _ = await counting(desk, seconds=seconds)
    await progress.stop()
    assert desk.said()[0].text.endswith(f" 0 of {spell_length(seconds)}utes")


@pytest.mark.parametrize(
    ("names", "text"),
    [
        pytest.param(("a.m4a",), "Translating what was missing…", id="one file"),
        pytest.param(("a & b.m4a", "c.m4a"), "Translating what was missing of a &amp; b.m4a…", id="several"),
    ],
)
async def test_of_what_was_missing_nothing_is_counted(desk: Desk, names: tuple[str, ...], text: str) -> None:
    """A second try at a few minutes does not pass for hours that are done already."""
    job, steps = await desk.job(*[replace(CLIP, name=name) for name in names]), Steps()
    job = replace(job, only=((900.0, 1_200.0),), attempt=2)
    progress = ProgressBoard(desk.web_api, sleep=steps.sleep).start(job, is_first_run=True)
    progress.expect(4_200.0)
    progress.translated(4_000.0)
    steps.go_on()
    await steps.begun(2)
    steps.go_on()
    await steps.begun(3)
    await progress.stop()
    assert [one.text for one in desk.said()] == [text]
    assert desk.slack.calls(UPDATE) == []


@pytest.mark.parametrize(
    ("above", "is_shown"), [pytest.param(59.0, False, id="longer"), pytest.param(60.0, True, id="not longer")]
)
async def test_what_is_only_asked_about_earns_no_message(desk: Desk, above: float, *, is_shown: bool) -> None:
    """Where a question comes first, nobody reads before it that the recording is being translated."""
    job, patience = await desk.job(), Patience()
    file = replace(job.share.file, duration_seconds=60.0)
    job = replace(job, share=replace(job.share, file=file), confirm_above_seconds=above)
    progress = ProgressBoard(desk.web_api, sleep=patience.sleep).start(job, is_first_run=True)
    patience.over.set()
    await desk.slack.wait_for(lambda slack: slack.calls(POST if is_shown else STATUS))
    for _ in range(20):  # more turns of the loop than a call needs to begin
        await asyncio.sleep(0)
    await progress.stop()
    assert bool(desk.slack.calls(POST)) is is_shown


async def test_what_is_measured_at_once_earns_one(desk: Desk) -> None:
    """The length of all of it, told after it was measured, is long sound like any other."""
    progress, patience, _ = await started(desk, seconds=None)
    patience.over.set()
    progress.expect(600.0)
    await desk.slack.wait_for(lambda _: desk.said())
    await progress.stop()
    assert desk.said()[0].text == "Translating this recording… 0 of 10 minutes"


async def test_what_is_measured_counts(desk: Desk) -> None:
    """Without Slack's word it says what is done so far, and of how much once that is known."""
    progress, steps = await counting(desk, seconds=None)
    assert desk.said()[0].text == "Translating this recording…"
    progress.translated(300.0)
    assert await edited(desk, steps) == "Translating this recording… 5 minutes so far"
    progress.expect(600.0)
    assert await edited(desk, steps) == "Translating this recording… 5 of 10 minutes"
    await progress.stop()


async def test_of_short_sound_minutes_say_nothing(desk: Desk) -> None:
    """Under two minutes the message stays as it is."""
    progress, steps = await counting(desk, seconds=119.0)
    progress.translated(60.0)
    steps.go_on()
    progress.expect(130.0)
    await desk.slack.wait_for(lambda slack: slack.calls(UPDATE))
    await progress.stop()
    assert [one.arguments["text"] for one in desk.slack.calls(UPDATE)] == [
        "Translating this recording… 1 of 2 minutes"
    ]


async def test_the_same_words_are_not_sent_again(desk: Desk) -> None:
    """Half a minute more changes nothing that people see, so nothing is edited."""
    progress, steps = await counting(desk, seconds=600.0)
    progress.translated(30.0)
    steps.go_on()
    await steps.begun(3)
    await progress.stop()
    assert desk.slack.calls(UPDATE) == []


@pytest.mark.parametrize("kind", ["rate_limited", "http_error", "lost_before"])
async def test_a_lost_edit_is_made_up_for(desk: Desk, kind: FaultKind) -> None:
    """An edit that fails is skipped; the next one, three seconds later, says it."""
    progress, steps = await counting(desk, seconds=600.0)
    desk.slack.faults.add(Fault(kind, UPDATE))
    progress.translated(60.0)
    assert (await edited(desk, steps)).endswith(" 0 of 10 minutes")
    assert (await edited(desk, steps)).endswith(" 1 of 10 minutes")
    await progress.stop()
    assert (desk.slept, set(steps.asked[1:])) == ([], {3})


async def test_a_refused_edit_is_the_last(desk: Desk) -> None:
    """Where somebody deleted the message nothing more is tried."""
    progress, steps = await counting(desk, seconds=600.0)
    desk.slack.faults.add(Fault("error", UPDATE, error="message_not_found"))
    progress.translated(60.0)
    steps.go_on()
    await asyncio.wait([progress._message])  # noqa: SLF001 -- nothing else says that it ended
    progress.translated(60.0)
    await progress.stop()
    assert len(desk.slack.calls(UPDATE)) == 1


async def test_an_edit_on_its_way_is_not_waited_for(desk: Desk) -> None:
    """The reply does not wait for an edit that hangs, and none begins after the stop."""
    progress, steps = await counting(desk, seconds=600.0)
    desk.slack.faults.add(Fault("hang", UPDATE))
    progress.translated(60.0)
    steps.go_on()
    await desk.slack.wait_for(lambda slack: not slack.faults.armed)
    await asyncio.wait_for(progress.stop(), 20)
    progress.translated(60.0)
    for _ in range(3):
        steps.go_on()
        await asyncio.sleep(0)
    desk.slack.faults.release()
    assert len(steps.asked) == 2


async def test_a_stop_while_posting_leaves_no_edits(desk: Desk) -> None:
    """The message that was on its way is known, and stays as it was posted."""
    job, patience = await desk.job(), Patience()
    desk.slack.faults.add(Fault("slow", POST, seconds=0.1))
    progress = ProgressBoard(desk.web_api, sleep=patience.sleep).start(job, is_first_run=True)
    progress.expect(600.0)
    progress.heard(600.0)
    patience.over.set()
    await desk.slack.wait_for(lambda slack: not slack.faults.armed)
    progress.translated(300.0)
    await progress.stop()
    assert progress.ts == desk.said()[0].ts
    assert desk.slack.calls(UPDATE) == []


# --- it waits for an endpoint that is down ------------------------------------------------------

WAITS = "The translation service isn't answering right now; I go on by myself as soon as it does."


async def told(desk: Desk, *files: SharedFile) -> list[Progress]:
    """Let the jobs of all files of one message begin to wait, and their time be over."""
    first, patience = await desk.job(*files), Patience()
    message = desk.slack.workspace.channel("support").messages[first.share.ts]
    board = ProgressBoard(desk.web_api, sleep=patience.sleep)
    jobs = [
        replace(
            first, share=replace(first.share, file=SlackFile(id=one.id, name=one.name, mimetype="audio/mp4"))
        )
        for one in message.files
    ]
    waiting = [board.start(job, is_first_run=True) for job in jobs]
    for progress in waiting:
        progress.heard(4.0)
        progress.wait_for_endpoint()
    patience.over.set()
    return waiting


async def settle() -> None:
    """Let begin what may begin: more turns of the loop than a call needs."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_wait_is_told_for_short_sound_too(desk: Desk) -> None:
    """People read once the usual time is over that their short clip waits, and what for."""
    progress, patience, job = await started(desk, seconds=4.2)
    progress.wait_for_endpoint()
    await desk.slack.wait_for(lambda slack: slack.status("support", job.share.ts))
    assert (desk.said(), patience.asked) == ([], [8])
    patience.over.set()
    await desk.slack.wait_for(lambda _: desk.said())
    await progress.stop()
    (said,) = desk.said()
    assert said.text == f"Translating this recording… {WAITS}"
    assert said.metadata is not None
    assert said.metadata["event_payload"]["job_id"] == job.id
    assert progress.ts == said.ts


async def test_one_tells_for_all_files_of_a_message(desk: Desk) -> None:
    """However many jobs of a thread wait, people are told once, for the first one's file."""
    waiting = await told(desk, *[replace(CLIP, name=f"{name}.m4a") for name in "abc"])
    await desk.slack.wait_for(lambda _: desk.said())
    await settle()
    for progress in waiting:
        await progress.stop()
    assert [one.text for one in desk.said()] == [f"Translating a.m4a… {WAITS}"]
    assert len(desk.slack.calls(POST)) == 1


async def test_each_thread_is_told(desk: Desk) -> None:
    """Two messages are two threads, and somebody reads in each."""
    board = ProgressBoard(desk.web_api, sleep=Steps().sleep)
    waiting = [board.start(await desk.job(), is_first_run=True) for _ in range(2)]
    for progress in waiting:
        progress.wait_for_endpoint()
    assert [progress._text() for progress in waiting] == [f"Translating this recording… {WAITS}"] * 2  # noqa: SLF001 -- what it would post
    for progress in waiting:
        await progress.stop()


async def test_after_the_one_who_told_another_may_tell(desk: Desk) -> None:
    """When the job that told has ended, a later wait in its thread is told by another one."""
    job, steps = await desk.job(), Steps()
    board = ProgressBoard(desk.web_api, sleep=steps.sleep)
    first, second = (board.start(one, is_first_run=True) for one in (job, replace(job, attempt=2)))
    first.wait_for_endpoint()
    second.wait_for_endpoint()
    await second.stop()  # which had told nobody
    await first.stop()
    first.wait_for_endpoint()
    third = board.start(replace(job, attempt=3), is_first_run=True)
    third.wait_for_endpoint()
    shown = [one._text().endswith(WAITS) for one in (first, second, third)]  # noqa: SLF001 -- what it would post
    await third.stop()
    assert shown == [True, False, True]


async def test_a_wait_that_is_over_in_time_is_not_told(desk: Desk) -> None:
    """Where the endpoint is back before the usual time is over, a short clip gets no message."""
    progress, patience, job = await started(desk, seconds=4.2)
    progress.wait_for_endpoint()
    progress.translated(4.2)
    patience.over.set()
    await desk.slack.wait_for(lambda slack: slack.status("support", job.share.ts))
    await settle()
    await progress.stop()
    assert desk.slack.calls(POST) == []


async def test_a_message_that_counts_tells_of_the_wait(desk: Desk) -> None:
    """The message of a long recording is edited, and counts on when the work goes on."""
    progress, steps = await counting(desk, seconds=2_390.0)
    progress.wait_for_endpoint()
    assert await edited(desk, steps) == f"Translating this recording… 0 of 40 minutes. {WAITS}"
    progress.translated(300.0)
    assert await edited(desk, steps) == "Translating this recording… 5 of 40 minutes"
    progress.wait_for_endpoint()
    assert await edited(desk, steps) == f"Translating this recording… 5 of 40 minutes. {WAITS}"
    await progress.stop()
    assert len(desk.slack.calls(POST)) == 1


async def test_after_a_crash_no_wait_is_told(desk: Desk) -> None:
    """A message from before the crash may say it already, so neither this job nor a newer one does."""
    job, patience = await desk.job(), Patience()
    board = ProgressBoard(desk.web_api, sleep=patience.sleep)
    old = board.start(job, is_first_run=False)
    new = board.start(replace(job, attempt=2), is_first_run=True)
    for progress in (old, new):
        progress.heard(4.0)
        progress.wait_for_endpoint()
    patience.over.set()
    await desk.slack.wait_for(lambda slack: slack.calls(STATUS))
    await settle()
    for progress in (old, new):
        await progress.stop()
    assert desk.slack.calls(POST) == []
    assert old.may_stand
