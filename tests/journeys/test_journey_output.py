"""What a channel lets come along with the text, from the command to the thread."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from scenes import CLIP, PARCEL, payload_of

from bot.compose import ALREADY_ENGLISH_TEXT
from bot.sandbox.faults import Fault

if TYPE_CHECKING:
    from scenes import Room

    from bot.sandbox.records import StoredFile

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def choose(room: Room, words: str) -> None:
    """Set something for the channel with the command."""
    result = await room.stage.slack.command("/translate", words, channel=room.channel)
    (answer,) = await result.answers()
    assert str(answer["text"]).startswith("Done"), answer


def files(room: Room, ts: str) -> list[StoredFile]:
    """Give the files that the bot has put into a thread."""
    return [file for one in room.stage.replies(room.channel, ts) for file in one.files]


@pytest.mark.parametrize(
    ("output", "name", "start"),
    [
        ("srt", "audio_message.en.srt", b"1\n00:00:0"),
        ("vtt", "audio_message.en.vtt", b"WEBVTT\n\n"),
        ("json", "audio_message.en.json", b"{"),
        ("verbose_json", "audio_message.en.verbose.json", b"{"),
    ],
)
async def test_a_file_comes_along(room: Room, output: str, name: str, start: bytes) -> None:
    """The format that the channel chose comes along as a file; the English stands in the message as ever."""
    await choose(room, f"output {output}")
    ts = await room.share()
    (reply,) = await room.replies(ts)
    assert reply.text == PARCEL.english
    # Slack shares an upload a moment after it took it.
    await room.stage.slack.wait_for(lambda _: files(room, ts))
    (file,) = files(room, ts)
    assert (file.name, (file.data or b"")[: len(start)]) == (name, start)
    if output.endswith("json"):
        assert json.loads(file.data or b"")["text"].strip() == PARCEL.english


async def test_the_temperature_is_sent(room: Room) -> None:
    """The channel's temperature goes along with the request; one that nobody chose is 0."""
    before = len(room.stage.endpoint.requests)
    await room.replies(await room.share())
    await choose(room, "temperature 0,4")
    await room.replies(await room.share())
    sent = [float(one.fields["temperature"]) for one in room.stage.endpoint.requests[before:]]
    assert sent == [0.0, 0.4]


async def test_the_language_of_a_clip_is_told(room: Room) -> None:
    """Where Slack knows the language of its clip a small label says from which one the English comes."""
    (reply,) = await room.replies(await room.share(replace(CLIP, locale="es-419")))
    assert reply.text == PARCEL.english
    assert [block["type"] for block in reply.blocks] == ["rich_text", "context"]
    assert reply.blocks[1]["elements"][0]["text"] == "From Spanish"


async def test_the_original_words_come_along(room: Room) -> None:
    """A channel that wants them sees the words as they were said under the English; others don't."""
    await choose(room, "original on")
    (reply,) = await room.replies(await room.share())
    assert reply.text == f"{PARCEL.english}\n\nIn Spanish:\n{PARCEL.original}"
    await choose(room, "original off")
    assert await room.text(await room.share()) == PARCEL.english


async def test_english_is_left_alone(room: Room) -> None:
    """Where a channel skips English, a clip of which Slack says so gets one quiet line, and costs nothing."""
    await choose(room, "english skip")
    before = len(room.stage.endpoint.requests)
    assert await room.text(await room.share(replace(CLIP, locale="en-US"))) == ALREADY_ENGLISH_TEXT
    assert len(room.stage.endpoint.requests) == before


async def test_what_passed_for_english_is_to_be_had(room: Room) -> None:
    """Slack only guesses a clip's language: whoever sends its link, as the reply says, gets the text."""
    await choose(room, "english skip")
    ts = await room.share(replace(CLIP, locale="en-US"))
    assert "send `/translate LINK`" in await room.text(ts)
    link = room.stage.slack.permalink(room.channel, ts)
    result = await room.stage.slack.command("/translate", link, channel=room.channel)
    (answer,) = await result.answers()
    assert str(answer["text"]).startswith("On it")
    _, reply = await room.replies(ts, count=2)
    assert reply.text == PARCEL.english


async def test_an_app_that_was_not_reinstalled(room: Room) -> None:
    """Without the scope for uploads the subtitles stand in messages; nothing is lost or said twice."""
    slack = room.stage.slack
    slack.faults.add(
        Fault("missing_scope", method="files.getUploadURLExternal", scope="files:write", times=None)
    )
    await choose(room, "output srt")
    ts = await room.share()
    first, second = await room.replies(ts, count=2)
    slack.faults.clear()
    assert first.text == PARCEL.english
    assert "00:00:0" in second.text
    assert [payload_of(one)["part"] for one in (first, second)] == [1, 2]
    assert files(room, ts) == []
