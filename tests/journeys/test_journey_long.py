"""A long recording of which every word is known, from the channel to its thread: cut, translated, joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysubs2
import pytest
from scenes import payload_of

import known_words
from bot.sandbox.records import SharedFile

if TYPE_CHECKING:
    from pathlib import Path

    from scenes import Room

    from bot.sandbox.records import StoredFile

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

LONGEST_PIECE_SECONDS = 315


@pytest.fixture(scope="module")
def meeting() -> known_words.KnownSpeech:
    """Give a recording of 25 minutes; it is cut into a dozen pieces."""
    return known_words.speech(1500)


@pytest.mark.timeout(300)
async def test_no_word_is_lost_or_doubled(
    room: Room, meeting: known_words.KnownSpeech, tmp_path: Path
) -> None:
    """Over every cut of a long recording each word stands in the thread once, in its order."""
    endpoint = room.stage.endpoint
    endpoint.ears, before = known_words.ears, len(endpoint.requests)
    ts = await room.share(SharedFile("meeting.flac", path=meeting.write(tmp_path / "meeting.flac")))
    await room.stage.reply(room.channel, ts, seconds=200)
    await room.quiet()
    replies = await room.stage.reply(room.channel, ts)
    parts = [payload_of(one)["part"] for one in replies]
    assert parts == [*range(1, len(parts) + 1)]
    assert known_words.heard_words("\n".join(one.text for one in replies)) == meeting.words
    sent = [one.seconds for one in endpoint.requests[before:]]
    assert len(sent) >= 10
    assert max(sent) <= LONGEST_PIECE_SECONDS
    # Long silences were left out, and nothing else: each is shortened to one second.
    silences = [
        later.start_seconds - earlier.end_seconds
        for earlier, later in zip(meeting.said, meeting.said[1:], strict=False)
    ]
    left_out = sum(one - 1 for one in silences if one >= 3)
    assert left_out > 60
    assert sum(sent) == pytest.approx(meeting.seconds - left_out, abs=0.2 * len(silences) ** 0.5)


@pytest.mark.parametrize("suffix", ["srt", "vtt"])
async def test_subtitles_keep_the_times_of_the_recording(room: Room, tmp_path: Path, suffix: str) -> None:
    """Subtitles over several pieces and left-out silences say each sentence when it is said, within 0.1 s."""
    spoken = known_words.speech(300, seed=3)
    room.stage.endpoint.ears = known_words.ears
    slack = room.stage.slack
    await slack.command("/translate", f"output {suffix}", channel=room.channel)
    ts = await room.share(SharedFile("call.flac", path=spoken.write(tmp_path / "call.flac")))
    await room.stage.reply(room.channel, ts, seconds=100)
    (file,) = await _attached(room, ts)
    assert file.name == f"call.en.{suffix}"
    cues = pysubs2.SSAFile.from_string((file.data or b"").decode(), format_=suffix)
    said, words = list(spoken.said), known_words.heard_words(" ".join(cue.plaintext for cue in cues))
    assert words == spoken.words
    for cue in cues:
        told = [said.pop(0) for _ in known_words.heard_words(cue.plaintext)]
        assert cue.start / 1000 == pytest.approx(told[0].start_seconds, abs=0.1)
        assert cue.end / 1000 == pytest.approx(told[-1].end_seconds, abs=0.1)


async def _attached(room: Room, ts: str) -> list[StoredFile]:
    """Wait for what the bot shares in a thread: Slack posts an upload a moment after it took it."""

    def found() -> list[StoredFile]:
        return [file for one in room.stage.slack.thread(room.channel, ts)[1:] for file in one.files]

    await room.stage.slack.wait_for(lambda _: found(), timeout=30)
    await room.quiet()
    return found()
