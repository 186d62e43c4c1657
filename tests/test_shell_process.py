"""`dragoman translate` as a process of its own: pipes, terminals, signals, and what is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, BinaryIO

import pytest

from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import Answer
from bot.sandbox.hearing import Heard
from known_words import speech
from process_tree import descendants, is_running
from running import SAMPLES
from sample_ears import sample_by_length

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

PARCEL = SAMPLES["parcel"]
SECONDS = 60


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointSandbox]:
    """Run an endpoint."""
    async with EndpointSandbox() as one:
        one.ears = sample_by_length
        yield one


@pytest.fixture(autouse=True)
def heard_hangup() -> Iterator[None]:
    """Let processes hear that a terminal was closed: under nohup they would inherit to ignore it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@asynccontextmanager
async def started(
    endpoint: EndpointSandbox,
    folder: Path,
    *words: str | Path,
    stdin: int | BinaryIO = subprocess.PIPE,
    stdout: int | BinaryIO = subprocess.PIPE,
    stderr: int | BinaryIO = subprocess.PIPE,
) -> AsyncIterator[Process]:
    """Start the command in `folder`, with temporary files in a folder `tmp` there; kill it at last."""
    (folder / "tmp").mkdir(exist_ok=True)
    environ = {"COMETAPI_KEY": endpoint.key, "TRANSLATION_BASE_URL": endpoint.base_url, "MAX_FILE_MB": "20"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "translate", *words),
        cwd=folder,
        env=os.environ | environ | {"TMPDIR": str(folder / "tmp"), "ENDPOINT_CONCURRENCY": "1"},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: Process, said: bytes | None = None) -> tuple[str, str, int | None]:
    """Wait for the end: what stands on stdout and stderr, and the exit code."""
    async with asyncio.timeout(SECONDS):
        out, err = await process.communicate(said)
    return (out or b"").decode(), (err or b"").decode(), process.returncode


def left_in(folder: Path) -> list[Path]:
    """Name what the process left of its temporary files."""
    return list((folder / "tmp").iterdir())


# --- what is piped in ---------------------------------------------------------------------------


async def test_a_pipe(endpoint: EndpointSandbox, tmp_path: Path) -> None:
    """A recording comes through a pipe, and its text goes into the folder under a name of its own."""
    (tmp_path / "out").mkdir()
    async with started(endpoint, tmp_path, "-", "--out", "out", "--json") as process:
        out, err, code = await ended(process, PARCEL.path.read_bytes())
    assert (err, code) == ("", 0)
    told = json.loads(out)
    assert (told["file"], told["text"], told["out"]) == ("-", PARCEL.english, "out/stdin.txt")
    assert (tmp_path / "out" / "stdin.txt").read_text() == PARCEL.english + "\n"
    assert left_in(tmp_path) == []


