"""Posting, changing and deleting, and what Slack refuses of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_calls import call, post, wide_manifest, without_scope

from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

METADATA = {"event_type": "dragoman_translation", "event_payload": {"part": 1}}


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox(manifest=wide_manifest()) as running:
        yield running


async def test_a_post_stands_and_is_answered_with_its_ts(slack: SlackSandbox) -> None:
    """What is posted stands in the channel, under the bot's name, with the blocks and the metadata sent."""
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "Hello"}}]
    answer = await call(
        slack, "chat.postMessage", channel="C0SUPPORT", text="Hello", blocks=blocks, metadata=METADATA
    )
    (message,) = slack.messages("support")
    assert (answer["ok"], answer["channel"], answer["ts"]) == (True, "C0SUPPORT", message.ts)
    assert answer["message"]["bot_id"] == slack.workspace.app.bot.bot_id
    assert (message.name, message.text, message.metadata) == ("dragoman", "Hello", METADATA)
    assert message.blocks[0]["text"] == blocks[0]["text"]
    assert message.blocks[0]["block_id"]


async def test_every_ts_is_new_text(slack: SlackSandbox) -> None:
    """Two messages of the same microsecond have different ts, in the order they were posted."""
    slack.workspace.clock = lambda: 1795000000.5
    stamps = [(await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x"))["ts"] for _ in range(3)]
    assert stamps == sorted(set(stamps))
    assert all(len(ts.split(".")[1]) == 6 for ts in stamps)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found", id="unknown channel"),
        pytest.param({"text": "x"}, "channel_not_found", id="no channel"),
        pytest.param({"channel": "C0RANDOM", "text": "x"}, "not_in_channel", id="public, bot not in it"),
        pytest.param({"channel": "C0SECRET", "text": "x"}, "channel_not_found", id="private, bot not in it"),
        pytest.param({"channel": "C0OLD", "text": "x"}, "is_archived", id="archived"),
        pytest.param({"channel": "C0SUPPORT"}, "no_text", id="nothing to say"),
        pytest.param({"channel": "C0SUPPORT", "text": " \n"}, "no_text", id="only spaces"),
        pytest.param({"channel": "C0SUPPORT", "text": "x" * 40_001}, "msg_too_long", id="too long"),
        pytest.param({"channel": "C0SUPPORT", "text": {}}, "invalid_arguments", id="text is no text"),
        pytest.param({"channel": "C0SUPPORT", "blocks": "[{"}, "invalid_blocks_format", id="broken JSON"),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "markdown_text": "y"},
            "markdown_text_conflict",
            id="two texts",
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "markdown_text": "y" * 12_001}, "msg_too_long", id="long markdown"
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "thread_ts": "1795000000.000001"},
            "thread_not_found",
            id="no such thread",
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "thread_ts": "p1795"},
            "invalid_thread_ts",
            id="no ts at all",
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "metadata": {"event_type": "a"}},
            "invalid_metadata_format",
            id="metadata without payload",
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "attachments": 5}, "invalid_attachments", id="no list"
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "attachments": '"xyz"'}, "invalid_attachments", id="a word"
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "attachments": ["a"]}, "invalid_attachments", id="of words"
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "attachments": '[{"a": NaN}]'},
            "invalid_attachments",
            id="what no browser reads",
        ),
        pytest.param(
            {"channel": "C0SUPPORT", "text": "x", "metadata": "{"},
            "invalid_metadata_format",
            id="metadata no JSON",
        ),
        pytest.param(
            {
                "channel": "C0SUPPORT",
                "text": "x",
                "metadata": METADATA | {"event_payload": {"a": "b" * 16_000}},
            },
            "metadata_too_large",
            id="large metadata",
        ),
    ],
)
async def test_a_wrong_post_is_refused(slack: SlackSandbox, arguments: dict[str, Any], error: str) -> None:
    """A post that breaks a rule is refused with Slack's code, the log says which rule, and nothing stands."""
    slack.add_channel("secret", is_private=True, bot_is_member=False)
    slack.add_channel("old")
    slack.workspace.channel("old").is_archived = True
    answer = await call(slack, "chat.postMessage", **arguments)
    assert (answer["ok"], answer["error"]) == (False, error)
    exchange = slack.calls("chat.postMessage")[-1]
    assert (exchange.ok, exchange.error, bool(exchange.rule)) == (False, error, True)
    assert not slack.messages("support")


