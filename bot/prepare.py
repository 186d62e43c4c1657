"""Any audio or video file → pieces fit to send: FLAC, 16 kHz, mono, in files named by us.

The work is done by `decoder/` in a child process of its own, one per file: a hostile recording may
crash, hang or eat memory there, and costs one file its translation. The child (`fork_server.py` gives it)
takes its job as one line of JSON and reports one line per finished piece, so pieces are handed on as they
come.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from bot.decoder import fence
from bot.errors import (
    BotError,
    EmptyFileError,
    NoSoundError,
    NotDecodableError,
    OutcomeError,
    SilentError,
    TooLongError,
)
from bot.fork_server import ForkServer
from bot.reported import GARBAGE, SHORTEST_PIECE_SECONDS, Frame, as_piece

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence

    from bot.fork_server import Child
    from bot.piece import Piece

T = TypeVar("T")

_DECODER: Final = ("-I", "-m", "bot.decoder")
_LONGEST_LINE_BYTES: Final = 1 << 16  # of a report with the most anchors there can be; more is garbage

# Nothing else reaches the child: it reads files of strangers and has no business with our secrets.
# These two let a Python find its own libraries where it is not installed in the usual place.
_KEPT_VARIABLES: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_PIECE: Final = "piece-{index:04}.flac"
_SHORTEST_HALF_SECONDS: Final = 19  # the cut lies in the middle third

_SECONDS_TO_CANCEL: Final = 0.1  # then once more: who ends just then forgets that it was cancelled

_log = structlog.get_logger()

_ENDED_EARLY: Final = "decoder ended early"
_ERRORS: Final[Mapping[str, type[BotError | OutcomeError]]] = {
    "not_decodable": NotDecodableError,
    "no_sound": NoSoundError,
    "silent": SilentError,
    "too_long": TooLongError,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Four hours are about half a minute of work; a piece of noise has 10 MB."""

    decoded_seconds: float = 4 * 3600
    wall_seconds: float = 900
    cpu_seconds: int = 600
    memory_bytes: int = 1 << 30
    file_bytes: int = 1 << 25
    open_files: int = 64

    @classmethod
    def up_to(cls, longest_seconds: float) -> Limits:
        """Give the limits where recordings may be so long: longer ones may take their time."""
        usual = cls()
        return cls(
            decoded_seconds=longest_seconds,
            wall_seconds=max(usual.wall_seconds, longest_seconds / 16),
            cpu_seconds=max(usual.cpu_seconds, round(longest_seconds / 24)),
        )


class _EndedEarlyError(NotDecodableError):
    """A child's reports ended without a last one."""


class _LostUnheardError(ConnectionError):
    """A child died idle, or with its server, and has reported nothing: its file can be heard anew."""


