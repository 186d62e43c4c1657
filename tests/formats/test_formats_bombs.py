"""Files that mean harm: bombs, lies, playlists, names. Each is answered, and nobody else is hurt."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import bombs
import pytest
from encoding import Kind, write
from listening import OFF_SECONDS, heard

import recordings
from bot.errors import NotDecodableError, SilentError, TooLongError
from bot.prepare import Decoders, Limits
from bot.sandbox.records import SharedFile
from running import playing
from stand_ins import command_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.piece import Piece

MP3 = Kind("", "mp3", "libmp3lame")
PATIENCE_SECONDS = 60

# The real decoder, which also notes how much memory it had at most.
MEASURING = """
import json, resource, sys
from bot.decoder.child import main
from bot.decoder.pieces import decode
def measured(source, folder, most_seconds):
    yield from decode(source, folder, most_seconds)
    (folder / "used").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
main(measured)
"""
# Reports one piece after the other and never comes to an end.
TALKING = """
import json, os, sys
folder = json.loads(sys.stdin.readline())["folder"]
begin = 0
while True:
    end, name = begin + 30, f"piece-{begin // 30:04}.flac"
    open(os.path.join(folder, name), "w").write("sound")
    print(json.dumps({"file": name, "start_seconds": begin, "end_seconds": end, "seconds": 30,
                      "anchors": [[0, begin]], "is_last": False}), flush=True)
    begin = end
