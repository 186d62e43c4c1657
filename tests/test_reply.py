"""The reply in the thread after crashes, lost connections and deletions: every part once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.compose import compose_notice
from bot.ending import Ending, EndingName
from bot.progress import ProgressBoard, progress_metadata
from bot.reply import Replier, reply_metadata
from bot.sandbox.faults import Fault
from bot.share import Share, SlackFile
from bot.store.database import open_engine, upgrade
from bot.store.withdrawals import WithdrawalStore
from bot.web_api import WebApi, build_client
from slack_api import Desk, open_desk
from wire import says, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.compose import Message
    from bot.sandbox.faults import FaultKind
    from bot.share import Job

POST, REPLIES = "chat.postMessage", "conversations.replies"
TRANSLATED = Ending(EndingName.TRANSLATED)
LONG = tuple(compose_notice(f"Part {number}.", file_name="")[0] for number in range(1, 4))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Run the embedded Slack with our client on it."""
    async with open_desk() as desk:
        yield desk


@pytest.fixture
async def withdrawals(tmp_path: Path) -> AsyncIterator[WithdrawalStore]:
    """Open an empty store of what was deleted."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'dragoman.db'}"
    await upgrade(url)
    engine = open_engine(url)
    yield WithdrawalStore(engine)
    await engine.dispose()


@pytest.fixture
def replier(desk: Desk, withdrawals: WithdrawalStore) -> Replier:
    """Give a replier that makes its pauses in no time."""
    return Replier(desk.web_api, withdrawals, sleep=desk.sleep, chance=lambda: 0.5)


async def reply(  # noqa: PLR0913 -- a job, how it ended, and in which run
    desk: Desk,
    replier: Replier,
    job: Job,
    messages: tuple[Message, ...] = LONG[:1],
    *,
    ending: Ending = TRANSLATED,
    is_first_run: bool = True,
) -> Ending:
    """Reply as the road does."""
    progress = ProgressBoard(desk.web_api, sleep=desk.sleep).start(job, is_first_run=is_first_run)
    return await replier.reply(job, ending, messages, progress=progress, is_first_run=is_first_run)


def parts(desk: Desk) -> list[int]:
    """Give the numbers of the parts that stand, in the order of the thread."""
    return [one.metadata["event_payload"]["part"] for one in desk.said() if one.metadata]


async def test_the_first_run_does_not_read_the_thread(desk: Desk, replier: Replier) -> None:
    """As long as nothing is unclear the thread is not read: that call is dear."""
    assert await reply(desk, replier, await desk.job()) == TRANSLATED
    assert parts(desk) == [1]
    assert desk.slack.calls(REPLIES) == []


@pytest.mark.parametrize("standing", [(1,), (1, 2), (3, 2), (1, 2, 3), ()])
async def test_after_a_crash_the_missing_parts_are_added(
    desk: Desk, replier: Replier, standing: tuple[int, ...]
) -> None:
    """What stands from before a crash is not repeated; what is missing is posted."""
    job = await desk.job()
    for part in standing:
        await desk.post(job, "x", reply_metadata(job, TRANSLATED, part=part, parts=3))
    await reply(desk, replier, job, LONG, is_first_run=False)
    assert sorted(parts(desk)) == [1, 2, 3]


@pytest.mark.parametrize("kind", ["lost_before", "lost_after", "http_error"])
async def test_a_part_of_which_nobody_knows_is_looked_for(
    desk: Desk, replier: Replier, kind: FaultKind
) -> None:
    """Where a part is lost on its way there or back the thread is read: each stands once, in its place."""
    desk.slack.faults.add(Fault(kind, POST, after=1))
    assert await reply(desk, replier, await desk.job(), LONG) == TRANSLATED
    assert parts(desk) == [1, 2, 3]
    assert len(desk.slack.calls(REPLIES)) == 1


async def test_after_a_crash_the_progress_message_goes(desk: Desk, replier: Replier) -> None:
    """A progress message from before the crash is found and deleted, another job's is not."""
    job, other = await desk.job(), await desk.job()
    await desk.post(job, "Translating…", progress_metadata(job.id))
    foreign = await desk.post(job, "Translating…", progress_metadata(other.id))
    await reply(desk, replier, job, is_first_run=False)
    assert [one.ts == foreign for one in desk.said()] == [True, False]