class Decoders:
    """The decoder children: at most `at_once` at work, and one that waits for the next file.

    Belongs to the event loop that it is first used in.
    """

    def __init__(
        self,
        *,
        at_once: int,
        limits: Limits | None = None,
        command: Sequence[str | Path] = (),
        names: str = _PIECE,
    ) -> None:
        """`command` starts other children than ours, whose files may have other `names`."""
        self._limits = limits or Limits()
        self._names = names
        self._forks = ForkServer(
            [str(word) for word in command or (sys.executable, *_DECODER)],
            environment={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            longest_line_bytes=_LONGEST_LINE_BYTES,
        )
        self._slots = asyncio.Semaphore(at_once)
        self._ahead: asyncio.Task[Child] | None = None
        self._is_open = False
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Get the first child ready. Whether there can be one, the first file will show."""
        if not self._is_open and not fence.version():
            # The work goes on, but whoever runs us should know what a hostile file could reach.
            _log.warning("decoder.unfenced", missing="Landlock (Linux 5.13)")
        self._is_open = True
        with suppress(OSError):
            await self._forks.start()
        self._fork_ahead()

    async def close(self) -> None:
        """End every child. Whoever still waits for pieces is cancelled."""
        self._is_open = False
        if self._ahead is not None:
            self._ahead.cancel()
            _end_unused(self._ahead)
            self._ahead = None
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=_SECONDS_TO_CANCEL)
        await self._forks.close()

    async def prepare(self, source: Path, into: Path) -> AsyncGenerator[Piece, None]:
        """Give the pieces of `source`, in order, each as soon as its file in the folder `into` is whole.

        Leaving early, cancelled or closed, ends the child. Trouble of our own, such as a full disk, is
        an `OSError`: it is not the file's fault. Where all of it is silence there is no piece, but a
        `SilentError`.
        """
        async with aclosing(self._work("pieces", source, into, self._names)) as pieces:
            async for piece in pieces:
                yield piece

    async def as_mp3(self, flac: Path) -> Path:
        """Give a piece once more as MP3, where an endpoint takes no FLAC; what is there is not made anew."""
        target = flac.with_suffix(".mp3")
        if not await asyncio.to_thread(target.exists):
            async for _ in self._work("mp3", flac, flac.parent, target.name):
                pass
        return target

    async def halve(self, piece: Piece) -> tuple[Piece, Piece]:
        """Cut a piece of at least a minute in two, near its middle; their files are beside its own.

        They begin with its file's name and a hyphen, also those that are left where it fails.
        """
        flac = Path(piece.path)
        names = f"{flac.stem}-{{index}}.flac"
        halves = [
            half async for half in self._work("halves", flac, flac.parent, names, _SHORTEST_HALF_SECONDS)
        ]
        if [half.is_last for half in halves] != [False, True]:
            raise NotDecodableError(GARBAGE)
        return replace(halves[0], index=piece.index), replace(halves[1], index=piece.index)

    async def _work(
        self,
        work: str,
        source: Path,
        into: Path,
        names: str,
        shortest_seconds: float = SHORTEST_PIECE_SECONDS,
    ) -> AsyncGenerator[Piece, None]:
        """Give what a child reports while it does some work with a file; its files must have these names."""
        job = _job(work, source, into, self._limits)
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        # A task of its own, so that the slot is free once the child is done and not only when the
        # consumer has sent the last piece away.
        frame = Frame(
            into,
            names,
            self._limits.decoded_seconds,
            self._limits.file_bytes,
            shortest_seconds=shortest_seconds,
        )
        run = self._in_background(self._run(job, frame, pieces))
        run.add_done_callback(lambda _: pieces.put_nowait(None))  # the end of the pieces, whatever happened
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await run
        finally:
            run.cancel()
            await asyncio.wait([run])
            if not run.cancelled():
                run.exception()  # known by now, or of no interest any more

    async def _run(self, job: bytes, frame: Frame, pieces: asyncio.Queue[Piece | None]) -> None:
        """Lead a child through one file; where it was lost, another one."""
        async with self._slots:
            try:
                await self._lead(await self._take(), job, frame, pieces)
            except _LostUnheardError:
                await self._lead(await self._take(), job, frame, pieces)

    async def _lead(
        self, child: Child, job: bytes, frame: Frame, pieces: asyncio.Queue[Piece | None]
    ) -> None:
        # Armed apart from the reading: a hang ends on time although nobody asks for pieces.
        alarm = asyncio.get_running_loop().call_later(self._limits.wall_seconds, child.end)
        is_heard = False
        try:
            async for piece in _converse(child, job, frame):
                is_heard = True
                pieces.put_nowait(piece)
        except (ConnectionError, _EndedEarlyError) as error:
            # Not even its job was read, or its server died: that is no fault of the file.
            is_lost = isinstance(error, ConnectionError) or await child.lost_its_server()
            self._start_over()
            if is_lost:
                raise (ConnectionError if is_heard else _LostUnheardError) from error
            raise NotDecodableError(_ENDED_EARLY) from error
        finally:
            alarm.cancel()
            child.end()

    def _fork_ahead(self) -> None:
        """Have the next child wait for its file: a fork is quick, but not on a busy machine."""
        if self._is_open and self._ahead is None:
            self._ahead = self._in_background(self._forks.fork())

    async def _take(self) -> Child:
        """Take the child that waits; without one, get one now."""
        waiting, self._ahead = self._ahead or self._in_background(self._forks.fork()), None
        self._fork_ahead()
        try:
            child = await asyncio.shield(waiting)
        except asyncio.CancelledError:
            waiting.add_done_callback(_end_unused)
            raise
        except OSError:  # a failure ahead, for want of file handles perhaps, is past
            child = await self._forks.fork()
        return child

    def _start_over(self) -> None:
        """Have all later children be forks of a new server; those at work go on."""
        self._forks.retire()
        if self._ahead is not None:
            self._ahead.add_done_callback(_end_unused)
            self._ahead = None
            self._fork_ahead()

    def _in_background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` apart; kept in a set, as the loop itself holds its tasks only weakly."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _end_unused(waiting: asyncio.Task[Child]) -> None:
    if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
        waiting.result().end()


def _job(work: str, source: Path, into: Path, limits: Limits) -> bytes:
    """Write the line that tells a child what to do. Its paths are absolute: it works in another folder."""
    if source.stat().st_size == 0:
        raise EmptyFileError
    paths = {"source": str(source.resolve()), "folder": str(into.resolve())}
    job = {"work": work, **paths, "limits": asdict(limits)}
    return json.dumps(job).encode() + b"\n"


async def _converse(child: Child, job: bytes, frame: Frame) -> AsyncIterator[Piece]:
    """Give the child its job and hand its pieces on until the closing line; raise what the file failed of."""
    child.writer.write(job)  # and nothing more: the end of the connection says that we are gone
    await child.writer.drain()  # where it died idle this fails
    piece = None
    while "ending" not in (report := await _report(child.reader)):
        piece = as_piece(report, piece, frame)
        yield piece
    ending, why = _word(report["ending"]), _word(report.get("why"))
    if ending == "own_trouble":
        raise OSError(why)
    if ending != "done" or piece is None or not piece.is_last:
        raise _ERRORS.get(ending, NotDecodableError)(why)


async def _report(stdout: StreamReader) -> Mapping[str, Any]:
    """Read one line of the child. Silence and garbage alike mean that the file broke it."""
    try:
        line = await stdout.readline()
        report = json.loads(line) if line else {}
    except (ValueError, RecursionError) as error:  # no JSON, no text, a line or brackets without an end
        raise NotDecodableError(GARBAGE) from error
    if not line:  # crashed, out of memory, or killed by a limit or by us for taking too long
        raise _EndedEarlyError(_ENDED_EARLY)
    if not isinstance(report, dict):
        raise NotDecodableError(GARBAGE)
    return report


def _word(why: object) -> str:
    """Let only one word of the child's reason into the log, never a text out of the file."""
    return why[:60] if isinstance(why, str) and why.isidentifier() else ""