"""


def file_of(content: bytes, folder: Path, name: str = "received") -> Path:
    """Write what somebody sent."""
    target = folder / name
    target.write_bytes(content)
    return target


def text_in(file: Path) -> str:
    """Read what another process wrote down."""
    return file.read_text(encoding="ascii")


def folder_of(source: Path) -> Path:
    """Make the folder for the pieces of a file."""
    into = source.parent / "pieces"
    into.mkdir(exist_ok=True)
    return into


def size_of(folder: Path) -> int:
    """Count the bytes in a folder and below."""
    return sum(file.stat().st_size for file in folder.rglob("*"))


async def prepared(
    source: Path, *, limits: Limits | None = None, command: Sequence[str | Path] = ()
) -> list[Piece]:
    """Prepare a file in a child that is started for it, within the patience of this test."""
    decoders = Decoders(at_once=1, limits=limits, command=command)
    into = folder_of(source)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return [piece async for piece in decoders.prepare(source, into)]
    finally:
        await decoders.close()


# --- bombs --------------------------------------------------------------------------------------


async def test_hours_in_kilobytes(tmp_path: Path) -> None:
    """Ten hours of silence in 60 KB are too long, and almost nothing of them is written."""
    bomb = bombs.silent_flac(4400, rate=8000)
    assert len(bomb) < 70_000
    with pytest.raises(TooLongError):
        await prepared(file_of(bomb, tmp_path), limits=Limits(decoded_seconds=300))
    assert size_of(tmp_path / "pieces") < 1_000_000


async def test_silence_in_kilobytes(tmp_path: Path) -> None:
    """Where the silence is short enough, it is known for what it is."""
    with pytest.raises(SilentError):
        await prepared(file_of(bombs.silent_flac(4, rate=8000), tmp_path))


async def test_too_many_samples_a_second(tmp_path: Path) -> None:
    """Eight channels with 655,350 samples in each second take no more work than a file may."""
    bomb = bombs.silent_flac(4000, rate=655_350, channels=8)
    assert len(bomb) < 200_000
    with pytest.raises(NotDecodableError):
        await prepared(file_of(bomb, tmp_path), limits=Limits(cpu_seconds=1))


async def test_a_header_that_claims_years(tmp_path: Path) -> None:
    """A header is no reason to refuse a file: what counts is the sound that comes."""
    with pytest.raises(SilentError):
        await prepared(file_of(bombs.endless_flac(), tmp_path))


@pytest.mark.parametrize(("kind", "side"), [("png", 10_000), ("gif", 5_000)])
async def test_a_picture_is_not_unpacked(kind: str, side: int, tmp_path: Path) -> None:
    """A cover of very many pixels costs no memory: it is not looked at."""
    sound = write(MP3, recordings.tone(tmp_path / "tone.wav", 1), tmp_path).read_bytes()
    used = []
    for pixels in (16, side):
        source = file_of(bombs.cover(kind, pixels) + sound, tmp_path)
        [piece] = await prepared(source, command=(sys.executable, "-I", "-c", MEASURING))
        assert piece.seconds == pytest.approx(1, abs=OFF_SECONDS)
        used.append(int(text_in(folder_of(source) / "used")) * 1024)
    assert used[1] - used[0] < 50_000_000


@pytest.mark.parametrize("megabytes", [128, 192, 224, 512])
async def test_scarce_memory(megabytes: int, tmp_path: Path) -> None:
    """However little memory there is, a recording is heard whole or refused, never in part."""
    source = write(Kind("", "m4a", "aac"), recordings.tone(tmp_path / "tone.wav", 10), tmp_path)
    try:
        seconds, _ = await heard(source, limits=Limits(memory_bytes=megabytes << 20))
    except NotDecodableError:
        assert megabytes < 512
    else:
        assert seconds == pytest.approx(10, abs=OFF_SECONDS)


async def test_a_child_that_never_stops_talking(tmp_path: Path) -> None:
    """Pieces without an end come to one when there are more than the longest recording has."""
    source = recordings.tone(tmp_path / "tone.wav", 1)
    began = time.monotonic()
    with pytest.raises(NotDecodableError):
        await prepared(source, limits=Limits(decoded_seconds=600), command=command_of(TALKING, tmp_path))
    assert time.monotonic() - began < PATIENCE_SECONDS


# --- ways out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["key", "map", "variant", "before sound"])
async def test_playlists_of_all_sorts(kind: str, tmp_path: Path) -> None:
    """Whatever a text tells a player to fetch: nobody is asked for it, and no other file is opened."""
    calls: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(await reader.readline())
        writer.close()

    neighbour = write(MP3, recordings.tone(tmp_path / "tone.wav", 3), tmp_path).rename(tmp_path / "other.mp3")
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        source = file_of(playlist(kind, address, neighbour), tmp_path, "list.m3u8")
        try:
            pieces = await prepared(source)
        except NotDecodableError:
            pieces = []
    assert calls == []
    assert sum(piece.seconds for piece in pieces) < 1, "that is another file's sound"


def playlist(kind: str, address: str, neighbour: Path) -> bytes:
    """Write a playlist that names an address and a file of others."""
    head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:10\n"
    entries = f"#EXTINF:3,\n{neighbour}\n#EXTINF:3,\nfile:{neighbour}\n#EXTINF:3,\n{address}/a.mp3\n"
    whole = f"{head}{entries}#EXT-X-ENDLIST\n"
    if kind == "before sound":
        return whole.encode() + neighbour.read_bytes()[:4000]
    return {
        "key": f'{head}#EXT-X-KEY:METHOD=AES-128,URI="{address}/key"\n{entries}#EXT-X-ENDLIST\n',
        "map": f'{head}#EXT-X-MAP:URI="{address}/start"\n{entries}#EXT-X-ENDLIST\n',
        "variant": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000\n{address}/list.m3u8\n",
    }[kind].encode()


def content(file: Path) -> bytes:
    """Read a file whole."""
    return file.read_bytes()


def names_like(part: str, folder: Path) -> list[Path]:
    """Find files by a part of their name."""
    return list(folder.rglob(f"*{part}*"))


async def test_names_of_all_sorts(tmp_path: Path) -> None:
    """A name says nothing about where a file is kept, nor how it is answered."""
    recorded = recordings.sample()
    names = ["../../escaped.m4a", "line\nbreak.m4a", "🦜 «папагай».m4a", "-rf.m4a", "a" * 250 + ".m4a"]
    sound = content(recorded.path)
    async with playing(tmp_path / "bot") as stage:
        for name in names:
            ts = await stage.slack.share(SharedFile(name, data=sound))
            [reply] = await stage.reply("support", ts)
            assert reply.text == recorded.english
    assert not names_like("escaped", tmp_path.parent)
