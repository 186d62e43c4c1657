"""Slash commands: what the app gets, what the person sees, and the rules of response_url."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from slack_calls import listening, plain_client, without_scope

from bot.sandbox.refusals import SandboxMisuseError
from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.records import Change


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox() as running:
        yield running


async def answer(url: str, /, **body: Any) -> httpx.Response:  # noqa: ANN401 -- JSON
    """Post to a response_url."""
    async with plain_client() as client:
        return await client.post(url, json=body)


@asynccontextmanager
async def commanded(slack: SlackSandbox, reply: Any = None) -> AsyncIterator[tuple[Any, dict[str, Any]]]:  # noqa: ANN401 -- JSON
    """Type a command and give its result and what the app got."""
    async with listening(slack, reply=reply) as app:
        result = await slack.command("/translate", "prompt Acme & @ben", channel="support", user="ana")
        yield result, app.envelopes[0]


async def test_the_app_gets_slacks_fields(slack: SlackSandbox) -> None:
    """A command's envelope takes an answer; it has ids, escaped text, a trigger and a response_url."""
    async with commanded(slack) as (result, frame):
        fields = frame["payload"]
        assert (frame["type"], frame["accepts_response_payload"]) == ("slash_commands", True)
        assert (result.acked, result.ephemeral) == (True, [])
    assert fields["text"] == "prompt Acme &amp; <@U0BEN|ben>"
    assert (fields["channel_id"], fields["channel_name"], fields["user_id"]) == (
        "C0SUPPORT",
        "support",
        "U0ANA",
    )
    assert (fields["trigger_id"], fields["response_url"]) == (result.trigger_id, result.response_url)
    assert "thread_ts" not in fields


@pytest.mark.parametrize(
    ("channel", "name"), [("@ana", "directmessage"), ("leads", "privategroup"), ("random", "random")]
)
async def test_commands_work_everywhere(slack: SlackSandbox, channel: str, name: str) -> None:
    """Commands come from any conversation, also where the bot is not in."""
    async with listening(slack) as app:
        assert (await slack.command("/translate", "help", channel=channel)).acked
        assert app.envelopes[0]["payload"]["channel_name"] == name


async def test_an_ack_can_carry_the_answer(slack: SlackSandbox) -> None:
    """What comes with the ack is shown to the person alone."""
    async with commanded(slack, reply={"text": "Done.", "response_type": "ephemeral"}) as (result, _):
        (seen,) = result.ephemeral
    assert (seen["text"], seen["is_ephemeral"], seen["user"]) == ("Done.", True, slack.bot_user_id)
    assert slack.messages("support") == []


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param({"text": "Done.", "response_type": "ephemeral"}, id="for the person"),
        pytest.param({"text": "Done.", "response_type": "in_channel"}, id="for all"),
    ],
)
async def test_an_ack_after_a_reset(slack: SlackSandbox, reply: dict[str, str]) -> None:
    """What comes with the ack of a command typed before a reset is shown to nobody after it."""
    slack.ack_seconds = 30
    async with listening(slack, acks=False) as app:
        typing = asyncio.create_task(slack.command("/translate", "help"))
        [envelope] = await app.heard(1)
        slack.reset()
        told: list[Change] = []
        slack.workspace.listeners.append(told.append)
        await app.socket.send_json({"envelope_id": envelope["envelope_id"], "payload": reply})
        result = await typing
    assert (result.acked, result.ephemeral, told) == (True, [], [])
    assert slack.messages("support") == []


async def test_a_bad_answer_is_not_shown(slack: SlackSandbox) -> None:
    """Blocks that Slack would refuse are not shown, and the log says why."""
    async with commanded(slack, reply={"blocks": [{"type": "video"}]}) as (result, _):
        assert (result.acked, result.ephemeral, result.error) == (True, [], "invalid_blocks")
    assert "unsupported type: video" in slack.traffic[-2].rule + slack.traffic[-1].rule


