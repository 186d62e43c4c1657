"""The decoder's own work, without its process: what it reads, what it writes, what it refuses."""

from __future__ import annotations

import random
import re
from array import array
from typing import TYPE_CHECKING, cast

import av
import pytest
from av.stream import Disposition

import recordings
from bot.decoder.child import reports, warm_up
from bot.decoder.sound import Sound, _audio_decoders, _declared_seconds, listen
from bot.sandbox.samples import likeness
from bot.sandbox.samples.listen import levels
from decoded import decode, hum, sound_of, wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

PIECE = "piece-0000.flac"


def refusal(source: Path) -> tuple[str, str]:
    """Give how and why a file was refused; no piece may have been reported."""
    [report] = decode(source)
    return report["ending"], report["why"]


@pytest.mark.parametrize("container", recordings.CONTAINERS)
def test_every_container_becomes_flac(container: str, tmp_path: Path) -> None:
    """Speech in any container becomes one FLAC file of 16 kHz mono that still sounds like it."""
    sample = recordings.sample()
    piece, closing = decode(recordings.recorded(tmp_path, container))
    assert closing == {"ending": "done"}
    assert (piece["file"], piece["start_seconds"], piece["is_last"]) == (PIECE, 0.0, True)
    assert piece["seconds"] == pytest.approx(sample.seconds, abs=0.1)
    assert likeness(sample.levels, levels(str(tmp_path / PIECE))[1]) > 0.99


def test_length_stands_in_the_header(tmp_path: Path) -> None:
    """The length in the FLAC header is that of the sound, since gateways bill and refuse by it."""
    piece, _ = decode(recordings.recorded(tmp_path, "ogg"))
    assert recordings.flac_seconds(tmp_path / PIECE) == piece["seconds"]


def test_sound_is_kept_exactly(tmp_path: Path) -> None:
    """Sound that is 16 kHz mono already arrives bit by bit."""
    source = recordings.tone(tmp_path / "tone.wav", 1.234)
    decode(source)
    before, after = (
        b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in recordings.frames_of(file))
        for file in (source, tmp_path / PIECE)
    )
    assert before == after


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (11025, 2), (44100, 2), (96000, 1), (48000, 6)])
def test_any_rate_and_layout(rate: int, channels: int, tmp_path: Path) -> None:
    """Whatever its rate and channels, a second stays a second."""
    piece, _ = decode(recordings.tone(tmp_path / "tone.wav", 1, rate=rate, channels=channels))
    assert piece["seconds"] == pytest.approx(1, abs=0.01)


def test_name_is_not_believed(tmp_path: Path) -> None:
    """A file is read by what it holds, not by what it is called."""
    source = recordings.recorded(tmp_path, "m4a").rename(tmp_path / "voice.mp3")
    assert decode(source)[-1] == {"ending": "done"}


def test_tags_that_are_no_text(tmp_path: Path) -> None:
    """A title that is no UTF-8 does no harm."""
    whole = recordings.tone(tmp_path / "tone.wav", 1).read_bytes()
    info = b"LIST" + (14).to_bytes(4, "little") + b"INFOINAM" + (2).to_bytes(4, "little") + b"\xff\xfe"
    source = tmp_path / "tagged.wav"
    source.write_bytes(whole[:36] + info + whole[36:])
    assert decode(source)[-1] == {"ending": "done"}


@pytest.mark.parametrize(("suffix", "codec"), [("mp3", "libmp3lame"), ("aac", "aac")])
def test_format_changes_in_the_middle(suffix: str, codec: str, tmp_path: Path) -> None:
    """A stream that goes on with another rate and layout is heard to its end."""
    speech = recordings.sample()
    stereo = recordings.encode(speech.path, tmp_path / f"a.{suffix}", codec, rate=44_100, layout="stereo")
    mono = recordings.encode(speech.path, tmp_path / f"b.{suffix}", codec, rate=22_050)
    source = tmp_path / f"both.{suffix}"
    source.write_bytes(stereo.read_bytes() + mono.read_bytes())
    piece, _ = decode(source)
    assert piece["seconds"] == pytest.approx(2 * speech.seconds, abs=0.3)


