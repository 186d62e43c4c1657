"""Recordings for tests: speech in any container, odd and broken files, and human voices.

Most are re-encoded from a shipped sample, so nothing needs to be installed for them. Where a program or
a Debian package is wanted and missing, the test is skipped with its name.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import wave
from array import array
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av
import pytest

from bot.sandbox import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

# Container → the codec that people's files of that kind mostly hold.
CODECS: Final = {
    "mp3": "libmp3lame",
    "m4a": "aac",
    "ogg": "libopus",
    "wav": "pcm_s16le",
    "flac": "flac",
    "webm": "libopus",
    "mp4": "aac",
}
CONTAINERS: Final = tuple(CODECS)
# Files that people speak in, with the Debian package that brings them.
_VOICES: Final = {
    "/usr/share/pocketsphinx/test/data/cards/001.wav": "pocketsphinx-testdata",
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav": (
        "pocketsphinx-testdata"
    ),
    "/usr/share/klettres/ar/alpha/a-02.ogg": "klettres-data",
    "/usr/share/ktuberling/sounds/ca/Guard-Tux.ogg": "ktuberling-data",
}


# People who read a sentence, as WAV files whose samples can be counted.
_READERS: Final = (
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0880.wav",
    "/usr/share/pocketsphinx/test/data/cards/005.wav",
)


def sample(name: str = "parcel") -> samples.Sample:
    """Give a shipped sample by its name."""
    return next(one for one in samples.load() if one.name == name)


def recorded(folder: Path, container: str, *, name: str = "parcel", rate: int = 48_000) -> Path:
    """Re-encode a shipped sample into a container."""
    target = folder / f"{name}.{container}"
    return encode(sample(name).path, target, CODECS[container], rate=rate)


def encode(source: Path, target: Path, codec: str, *, rate: int = 48_000, layout: str = "mono") -> Path:
    """Write the sound of `source` into `target`, whose suffix says the container; .mp4 gets a picture too."""
    with av.open(str(source), "r") as opened, av.open(str(target), "w") as sink:
        sound = cast("AudioStream", sink.add_stream(codec, rate=rate, layout=layout))
        if target.suffix == ".mp4":
            _film(sink, 10)
        resampler = av.AudioResampler(sound.codec_context.format, layout, rate)
        samples_written = 0
        for frame in (*opened.decode(audio=0), None):
            for part in resampler.resample(frame):
                part.pts, part.time_base = samples_written, Fraction(1, rate)
                samples_written += part.samples
                sink.mux(sound.encode(part))
        sink.mux(sound.encode(None))
    return target


def silent_film(target: Path) -> Path:
    """Write a video that has no audio track."""
    with av.open(str(target), "w") as sink:
        _film(sink, 10)
    return target


def _film(sink: OutputContainer, frames: int) -> None:
    picture = sink.add_stream("mpeg4", rate=5, width=64, height=48, pix_fmt="yuv420p")
    for number in range(frames):
        frame = av.VideoFrame(64, 48, "yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 5)
        sink.mux(picture.encode(frame))
    sink.mux(picture.encode(None))


def tone(target: Path, seconds: float, *, rate: int = 16_000, channels: int = 1, hertz: float = 440) -> Path:
    """Write a WAV file with a tone that swells and fades each second, as speech does."""
    values = array("h")
    for number in range(round(seconds * rate)):
        loudness = 12_000 * abs(math.sin(math.pi * number / rate))
        values.extend([round(loudness * math.sin(2 * math.pi * hertz * number / rate))] * channels)
    with wave.open(str(target), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(values.tobytes())
    return target


def spoken(folder: Path, words: str, *, voice: str = "en") -> Path:
    """Let espeak-ng say something."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng is not installed")
    target = folder / "spoken.wav"
    subprocess.run([program, "-v", voice, "-w", str(target), words], check=True)  # noqa: S603 -- our own words
    return target


def human_voices() -> list[Path]:
    """Give files in which people speak."""
    for name, package in _VOICES.items():
        if not Path(name).exists():
            pytest.skip(f"{package} is not installed")
    return [Path(name) for name in _VOICES]


def human_readers() -> list[Path]:
    """Give WAV files, 16 kHz mono, of people who speak for about three seconds."""
    for name in _READERS:
        if not Path(name).exists():
            pytest.skip("pocketsphinx-testdata is not installed")
    return [Path(name) for name in _READERS]


def flac_seconds(file: Path) -> float:
    """Read the length in the header of a FLAC file, as gateways do; and see that it is 16 kHz, mono, 16 bits.

    https://www.rfc-editor.org/rfc/rfc9639#section-8.2
    """
    head = file.read_bytes()[:42]
    assert head[:4] == b"fLaC"
    bits = int.from_bytes(head[18:26])
    rate, channels, depth = bits >> 44, (bits >> 41 & 7) + 1, (bits >> 36 & 31) + 1
    assert (rate, channels, depth) == (16_000, 1, 16)
    return (bits & (1 << 36) - 1) / rate


def samples_of(file: Path) -> array[int]:
    """Decode a file of 16-bit mono, without any of our own code."""
    frames = (bytes(frame.planes[0])[: frame.samples * 2] for frame in frames_of(file))
    return array("h", b"".join(frames))


def frames_of(file: Path) -> Iterator[AudioFrame]:
    """Decode a file, without any of our own code."""
    with av.open(str(file), "r") as opened:
        yield from opened.decode(audio=0)
