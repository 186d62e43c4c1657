"""Preparing in real children: what comes out, and what a file can't do to us."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

import recordings
from bot import prepare
from bot.decoder import fence
from bot.errors import EmptyFileError, NoSoundError, NotDecodableError, SilentError, TooLongError
from bot.prepare import Decoders, Limits
from bot.sandbox.samples import likeness
from bot.sandbox.samples.listen import levels
from decoded import hum, silence, wav
from process_tree import descendants, is_running
from stand_ins import ROOT, command_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.piece import Piece

# What every stand-in for the decoder begins with: `tell` reports, `until` waits for a file of the test.
STAND_IN = """
import json, os, signal, sys, time
def tell(**report): print(json.dumps(report), flush=True)
def until(path):
    while not os.path.exists(path): time.sleep(0.01)
line = sys.stdin.readline()
if not line: sys.exit()
job = json.loads(line)
folder = job["folder"]
written = 0
def piece(is_last=True, **other):
    global written
    name, written = f"piece-{written:04}.flac", written + 1
    with open(os.path.join(folder, name), "w") as file: file.write("sound")
    start, seconds = other.pop("start_seconds", 0.0), other.pop("seconds", 30.0)
    told = {"file": name, "start_seconds": start, "end_seconds": start + 30.0, "seconds": seconds}
    tell(**{**told, "anchors": [[0.0, start]], "is_last": is_last, **other})
"""


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    """Run the real decoders."""
    running = Decoders(at_once=2)
    await running.start()
    yield running
    await running.close()


def standing_in(folder: Path, then: str, *, at_once: int = 1, limits: Limits | None = None) -> Decoders:
    """Give decoders whose child does what `then` says with its job."""
    return Decoders(at_once=at_once, limits=limits, command=command_of(STAND_IN + then, folder))


async def pieces_of(decoders: Decoders, source: Path, into: Path | None = None) -> list[Piece]:
    """Prepare a file and collect its pieces."""
    return [piece async for piece in decoders.prepare(source, into or source.parent)]


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does; ten seconds mean that it never will."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 -- another process can't set our events
            await asyncio.sleep(0.01)


def content(file: str | Path) -> bytes:
    """Read a file whole."""
    return Path(file).read_bytes()


def names_in(folder: Path) -> list[str]:
    """List a folder."""
    return sorted(file.name for file in folder.iterdir())


def pid_in(file: Path) -> int:
    """Read a process id that a stand-in wrote; 0 while it has not."""
    return int(file.read_text() or "0") if file.exists() else 0


# --- what comes out -----------------------------------------------------------------------------


async def test_clip_becomes_one_piece(decoders: Decoders, tmp_path: Path) -> None:
    """A clip comes out as one piece, whose file is whole when it is handed on."""
    into = tmp_path / "pieces"
    into.mkdir()
    [piece] = await pieces_of(decoders, recordings.sample().path, into)
    file = Path(piece.path)
    assert (piece.index, piece.start_seconds, piece.is_last) == (0, 0.0, True)
    assert file.parent == into
    assert len(content(file)) == piece.size_bytes
    assert recordings.flac_seconds(file) == piece.seconds == pytest.approx(6.2, abs=0.1)


@pytest.mark.parametrize("container", recordings.CONTAINERS)
async def test_containers(container: str, decoders: Decoders, tmp_path: Path) -> None:
    """Every usual container gets through the child with all its limits."""
    [piece] = await pieces_of(decoders, recordings.recorded(tmp_path, container))
    assert piece.seconds == pytest.approx(recordings.sample().seconds, abs=0.1)


async def test_human_voices(decoders: Decoders, tmp_path: Path) -> None:
    """Recordings of people are prepared, short and long ones."""
    for voice in recordings.human_voices():
        [piece] = await pieces_of(decoders, voice, tmp_path)
        assert 0.3 < piece.seconds < 30, voice


async def test_spoken_by_a_machine(decoders: Decoders, tmp_path: Path) -> None:
    """What espeak-ng says is prepared."""
    [piece] = await pieces_of(decoders, recordings.spoken(tmp_path, "The parcel is late."))
    assert 0.5 < piece.seconds < 5


async def test_relative_paths(decoders: Decoders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths may be relative to our folder, though the child works in another."""
    recordings.recorded(tmp_path, "ogg")
    monkeypatch.chdir(tmp_path)
    [piece] = await pieces_of(decoders, Path("parcel.ogg"), Path())
    assert len(content(piece.path)) == piece.size_bytes


