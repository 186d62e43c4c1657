"""Reading channels and threads, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_calls import call, wide_manifest

from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

METADATA = {"event_type": "dragoman_translation", "event_payload": {"part": 1}}


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox(manifest=wide_manifest()) as running:
        yield running


async def texts(slack: SlackSandbox, method: str, **arguments: Any) -> list[str]:  # noqa: ANN401 -- JSON
    """Give the texts of a page."""
    answer = await call(slack, method, channel="C0SUPPORT", **arguments)
    return [message["text"] for message in answer["messages"]]


async def test_history_is_newest_first_without_replies(slack: SlackSandbox) -> None:
    """History gives top-level messages, newest first; replies gives a thread, oldest first."""
    first = await slack.say("one")
    await slack.say("a reply", thread_ts=first)
    await slack.say("two")
    assert await texts(slack, "conversations.history") == ["two", "one"]
    assert await texts(slack, "conversations.replies", ts=first) == ["one", "a reply"]


async def test_a_replys_ts_gives_only_the_reply(slack: SlackSandbox) -> None:
    """With a reply's ts Slack gives that reply, which names its thread."""
    ts = await slack.say("one")
    reply = await slack.say("a reply", thread_ts=ts)
    answer = await call(slack, "conversations.replies", channel="C0SUPPORT", ts=reply)
    assert [(one["ts"], one["thread_ts"]) for one in answer["messages"]] == [(reply, ts)]


async def test_pages_are_walked_by_cursor(slack: SlackSandbox) -> None:
    """A page says whether there is more, and its cursor leads to the next."""
    for number in range(5):
        await slack.say(str(number))
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        answer = await call(slack, "conversations.history", channel="C0SUPPORT", limit=2, cursor=cursor)
        seen += [message["text"] for message in answer["messages"]]
        cursor = answer.get("response_metadata", {}).get("next_cursor", "")
    assert (seen, cursor, answer["has_more"]) == (["4", "3", "2", "1", "0"], "", False)


async def test_a_range_of_time_has_open_edges(slack: SlackSandbox) -> None:
    """`oldest` and `latest` leave their own message out unless `inclusive`; every digit counts."""
    stamps = [await slack.say(str(number)) for number in range(4)]
    edges = {"oldest": stamps[0], "latest": stamps[3]}
    assert await texts(slack, "conversations.history", **edges) == ["2", "1"]
    assert await texts(slack, "conversations.history", **edges, inclusive=True) == ["3", "2", "1", "0"]
    assert await texts(slack, "conversations.history", latest=stamps[0], inclusive="1", limit=1) == ["0"]
    assert await texts(slack, "conversations.history", latest="now", oldest="0") == ["3", "2", "1", "0"]


async def test_replies_always_begin_with_the_parent(slack: SlackSandbox) -> None:
    """The parent comes although it lies outside the range."""
    ts = await slack.say("one")
    reply = await slack.say("two", thread_ts=ts)
    assert await texts(slack, "conversations.replies", ts=ts, oldest=reply, inclusive=True) == ["one", "two"]


async def test_metadata_is_whole_only_when_asked_for(slack: SlackSandbox) -> None:
    """Without include_all_metadata only the event type is read back."""
    await call(slack, "chat.postMessage", channel="C0SUPPORT", text="x", metadata=METADATA)
    answer = await call(slack, "conversations.history", channel="C0SUPPORT")
    assert answer["messages"][0]["metadata"] == {"event_type": "dragoman_translation"}
    answer = await call(slack, "conversations.history", channel="C0SUPPORT", include_all_metadata=1)
    assert answer["messages"][0]["metadata"] == METADATA


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        pytest.param("history", {"channel": "C0NOWHERE"}, "channel_not_found", id="unknown"),
        pytest.param("history", {"channel": "support"}, "channel_not_found", id="a name is no id"),
        pytest.param("history", {"channel": "C0RANDOM"}, "not_in_channel", id="public, not in it"),
        pytest.param("info", {"channel": "C0SECRET"}, "channel_not_found", id="private, not in it"),
        pytest.param("members", {"channel": "C0SECRET"}, "channel_not_found", id="members of a private one"),
        pytest.param(
            "replies", {"channel": "C0SUPPORT", "ts": "1.000001"}, "thread_not_found", id="no thread"
        ),
        pytest.param("replies", {"channel": "C0SUPPORT"}, "thread_not_found", id="no ts"),
        pytest.param("history", {"channel": "C0SUPPORT", "limit": 0}, "invalid_limit", id="limit 0"),
        pytest.param(
            "history", {"channel": "C0SUPPORT", "limit": "ten"}, "invalid_limit", id="limit in words"
        ),
        pytest.param("history", {"channel": "C0SUPPORT", "cursor": "zzz"}, "invalid_cursor", id="cursor"),
        pytest.param("history", {"channel": "C0SUPPORT", "oldest": "a"}, "invalid_ts_oldest", id="oldest"),
        pytest.param("history", {"channel": "C0SUPPORT", "latest": "a.b"}, "invalid_ts_latest", id="latest"),
        pytest.param("open", {}, "users_list_not_supplied", id="open nobody"),
        pytest.param("open", {"users": "U0X"}, "user_not_found", id="open a stranger"),
    ],
)
async def test_wrong_reads_are_refused(
    slack: SlackSandbox, method: str, arguments: dict[str, Any], error: str
) -> None:
    """What does not exist for the bot, or is asked for wrongly, is refused with Slack's code."""
    slack.add_channel("secret", is_private=True, bot_is_member=False)
    await slack.say("hello")
    assert (await call(slack, f"conversations.{method}", **arguments))["error"] == error


