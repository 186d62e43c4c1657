"""Files of every kind: any codec in any container, also recorded live, also with a picture beside it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

import av

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_PICTURES_PER_SECOND: Final = 25
_PIXELS: Final = {"mjpeg": "yuvj420p"}
_HASTE: Final = {"vp8": {"deadline": "realtime", "cpu-used": "8"}}  # by itself it takes seconds


@dataclass(frozen=True, slots=True)
class Kind:
    """What to write. `change` is made to the finished bytes; `container` is said where the suffix lies.

    `channel` is the one of the `layout` that speaks, where not all of them do. `quieter` says by how much
    such a file sounds softer in mono. A file that `is_live` was written to where nothing can be changed
    later, so that its header does not know its length.
    """

    name: str
    suffix: str
    codec: str
    container: str | None = None
    rate: int = 48_000
    layout: str = "mono"
    bit_rate: int | None = None
    film: str = ""
    is_live: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    codec_options: Mapping[str, str] = field(default_factory=dict)
    channel: str = ""
    quieter: float = 1.0
    change: Callable[[bytes], bytes] | None = None


class _Pipe:
    """Where what is written is gone: nobody can seek in it."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, content: bytes) -> int:
        """Take what comes."""
        self.content += content
        return len(content)


def write(kind: Kind, source: Path, folder: Path) -> Path:
    """Write the sound of `source`, a mono WAV file, as a file of this kind."""
    target = folder / f"recording{kind.suffix and '.'}{kind.suffix}"
    pipe = _Pipe()
    with (
        av.open(
            pipe if kind.is_live else str(target), "w", format=kind.container, options=dict(kind.options)
        ) as sink,
        _track(sink, kind) as put,
    ):
        for frame in frames(source, kind):
            put(frame)
    if kind.is_live:
        target.write_bytes(pipe.content)
    if kind.change is not None:
        target.write_bytes(kind.change(target.read_bytes()))
    return target


@contextmanager
def _track(sink: OutputContainer, kind: Kind) -> Iterator[Callable[[AudioFrame], None]]:
    """Give the way into the audio track; where there is a film, it comes beside it."""
    sound = cast(
        "AudioStream",
        sink.add_stream(kind.codec, rate=kind.rate, layout=kind.layout, options=dict(kind.codec_options)),
    )
    if kind.bit_rate is not None:
        sound.bit_rate = kind.bit_rate
    if kind.film:
        _film(sink, kind.film)
    resampler = av.AudioResampler(sound.codec_context.format, kind.layout, kind.rate)
    count = 0

    def put(frame: AudioFrame | None) -> None:
        nonlocal count
        for part in resampler.resample(frame):
            part.pts, part.time_base = count, Fraction(1, kind.rate)
            count += part.samples
            sink.mux(sound.encode(part))

    yield put
    put(None)
    sink.mux(sound.encode(None))


def frames(source: Path, kind: Kind) -> Iterator[AudioFrame]:
    """Read a mono WAV file, and have it spoken by all channels, or by the one that the kind names."""
    speaking = [kind.channel] if kind.channel else [one.name for one in av.AudioLayout(kind.layout).channels]
    graph = av.filter.Graph()
    with av.open(str(source), "r") as opened:
        graph.link_nodes(
            graph.add_abuffer(template=opened.streams.audio[0]),
            graph.add("pan", "|".join([kind.layout, *(f"{channel}=c0" for channel in speaking)])),
            graph.add("abuffersink"),
        ).configure()
        for frame in opened.decode(audio=0):
            graph.push(frame)
            yield cast("AudioFrame", graph.pull())


def _film(sink: OutputContainer, codec: str) -> None:
    pixels = _PIXELS.get(codec, "yuv420p")
    picture = cast(
        "VideoStream",
        sink.add_stream(
            codec,
            rate=_PICTURES_PER_SECOND,
            width=64,
            height=48,
            pix_fmt=pixels,
            options=_HASTE.get(codec),
        ),
    )
    for number in range(3 * _PICTURES_PER_SECOND):
        frame = av.VideoFrame(64, 48, pixels)
        frame.pts, frame.time_base = number, Fraction(1, _PICTURES_PER_SECOND)
        sink.mux(picture.encode(frame))
    sink.mux(picture.encode(None))