async def test_marks_of_others_are_not_trusted(desk: Desk, replier: Replier) -> None:
    """Metadata of any shape, by whomever, neither breaks the look at the thread nor passes for a part."""
    job = await desk.job()
    mark = reply_metadata(job, TRANSLATED, part=1, parts=1)
    others: list[dict[str, Any]] = [
        {"event_type": "dragoman_translation", "event_payload": {}},
        {"event_type": "dragoman_translation", "event_payload": {"job_id": job.id, "part": "1"}},
        {"event_type": "dragoman_translation", "event_payload": {"job_id": f"{job.id}0", "part": 1}},
        {"event_type": "somebody_else", "event_payload": mark["event_payload"]},
    ]
    for other in others:
        await desk.post(job, "x", other)
    await desk.slack.say("me too", thread_ts=job.share.ts)
    await reply(desk, replier, job, is_first_run=False)
    assert desk.said()[-1].metadata == mark
    assert len(desk.said()) == len(others) + 1


async def test_a_part_behind_many_messages_is_found(desk: Desk, replier: Replier) -> None:
    """Long threads are read page by page."""
    job = await desk.job()
    for _ in range(205):
        await desk.slack.say("and another thing", thread_ts=job.share.ts)
    await desk.post(job, "x", reply_metadata(job, TRANSLATED, part=1, parts=1))
    await reply(desk, replier, job, is_first_run=False)
    assert len(desk.said()) == 1
    assert [one.arguments.get("cursor") for one in desk.slack.calls(REPLIES)][1]


async def test_an_unreadable_thread_costs_nobody_the_answer(desk: Desk, replier: Replier) -> None:
    """Where Slack refuses to show the thread, the reply is posted all the same."""
    desk.slack.faults.add(Fault("missing_scope", REPLIES, scope="channels:history"))
    assert await reply(desk, replier, await desk.job(), is_first_run=False) == TRANSLATED
    assert parts(desk) == [1]


async def test_the_thread_is_waited_for(desk: Desk, replier: Replier) -> None:
    """While Slack cannot be reached nothing is posted blindly; the look is tried again, ever more slowly."""
    job = await desk.job()
    await desk.post(job, "x", reply_metadata(job, TRANSLATED, part=1, parts=1))
    desk.slack.faults.add(Fault("http_error", REPLIES, times=4))
    await reply(desk, replier, job, is_first_run=False)
    assert parts(desk) == [1]
    assert [seconds for seconds in desk.slept if seconds != 8] == [0.5, 1.0, 2.0, 4.0]


async def test_withdrawn_posts_nothing(desk: Desk, replier: Replier, withdrawals: WithdrawalStore) -> None:
    """Where the source was deleted meanwhile, nothing is posted, and the progress message goes."""
    job = await desk.job()
    share = job.share
    await desk.post(job, "Translating…", progress_metadata(job.id))
    await withdrawals.add(share.team_id, share.channel_id, share.ts, {share.file.id})
    ending = await reply(desk, replier, job, is_first_run=False)
    assert (ending.name, desk.said()) == (EndingName.WITHDRAWN, [])


