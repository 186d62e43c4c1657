"""The page's websocket: the whole workspace at first, then every change, in order, to every tab."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from page_calls import do, drop, opened, page_client
from slack_calls import CLIP, call, listening, wide_manifest

from bot.sandbox import live
from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from page_calls import TabOfPage


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox with all that an app can have."""
    async with SlackSandbox(manifest=wide_manifest(home=True)) as running:
        yield running


async def test_the_snapshot_has_everything(slack: SlackSandbox) -> None:
    """Who opens the page sees people, conversations, messages with replies, files, faults and traffic."""
    ts = await slack.share(CLIP, user="ben")
    await slack.say("reply", thread_ts=ts)
    await slack.react("support", ts, "eyes")
    await call(slack, "chat.postMessage", channel="C0RANDOM", text="x" * 100)
    slack.faults.add(Fault("slow", times=3))
    async with opened(slack) as tab:
        snapshot = await tab.next()
    assert (snapshot["type"], snapshot["generation"]) == ("snapshot", 0)
    assert (snapshot["team"], snapshot["app"]["user_id"]) == (
        {"id": "T0SANDBOX", "name": "Sandbox"},
        slack.bot_user_id,
    )
    assert (snapshot["app"]["has_home"], snapshot["app"]["has_messages_tab"]) == (True, True)
    assert [one["command"] for one in snapshot["commands"]] == ["/translate"]
    assert {one["name"]: one["is_guest"] for one in snapshot["users"]}["guest"]
    channels = {one["name"]: one for one in snapshot["channels"]}
    assert (channels["leads"]["kind"], channels["random"]["members"]) == ("group", ["U0ANA", "U0BEN"])
    parent, reply = snapshot["messages"]["C0SUPPORT"]
    assert (parent["name"], parent["reply_count"], parent["reactions"][0]["name"]) == ("ben", 1, "eyes")
    assert parent["files"][0]["page_url"] == f"files/{parent['files'][0]['id']}"
    assert (reply["text"], reply["thread_ts"], reply["channel"]) == ("reply", ts, "C0SUPPORT")
    assert [(one["kind"], one["left"], one["id"]) for one in snapshot["faults"]] == [("slow", 3, 1)]
    kinds = {one["kind"]: one["methods"] for one in snapshot["fault_kinds"]}
    assert (kinds["cut_file"], "chat.postMessage" in kinds["error"]) == (["download"], True)
    [refused] = [one for one in snapshot["traffic"] if one["kind"] == "api"]
    assert (refused["error"], refused["arguments"]) == ("not_in_channel", {"channel": "C0RANDOM"})
    assert {"name": "parcel", "title": "Parcel: 6 seconds of Spanish", "language": "es"} in snapshot[
        "samples"
    ]
    assert snapshot["endpoint"]["kind"] == "none"
    assert snapshot["bot"] == {
        "state": "unknown",
        "exit_code": None,
        "transport": "socket",
        "can_restart": False,
    }
    assert snapshot["limits"] == {"upload_bytes": 1024**3}
    assert snapshot["now"] >= 0
    assert snapshot["began_at"] > 1_700_000_000


async def test_every_tab_is_told_in_order(slack: SlackSandbox) -> None:
    """Two tabs hear the same, in the order in which it happened; nothing gets lost behind the snapshot."""
    async with opened(slack) as one, opened(slack) as two:
        said = [(await do(slack, "say", text=f"{number}")).json()["ts"] for number in range(20)]
        for tab in (one, two):
            await tab.until(lambda frame: seen(frame, "19"))
            first, *later = tab.frames
            told = [message["ts"] for message in first["messages"]["C0SUPPORT"]]
            told += [frame["message"]["ts"] for frame in later if frame["type"] == "message"]
            assert told == said


def seen(frame: dict[str, Any], text: str) -> bool:
    """Say whether a frame shows this message, alone or among all."""
    messages = [frame["message"]] if frame["type"] == "message" else []
    messages += frame.get("messages", {}).get("C0SUPPORT", [])
    return any(message["text"] == text for message in messages)


