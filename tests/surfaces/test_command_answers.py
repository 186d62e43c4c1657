from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from command_office import Office, open_office
from structlog.testing import capture_logs

from bot import manifest
from bot.sandbox.faults import Fault
from bot.sandbox.server import SlackSandbox
from bot.surfaces.answering import finish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Give a workspace in which the command works."""
    async with open_office(tmp_path) as office:
        yield office


@pytest.mark.parametrize("text", ["", "help", "HELP", "  help ", "help prompt"])
async def test_help(office: Office, text: str) -> None:
    """Help, also for nothing typed, names every subcommand of this version."""
    body = await office.dispatch(text)
    assert body["response_type"] == "ephemeral"
    for word in (
        "last",
        "LINK",
        "prompt TEXT",
        "prompt clear",
        "term add NAME",
        "term remove NAME",
        "terms",
        "original on",
        "original off",
        "english skip",
        "english translate",
        "output FORMAT",
        "temperature N",
        "temperature clear",
        "on",
        "ask",
        "off",
        "status",
    ):
        assert f"`/translate {word}`" in body["text"]


@pytest.mark.parametrize("word", ["settings", "usage"])
async def test_not_in_this_version(office: Office, word: str) -> None:
    """What a later version brings is said to be missing, and nothing else happens."""
    assert await office.type(f"{word.title()} now") == f"`/translate {word}` is not in this version."
    assert not [one for one in office.slack.calls("api") if one.method != "auth.test"]


@pytest.mark.parametrize("text", ["hola", "Guten Tag, liebe Leute", "pro`mpt", "<!channel> hi", "onn"])
async def test_unknown_word(office: Office, text: str) -> None:
    """An unknown word gets an answer that names help, pings nobody and changes nothing."""
    body = await office.dispatch(text)
    assert "`/translate help`" in body["text"]
    assert "<" not in body["text"]
    assert await office.is_untouched()


async def test_renamed_command(tmp_path: Path) -> None:
    """Where the command has another name, the answers use the name that was typed."""
    slack = SlackSandbox(manifest=manifest.build(command="/dragoman"))
    async with open_office(tmp_path, slack=slack, command=re.compile("/.+")) as office:
        assert "`/dragoman prompt TEXT`" in await office.type("prompt", command="/dragoman")
        assert "/translate" not in await office.type("help", command="/dragoman")


async def test_slow_slack(tmp_path: Path) -> None:
    """While Slack is slow the command is acked without an answer, which follows as soon as it is there."""
    async with open_office(tmp_path, patience_seconds=0) as office:
        office.slack.faults.add(Fault("slow", method="conversations.info", seconds=0.1))
        result = await office.command("off")
        assert result.ephemeral == []
        (answer,) = await result.answers()
        assert answer["text"].startswith("Done: I am set to `off` here.")


async def test_answer_whose_address_fails(tmp_path: Path) -> None:
    """When Slack refuses the late answer's address, it comes as an ephemeral message instead."""
    async with open_office(tmp_path, patience_seconds=0) as office:
        office.slack.faults.add(Fault("http_error", method="response_url", times=None))
        await office.command("off")
        await office.slack.wait_for(lambda slack: slack.calls("chat.postEphemeral"))
        (call,) = office.slack.calls("chat.postEphemeral")
        assert call.ok
        assert call.arguments["user"] == office.user_id("ana")
        assert "I am set to `off`" in call.arguments["text"]


async def test_answer_whose_connection_is_lost(tmp_path: Path) -> None:
    """When the late answer is lost on its way it comes otherwise; nothing is sent twice to its address."""
    async with open_office(tmp_path, patience_seconds=0) as office:
        office.slack.faults.add(Fault("lost_before", method="response_url"))
        await office.command("off")
        await office.slack.wait_for(lambda slack: slack.calls("chat.postEphemeral"))
        assert len(office.slack.calls("response_url")) == 1


async def test_answer_that_cannot_be_given(tmp_path: Path) -> None:
    """An answer that Slack takes in no way is lost with a line in the log that has no text of it."""
    async with open_office(tmp_path, patience_seconds=0) as office:
        office.slack.faults.add(Fault("http_error", method="response_url", times=None))
        office.slack.faults.add(Fault("http_error", method="chat.postEphemeral", times=None))
        with capture_logs() as logs:
            await office.command("prompt Zendesk")
            await office.slack.wait_for(lambda slack: slack.calls("chat.postEphemeral"))
            await finish(office.desk, patience_seconds=5)
        assert [line["event"] for line in logs] == ["answer.unsent", "answer.unsent", "answer.lost"]
        assert "Zendesk" not in str(logs)


async def test_payload_without_an_address(tmp_path: Path) -> None:
    """A payload without response_url is still answered."""
    async with open_office(tmp_path, patience_seconds=0) as office:
        await office.dispatch("off")
        await office.slack.wait_for(lambda slack: slack.calls("chat.postEphemeral"))
        (call,) = office.slack.calls("chat.postEphemeral")
        assert call.ok
        assert call.arguments["user"] == office.user_id("ana")
        assert "set to `off`" in call.arguments["text"]


async def test_finish_lets_answers_be_given(tmp_path: Path) -> None:
    """A process that ends waits for the answers it owes, but not for ever."""
    async with open_office(tmp_path, patience_seconds=0) as office:
        office.slack.faults.add(Fault("slow", method="conversations.info", seconds=0.1))
        result = await office.command("off")
        await finish(office.desk, patience_seconds=0)
        assert office.desk.tasks
        await finish(office.desk, patience_seconds=5)
        assert len(result.ephemeral) == 1
        assert not office.desk.tasks


@pytest.mark.parametrize("text", ["off", "prompt Zendesk", "last", "status"])
@pytest.mark.parametrize("kind", ["http_error", "lost_before"])
async def test_slack_does_not_answer(office: Office, text: str, kind: str) -> None:
    """While Slack cannot be asked who is where, the person is told so and nothing is stored."""
    # Always: aiohttp itself repeats a GET whose kept connection was dropped.
    fault = Fault(kind, method="conversations.info", times=None)  # type: ignore[arg-type]  # from the table above
    office.slack.faults.add(fault)
    assert "Slack isn't answering me right now" in await office.type(text)
    assert await office.is_untouched()


async def test_missing_scope(office: Office) -> None:
    """A scope that is missing is not taken for a conversation that is not there."""
    office.slack.faults.add(Fault("missing_scope", method="conversations.info", error="channels:read"))
    assert "Ask an admin to reinstall the app" in await office.type("off")
    assert await office.is_untouched()


async def test_store_that_fails(office: Office) -> None:
    """When the database fails the person hears of it, and no word of the prompt comes into the log."""
    async with office.settings._engine.begin() as connection:  # noqa: SLF001 -- only so can its table go
        await connection.exec_driver_sql("DROP TABLE channel_settings")
    with capture_logs() as logs:
        assert "Something went wrong on my side" in await office.type("prompt Zendesk")
    assert logs[-1]["event"] == "asking.broke"
    assert "Zendesk" not in str(logs)
