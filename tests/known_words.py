"""Speech of which every word and its moment is known, and ears that hear exactly the words of a piece.

The words are spoken by espeak-ng once, and laid out at odd offsets with pauses between. The sound is 16 kHz
mono in a lossless file, so what arrives at the endpoint holds the very samples: a word that was cut
through is not found, one that was sent twice is found twice.
"""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import wave
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

import av
import pytest
from av.audio.frame import AudioFrame

from bot.sandbox.hearing import Heard

if TYPE_CHECKING:
    from pathlib import Path

RATE: Final = 16_000
# fmt: off
WORDS: Final = (
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo",
    "lima", "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor",
    "whiskey", "yankee", "zulu",
)
# fmt: on
# Within a sentence words stand closer than this, between sentences further apart.
SENTENCE_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word and when it is said, in seconds of the recording."""

    word: str
    start_seconds: float
    end_seconds: float


@dataclass
class KnownSpeech:
    """A recording and what is said in it."""

    samples: array[int] = field(default_factory=lambda: array("h"))
    said: list[Spoken] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / RATE

    @property
    def words(self) -> list[str]:
        """The words in the order in which they are said."""
        return [one.word for one in self.said]

    def pause(self, samples: int) -> None:
        """Say nothing for so many samples."""
        self.samples.extend(array("h", bytes(2 * samples)))

    def say(self, word: str) -> None:
        """Say a word."""
        start = self.seconds
        self.samples.frombytes(_sound_of(word))
        self.said.append(Spoken(word, start, self.seconds))

    def write(self, target: Path) -> Path:
        """Write it as FLAC, which loses nothing."""
        with av.open(str(target), "w", format="flac") as sink:
            stream = sink.add_stream("flac", rate=RATE, format="s16", layout="mono")
            for start in range(0, len(self.samples), RATE):
                part = self.samples[start : start + RATE]
                frame = AudioFrame("s16", "mono", samples=len(part))
                frame.planes[0].update(part.tobytes())
                frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
                sink.mux(stream.encode(frame))
            sink.mux(stream.encode(None))
        return target


def speech(seconds: float, *, seed: int = 1, long_silences: bool = True) -> KnownSpeech:
    """Make so much speech: sentences of three to six words, pauses from 0.3 s on, now and then a long one."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    chance = random.Random(seed)  # noqa: S311 -- the same speech in every run
    made = KnownSpeech()
    made.pause(chance.randrange(3000, 9000))
    while made.seconds < seconds:
        for _ in range(chance.randrange(3, 7)):
            made.say(chance.choice(WORDS))
            made.pause(chance.randrange(500, 2400))
        is_long = long_silences and chance.random() < 1 / 30
        made.pause(round(RATE * chance.uniform(4, 9)) if is_long else chance.randrange(4800, 14_000))
    return made


def ears(content: bytes) -> Heard:
    """Say what a received file says: every word that is in it whole, grouped to sentences by their pauses."""
    sound = _decoded(content)
    found = sorted(
        (start, start + len(_sound_of(word)), word)
        for word in WORDS
        for start in _places(sound, _sound_of(word))
    )
    sentences: list[tuple[float, float, str]] = []
    for begin, end, word in found:
        start_seconds, end_seconds = begin / 2 / RATE, end / 2 / RATE
        if sentences and start_seconds - sentences[-1][1] < SENTENCE_PAUSE_SECONDS:
            first, _, text = sentences[-1]
            sentences[-1] = (first, end_seconds, f"{text} {word}")
        else:
            sentences.append((start_seconds, end_seconds, word))
    told = tuple((start, end, f"{text.capitalize()}.") for start, end, text in sentences)
    return Heard(len(sound) / 2 / RATE, segments=told)


def heard_words(text: str) -> list[str]:
    """Give the known words of a text in their order; marks, times and headings are none."""
    letters = "".join(one if one.isalpha() else " " for one in text.lower())
    return [word for word in letters.split() if word in WORDS]


def _places(sound: bytes, word: bytes) -> list[int]:
    places, at = [], sound.find(word)
    while at >= 0:
        if at % 2 == 0:
            places.append(at)
        at = sound.find(word, at + 1)
    return places


def _decoded(content: bytes) -> bytes:
    sound = bytearray()
    with av.open(io.BytesIO(content), "r") as opened:
        for frame in opened.decode(audio=0):
            assert (frame.sample_rate, frame.layout.name) == (RATE, "mono")
            sound += bytes(frame.planes[0])[: 2 * frame.samples]
    return bytes(sound)


@cache
def _sound_of(word: str) -> bytes:
    """Let espeak-ng say a word, at 16 kHz, from its first sample that is not silent to its last."""
    program = shutil.which("espeak-ng")
    assert program is not None
    told = subprocess.run([program, "-v", "en", "--stdout", word], check=True, capture_output=True)  # noqa: S603 -- our own words
    with wave.open(io.BytesIO(told.stdout)) as file:
        rate, sound = file.getframerate(), file.readframes(10 * file.getframerate())
    frame = AudioFrame("s16", "mono", samples=len(sound) // 2)
    frame.planes[0].update(sound)
    frame.sample_rate = rate
    resampler = av.AudioResampler("s16", "mono", RATE)
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    samples = array("h", b"".join(bytes(one.planes[0])[: 2 * one.samples] for one in parts))
    loud = [number for number, value in enumerate(samples) if abs(value) > 50]  # under -56 dB it is silent
    return samples[loud[0] : loud[-1] + 1].tobytes()
