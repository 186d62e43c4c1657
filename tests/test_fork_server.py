"""The process that every decoder child is a fork of: it may die, hang or be unable, and no file is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import recordings
from bot import fork_server
from bot.errors import NotDecodableError, SilentError
from bot.prepare import Decoders
from process_tree import descendants, is_running
from stand_ins import ROOT, command_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.piece import Piece

STAND_IN = """
import json, os, sys, time
folder = json.loads(sys.stdin.readline())["folder"]
def piece(is_last=False):
    open(folder + "/piece-0000.flac", "w").write("sound")
    print(json.dumps({"file": "piece-0000.flac", "start_seconds": 0, "end_seconds": 30, "seconds": 30,
                      "anchors": [[0, 0]], "is_last": is_last}), flush=True)
def wait():
    open(folder + "/pid", "w").write(str(os.getpid()))
    time.sleep(99)
"""


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    """Give the real decoders; nothing is started yet."""
    running = Decoders(at_once=2)
    yield running
    await running.close()


async def pieces_of(decoders: Decoders, into: Path) -> list[Piece]:
    """Prepare a sample and collect its pieces."""
    return [piece async for piece in decoders.prepare(recordings.sample().path, into)]


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110 -- another process can't set our events
            await asyncio.sleep(0.01)


def pid_in(folder: Path) -> int:
    """Read which process works there; 0 while none does."""
    file = folder / "pid"
    return int(file.read_text() or "0") if file.exists() else 0


def servers() -> list[int]:
    """Give the children of this process that still run."""
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in map(int, own) if is_running(pid)]


def pid_of(decoders: Decoders) -> int:
    """Tell which process the server is; nothing else does, as it may just have been started."""
    server = decoders._forks._server  # noqa: SLF001 -- see above
    assert server
    return server._process.pid  # noqa: SLF001 -- see above


async def server_of(decoders: Decoders) -> int:
    """Start, and give the server once it has made the fork that waits for a file."""
    await decoders.start()
    server = pid_of(decoders)
    await until(lambda: len(descendants(server)) == 1)
    return server


async def test_all_files_are_heard_by_forks_of_one(decoders: Decoders, tmp_path: Path) -> None:
    """One server for all files; of their forks none is left but the one that waits, not even as a zombie."""
    server = await server_of(decoders)
    for _ in range(3):
        assert len(await pieces_of(decoders, tmp_path)) == 1
    await asyncio.gather(*(pieces_of(decoders, folder) for folder in folders(tmp_path, 4)))
    assert is_running(server)
    await until(lambda: len(descendants(server)) == 1)
    await decoders.close()
    assert not is_running(server)


def folders(above: Path, count: int) -> list[Path]:
    """Make folders for the pieces of several files."""
    made = [above / str(number) for number in range(count)]
    for folder in made:
        folder.mkdir()
    return made


async def test_a_server_that_died_idle(decoders: Decoders, tmp_path: Path) -> None:
    """Killed between two files, by the kernel perhaps: the next file is heard, and the one after."""
    os.killpg(await server_of(decoders), signal.SIGKILL)
    assert len(await pieces_of(decoders, tmp_path)) == 1
    assert len(await pieces_of(decoders, tmp_path)) == 1


async def test_a_server_that_dies_with_the_waiting_fork(decoders: Decoders, tmp_path: Path) -> None:
    """Whatever is killed of both, and whenever it is noticed, no file knows of it."""
    for _ in range(5):
        server = await server_of(decoders)
        for pid in (*descendants(server), server):
            os.kill(pid, signal.SIGKILL)
        assert len(await pieces_of(decoders, tmp_path)) == 1
        await decoders.close()


async def test_a_server_that_dies_at_work(tmp_path: Path) -> None:
    """Its fork ends with it. Nothing was heard yet, so the file is heard anew, by a fork of the next one."""
    decoders = Decoders(at_once=1, command=command_of(f"{STAND_IN}wait()", tmp_path))
    await server_of(decoders)
    consumer = asyncio.create_task(pieces_of(decoders, tmp_path))
    seen: list[int] = []
    for _ in range(2):
        await until(lambda: pid_in(tmp_path) not in (0, *seen))
        seen.append(pid_in(tmp_path))
        os.kill(pid_of(decoders), signal.SIGKILL)
        os.kill(seen[-1], signal.SIGKILL)  # as the kernel does for a real one
    with pytest.raises(ConnectionError):  # our own trouble, after two
        await consumer
    await decoders.close()
    await until(lambda: not any(map(is_running, seen)))


async def test_a_server_that_dies_half_way(tmp_path: Path) -> None:
    """What was handed on already can't be taken back: that is our own trouble, and not the file's."""
    script = f"{STAND_IN}piece(); wait()"
    decoders = Decoders(at_once=1, command=command_of(script, tmp_path))
    server = await server_of(decoders)
    async with aclosing(decoders.prepare(recordings.sample().path, tmp_path)) as pieces:
        assert not (await anext(pieces)).is_last
        await until(lambda: pid_in(tmp_path) != 0)
        os.kill(server, signal.SIGKILL)
        os.kill(pid_in(tmp_path), signal.SIGKILL)
        with pytest.raises(ConnectionError):
            await anext(pieces)
    await decoders.close()


async def test_no_fork_outlives_its_server(decoders: Decoders) -> None:
    """Also one that waits for its file, and has a connection to us."""
    server = await server_of(decoders)
    [waiting] = descendants(server)
    os.kill(server, signal.SIGKILL)
    await until(lambda: not is_running(waiting))


async def test_a_crash_is_followed_by_another_server(tmp_path: Path) -> None:
    """Whoever learnt by a crash where things lie in memory learnt nothing; files at work go on."""
    script = f"""{STAND_IN}