def test_default_track_is_taken(tmp_path: Path) -> None:
    """Of two audio tracks the one that a player would play is heard, not simply the first."""
    source = tmp_path / "two.mka"
    with av.open(str(source), "w") as sink:
        tracks = [sink.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in "ab"]
        tracks[0].disposition, tracks[1].disposition = Disposition(0), Disposition.default
        for track, seconds in zip(tracks, (1, 2), strict=True):
            for frame in recordings.frames_of(recordings.tone(tmp_path / "tone.wav", seconds)):
                sink.mux(track.encode(frame))
            sink.mux(track.encode(None))
    piece, _ = decode(source)
    assert piece["seconds"] == 2


def test_declared_length_is_not_believed(tmp_path: Path) -> None:
    """A recording that was cut off gives what is there, and its true length."""
    whole = recordings.recorded(tmp_path, "mp3").read_bytes()
    source = tmp_path / "cut.mp3"
    source.write_bytes(whole[: len(whole) // 2])
    piece, closing = decode(source)
    assert closing == {"ending": "done"}
    assert piece["seconds"] == pytest.approx(recordings.sample().seconds / 2, abs=0.3)


def test_few_bad_places_are_fine(tmp_path: Path) -> None:
    """A file with a damaged stretch is heard before and after it."""
    content = bytearray(recordings.recorded(tmp_path, "m4a").read_bytes())
    start, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    content[start + 9000 : start + 12000] = bytes(3000)
    assert start + 12000 < end
    source = tmp_path / "damaged.m4a"
    source.write_bytes(content)
    piece, closing = decode(source)
    assert closing == {"ending": "done"}
    assert 4 < piece["seconds"] < recordings.sample().seconds


def test_encrypted_sound_is_refused(tmp_path: Path) -> None:
    """Where most packets can't be decoded the file is refused, though some decode to noise."""
    content = bytearray(recordings.recorded(tmp_path, "m4a").read_bytes())
    start, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    content[start:end] = random.Random(2).randbytes(end - start)  # noqa: S311 -- noise, not a secret
    source = tmp_path / "locked.m4a"
    source.write_bytes(content)
    assert refusal(source) == ("not_decodable", "damaged")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"The parcel is late.\n" * 500, id="a text"),
        pytest.param(b"<!DOCTYPE html><html><body>Sign in</body></html>", id="a page"),
        pytest.param(b"PK\x03\x04" + bytes(200), id="an archive"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100), id="a picture"),
        pytest.param(b"a", id="one byte"),
        pytest.param(random.Random(1).randbytes(100_000), id="noise that opens as MP3"),  # noqa: S311 -- noise
    ],
)
def test_what_is_no_recording(content: bytes, tmp_path: Path) -> None:
    """A file that only bears the name of a recording is refused as not decodable."""
    source = tmp_path / "voice.mp3"
    source.write_bytes(content)
    assert refusal(source)[0] == "not_decodable"


def test_unfinished_recording(tmp_path: Path) -> None:
    """A recording whose index was never written can't be decoded."""
    content = recordings.recorded(tmp_path, "m4a").read_bytes()
    source = tmp_path / "unfinished.m4a"
    source.write_bytes(content[: content.index(b"moov") - 4])
    assert refusal(source)[0] == "not_decodable"


def test_nothing_decoded_is_no_silence(tmp_path: Path) -> None:
    """Packets that decode to nothing are a failure, as running out of memory can look like it."""
    content = recordings.recorded(tmp_path, "webm").read_bytes()
    source = tmp_path / "start.webm"
    source.write_bytes(content[:500])
    assert refusal(source) == ("not_decodable", "nothing_decoded")


def test_little_left_of_a_short_recording(tmp_path: Path) -> None:
    """A short recording of which a damage leaves but a moment can't be decoded; no microphone is to blame."""
    tone = recordings.tone(tmp_path / "tone.wav", 1.05)
    source = recordings.encode(tone, tmp_path / "clip.ogg", "libopus")
    content = source.read_bytes()
    pages = [page.start() for page in re.finditer(b"OggS", content)]
    assert len(pages) == 4, "two of headers, one of a second, and the rest"
    damaged = bytearray(content)
    damaged[pages[2] + 300] ^= 0xFF
    source.write_bytes(damaged)
    assert refusal(source) == ("not_decodable", "nothing_decoded")


def test_film_without_sound(tmp_path: Path) -> None:
    """A video without an audio track has no sound, which is another thing than being broken."""
    assert refusal(recordings.silent_film(tmp_path / "film.mp4")) == ("no_sound", "no_audio_track")