async def test_what_happens_to_a_message(slack: SlackSandbox) -> None:
    """Edits, reactions, replies and deletions come as the message that stands, or as its going."""
    async with opened(slack) as tab:
        await tab.next("snapshot")
        ts = await slack.say("one")
        assert (await tab.next("message"))["message"]["text"] == "one"
        await do(slack, "edit", channel="support", ts=ts, text="two")
        assert (await tab.next("message"))["message"]["text"] == "two"
        await do(slack, "react", channel="support", ts=ts, name="eyes", user="ben")
        assert (await tab.next("message"))["message"]["reactions"][0]["users"] == ["U0BEN"]
        assert (await do(slack, "unreact", channel="support", ts=ts, name="eyes", user="ben")).is_success
        assert "reactions" not in (await tab.next("message"))["message"]
        reply = await slack.say("reply", thread_ts=ts)
        assert (await tab.next("message"))["message"]["ts"] == reply
        assert (await tab.next("message"))["message"]["reply_count"] == 1
        await slack.delete_message("support", ts)
        assert (await tab.next("message"))["message"]["subtype"] == "tombstone"
        await slack.delete_message("support", reply)
        assert [(await tab.next("gone"))["ts"] for _ in range(2)] == [reply, ts]
        ts = await slack.say("three")
        reply = await slack.say("reply", thread_ts=ts)
        await slack.delete_message("support", reply)
        assert (await tab.next("gone"))["ts"] == reply
        assert "reply_count" not in (await tab.next("message"))["message"]


async def test_files_come_and_go(slack: SlackSandbox) -> None:
    """A shared file has an address on the page until it is deleted."""
    async with opened(slack) as tab:
        await drop(slack, ("a.mp3", b"x"))
        [file] = (await tab.next("message"))["message"]["files"]
        async with page_client(slack) as client:
            assert (await client.get(file["page_url"])).content == b"x"
        await do(slack, "delete", file=file["id"])
        [file] = (await tab.next("message"))["message"]["files"]
        assert (file["mode"], "page_url" in file) == ("tombstone", False)


async def test_what_only_one_person_sees(slack: SlackSandbox) -> None:
    """Ephemeral messages say who sees them; as in Slack, a later page knows nothing of them."""
    shown = {"channel": "C0SUPPORT", "user": "U0BEN", "text": "psst"}
    async with opened(slack) as tab:
        await tab.next("snapshot")
        await call(slack, "chat.postEphemeral", **shown)
        frame = await tab.next("ephemeral")
        assert (frame["user"], frame["message"]["text"], frame["message"]["channel"]) == (
            "U0BEN",
            "psst",
            "C0SUPPORT",
        )
    async with opened(slack) as later:
        await later.next("snapshot")
        await slack.say("aloud")
        await later.next("message")
        assert "ephemeral" not in {one["type"] for one in later.frames}


async def test_status_lines(slack: SlackSandbox) -> None:
    """A thread's status line comes, and goes with the app's reply."""
    ts = await slack.say("hello")
    async with opened(slack) as tab:
        await tab.next("snapshot")
        await call(
            slack, "assistant.threads.setStatus", channel_id="C0SUPPORT", thread_ts=ts, status="is busy"
        )
        told = {"type": "status", "channel": "C0SUPPORT", "thread_ts": ts}
        assert await tab.next("status") == told | {"status": "is busy"}
        await call(slack, "chat.postMessage", channel="C0SUPPORT", thread_ts=ts, text="done")
        assert await tab.next("status") == told | {"status": ""}


async def test_modals_and_homes(slack: SlackSandbox) -> None:
    """A modal and a Home come with the person who sees them; a closed modal goes."""
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    modal = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Settings"},
        "blocks": [{"type": "divider"}],
    }
    async with opened(slack) as tab, listening(slack):
        await call(slack, "views.publish", user_id="U0BEN", view=home)
        told = await tab.next("home")
        assert (told["user"], told["view"]["type"], told["view"]["user"]) == ("U0BEN", "home", "U0BEN")
        trigger = (await slack.command("/translate", "settings", user="ben")).trigger_id
        assert (await call(slack, "views.open", trigger_id=trigger, view=modal))["ok"]
        view = (await tab.next("view"))["view"]
        assert (view["user"], view["title"]["text"], view["root_view_id"]) == (
            "U0BEN",
            "Settings",
            view["id"],
        )
        async with opened(slack) as later:
            snapshot = await later.next("snapshot")
            assert ([one["id"] for one in snapshot["views"]], [*snapshot["homes"]]) == (
                [view["id"]],
                ["U0BEN"],
            )
        assert (await do(slack, "close", user="ben", view_id=view["id"])).is_success
        assert await tab.next("view_gone") == {"type": "view_gone", "id": view["id"]}


