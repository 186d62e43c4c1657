"""Which events the app hears, in which form, and which it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from slack_calls import CLIP, SONG, call, listening, wide_manifest, without_scope

from bot import manifest
from bot.sandbox.server import SlackSandbox
from bot.sandbox.templates import Templates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox whose app subscribes to everything."""
    async with SlackSandbox(manifest=wide_manifest()) as running:
        yield running


@pytest.fixture
async def plain_slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox with the bot's own manifest."""
    async with SlackSandbox(manifest=manifest.build()) as running:
        yield running


ENVELOPE = {
    "token",
    "team_id",
    "context_team_id",
    "context_enterprise_id",
    "api_app_id",
    "event",
    "type",
    "event_id",
    "event_time",
    "authorizations",
    "is_ext_shared_channel",
    "event_context",
}
FILE_SHARE = {
    "type",
    "subtype",
    "text",
    "files",
    "upload",
    "user",
    "display_as_bot",
    "ts",
    "client_msg_id",
    "channel",
    "event_ts",
    "channel_type",
}


async def test_a_share_comes_in_a_full_envelope(plain_slack: SlackSandbox) -> None:
    """A shared file is a message event of subtype file_share in a whole envelope, without event.team."""
    slack = plain_slack
    async with listening(slack) as app:
        ts = await slack.share(CLIP, user="ben")
        (frame,) = await app.heard(1)
    payload, event = frame["payload"], frame["payload"]["event"]
    assert payload.keys() == ENVELOPE
    assert payload["authorizations"][0]["user_id"] == slack.bot_user_id
    assert event.keys() == FILE_SHARE
    assert (event["ts"], event["user"], event["text"], event["channel_type"]) == (ts, "U0BEN", "", "channel")
    assert (frame["retry_attempt"], frame["retry_reason"], frame["accepts_response_payload"]) == (
        0,
        "",
        False,
    )


@pytest.mark.parametrize(
    ("channel", "kind"),
    [("sales", "channel"), ("leads", "group"), ("@ana", "im"), ("mpdm-ana--ben--dragoman-1", "mpim")],
)
async def test_each_kind_of_conversation_says_so(plain_slack: SlackSandbox, channel: str, kind: str) -> None:
    """Public, private, direct and group conversations are heard, each with its channel_type."""
    async with listening(plain_slack) as app:
        await plain_slack.say("hello", channel=channel)
        await app.heard(1)
    assert app.events[0]["channel_type"] == kind


async def test_without_its_scope_a_conversation_is_silent() -> None:
    """An app that lacks the history scope of a kind of conversation hears nothing from there."""
    async with SlackSandbox(manifest=without_scope("groups:history")) as slack, listening(slack) as app:
        await slack.say("unheard", channel="leads")
        await slack.say("heard", channel="support")
        await app.heard(1)
    assert [event["text"] for event in app.events] == ["heard"]


async def test_only_where_the_bot_is(plain_slack: SlackSandbox) -> None:
    """Nothing is heard from a channel before the bot was invited into it; the invitation is heard."""
    async with listening(plain_slack) as app:
        await plain_slack.share(CLIP, channel="random")
        await plain_slack.invite_bot("random", "ben")
        await plain_slack.say("hello", channel="random")
        await app.heard(3)
    by_type = {(event["type"], event.get("subtype")): event for event in app.events}
    assert len(app.events) == 3
    joined = by_type["member_joined_channel", None]
    assert (joined["user"], joined["inviter"], joined["channel"]) == (
        plain_slack.bot_user_id,
        "U0BEN",
        "C0RANDOM",
    )
    assert by_type["message", "channel_join"]["user"] == plain_slack.bot_user_id
    assert by_type["message", None]["text"] == "hello"


async def test_a_reply_names_its_thread(plain_slack: SlackSandbox) -> None:
    """A file shared in a thread has thread_ts and parent_user_id."""
    async with listening(plain_slack) as app:
        ts = await plain_slack.say("hello", user="ben")
        await plain_slack.share(SONG, thread_ts=ts)
        await app.heard(2)
    event = next(event for event in app.events if "files" in event)
    assert (event["thread_ts"], event["parent_user_id"]) == (ts, "U0BEN")