@pytest.mark.parametrize("seconds", [pytest.param(0, id="not one sample"), pytest.param(0.09, id="a click")])
def test_too_short_for_words(seconds: float, tmp_path: Path) -> None:
    """What is shorter than an endpoint takes has no sound."""
    assert refusal(recordings.tone(tmp_path / "tone.wav", seconds)) == ("no_sound", "too_short")


def test_shortest_recording(tmp_path: Path) -> None:
    """A tenth of a second is taken."""
    assert decode(recordings.tone(tmp_path / "tone.wav", 0.1))[-1] == {"ending": "done"}


def test_too_long(tmp_path: Path) -> None:
    """Decoding stops at the longest that we take, counted in decoded sound."""
    source = recordings.tone(tmp_path / "tone.wav", 3)
    assert decode(source, most_seconds=2) == [{"ending": "too_long", "why": "decoded"}]
    assert decode(source, most_seconds=3)[-1] == {"ending": "done"}


def test_too_long_by_its_own_word(tmp_path: Path) -> None:
    """What says that it is too long gives no piece before that is proven; what lies gives all of them."""
    source = wav(tmp_path / "hum.wav", hum(390))
    assert decode(source, most_seconds=380) == [{"ending": "too_long", "why": "decoded"}]
    source.write_bytes(source.read_bytes()[: -60 * 16_000 * 2])  # the header still says 390 s
    *pieces, closing = decode(source, most_seconds=380)
    assert closing == {"ending": "done"}
    assert pieces[-1]["end_seconds"] == pytest.approx(330, abs=0.1)


def test_folder_is_gone(tmp_path: Path) -> None:
    """Where our own folder can't be written, the file is not blamed."""
    source = recordings.tone(tmp_path / "tone.wav", 1)
    [report] = decode(source, folder=tmp_path / "nowhere")
    assert report == {"ending": "own_trouble", "why": "FileNotFoundError"}


def test_disk_is_full(tmp_path: Path) -> None:
    """A disk that is full from the first byte, or fills up later, is our own trouble."""
    (tmp_path / "piece-0000.part").symlink_to("/dev/full")
    source = recordings.encode(recordings.sample().path, tmp_path / "voice.wav", "pcm_s16le")
    [report] = decode(source)
    assert (report["ending"], report["why"]) == ("own_trouble", "OSError")
    [report] = decode(recordings.tone(tmp_path / "tone.wav", 0.2))
    assert report["ending"] == "own_trouble"


class OutOfMemory:
    """A file that is too much for the memory, at reading or at decoding."""

    start_time = duration = None
    size = 1

    def __init__(self, *, is_reading: bool) -> None:
        self.is_reading = is_reading

    def demux(self, _stream: object) -> Iterator[OutOfMemory]:
        """Fail, or give a packet that will."""
        if self.is_reading:
            raise MemoryError
        yield self

    def decode(self) -> list[AudioFrame]:
        """Fail."""
        raise MemoryError


