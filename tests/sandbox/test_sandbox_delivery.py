"""How events travel: websockets, signed HTTP, acks, and what comes again."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from slack_calls import Listener, call, listening

from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox that is quick to deliver again."""
    async with SlackSandbox() as running:
        running.retry_delays = (0.0, 0.01, 0.01)
        yield running


class App:
    """An app's HTTP side: keeps what came, answers as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answer: Callable[[], web.Response] = web.Response
        self.challenge_wrong = False

    async def handle(self, request: web.Request) -> web.Response:
        """Answer the challenge, or as told."""
        body = await request.read()
        if request.content_type == "application/json" and json.loads(body).get("type") == "url_verification":
            wrong = {"challenge": "no"}
            return web.json_response(
                wrong if self.challenge_wrong else {"challenge": json.loads(body)["challenge"]}
            )
        self.requests.append((dict(request.headers), body))
        return self.answer()


@asynccontextmanager
async def http_app() -> AsyncIterator[tuple[App, str]]:
    """Serve an app on a port that the system chooses."""
    app, application = App(), web.Application()
    application.router.add_post("/slack/events", app.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield app, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


async def first_to_hear(*apps: Listener) -> tuple[Listener, Listener]:
    """Give the one of two that got an envelope, and the other."""
    waits = {asyncio.create_task(app.heard(1)): app for app in apps}
    done, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return waits[done.pop()], waits[waiting.pop()]


# --- Socket Mode --------------------------------------------------------------------------------


async def test_hello_counts_the_connections(slack: SlackSandbox) -> None:
    """Each websocket hears hello first, with the number of connections."""
    async with listening(slack) as first, listening(slack) as second:
        await slack.wait_for(lambda s: s.connections == 2)
        await slack.say("one")
        await slack.say("two")
        await first.heard(1)
        await second.heard(1)
        assert [app.frames[0]["type"] for app in (first, second)] == ["hello", "hello"]
        assert [app.frames[0]["num_connections"] for app in (first, second)] == [1, 2]
        assert (len(first.envelopes), len(second.envelopes)) == (1, 1)
    await slack.wait_for(lambda s: s.connections == 0)


async def test_an_address_lets_in_once(slack: SlackSandbox) -> None:
    """The second use of a websocket's address is refused."""
    url = (await call(slack, "apps.connections.open"))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
    assert "works once" in next(one.rule for one in slack.traffic if one.kind == "socket" and not one.ok)


async def test_the_eleventh_connection_is_too_many(slack: SlackSandbox) -> None:
    """Ten websockets may be open; the next hears too_many_websockets and is closed."""
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(listening(slack))
        await slack.wait_for(lambda s: s.connections == 10)
        url = (await call(slack, "apps.connections.open"))["url"]
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as extra:
            assert (await extra.receive_json())["reason"] == "too_many_websockets"
            assert (await extra.receive()).type == aiohttp.WSMsgType.CLOSE


async def test_without_ack_an_event_comes_again(slack: SlackSandbox) -> None:
    """Unacked, the same event comes three times more, each in a new envelope that says so."""
    slack.ack_seconds = 0.05
    async with listening(slack, acks=False) as app:
        await slack.say("hello")
        await app.heard(4)
        await slack.wait_for(lambda s: len(s.calls("event")) == 4)
    assert len({frame["payload"]["event_id"] for frame in app.envelopes}) == 1
    assert len({frame["envelope_id"] for frame in app.envelopes}) == 4
    assert [frame["retry_attempt"] for frame in app.envelopes] == [0, 1, 2, 3]
    assert [frame["retry_reason"] for frame in app.envelopes] == ["", "timeout", "timeout", "timeout"]


async def test_an_ack_counts_on_its_own_connection(slack: SlackSandbox) -> None:
    """Acks for nothing, without an id, or over another connection change nothing; the log names them."""
    slack.ack_seconds = 0.5
    slack.retry_delays = ()
    async with listening(slack, acks=False) as first, listening(slack, acks=False) as second:
        await slack.wait_for(lambda s: s.connections == 2)
        await slack.say("hello")
        got, other = await first_to_hear(first, second)
        await other.socket.send_json({"envelope_id": got.envelopes[0]["envelope_id"]})
        await other.socket.send_json({"envelope_id": "nothing"})
        await other.socket.send_str("hello?")
        await slack.wait_for(lambda s: s.calls("event") and len(s.calls("ack")) == 3)
        rules = [one.rule for one in slack.calls("ack")]
    assert not slack.calls("event")[0].ok
    assert rules == [
        "came over another connection",
        "came too late, or is for no envelope",
        "a frame without envelope_id",
    ]


