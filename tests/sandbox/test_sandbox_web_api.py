"""The door of the Web API: tokens, scopes, arguments in four ways, limits, unknown methods."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from slack_calls import call, post, wide_manifest, without_scope
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.bodies import MOST_BODY_BYTES
from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox(manifest=wide_manifest()) as running:
        yield running


async def test_a_client_learns_who_it_is(slack: SlackSandbox) -> None:
    """auth.test gives the ids that events and messages carry, and the granted scopes as a header."""
    answer = await AsyncWebClient(slack.bot_token, base_url=slack.api_url).auth_test()
    assert (answer["team_id"], answer["user_id"]) == (slack.team_id, slack.bot_user_id)
    assert answer["bot_id"] == slack.workspace.app.bot.bot_id
    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")


@pytest.mark.parametrize(
    ("method", "more", "error"),
    [
        pytest.param("auth.test", {"headers": {}}, "not_authed", id="no token"),
        pytest.param(
            "auth.test", {"headers": {"Authorization": "Bearer xoxb-1"}}, "invalid_auth", id="wrong token"
        ),
        pytest.param(
            "auth.test", {"headers": {}, "data": {"token": "xoxb-1"}}, "invalid_auth", id="wrong in form"
        ),
        pytest.param("auth.test", {"headers": {}, "json": {"token": "x"}}, "not_authed", id="token in JSON"),
        pytest.param(
            "auth.test",
            {"headers": {}, "params": {"token": "xoxb-1"}},
            "not_authed",
            id="token in the address",
        ),
        pytest.param("users.list", {}, "unknown_method", id="a method the sandbox lacks"),
        pytest.param("users.info", {"json": {}}, "user_not_found", id="argument missing"),
        pytest.param("users.info", {"json": {"user": "U0X"}}, "user_not_found", id="nobody"),
        pytest.param(
            "auth.test", {"content": b"{", "json": None}, "invalid_post_type", id="body of no known type"
        ),
    ],
)
async def test_wrong_calls_are_refused(
    slack: SlackSandbox, method: str, more: dict[str, Any], error: str
) -> None:
    """A wrong token or method is refused as Slack refuses it, and the log says why."""
    answer = await post(slack, method, **more)
    assert (answer.status_code, answer.json()["error"]) == (200, error)
    assert slack.traffic[-1].rule


@pytest.mark.parametrize(
    ("body", "error"), [(b"{", "invalid_json"), (b"[]", "json_not_object")], ids=["broken", "a list"]
)
async def test_wrong_json_is_refused(slack: SlackSandbox, body: bytes, error: str) -> None:
    """A JSON body must be an object."""
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": "application/json"}
    assert (await post(slack, "auth.test", content=body, headers=headers)).json()["error"] == error


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        pytest.param("application/json", b'{"user":"\xff"}', "invalid_json", id="no UTF-8"),
        pytest.param("application/json", b'{"user":NaN}', "invalid_json", id="no number"),
        pytest.param("application/json", b'{"user":1e999}', "invalid_json", id="an endless number"),
        pytest.param("application/json", b"[" * 100_000, "invalid_json", id="too deep"),
        pytest.param("application/json; charset=none", b"{}", "invalid_json", id="no known letters"),
        pytest.param("multipart/form-data; boundary=b", b"x", "invalid_form_data", id="no form"),
        pytest.param(
            "multipart/form-data; boundary=b", b"--b\r\nx\r\n\r\n--b--", "invalid_form_data", id="no header"
        ),
    ],
)
async def test_bodies_that_cannot_be_read_are_refused(
    slack: SlackSandbox, caplog: pytest.LogCaptureFixture, content_type: str, body: bytes, error: str
) -> None:
    """What cannot be read is refused in Slack's words; the terminal shows nothing of it."""
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": content_type}
    assert (await post(slack, "users.info", content=body, headers=headers)).json()["error"] == error
    packed = headers | {"Content-Encoding": "gzip"}
    assert not (await post(slack, "users.info", content=body, headers=packed)).json()["ok"]
    assert [one.arguments for one in slack.traffic] == [{}, {}]
    assert caplog.records == []


async def test_bodies_are_bounded(slack: SlackSandbox) -> None:
    """A body over a few megabytes is refused, and nothing of it is kept."""
    ways: list[dict[str, Any]] = [
        {"json": {"text": "x" * MOST_BODY_BYTES}},
        {"data": {"text": "x" * MOST_BODY_BYTES}},
        {"data": {"a": "b"}, "files": {"note": b"x" * MOST_BODY_BYTES}},
    ]
    for way in ways:
        answer = await post(slack, "chat.postMessage", **way)
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert [one.arguments for one in slack.traffic] == [{}] * 3