async def test_own_messages_are_echoed(plain_slack: SlackSandbox) -> None:
    """What the bot posts comes back to it, with bot_id and bot_profile and without a subtype."""
    metadata = {"event_type": "x", "event_payload": {"a": 1}}
    async with listening(plain_slack) as app:
        await call(plain_slack, "chat.postMessage", channel="C0SUPPORT", text="Hello", metadata=metadata)
        await app.heard(1)
    (event,) = app.events
    assert (event["user"], event["bot_id"]) == (plain_slack.bot_user_id, plain_slack.workspace.app.bot.bot_id)
    assert event["bot_profile"]["app_id"] == event["app_id"]
    assert event["metadata"] == metadata
    assert "subtype" not in event


async def test_another_bots_file_is_heard(plain_slack: SlackSandbox) -> None:
    """A file of another app has that app's bot_id, and keeps it the next time."""
    async with listening(plain_slack) as app:
        await plain_slack.share(SONG, as_bot="Recorder")
        await plain_slack.share(SONG, as_bot="Recorder")
        await app.heard(2)
    first, second = app.events
    assert (first["bot_id"], first["bot_profile"]["name"], first["subtype"]) == (
        "B0RECORDER",
        "Recorder",
        "file_share",
    )
    assert first["user"] == second["user"]


async def test_stubs_and_unready_files_are_pushed_bare(plain_slack: SlackSandbox) -> None:
    """A Slack Connect file is only an id in the event; one that is not ready has no addresses."""
    async with listening(plain_slack) as app:
        ts = await plain_slack.share([replace(CLIP, as_stub=True), replace(SONG, ready_after=60.0)])
        await app.heard(1)
    stub, unready = app.events[0]["files"]
    file_id = plain_slack.thread("support", ts)[0].files[0].id
    assert stub == {
        "id": file_id,
        "mode": "file_access",
        "file_access": "check_file_info",
        "created": 0,
        "timestamp": 0,
        "user": "",
    }
    assert unready["mimetype"] == "audio/mpeg"
    assert not {"url_private", "url_private_download", "aac"} & unready.keys()
    full = (await call(plain_slack, "files.info", file=file_id))["file"]
    assert full["mimetype"] == "audio/mp4"


async def test_edits_and_deletions_are_told(plain_slack: SlackSandbox) -> None:
    """An edit tells the new and the old state with the same files; a deletion the ts and what was there."""
    async with listening(plain_slack) as app:
        ts = await plain_slack.share(SONG, text="frist")
        await app.heard(1)
        await plain_slack.edit_message("support", ts, "first")
        await app.heard(2)
        await plain_slack.delete_message("support", ts)
        await app.heard(3)
    _, edited, deleted = app.events
    assert (edited["subtype"], edited["hidden"]) == ("message_changed", True)
    assert (edited["message"]["text"], edited["previous_message"]["text"]) == ("first", "frist")
    assert edited["message"]["files"] == edited["previous_message"]["files"]
    assert edited["message"]["edited"]["user"] == "U0ANA"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"]["files"]
    assert deleted["ts"] != ts


async def test_a_tombstone_is_told_as_a_change(plain_slack: SlackSandbox) -> None:
    """The deletion of a parent with replies arrives as message_changed to a tombstone."""
    async with listening(plain_slack) as app:
        ts = await plain_slack.share(SONG)
        reply = await plain_slack.say("reply", thread_ts=ts)
        await app.heard(2)
        await plain_slack.delete_message("support", ts)
        await app.heard(3)
        await plain_slack.delete_message("support", reply)
        await app.heard(4)
    tombstone = app.events[2]
    assert (tombstone["subtype"], tombstone["message"]["subtype"]) == ("message_changed", "tombstone")
    assert (tombstone["message"]["ts"], tombstone["message"]["reply_count"]) == (ts, 1)
    assert tombstone["previous_message"]["files"][0]["mimetype"] == "audio/mpeg"
    assert app.events[3]["deleted_ts"] == reply


async def test_a_deleted_file_is_told(slack: SlackSandbox) -> None:
    """The message changes to a tombstone of the file, and file_deleted comes where it is subscribed."""
    async with listening(slack) as app:
        ts = await slack.share(SONG)
        file_id = slack.thread("support", ts)[0].files[0].id
        await slack.delete_file(file_id)
        await app.heard(4)
    by_type = {(event["type"], event.get("subtype")): event for event in app.events}
    assert by_type["message", "message_changed"]["message"]["files"] == [{"id": file_id, "mode": "tombstone"}]
    assert by_type["file_deleted", None]["file_id"] == file_id


