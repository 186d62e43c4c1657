"""The buttons of a reply, pressed in the thread, over Socket Mode and over signed HTTP alike."""

from __future__ import annotations

import itertools
import re
import wave
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from scenes import CLIP, PARCEL, Room, new_room, payload_of

from bot.compose import CONFIRM_NO, CONFIRM_YES, RETRY_MISSING
from bot.sandbox.endpoint_answers import failing
from bot.sandbox.hearing import Heard, length
from bot.sandbox.records import SharedFile
from recordings import tone
from running import playing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from scenes import Clock

    from bot.sandbox.interactions import InteractionResult
    from bot.sandbox.records import Message
    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

# Slack's word is all that is asked before a download, so a clip can pretend.
LONG_CLIP = replace(CLIP, duration_ms=130 * 60_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["socket", "http"])
async def careful(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, clock: Clock
) -> AsyncIterator[Stage]:
    """Play with a bot that asks before it translates more than an hour."""
    folder, is_http = tmp_path_factory.mktemp("data"), request.param == "http"
    terms = {"CONFIRM_MINUTES": "60", "PRICE_PER_MINUTE": "0.006"}
    async with playing(folder, is_http=is_http, sleep=clock.sleep, **terms) as stage:
        yield stage


def with_buttons(room: Room, ts: str) -> list[Message]:
    """Give the bot's messages in a thread that have buttons."""
    replies = room.stage.replies(room.channel, ts)
    return [one for one in replies if any(block["type"] == "actions" for block in one.blocks)]


async def press(room: Room, ts: str, button: str) -> InteractionResult:
    """Press the one button of this name in a thread, and wait until it is gone."""
    (message,) = with_buttons(room, ts)
    result = await room.stage.slack.act(button, channel=room.channel, ts=message.ts)
    assert result.acked, result.error
    await room.stage.slack.wait_for(lambda _: not with_buttons(room, ts))
    return result


async def test_a_long_recording_waits_for_a_yes(careful: Stage) -> None:
    """Of a long recording nothing is fetched or sent before somebody says yes; then it is translated."""
    room, slack = new_room(careful), careful.slack
    before = len(careful.endpoint.requests)
    ts = await room.share(LONG_CLIP)
    (question,) = await room.replies(ts)
    assert question.text == "This recording is 2 h 10 min long. Translate it? That costs about $0.78."
    assert payload_of(question)["ending"] == "skipped"
    file_id = payload_of(question)["file_id"]
    assert not [one for one in slack.calls("download") if file_id in str(one.arguments)]
    assert len(careful.endpoint.requests) == before

    await press(room, ts, CONFIRM_YES)

    question, answer = await room.replies(ts, count=2)
    assert answer.text.endswith(PARCEL.english)
    assert question.text.endswith("\nOn it: what comes stands below.")
    assert payload_of(question)["job_id"] + "|" == payload_of(answer)["job_id"].removesuffix("2") + "1|"
    assert [one.line() for one in slack.calls("interaction") if not one.ok] == []


async def test_a_no_is_kept_until_somebody_asks(careful: Stage) -> None:
    """After a no nothing happens; whoever asks for the recording by its link is not asked back."""
    room, slack = new_room(careful), careful.slack
    ts = await room.share(LONG_CLIP)
    await room.replies(ts)
    await press(room, ts, CONFIRM_NO)
    (question,) = await room.replies(ts)
    assert question.text.endswith(
        "\nNot translated, as asked. Who wants it all the same can ask for it by its link."
    )
    assert not careful.bot.jobs.running

    result = await slack.command("/translate", slack.permalink(room.channel, ts), channel=room.channel)
    (told,) = await result.answers()

    assert str(told["text"]).startswith("On it: the English will stand in the thread")
    _, answer = await room.replies(ts, count=2)
    assert answer.text.endswith(PARCEL.english)


async def test_a_gap_is_filled(careful: Stage, tmp_path: Path) -> None:
    """A piece that failed for good leaves a gap with a button; pressed, it alone is sent again."""
    room, endpoint, numbers = new_room(careful), careful.endpoint, itertools.count(1)
    endpoint.ears = lambda content: Heard(length(content), ((0.0, 2.0, f"Said {next(numbers)}."),))
    endpoint.script(failing(400, code="invalid_request", message="not this one"))
    before = len(endpoint.requests)
    ts = await room.share(SharedFile("meeting.wav", path=hum(tmp_path / "meeting.wav", seconds=320)))
    await careful.reply(room.channel, ts, seconds=60)
    await room.quiet()
    pieces = len(endpoint.requests) - before
    assert pieces > 1
    # What was said for the refused request was never handed over.
    assert said(room, ts) == {*range(2, pieces + 1)}

    await press(room, ts, RETRY_MISSING)
    await room.quiet()

    assert len(endpoint.requests) - before == pieces + 1
    assert said(room, ts) == {*range(2, pieces + 2)}
    assert with_buttons(room, ts) == []
    endpoint.ears = None


def said(room: Room, ts: str) -> set[int]:
    """Give the numbers of what stands translated in a thread."""
    text = "\n".join(one.text for one in room.stage.replies(room.channel, ts))
    return {int(number) for number in re.findall(r"Said ([0-9]+)\.", text)}


def hum(target: Path, *, seconds: int) -> Path:
    """Write a long tone: one second of it, again and again."""
    with wave.open(str(tone(target, 1.0, rate=8000))) as file:
        second = file.readframes(8000)
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(second * seconds)
    return target
