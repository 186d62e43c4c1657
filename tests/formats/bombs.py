"""Small files that become large: hours of silence, huge pictures, more channels than ears."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_BLOCK: Final = 65_535  # samples in one frame of FLAC
_UNKNOWN_RATE, _BLOCK_SIZE_FOLLOWS = 0, 7
_SILENT: Final = b"\0\0\0"  # a channel of one value only, and the value
_MOST_SAMPLES: Final = (1 << 36) - 1


def silent_flac(frames: int, *, rate: int, channels: int = 1, claim: int | None = None) -> bytes:
    """Write silence: in every frame of some 12 bytes there are 65,535 samples of each channel.

    https://www.rfc-editor.org/rfc/rfc9639; `claim` is the number of samples that the header tells.
    """
    samples = frames * _LONGEST_BLOCK if claim is None else claim
    numbers = rate << 44 | channels - 1 << 41 | 15 << 36 | samples
    info = struct.pack(">HH6xQ16x", _LONGEST_BLOCK, _LONGEST_BLOCK, numbers)
    return b"fLaC\x80\0\0" + bytes([len(info)]) + info + b"".join(_frames(frames, channels))


def endless_flac() -> bytes:
    """Write five seconds of silence that claim to be all that FLAC can count."""
    return silent_flac(1, rate=13_107, claim=_MOST_SAMPLES)


def _frames(count: int, channels: int) -> Iterator[bytes]:
    start = bytes([0xFF, 0xF8, _BLOCK_SIZE_FOLLOWS << 4 | _UNKNOWN_RATE, channels - 1 << 4 | 4 << 1])
    for number in range(count):
        head = start + _utf8(number) + struct.pack(">H", _LONGEST_BLOCK - 1)
        frame = head + bytes([_checksum(head, 8, 0x07)]) + _SILENT * channels
        yield frame + struct.pack(">H", _checksum(frame, 16, 0x8005))


def _utf8(number: int) -> bytes:
    """Write a number as text has its letters; surrogates, too, as these are only numbers."""
    return chr(number).encode("utf-8", "surrogatepass")


def _checksum(content: bytes, bits: int, polynomial: int) -> int:
    top, everything, value = 1 << bits - 1, (1 << bits) - 1, 0
    for byte in content:
        value ^= byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value & top else 0)) & everything
    return value


def cover(kind: str, side: int) -> bytes:
    """Write the tag of an MP3 with a black square in it: few bytes, many pixels."""
    picture = {"png": _png, "gif": _gif}[kind](side)
    return headers.id3(b"APIC", b"\0image/" + kind.encode() + b"\0\x03\0" + picture)


def _png(side: int) -> bytes:
    packer = zlib.compressobj(1)
    line = bytes(side + 1)
    pressed = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    return headers.pressed_png(side, side, pressed)


def _gif(side: int) -> bytes:
    encoder = av.VideoCodecContext.create("gif", "w")
    encoder.width, encoder.height, encoder.pix_fmt = side, side, "gray"
    encoder.time_base = Fraction(1)
    frame = av.VideoFrame(side, side, "gray")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))
