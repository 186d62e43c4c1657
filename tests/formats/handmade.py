"""Files that no muxer at hand writes, byte by byte: CAF with Opus, AMR-WB and Speex of arbitrary bits."""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING, Final

import av

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

OPUS_RATE: Final = 48_000
_FRAMES_PER_SECOND: Final = 50  # of AMR and Speex alike
_WIDE: Final = 23_850  # bits per second: the best and the usual mode of AMR-WB
_CRC_POLYNOMIAL: Final = 0x04C11DB7


def caf_with_opus(ogg: Path, target: Path, seconds: float) -> Path:
    """Put the packets of an Ogg Opus file into a CAF file, as telephones record.

    The container knows what its packets begin with that is to be left out.
    """
    with av.open(str(ogg), "r") as opened:
        packets = [bytes(packet) for packet in opened.demux(audio=0) if packet.size]
    skipped = 312
    samples = round(seconds * OPUS_RATE)
    table = struct.pack(">qqii", len(packets), samples, skipped, len(packets) * 960 - samples - skipped)
    description = struct.pack(">d4sIIIII", OPUS_RATE, b"opus", 0, 0, 960, 1, 0)
    content = (
        _caf_chunk(b"desc", description)
        + _caf_chunk(b"pakt", table + b"".join(_caf_number(len(packet)) for packet in packets))
        + _caf_chunk(b"data", bytes(4) + b"".join(packets))
    )
    target.write_bytes(b"caff\0\1\0\0" + content)
    return target


def _caf_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">q", len(content)) + content


def _caf_number(number: int) -> bytes:
    """Write a number in sevens of bits, all but the last with the highest bit set."""
    return bytes([number >> 7 | 0x80, number & 0x7F]) if number > 0x7F else bytes([number])


def amr_wb(target: Path, seconds: float) -> Path:
    """Write an AMR-WB file. Any bits are a frame of it, so noise of a known length needs no encoder.

    https://www.rfc-editor.org/rfc/rfc4867#section-5
    """
    noise = random.Random(6)  # noqa: S311 -- any noise will do
    frame_bytes = (_WIDE // _FRAMES_PER_SECOND + 7) // 8
    head = bytes([8 << 3 | 4])  # the mode, and that the frame is good
    frames = (head + noise.randbytes(frame_bytes) for _ in range(round(seconds * _FRAMES_PER_SECOND)))
    target.write_bytes(b"#!AMR-WB\n" + b"".join(frames))
    return target


def speex(target: Path, seconds: float) -> Path:
    """Write an Ogg Speex file of 8 kHz; its frames are arbitrary bits, too, but for their first five."""
    noise = random.Random(7)  # noqa: S311 -- any noise will do
    head = struct.pack("<8s20s13i", b"Speex   ", b"1.2rc1", 1, 80, 8000, 0, 4, 1, -1, 160, 0, 1, 0, 0, 0)
    comment = struct.pack("<I4sI", 4, b"test", 0)
    # One bit for narrow, four for the mode: 5, which has 300 bits in a frame of 20 ms.
    frames = [
        bytes([5 << 3 | noise.getrandbits(3)]) + noise.randbytes(36) + b"\x0f"
        for _ in range(round(seconds * _FRAMES_PER_SECOND))
    ]
    target.write_bytes(b"".join(ogg_pages([[head], [comment], *_in_tens(frames)], samples=160)))
    return target


def _in_tens(frames: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [frames[start : start + 10] for start in range(0, len(frames), 10)]


def ogg_pages(pages: Sequence[Sequence[bytes]], *, samples: int) -> Iterator[bytes]:
    """Write Ogg pages of small packets with so many samples in each; the first two pages have none.

    https://www.rfc-editor.org/rfc/rfc3533#section-6
    """
    position = 0
    for number, packets in enumerate(pages):
        position += samples * len(packets) if number > 1 else 0
        flags = 2 if number == 0 else 4 if number == len(pages) - 1 else 0
        head = struct.pack("<4sBBqIII", b"OggS", 0, flags, position, 77, number, 0)
        page = bytearray(head + bytes([len(packets), *map(len, packets)]) + b"".join(packets))
        page[22:26] = struct.pack("<I", _ogg_checksum(bytes(page)))
        yield bytes(page)


def _ogg_checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (_CRC_POLYNOMIAL if value & 1 << 31 else 0)
    return value & 0xFFFFFFFF


def ogg_seconds(file: Path, rate: int) -> float:
    """Read the length of an Ogg file from its last page: the number of its last sample.

    Opus counts what a decoder leaves out at the beginning, and says in its first packet how much it is.
    """
    content = file.read_bytes()
    last = content.rindex(b"OggS")
    [samples] = struct.unpack_from("<q", content, last + 6)
    opus = content.find(b"OpusHead", 0, 100)
    skipped = struct.unpack_from("<H", content, opus + 10)[0] if opus > 0 else 0
    return (int(samples) - int(skipped)) / rate
