"""What looks like a recording and is none, what is one and does not look it, and who shares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from scenes import CLIP, PARCEL, PDF, Room, event_of, let_bot_in, named, new_room

from bot.sandbox.records import SharedFile
from running import SAMPLES

if TYPE_CHECKING:
    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

PRINTER = SAMPLES["printer"]


async def test_an_edited_message_is_no_new_share(room: Room) -> None:
    """Editing a message, or a link in it unfurling, answers nothing anew."""
    ts = await room.share(text="see https://example.com")
    await room.replies(ts)
    await room.stage.slack.edit_message(room.channel, ts, "see there")
    await room.heard("message_changed")
    assert await room.text(ts) == PARCEL.english


async def test_an_edit_of_a_message_never_answered_is_no_share(stage: Stage) -> None:
    """A message from before the invitation stays unanswered when somebody edits it afterwards."""
    room = new_room(stage, bot_is_member=False)
    ts = await room.share(text="old")
    await stage.slack.invite_bot(room.channel)
    await stage.slack.edit_message(room.channel, ts, "older")
    await room.heard("message_changed")
    assert room.stage.endings(room.channel, ts) == []
    assert not await room.is_stored(ts)


async def test_a_redelivered_event_is_answered_once(room: Room) -> None:
    """Slack delivering an answered event again, marked as a retry, changes nothing."""
    ts = await room.share()
    await room.replies(ts)
    room.stage.slack.redeliver(room.body(ts)["event_id"])
    await room.stage.slack.wait_for(lambda _: len(room.deliveries(ts)) == 2)
    await room.replies(ts)
    assert room.deliveries(ts)[1].arguments["attempt"] == 1


async def test_a_file_shared_again_elsewhere_is_answered_there_too(stage: Stage) -> None:
    """The same file shared into another channel is another share, with a reply of its own."""
    here, there = new_room(stage), new_room(stage)
    ts = await here.share()
    assert await here.text(ts) == PARCEL.english
    (file,) = stage.slack.thread(here.channel, ts)[0].files
    again = await stage.slack.share(file.id, channel=there.channel)
    assert await there.text(again) == PARCEL.english
    assert ((await here.replies(ts))[0]).ts < again


async def test_another_bots_recording_is_answered(room: Room) -> None:
    """A recording that another app posts is answered like a person's."""
    assert await room.text(await room.share(as_bot="callcenter")) == PARCEL.english


async def test_own_uploads_are_ignored(room: Room) -> None:
    """What the bot itself uploads is its answer, not a question."""
    await room.unanswered(await room.share(user="dragoman"))


async def test_a_reply_also_sent_to_the_channel_is_answered_once(stage: Stage) -> None:
    """A recording in a thread broadcast is answered in the thread, once, whichever events tell of it."""
    room = new_room(stage, bot_is_member=False)
    parent = await stage.slack.say("Anybody?", channel=room.channel)
    ts = await room.share(thread_ts=parent)
    let_bot_in(room)
    event = event_of(room, ts)
    stage.slack.send_event(event | {"subtype": "thread_broadcast", "root": {"ts": parent}})
    assert await room.text(parent) == PARCEL.english
    stage.slack.send_event(event)
    await stage.slack.wait_for(lambda _: len(room.deliveries(ts)) == 2)
    assert not ((await room.replies(parent))[0]).is_broadcast


async def test_a_slack_connect_stub_is_looked_up(room: Room) -> None:
    """A file of which the event has only an id is asked for, and then answered."""
    ts = await room.share(named("clip.m4a", as_stub=True))
    assert await room.text(ts) == PARCEL.english
    assert room.body(ts)["event"]["files"][0]["file_access"] == "check_file_info"
    assert room.stage.slack.calls("files.info")


async def test_a_stub_that_is_no_recording_stays_unanswered(room: Room) -> None:
    """Where the looked-up file turns out to be a PDF there is silence, and nothing was downloaded."""
    ts = await room.share(SharedFile("terms.pdf", data=b"%PDF-1.7", as_stub=True))
    await room.stage.slack.wait_for(lambda _: room.deliveries(ts))
    await room.quiet()
    (file,) = room.stage.slack.thread(room.channel, ts)[0].files
    downloads = room.stage.slack.calls("download")
    assert [one.line() for one in downloads if one.arguments["file"] == file.id] == []
    assert room.said() == []
    statuses = room.stage.slack.calls("assistant.threads.setStatus")
    assert [one.line() for one in statuses if one.arguments.get("channel_id") == room.channel] == []


