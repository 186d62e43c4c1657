"""Damage that can be done to a file, the same in every run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from encoding import Kind, write

import recordings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

PER_SEED: Final = 50
SECONDS: Final = 1.0
_EXACT: Final = {"fflags": "bitexact"}  # nothing of the time or of chance in the header

SEEDS: Final = (
    Kind("mp3", "mp3", "libmp3lame", options=_EXACT),
    Kind("m4a", "m4a", "aac", options=_EXACT),
    Kind("mp4", "mp4", "aac", film="mpeg4", options={"movflags": "frag_keyframe+empty_moov", **_EXACT}),
    Kind("ogg", "ogg", "libopus", options={"page_duration": "100000", **_EXACT}),
    Kind("webm", "webm", "libopus", "webm", is_live=True, options={"live": "1", **_EXACT}),
    Kind("wav", "wav", "pcm_s16le", options=_EXACT),
    Kind("flac", "flac", "flac", options=_EXACT),
    Kind("wma", "wma", "wmav2", "asf", bit_rate=64_000, options=_EXACT),
    Kind("ts", "ts", "aac", "mpegts", film="mpeg2video", options=_EXACT),
    Kind("caf", "caf", "alac", options=_EXACT),
)
_HEAD: Final = 256  # bytes: headers and the first index
_TAIL: Final = 512
_BLOCK: Final = 1024


def seeds(folder: Path) -> dict[str, bytes]:
    """Write a second of sound in each of ten containers."""
    source = recordings.tone(folder / "tone.wav", SECONDS)
    return {kind.name: write(kind, source, folder).read_bytes() for kind in SEEDS}


def mutants(seed: str, all_seeds: Mapping[str, bytes]) -> Iterator[bytes]:
    """Give fifty damaged copies of a seed."""
    others = [content for name, content in sorted(all_seeds.items()) if name != seed]
    for number in range(PER_SEED):
        chance = random.Random(f"{seed} {number}")  # noqa: S311 -- damage, not a secret
        yield _DAMAGES[number % len(_DAMAGES)](bytearray(all_seeds[seed]), chance, others)


def _truncated(content: bytearray, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    return bytes(content[: chance.randrange(1, len(content))])


def _flipped(place: Callable[[int], tuple[int, int]]) -> _Damage:
    def damage(content: bytearray, chance: random.Random, _others: Sequence[bytes]) -> bytes:
        first, end = place(len(content))
        for _ in range(chance.choice((1, 3, 20))):
            content[chance.randrange(first, end)] ^= 1 << chance.randrange(8)
        return bytes(content)

    return damage


def _spliced(content: bytearray, chance: random.Random, others: Sequence[bytes]) -> bytes:
    """Put the beginning of one file in front of another's rest, or in place of its beginning."""
    head = chance.choice(others)[: chance.randrange(4, 2 * _HEAD)]
    return head + bytes(content[chance.choice((0, len(head))) :])


def _zeroed(content: bytearray, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    size = chance.randrange(1, min(_BLOCK, len(content)))
    start = chance.randrange(len(content) - size)
    content[start : start + size] = bytes(size)
    return bytes(content)


def _stuffed(content: bytearray, chance: random.Random, _others: Sequence[bytes]) -> bytes:
    start, size = chance.randrange(len(content)), chance.randrange(1, _BLOCK)
    content[start:start] = chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size)))
    return bytes(content)


if TYPE_CHECKING:
    _Damage = Callable[[bytearray, random.Random, Sequence[bytes]], bytes]

_DAMAGES: Final[tuple[_Damage, ...]] = (
    _truncated,
    _flipped(lambda size: (0, min(_HEAD, size))),
    _flipped(lambda size: (max(0, size - _TAIL), size)),
    _flipped(lambda size: (0, size)),
    _spliced,
    _zeroed,
    _stuffed,
)