async def test_without_being_started(tmp_path: Path) -> None:
    """Decoders that were not started ahead start a child when a file comes."""
    decoders = Decoders(at_once=1)
    assert len(await pieces_of(decoders, recordings.sample().path, tmp_path)) == 1
    await decoders.close()


async def test_long_recording(decoders: Decoders, tmp_path: Path) -> None:
    """A long recording comes out in pieces that fit together, with long silence left out."""
    sound = hum(40) + silence(10) + hum(210)
    pieces = await pieces_of(decoders, wav(tmp_path / "long.wav", sound))
    assert [piece.index for piece in pieces] == list(range(len(pieces)))
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert sum(piece.seconds for piece in pieces) == 251
    assert pieces[-1].end_seconds == 260
    assert pieces[0].ends_at(40) == 40
    assert (pieces[0].ends_at(40.5), pieces[0].begins_at(40.5)) == (40.5, 49.5)
    assert pieces[0].begins_at(41) == 50
    assert {recordings.flac_seconds(Path(piece.path)) for piece in pieces} == {one.seconds for one in pieces}


async def test_a_piece_as_mp3(decoders: Decoders, tmp_path: Path) -> None:
    """A piece can be had as MP3 beside it, as long and as loud, and is not made a second time."""
    [piece] = await pieces_of(decoders, recordings.sample().path, tmp_path)
    target = await decoders.as_mp3(Path(piece.path))
    assert target == tmp_path / "piece-0000.mp3"
    made = content(target)
    assert b"Info" in made[:200], "the header that says how long it is, where all is of one bit rate"
    assert len(made) < piece.size_bytes
    seconds, heard = levels(str(target))
    assert seconds == pytest.approx(piece.seconds, abs=0.05)
    assert likeness(recordings.sample().levels, heard) > 0.99
    before = target.stat().st_mtime_ns
    assert await decoders.as_mp3(Path(piece.path)) == target
    assert target.stat().st_mtime_ns == before
    assert names_in(tmp_path) == ["piece-0000.flac", "piece-0000.mp3"]


async def test_no_mp3(decoders: Decoders, tmp_path: Path) -> None:
    """What is no recording does not become one as MP3, and what is gone is our own trouble."""
    (tmp_path / "piece-0000.flac").write_text("The parcel is late.")
    with pytest.raises(NotDecodableError):
        await decoders.as_mp3(tmp_path / "piece-0000.flac")
    with pytest.raises(FileNotFoundError):
        await decoders.as_mp3(tmp_path / "piece-0001.flac")


# --- what files end in --------------------------------------------------------------------------


async def test_endings_become_errors(decoders: Decoders, tmp_path: Path) -> None:
    """Each way a file can fail is the error whose words fit it."""
    text = tmp_path / "voice.mp3"
    text.write_text("The parcel is late.\n" * 100)
    with pytest.raises(NotDecodableError):
        await pieces_of(decoders, text)
    with pytest.raises(NoSoundError):
        await pieces_of(decoders, recordings.silent_film(tmp_path / "film.mp4"))
    empty = tmp_path / "empty.m4a"
    empty.touch()
    with pytest.raises(EmptyFileError):
        await pieces_of(decoders, empty)


async def test_silence(decoders: Decoders, tmp_path: Path) -> None:
    """A recording of nothing but silence has no piece, and that is no failure."""
    with pytest.raises(SilentError):
        await pieces_of(decoders, wav(tmp_path / "silence.wav", silence(4)))


async def test_too_long(tmp_path: Path) -> None:
    """A recording over the limit is too long, however short it says it is."""
    decoders = Decoders(at_once=1, limits=Limits(decoded_seconds=2))
    with pytest.raises(TooLongError):
        await pieces_of(decoders, recordings.sample().path, tmp_path)
    await decoders.close()


async def test_file_is_gone(decoders: Decoders, tmp_path: Path) -> None:
    """A file that was never there is our own trouble, and nobody's recording is blamed."""
    with pytest.raises(FileNotFoundError):
        await pieces_of(decoders, tmp_path / "nothing.mp3")