async def test_the_database_is_waited_for(desk: Desk, tmp_path: Path) -> None:
    """A database that is away during the reply is waited for; then the reply is posted."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'dragoman.db'}"
    engine = open_engine(url)
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            await upgrade(url)  # until then the table is missing

    replier = Replier(desk.web_api, WithdrawalStore(engine), sleep=sleep)
    assert await reply(desk, replier, await desk.job()) == TRANSLATED
    assert (parts(desk), pauses) == ([1], [2, 2, 2])
    await engine.dispose()


async def test_without_messages_nothing_is_posted(desk: Desk, replier: Replier) -> None:
    """What is skipped or withdrawn has no words, and leaves no message."""
    skipped = Ending(EndingName.SKIPPED)
    assert await reply(desk, replier, await desk.job(), (), ending=skipped) == skipped
    assert desk.slack.calls(POST) == []


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("thread_not_found", EndingName.WITHDRAWN),
        ("message_not_found", EndingName.WITHDRAWN),
        ("cannot_reply_to_message", EndingName.WITHDRAWN),
        ("is_archived", EndingName.FAILED),
        ("not_in_channel", EndingName.FAILED),
        ("restricted_action", EndingName.FAILED),
        ("msg_too_long", EndingName.FAILED),
    ],
)
async def test_a_refused_part_ends_the_job(
    desk: Desk, replier: Replier, error: str, name: EndingName
) -> None:
    """A refusal ends the job, and never as *translated*: whoever asks again must get a new try."""
    desk.slack.faults.add(Fault("error", POST, error=error))
    assert (await reply(desk, replier, await desk.job())).name is name
    assert desk.said() == []


async def test_refused_blocks_and_words_end_the_job(desk: Desk, replier: Replier) -> None:
    """Words are tried once without blocks; if Slack refuses those too, that is the end."""
    desk.slack.faults.add(Fault("error", POST, error="invalid_blocks", times=2))
    await reply(desk, replier, await desk.job())
    assert [("blocks" in one.arguments) for one in desk.slack.calls(POST)] == [True, False]


async def test_a_progress_message_that_cannot_go_is_left(desk: Desk, replier: Replier) -> None:
    """A progress message that Slack will not delete does not keep the job from ending."""
    job = await desk.job()
    await desk.post(job, "Translating…", progress_metadata(job.id))
    desk.slack.faults.add(Fault("lost_before", "chat.delete"))
    desk.slack.faults.add(Fault("error", "chat.delete", error="cant_delete_message"))
    assert await reply(desk, replier, job, is_first_run=False) == TRANSLATED
    assert len(desk.said()) == 2


# --- is the source still there? -----------------------------------------------------------------


async def test_a_standing_source_is_there(desk: Desk, replier: Replier) -> None:
    """A message with its file stands, at top level, in a thread and forwarded."""
    parent = await desk.slack.say("listen")
    top, inside = await desk.job(), await desk.job(thread_ts=parent)
    forwarded = await desk.slack.forward(top.share.ts, "support", "sales")
    channel_id = desk.slack.workspace.channel("sales").id
    shares = [top.share, inside.share, replace(top.share, channel_id=channel_id, ts=forwarded)]
    assert [await replier.is_source_gone(share) for share in shares] == [False] * 3


async def test_a_deleted_source_is_gone(desk: Desk, replier: Replier) -> None:
    """A deleted message, one of which a tombstone is left, and a deleted file are gone."""
    deleted, answered, emptied = await desk.job(), await desk.job(), await desk.job()
    await desk.slack.say("me too", thread_ts=answered.share.ts)
    for job in (deleted, answered):
        await desk.slack.delete_message("support", job.share.ts)
    await desk.slack.delete_file(emptied.share.file.id)
    jobs = (deleted, answered, emptied)
    assert [await replier.is_source_gone(job.share) for job in jobs] == [True] * 3


async def test_a_reply_that_is_gone_from_its_thread(desk: Desk, replier: Replier) -> None:
    """A deleted reply is gone although its thread stands."""
    parent = await desk.slack.say("listen")
    job = await desk.job(thread_ts=parent)
    await desk.slack.delete_message("support", job.share.ts)
    assert await replier.is_source_gone(job.share)


SOURCE = Share("T1", "C1", "2.000200", SlackFile(id="F1"), thread_ts="1.000100")
PARENT: dict[str, Any] = {"ts": "1.000100", "text": "listen"}


@pytest.mark.parametrize(
    ("said", "is_gone"),
    [
        pytest.param([], False, id="nothing at all"),
        pytest.param([{"ts": "3.000300", "text": "other"}], False, id="neither message nor parent"),
        pytest.param([PARENT], True, id="the parent alone"),
        pytest.param([PARENT, {"ts": "2.000200"}], False, id="the message, and no word of its files"),
        pytest.param([PARENT, {"ts": "2.000200", "files": []}], False, id="an empty list of files"),
        pytest.param([PARENT, {"ts": "2.000200", "files": [{"id": "F1"}]}], False, id="its file"),
        pytest.param([PARENT, {"ts": "2.000200", "files": [{"id": "F2"}]}], True, id="another file alone"),
        pytest.param(
            [PARENT, {"ts": "2.000200", "files": [{"id": "F1", "mode": "tombstone"}]}],
            True,
            id="a tombstone of the file",
        ),
        pytest.param([PARENT, {"ts": "2.000200", "subtype": "tombstone"}], True, id="a tombstone"),
        pytest.param(
            [PARENT, {"ts": "2.000200", "attachments": [{"files": [{"id": "F1"}]}]}], False, id="forwarded"
        ),
    ],
)
async def test_only_a_clear_word_counts(
    withdrawals: WithdrawalStore,
    said: list[dict[str, Any]],
    is_gone: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    """An answer of Slack that tells nothing of the message costs nobody the translation."""
    answer = says(200, json.dumps({"ok": True, "messages": said}).encode(), content_type="application/json")
    async with serving(answer) as wire:
        web_api = WebApi(build_client(api_url=f"{wire.url}/api/", token="xoxb-1-a"))  # noqa: S106 -- of nobody
        assert await Replier(web_api, withdrawals).is_source_gone(SOURCE) is is_gone
        await web_api.close()


@pytest.mark.parametrize("kind", ["http_error", "missing_scope"])
async def test_when_in_doubt_the_source_is_there(desk: Desk, replier: Replier, kind: str) -> None:
    """Where Slack does not tell, people get their answer."""
    job = await desk.job()
    desk.slack.faults.add(Fault(kind, REPLIES))  # type: ignore[arg-type]  # one of its kinds
    assert not await replier.is_source_gone(job.share)


# --- further parts ------------------------------------------------------------------------------


async def add(replier: Replier, job: Job, *, is_first_run: bool = True) -> None:
    """Post two more parts after a first one, as the road does where no upload is possible."""
    await replier.add(job, TRANSLATED, LONG[1:], first_part=2, is_first_run=is_first_run)


async def test_further_parts_count_on(desk: Desk, replier: Replier) -> None:
    """They come after the reply's own, in the same thread, with numbers that go on."""
    job = await desk.job()
    await reply(desk, replier, job)
    await add(replier, job)
    assert [one.text for one in desk.said()] == ["Part 1.", "Part 2.", "Part 3."]
    payloads = [one.metadata["event_payload"] for one in desk.said() if one.metadata]
    assert [(one["part"], one["parts"]) for one in payloads] == [(1, 1), (2, 3), (3, 3)]
    assert desk.slack.calls(REPLIES) == []


