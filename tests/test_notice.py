"""Messages that are posted once ever, whatever happens between."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from bot.notice import Notice, NoticeBoard
from bot.sandbox.faults import Fault
from slack_api import Desk, open_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

POST = "chat.postMessage"
OPEN = "conversations.open"
ANA = "U0ANA"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Run the embedded Slack with our client on it."""
    async with open_desk() as desk:
        yield desk


def notice(desk: Desk) -> Notice:
    """Make a notice for #support."""
    channel = desk.slack.workspace.channel("support").id
    return Notice(
        key=f"{desk.slack.team_id}:{channel}:introduction", channel_id=channel, text="Hi, `/try` & me"
    )


async def post(desk: Desk, *, is_first_run: bool, to: str = "") -> bool:
    """Post the notice, to #support or to a person; give whether it stands."""
    board = NoticeBoard(desk.web_api, sleep=desk.sleep, chance=lambda: 0.5)
    wanted = notice(desk)
    return await board.post(replace(wanted, channel_id=to or wanted.channel_id), is_first_run=is_first_run)


def told(desk: Desk) -> list[str]:
    """Give what stands in ana's conversation with the app."""
    direct = desk.slack.workspace.direct(ANA)
    return [message.text for message in desk.slack.messages(direct.id)]


async def test_a_notice_stands_at_top_level(desk: Desk) -> None:
    """A notice is no reply; our code is shown as code, and the fallback is escaped."""
    await post(desk, is_first_run=True)
    (said,) = desk.said()
    assert (said.thread_ts, said.text) == ("", "Hi, `/try` &amp; me")
    elements = said.blocks[0]["elements"][0]["elements"]
    assert {"type": "text", "text": "/try", "style": {"code": True}} in elements


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("lost_after", POST), id="lost after"),
        pytest.param(Fault("lost_before", POST, times=3), id="lost before, three times"),
        pytest.param(Fault("http_error", POST), id="500"),
        pytest.param(Fault("rate_limited", POST), id="429"),
    ],
)
async def test_an_unclear_post_is_one_notice(desk: Desk, fault: Fault) -> None:
    """Whatever happens to the call, the notice stands once."""
    desk.slack.faults.add(fault)
    assert await post(desk, is_first_run=True)
    assert len(desk.said()) == 1


async def test_after_a_crash_a_standing_notice_is_left_alone(desk: Desk) -> None:
    """A second run finds the notice of the first, and posts nothing."""
    assert await post(desk, is_first_run=True)
    assert await post(desk, is_first_run=False)
    assert len(desk.said()) == 1


async def test_after_a_crash_a_missing_notice_is_posted(desk: Desk) -> None:
    """A second run posts what the first did not come to; others' words and marks do not deceive it."""
    channel = desk.slack.workspace.channel("support").id
    key = notice(desk).key
    marks: list[dict[str, Any]] = [
        {"event_type": "dragoman_notice", "event_payload": {"key": "another"}},
        {"event_type": "dragoman_notice", "event_payload": {}},
        {"event_type": "somebody_else", "event_payload": {"key": key}},
    ]
    for mark in marks:
        await desk.web_api.call(POST, channel=channel, text="x", metadata=mark)
    await desk.slack.say("Hi")
    await post(desk, is_first_run=False)
    assert len(desk.said()) == len(marks) + 1


async def test_a_refused_notice_is_given_up(desk: Desk) -> None:
    """Where Slack says no, nothing is posted and nothing raised: nobody waits for a notice."""
    desk.slack.faults.add(Fault("error", POST, error="restricted_action"))
    assert not await post(desk, is_first_run=True)
    assert desk.said() == []
    assert len(desk.slack.calls(POST)) == 1


async def test_a_notice_for_a_person_stands_in_her_conversation_with_the_app(desk: Desk) -> None:
    """A person's id is as good as a channel's, and needs no further call."""
    await post(desk, is_first_run=True, to=ANA)
    assert told(desk) == ["Hi, `/try` &amp; me"]
    assert desk.said() == []
    assert desk.slack.calls(OPEN) == []


@pytest.mark.parametrize(
    "fault",
    [pytest.param(None, id="after a crash"), pytest.param(Fault("lost_after", POST), id="lost after")],
)
async def test_a_notice_for_a_person_is_not_doubled(desk: Desk, fault: Fault | None) -> None:
    """Her conversation, too, is looked through before a notice is posted again."""
    if fault is not None:
        desk.slack.faults.add(fault)
    await post(desk, is_first_run=True, to=ANA)
    await post(desk, is_first_run=False, to=ANA)
    assert len(told(desk)) == 1
    assert desk.slack.calls(OPEN)


async def test_a_notice_for_a_person_that_a_crash_prevented_is_posted(desk: Desk) -> None:
    """Where nothing stands in her conversation yet, the second run posts."""
    await post(desk, is_first_run=False, to=ANA)
    assert len(told(desk)) == 1


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        pytest.param("not_in_channel", "/invite @Dragoman", id="not invited"),
        pytest.param("channel_not_found", "check the id", id="no such channel"),
        pytest.param("missing_scope", "reinstall", id="an older manifest"),
        pytest.param("restricted_action", "", id="nothing that we know"),
    ],
)
async def test_a_refusal_is_logged_with_its_remedy(desk: Desk, error: str, remedy: str) -> None:
    """Who runs the bot reads once in the log why a notice is missing, and what to do."""
    desk.slack.faults.add(Fault("error", POST, error=error))
    with structlog.testing.capture_logs() as logs:
        await post(desk, is_first_run=True)
    (line,) = [one for one in logs if one["event"] == "notice.refused"]
    assert line["error"] == error
    assert remedy in line["remedy"]
    assert bool(remedy) is bool(line["remedy"])