async def test_folder_is_gone(decoders: Decoders, tmp_path: Path) -> None:
    """A folder that can't be written is our own trouble, and nobody's recording is blamed."""
    with pytest.raises(OSError, match="FileNotFoundError"):
        await pieces_of(decoders, recordings.sample().path, tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["list.m3u8", "voice.mp3"])
@pytest.mark.parametrize("kind", ["hls", "hls-file", "ffconcat", "sdp"])
async def test_playlists_lead_nowhere(kind: str, name: str, decoders: Decoders, tmp_path: Path) -> None:
    """A playlist posted as a recording makes nobody fetch an address or open another file."""
    calls: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(await reader.readline())
        writer.close()

    recordings.recorded(tmp_path, "mp3").rename(tmp_path / "neighbour.mp3")
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        head = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:6,\n"
        playlists = {
            "hls": f"{head}http://127.0.0.1:{port}/a.mp3\n#EXT-X-ENDLIST\n",
            "hls-file": f"{head}{tmp_path}/neighbour.mp3\n#EXT-X-ENDLIST\n",
            "ffconcat": "ffconcat version 1.0\nfile neighbour.mp3\n",
            "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio {port} RTP/AVP 0\n",
        }
        source = tmp_path / name
        source.write_text(playlists[kind])
        with pytest.raises(NotDecodableError):
            await pieces_of(decoders, source)
    assert calls == []


# --- what a child can do ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "then",
    [
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", id="crashes"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", id="runs out of memory"),
        pytest.param("piece(is_last=False); os.kill(os.getpid(), signal.SIGSEGV)", id="crashes half-way"),
        pytest.param("pass", id="says nothing"),
        pytest.param("sys.stdout.buffer.write(b'\\xff\\xfe\\n')", id="writes no text"),
        pytest.param("print('[mp3] Header missing')", id="writes no JSON"),
        pytest.param("print('[1]')", id="writes another kind of JSON"),
        pytest.param("print('x' * 100_000_000)", id="writes a line without end"),
        pytest.param("tell(ending='done')", id="is done without a piece"),
        pytest.param("piece(is_last=False); tell(ending='done')", id="is done without the last piece"),
        pytest.param("tell(ending='fine')", id="ends in another way"),
        pytest.param(
            "tell(ending='not_decodable', why='The parcel is late')", id="gives a text for a reason"
        ),
        pytest.param("piece(seconds=float('nan')); tell(ending='done')", id="counts no seconds"),
        pytest.param("piece(seconds=float('inf')); tell(ending='done')", id="counts endless seconds"),
        pytest.param("piece(seconds='x'); tell(ending='done')", id="counts no number"),
        pytest.param("piece(seconds=0); tell(ending='done')", id="has a piece without sound"),
        pytest.param("piece(start_seconds=-1); tell(ending='done')", id="starts before the start"),
        pytest.param("piece(); os.unlink(folder + '/piece-0000.flac')", id="takes its file away"),
        pytest.param("piece(file='../stand_in.py'); tell(ending='done')", id="names a file of others"),
        pytest.param(
            "open(folder + '/own', 'w').write('x'); piece(file='own'); tell(ending='done')",
            id="names a file of its own choice",
        ),
        pytest.param(
            "piece(is_last=False); piece(file='piece-0000.flac', start_seconds=30.0); tell(ending='done')",
            id="names a file twice",
        ),
        pytest.param("piece(file=None); tell(ending='done')", id="names no file"),
        pytest.param("print('[' * 50_000); sys.stdout.flush()", id="opens brackets without end"),
        pytest.param("piece(seconds=10**400); tell(ending='done')", id="counts too many seconds"),
        pytest.param("piece(anchors=[[0, -10**400]]); tell(ending='done')", id="begins too far away"),
        pytest.param(
            "piece(is_last=False, seconds=29); piece(start_seconds=30.0); tell(ending='done')",
            id="has a short piece before the last",
        ),
        pytest.param("tell(seconds=1); tell(ending='done')", id="leaves fields out"),
        pytest.param("piece(end_seconds=0.9); tell(ending='done')", id="ends before its own end"),
        pytest.param("piece(end_seconds=1e9); tell(ending='done')", id="ends in many years"),
        pytest.param("piece(end_seconds=float('nan')); tell(ending='done')", id="ends never"),
        pytest.param("piece(anchors=[]); tell(ending='done')", id="has no anchor"),
        pytest.param("piece(rise_db=float('nan')); tell(ending='done')", id="rises by no number"),
        pytest.param("piece(rise_db=-float('inf')); tell(ending='done')", id="falls without end"),
        pytest.param("piece(loud_db=301); tell(ending='done')", id="is louder than can be"),
        pytest.param("piece(loud_db=[1]); tell(ending='done')", id="is loud in another way"),
        pytest.param("piece(anchors=7); tell(ending='done')", id="has something else for anchors"),
        pytest.param("piece(anchors=[[0, 0], [1]]); tell(ending='done')", id="has half an anchor"),
        pytest.param("piece(anchors=[[0, 0.1]]); tell(ending='done')", id="begins elsewhere"),
        pytest.param("piece(anchors=[[0, 0], [31, 31]]); tell(ending='done')", id="has an anchor outside"),
        pytest.param("piece(anchors=[[0, 0], [0.5, 0.1]]); tell(ending='done')", id="runs too fast"),
        pytest.param(
            "piece(anchors=[[0, 0], [0.6, 0.6], [0.5, 0.7]]); tell(ending='done')", id="runs backwards"
        ),
        pytest.param("piece(anchors=[[0, 0]] * 2001); tell(ending='done')", id="has anchors without end"),
        pytest.param(
            "piece(is_last=False); piece(start_seconds=0.5); tell(ending='done')",
            id="goes back in the recording",
        ),
        pytest.param(
            "name = 'piece-0000.flac'; os.symlink(job['source'], folder + '/' + name);"
            "tell(file=name, start_seconds=0.0, end_seconds=1.0, seconds=1.0, anchors=[[0, 0]],"
            "is_last=True); tell(ending='done')",
            id="leads elsewhere",
        ),
    ],
)
async def test_child_that_breaks(then: str, tmp_path: Path) -> None:
    """Whatever breaks in the child ends that one file as not decodable, and no text of it gets out."""
    decoders = standing_in(tmp_path, then)
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(NotDecodableError) as caught:
        await pieces_of(decoders, recordings.sample().path, into)
    assert "parcel" not in caught.value.detail
    await decoders.close()