@pytest.mark.parametrize("is_reading", [True, False])
def test_out_of_memory(is_reading: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    """Running out of memory ends the file; it is neither its end nor one bad packet."""
    stand_in = OutOfMemory(is_reading=is_reading)
    sound = Sound(cast("InputContainer", stand_in), cast("AudioStream", stand_in))
    with pytest.raises(MemoryError):
        list(sound)


class BrokenInTheMiddle(OutOfMemory):
    """A file that reads no further than its first packet."""

    def demux(self, _stream: object) -> Iterator[OutOfMemory]:
        """Give a packet, then raise what PyAV raises for some MPEG-TS files."""
        yield self
        raise IndexError

    def decode(self) -> list[AudioFrame]:
        """Give a tenth of a second."""
        frame = av.AudioFrame("s16", "mono", samples=1600)
        frame.sample_rate = 16_000
        return [frame]


def test_reading_ends_at_the_first_damage() -> None:
    """Where the file can't be read on, what was heard so far is kept."""
    stand_in = BrokenInTheMiddle(is_reading=True)
    sound = Sound(cast("InputContainer", stand_in), cast("AudioStream", stand_in))
    assert sum(frame.samples for frame in sound) == 1600
    sound.judge()


def test_warming_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Warming up reads and writes without a trace: the parent would take a line on stdout for a piece."""
    monkeypatch.chdir(tmp_path)
    warm_up()
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_more_channels_than_any_mix_knows(tmp_path: Path) -> None:
    """Of a recorder's ten tracks, for which FFmpeg knows no mix, all are heard."""
    sound = array("h")
    for value in hum(1, -20):
        sound.extend((0, 0, 0, 0, 0, 0, 0, 0, value, 0))
    piece, _ = decode(wav(tmp_path / "tracks.wav", sound, channels=10))
    assert piece["seconds"] == 1
    assert max(array("h", sound_of(tmp_path / PIECE))) == pytest.approx(max(hum(1, -20)) / 10, rel=0.05)


def test_channels_that_nobody_mixes(tmp_path: Path) -> None:
    """Two speakers at the back are a layout that FFmpeg has no mix for; both are heard."""
    source = tmp_path / "back.wav"
    with av.open(str(source), "w") as sink:
        track = sink.add_stream("pcm_s16le", rate=16_000, layout="BL+BR")
        frame = av.AudioFrame("s16", "BL+BR", samples=16_000)
        frame.planes[0].update(array("h", [value for value in hum(1) for _ in "ab"]).tobytes())
        frame.sample_rate = 16_000
        sink.mux(track.encode(frame))
        sink.mux(track.encode(None))
    with av.open(str(source)) as opened:
        assert "BL+BR" in opened.streams.audio[0].layout.name
    decode(source)
    assert max(array("h", sound_of(tmp_path / PIECE))) == pytest.approx(max(hum(1)), abs=2)


def test_only_sound_is_decoded(tmp_path: Path) -> None:
    """A track of pictures is not even probed: a cover can have the size of a poster."""
    with listen(str(recordings.recorded(tmp_path, "mp4"))) as sound:
        assert sound.seconds == 0
    names = _audio_decoders().split(",")
    assert {"aac", "mp3float", "opus", "amrnb", "amrwb", "alac", "wmav2", "pcm_mulaw", "speex"} <= set(names)
    assert not {"png", "mjpeg", "h264", "hevc", "vp9", "webvtt"} & set(names)


def test_length_of_a_track_only(tmp_path: Path) -> None:
    """Where only the track says how long it is, that counts; where nothing does, it is unknown."""
    with av.open(str(recordings.recorded(tmp_path, "wav"))) as opened:
        track = opened.streams.audio[0]
        silent = cast("InputContainer", OutOfMemory(is_reading=False))
        assert _declared_seconds(silent, track) == pytest.approx(recordings.sample().seconds, abs=0.1)
        assert _declared_seconds(silent, cast("AudioStream", silent)) == 0.0


def test_no_length_declared(tmp_path: Path) -> None:
    """What a browser records says nothing of its length, and is heard all the same."""
    source = tmp_path / "clip.webm"
    # "live" leaves the length out of the header, as nobody goes back there.
    with av.open(str(source), "w", format="webm", options={"live": "1"}) as sink:
        track = sink.add_stream("libopus", rate=16_000, layout="mono")
        for frame in recordings.frames_of(recordings.tone(tmp_path / "tone.wav", 2)):
            sink.mux(track.encode(frame))
        sink.mux(track.encode(None))
    with listen(str(source)) as sound:
        assert sound.declared_seconds == 0
    piece, closing = decode(source)
    assert closing == {"ending": "done"}
    assert piece["seconds"] == pytest.approx(2, abs=0.1)


def test_a_piece_once_more_as_mp3(tmp_path: Path) -> None:
    """A piece becomes MP3 of the same name and length, within the limits of any job."""
    decode(recordings.tone(tmp_path / "tone.wav", 2))
    job = {"work": "mp3", "source": str(tmp_path / PIECE), "folder": str(tmp_path)}
    piece, closing = reports(job | {"limits": {"decoded_seconds": 2}})
    assert closing == {"ending": "done"}
    assert (piece["file"], piece["seconds"], piece["is_last"]) == ("piece-0000.mp3", 2, True)
    assert 64_000 / 8 * 2 < (tmp_path / piece["file"]).stat().st_size < 64_000 / 8 * 2.5
    [refused] = reports(job | {"limits": {"decoded_seconds": 1}})
    assert refused == {"ending": "too_long", "why": "decoded"}