@pytest.mark.parametrize("standing", [(1,), (1, 2), (1, 3), (1, 2, 3)])
async def test_further_parts_stand_once(desk: Desk, replier: Replier, standing: tuple[int, ...]) -> None:
    """After a crash the thread is read, and only what is missing is posted."""
    job = await desk.job()
    for part in standing:
        await desk.post(job, "x", reply_metadata(job, TRANSLATED, part=part, parts=3))
    await add(replier, job, is_first_run=False)
    assert sorted(parts(desk)) == [1, 2, 3]


async def test_further_parts_of_a_withdrawn_source(
    desk: Desk, replier: Replier, withdrawals: WithdrawalStore
) -> None:
    """Where the source was deleted meanwhile nothing more is said."""
    job = await desk.job()
    share = job.share
    await withdrawals.add(share.team_id, share.channel_id, share.ts, None)
    await add(replier, job)
    assert desk.said() == []


async def test_refused_further_parts_are_given_up(desk: Desk, replier: Replier) -> None:
    """One refusal ends it; the reply itself stands."""
    job = await desk.job()
    await reply(desk, replier, job)
    desk.slack.faults.add(Fault("error", POST, error="is_archived"))
    await add(replier, job)
    assert parts(desk) == [1]
    assert len(desk.slack.calls(POST)) == 2