async def test_events_wait_for_a_connection_by_the_retry_plan(slack: SlackSandbox) -> None:
    """With no websocket open an event fails and comes by the plan; what nobody takes is given up."""
    slack.retry_delays = (0.0,)
    await slack.say("lost")
    await slack.wait_for(lambda s: len(s.calls("event")) == 2)
    assert {one.rule for one in slack.calls("event")} == {"no websocket is open"}
    arrived = asyncio.Event()

    async def until_arrived(_: float) -> None:
        await arrived.wait()

    slack._delivery._sleep = until_arrived  # noqa: SLF001 -- time is an argument of the part, not of the whole
    await slack.say("late")
    await slack.wait_for(lambda s: len(s.calls("event")) == 3)
    async with listening(slack) as app:
        arrived.set()
        (frame,) = await app.heard(1)
    assert (frame["payload"]["event"]["text"], frame["retry_attempt"]) == ("late", 1)


async def test_a_lost_connection_brings_the_event_again(slack: SlackSandbox) -> None:
    """When the websocket goes before the ack, the event comes again over the next one."""
    async with listening(slack, acks=False) as first:
        await slack.say("hello")
        await first.heard(1)
        async with listening(slack) as second:
            await slack.wait_for(lambda s: s.connections == 2)
            await first.socket.close()
            (frame,) = await second.heard(1)
    assert (frame["retry_attempt"], frame["payload"]["event"]["text"]) == (1, "hello")


async def test_an_event_can_be_delivered_once_more(slack: SlackSandbox) -> None:
    """Redelivery sends the same event_id with the retry fields: the last event, or the one named."""
    async with listening(slack) as app:
        await slack.say("one")
        await app.heard(1)
        await slack.say("two")
        await app.heard(2)
        assert slack.redeliver() == app.envelopes[1]["payload"]["event_id"]
        await app.heard(3)
        slack.redeliver(app.envelopes[0]["payload"]["event_id"])
        await app.heard(4)
    again = app.envelopes[2:]
    assert [frame["payload"]["event"]["text"] for frame in again] == ["two", "one"]
    assert [frame["retry_attempt"] for frame in again] == [1, 1]


async def test_a_lost_ack_brings_the_event_again(slack: SlackSandbox) -> None:
    """The fault missed_ack discards one ack, so that the event comes twice."""
    slack.faults.add(Fault("missed_ack"))
    async with listening(slack) as app:
        await slack.say("hello")
        first, second = await app.heard(2)
        await slack.wait_for(lambda s: len(s.calls("event")) == 2)
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert [one.ok for one in slack.calls("event")] == [False, True]


async def test_slack_asks_to_reconnect(slack: SlackSandbox) -> None:
    """The fault socket_refresh sends disconnect, at once or together with the next event."""
    async with listening(slack) as app:
        slack.faults.add(Fault("socket_refresh"))
        await app.until(lambda: len(app.frames) == 2)
        slack.faults.add(Fault("socket_refresh", method="event"))
        await slack.say("hello")
        await app.until(lambda: len(app.frames) == 4)
    asked = [frame["reason"] for frame in app.frames if frame["type"] == "disconnect"]
    assert asked == ["refresh_requested"] * 2


async def test_websockets_can_drop(slack: SlackSandbox) -> None:
    """The fault socket_drop cuts the websocket, at once or right after the next event went out."""
    async with listening(slack) as app:
        slack.faults.add(Fault("socket_drop"))
        await slack.wait_for(lambda s: s.connections == 0)
        await app.until(lambda: app.is_over)
    slack.faults.add(Fault("socket_drop", method="event"))
    async with listening(slack, acks=False) as app:
        slack.retry_delays = ()
        await slack.say("hello")
        await slack.wait_for(lambda s: s.connections == 0)
        await slack.wait_for(lambda s: s.calls("event"))
        assert slack.calls("event")[-1].rule == "the websocket closed"
        await app.heard(1)


# --- HTTP ---------------------------------------------------------------------------------------


