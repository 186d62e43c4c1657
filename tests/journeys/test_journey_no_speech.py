"""Recordings in which nobody speaks, and an endpoint that hears something in them all the same."""

from __future__ import annotations

import math
import wave
from array import array
from typing import TYPE_CHECKING

import pytest

import sounds
from bot.compose import NO_SPEECH_TEXT
from bot.errors import NoSoundError
from bot.sandbox.endpoint_answers import saying
from bot.sandbox.records import SharedFile

if TYPE_CHECKING:
    from pathlib import Path

    from scenes import Room

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPT = "Calls of Acme about coffee machines, invoices and deliveries."
INVENTED = {
    "thanks": "Thank you for watching!",
    "the prompt": PROMPT,
    "a loop": "I am going to the store. " * 12,
    "German": "Vielen Dank für Ihre Nachricht, wir melden uns so bald wie möglich bei Ihnen zurück.",
}
NOBODY = {"no_speech_prob": 0.93, "avg_logprob": -1.31, "compression_ratio": 1.1}


def melody() -> array[int]:
    """Give three seconds of a tune: nothing steady, and nobody speaks."""
    notes = (440, 523, 659, 523, 587, 494)
    rate = sounds.RATE // 2  # of samples a note
    return array(
        "h",
        (
            round(9000 * math.sin(math.tau * note * at / sounds.RATE) * math.exp(-4 * at / rate))
            for note in notes
            for at in range(rate)
        ),
    )


def recorded(folder: Path, name: str, sound: array[int]) -> SharedFile:
    """Write a sound to a file that can be shared."""
    with wave.open(str(folder / name), "wb") as file:
        file.setparams((1, 2, sounds.RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return SharedFile(name, path=folder / name)


@pytest.mark.parametrize("invented", INVENTED.values(), ids=INVENTED)
async def test_what_cannot_be_speech_is_not_sent(room: Room, tmp_path: Path, invented: str) -> None:
    """Of silence, steady noise, hum and a moment of sound nothing is sent, so nothing can be invented."""
    room.stage.endpoint.always = saying({"text": invented})
    before = len(room.stage.endpoint.requests)
    files = [
        recorded(tmp_path, "silence.wav", array("h", [0]) * sounds.RATE),
        recorded(tmp_path, "hiss.wav", sounds.white(2, -30)),
        recorded(tmp_path, "hum.wav", sounds.mains(2, -25)),
        recorded(tmp_path, "blip.wav", sounds.held_tone(0.05, -20)),
    ]
    replies = [one.text for one in await room.replies(await room.share(*files), count=4)]
    assert replies[:3] == [f"{file.name}\n{NO_SPEECH_TEXT}" for file in files[:3]]
    assert replies[3] == f"blip.wav\n{NoSoundError.text}"
    assert len(room.stage.endpoint.requests) == before


@pytest.mark.parametrize("invented", INVENTED.values(), ids=INVENTED)
async def test_what_metrics_give_away_is_not_posted(room: Room, tmp_path: Path, invented: str) -> None:
    """Music is sent; what the model writes to it is not believed where it says itself that nobody speaks."""
    await room.stage.slack.command("/translate", f"prompt {PROMPT}", channel=room.channel)
    segments = [{"id": 0, "start": 0.0, "end": 3.0, "text": f" {invented}", **NOBODY}]
    body = {"task": "translate", "language": "english", "duration": 3.0, "text": invented}
    room.stage.endpoint.always = saying(body | {"segments": segments})
    ts = await room.share(recorded(tmp_path, "tune.wav", melody()))
    assert await room.text(ts) == NO_SPEECH_TEXT
    assert room.stage.endpoint.requests


async def test_a_prompt_that_comes_back_without_metrics(room: Room, tmp_path: Path) -> None:
    """The prompt in place of speech is asked for once more without it; the prompt again is no speech."""
    await room.stage.slack.command("/translate", f"prompt {PROMPT}", channel=room.channel)
    room.stage.endpoint.always = saying({"text": PROMPT})
    before = len(room.stage.endpoint.requests)
    assert await room.text(await room.share(recorded(tmp_path, "tune.wav", melody()))) == NO_SPEECH_TEXT
    assert [one.prompt for one in room.stage.endpoint.requests[before:]] == [PROMPT, None]