if folder.endswith("crash"): os.abort()
open(folder + "/pid", "w").write(str(os.getpid()))
while not os.path.exists(folder + "/go"): time.sleep(0.01)
piece(is_last=True)
print(json.dumps({{"ending": "done"}}), flush=True)
"""
    decoders = Decoders(at_once=2, command=command_of(script, tmp_path))
    (working, crashing, after) = (tmp_path / "work", tmp_path / "crash", tmp_path / "after")
    for folder in (working, crashing, after):
        folder.mkdir()
    before = await server_of(decoders)
    consumer = asyncio.create_task(pieces_of(decoders, working))
    await until(lambda: pid_in(working) != 0)
    with pytest.raises(NotDecodableError):
        await pieces_of(decoders, crashing)
    (after / "go").touch()
    assert len(await pieces_of(decoders, after)) == 1
    assert pid_in(after) not in descendants(before)
    assert is_running(pid_in(working))
    (working / "go").touch()
    assert len(await consumer) == 1
    await until(lambda: not is_running(before))  # its last child is done
    await decoders.close()


async def test_cancelled_in_the_moment_of_a_death(tmp_path: Path) -> None:
    """Whoever is cancelled while a server dies is not kept waiting for the file to be heard anew."""
    decoders = Decoders(at_once=1, command=command_of(f"{STAND_IN}wait()", tmp_path))
    for ticks in range(6):
        server = await server_of(decoders)
        consumer = asyncio.create_task(pieces_of(decoders, tmp_path))
        await until(lambda: pid_in(tmp_path) != 0)
        os.kill(server, signal.SIGKILL)
        while is_running(server):  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.001)
        for _ in range(ticks):
            await asyncio.sleep(0)
        consumer.cancel()
        async with asyncio.timeout(20):
            with pytest.raises((asyncio.CancelledError, ConnectionError)):
                await consumer
            await decoders.close()
        (tmp_path / "pid").unlink()


async def test_children_nobody_wants_to_hear_of(tmp_path: Path) -> None:
    """Started by somebody who ignores the end of children, a server reaps its forks all the same."""
    script = tmp_path / "ignoring.py"
    script.write_text(
        f"""