async def test_posts_are_signed(slack: SlackSandbox) -> None:
    """Over HTTP an event is a POST whose signature is that of its time and body."""
    async with http_app() as (app, url):
        assert await slack.deliver_over_http(url)
        await slack.say("olá")
        await slack.wait_for(lambda s: s.calls("message"))
    headers, body = app.requests[0]
    base = b"v0:" + headers["X-Slack-Request-Timestamp"].encode() + b":" + body
    digest = hmac.new(slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    assert headers["X-Slack-Signature"] == f"v0={digest}"
    assert json.loads(body)["event"]["text"] == "olá"
    assert "X-Slack-Retry-Num" not in headers


async def test_a_failed_post_comes_again(slack: SlackSandbox) -> None:
    """Any answer but 2xx brings the same event again, with its number and the reason."""
    async with http_app() as (app, url):
        await slack.deliver_over_http(url)
        app.answer = lambda: web.Response(status=404)
        await slack.say("hello")
        await slack.wait_for(lambda s: len(s.calls("message")) == 4)
    numbers = [headers.get("X-Slack-Retry-Num") for headers, _ in app.requests]
    assert numbers == [None, "1", "2", "3"]
    assert {headers.get("X-Slack-Retry-Reason") for headers, _ in app.requests[1:]} == {"http_error"}
    assert len({body for _, body in app.requests}) == 1


async def test_an_app_can_decline_more_tries(slack: SlackSandbox) -> None:
    """x-slack-no-retry ends the matter."""
    async with http_app() as (app, url):
        await slack.deliver_over_http(url)
        app.answer = lambda: web.Response(status=500, headers={"x-slack-no-retry": "1"})
        await slack.say("one")
        await slack.say("two")
        await slack.wait_for(lambda s: len(s.calls("message")) == 2)
        app.answer = web.Response
        await slack.say("three")
        await slack.wait_for(lambda s: len(s.calls("message")) == 3)
    assert len(app.requests) == 3


async def test_too_many_redirects_and_no_answer_fail(slack: SlackSandbox) -> None:
    """Each way in which a POST fails has Slack's word for it."""
    slack.retry_delays = ()
    async with http_app() as (app, url):
        await slack.deliver_over_http(url)
        app.answer = lambda: web.Response(status=307, headers={"Location": url})
        await slack.say("one")
        await slack.wait_for(lambda s: s.calls("message"))
    await slack.say("two")
    await slack.wait_for(lambda s: len(s.calls("message")) == 2)
    assert [one.error for one in slack.calls("message")] == ["too_many_redirects", "connection_failed"]


async def test_a_slow_app_is_late(slack: SlackSandbox) -> None:
    """An answer after the time for acks is none: http_timeout."""
    slack.retry_delays = ()
    slack.ack_seconds = 0.1
    release = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        await release.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert not await slack.deliver_over_http(f"http://127.0.0.1:{port}/")
    assert slack.calls("url_verification")[0].error == "http_timeout"
    release.set()
    server.close()


async def test_nothing_is_delivered_before_the_challenge_came_back(slack: SlackSandbox) -> None:
    """An address that answers url_verification wrongly gets no events; once it is right they come."""
    async with http_app() as (app, url):
        app.challenge_wrong = True
        assert not await slack.deliver_over_http(url)
        slack.retry_delays = (0.0, 0.0)
        await slack.say("hello")
        await slack.wait_for(lambda s: s.calls("message"))
        assert "challenge" in slack.calls("message")[0].rule
        app.challenge_wrong = False
        await slack.say("again")
        await slack.wait_for(lambda s: any(one.ok for one in s.calls("message")))
    assert json.loads(app.requests[0][1])["event"]["type"] == "message"


async def test_commands_over_http_are_forms(slack: SlackSandbox) -> None:
    """A command is a signed form; the answer's body, JSON or text, is shown to the person."""
    async with http_app() as (app, url):
        await slack.deliver_over_http(url)
        app.answer = lambda: web.json_response({"text": "Done."})
        result = await slack.command("/translate", "prompt Acme")
        app.answer = lambda: web.Response(text="Plain.")
        plain: Any = await slack.command("/translate", "help")
        app.answer = lambda: web.Response(status=404)
        failed = await slack.command("/translate", "help")
    assert b"command=%2Ftranslate&text=prompt+Acme" in app.requests[0][1]
    assert (result.acked, result.ephemeral[0]["text"]) == (True, "Done.")
    assert plain.ephemeral[0]["text"] == "Plain."
    assert (failed.acked, failed.error) == (False, "app_error")
