"""What cannot be speech is not sent: steady noise and hum. Whatever may be speech is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import people
import recordings
from bot.errors import SilentError
from bot.judge import LEAST_RISE_DB, may_be_speech
from bot.piece import Piece
from bot.prepare import Decoders
from decoded import RATE, said, silence, wav
from sounds import (
    STEADY,
    brown,
    louder,
    mixed,
    pink,
    rise_of,
    swelling,
    turned,
    voice_level_of,
    white,
)

if TYPE_CHECKING:
    from array import array
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


def piece(rise_db: float | None) -> Piece:
    """Give a piece that was measured so."""
    return Piece(0, "", 0.0, 3.0, 9, is_last=True, end_seconds=3.0, loud_db=-30.0, rise_db=rise_db)


def is_kept(sound: array[int]) -> bool:
    """Say whether a sound would be sent."""
    return may_be_speech(piece(rise_of(sound)))


@pytest.mark.parametrize(
    ("rise_db", "expected"),
    [(None, True), (0.0, False), (LEAST_RISE_DB - 0.01, False), (LEAST_RISE_DB, True), (40.0, True)],
)
def test_what_may_be_speech(rise_db: float | None, *, expected: bool) -> None:
    """Nothing that rises is held back, and nothing that nobody measured."""
    assert may_be_speech(piece(rise_db)) is expected


# --- nobody speaks ------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("kind", STEADY)
@pytest.mark.parametrize("level", [-10.0, -60.0])
def test_what_is_steady_is_not_sent(kind: str, seconds: float, level: float) -> None:
    """Steady noise of any colour, hum and a held tone are never sent, from 0.3 s up, loud or faint."""
    for seed in range(3):
        assert not is_kept(STEADY[kind](seconds, level, seed)), seed


@pytest.mark.parametrize("kind", STEADY)
def test_long_noise(kind: str) -> None:
    """The longer noise lasts, the further it strays by chance; it is still not sent."""
    assert not is_kept(STEADY[kind](20.0, -30.0, 5))


@pytest.mark.parametrize("kind", STEADY)
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(lambda sound: silence(1.003) + sound, id="begins late"),
        pytest.param(lambda sound: sound + silence(1.007), id="ends early"),
        pytest.param(lambda sound: silence(2) + sound + silence(2), id="lies in silence"),
        pytest.param(lambda sound: sound[137:], id="begins in the middle of a wave"),
        pytest.param(lambda sound: swelling(sound, 0.5), id="fades in"),
        pytest.param(lambda sound: sound + silence(1) + sound, id="pauses"),
    ],
)
def test_noise_that_begins_and_ends(kind: str, changed: Callable[[array[int]], array[int]]) -> None:
    """That noise begins, ends or fades in does not make it speech."""
    assert not is_kept(changed(STEADY[kind](2.5, -25.0, 7)))


def test_a_click_in_noise() -> None:
    """A click of 100 ms in noise is no word."""
    noise = white(10, -35)[:]
    noise[RATE * 5 : RATE * 5 + RATE // 10] = white(0.1, -10)
    assert not is_kept(noise)


@pytest.mark.parametrize(("container", "codec"), [("m4a", "aac"), ("ogg", "libopus"), ("mp3", "libmp3lame")])
@pytest.mark.parametrize("kind", ["white noise", "pink noise", "hum of 50 Hz"])
async def test_noise_out_of_a_file(
    kind: str, container: str, codec: str, decoders: Decoders, tmp_path: Path
) -> None:
    """Noise that a codec has worked on comes out of a real child as what it is."""
    source = wav(tmp_path / "noise.wav", STEADY[kind](3.0, -30.0, 3))
    file = recordings.encode(source, tmp_path / f"noise.{container}", codec)
    [found] = [one async for one in decoders.prepare(file, tmp_path)]
    assert not may_be_speech(found), found.rise_db
    assert found.loud_db == pytest.approx(-30.0, abs=3)


async def test_silence_out_of_a_file(decoders: Decoders, tmp_path: Path) -> None:
    """Silence is not even a piece."""
    with pytest.raises(SilentError):
        [_ async for _ in decoders.prepare(wav(tmp_path / "silence.wav", silence(2)), tmp_path)]


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    """Run one real decoder."""
    running = Decoders(at_once=1)
    await running.start()
    yield running
    await running.close()


# --- somebody speaks ----------------------------------------------------------------------------


def everybody() -> list[tuple[str, array[int]]]:
    """Give all human voices, by name."""
    return [one for voices in people.who_speak().values() for one in voices.items()]


def test_people_are_kept() -> None:
    """People in more than twenty languages are kept, be it one letter that they say."""
    assert len(people.who_speak()) >= 20
    lost = [name for name, sound in everybody() if not is_kept(sound)]
    assert len(everybody()) > 150
    assert lost == []


@pytest.mark.parametrize("level", [-20.0, -40.0, -50.0])
def test_people_at_low_volume_are_kept(level: float) -> None:
    """Whoever speaks quietly is kept all the same."""
    lost = [
        name for name, sound in everybody()[::4] if not is_kept(louder(sound, level - voice_level_of(sound)))
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("noise", "least"),
    [
        # Over white noise, the hardest of all, a letter alone may be lost from 5 dB down.
        pytest.param(white, 10, id="hiss"),
        pytest.param(pink, 5, id="rain"),
        pytest.param(brown, 0, id="rumble"),
    ],
)
def test_people_in_noise_are_kept(noise: Callable[[float, float], array[int]], least: int) -> None:
    """Letters and words are kept in a noisy room, where they are a little louder than it."""
    sound_of_it = noise(5, -30)
    lost = [
        name
        for name, sound in everybody()[1::8]
        if not is_kept(mixed(louder(sound, -30 + least - voice_level_of(sound)), sound_of_it))
    ]
    assert lost == []


def test_sentences_are_kept_where_noise_is_as_loud() -> None:
    """Whole sentences are kept even where the noise is as loud as the voice."""
    sentences = [one for one in everybody() if len(one[1]) > 3 * RATE and "pocketsphinx" in one[0]]
    assert len(sentences) > 3
    for name, sound in sentences[:5]:
        voice = louder(sound, -30 - voice_level_of(sound))
        for noise in (white, pink, brown):
            assert is_kept(mixed(voice, noise(5, -30))), (name, noise.__name__)


@pytest.mark.parametrize("word", ["no", "thank you", "seven", "aha"])
def test_one_word_is_kept(word: str, tmp_path: Path) -> None:
    """A short word is kept: cut off tightly, in silence, and alone in a room's noise."""
    sound = turned(said(tmp_path, word), -25)
    assert is_kept(sound)
    assert is_kept(silence(3) + sound + silence(3))
    for noise, level in ((white, -15), (pink, -20), (brown, -30)):
        there = silence(2) + louder(sound, level + 25)
        assert is_kept(mixed(there + silence(5 - len(there) / RATE), noise(5, -30)))


async def test_people_out_of_a_file(decoders: Decoders, tmp_path: Path) -> None:
    """What people say comes out of a real child as what may be speech, short and long."""
    for voice in recordings.human_voices():
        [found] = [one async for one in decoders.prepare(voice, tmp_path)]
        assert found.rise_db is not None
        assert found.rise_db > 2 * LEAST_RISE_DB, voice
        assert may_be_speech(found)
