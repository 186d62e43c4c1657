"""Odd but honest files: several tracks, covers, telephones' own containers, many channels."""

from __future__ import annotations

import shutil
import wave
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

import av
import handmade
import headers
import pytest
import voices
from av.stream import Disposition
from encoding import Kind, frames, write
from kinds import KINDS
from listening import OFF_SECONDS, heard, sounds_like

import recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from voices import Voice

pytest_plugins = ("format_fixtures",)

# Recorded and encoded by people with other programs than ours, with the rate that their pages count in.
FOREIGN = {
    "/usr/share/klettres/ar/alpha/a-02.ogg": 44_100,
    "/usr/share/ktuberling/sounds/ca/Guard-Tux.ogg": 22_050,
}


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        pytest.param("webm of a browser", None, id="webm"),
        pytest.param("flac recorded live", None, id="flac"),
        pytest.param("mkv with opus", None, id="mkv"),
        pytest.param("mp3 that claims 817 s", 817, id="mp3"),
    ],
)
def test_the_headers_are_as_odd_as_they_should_be(
    name: str, claimed: int | None, speech: list[Voice], tmp_path: Path
) -> None:
    """The table of kinds has files whose headers know no length, and one whose header lies."""
    kind = next(kind for kind in KINDS if kind.name == name)
    with av.open(str(write(kind, speech[0].path, tmp_path)), "r") as opened:
        said = opened.duration
    assert said == (claimed and pytest.approx(claimed * av.time_base, rel=0.01))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
@pytest.mark.parametrize("default", [0, 1])
async def test_the_default_track(suffix: str, default: int, speech: list[Voice], tmp_path: Path) -> None:
    """Of two people on two tracks the one is heard whom a player would play."""
    target = tmp_path / f"two.{suffix}"
    with av.open(str(target), "w") as sink:
        tracks = [sink.add_stream("aac", rate=48_000, layout="mono") for _ in "ab"]
        for number, track in enumerate(tracks):
            track.disposition = Disposition.default if number == default else Disposition(0)
        for track, voice in zip(tracks, speech, strict=False):
            speak(sink, track, voice)
    await sounds_like(speech[default], target)


async def test_a_cover_in_an_m4a(speech: list[Voice], tmp_path: Path) -> None:
    """A picture on the sleeve of a recording is no film and in nobody's way."""
    target = tmp_path / "covered.m4a"
    with av.open(str(target), "w", format="mp4") as sink:
        track = sink.add_stream("aac", rate=48_000, layout="mono")
        cover = sink.add_stream("png", width=300, height=300, pix_fmt="gray")
        cover.disposition = Disposition.attached_pic
        sink.mux(cover.encode(av.VideoFrame(300, 300, "gray")))
        sink.mux(cover.encode(None))
        speak(sink, track, speech[0])
    assert b"covr" in content(target)
    await sounds_like(speech[0], target)


def speak(sink: OutputContainer, track: AudioStream, voice: Voice) -> None:
    """Have somebody speak on a track."""
    resampler = av.AudioResampler(track.codec_context.format, "mono", 48_000, frame_size=1024)
    for frame in (*frames(voice.path, Kind("", "", "")), None):
        for part in resampler.resample(frame):
            sink.mux(track.encode(part))
    sink.mux(track.encode(None))


def content(file: Path) -> bytes:
    """Read a file whole."""
    return file.read_bytes()


async def test_opus_in_a_caf(speech: list[Voice], tmp_path: Path) -> None:
    """What an iPhone records in messages is heard, though FFmpeg itself can't write it."""
    voice = speech[1]
    ogg = write(Kind("", "ogg", "libopus"), voice.path, tmp_path)
    await sounds_like(voice, handmade.caf_with_opus(ogg, tmp_path / "voice.caf", voice.seconds))


@pytest.mark.parametrize("make", [handmade.amr_wb, handmade.speex], ids=["amr-wb", "speex"])
async def test_what_nobody_here_encodes(make: Callable[[Path, float], Path], tmp_path: Path) -> None:
    """AMR-WB and Speex are decoded to their length: frames of arbitrary bits are noise, but sound."""
    source = make(tmp_path / "noise", 2.5)
    seconds, levels = await heard(source)
    assert seconds == pytest.approx(2.5, abs=OFF_SECONDS)
    assert voices.loudness(levels) > 100


@pytest.mark.parametrize("name", FOREIGN, ids=lambda name: Path(name).stem)
async def test_files_of_others(name: str, tmp_path: Path) -> None:
    """People's recordings, encoded elsewhere, have the length that their last page counts."""
    assert Path(name) in recordings.human_voices()
    source = Path(shutil.copy(name, tmp_path / "voice"))
    seconds, levels = await heard(source)
    assert seconds == pytest.approx(handmade.ogg_seconds(source, FOREIGN[name]), abs=OFF_SECONDS)
    assert voices.loudness(levels) > 100


@pytest.mark.parametrize("channels", [3, 8, 9, 32])
async def test_any_number_of_channels(channels: int, speech: list[Voice], tmp_path: Path) -> None:
    """However many microphones a recorder has, and whatever they are for, speech in all is heard."""
    voice = speech[0]
    source = tmp_path / "many.wav"
    interleaved(source, voice.path, [1] * channels)
    await sounds_like(voice, source)


async def test_opposite_channels(speech: list[Voice], tmp_path: Path) -> None:
    """Where the one channel is the other upside down, their sum would be silence; the speech is heard."""
    voice = speech[0]
    source = tmp_path / "opposite.wav"
    interleaved(source, voice.path, [1, -1])
    await sounds_like(voice, source)


def interleaved(target: Path, mono: Path, signs: Sequence[int]) -> None:
    """Write a WAV file with the same sound in every channel, in some of them upside down."""
    with wave.open(str(mono)) as opened:
        rate, samples = opened.getframerate(), array("h", opened.readframes(opened.getnframes()))
    sound = array("h", (max(-32_767, value) * sign for value in samples for sign in signs))
    with wave.open(str(target), "wb") as file:
        file.setparams((len(signs), 2, rate, 0, "NONE", ""))
        file.writeframes(sound.tobytes())


async def test_a_cover_larger_than_its_sound(speech: list[Voice], tmp_path: Path) -> None:
    """An MP3 with megabytes of cover in front is its sound alone."""
    sleeve = b"\0image/png\0\x03\0" + headers.png(2000, 1500) + bytes(3 << 20)
    kind = Kind("", "mp3", "libmp3lame", change=lambda mp3: headers.id3(b"APIC", sleeve) + mp3)
    await sounds_like(speech[2], write(kind, speech[2].path, tmp_path))
