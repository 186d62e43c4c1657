"""Recordings made on the spot: any length of speech, and a video of any size around it.

A minute is encoded once and its packets are laid one after the other, so that an hour takes a second or
two. The picture is noise under the name of one: nobody looks at it, but it has to be carried.
"""

from __future__ import annotations

import heapq
import io
import os
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

import av
from av.audio.frame import AudioFrame

from bot.sandbox import samples
from bot.sandbox.hearing import Heard, length

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.packet import Packet
    from av.stream import Stream

RATE: Final = 48_000
SAMPLES_PER_PACKET: Final = 1024  # of AAC
PAUSES_SECONDS: Final = (0.4, 0.9, 0.6, 1.5)
FRAMES_PER_SECOND: Final = 10
SENTENCE_SECONDS: Final = 6.0
SENTENCE: Final = (
    "This is what was said in these six seconds of the recording, number {number}, in plain English."
)


def speech(target: Path, seconds: float) -> Path:
    """Write so much speech, as a telephone's recorder would."""
    minute = _minute()
    with av.open(io.BytesIO(minute), "r") as source, av.open(str(target), "w") as sink:
        voice = sink.add_stream_from_template(source.streams.audio[0])
        for packet in _voice(voice, _payloads(minute), seconds):
            sink.mux(packet)
    return target


def film(target: Path, seconds: float, size_bytes: int) -> Path:
    """Write a video of so much speech, which is nearly so large: picture and sound lie interleaved."""
    minute = _minute()
    with av.open(io.BytesIO(minute), "r") as source, av.open(str(target), "w") as sink:
        voice = sink.add_stream_from_template(source.streams.audio[0])
        picture = sink.add_stream("mpeg4", rate=FRAMES_PER_SECOND, width=1280, height=720, pix_fmt="yuv420p")
        payloads = _payloads(minute)
        sound_bytes = sum(map(len, payloads)) / len(payloads) * seconds * RATE / SAMPLES_PER_PACKET
        frame_bytes = round((size_bytes - sound_bytes) / (seconds * FRAMES_PER_SECOND))
        both = (_voice(voice, payloads, seconds), _pictures(picture, frame_bytes, seconds))
        for packet in heapq.merge(*both, key=_moment):
            sink.mux(packet)
    return target


def ears(content: bytes) -> Heard:
    """Hear a sentence in every six seconds of a piece, and how long it is: nobody has to listen to that."""
    seconds = length(content)
    starts = [number * SENTENCE_SECONDS for number in range(int(seconds / SENTENCE_SECONDS) or 1)]
    said = [
        (start, min(start + SENTENCE_SECONDS, seconds), SENTENCE.format(number=number))
        for number, start in enumerate(starts, start=1)
    ]
    return Heard(seconds, tuple(said))


@cache
def _minute() -> bytes:
    """Let every shipped sample be said once, with pauses between them: about a minute."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as sink:
        stream = sink.add_stream(
            "aac", rate=RATE, layout="mono", bit_rate=96_000, options={"aac_coder": "fast"}
        )
        for frame in _said():
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return written.getvalue()


def _said() -> Iterator[AudioFrame]:
    resampler = av.AudioResampler("fltp", "mono", RATE, frame_size=SAMPLES_PER_PACKET)
    for number, sample in enumerate(samples.load()):
        with av.open(str(sample.path), "r") as source:
            spoken = av.AudioResampler("s16", "mono", RATE)
            for heard in (*source.decode(audio=0), None):
                for frame in spoken.resample(heard):
                    frame.pts = None
                    yield from resampler.resample(frame)
        pause = round(RATE * PAUSES_SECONDS[number % len(PAUSES_SECONDS)])
        frame = AudioFrame("s16", "mono", samples=pause)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate = RATE
        yield from resampler.resample(frame)


def _payloads(minute: bytes) -> list[bytes]:
    with av.open(io.BytesIO(minute), "r") as source:
        return [bytes(packet) for packet in source.demux(audio=0) if packet.size]


def _voice(stream: Stream, payloads: list[bytes], seconds: float) -> Iterator[Packet[Stream]]:
    for number in range(round(seconds * RATE / SAMPLES_PER_PACKET)):
        yield _packet(stream, payloads[number % len(payloads)], number, Fraction(SAMPLES_PER_PACKET, RATE))


def _pictures(stream: Stream, frame_bytes: int, seconds: float) -> Iterator[Packet[Stream]]:
    noise = os.urandom(frame_bytes + 4096)
    for number in range(round(seconds * FRAMES_PER_SECOND)):
        data = noise[number % 4096 :][:frame_bytes]
        yield _packet(stream, data, number, Fraction(1, FRAMES_PER_SECOND))


def _moment(packet: Packet[Stream]) -> Fraction:
    return (packet.pts or 0) * packet.time_base


def _packet(stream: Stream, data: bytes, number: int, lasts: Fraction) -> Packet[Stream]:
    packet = av.Packet(data)
    packet.stream, packet.time_base = stream, lasts
    packet.pts = packet.dts = number
    packet.duration, packet.is_keyframe = 1, True
    return packet