@pytest.mark.parametrize(
    ("told", "loud_db", "rise_db"),
    [
        pytest.param("", None, None, id="nothing"),
        pytest.param("loud_db=None, rise_db=None", None, None, id="that it does not know"),
        pytest.param("loud_db=-31.5, rise_db=7", -31.5, 7.0, id="both"),
    ],
)
async def test_what_was_measured(
    told: str, loud_db: float | None, rise_db: float | None, tmp_path: Path
) -> None:
    """What the child measured of a piece is kept with it; it need not have measured anything."""
    decoders = standing_in(tmp_path, f"piece({told}); tell(ending='done')")
    into = tmp_path / "into"
    into.mkdir()
    [piece] = await pieces_of(decoders, recordings.sample().path, into)
    assert (piece.loud_db, piece.rise_db) == (loud_db, rise_db)
    await decoders.close()


async def test_child_that_hangs(tmp_path: Path) -> None:
    """A child that takes too long is killed, also when nobody asks for the next piece."""
    then = "piece(is_last=False); open(folder + '/pid', 'w').write(str(os.getpid())); time.sleep(99)"
    decoders = standing_in(tmp_path, then, limits=Limits(wall_seconds=0.5))
    coming = decoders.prepare(recordings.sample().path, tmp_path)
    await anext(coming)
    await until(lambda: pid_in(tmp_path / "pid") > 0)
    await until(lambda: not is_running(pid_in(tmp_path / "pid")))
    with pytest.raises(NotDecodableError, match="early"):
        await anext(coming)
    await decoders.close()


async def test_memory_has_a_limit(tmp_path: Path) -> None:
    """A file that wants more memory than it may have is not decodable, and not silence."""
    decoders = Decoders(at_once=1, limits=Limits(memory_bytes=1 << 20))
    with pytest.raises(NotDecodableError):
        await pieces_of(decoders, recordings.sample().path, tmp_path)
    await decoders.close()