async def test_people_and_places_that_are_new(slack: SlackSandbox) -> None:
    """Who joins, and a conversation that comes into being, is told before what is said there."""
    async with opened(slack) as tab:
        await tab.next("snapshot")
        await do(slack, "invite", channel="random")
        assert slack.bot_user_id in (await tab.next("channel"))["channel"]["members"]
        slack.add_user("zoe")
        await call(slack, "chat.postMessage", channel="U0ZOE", text="hello")
        assert "zoe" in {user["name"] for user in (await tab.next("users"))["users"]}
        assert (await tab.next("channel"))["channel"]["kind"] == "im"
        assert (await tab.next("message"))["message"]["text"] == "hello"
        slack.workspace.channel("sales").is_archived = True
        await do(slack, "react", channel="support", ts="1.1", name="eyes")  # fails, and yet one looks around
        assert (await tab.next("channel"))["channel"]["is_archived"]


async def test_exchanges_come_without_their_bodies(slack: SlackSandbox) -> None:
    """An exchange shows ids, verdict and rule; texts and bodies only for who asks for that one."""
    async with opened(slack) as tab, listening(slack, acks=True):
        await call(slack, "chat.postMessage", channel="C0SUPPORT", text="short", blocks=[{"type": "divider"}])
        told = (await tab.until(lambda frame: exchange_of(frame) == "chat.postMessage"))["exchange"]
        assert (told["kind"], told["ok"], told["status"]) == ("api", True, 200)
        assert told["arguments"] == {"channel": "C0SUPPORT", "text": "short"}
        await tab.until(lambda frame: exchange_of(frame) == "message")  # the app hears itself
        await slack.say("hello")
        event = (await tab.until(lambda frame: exchange_of(frame) == "message"))["exchange"]
        assert "body" not in event["arguments"]
        async with page_client(slack) as client:
            whole = (await client.get("see/exchange", params={"number": event["number"]})).json()["exchange"]
            gone = await client.get("see/exchange", params={"number": 999})
        assert whole["arguments"]["body"]["event"]["text"] == "hello"
        assert (gone.status_code, gone.json()["rule"]) == (
            400,
            "there is no exchange 999, or it is long gone",
        )


def exchange_of(frame: dict[str, Any]) -> str:
    """Name the exchange that a frame tells of."""
    return str(frame["exchange"]["method"]) if frame["type"] == "exchange" else ""


async def test_faults_are_armed_met_and_taken_back(slack: SlackSandbox) -> None:
    """The list of faults follows what is switched on, what a call met, and what is switched off."""
    async with opened(slack) as tab:
        await tab.next("snapshot")
        await do(slack, "faults", kind="error", method="auth.test", times=2)
        await do(slack, "faults", kind="slow", times=None)
        assert await faults(tab, 2) == [("error", 2, 1), ("slow", None, 2)]
        await call(slack, "auth.test")
        assert [left for _, left, _ in await faults(tab)] == [1, None]
        assert (await do(slack, "unfault", id=2)).json()["armed"][0]["kind"] == "error"
        assert [kind for kind, _, _ in await faults(tab)] == ["error"]
        await do(slack, "unfault")
        assert await faults(tab) == []


async def faults(tab: TabOfPage, count: int | None = None) -> list[tuple[str, int | None, int]]:
    """Wait for the next list of faults, or for one of this length."""
    frame = await tab.until(
        lambda frame: frame["type"] == "faults" and count in {None, len(frame.get("faults", ()))}
    )
    return [(one["kind"], one["left"], one["id"]) for one in frame["faults"]]