async def test_channels_describe_themselves(slack: SlackSandbox) -> None:
    """Info tells public from private, direct and group conversations, and whether the bot is in."""

    async def info(key: str) -> dict[str, Any]:
        channel_id = slack.workspace.channel(key).id
        answer = await call(slack, "conversations.info", channel=channel_id, include_num_members=True)
        channel: dict[str, Any] = answer["channel"]
        return channel

    support, random, leads = await info("support"), await info("random"), await info("leads")
    assert (support["name"], support["is_channel"], support["is_member"]) == ("support", True, True)
    assert (random["is_member"], random["num_members"]) == (False, 2)
    assert (leads["is_private"], leads["is_group"]) == (True, True)
    assert (await info("@ana"))["user"] == "U0ANA"
    assert (await info("mpdm-ana--ben--dragoman-1"))["is_mpim"]


async def test_members_come_in_pages(slack: SlackSandbox) -> None:
    """Members lists ids, page by page."""
    first = await call(slack, "conversations.members", channel="C0SUPPORT", limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await call(slack, "conversations.members", channel="C0SUPPORT", limit=3, cursor=cursor)
    assert first["members"] + rest["members"] == slack.workspace.channel("support").members
    assert rest["response_metadata"]["next_cursor"] == ""


async def test_opening_a_dm_gives_the_same_one(slack: SlackSandbox) -> None:
    """conversations.open gives the id of the DM, or all of it with return_im."""
    channel_id = slack.workspace.channel("@ana").id
    assert (await call(slack, "conversations.open", users="U0ANA"))["channel"] == {"id": channel_id}
    answer = await call(slack, "conversations.open", channel=channel_id, return_im=True)
    assert answer["channel"]["is_im"]


async def test_opening_group_dms_is_not_played() -> None:
    """What the sandbox does not play it refuses aloud."""
    wide = wide_manifest()
    wide["oauth_config"]["scopes"]["bot"].append("mpim:write")
    async with SlackSandbox(manifest=wide) as slack:
        answer = await call(slack, "conversations.open", users="U0ANA,U0BEN")
        assert answer["error"] == "method_not_supported_for_channel_type"
        assert "opens no group DMs" in slack.traffic[-1].rule


async def test_the_bot_lists_where_it_is(slack: SlackSandbox) -> None:
    """users.conversations gives the conversations of the asked types that the bot is in, page by page."""
    both = {"types": "public_channel,private_channel"}
    first = await call(slack, "users.conversations", limit=2, **both)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await call(slack, "users.conversations", limit=2, cursor=cursor, **both)
    assert [one["name"] for one in first["channels"] + rest["channels"]] == ["support", "sales", "leads"]
    assert rest["response_metadata"]["next_cursor"] == ""
    assert [one["name"] for one in (await call(slack, "users.conversations"))["channels"]] == [
        "support",
        "sales",
    ]
    ben = slack.workspace.user("ben").id
    slack.workspace.channel("random").is_archived = True
    of_ben = await call(slack, "users.conversations", user=ben, exclude_archived=True)
    assert [one["name"] for one in of_ben["channels"]] == ["support", "sales"]
    assert (await call(slack, "users.conversations", types="everything"))["error"] == "invalid_types"