async def test_a_file_that_is_not_ready_yet_is_waited_for(room: Room) -> None:
    """A file whose addresses Slack has not made yet is asked for again until it has."""
    ts = await room.share(named("clip.m4a", ready_after=0.15))
    assert await room.text(ts) == PARCEL.english
    assert "url_private_download" not in room.body(ts)["event"]["files"][0]


async def test_a_forwarded_recording_is_answered(stage: Stage) -> None:
    """A forwarded message has its recording in an attachment; it is answered where it was forwarded to."""
    source, target = new_room(stage), new_room(stage)
    ts = await source.share()
    await source.replies(ts)
    forwarded = await stage.slack.forward(ts, source.channel, target.channel)
    assert await target.text(forwarded) == PARCEL.english
    assert "files" not in target.body(forwarded)["event"]


async def test_file_shared_alone_is_acked_and_ignored(room: Room) -> None:
    """The event `file_shared`, which says neither message nor thread, answers nothing."""
    slack = room.stage.slack
    ts = await room.share()
    await room.replies(ts)
    (file,) = slack.thread(room.channel, ts)[0].files
    event = {"type": "file_shared", "file_id": file.id, "file": {"id": file.id}, "channel_id": room.channel}
    event_id = slack.send_event(event | {"user_id": file.user, "event_ts": slack.workspace.next_ts()})
    await slack.wait_for(lambda one: event_id in {call.arguments["event_id"] for call in one.calls("event")})
    (told,) = [one for one in slack.calls("event") if one.arguments["event_id"] == event_id]
    assert told.ok
    await room.replies(ts)
    assert len(room.said()) == 1


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(PDF, id="a document"),
        pytest.param(SharedFile("photo.png", data=b"\x89PNG\r\n\x1a\n"), id="an image"),
        pytest.param(SharedFile("notes.txt", data=b"hug a kitten", mode="snippet"), id="a snippet"),
        pytest.param(SharedFile("gone", mode="tombstone"), id="a deleted file"),
    ],
)
async def test_what_is_no_recording_stays_unanswered(room: Room, file: SharedFile) -> None:
    """Other files are not stored, not asked about, not downloaded and not answered."""
    ts = await room.share(file)
    await _unanswered(room, ts)


@pytest.mark.parametrize("mode", ["off", "ask"])
async def test_modes_that_wait_leave_no_trace(room: Room, mode: str) -> None:
    """Where a channel is `off` or `ask`, a recording causes no job, no call and no hint."""
    slack = room.stage.slack
    assert (await slack.command("/translate", mode, channel=room.channel)).acked
    ts = await room.share()
    await _unanswered(room, ts)
    assert (await slack.command("/translate", "on", channel=room.channel)).acked
    assert await room.text(await room.share()) == PARCEL.english


async def _unanswered(room: Room, ts: str) -> None:
    """See that a message was received and caused nothing at all."""
    slack, endpoint = room.stage.slack, room.stage.endpoint
    await slack.wait_for(lambda _: room.deliveries(ts))
    calls, requests, said = len(slack.calls("api")), len(endpoint.requests), len(room.said())
    await room.stage.bot.jobs.idle()
    (delivery,) = room.deliveries(ts)
    assert delivery.ok
    assert not await room.is_stored(ts)
    ids = {file["id"] for file in room.body(ts)["event"]["files"]}
    touched = [one for one in slack.traffic if one.arguments.get("file") in ids]
    touched += [one for one in slack.calls("api") if one.arguments.get("thread_ts") == ts]
    assert [one.line() for one in touched] == []
    assert (len(slack.calls("api")), len(endpoint.requests), len(room.said())) == (calls, requests, said)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(named("pedido atrasado.mp3", mimetype="audio/mpeg", duration_ms=6370), id="sample 02"),
        pytest.param(CLIP, id="sample 26"),
        pytest.param(
            named("Audioclip (21.11.2026).mp4", mimetype="video/mp4", subtype="slack_audio"),
            id="sample 27",
        ),
        pytest.param(named("голос", mimetype="audio/mp4"), id="no extension"),
        pytest.param(named("voice.OPUS", mimetype="application/octet-stream"), id="no type"),
        pytest.param(named("x" * 250 + ".m4a"), id="a very long name"),
        pytest.param(named("../../etc/passwd.m4a"), id="a name that climbs"),
    ],
)
async def test_what_is_a_recording_is_answered(room: Room, file: SharedFile) -> None:
    """Whatever people would call a recording is translated, whatever it is named and said to be."""
    assert await room.text(await room.share(file)) == PARCEL.english


