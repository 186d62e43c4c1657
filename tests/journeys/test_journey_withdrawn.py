"""What happens when somebody deletes the message or its file while the bot is at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scenes import LOGIN, PARCEL, Room, named, payload_of

from bot.sandbox.faults import Fault

if TYPE_CHECKING:
    from bot.sandbox.records import Message

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = named("long.m4a", duration_ms=45_000)  # so Slack says; it earns a progress message


async def at_work(room: Room) -> None:
    """Wait until the endpoint works on a recording."""
    await room.stage.endpoint.wait_for(lambda: room.stage.endpoint.in_flight >= 1)


def progress_of(room: Room) -> list[Message]:
    """Give the progress messages that stand."""
    return [one for one in room.said() if (one.metadata or {}).get("event_type") == "dragoman_progress"]


async def test_a_deleted_message_gets_no_answer(room: Room) -> None:
    """Where the message is deleted while the endpoint works, nothing is posted."""
    room.stage.endpoint.gate.clear()
    ts = await room.share()
    await at_work(room)
    await room.stage.slack.delete_message(room.channel, ts)
    await room.acked("message_deleted")
    room.stage.endpoint.gate.set()
    await room.quiet()
    assert room.said() == []
    posts = room.stage.slack.calls("chat.postMessage")
    assert [one.line() for one in posts if one.arguments["channel"] == room.channel] == []


async def test_the_progress_message_goes_too(room: Room) -> None:
    """A progress message that stands already is deleted, and the tombstone of its parent with it."""
    room.stage.endpoint.gate.clear()
    ts = await room.share(LONG)
    await room.stage.slack.wait_for(lambda _: progress_of(room))
    await room.stage.slack.delete_message(room.channel, ts)
    await room.acked("message_changed")
    room.stage.endpoint.gate.set()
    await room.stage.slack.wait_for(lambda _: not room.said())
    await room.quiet()
    assert room.said() == []
    assert room.stage.slack.messages(room.channel) == []


async def test_a_deleted_file_gets_no_answer(room: Room) -> None:
    """Where only the file is deleted while the endpoint works, nothing is posted."""
    room.stage.endpoint.gate.clear()
    ts = await room.share(text="listen")
    await at_work(room)
    (file,) = room.stage.slack.thread(room.channel, ts)[0].files
    await room.stage.slack.delete_file(file.id)
    await room.acked("message_changed")
    room.stage.endpoint.gate.set()
    await room.quiet()
    assert room.said() == []


async def test_one_of_two_files_deleted_leaves_the_other(room: Room) -> None:
    """Of two recordings in a message the deleted one stays unanswered, and the other is answered."""
    room.stage.endpoint.gate.clear()
    ts = await room.share(named("one.m4a"), named("two.ogg", "login"))
    await at_work(room)
    first, _ = room.stage.slack.thread(room.channel, ts)[0].files
    await room.stage.slack.delete_file(first.id)
    await room.acked("message_changed")
    room.stage.endpoint.gate.set()
    (reply,) = await room.replies(ts)
    await room.quiet()
    assert reply.text == f"two.ogg\n{LOGIN.english}"
    assert len(room.said()) == 1


async def test_a_message_deleted_before_the_download(room: Room) -> None:
    """A message that is gone before its file was fetched ends silently."""
    room.stage.slack.faults.add(Fault("slow", "files.info", seconds=0.3))
    ts = await room.share(named("stub.m4a", as_stub=True))
    await room.stage.slack.wait_for(lambda _: room.deliveries(ts))
    await room.stage.slack.delete_message(room.channel, ts)
    await room.heard("message_deleted")
    assert room.said() == []


async def test_a_file_deleted_before_the_download(room: Room) -> None:
    """A file that `files.info` calls deleted ends silently."""
    room.stage.slack.faults.add(Fault("slow", "files.info", seconds=0.3))
    ts = await room.share(named("stub.m4a", as_stub=True), text="listen")
    await room.stage.slack.wait_for(lambda _: room.deliveries(ts))
    (file,) = room.stage.slack.thread(room.channel, ts)[0].files
    await room.stage.slack.delete_file(file.id)
    await room.heard("message_changed")
    assert room.said() == []


async def test_deleting_another_message_changes_nothing(room: Room) -> None:
    """A deletion concerns its own message only: the recording beside it is answered."""
    room.stage.endpoint.gate.clear()
    other, ts = await room.share(named("other.ogg", "login")), await room.share()
    await at_work(room)
    await room.stage.slack.delete_message(room.channel, other)
    await room.acked("message_deleted")
    room.stage.endpoint.gate.set()
    assert await room.text(ts) == PARCEL.english
    await room.quiet()
    assert len(room.said()) == 1


async def test_an_answered_message_may_be_deleted(room: Room) -> None:
    """Deleting a message that was answered harms nothing, and its answer stays."""
    ts = await room.share()
    (reply,) = await room.replies(ts)
    await room.stage.slack.delete_message(room.channel, ts)
    await room.heard("message_changed")
    assert room.said() == [reply]
    assert payload_of(reply)["ending"] == "translated"