async def test_a_reply_is_no_parent(slack: SlackSandbox) -> None:
    """A thread_ts that is a reply's is refused: it must be the parent's."""
    ts = await slack.say("hello")
    reply = await slack.say("yes?", thread_ts=ts)
    answer = await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x", thread_ts=reply)
    assert answer["error"] == "cannot_reply_to_message"


async def test_posting_goes_to_names_and_people_too(slack: SlackSandbox) -> None:
    """`#support` and a person's id are taken; the person reads it in the DM with the bot."""
    assert (await call(slack, "chat.postMessage", channel="#support", text="x"))["channel"] == "C0SUPPORT"
    answer = await call(slack, "chat.postMessage", channel="U0BEN", text="x")
    assert answer["channel"] == slack.workspace.channel("@ben").id
    assert slack.messages("@ben")[0].text == "x"


async def test_a_public_channel_takes_posts_with_its_own_scope() -> None:
    """With chat:write.public the bot may post where it is not a member."""
    wide = wide_manifest()
    wide["oauth_config"]["scopes"]["bot"].append("chat:write.public")
    async with SlackSandbox(manifest=wide) as slack:
        assert (await call(slack, "chat.postMessage", channel="C0RANDOM", text="x"))["ok"]


async def test_posting_needs_its_scope() -> None:
    """Without chat:write the answer says what was needed and what was provided."""
    async with SlackSandbox(manifest=without_scope("chat:write")) as slack:
        answer = await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x")
        assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
        assert "channels:history" in answer["provided"].split(",")


