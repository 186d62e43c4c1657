"""The main journeys, over Socket Mode and over signed HTTP alike."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from scenes import (
    CLIP,
    LOGIN,
    PARCEL,
    PDF,
    SHOES,
    Room,
    blocks_text,
    event_of,
    let_bot_in,
    named,
    new_room,
    payload_of,
)

from bot import manifest
from bot.sandbox.faults import Fault

if TYPE_CHECKING:
    from bot.sandbox.server import Exchange
    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

RECORDINGS = (named("one.m4a"), named("two.ogg", "login"), named("three.flac", "shoes"))


async def test_a_clip_without_a_word_is_answered_in_its_thread(either: Stage) -> None:
    """A clip whose message has no text is answered with its English in the thread."""
    room = new_room(either)
    ts = await room.share(CLIP, text="")
    (reply,) = await room.replies(ts)
    file = either.slack.thread(room.channel, ts)[0].files[0]
    assert (reply.text, reply.thread_ts) == (PARCEL.english, ts)
    assert blocks_text(reply) == PARCEL.english
    assert reply.metadata == {
        "event_type": "dragoman_translation",
        "event_payload": {
            "version": 1,
            "job_id": f"{either.slack.team_id}:{room.channel}:{ts}:{file.id}:1",
            "ending": "translated",
            "reason": "",
            "source_ts": ts,
            "file_id": file.id,
            "part": 1,
            "parts": 1,
        },
    }
    assert [one.line() for one in either.slack.calls("api") if not one.ok] == []


async def test_each_channel_sends_its_own_prompt(either: Stage) -> None:
    """Channels with different prompts send different ones; a channel without one sends no such field."""
    rooms = [new_room(either) for _ in range(3)]
    wishes = ["Acme Rocket, payload of order", "Zentrale, Frau Özgür", None]
    for room, wish in zip(rooms, wishes, strict=True):
        if wish is not None:
            result = await either.slack.command("/translate", f"prompt {wish}", channel=room.channel)
            assert result.acked, result.error
            await result.answers()
        before = len(either.endpoint.requests)
        ts = await room.share()
        await either.reply(room.channel, ts)
        assert [one.prompt for one in either.endpoint.requests[before:]] == [wish]
        assert ("prompt" in either.endpoint.requests[-1].fields) is (wish is not None)


async def test_a_file_in_a_thread_is_answered_in_the_thread_of_the_parent(either: Stage) -> None:
    """A recording posted as a reply is answered under its parent: Slack knows no threads in threads."""
    room = new_room(either)
    parent = await either.slack.say("Where is it?", channel=room.channel)
    ts = await room.share(thread_ts=parent)
    (reply,) = await room.replies(parent)
    assert (reply.thread_ts, reply.text) == (parent, PARCEL.english)
    assert payload_of(reply)["source_ts"] == ts


async def test_private_channels_are_served(either: Stage) -> None:
    """A private channel is answered like a public one."""
    room = new_room(either, is_private=True)
    assert await room.text(await room.share()) == PARCEL.english


@pytest.mark.parametrize("where", ["@ana", "mpdm-ana--ben--dragoman-1"])
async def test_direct_messages_are_served(either: Stage, where: str) -> None:
    """A DM and a group DM with the bot are answered."""
    room = Room(either, either.slack.workspace.channel(where).id)
    assert await room.text(await room.share()) == PARCEL.english


async def test_several_recordings_are_answered_in_order(either: Stage) -> None:
    """Three recordings and a PDF in one message: three replies in order, each naming its file."""
    room = new_room(either)
    one, two, three = RECORDINGS
    replies = await room.replies(await room.share(one, PDF, two, three), count=3)
    assert [reply.text for reply in replies] == [
        f"one.m4a\n{PARCEL.english}",
        f"two.ogg\n{LOGIN.english}",
        f"three.flac\n{SHOES.english}",
    ]


async def test_a_slow_first_recording_is_waited_for(either: Stage) -> None:
    """The replies keep the order of the files also when the first takes longest at the endpoint."""
    room = new_room(either)
    either.endpoint.delay_seconds = lambda request: 0.8 if request.seconds > 6 else 0.0
    replies = await room.replies(await room.share(*RECORDINGS), count=3)
    either.endpoint.delay_seconds = 0.0
    assert [reply.text.partition("\n")[0] for reply in replies] == ["one.m4a", "two.ogg", "three.flac"]


async def test_a_first_recording_that_fails_keeps_its_place(either: Stage) -> None:
    """Where the first of three files cannot be read, it says so first, and the others are translated."""
    room = new_room(either)
    broken = named("one.mp3", data=b"no sound in these bytes", path=None)
    replies = await room.replies(await room.share(broken, *RECORDINGS[1:]), count=3)
    assert [reply.text.partition("\n")[0] for reply in replies] == ["one.mp3", "two.ogg", "three.flac"]
    assert [payload_of(reply)["ending"] for reply in replies] == ["failed", "translated", "translated"]


async def test_an_event_whose_ack_got_lost_is_answered_once(either: Stage) -> None:
    """Slack delivers an event again whose ack it missed; there is one reply all the same."""
    room = new_room(either)
    either.slack.faults.add(Fault("missed_ack", times=2))
    ts = await room.share()
    (reply,) = await room.replies(ts)
    tries = [(one.ok, one.arguments["attempt"]) for one in room.deliveries(ts)]
    assert tries == [(False, 0), (False, 1), (True, 2)]
    assert reply.text == PARCEL.english


async def test_a_retry_may_be_the_only_copy(either: Stage) -> None:
    """A delivery marked as a retry is taken like any other: it may be the only one that arrived."""
    room = new_room(either, bot_is_member=False)
    ts = await room.share()
    let_bot_in(room)
    either.slack.redeliver(either.slack.send_event(event_of(room, ts)))
    (reply,) = await room.replies(ts)
    assert reply.text == PARCEL.english
    assert sorted(one.arguments["attempt"] for one in room.deliveries(ts)) == [0, 1]


async def test_twenty_deliveries_at_once_are_one_share(either: Stage) -> None:
    """The same event twenty times at once is answered once, and the endpoint is asked once."""
    room = new_room(either, bot_is_member=False)
    ts = await room.share()
    let_bot_in(room)
    before = len(either.endpoint.requests)
    for _ in range(20):
        either.slack.send_event(event_of(room, ts))
    await room.replies(ts)
    assert len(either.endpoint.requests) - before == 1
    await room.replies(ts)
    assert [one.ok for one in room.deliveries(ts)] == [True] * 20


async def test_everything_subscribed_is_acked(either: Stage) -> None:
    """Every event the app subscribes to, and whatever else Slack may send, is received at the first try."""
    slack, room = either.slack, new_room(either)
    kinds = {name.partition(".")[0] for name in manifest.EVENTS}
    events: list[dict[str, Any]] = [
        *({"type": kind, "channel": room.channel, "user": "U0ANA", "ts": "1.1"} for kind in kinds),
        {"type": "file_shared", "file_id": "F0", "channel_id": room.channel, "user_id": "U0ANA"},
        {"type": "message", "subtype": "channel_topic", "channel": room.channel, "ts": "1.2", "topic": "x"},
        {"type": "message", "subtype": "message_changed", "channel": room.channel, "ts": "1.3"},
        {"type": "something_new_of_2027"},
        {"type": "app_rate_limited", "team_id": slack.team_id, "minute_rate_limited": 1, "api_app_id": "A0"},
    ]
    ids = {slack.send_event(event) for event in events}
    await slack.wait_for(lambda one: ids <= {_event_id(call) for call in one.calls("event")})
    told = [call for call in slack.calls("event") if _event_id(call) in ids]
    assert [call.line() for call in told if not call.ok or call.status != HTTPStatus.OK] == []
    await room.quiet()
    assert room.said() == []


def _event_id(call: Exchange) -> str:
    return str(call.arguments.get("event_id"))
