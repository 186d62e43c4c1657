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
import stat
import sys
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
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
from bot.piece import Piece

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence

    from bot.fork_server import Child

T = TypeVar("T")

_DECODER: Final = ("-I", "-m", "bot.decoder")
_LONGEST_LINE_BYTES: Final = 1 << 16  # of a report with the most anchors there can be; more is garbage

# Nothing else reaches the child: it reads files of strangers and has no business with our secrets.
# These two let a Python find its own libraries where it is not installed in the usual place.
_KEPT_VARIABLES: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_PIECE: Final = "piece-{index:04}.flac"
_MOST_ANCHORS: Final = 2000  # a piece has one for each hole or long silence
# Far below what is cut, but for the last: a child that was taken over may report pieces without end.
_SHORTEST_PIECE_SECONDS: Final = 30
_SHORTEST_HALF_SECONDS: Final = 19  # the cut lies in the middle third
_LONGEST_SECONDS: Final = 200 * 3600.0  # also keeps out what is no number
_ROUNDING: Final = 0.001
_SANE_DECIBELS: Final = 300.0  # 16 bits have a third of it, long moments count up to three times

_log = structlog.get_logger()

_GARBAGE: Final = "decoder wrote garbage"
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


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the pieces of one file have to fit into, whatever the child says."""

    folder: Path
    names: str
    limits: Limits
    shortest_seconds: float = _SHORTEST_PIECE_SECONDS


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
            await asyncio.wait(self._tasks)
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
            raise NotDecodableError(_GARBAGE)
        return replace(halves[0], index=piece.index), replace(halves[1], index=piece.index)

    async def _work(
        self,
        work: str,
        source: Path,
        into: Path,
        names: str,
        shortest_seconds: float = _SHORTEST_PIECE_SECONDS,
    ) -> AsyncGenerator[Piece, None]:
        """Give what a child reports while it does some work with a file; its files must have these names."""
        job = _job(work, source, into, self._limits)
        pieces: asyncio.Queue[Piece | None] = asyncio.Queue()
        # A task of its own, so that the slot is free once the child is done and not only when the
        # consumer has sent the last piece away.
        frame = _Frame(into, names, self._limits, shortest_seconds)
        run = self._in_background(self._run(job, frame, pieces))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await run
        finally:
            run.cancel()
            await asyncio.wait([run])

    async def _run(self, job: bytes, frame: _Frame, pieces: asyncio.Queue[Piece | None]) -> None:
        """Lead a child through one file; None ends the pieces, whatever happened."""
        try:
            async with self._slots:
                try:
                    await self._lead(job, frame, pieces)
                except _LostUnheardError:
                    await self._lead(job, frame, pieces)
        finally:
            pieces.put_nowait(None)

    async def _lead(self, job: bytes, frame: _Frame, pieces: asyncio.Queue[Piece | None]) -> None:
        child = await self._take()
        # Armed apart from the reading: a hang ends on time although nobody asks for pieces.
        alarm = asyncio.get_running_loop().call_later(self._limits.wall_seconds, child.end)
        is_heard = False
        try:
            async for piece in _converse(child, job, frame):
                is_heard = True
                pieces.put_nowait(piece)
        except ConnectionError as error:  # it died before it had read its job
            raise _LostUnheardError from error
        except NotDecodableError as error:
            if not await child.lost_its_server():
                raise
            raise (ConnectionError if is_heard else _LostUnheardError) from error  # no fault of this file
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
            return await self._forks.fork()
        if child.is_gone:  # it died while idle, which is no fault of this file
            child.end()
            return await self._forks.fork()
        return child

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


async def _converse(child: Child, job: bytes, frame: _Frame) -> AsyncIterator[Piece]:
    """Give the child its job and hand its pieces on until the closing line; raise what the file failed of."""
    child.writer.write(job)  # and nothing more: the end of the connection says that we are gone
    piece = None
    while "ending" not in (report := await _report(child.reader)):
        piece = _as_piece(report, piece, frame)
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
        raise NotDecodableError(_GARBAGE) from error
    if not line:  # crashed, out of memory, or killed by a limit or by us for taking too long
        raise NotDecodableError(_ENDED_EARLY)
    if not isinstance(report, dict):
        raise NotDecodableError(_GARBAGE)
    return report


def _as_piece(report: Mapping[str, Any], previous: Piece | None, frame: _Frame) -> Piece:
    """Check what the child says about a piece: a decoder that a hostile file took over may lie."""
    index = previous.index + 1 if previous else 0
    file = frame.folder / frame.names.format(index=index)
    try:
        start, end, seconds = (float(report[key]) for key in ("start_seconds", "end_seconds", "seconds"))
        anchors = tuple((float(piece), float(recording)) for piece, recording in report["anchors"])
        piece = Piece(
            index,
            str(file),
            start,
            seconds,
            _size(file),
            is_last=report.get("is_last") is True,
            end_seconds=end,
            anchors=anchors,
            loud_db=_decibels(report.get("loud_db")),
            rise_db=_decibels(report.get("rise_db")),
        )
        # By another name it could be the source, or one and the same file again and again.
        is_sane = report["file"] == file.name and _fits(piece, previous, frame)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, IndexError) as error:
        raise NotDecodableError(_GARBAGE) from error
    if not is_sane:
        raise NotDecodableError(_GARBAGE)
    return piece


def _decibels(measured: Any) -> float | None:  # noqa: ANN401 -- whatever the child's JSON has there
    """Check a level; None where it was not measured."""
    if measured is None:
        return None
    if not abs(decibels := float(measured)) <= _SANE_DECIBELS:  # what is no number is not below, either
        raise ValueError
    return decibels


def _fits(piece: Piece, previous: Piece | None, frame: _Frame) -> bool:
    """Say whether a piece can be one: after the last, not too short, too large, or one too many."""
    least = 0 if piece.is_last else frame.shortest_seconds
    return (
        piece.seconds > 0
        and piece.seconds >= least
        and piece.index * frame.shortest_seconds <= frame.limits.decoded_seconds
        and 0 < piece.size_bytes <= frame.limits.file_bytes
        and piece.anchors[0] == (0.0, piece.start_seconds)
        and _runs((0.0, previous.end_seconds if previous else 0.0), (0.0, piece.start_seconds))
        and _is_map(piece.anchors, (piece.seconds, piece.end_seconds))
    )


def _size(file: Path) -> int:
    """Give the size of a file that is one: a link could lead to what is none of the recording's."""
    found = file.lstat()
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0


def _is_map(anchors: Sequence[tuple[float, float]], end: tuple[float, float]) -> bool:
    """Say whether anchors lead through a piece to its end."""
    return len(anchors) <= _MOST_ANCHORS and all(
        _runs(one, other) for one, other in pairwise((*anchors, end))
    )


def _runs(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Say whether time goes on from one anchor to the other: in the recording no less than in the piece."""
    in_piece, in_recording = other[0] - one[0], other[1] - one[1]
    return in_piece >= 0 and _LONGEST_SECONDS >= in_recording + _ROUNDING >= in_piece


def _word(why: object) -> str:
    """Let only one word of the child's reason into the log, never a text out of the file."""
    return why[:60] if isinstance(why, str) and why.isidentifier() else ""
