"""The child that decodes one file: `prepare.py` starts it, gives it a job and reads its reports.

Run by its path with `python -I`, so it imports nothing but the standard library and PyAV, and nothing
of ours. A job is one line of JSON on stdin (source, folder, limits); the reports are lines on stdout,
one per finished piece and a closing one: `{"ending": "done"}`, or what the file failed of and why.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.stream import Discard, Disposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

    # What to do with the file `source`: write pieces into the folder, stop after so many seconds of sound.
    Work = Callable[[str, Path, float], Iterator["Report"]]

Report = dict[str, Any]

SAMPLE_RATE: Final = 16_000  # what Whisper hears; more would only cost bytes
SHORTEST_SECONDS: Final = 0.1  # endpoints refuse less
MOST_BAD_PACKETS: Final = 0.5  # of all: damaged in a few places is fine, encrypted is not
_SAMPLE: Final = Fraction(1, SAMPLE_RATE)
_PR_SET_PDEATHSIG: Final = 1

# What may be opened, on every open. Without it FFmpeg takes a text for a playlist (HLS, ffconcat, SDP)
# and fetches what that names: addresses in our network, files of others. Missing here on purpose: every
# format that opens anything besides its own file.
FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,w64,ogg,mp3,flac,aac,amr,aiff,caf,asf,avi,mpeg,mpegts,au,"
    "ac3,eac3,wv,tta,ape,flv,loas,latm"
)
_OPEN_OPTIONS: Final = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}


class Ending(StrEnum):
    """How a file ends; `prepare.py` knows the same words."""

    DONE = "done"
    NOT_DECODABLE = "not_decodable"
    NO_SOUND = "no_sound"
    TOO_LONG = "too_long"
    OWN_TROUBLE = "own_trouble"


class Refusal(Exception):  # noqa: N818 -- an outcome of the file, not a fault of ours
    """The file ends in `ending`; `why` is one word for the log."""

    def __init__(self, ending: Ending, why: str) -> None:
        super().__init__(ending)
        self.ending = ending
        self.why = why


def _own_trouble(error: Exception) -> Refusal:
    return Refusal(Ending.OWN_TROUBLE, type(error).__name__)


class PieceFile:
    """The FLAC file that the decoded sound goes into.

    Seekable, and closed before it is reported: only at the end does FLAC learn its length, and gateways
    read the length from the header. Whatever fails here is our disk's trouble and not the file's.
    """

    def __init__(self, target: str | io.BytesIO) -> None:
        self._samples = 0
        self._container = av.open(target, "w", format="flac")  # writes nothing yet
        self._stream = self._container.add_stream("flac", rate=SAMPLE_RATE, format="s16", layout="mono")

    def write(self, frame: AudioFrame) -> None:
        """Append 16 kHz mono sound."""
        frame.pts, frame.time_base = self._samples, _SAMPLE
        self._samples += frame.samples
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as error:
            raise _own_trouble(error) from error

    def close(self) -> None:
        """Write what is left, and the length into the header."""
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except OSError as error:
            raise _own_trouble(error) from error


class Sound:
    """The sound of one audio track, decoded and brought to 16 kHz mono, with a count of what was bad."""

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self._source = container.demux(stream)
        self._is_declared = bool(stream.duration or container.duration)
        self._packets = 0
        self._bad_packets = 0
        self._samples = 0

    def __iter__(self) -> Iterator[AudioFrame]:
        """Give frames of at most 100 ms."""
        for frame in self._resampled():
            self._samples += frame.samples
            yield frame

    def _resampled(self) -> Iterator[AudioFrame]:
        # A stream may change its rate, layout or format in the middle. A resampler cannot, so each such
        # stretch gets one of its own.
        resampler: AudioResampler | None = None
        shape = None
        for frame in self._decoded():
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if resampler is None or now != shape:
                if resampler is not None:
                    yield from resampler.resample(None)
                shape = now
                resampler = AudioResampler("s16", "mono", SAMPLE_RATE, frame_size=SAMPLE_RATE // 10)
            frame.pts = None  # often broken; time is counted in samples
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from resampler.resample(None)

    @property
    def seconds(self) -> float:
        """How much was heard so far. Counted: what a file declares about its length is not to be trusted."""
        return self._samples / SAMPLE_RATE

    def judge(self) -> None:
        """Refuse what is too damaged, and tell a recording without sound from one that can't be read."""
        if self._bad_packets > self._packets * MOST_BAD_PACKETS:
            raise Refusal(Ending.NOT_DECODABLE, "damaged")
        if self._samples == 0 and (self._packets or self._is_declared):
            # Never taken for silence: running out of memory can look like the end of the file.
            raise Refusal(Ending.NOT_DECODABLE, "nothing_decoded")
        if self.seconds < SHORTEST_SECONDS:
            raise Refusal(Ending.NO_SOUND, "too_short")

    def _decoded(self) -> Iterator[AudioFrame]:
        while (packet := self._next_packet()) is not None:
            self._packets += packet.size > 0  # the last one is empty and asks for what the codec holds back
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 -- crafted files raise anything, and each means one bad packet
                self._bad_packets += 1
                continue
            yield from frames

    def _next_packet(self) -> Packet[AudioStream] | None:
        try:
            return next(self._source, None)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 -- reading ends at the first damage, as it does where a file was cut off
            return None


