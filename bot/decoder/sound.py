"""Any recording → its sound: 16 kHz, mono, in blocks of 100 ms that know their level and their place."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import av
from av.codec import Codec
from av.filter import Graph
from av.stream import Discard, Disposition

from bot.decoder.clock import SAMPLE_RATE, Clock
from bot.decoder.level import level_of
from bot.decoder.refusal import Ending, Refusal

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

SHORTEST_SECONDS: Final = 0.1  # endpoints refuse less
_CLEARLY_MORE_SECONDS: Final = 3 * SHORTEST_SECONDS  # than that; what codecs add to both ends is less
MOST_BAD_PACKETS: Final = 0.5  # of all: damaged in a few places is fine, encrypted is not

# What may be opened, on every open. Without it FFmpeg takes a text for a playlist (HLS, ffconcat, SDP)
# and fetches what that names: addresses in our network, files of others. Missing here on purpose: every
# format that opens anything besides its own file.
FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,w64,ogg,mp3,flac,aac,amr,aiff,caf,asf,avi,mpeg,mpegts,au,"
    "ac3,eac3,wv,tta,ape,flv,loas,latm"
)
_PULLS_A_SECOND: Final = 4
_OUTPUT_FILTERS: Final = (
    ("aresample", str(SAMPLE_RATE)),
    ("aformat", "sample_fmts=s16:channel_layouts=mono"),
    ("asetnsamples", f"n={SAMPLE_RATE // 10}:p=0"),
    ("abuffersink", None),
)


@dataclass(frozen=True, slots=True)
class Block:
    """At most 100 ms of sound, 16 bits a sample; `level` in decibels of the loudest there can be.

    `at` is the sample of the recording that it begins with, as a player would count.
    """

    sound: bytes
    level: float
    at: int

    @property
    def samples(self) -> int:
        """How long it is."""
        return len(self.sound) // 2


class Sound:
    """The sound of one audio track, with a count of what was bad. It is heard once."""

    def __init__(
        self, container: InputContainer, stream: AudioStream, *, is_first_channel_only: bool = False
    ) -> None:
        self._source = container.demux(stream)
        self.declared_seconds = _declared_seconds(container, stream)
        self.channels = 1
        self._is_first_channel_only = is_first_channel_only
        self._clock = Clock((container.start_time or 0) / av.time_base, self.declared_seconds)
        self._packets = 0
        self._bad_packets = 0
        self._samples = 0

    def __iter__(self) -> Iterator[Block]:
        """Give blocks of 100 ms; of less at the end, and around a hole in the recording."""
        for frame in self._resampled():
            self._samples += frame.samples
            sound = bytes(frame.planes[0])[: frame.samples * 2]  # a plane may be longer than its sound
            level = level_of(sound)
            begin = 0
            for samples, at in self._clock.place(frame.samples):
                yield Block(sound[begin : begin + samples * 2], level, at)
                begin += samples * 2

    def _resampled(self) -> Iterator[AudioFrame]:
        # A stream may change its rate, layout or format in the middle. A graph of filters cannot, so each
        # such stretch gets one of its own.
        graph: Graph | None = None
        shape = None
        waiting = 0
        for frame in self._decoded():
            now = (frame.format.name, frame.layout.name, frame.sample_rate)
            if graph is None or now != shape:
                if graph is not None:
                    graph.push(None)
                    yield from _pulled(graph)
                shape = now
                graph = self._graph_for(frame)
                self.channels = max(self.channels, frame.layout.nb_channels)
            self._clock.hear(frame)
            frame.pts = None  # often broken; the clock has seen it
            graph.push(frame)
            waiting += frame.samples
            if waiting * _PULLS_A_SECOND >= frame.sample_rate:  # asking for each frame would take longer
                waiting = 0
                yield from _pulled(graph)
        if graph is not None:
            graph.push(None)
            yield from _pulled(graph)

    def _graph_for(self, frame: AudioFrame) -> Graph:
        if self._is_first_channel_only:
            return _graph(frame, "mono|c0=c0")
        # Where nobody says which channel is which, as with a recorder of many tracks, FFmpeg mixes only
        # some of them; of other layouts it knows no mix at all, and refuses.
        if not frame.layout.name.endswith(" channels"):
            with suppress(ValueError):
                return _graph(frame)
        channels = "+".join(f"c{number}" for number in range(frame.layout.nb_channels))
        return _graph(frame, f"mono|c0<{channels}")

    @property
    def seconds(self) -> float:
        """How much was heard so far. Counted: what a file declares about its length is not to be trusted."""
        return self._samples / SAMPLE_RATE

    def judge(self) -> None:
        """Refuse what is too damaged, and tell a recording without sound from one that can't be read."""
        if self._bad_packets > self._packets * MOST_BAD_PACKETS:
            raise Refusal(Ending.NOT_DECODABLE, "damaged")
        is_lost = self.seconds < SHORTEST_SECONDS and self.declared_seconds > _CLEARLY_MORE_SECONDS
        if is_lost or (self._samples == 0 and (self._packets or self.declared_seconds)):
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
def listen(source: str | io.BytesIO, *, is_first_channel_only: bool = False) -> Iterator[Sound]:
    """Open a file, whatever its name says, and give the sound of the track that a player would play."""
    options = {
        "format_whitelist": FORMATS,
        "protocol_whitelist": "file",
        # Probing decodes a little of every track. A picture of 143 MB in an MP3 would be decoded, too.
        "codec_whitelist": _audio_decoders(),
    }
    with av.open(source, "r", metadata_errors="ignore", options=options) as container:
        stream = _audio_track(container)
        yield Sound(container, stream, is_first_channel_only=is_first_channel_only)


@cache
def _audio_decoders() -> str:
    """Name every decoder of sound: which there are, the FFmpeg inside PyAV knows best."""
    return ",".join(sorted(name for name in av.codecs_available if _is_audio_decoder(name)))


def _is_audio_decoder(name: str) -> bool:
    try:
        return Codec(name, "r").type == "audio"
    except ValueError:  # it can only be written
        return False


def _graph(frame: AudioFrame, mix: str = "") -> Graph:
    """Make the filters that bring frames like this one to blocks of ours."""
    graph = Graph()
    graph.threads = 1  # many files share few cores
    nodes = [
        graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
        )
    ]
    if mix:
        nodes.append(graph.add("pan", mix))
    nodes += [graph.add(name, arguments) for name, arguments in _OUTPUT_FILTERS]
    graph.link_nodes(*nodes).configure()
    return graph


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    """Give what is ready."""
    while True:
        try:
            yield graph.pull()  # type: ignore[misc]  # the sink is one for sound
        except (BlockingIOError, EOFError):  # PyAV's own are these: it wants more, or there will be none
            return


def _declared_seconds(container: InputContainer, stream: AudioStream) -> float:
    """Give the length that the file declares; 0.0 where it says none."""
    if container.duration:
        return container.duration / av.time_base
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return 0.0


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