async def test_a_video_is_answered(room: Room) -> None:
    """The sound of a video is translated."""
    ts = await room.share(SharedFile("printer.mp4", path=PRINTER.path))
    assert await room.text(ts) == PRINTER.english
    assert room.body(ts)["event"]["files"][0]["mimetype"] == "video/mp4"


async def test_old_messages_may_hold_files_without_a_subtype(stage: Stage) -> None:
    """An event with files is a share also where the subtype and all that is said of the file are missing."""
    room = new_room(stage, bot_is_member=False)
    ts = await room.share()
    let_bot_in(room)
    event = event_of(room, ts)
    (file,) = event["files"]
    stage.slack.send_event(
        {key: event[key] for key in ("type", "channel", "channel_type", "user", "ts")}
        | {"files": [None, "", {"id": file["id"], "name": file["name"], "size": "many"}], "attachments": None}
    )
    assert await room.text(ts) == PARCEL.english


# --- people who write to the bot ----------------------------------------------------------------


async def test_a_word_to_the_bot_gets_one_line_of_help(stage: Stage) -> None:
    """«Hi» in a DM is answered with one line, once, also when Slack delivers it twice."""
    stage.slack.add_user("greta")
    room = Room(stage, stage.slack.workspace.channel("@greta").id)
    ts = await stage.slack.say("hi", channel=room.channel, user="greta")
    await stage.slack.wait_for(lambda _: room.said())
    stage.slack.redeliver(room.body(ts)["event_id"])
    await stage.slack.wait_for(lambda _: len(room.deliveries(ts)) == 2)
    await room.quiet()
    (line,) = room.said()
    assert "voice message" in line.text
    assert "/translate help" in line.text
    assert (line.thread_ts, "\n" in line.text) == ("", False)


@pytest.mark.parametrize("case", ["in a thread", "from a bot", "in a group DM", "in a channel"])
async def test_other_words_get_no_help(stage: Stage, case: str) -> None:
    """Words in a thread, from a bot, or among several people are not meant for the bot."""
    slack = stage.slack
    name = slack.add_user(f"person-{case.replace(' ', '-')}".lower())
    room = Room(stage, slack.workspace.channel(f"@{name}").id)
    event: dict[str, Any] = {"type": "message", "text": "hi", "user": name, "channel": room.channel}
    event |= {"ts": slack.workspace.next_ts(), "channel_type": "im"}
    match case:
        case "in a thread":
            event |= {"thread_ts": "1795000000.000100"}
        case "from a bot":
            event |= {"bot_id": "B0OTHER"}
        case "in a group DM":
            event |= {"channel_type": "mpim"}
        case _:
            event |= {"channel_type": "channel"}
    event_id = slack.send_event(event)
    await slack.wait_for(lambda one: event_id in {call.arguments["event_id"] for call in one.calls("event")})
    await room.quiet()
    assert room.said() == []


async def test_a_direct_message_can_be_switched_off(stage: Stage) -> None:
    """A DM is answered although nobody has set it, and `/translate off` stops that."""
    room = Room(stage, stage.slack.workspace.channel("@ben").id)
    assert await room.text(await room.share(user="ben")) == PARCEL.english
    assert (await stage.slack.command("/translate", "off", channel=room.channel, user="ben")).acked
    await _unanswered(room, await room.share(user="ben"))


async def test_two_stubs_are_told_apart(room: Room) -> None:
    """Slack Connect names files only when asked: both replies name theirs all the same, in their order."""
    one, two = named("pedido.m4a", as_stub=True), named("login.ogg", "login", as_stub=True)
    replies = await room.replies(await room.share(one, two), count=2)
    assert [reply.text.partition("\n")[0] for reply in replies] == ["pedido.m4a", "login.ogg"]
