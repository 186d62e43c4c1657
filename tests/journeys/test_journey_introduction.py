"""What the bot says when it is invited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scenes import PARCEL, blocks_text, new_room

from bot.sandbox.faults import Fault

if TYPE_CHECKING:
    from scenes import Room

    from bot.sandbox.server import SlackSandbox
    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

POST = "chat.postMessage"


@pytest.fixture
def outside(stage: Stage) -> Room:
    """Give a channel that the bot is not in."""
    return new_room(stage, bot_is_member=False)


async def invited(room: Room) -> None:
    """Invite the bot, and wait until it has introduced itself, and for quiet."""
    await room.stage.slack.invite_bot(room.channel)
    await room.stage.slack.wait_for(lambda _: introductions(room))
    await room.quiet()
    assert len(introductions(room)) == 1


async def joined(room: Room, count: int) -> None:
    """Wait until the bot has been told so often that somebody joined."""

    def is_told(slack: SlackSandbox) -> bool:
        told = [one for one in slack.calls("event") if one.method == "member_joined_channel"]
        here = [one for one in told if one.arguments["channel"] == room.channel]
        return len(here) == count

    await room.stage.slack.wait_for(is_told)
    await room.quiet()


def introductions(room: Room) -> list[str]:
    """Give what the bot has said at top level, Slack's own line of its joining aside."""
    said = [one for one in room.said() if one.subtype != "channel_join"]
    assert not any(one.thread_ts for one in said)
    return [blocks_text(one) for one in said]


async def test_the_introduction_says_what_where_and_how_to_stop(outside: Room) -> None:
    """Invited, the bot says what it does, which host gets the sound, and how to stop it."""
    await invited(outside)
    (text,) = introductions(outside)
    assert "voice message" in text
    assert "127.0.0.1" in text  # the endpoint's host, here
    assert "/translate off" in text


async def test_private_channels_are_greeted_too(stage: Stage) -> None:
    """In a private channel the introduction is the same."""
    room = new_room(stage, bot_is_member=False, is_private=True)
    await invited(room)


async def test_it_is_said_once_ever(outside: Room) -> None:
    """Removed and invited again, the bot does not introduce itself a second time."""
    slack = outside.stage.slack
    await invited(outside)
    slack.workspace.channel(outside.channel).members.remove(slack.bot_user_id)
    await slack.invite_bot(outside.channel)
    await joined(outside, 2)
    assert len(introductions(outside)) == 1


async def test_a_redelivered_invitation_is_the_same(outside: Room) -> None:
    """The event of the invitation coming twice is one introduction."""
    slack = outside.stage.slack
    slack.faults.add(Fault("missed_ack", times=2))
    await invited(outside)
    assert len(introductions(outside)) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("lost_after", POST), id="lost after"),
        pytest.param(Fault("lost_before", POST), id="lost before"),
        pytest.param(Fault("rate_limited", POST, retry_after=3), id="429"),
        pytest.param(Fault("http_error", POST), id="500"),
    ],
)
async def test_an_unclear_post_is_one_introduction(outside: Room, fault: Fault) -> None:
    """Whatever happens to the call, the introduction stands once."""
    outside.stage.slack.faults.add(fault)
    await invited(outside)


async def test_a_refused_introduction_harms_nothing(outside: Room) -> None:
    """Where the bot may not post at top level, it still answers in threads."""
    outside.stage.slack.faults.add(Fault("error", POST, error="restricted_action"))
    await outside.stage.slack.invite_bot(outside.channel)
    await outside.stage.slack.wait_for(lambda slack: not slack.faults.armed)
    assert await outside.text(await outside.share()) == PARCEL.english


async def test_others_may_come_unnoticed(stage: Stage) -> None:
    """Somebody else joining is no reason to say anything."""
    room = new_room(stage)
    await stage.slack.invite(room.channel, "guest")
    await joined(room, 1)
    assert room.said() == []


async def test_what_was_posted_before_is_answered_only_when_asked_for(outside: Room) -> None:
    """Audio from before the invitation stays unanswered until somebody asks for it."""
    ts = await outside.share()
    await invited(outside)
    assert not await outside.is_stored(ts)
    result = await outside.stage.slack.command("/translate", "last", channel=outside.channel)
    assert result.acked
    assert await outside.text(ts) == PARCEL.english