async def test_odd_posts_pass_with_a_remark(slack: SlackSandbox) -> None:
    """What Slack takes without a word, but deserves a look, is remarked on in the log."""
    blocks = [{"type": "divider"}]
    assert (await call(slack, "chat.postMessage", channel="C0SUPPORT", blocks=blocks, thread="1"))["ok"]
    assert (await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x" * 4001))["ok"]
    first, second = slack.calls("chat.postMessage")
    assert "ignores the arguments thread" in first.rule
    assert "blocks without `text`" in first.rule
    assert "chat.update will refuse" in second.rule


async def test_update_changes_what_is_given(slack: SlackSandbox) -> None:
    """An update with text alone removes the blocks and keeps the metadata; `{}` removes that too."""
    blocks = [{"type": "divider"}]
    sent = await call(
        slack, "chat.postMessage", channel="C0SUPPORT", text="a", blocks=blocks, metadata=METADATA
    )
    where = {"channel": "C0SUPPORT", "ts": sent["ts"]}
    answer = await call(slack, "chat.update", **where, text="b")
    (message,) = slack.messages("support")
    assert (answer["text"], message.text, message.blocks, message.metadata) == ("b", "b", (), METADATA)
    assert message.edited is not None
    await call(slack, "chat.update", **where, blocks=blocks, metadata={})
    (message,) = slack.messages("support")
    assert (message.text, message.blocks[0]["type"], message.metadata) == ("b", "divider", None)


@pytest.mark.parametrize(
    ("method", "text", "whose", "error"),
    [
        pytest.param("chat.update", "x" * 4001, "own", "msg_too_long", id="update over 4,000"),
        pytest.param("chat.update", "", "own", "no_text", id="update to nothing"),
        pytest.param("chat.update", "x", "ana", "cant_update_message", id="update of another's"),
        pytest.param("chat.update", "x", "nobody", "message_not_found", id="update of nothing"),
        pytest.param("chat.delete", "", "ana", "cant_delete_message", id="deletion of another's"),
        pytest.param("chat.delete", "", "nobody", "message_not_found", id="deletion of nothing"),
    ],
)
async def test_only_own_messages_change(
    slack: SlackSandbox, method: str, text: str, whose: str, error: str
) -> None:
    """Messages of others, and messages that are gone, can be neither changed nor deleted."""
    own = (await call(slack, "chat.postMessage", channel="C0SUPPORT", text="mine"))["ts"]
    stamps = {"own": own, "ana": await slack.say("hers"), "nobody": "1795000000.000001"}
    answer = await call(slack, method, channel="C0SUPPORT", ts=stamps[whose], text=text)
    assert answer["error"] == error
    assert {message.text for message in slack.messages("support")} == {"mine", "hers"}


async def test_a_deleted_parent_without_replies_is_gone(slack: SlackSandbox) -> None:
    """Its thread takes no posts any more: thread_not_found."""
    ts = await slack.say("hello")
    await slack.delete_message("support", ts)
    assert slack.thread("support", ts) == []
    answer = await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x", thread_ts=ts)
    assert answer["error"] == "thread_not_found"


async def test_a_deleted_parent_with_replies_is_a_tombstone(slack: SlackSandbox) -> None:
    """The thread lives on under a tombstone, which goes with the last reply."""
    ts = await slack.say("hello")
    sent = await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x", thread_ts=ts)
    await slack.delete_message("support", ts)
    parent, reply = slack.thread("support", ts)
    assert (parent.subtype, parent.user, reply.text) == ("tombstone", "USLACKBOT", "x")
    answer = await call(slack, "chat.delete", channel="C0SUPPORT", ts=ts)
    assert answer["error"] == "message_not_found"
    assert (await call(slack, "chat.delete", channel="C0SUPPORT", ts=sent["ts"]))["ok"]
    assert slack.messages("support") == []


async def test_threads_count_their_replies(slack: SlackSandbox) -> None:
    """A parent says how many replied, who, and when last; a reply names its parent."""
    ts = await slack.say("hello")
    sent = await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x", thread_ts=ts)
    assert (sent["message"]["thread_ts"], sent["message"]["parent_user_id"]) == (ts, "U0ANA")
    parent = (await call(slack, "conversations.history", channel="C0SUPPORT"))["messages"][0]
    assert parent["reply_count"] == parent["reply_users_count"] == 1
    assert (parent["latest_reply"], parent["reply_users"]) == (sent["ts"], [slack.bot_user_id])
    await call(slack, "chat.delete", channel="C0SUPPORT", ts=sent["ts"])
    parent = (await call(slack, "conversations.history", channel="C0SUPPORT"))["messages"][0]
    assert "reply_count" not in parent


async def test_ephemeral_messages_are_seen_and_not_kept(slack: SlackSandbox) -> None:
    """Somebody in the channel sees it, nothing stands; for who is not in it Slack refuses."""
    changes = slack.changes
    ts = await slack.say("hello")
    answer = await call(
        slack, "chat.postEphemeral", channel="C0SUPPORT", user="U0ANA", text="psst", thread_ts=ts
    )
    seen = [await anext(changes) for _ in range(2)][1]
    assert (seen.kind, seen.user, seen.message and seen.message.ts) == (
        "ephemeral",
        "U0ANA",
        answer["message_ts"],
    )
    assert len(slack.messages("support")) == 1
    stranger = slack.add_user("zoe")
    refused = await call(slack, "chat.postEphemeral", channel="C0SUPPORT", user=stranger, text="psst")
    assert refused["error"] == "user_not_in_channel"


async def test_permalinks_lead_to_the_message(slack: SlackSandbox) -> None:
    """A permalink has the channel and the ts without its point; a reply's names its thread."""
    ts = await slack.say("hello")
    reply = await slack.say("yes?", thread_ts=ts)
    link = (await call(slack, "chat.getPermalink", channel="C0SUPPORT", message_ts=ts))["permalink"]
    assert link == f"{slack.url}/archives/C0SUPPORT/p{ts.replace('.', '')}" == slack.permalink("support", ts)
    link = (await call(slack, "chat.getPermalink", channel="C0SUPPORT", message_ts=reply))["permalink"]
    assert link.endswith(f"p{reply.replace('.', '')}?thread_ts={ts}&cid=C0SUPPORT")
    lost = await call(slack, "chat.getPermalink", channel="C0SUPPORT", message_ts="1.000001")
    assert lost["error"] == "message_not_found"


async def test_forms_carry_blocks_and_flags_as_text(slack: SlackSandbox) -> None:
    """A form's blocks are JSON text and its booleans are 1 and 0, as slack_sdk sends them."""
    ts = await slack.say("hello")
    form = {"channel": "C0SUPPORT", "text": "x", "blocks": '[{"type": "divider"}]', "thread_ts": ts}
    answer = await post(slack, "chat.postMessage", data=form | {"reply_broadcast": "1"})
    assert answer.json()["message"]["subtype"] == "thread_broadcast"
    assert answer.json()["message"]["root"]["text"] == "hello"
    history = await call(slack, "conversations.history", channel="C0SUPPORT")
    assert [message["text"] for message in history["messages"]] == ["x", "hello"]
