"""Key, money and model trouble through the whole bot: whoever runs it hears once, people are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from scenes import Clock, Room, new_room, payload_of

from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import failing
from bot.sandbox.server import SlackSandbox
from running import PATIENT_ACK_SECONDS, Stage, playing, running_bot

if TYPE_CHECKING:
    from pathlib import Path

    from bot.sandbox.records import Message

ADMINS = "C0SALES"  # one of the channels that the embedded Slack begins with
ANA = "U0ANA"


def alerts(slack: SlackSandbox, channel: str) -> list[Message]:
    """Give the messages of our own that stand in a conversation."""
    found = [one for one in slack.messages(channel) if one.user == slack.bot_user_id]
    assert all((one.metadata or {}).get("event_type") == "dragoman_notice" for one in found)
    return found


async def test_a_person_hears_of_it_once_over_a_restart(tmp_path: Path) -> None:
    """A retired model is told of in one message to one person, whom the next process does not tell again."""
    async with SlackSandbox() as slack, EndpointSandbox() as endpoint:
        slack.ack_seconds = PATIENT_ACK_SECONDS
        endpoint.always = failing(503, code="model_not_found")
        channel = slack.workspace.channel("support").id
        for _ in range(2):
            async with running_bot(slack, endpoint, tmp_path, sleep=Clock().sleep, ALERT_CHANNEL=ANA) as bot:
                room = Room(Stage(slack, endpoint, bot), channel)
                assert "whisper-1" in await room.text(await room.share())
        (alert,) = alerts(slack, slack.workspace.direct(ANA).id)
    for words in ("2027-02-26", "`TRANSLATION_ENGINE` to `two-step`", "`CHAT_MODEL`", "127.0.0.1"):
        assert words in alert.text
    assert endpoint.key not in alert.text


async def test_the_second_engine_stands_in_and_admins_hear_of_the_first(tmp_path: Path) -> None:
    """Where the second engine saves the share nobody is troubled, and admins hear of it all the same."""
    async with playing(
        tmp_path, sleep=Clock().sleep, ALERT_CHANNEL=ADMINS, TRANSLATION_FALLBACK="two-step"
    ) as stage:
        stage.endpoint.script(failing(404, code="model_not_found"))  # of translations only
        room = new_room(stage)
        (reply,) = await room.replies(await room.share())
        assert payload_of(reply)["ending"] == "translated"
        (alert,) = alerts(stage.slack, ADMINS)
    assert "whisper-1" in alert.text
    assert "`two-step`, stands in" in alert.text


async def test_a_channel_that_the_bot_is_not_in(tmp_path: Path) -> None:
    """An alert that Slack refuses is logged once with its remedy, and no reply waits for it."""
    async with playing(tmp_path, sleep=Clock().sleep, ALERT_CHANNEL="C0RANDOM") as stage:
        stage.endpoint.always = failing(401)
        room = new_room(stage)
        with structlog.testing.capture_logs() as logs:
            for _ in range(2):
                assert "my key" in await room.text(await room.share())
        assert alerts(stage.slack, "C0RANDOM") == []
    (line,) = [one for one in logs if one["event"] == "notice.refused"]
    assert line["error"] == "not_in_channel"
    assert "/invite @Dragoman" in line["remedy"]
