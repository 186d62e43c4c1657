"""Composed replies in the strict embedded Slack: whatever was said, it is taken, and pings nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.compose import CONFIRM_NO, CONFIRM_YES, RETRY_MISSING, compose_reply
from bot.document import as_messages
from bot.ending import Ending, EndingName
from bot.engines import Doubt, Segment
from bot.join import Gap, Whole
from bot.progress import ProgressBoard
from bot.reply import Replier
from bot.share import Job, Output, Share, SlackFile
from bot.store.database import open_engine, upgrade
from bot.store.withdrawals import WithdrawalStore
from bot.terms import Terms
from slack_api import CLIP, Desk, open_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.compose import Message

TERMS = Terms()
TRANSLATED = Ending(EndingName.TRANSLATED)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Run the embedded Slack with our client on it."""
    async with open_desk() as desk:
        yield desk


@pytest.fixture
async def replier(desk: Desk, tmp_path: Path) -> AsyncIterator[Replier]:
    """Give a replier that makes its pauses in no time."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'dragoman.db'}"
    await upgrade(url)
    engine = open_engine(url)
    yield Replier(desk.web_api, WithdrawalStore(engine), sleep=desk.sleep)
    await engine.dispose()


async def post(
    desk: Desk, replier: Replier, job: Job, messages: tuple[Message, ...], ending: Ending = TRANSLATED
) -> None:
    """Post as the road does, and see that all of it was taken as it is."""
    before = len(desk.said())
    progress = ProgressBoard(desk.web_api, sleep=desk.sleep).start(job, is_first_run=True)
    assert await replier.reply(job, ending, messages, progress=progress, is_first_run=True) == ending
    calls = desk.slack.calls("chat.postMessage")[-len(messages) :]
    assert [(call.ok, call.error) for call in calls] == [(True, "")] * len(messages)
    assert not [call.rule for call in calls if "notifies" in call.rule]
    assert all("blocks" in call.arguments for call in calls)
    assert [one.text for one in desk.said()[before:]] == [message.text for message in messages]


def spoken(text: str, *, seconds: float = 3_600.0) -> Whole:
    """Give a translation of this text, in one segment."""
    return Whole(text, (Segment(0.0, seconds, text),), seconds)


def three_hours() -> Whole:
    """Give what somebody says in three hours, a sentence every four seconds, with a pause now and then."""
    segments = tuple(
        Segment(
            number * 4.0, number * 4.0 + (2.5 if number % 9 == 0 else 3.9), f"Sentence {number} of many. Yes."
        )
        for number in range(2_700)
    )
    return Whole(" ".join(one.text for one in segments), segments, 10_800.0)


def doubted(whole: Whole) -> Whole:
    """Give the same with every second segment doubtful, in any way."""
    doubts = (Doubt.UNSURE, Doubt.NONE, Doubt.LOOP, Doubt.NONE, Doubt.FOREIGN, Doubt.NONE)
    return replace(
        whole,
        segments=tuple(
            replace(one, doubt=doubts[number % len(doubts)]) for number, one in enumerate(whole.segments)
        ),
    )


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(spoken("All is well. " * 3_077), id="40,000 characters"),
        pytest.param(spoken("<!channel> & <@U0ANA> @here. " * 6_900), id="200,000 characters of mentions"),
        pytest.param(three_hours(), id="three hours of segments"),
        pytest.param(spoken("x" * 100_000), id="100,000 characters without a space"),
        pytest.param(spoken("😀👩‍👩‍👧‍👦 " * 5_000), id="emoji"),
        pytest.param(spoken("\u202e\u05e9\u05dc\u05d5\u05dd.\u202c " * 2_000), id="from right to left"),
        pytest.param(doubted(three_hours()), id="doubts"),
        pytest.param(
            replace(spoken("Well. " * 400, seconds=60.0), original="<!here> & <@U0ANA>" * 150),
            id="original words under the English",
        ),
        pytest.param(
            replace(doubted(spoken("😀" * 1_400, seconds=60.0)), original="😀" * 1_500, source_language="de"),
            id="emoji under emoji",
        ),
        pytest.param(
            replace(spoken("Hello.", seconds=6.0), original="x" * 3_001, source_language="pt"), id="a label"
        ),
        pytest.param(
            replace(three_hours(), gaps=tuple(Gap(n * 300.0, n * 300.0 + 299) for n in range(36))),
            id="gaps",
        ),
    ],
)
async def test_a_reply_of_any_length_is_taken(desk: Desk, replier: Replier, whole: Whole) -> None:
    """No refusal, no cut, nobody pinged."""
    job = replace(await desk.job(), wants_original=True)
    await post(desk, replier, job, compose_reply(job, TRANSLATED, whole, terms=TERMS).messages)


@pytest.mark.parametrize("output", [Output.SRT, Output.JSON])
async def test_a_document_is_taken_as_messages(desk: Desk, replier: Replier, output: Output) -> None:
    """Where no upload is possible its words are posted, of many lines or of a single long one."""
    job = replace(await desk.job(), output=output)
    reply = compose_reply(job, TRANSLATED, spoken("<!channel> & <@U0ANA> 😀. " * 1_500), terms=TERMS)
    assert reply.document is not None
    await post(desk, replier, job, as_messages(reply.document))


async def test_original_words_are_taken_as_messages(desk: Desk, replier: Replier) -> None:
    """Where no upload is possible they are posted, whatever was said."""
    job = replace(await desk.job(), wants_original=True)
    whole = replace(three_hours(), original="<!channel> & <@U0ANA> 😀. " * 1_500)
    reply = compose_reply(job, TRANSLATED, whole, terms=TERMS)
    assert reply.original is not None
    await post(desk, replier, job, as_messages(reply.original))


async def test_more_than_fourteen_files_each_have_a_reply(desk: Desk, replier: Replier) -> None:
    """Sixteen files in a message: each reply names its own, whatever it is called."""
    names = [f"<!channel> & file {number} {'n' * 15 * number}.m4a" for number in range(16)]
    first = await desk.job(*[replace(CLIP, name=name) for name in names])
    stored = desk.slack.workspace.channel("support").messages[first.share.ts].files
    for position, file in enumerate(stored, start=1):
        shown = replace(first.share.file, id=file.id, name=file.name)
        job = replace(first, share=replace(first.share, file=shown, position=position))
        await post(desk, replier, job, compose_reply(job, TRANSLATED, spoken("Hello."), terms=TERMS).messages)
    heads = [one.blocks[0]["elements"][0]["elements"][0]["text"].strip() for one in desk.said()]
    assert heads == [name[:250] for name in names]


@pytest.mark.parametrize(
    ("ending", "said", "actions"),
    [
        pytest.param(
            Ending(EndingName.TRANSLATED, missing=((300.0, 600.0),)),
            replace(spoken("All is well. " * 3_000), gaps=(Gap(300.0, 600.0),)),
            [RETRY_MISSING],
            id="a gap in a long text",
        ),
        pytest.param(
            Ending(EndingName.TRANSLATED, missing=((300.0, 600.0),)),
            replace(spoken("&" * 350), gaps=(Gap(300.0, 600.0),)),
            [RETRY_MISSING],
            id="a gap in a short text",
        ),
        pytest.param(
            Ending(EndingName.TRANSLATED, missing=((300.0, 600.0),)),
            replace(spoken("x" * 2_950), gaps=(Gap(300.0, 600.0),)),
            [RETRY_MISSING],
            id="a gap in the longest text of one message",
        ),
        pytest.param(
            Ending(EndingName.FAILED, "endpoint_down", ((300.0, 600.0),)),
            "It is down.",
            [RETRY_MISSING],
            id="failed again",
        ),
        pytest.param(
            Ending(EndingName.SKIPPED, "too_long"), "7800", [CONFIRM_YES, CONFIRM_NO], id="the question"
        ),
    ],
)
async def test_buttons_stand_once_and_can_be_taken_away(
    desk: Desk, replier: Replier, ending: Ending, said: str | Whole, actions: list[str]
) -> None:
    """The last message has the buttons, with the job's id, and Slack takes the edit that removes them."""
    job = await desk.job()
    await post(desk, replier, job, compose_reply(job, ending, said, terms=TERMS).messages, ending)
    *others, last = desk.said()
    assert not [block for one in others for block in one.blocks if block["type"] == "actions"]
    *kept, row = last.blocks
    assert [(one["action_id"], one["value"]) for one in row["elements"]] == [(one, job.id) for one in actions]
    answer = await desk.web_api.call(
        "chat.update", channel=last.channel, ts=last.ts, text=f"{last.text}\n\nOn it.", blocks=kept
    )
    assert answer["ok"]


def test_a_reply_is_the_same_every_time() -> None:
    """After a crash the parts that stand must be those that would be posted."""
    job = Job(Share("T1", "C1", "1.1", SlackFile("F1", name="a.m4a")))
    replies = [compose_reply(job, TRANSLATED, three_hours(), terms=TERMS) for _ in range(2)]
    assert replies[0] == replies[1]