@pytest.mark.parametrize("method", ["chat.postMessage", "pins.add"])
async def test_who_has_no_token_leaves_nothing(
    slack: SlackSandbox, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    """A call that fails on its token spends no fault, and neither its arguments nor its name come far."""
    slack.faults.add(Fault("error", method="*"))
    for headers in ({}, {"Authorization": "Bearer xoxb-1"}):
        answer = await post(slack, method, headers=headers, json={"channel": "C0SUPPORT", "text": "x" * 1000})
        assert answer.json()["error"] in {"not_authed", "invalid_auth"}
    assert ([one.arguments for one in slack.traffic], len(slack.faults.armed)) == ([{}, {}], 1)
    assert caplog.records == []


async def test_names_are_shown_safely(slack: SlackSandbox, caplog: pytest.LogCaptureFixture) -> None:
    """The name of an unknown method cannot steer a terminal or fill it."""
    await post(slack, "a%1b%5b2J%0ab" + "c" * 200, json={})
    shown = slack.traffic[-1].method
    assert (shown[:14], len(shown)) == ("a\\x1b[2J\\nbccc", 80)
    assert shown in caplog.text
    assert "\x1b" not in caplog.text


async def test_each_kind_of_token_has_its_methods(slack: SlackSandbox) -> None:
    """The bot's token opens no websocket, the app's posts nothing."""
    wrong = {"Authorization": f"Bearer {slack.bot_token}"}
    answer = await post(slack, "apps.connections.open", headers=wrong)
    assert answer.json()["error"] == "not_allowed_token_type"
    wrong = {"Authorization": f"Bearer {slack.app_token}"}
    answer = await post(slack, "auth.test", headers=wrong)
    assert answer.json()["error"] == "not_allowed_token_type"


async def test_unknown_methods_are_loud(slack: SlackSandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A method that the sandbox doesn't know leaves a warning with its name."""
    with caplog.at_level(logging.WARNING):
        await call(slack, "pins.add", channel="C0SUPPORT")
    assert "pins.add" in caplog.text


async def test_arguments_come_in_four_ways(slack: SlackSandbox) -> None:
    """A query, a form, a form in parts and JSON say the same."""
    ways: list[dict[str, Any]] = [
        {"params": {"user": "U0ANA"}},
        {"data": {"user": "U0ANA"}},
        {"data": {"user": "U0ANA"}, "files": {"note": b"x"}},
        {"json": {"user": "U0ANA"}},
    ]
    names = [(await post(slack, "users.info", **way)).json()["user"]["name"] for way in ways]
    assert names == ["ana"] * 4
    assert slack.calls("users.info")[0].arguments == {"user": "U0ANA"}


async def test_the_log_keeps_no_token(slack: SlackSandbox) -> None:
    """A token sent in a form is taken, and left out of the traffic log."""
    answer = await post(slack, "auth.test", headers={}, data={"token": slack.bot_token})
    assert answer.json()["ok"]
    assert slack.bot_token not in repr(slack.traffic)


async def test_people_are_described(slack: SlackSandbox) -> None:
    """Guests, bots and people differ in users.info; the locale comes when it is asked for."""
    ana = (await call(slack, "users.info", user="U0ANA", include_locale=True))["user"]
    guest = (await call(slack, "users.info", user=slack.workspace.user("guest").id))["user"]
    bot = (await call(slack, "users.info", user=slack.bot_user_id))["user"]
    assert (ana["real_name"], ana["locale"], ana["is_bot"], ana["is_restricted"]) == (
        "Ana",
        "en-US",
        False,
        False,
    )
    assert guest["is_restricted"]
    assert "locale" not in guest
    assert (bot["is_bot"], bot["profile"]["bot_id"]) == (True, slack.workspace.app.bot.bot_id)


@pytest.mark.parametrize(
    ("scope", "method", "arguments"),
    [
        pytest.param("users:read", "users.info", {"user": "U0ANA"}, id="users"),
        pytest.param("files:read", "files.info", {"file": "F0"}, id="files"),
        pytest.param(
            "channels:history", "conversations.history", {"channel": "C0SUPPORT"}, id="public history"
        ),
        pytest.param(
            "groups:history", "conversations.replies", {"channel": "C0LEADS", "ts": "1.1"}, id="private"
        ),
        pytest.param("channels:read", "conversations.info", {"channel": "C0SUPPORT"}, id="public channel"),
        pytest.param("groups:read", "conversations.members", {"channel": "C0LEADS"}, id="private channel"),
        pytest.param("im:read", "conversations.info", {"channel": "D0ANA"}, id="a DM"),
        pytest.param("mpim:read", "conversations.info", {"channel": "C0GROUP"}, id="a group DM"),
        pytest.param(
            "reactions:write", "reactions.add", {"channel": "C0SUPPORT", "name": "eyes"}, id="reactions"
        ),
        pytest.param(
            "files:write", "files.getUploadURLExternal", {"filename": "a", "length": 1}, id="uploads"
        ),
        pytest.param("im:write", "conversations.open", {"users": "U0ANA"}, id="opening DMs"),
        pytest.param("mpim:write", "conversations.open", {"users": "U0ANA,U0BEN"}, id="opening group DMs"),
    ],
)
async def test_scopes_of_the_manifest_are_enforced(
    scope: str, method: str, arguments: dict[str, Any]
) -> None:
    """A method whose scope the manifest lacks is refused with the scope's name."""
    async with SlackSandbox(manifest=without_scope(scope)) as slack:
        answer = await call(slack, method, **arguments)
        assert (answer["error"], answer["needed"]) == ("missing_scope", scope)


async def test_reactions_follow_slack(slack: SlackSandbox) -> None:
    """A reaction stands once, can be taken back once, and needs a name without colons."""
    ts = await slack.say("hello")
    item = {"channel": "C0SUPPORT", "timestamp": ts, "name": "eyes"}
    codes = [
        (await call(slack, method, **item | more)).get("error", "ok")
        for method, more in (
            ("reactions.add", {}),
            ("reactions.add", {}),
            ("reactions.remove", {}),
            ("reactions.remove", {}),
            ("reactions.add", {"name": ":eyes:"}),
            ("reactions.add", {"timestamp": "1.000001"}),
        )
    ]
    assert codes == ["ok", "already_reacted", "ok", "no_reaction", "invalid_name", "message_not_found"]
    await slack.react("support", ts, "tada", "ben")
    history = await call(slack, "conversations.history", channel="C0SUPPORT")
    assert history["messages"][0]["reactions"] == [{"name": "tada", "users": ["U0BEN"], "count": 1}]


async def test_a_status_line_lasts_until_the_answer(slack: SlackSandbox) -> None:
    """The status stands in the thread until the bot posts there; an empty one takes it away."""
    ts = await slack.say("hello")
    where = {"channel_id": "C0SUPPORT", "thread_ts": ts}
    await call(
        slack, "assistant.threads.setStatus", **where, status="is translating…", loading_messages=["a"]
    )
    assert slack.status("support", ts) == "is translating…"
    await call(slack, "chat.postMessage", channel="C0SUPPORT", thread_ts=ts, text="Hello")
    assert slack.status("support", ts) == ""
    await call(slack, "assistant.threads.setStatus", **where, status="again")
    await call(slack, "assistant.threads.setStatus", **where, status="")
    assert slack.status("support", ts) == ""
    for wrong in ({}, {"status": "x", "loading_messages": ["x"] * 11}):
        assert (await call(slack, "assistant.threads.setStatus", **where, **wrong))[
            "error"
        ] == "invalid_arguments"


async def test_rate_limits_apply_when_they_are_switched_on() -> None:
    """A channel takes a short burst, then one message per second; a method its calls per minute."""
    now = [1795000000.0]
    async with SlackSandbox(manifest=wide_manifest(), clock=lambda: now[0]) as slack:
        slack.rate_limits = True
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        for _ in range(5):
            await client.chat_postMessage(channel="C0SUPPORT", text="x")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel="C0SUPPORT", text="x")
        assert (refused.value.response.status_code, refused.value.response["error"]) == (429, "ratelimited")
        assert refused.value.response.headers["Retry-After"] == "1"
        assert (await client.chat_postMessage(channel="C0SALES", text="x"))["ok"]
        now[0] += 1.0
        assert (await client.chat_postMessage(channel="C0SUPPORT", text="x"))["ok"]
        for _ in range(50):
            await call(slack, "conversations.info", channel="C0SUPPORT")
        assert (await post(slack, "conversations.info", json={"channel": "C0SUPPORT"})).status_code == 429
        now[0] += 60.0
        assert (await call(slack, "conversations.info", channel="C0SUPPORT"))["ok"]