@contextmanager
def listen(source: str | io.BytesIO) -> Iterator[Sound]:
    """Open a file, whatever its name says, and give the sound of the track that a player would play."""
    with av.open(source, "r", metadata_errors="ignore", options=_OPEN_OPTIONS) as container:
        yield Sound(container, _audio_track(container))


def decode(source: str, folder: Path, most_seconds: float) -> Iterator[Report]:
    """Decode one file into pieces (at present: one) and report each when its file is whole."""
    name = "piece-0000.flac"
    with listen(source) as sound:
        piece = PieceFile(str(folder / name))
        for frame in sound:
            piece.write(frame)
            if sound.seconds > most_seconds:
                raise Refusal(Ending.TOO_LONG, "decoded")
        piece.close()
        sound.judge()
    yield {"file": name, "start_seconds": 0.0, "seconds": sound.seconds, "is_last": True}


def _audio_track(container: InputContainer) -> AudioStream:
    """Choose the track that a player would play, and keep the others from being read at all."""
    # Noise opens as MP3 without a rate, and an unknown codec has no context: opened is not valid.
    tracks = container.streams.audio
    usable = [s for s in tracks if s.codec_context is not None and s.codec_context.sample_rate]
    if not usable:
        is_video = bool(container.streams.video) and not tracks
        raise Refusal(Ending.NO_SOUND if is_video else Ending.NOT_DECODABLE, "no_audio_track")
    chosen = next((s for s in usable if s.disposition & Disposition.default), usable[0])
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    chosen.codec_context.thread_count = 1  # many files share few cores
    return chosen


def reports(job: Mapping[str, Any], work: Work = decode) -> Iterator[Report]:
    """Do a job: a line per piece, then the closing one, whatever the file does."""
    try:
        yield from work(job["source"], Path(job["folder"]), job["limits"]["decoded_seconds"])
        yield {"ending": Ending.DONE}
    except Refusal as refusal:
        yield {"ending": refusal.ending, "why": refusal.why}
    except Exception as error:  # noqa: BLE001 -- crafted files raise anything, also what FFmpeg does not know
        yield {"ending": Ending.NOT_DECODABLE, "why": type(error).__name__}


def warm_up() -> None:
    """Read and write a moment of silence: the first use of each part is slow, and this child has time."""
    kept = io.BytesIO()
    silence = AudioFrame("s16", "stereo", samples=4800)
    silence.sample_rate = 48_000
    with av.open(kept, "w", format="wav") as sink:
        sink.mux(sink.add_stream("pcm_s16le", rate=48_000, layout="stereo").encode(silence))
    piece = PieceFile(io.BytesIO())
    with listen(io.BytesIO(kept.getvalue())) as sound:
        for frame in sound:
            piece.write(frame)
    piece.close()


def confine(
    limits: Mapping[str, int],
) -> None:  # pragma: no cover -- lasts; seen on real children
    """Take from this process what one recording does not need."""
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        # A machine that is stricter already, or knows no such limit, keeps its own.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def die_with_parent() -> None:  # pragma: no cover -- as above
    """See to it that a killed parent leaves no child at work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        # Nothing is ever sent after the job, so this waits for the end of the pipe, and so of the parent.
        # os.read, as a thread inside sys.stdin would be in the way of an orderly exit.
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main(work: Work = decode) -> None:  # pragma: no cover -- as above
    """Wait for a job, do it, report."""
    warm_up()
    line = sys.stdin.buffer.readline()
    if not line:  # closed down before there was work
        return
    die_with_parent()
    job = json.loads(line)
    confine(job["limits"])
    for report in reports(job, work):
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":  # pragma: no cover -- as above
    main()