async def test_an_app_that_does_not_ack_times_out(slack: SlackSandbox) -> None:
    """Without an ack in time, without a connection, or with a lost ack, the person sees operation_timeout."""
    slack.ack_seconds = 0.05
    silent = await slack.command("/translate", "help")
    async with listening(slack, acks=False):
        late = await slack.command("/translate", "help")
    async with listening(slack):
        slack.faults.add(Fault("missed_ack", method="command"))
        lost = await slack.command("/translate", "help")
    assert [(one.acked, one.error) for one in (silent, late, lost)] == [(False, "operation_timeout")] * 3
    with pytest.raises(TimeoutError, match="0 of 1 answers"):
        await silent.answers(timeout_seconds=0.05)


async def test_later_answers_arrive(slack: SlackSandbox) -> None:
    """Up to five answers to the response_url are seen, in the channel or by the person alone."""
    async with commanded(slack) as (result, _):
        assert (await answer(result.response_url, text="one")).text == "ok"
        await answer(result.response_url, text="two", replace_original=True)
        assert [seen["text"] for seen in await result.answers()] == ["two"]
        await answer(result.response_url, delete_original=True)
        assert result.ephemeral == []
        await answer(result.response_url, text="all", response_type="in_channel")
        await answer(result.response_url, blocks=[{"type": "divider"}])
        used = await answer(result.response_url, text="six")
    assert (used.status_code, used.json()["error"]) == (404, "used_url")
    assert [message.text for message in slack.messages("support")] == ["all"]


async def test_a_response_url_ends_after_half_an_hour() -> None:
    """After thirty minutes the address is expired; one that was never given out is invalid."""
    now = [1795000000.0]
    async with SlackSandbox(clock=lambda: now[0]) as slack, commanded(slack) as (result, _):
        now[0] += 1801.0
        late = await answer(result.response_url, text="x")
        never = await answer(f"{slack.url}/commands/T0/1/x", text="x")
    assert (late.status_code, late.json()["error"]) == (404, "expired_url")
    assert (never.status_code, never.json()["error"]) == (404, "invalid_url")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({}, "no_text", id="nothing"),
        pytest.param({"text": " "}, "no_text", id="spaces"),
        pytest.param({"text": 1}, "no_text", id="a number"),
        pytest.param({"text": "x" * 40_001}, "msg_too_long", id="too long"),
        pytest.param({"text": "x", "colour": "red"}, "invalid_payload", id="unknown key"),
        pytest.param({"blocks": [{"type": "video"}]}, "invalid_blocks", id="bad blocks"),
    ],
)
async def test_wrong_answers_are_refused(slack: SlackSandbox, body: dict[str, Any], error: str) -> None:
    """An answer that breaks a rule is refused, and shown to nobody."""
    async with commanded(slack) as (result, _):
        refused = await answer(result.response_url, **body)
        assert (refused.json()["ok"], refused.json()["error"]) == (False, error)
        assert result.ephemeral == []
        async with plain_client() as client:
            for broken in (b"{", b"[]"):
                assert (await client.post(result.response_url, content=broken)).status_code == 400


@pytest.mark.parametrize(("kind", "seen"), [("lost_after", 1), ("lost_before", 0), ("http_error", 0)])
async def test_answers_can_fail(slack: SlackSandbox, kind: Any, seen: int) -> None:  # noqa: ANN401 -- a kind of fault
    """An answer can be lost before or after it was shown."""
    slack.faults.add(Fault(kind, method="response_url"))
    async with commanded(slack) as (result, _):
        try:
            assert (await answer(result.response_url, text="x")).status_code == 500
        except httpx.TransportError:
            assert kind != "http_error"
        assert len(result.ephemeral) == seen


async def test_unknown_commands_are_the_persons_mistake() -> None:
    """A command that the manifest lacks cannot be typed, nor any without the scope."""
    async with SlackSandbox() as slack:
        with pytest.raises(SandboxMisuseError, match="not a valid command"):
            await slack.command("/transalte", "help")
        with pytest.raises(SandboxMisuseError, match="guest is not in leads"):
            await slack.command("/translate", "help", channel="leads", user="guest")
    async with SlackSandbox(manifest=without_scope("commands")) as slack:
        with pytest.raises(SandboxMisuseError, match="not a valid command"):
            await slack.command("/translate", "help")
