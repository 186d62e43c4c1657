"""The sandbox as a whole: the real client over Socket Mode and HTTP, waiting, watching, several at once."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_calls import CLIP, call
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def bolt_app(slack: SlackSandbox, heard: list[dict[str, Any]]) -> AsyncApp:
    """Build a real Bolt app that answers every file in its thread, and /translate."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)

    async def on_message(event: dict[str, Any], client: AsyncWebClient) -> None:
        heard.append(event)
        if event.get("files"):
            await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="English")

    async def on_command(ack: Any, respond: Any, command: dict[str, Any]) -> None:  # noqa: ANN401 -- Bolt's
        await ack(f"You said {command['text']}.")
        await respond("And that was all.")

    app.event("message")(on_message)
    app.event("member_joined_channel")(on_message)
    app.command("/translate")(on_command)
    return app


@asynccontextmanager
async def over_socket(slack: SlackSandbox, app: AsyncApp) -> AsyncIterator[None]:
    """Connect over Socket Mode."""
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types
    try:
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types


@asynccontextmanager
async def over_http(slack: SlackSandbox, app: AsyncApp) -> AsyncIterator[None]:
    """Serve Bolt's own web application and let the sandbox deliver there."""
    runner = web.AppRunner(app.web_app("/slack/events", 0))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        assert await slack.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        yield
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("mode", [over_socket, over_http])
async def test_bolt_answers_a_clip(mode: Any) -> None:  # noqa: ANN401 -- one of the two above
    """A real Bolt app hears of a shared clip, its answer stands in the thread, every event is acked."""
    heard: list[dict[str, Any]] = []
    async with SlackSandbox() as slack, mode(slack, bolt_app(slack, heard)):
        ts = await slack.share(CLIP, channel="support", user="ana")
        await slack.wait_for(lambda s: len(s.thread("support", ts)) == 2 and len(s.calls("event")) >= 2)
        reply = slack.thread("support", ts)[1]
        assert (reply.text, reply.user, reply.name) == ("English", slack.bot_user_id, "dragoman")
        assert heard[0]["files"][0]["subtype"] == "slack_audio"
        assert all(one.ok for one in slack.calls("event"))


@pytest.mark.parametrize("mode", [over_socket, over_http])
async def test_bolt_answers_a_command(mode: Any) -> None:  # noqa: ANN401 -- one of the two above
    """The person sees what came with the ack and what came to the response_url."""
    async with SlackSandbox() as slack, mode(slack, bolt_app(slack, [])):
        result = await slack.command("/translate", "prompt Acme")
        answers = await result.answers(2)
        assert result.acked
        # The two come over different connections, so either may be first.
        assert {answer["text"] for answer in answers} == {"You said prompt Acme.", "And that was all."}


async def test_bolt_reconnects_when_asked() -> None:
    """After socket_refresh the client comes back over a new address and hears what is said then."""
    heard: list[dict[str, Any]] = []
    async with SlackSandbox() as slack, over_socket(slack, bolt_app(slack, heard)):
        slack.retry_delays = (0.05,) * 20
        await slack.wait_for(lambda s: s.connections == 1)
        slack.faults.add(Fault("socket_refresh"))
        await slack.wait_for(lambda s: len(s.calls("apps.connections.open")) == 2 and s.connections == 1)
        ts = await slack.share(CLIP)
        await slack.wait_for(lambda s: len(s.thread("support", ts)) == 2)
    assert {event["ts"] for event in heard if event.get("files")} == {ts}


async def test_waiting_in_vain_shows_the_traffic() -> None:
    """wait_for fails with what passed, with rules but without anybody's words."""
    async with SlackSandbox() as slack:
        await call(slack, "chat.postMessage", channel="C0RANDOM", text="a secret")
        with pytest.raises(TimeoutError, match="not_in_channel -- the bot is not in #random") as failure:
            await slack.wait_for(lambda _: False, timeout=0.05)
        assert "a secret" not in str(failure.value)


async def test_changes_are_told_in_order() -> None:
    """Who watches hears each change from then on, and the end."""
    async with SlackSandbox() as slack:
        await slack.say("before")
        changes = slack.changes
        ts = await slack.say("one")
        await slack.edit_message("support", ts, "two")
        await slack.delete_message("support", ts)
    told = [change async for change in changes]
    assert [change.kind for change in told] == ["posted", "edited", "deleted"]
    assert [change.message.text for change in told if change.message] == ["one", "two", "two"]
    assert told[1].previous is not None
    assert told[0].at <= told[2].at


async def test_sandboxes_do_not_meet() -> None:
    """Several run at once, each with its own port, tokens and state; the ids of the seed are the same."""
    async with SlackSandbox() as one, SlackSandbox() as two:
        assert len({one.port, two.port}) == len({one.bot_token, two.bot_token}) == 2
        assert one.workspace.channels.keys() == two.workspace.channels.keys()
        await one.say("hello")
        assert (len(one.messages("support")), two.messages("support")) == (1, [])


async def test_a_taken_port_is_an_error() -> None:
    """A port that somebody has raises before anything runs."""
    async with SlackSandbox() as one:
        with pytest.raises(OSError, match=str(one.port)):
            await SlackSandbox(port=one.port).__aenter__()


async def test_the_knobs_can_be_read() -> None:
    """Slack's own figures hold until somebody sets others."""
    async with SlackSandbox() as slack:
        assert (slack.retry_delays, slack.ack_seconds, slack.rate_limits) == ((0.0, 60.0, 300.0), 3.0, False)
        slack.retry_delays = [0.5]
        assert slack.retry_delays == (0.5,)


async def test_an_archived_channel_takes_nothing() -> None:
    """People cannot post there either."""
    async with SlackSandbox() as slack:
        slack.workspace.channel("support").is_archived = True
        with pytest.raises(RefusedError, match="is_archived"):
            await slack.say("hello")


async def test_people_and_channels_are_added() -> None:
    """New people and channels are found by name and by id; names may repeat, ids never do."""
    async with SlackSandbox() as slack:
        user_id = slack.add_user("Zoé", is_guest=True)
        channel_id = slack.add_channel("Ops", is_private=True, members=["ana", user_id])
        assert slack.add_user("zoé") != user_id
        assert slack.workspace.user("@zoé").id == user_id
        ts = await slack.say("hello", channel=channel_id, user=user_id)
        assert slack.thread("#Ops", ts)[0].user == user_id
        for wrong in ({"user": "nobody"}, {"channel": "nowhere"}, {"channel": "leads", "user": "guest"}):
            with pytest.raises(SandboxMisuseError):
                await slack.say("x", **wrong)