async def test_output_has_a_limit(tmp_path: Path) -> None:
    """A piece that outgrows its limit is stopped, and the file is not blamed."""
    decoders = Decoders(at_once=1, limits=Limits(file_bytes=20_000))
    with pytest.raises(OSError, match=r"\w+"):
        await pieces_of(decoders, recordings.sample().path, tmp_path)
    assert (tmp_path / "piece-0000.part").stat().st_size <= 20_000
    assert not (tmp_path / "piece-0000.flac").exists()
    await decoders.close()


async def test_pieces_have_a_limit(tmp_path: Path) -> None:
    """A piece that is larger than a child could have written it is not believed."""
    for file_bytes in (5, 4):
        decoders = standing_in(tmp_path, "piece(); tell(ending='done')", limits=Limits(file_bytes=file_bytes))
        if file_bytes == len("sound"):
            assert len(await pieces_of(decoders, recordings.sample().path, tmp_path)) == 1
        else:
            with pytest.raises(NotDecodableError):
                await pieces_of(decoders, recordings.sample().path, tmp_path)
        await decoders.close()


async def test_other_names(tmp_path: Path) -> None:
    """Another child's files may have other names, but only those."""
    then = "open(folder + '/heard.json', 'w').write('x'); piece(file='heard.json'); tell(ending='done')"
    decoders = Decoders(at_once=1, command=command_of(STAND_IN + then, tmp_path), names="heard.json")
    [piece] = await pieces_of(decoders, recordings.sample().path, tmp_path)
    assert piece.path == str(tmp_path / "heard.json")
    await decoders.close()


@pytest.mark.parametrize(
    ("minutes", "wall", "cpu"),
    [
        pytest.param(1, 900, 600, id="short"),
        pytest.param(240, 900, 600, id="the default"),
        pytest.param(960, 3600, 2400, id="long"),
    ],
)
def test_longer_recordings_may_take_longer(minutes: int, wall: float, cpu: int) -> None:
    """A limit on the length that somebody raised raises those on the time, which are never lowered."""
    limits = Limits.up_to(minutes * 60.0)
    assert (limits.decoded_seconds, limits.wall_seconds, limits.cpu_seconds) == (minutes * 60.0, wall, cpu)
    assert Limits.up_to(240 * 60.0) == Limits()


@pytest.mark.parametrize("version", [0, 1])
async def test_a_missing_fence_is_told(version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel can't keep a child from other files, the log says so once at the start."""
    monkeypatch.setattr(fence, "version", lambda: version)
    decoders = standing_in(tmp_path, "")
    with capture_logs() as logs:
        await decoders.start()
        await decoders.start()
    await decoders.close()
    told = {"event": "decoder.unfenced", "missing": "Landlock (Linux 5.13)", "log_level": "warning"}
    assert logs == ([] if version else [told])


async def test_confinement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child at work has its limits, a session of its own, and nothing of our environment."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/lib")
    script = tmp_path / "looking.py"
    script.write_text(
        f"""
import json, os, resource, sys
sys.path.insert(0, {str(ROOT)!r})
from bot.decoder.child import main
from bot.decoder.pieces import whole_file
def look(source, folder, most_seconds):
    limits = ["AS", "CPU", "FSIZE", "NOFILE", "CORE", "NPROC"]
    found = {{name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in limits}}
    found |= {{"environment": dict(os.environ), "leads": os.getsid(0) == os.getpid(), "cwd": os.getcwd()}}
    (folder / "piece-0000.flac").write_text(json.dumps(found))
    yield whole_file("piece-0000.flac", 1.0)
main(look)
"""
    )
    limits = Limits(memory_bytes=1 << 31, cpu_seconds=77, file_bytes=88_888, open_files=55)
    decoders = Decoders(at_once=1, limits=limits, command=(sys.executable, "-I", script))
    [piece] = await pieces_of(decoders, recordings.sample().path, tmp_path)
    found = json.loads(content(piece.path))
    environment = found.pop("environment")
    assert environment.pop("LD_LIBRARY_PATH") == "/usr/lib"
    assert environment.keys() <= {"LC_CTYPE"}, "Python sets this one by itself"
    expected = {"AS": 1 << 31, "CPU": 77, "FSIZE": 88_888, "NOFILE": 55, "CORE": 0, "NPROC": 0}
    assert found == {name: [most, most] for name, most in expected.items()} | {"leads": True, "cwd": "/"}
    await decoders.close()