async def test_a_file_as_stdin_and_a_named_pipe(endpoint: EndpointSandbox, tmp_path: Path) -> None:
    """`- < FILE` reads as a pipe does, and so does a pipe that has a name, such as <(…) of a shell."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with PARCEL.path.open("rb") as file:
        async with started(endpoint, tmp_path, "-", fifo, stdin=file) as process:
            await asyncio.to_thread(fifo.write_bytes, SAMPLES["login"].path.read_bytes())
            out, err, code = await ended(process)
    assert out == f"== - ==\n{PARCEL.english}\n== fifo ==\n{SAMPLES['login'].english}\n"
    assert (err, code) == ("", 0)


async def test_pipes_that_bring_nothing_good(endpoint: EndpointSandbox, tmp_path: Path) -> None:
    """A pipe without an end is too large, and one without a byte no recording; neither stops the other."""
    async with started(endpoint, tmp_path, "/dev/zero", "-", "--json", stdin=subprocess.DEVNULL) as process:
        out, err, code = await ended(process)
    assert [json.loads(line)["error"] for line in out.splitlines()] == ["too_large", "not_decodable"]
    assert (err, code) == ("", 1)
    assert left_in(tmp_path) == []


async def test_nothing_is_piped_in(endpoint: EndpointSandbox, tmp_path: Path) -> None:
    """With a terminal or nothing at all as stdin, - is a mistake, and nobody waits for keys to be pressed."""
    ours, theirs = pty.openpty()
    async with started(endpoint, tmp_path, "-", stdin=theirs) as process:
        out, err, code = await ended(process)
    os.close(ours)
    os.close(theirs)
    assert (out, err, code) == ("", "- reads a recording that is piped in: dragoman translate - < FILE\n", 2)


# --- who reads ----------------------------------------------------------------------------------


async def test_a_terminal_obeys_nothing(endpoint: EndpointSandbox, tmp_path: Path) -> None:
    """Escape sequences in a text or a file's name reach no terminal; the bar goes before a word is said."""
    text = "Hello\x1b]0;title\x07 there\x1b[9J, “you”"
    endpoint.always = Answer(body=json.dumps({"text": text}))
    odd = tmp_path / "\x1b[31mred"
    odd.write_text("no sound")
    ours, theirs = pty.openpty()
    words = (PARCEL.path, odd)
    async with started(endpoint, tmp_path, *words, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        reading = asyncio.create_task(asyncio.to_thread(read_all, ours))
        *_, code = await ended(process)
        shown = await reading
    os.close(ours)
    assert code == 1
    assert "parcel.m4a" in shown
    assert "Hello\ufffd]0;title\ufffd there\ufffd[9J, “you”\r\n" in shown
    assert "\ufffd[31mred: this can't be read" in shown
    assert not [one for one in ("\x1b]0;title", "\x07", "\x1b[9J", "\x1b[31mred") if one in shown]


async def test_nobody_reads(endpoint: EndpointSandbox, tmp_path: Path) -> None:
    """Who went away is told nothing; a full disk is said. Either ends with 1, without a traceback."""
    ours, theirs = os.pipe()
    os.close(ours)
    async with started(endpoint, tmp_path, PARCEL.path, stdout=theirs) as process:
        os.close(theirs)
        assert await ended(process) == ("", "", 1)
    full = os.open("/dev/full", os.O_WRONLY)
    async with started(endpoint, tmp_path, PARCEL.path, PARCEL.path, stdout=full) as process:
        os.close(full)
        said = await ended(process)
    assert said == ("", "stdout cannot be written (No space left on device)\n", 1)
    assert left_in(tmp_path) == []


# --- signals ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a little more than four minutes, the shortest that is cut, once for all tests."""
    return speech(245, long_silences=False).write(tmp_path_factory.mktemp("meeting") / "meeting.flac")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists the children of a process")
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGTERM, id="SIGTERM"),
        pytest.param(signal.SIGINT, id="Ctrl-C"),
        pytest.param(signal.SIGHUP, id="a closed terminal"),
    ],
)
async def test_nothing_is_left(
    endpoint: EndpointSandbox, tmp_path: Path, meeting: Path, number: signal.Signals
) -> None:
    """Stopped in the middle of a long recording, twice in a row, it leaves no child, file or word.

    Meanwhile the sound of what is translated is gone from the disk already.
    """
    endpoint.ears = lambda _: Heard(120.0, ((0.0, 1.0, "Something."),))
    endpoint.delay_seconds = lambda _: 0 if len(endpoint.requests) < 2 else SECONDS
    async with started(endpoint, tmp_path, meeting, "-") as process:  # and a pipe in which nothing ever comes
        await endpoint.wait_for(lambda: len(endpoint.requests) > 1, timeout_seconds=SECONDS)
        assert not list((tmp_path / "tmp").rglob("*0.flac"))
        children = descendants(process.pid)
        assert children
        for _ in range(2):
            process.send_signal(number)
        async with asyncio.timeout(SECONDS):
            assert process.stdout
            assert process.stderr
            assert await process.stdout.read() == b""
            assert await process.stderr.read() == b""
            assert await process.wait() == 0
    assert not [child for child in children if is_running(child)]
    assert left_in(tmp_path) == []


def read_all(terminal: int) -> str:
    """Read what a terminal was sent, until nobody has its other side open."""
    parts = []
    try:
        while part := os.read(terminal, 65_536):
            parts.append(part)
    except OSError:  # Linux says so that the other side is closed
        pass
    return b"".join(parts).decode()