async def test_a_forwarded_message_has_no_files_of_its_own(plain_slack: SlackSandbox) -> None:
    """A forwarded recording lies in an attachment that is marked as a share."""
    async with listening(plain_slack) as app:
        ts = await plain_slack.share(SONG, channel="sales")
        copy = await plain_slack.forward(ts, "sales", "support", "ben")
        await app.heard(2)
    event = next(event for event in app.events if event["ts"] == copy)
    (attachment,) = event["attachments"]
    assert "files" not in event
    assert "subtype" not in event
    assert (attachment["is_share"], attachment["files"][0]["filetype"]) == (True, "mp3")
    assert attachment["from_url"] == plain_slack.permalink("sales", ts)


async def test_mentions_and_file_shared_come_besides(slack: SlackSandbox) -> None:
    """A mention with a file is three events with three ids, where all are subscribed."""
    async with listening(slack) as app:
        ts = await slack.share(SONG, text="@dragoman please")
        frames = await app.heard(3)
    by_type: dict[str, Any] = {event["type"]: event for event in app.events}
    assert by_type.keys() == {"message", "app_mention", "file_shared"}
    assert len({frame["payload"]["event_id"] for frame in frames}) == 3
    assert by_type["app_mention"]["ts"] == by_type["message"]["ts"] == ts
    assert by_type["app_mention"]["text"] == f"<@{slack.bot_user_id}> please"
    assert by_type["file_shared"]["file_id"] == by_type["message"]["files"][0]["id"]
    assert "ts" not in by_type["file_shared"]


async def test_reactions_are_told(slack: SlackSandbox) -> None:
    """A reaction names the message and its author, and no thread."""
    async with listening(slack) as app:
        ts = await slack.say("hello", user="ben")
        await slack.react("support", ts, "eyes")
        item = {"channel": "C0SUPPORT", "timestamp": ts, "name": "tada"}
        await call(slack, "reactions.add", **item)
        await call(slack, "reactions.remove", **item)
        await app.heard(4)
    added = next(
        event for event in app.events if event["type"] == "reaction_added" and event["user"] == "U0ANA"
    )
    assert added["item"] == {"type": "message", "channel": "C0SUPPORT", "ts": ts}
    assert (added["reaction"], added["item_user"]) == ("eyes", "U0BEN")
    assert [event["user"] for event in app.events if event["type"] == "reaction_removed"] == [
        slack.bot_user_id
    ]


async def test_what_is_not_subscribed_is_not_sent(plain_slack: SlackSandbox) -> None:
    """The bot's own manifest brings no reactions, mentions or file_shared."""
    async with listening(plain_slack) as app:
        ts = await plain_slack.share(SONG, text="@dragoman")
        await plain_slack.react("support", ts, "eyes")
        await plain_slack.say("last")
        await app.heard(2)
    assert {event["type"] for event in app.events} == {"message"}
    assert len(app.events) == 2


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        pytest.param("a & b < c > d", "a &amp; b &lt; c &gt; d", id="escaped"),
        pytest.param("@ben see #sales", "<@U0BEN> see <#C0SALES|sales>", id="names"),
        pytest.param("@nobody #nowhere", "@nobody #nowhere", id="unknown names"),
        pytest.param("https://a.example/x?y=1&z=2", "<https://a.example/x?y=1&amp;z=2>", id="a link"),
    ],
)
async def test_typed_text_becomes_slacks(plain_slack: SlackSandbox, typed: str, text: str) -> None:
    """What people type arrives escaped, with names as ids and links in brackets."""
    ts = await plain_slack.say(typed)
    assert plain_slack.thread("support", ts)[0].text == text


async def test_any_event_can_be_sent_by_hand(plain_slack: SlackSandbox) -> None:
    """An event nobody subscribed to, and one without an inner event, reach the app as they are."""
    async with listening(plain_slack) as app:
        event_id = plain_slack.send_event({"type": "file_shared", "file_id": "F0X"})
        plain_slack.send_event({"type": "app_rate_limited", "minute_rate_limited": 1})
        first, second = await app.heard(2)
    assert (first["payload"]["event_id"], first["payload"]["event"]["file_id"]) == (event_id, "F0X")
    assert second["payload"]["type"] == "app_rate_limited"


def test_a_payload_takes_no_keys_that_its_file_lacks() -> None:
    """The JSON files fix the shape of what is sent."""
    with pytest.raises(KeyError, match=r"socket.hello.json has no color"):
        Templates().fill("socket.hello", color="red")
