"""The control API: everything that a test can do in the process, another process can do over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from slack_calls import call, listening, plain_client

from bot.sandbox.control_verbs import TEXTS
from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox() as running:
        yield running


async def act(slack: SlackSandbox, name: str, /, **body: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    """Do something."""
    return await ask(slack, "POST", name, json=body)


async def look(slack: SlackSandbox, name: str, /, **query: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    """Look at something."""
    return await ask(slack, "GET", name, params=query)


async def ask(
    slack: SlackSandbox,
    verb: str,
    name: str,
    coding: str = "identity",
    **more: Any,  # noqa: ANN401 -- httpx's own
) -> dict[str, Any]:
    """Send a request with the token; give the answer's JSON."""
    headers = {"Authorization": f"Bearer {slack.control_token}", "Content-Encoding": coding}
    async with plain_client() as client:
        answer = await client.request(verb, f"{slack.url}/control/{name}", headers=headers, **more)
    body: dict[str, Any] = answer.json()
    return body


async def test_only_the_token_opens_it(slack: SlackSandbox) -> None:
    """Without the control token nothing is done and nothing shown."""
    async with plain_client() as client:
        assert (await client.get(f"{slack.url}/control/state")).status_code == 403
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        said = await client.post(f"{slack.url}/control/say", json={"text": "x"}, headers=headers)
    assert (said.status_code, slack.messages("support")) == (403, [])


async def test_files_are_shared_by_upload(slack: SlackSandbox) -> None:
    """A form with files and options shares them as a person would."""
    headers = {"Authorization": f"Bearer {slack.control_token}"}
    form = {
        "channel": "sales",
        "user": "ben",
        "text": "listen",
        "options": json.dumps({"subtype": "slack_audio"}),
    }
    async with plain_client() as client:
        answer = await client.post(
            f"{slack.url}/control/share", data=form, files={"file": ("a.m4a", b"sound")}, headers=headers
        )
    (message,) = slack.thread("sales", answer.json()["ts"])
    (file,) = message.files
    assert file.shared.path is not None
    assert (message.name, message.text, file.kind) == ("ben", "listen", "audio")
    assert (file.shared.path.read_bytes(), file.size_bytes) == (b"sound", 5)


async def test_people_act(slack: SlackSandbox) -> None:
    """Say, reply, react, edit, forward, invite and delete work as they do in the process."""
    ts = (await act(slack, "say", text="hello", channel="support"))["ts"]
    await act(slack, "say", text="reply", channel="support", thread_ts=ts)
    await act(slack, "react", channel="support", ts=ts, name="eyes")
    await act(slack, "edit", channel="support", ts=ts, text="hello!")
    forwarded = (await act(slack, "forward", ts=ts, from_channel="support", to_channel="sales"))["ts"]
    await act(slack, "invite", channel="random")
    thread = await look(slack, "thread", channel="support", ts=ts)
    assert [message["text"] for message in thread["messages"]] == ["hello!", "reply"]
    assert thread["messages"][0]["reactions"][0]["name"] == "eyes"
    assert (thread["messages"][0]["name"], thread["status"]) == ("ana", "")
    assert slack.bot_user_id in slack.workspace.channel("random").members
    await act(slack, "delete", channel="sales", ts=forwarded)
    assert (await look(slack, "channel", channel="sales"))["messages"] == []


async def test_files_are_deleted(slack: SlackSandbox) -> None:
    """A file goes by its id."""
    headers = {"Authorization": f"Bearer {slack.control_token}"}
    async with plain_client() as client:
        await client.post(f"{slack.url}/control/share", files={"file": ("a.mp3", b"x")}, headers=headers)
    (file_id,) = slack.workspace.files
    assert (await act(slack, "delete", file=file_id))["ok"]
    assert slack.workspace.files[file_id].is_deleted


async def test_commands_are_typed(slack: SlackSandbox) -> None:
    """A command says whether it was acked and what the person sees."""
    async with listening(slack, reply={"text": "Done."}):
        result = await act(slack, "command", command="/translate", text="help", channel="support", user="ben")
    assert (result["acked"], result["error"], result["ephemeral"][0]["text"]) == (True, "", "Done.")


async def test_events_and_faults(slack: SlackSandbox) -> None:
    """Events are sent and sent again, faults armed and let go."""
    async with listening(slack) as app:
        event_id = (await act(slack, "event", type="file_shared", file_id="F0X"))["event_id"]
        await app.heard(1)
        assert (await act(slack, "redeliver"))["event_id"] == event_id
        await app.heard(2)
    armed = (await act(slack, "faults", kind="hang", method="auth.test"))["armed"]
    assert [fault["kind"] for fault in armed] == ["hang"]
    waiting = asyncio.create_task(call(slack, "auth.test"))
    await slack.wait_for(lambda s: not s.faults.armed)
    await act(slack, "release")
    with pytest.raises(Exception, match=r"disconnect|read|reset"):
        await waiting