# --- when children run --------------------------------------------------------------------------


async def test_pieces_come_as_they_are_finished(tmp_path: Path) -> None:
    """A piece is handed on while the child still works on the next."""
    then = "piece(is_last=False); until(folder + '/go');piece(start_seconds=30.0); tell(ending='done')"
    decoders = standing_in(tmp_path, then)
    coming = decoders.prepare(recordings.sample().path, tmp_path)
    first = await anext(coming)
    (tmp_path / "go").touch()
    second = await anext(coming)
    assert (first.index, first.is_last, second.index, second.is_last) == (0, False, 1, True)
    assert second.start_seconds == 30.0
    with pytest.raises(StopAsyncIteration):
        await anext(coming)
    await decoders.close()


async def test_cancelled_consumer_ends_the_child(tmp_path: Path) -> None:
    """Cancelling whoever waits for pieces kills the child, and all that it started."""
    then = (
        "import subprocess; more = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']);"
        "open(folder + '/more', 'w').write(str(more.pid)); "
        "open(folder + '/pid', 'w').write(str(os.getpid())); time.sleep(99)"
    )
    decoders = standing_in(tmp_path, then)
    consumer = asyncio.create_task(pieces_of(decoders, recordings.sample().path, tmp_path))
    await until(lambda: pid_in(tmp_path / "pid") > 0)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    await until(lambda: not is_running(pid_in(tmp_path / "pid")))
    await until(lambda: not is_running(pid_in(tmp_path / "more")))
    await decoders.close()


@pytest.mark.parametrize("program", [sys.executable, "/nowhere/python"])
async def test_cancelled_while_a_child_starts(program: str, tmp_path: Path) -> None:
    """A consumer that is cancelled at any moment leaves no child behind, nor where none can be started."""
    command = command_of(STAND_IN + "time.sleep(99)", tmp_path, program=program)
    decoders = Decoders(at_once=1, command=command)
    for steps in range(8):
        consumer = asyncio.create_task(pieces_of(decoders, recordings.sample().path, tmp_path))
        for _ in range(steps):
            await asyncio.sleep(0)
        consumer.cancel()
        with pytest.raises((asyncio.CancelledError, FileNotFoundError)):
            await consumer
    async with asyncio.timeout(10):
        await decoders.close()


async def test_closing_ends_all(tmp_path: Path) -> None:
    """Closing kills the children and cancels who waits for them, as if the job was interrupted."""
    decoders = standing_in(tmp_path, "open(folder + '/pid', 'w').write(str(os.getpid())); time.sleep(99)")
    await decoders.start()
    consumer = asyncio.create_task(pieces_of(decoders, recordings.sample().path, tmp_path))
    await until(lambda: pid_in(tmp_path / "pid") > 0)
    await decoders.close()
    assert not is_running(pid_in(tmp_path / "pid"))
    with pytest.raises(asyncio.CancelledError):
        await consumer


async def test_slow_consumer_keeps_nobody_waiting(tmp_path: Path) -> None:
    """A consumer that is busy sending the last piece holds no slot: the next file is decoded meanwhile."""
    decoders = standing_in(tmp_path, "piece(); tell(ending='done')", at_once=1)
    slow = decoders.prepare(recordings.sample().path, tmp_path)
    await anext(slow)
    async with asyncio.timeout(10):
        assert len(await pieces_of(decoders, recordings.sample().path, tmp_path)) == 1
    with pytest.raises(StopAsyncIteration):
        await anext(slow)
    await decoders.close()


async def test_children_are_bounded(tmp_path: Path) -> None:
    """No more than `at_once` files are worked on; the others wait for their turn."""
    then = "open(f'{folder}/at-work', 'w').close(); until(folder + '/../go'); piece(); tell(ending='done')"
    decoders = standing_in(tmp_path, then, at_once=2)
    await decoders.start()
    folders = [tmp_path / str(number) for number in range(4)]  # each file has its own in the spool
    for folder in folders:
        folder.mkdir()
    source = recordings.sample().path
    consumers = [asyncio.create_task(pieces_of(decoders, source, folder)) for folder in folders]

    def at_work() -> int:
        return len(list(tmp_path.glob("*/at-work")))

    await until(lambda: at_work() == 2)
    await asyncio.wait(consumers, timeout=0.3)  # long enough for a third to show itself
    assert at_work() == 2
    (tmp_path / "go").touch()
    assert [len(pieces) for pieces in await asyncio.gather(*consumers)] == [1, 1, 1, 1]
    await decoders.close()


