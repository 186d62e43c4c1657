"""The file that a piece goes into: FLAC, or MP3 for an endpoint that takes no FLAC."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av
from av.audio.frame import AudioFrame

from bot.decoder.clock import SAMPLE_RATE
from bot.decoder.refusal import own_trouble

if TYPE_CHECKING:
    import io

    from av.audio.stream import AudioStream

_SAMPLE: Final = Fraction(1, SAMPLE_RATE)
_ENCODED_AT_ONCE: Final = SAMPLE_RATE * 2  # bytes: a second, as PyAV keeps room for the longest it was given


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file, in FFmpeg's words; `bit_rate` 0 where nothing is lost."""

    container: str
    codec: str
    sample_format: str
    bit_rate: int = 0


FLAC: Final = Kind("flac", "flac", "s16")
MP3: Final = Kind("mp3", "libmp3lame", "s16p", bit_rate=64_000)


class PieceFile:
    """A file of sound that has its name only when it is whole.

    Seekable, and closed before it is named: only at the end do FLAC and MP3 learn their length, and
    gateways read the length from the header. Whatever fails here is our disk's trouble and not the file's.
    """

    def __init__(self, target: Path | io.BytesIO, kind: Kind = FLAC) -> None:
        self._target = target
        self.samples = 0  # written so far
        self._unfinished = target.with_suffix(".part") if isinstance(target, Path) else None
        opened = str(self._unfinished) if self._unfinished else cast("io.BytesIO", target)
        self._container = av.open(opened, "w", format=kind.container)  # writes nothing yet
        stream = self._container.add_stream(
            kind.codec, rate=SAMPLE_RATE, format=kind.sample_format, layout="mono"
        )
        self._stream = cast("AudioStream", stream)
        if kind.bit_rate:
            self._stream.bit_rate = kind.bit_rate

    def write(self, sound: bytes) -> None:
        """Append 16 kHz mono sound of 16 bits a sample."""
        for begin in range(0, len(sound), _ENCODED_AT_ONCE):
            self._encode(sound[begin : begin + _ENCODED_AT_ONCE])

    def _encode(self, sound: bytes) -> None:
        frame = AudioFrame("s16", "mono", samples=len(sound) // 2)
        frame.planes[0].update(sound)
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = self.samples, _SAMPLE
        self.samples += frame.samples
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as error:
            raise own_trouble(error) from error

    def close(self) -> None:
        """Write what is left and the length into the header, and give the file its name."""
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            if self._unfinished:
                self._unfinished.rename(cast("Path", self._target))
        except OSError as error:
            raise own_trouble(error) from error

    def drop(self) -> None:
        """Take the unfinished file away."""
        self._container.close()
        if self._unfinished:
            self._unfinished.unlink(missing_ok=True)