async def test_state_and_traffic_are_shown(slack: SlackSandbox) -> None:
    """State lists people and conversations; traffic what passed since, and why it was refused."""
    await call(slack, "chat.postMessage", channel="C0RANDOM", text="x")
    state = await look(slack, "state")
    assert {user["name"] for user in state["users"]} == {"dragoman", "ana", "ben", "guest"}
    channels = {channel["name"]: channel["members"] for channel in state["channels"]}
    assert channels["random"] == ["U0ANA", "U0BEN"]
    traffic = await look(slack, "traffic")
    assert (traffic["traffic"][0]["error"], traffic["next"]) == ("not_in_channel", 1)
    assert (await look(slack, "traffic", since=1))["traffic"] == []


async def test_changes_are_streamed(slack: SlackSandbox) -> None:
    """Whoever listens hears each change as a line of JSON, until the sandbox closes."""
    headers = {"Authorization": f"Bearer {slack.control_token}"}
    async with (
        plain_client() as client,
        client.stream("GET", f"{slack.url}/control/changes", headers=headers) as story,
    ):
        await slack.say("hello", user="ben")
        lines = story.aiter_lines()
        told = json.loads(await anext(lines))
    assert (told["kind"], told["channel"], told["message"]["text"], told["message"]["name"]) == (
        "posted",
        "C0SUPPORT",
        "hello",
        "ben",
    )


async def test_everything_can_begin_again(slack: SlackSandbox) -> None:
    """Reset brings back the seed: the same ids, no messages, no traffic, no faults."""
    ids = set(slack.workspace.channels)
    slack.add_channel("extra")
    await act(slack, "say", text="hello", channel="support")
    await act(slack, "faults", kind="error")
    assert (await act(slack, "reset"))["ok"]
    assert set(slack.workspace.channels) == ids
    assert (slack.messages("support"), slack.traffic, slack.faults.armed) == ([], [], [])


@pytest.mark.parametrize("value", [None, 5, 1.5, True, ["x"], {"a": 1}], ids=repr)
@pytest.mark.parametrize("verb", TEXTS)
async def test_what_must_be_text(
    slack: SlackSandbox, caplog: pytest.LogCaptureFixture, verb: str, value: object
) -> None:
    """A field of the wrong type is named, whatever the verb; nothing happens, and nothing breaks."""
    ts = await slack.say("hello")
    said = {"channel": "support", "ts": ts, "text": "x"}
    for field in TEXTS[verb].split():
        name = field.removesuffix("?")
        answer = await act(slack, verb, **{**said, name: value})
        if value is not None or name == field:
            assert (answer["ok"], answer["error"]) == (False, f"{name} must be text")
    assert len((await look(slack, "channel", channel="support"))["messages"]) == 1
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        pytest.param("submit", b'{"view_id": "V", "values": [1]}', "values must be an object", id="a list"),
        pytest.param("submit", b'{"view_id": "V", "values": {"a": 1}}', "object of objects", id="flat"),
        pytest.param("event", b'{"type": "event_callback", "event": 5}', "event must be", id="no event"),
        pytest.param("say", b'{"text": NaN}', "not JSON compliant", id="no number"),
        pytest.param("event", b'{"type": "x", "at": 1e999}', "not JSON compliant", id="an endless number"),
        pytest.param("say", b'{"text": "\xff"}', "can't decode", id="no UTF-8"),
        pytest.param("redeliver", b"{}", "no event was sent yet", id="nothing sent"),
        pytest.param("redeliver", b'{"event_id": "Ev1"}', "no event Ev1 was sent", id="never sent"),
    ],
)
async def test_bodies_that_are_wrong(
    slack: SlackSandbox, caplog: pytest.LogCaptureFixture, name: str, body: bytes, error: str
) -> None:
    """What cannot be meant is refused in words, and without a traceback; compressed as well."""
    answer = await ask(slack, "POST", name, content=body)
    assert (answer["ok"], error in answer["rule"]) == (False, True)
    packed = await ask(slack, "POST", name, content=body, coding="gzip")
    assert "the body cannot be read" in packed["rule"]
    assert caplog.records == []


async def test_who_listens_may_go(slack: SlackSandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Who listened to the changes and went away leaves no traceback."""
    headers = {"Authorization": f"Bearer {slack.control_token}"}
    async with (
        plain_client() as client,
        client.stream("GET", f"{slack.url}/control/changes", headers=headers),
    ):
        await slack.say("hello")
    for text in "abc":
        await act(slack, "say", text=text)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        pytest.param("say", {"text": "x", "channel": "nowhere"}, "no channel nowhere", id="unknown channel"),
        pytest.param("say", {"text": "x", "user": "nobody"}, "nobody here is called", id="unknown person"),
        pytest.param(
            "say", {"text": "x", "channel": "leads", "user": "guest"}, "not in leads", id="not a member"
        ),
        pytest.param("say", {"words": "x"}, "words", id="unknown argument"),
        pytest.param("faults", {"kind": "x"}, "no fault is called", id="unknown fault"),
        pytest.param(
            "delete", {"channel": "support", "ts": "1.1"}, "message_not_found", id="no such message"
        ),
        pytest.param("invite", {"channel": "support"}, "already_in_channel", id="already in"),
    ],
)
async def test_mistakes_are_named(slack: SlackSandbox, name: str, body: dict[str, Any], error: str) -> None:
    """A mistake of the caller's is answered with what is wrong."""
    answer = await act(slack, name, **body)
    assert not answer["ok"]
    assert error in answer["error"]
