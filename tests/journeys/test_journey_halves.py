"""An endpoint that is too slow for long pieces: all the same every word of a recording is in the thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pysubs2
import pytest
from scenes import payload_of

import known_words
from bot import errors
from bot.sandbox.endpoint_answers import html
from bot.sandbox.endpoint_form import RefusedError
from bot.sandbox.hearing import Heard, length
from bot.sandbox.records import SharedFile
from bot.terms import Terms

if TYPE_CHECKING:
    from pathlib import Path

    from scenes import Room

    from bot.sandbox.records import StoredFile

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class SlowEars:
    """Hears the words of what is no longer than `longest`; of the rest a proxy says that it took too long."""

    longest: float

    def __call__(self, content: bytes) -> Heard:
        """Listen to a file."""
        if length(content) > self.longest:
            refused = RefusedError(524, "", "")
            refused.answer = html(524)
            raise refused
        return known_words.ears(content)


async def test_every_word_of_a_piece_that_took_too_long(room: Room, tmp_path: Path) -> None:
    """What takes too long whole is asked for in halves and quarters; each word is there, with its time."""
    spoken = known_words.speech(130, seed=5, long_silences=False)
    endpoint, slack = room.stage.endpoint, room.stage.slack
    endpoint.ears = SlowEars(longest=60.0)
    before = len(endpoint.requests)
    await slack.command("/translate", "output srt", channel=room.channel)
    ts = await room.share(SharedFile("call.flac", path=spoken.write(tmp_path / "call.flac")))
    (reply,) = await room.replies(ts)
    assert known_words.heard_words(reply.text) == spoken.words
    sent = [one.seconds for one in endpoint.requests[before:] if one.status == 200]
    assert sum(sent) == pytest.approx(spoken.seconds, abs=0.5)
    refused = [one for one in endpoint.requests[before:] if one.status == 524]
    assert len({one.file_bytes for one in refused}) == len(refused) >= 1, "none is asked for twice"

    def attached() -> list[StoredFile]:
        return [file for one in slack.thread(room.channel, ts)[1:] for file in one.files]

    await slack.wait_for(lambda _: attached(), timeout=30)
    (file,) = attached()
    cues = pysubs2.SSAFile.from_string((file.data or b"").decode(), format_="srt")
    said = list(spoken.said)
    for cue in cues:
        told = [said.pop(0) for _ in known_words.heard_words(cue.plaintext)]
        assert cue.start / 1000 == pytest.approx(told[0].start_seconds, abs=0.1)
    assert said == []


async def test_a_piece_that_takes_too_long_in_any_size(room: Room, tmp_path: Path) -> None:
    """Where halves and quarters take too long as well, people read that the service does not answer."""
    spoken = known_words.speech(70, seed=6, long_silences=False)
    room.stage.endpoint.ears = SlowEars(longest=5.0)
    ts = await room.share(SharedFile("call.flac", path=spoken.write(tmp_path / "call.flac")))
    (reply,) = await room.replies(ts)
    assert payload_of(reply)["reason"] == "endpoint_down"
    assert reply.text == Terms().spell(errors.EndpointDownError.text)