import signal, sys
sys.path.insert(0, {str(ROOT)!r})
from bot.decoder.child import main
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
main()
"""
    )
    decoders = Decoders(at_once=1, command=(sys.executable, "-I", script))
    server = await server_of(decoders)
    for _ in range(3):
        assert len(await pieces_of(decoders, tmp_path)) == 1
    await until(lambda: len(descendants(server)) == 1)
    assert is_running(server)
    await decoders.close()


async def test_a_file_that_comes_while_closing(decoders: Decoders, tmp_path: Path) -> None:
    """It is refused or cancelled, and no server is started for it that nobody would end."""
    before = servers()
    for ticks in range(8):
        await server_of(decoders)
        closing = asyncio.create_task(decoders.close())
        for _ in range(ticks):
            await asyncio.sleep(0)
        consumer = asyncio.create_task(pieces_of(decoders, tmp_path))
        await closing
        with suppress(asyncio.CancelledError, ConnectionError):
            await asyncio.wait_for(consumer, 20)
        await until(lambda: servers() == before)


async def test_a_server_that_hangs(
    decoders: Decoders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that gives no fork in time is killed, and the next file has a new one."""
    server = await server_of(decoders)
    os.kill(server, signal.SIGSTOP)
    monkeypatch.setattr(fork_server, "_SECONDS_TO_FORK", 0.3)
    assert len(await pieces_of(decoders, tmp_path)) == 1  # by the fork that waited
    monkeypatch.setattr(fork_server, "_SECONDS_TO_FORK", 60.0)
    assert len(await pieces_of(decoders, tmp_path)) == 1
    await until(lambda: not is_running(server))


async def test_no_fork_can_be_made(tmp_path: Path) -> None:
    """Where the system allows no more processes, that is our own trouble and not the file's."""
    script = tmp_path / "unable.py"
    script.write_text(
        f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from bot.decoder.child import main
def unable():
    raise BlockingIOError("no more processes")
os.fork = unable
main()
"""
    )
    decoders = Decoders(at_once=1, command=(sys.executable, "-I", script))
    with pytest.raises(OSError, match="BlockingIOError"):
        await pieces_of(decoders, tmp_path)
    await decoders.close()


async def test_a_program_that_is_no_server(tmp_path: Path) -> None:
    """A program that ends at once, as one whose libraries are missing, is our own trouble too."""
    decoders = Decoders(at_once=1, command=(sys.executable, "-I", "-c", "pass"))
    with pytest.raises(ConnectionError):
        await pieces_of(decoders, tmp_path)
    await decoders.close()


async def test_where_forks_are_not_safe(tmp_path: Path) -> None:
    """There each fork starts its program anew; what comes out is the same."""
    script = tmp_path / "anew.py"
    script.write_text(
        f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from bot.decoder import forks
from bot.decoder.child import main
forks._FORKS_ARE_SAFE = False
open({str(tmp_path / "starts")!r}, "a").write("x")
main()
"""
    )
    decoders = Decoders(at_once=1, command=(sys.executable, "-I", script))
    await decoders.start()
    [piece] = await pieces_of(decoders, tmp_path)
    assert piece.seconds == pytest.approx(6.2, abs=0.1)
    await decoders.close()
    assert len((tmp_path / "starts").read_text()) >= 2  # the server's, and the fork's


async def test_a_fork_has_nothing_of_others(tmp_path: Path) -> None:
    """A fork holds its own connection alone: not the one on which forks are asked for, nor other forks'."""
    script = """
import json, os, sys
job = json.loads(sys.stdin.readline())
held = [os.readlink(f"/proc/self/fd/{number}") for number in (0, 1, 2)]
more = [number for number in os.listdir("/proc/self/fd") if int(number) > 2]
open(job["folder"] + "/held", "w").write(json.dumps([held, len(more)]))
print(json.dumps({"ending": "silent", "why": "x"}), flush=True)
"""
    decoders = Decoders(at_once=1, command=command_of(script, tmp_path), names="held")
    await decoders.start()
    for _ in range(2):
        with pytest.raises(SilentError):
            await pieces_of(decoders, tmp_path)
    await decoders.close()
    held, more = json.loads((tmp_path / "held").read_text())
    assert held[0] == held[1] != held[2] == "/dev/null"
    assert more == 1  # the listing itself


async def test_closed_while_it_loads() -> None:
    """Closed at once, before the server has loaded anything, nothing is left of it."""
    decoders = Decoders(at_once=1)
    await decoders.start()
    server = pid_of(decoders)
    await decoders.close()
    assert not is_running(server)


async def test_closed_when_it_is_dead(decoders: Decoders) -> None:
    """Closing after the server has died kills nobody who may have got its number since."""
    os.kill(await server_of(decoders), signal.SIGKILL)
    server = decoders._forks._server  # noqa: SLF001 -- nothing else tells what the bot knows by now
    assert server
    await until(lambda: not server.runs)
    server.kill()
    await decoders.close()