async def test_a_reset_shows_all_anew(slack: SlackSandbox) -> None:
    """After a reset every tab gets a new snapshot, of the next generation, and then what happens there."""
    await slack.say("before")
    slack.add_channel("extra")
    async with opened(slack) as one, opened(slack) as two:
        for tab in (one, two):
            await tab.next("snapshot")
        answers = await asyncio.gather(do(slack, "reset"), do(slack, "reset"))
        assert [answer.json()["ok"] for answer in answers] == [True, True]
        await slack.say("after")
        for tab in (one, two):
            frame = await tab.until(lambda frame: seen(frame, "after"))
            snapshot = next(one for one in reversed(tab.frames) if one["type"] == "snapshot")
            assert snapshot["generation"] in {1, 2}
            assert not seen(snapshot, "before")
            assert "extra" not in {channel["name"] for channel in snapshot["channels"]}
            assert frame


async def test_a_tab_that_does_not_read(slack: SlackSandbox) -> None:
    """A tab that falls behind loses its backlog and gets a snapshot; nobody else notices."""
    async with opened(slack) as quick, opened(slack) as slow:
        await slow.next("snapshot")
        slow.socket._response.connection.transport.pause_reading()  # type: ignore[union-attr]  # noqa: SLF001 -- there is no other way not to read
        for number in range(60):
            await slack.say(f"{number} " + "x" * 30_000)
        for number in range(live.MOST_WAITING * 2):
            await slack.say(str(number))
        await slack.say("last")
        await quick.until(lambda frame: seen(frame, "last"))
        slow.socket._response.connection.transport.resume_reading()  # type: ignore[union-attr]  # noqa: SLF001 -- as above
        await slow.until(lambda frame: seen(frame, "last"))
        kinds = [frame["type"] for frame in slow.frames]
        assert kinds.count("snapshot") == 2
        assert len(kinds) < 200


async def test_a_dead_tab_is_let_go(slack: SlackSandbox) -> None:
    """A tab that answers no heartbeat is closed, and nothing is kept for it."""
    slack.live.heartbeat_seconds = 0.05
    async with (
        aiohttp.ClientSession(headers={"Origin": slack.url}) as session,
        session.ws_connect(f"{slack.page_url}live", autoping=False) as socket,
        asyncio.timeout(10),
    ):
        while (await socket.receive()).type != aiohttp.WSMsgType.CLOSED:
            pass
        await do(slack, "release")  # one more turn for the server
        assert slack.live.tabs == 0


async def test_a_tab_that_cannot_be_told(slack: SlackSandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Where the state cannot be described, the terminal says why, and the tab is closed instead of left."""
    slack.workspace.homes["U0BEN"] = None  # type: ignore[assignment]  # a state that should never be
    async with opened(slack) as tab:
        async with asyncio.timeout(10):
            assert (await tab.socket.receive()).type == aiohttp.WSMsgType.CLOSE
        assert tab.socket.close_code == aiohttp.WSCloseCode.INTERNAL_ERROR
    assert [one.getMessage() for one in caplog.records] == ["The page cannot be told how things stand"]
    del slack.workspace.homes["U0BEN"]
    async with opened(slack) as tab:
        assert (await tab.next())["type"] == "snapshot"


async def test_tabs_close_with_the_sandbox() -> None:
    """When the sandbox ends, its tabs are told so and do not hold it up."""
    async with SlackSandbox() as slack:
        session = aiohttp.ClientSession(headers={"Origin": slack.url})
        socket = await session.ws_connect(f"{slack.page_url}live")
        await socket.receive_json()
    assert (await socket.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING}
    await session.close()


async def test_a_tab_has_nothing_to_say(slack: SlackSandbox) -> None:
    """What a tab sends is not read, and too much of it ends the connection."""
    async with opened(slack) as tab:
        await tab.socket.send_str("hello")
        assert (await tab.next())["type"] == "snapshot"
        await tab.socket.send_str("x" * 100_000)
        assert (await tab.socket.receive()).type == aiohttp.WSMsgType.CLOSE