@pytest.fixture
def marking(tmp_path: Path) -> Decoders:
    """Give decoders whose children leave their number in `started` at once, and in `used` with a file."""
    before = f"import os\nopen({str(tmp_path / 'started')!r}, 'a').write(f'{{os.getpid()}} ')\n"
    after = f"open({str(tmp_path / 'used')!r}, 'a').write(f'{{os.getpid()}} ')\npiece(); tell(ending='done')"
    return Decoders(at_once=1, command=command_of(before + STAND_IN + after, tmp_path))


def numbers(file: Path) -> list[int]:
    """Read what children left."""
    return [int(number) for number in file.read_text().split()] if file.exists() else []


async def test_child_is_started_ahead(marking: Decoders, tmp_path: Path) -> None:
    """A file finds a child that was started before it came; then the next one is started."""
    started, used = tmp_path / "started", tmp_path / "used"
    await marking.start()
    await marking.start()  # once more does nothing
    await until(lambda: len(numbers(started)) == 1)
    await pieces_of(marking, recordings.sample().path, tmp_path)
    assert numbers(used) == numbers(started)[:1]
    await until(lambda: len(numbers(started)) == 2)
    await pieces_of(marking, recordings.sample().path, tmp_path)
    assert numbers(used) == numbers(started)[:2]
    await marking.close()
    assert not any(is_running(number) for number in numbers(started))


async def test_child_that_died_idle(marking: Decoders, tmp_path: Path) -> None:
    """A waiting child that died is replaced, and the file never knows."""
    await marking.start()
    await until(lambda: len(numbers(tmp_path / "started")) == 1)
    [pid] = numbers(tmp_path / "started")
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_running(pid))
    assert len(await pieces_of(marking, recordings.sample().path, tmp_path)) == 1
    assert pid not in numbers(tmp_path / "used")
    await marking.close()


async def test_no_program(tmp_path: Path) -> None:
    """Where no child can be started at all, that is our own trouble and can be closed down."""
    decoders = Decoders(at_once=1, command=(tmp_path / "nothing",))
    await decoders.start()
    with pytest.raises(FileNotFoundError):
        await pieces_of(decoders, recordings.sample().path, tmp_path)
    await decoders.start()
    await decoders.close()


async def test_a_failed_start_ahead_is_past(tmp_path: Path) -> None:
    """A child that could not be started ahead costs no file anything: a new one is started for it."""
    program = tmp_path / "child"
    decoders = Decoders(at_once=1, command=(program, *prepare._DECODER))  # noqa: SLF001 -- the child as it is
    await decoders.start()  # there is no such program yet
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o700)
    assert len(await pieces_of(decoders, recordings.sample().path, tmp_path)) == 1
    await decoders.close()


async def test_killed_parent_leaves_nobody(tmp_path: Path) -> None:
    """When our own process is killed, its children end: the server, the idle one and the one at work."""
    work = tmp_path / "endless.py"
    work.write_text(
        f"""
import os, sys, time
sys.path.insert(0, {str(ROOT)!r})
from bot.decoder.child import main
def endless(source, folder, most_seconds):
    (folder / "working").touch()
    time.sleep(99)
main(endless)
"""
    )
    parent = tmp_path / "parent.py"
    parent.write_text(
        f"""
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from bot.prepare import Decoders
async def main():
    decoders = Decoders(at_once=1, command=(sys.executable, "-I", {str(work)!r}))
    await decoders.start()
    prepare = decoders.prepare(Path({str(recordings.sample().path)!r}), Path({str(tmp_path)!r}))
    async def consume():
        await anext(prepare)
    job = asyncio.create_task(consume())
    while not Path({str(tmp_path)!r}, "working").exists():
        await asyncio.sleep(0.01)
    await decoders.start()
    await job
asyncio.run(main())
"""
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", parent)
    try:
        await until(lambda: (tmp_path / "working").exists() and len(descendants(process.pid)) == 3)
        children = descendants(process.pid)
    finally:
        process.kill()
        await process.wait()
    await until(lambda: not any(map(is_running, children)))
