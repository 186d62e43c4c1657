"""Changes to finished files: headers that lie or say little, tags, covers."""

from __future__ import annotations

import random
import struct
import zlib
from typing import Final

_HUGE: Final = 2 << 20
_MANY: Final = 817 * 48_000 // 1152  # frames of an MP3


def with_cover(mp3: bytes) -> bytes:
    """Put a picture in front of an MP3, as players show it."""
    return id3(b"APIC", b"\0image/png\0\x03\0" + png(300, 300)) + mp3


def with_huge_tag(mp3: bytes) -> bytes:
    """Put two megabytes of private data, which look like sound in places, in front of an MP3."""
    noise = random.Random(4).randbytes(_HUGE)  # noqa: S311 -- any noise will do
    return id3(b"PRIV", b"someone\0" + noise.replace(b"\0", b"\xff\xfb")[:_HUGE]) + mp3


def id3(name: bytes, content: bytes) -> bytes:
    """Write an ID3v2.4 tag with one frame. https://id3.org/id3v2.4.0-structure."""
    frame = name + _sync_safe(len(content)) + b"\0\0" + content
    return b"ID3\x04\0\0" + _sync_safe(len(frame)) + frame


def _sync_safe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def png(width: int, height: int) -> bytes:
    """Write a picture of noise in a few greys; a large one of one grey would be small."""
    line = b"\0" + bytes(range(256)) * (width // 256 + 1)
    return pressed_png(width, height, zlib.compress(line[: width + 1] * height))


def pressed_png(width: int, height: int, pressed: bytes) -> bytes:
    """Write a grey picture whose content has been compressed already."""
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", pressed),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


def with_claim_of_817_seconds(mp3: bytes) -> bytes:
    """Let the header of an MP3 claim many more frames than it has."""
    place = max(mp3.find(b"Xing"), mp3.find(b"Info"))
    assert place > 0, "no header that counts frames"
    return mp3[: place + 8] + struct.pack(">I", _MANY) + mp3[place + 12 :]


def with_more_claimed(wav: bytes) -> bytes:
    """Let a WAV file claim a gigabyte of samples."""
    place = wav.index(b"data")
    return wav[: place + 4] + struct.pack("<I", 1 << 30) + wav[place + 8 :]


def without_order(wav: bytes) -> bytes:
    """Take away which of a WAV file's channels is which, as multi-track recorders write it."""
    place = wav.index(b"fmt ") + 8
    assert wav[place : place + 2] == b"\xfe\xff", "no list of channels"
    return wav[: place + 20] + bytes(4) + wav[place + 24 :]
