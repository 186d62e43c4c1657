"""Messages that are posted once ever, whatever happens between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.notice import Notice, NoticeBoard
from bot.sandbox.faults import Fault
from slack_api import Desk, open_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

POST = "chat.postMessage"


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


async def post(desk: Desk, *, is_first_run: bool) -> None:
    """Post the notice."""
    board = NoticeBoard(desk.web_api, sleep=desk.sleep, chance=lambda: 0.5)
    await board.post(notice(desk), is_first_run=is_first_run)


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
    await post(desk, is_first_run=True)
    assert len(desk.said()) == 1


async def test_after_a_crash_a_standing_notice_is_left_alone(desk: Desk) -> None:
    """A second run finds the notice of the first, and posts nothing."""
    await post(desk, is_first_run=True)
    await post(desk, is_first_run=False)
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
    await post(desk, is_first_run=True)
    assert desk.said() == []
    assert len(desk.slack.calls(POST)) == 1
