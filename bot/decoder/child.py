"""The child's own life: wait for a job, be confined to it, report. `forks.py` gets it ready.

A job is one line of JSON on stdin (work, source, folder, limits); the reports are lines on stdout, one
per finished piece and a closing one: `{"ending": "done"}`, or what the file failed of and why.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
from av.audio.frame import AudioFrame

from bot.decoder import fence, forks
from bot.decoder.piece_file import PieceFile
from bot.decoder.pieces import decode, to_halves, to_mp3
from bot.decoder.refusal import Ending, Refusal, Report
from bot.decoder.sound import listen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    # What to do with the file `source`: write pieces into the folder, stop after so many seconds of sound.
    Work = Callable[[str, Path, float], Iterator[Report]]

_WORKS: Final[Mapping[str, Work]] = {"pieces": decode, "mp3": to_mp3, "halves": to_halves}


def reports(job: Mapping[str, Any], work: Work | None = None) -> Iterator[Report]:
    """Do a job: a line per piece, then the closing one, whatever the file does."""
    try:
        work = work or _WORKS[job["work"]]
        yield from work(job["source"], Path(job["folder"]), job["limits"]["decoded_seconds"])
        yield {"ending": Ending.DONE}
    except Refusal as refusal:
        yield {"ending": refusal.ending, "why": refusal.why}
    except Exception as error:  # noqa: BLE001 -- crafted files raise anything, also what FFmpeg does not know
        yield {"ending": Ending.NOT_DECODABLE, "why": type(error).__name__}


def warm_up() -> None:
    """Read and write a moment of silence: the first use of each part is slow, and here there is time.

    It also loads whatever is loaded late, as that could not be read any more behind the fence.
    """
    kept = io.BytesIO()
    silence = AudioFrame("s16", "stereo", samples=9600)
    silence.sample_rate = 48_000
    with av.open(kept, "w", format="wav") as sink:
        sink.mux(sink.add_stream("pcm_s16le", rate=48_000, layout="stereo").encode(silence))
    file = PieceFile(io.BytesIO())
    with listen(io.BytesIO(kept.getvalue())) as sound:
        for block in sound:
            file.write(block.sound)
    file.close()


def confine(
    limits: Mapping[str, int],
) -> None:  # pragma: no cover -- lasts; seen on real children
    """Take from this process what one recording does not need.

    That no process and no thread is started any more does not bind root: the kernel counts none of its.
    """
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        # A machine that is stricter already, or knows no such limit, keeps its own.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def end_with_the_connection() -> None:  # pragma: no cover -- as above
    """See to it that no child goes on working for somebody who is gone."""

    def watch() -> None:
        # Nothing is ever sent after the job, so this waits for the end of the connection.
        # os.read, as a thread inside sys.stdin would be in the way of an orderly exit.
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def live(work: Work | None = None) -> None:  # pragma: no cover -- as above
    """Wait for a job, do it (or other work with its file, where that is given), report."""
    line = sys.stdin.buffer.readline()
    if not line:  # closed down before there was work
        return
    job = json.loads(line)
    fence.stay_within(job["source"], job["folder"])  # before there is a second thread, see there
    end_with_the_connection()
    confine(job["limits"])  # after the thread that watches, as there will be no other
    for report in reports(job, work):
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()


def main(work: Work | None = None) -> None:  # pragma: no cover -- as above
    """Get ready once, and give a child for each job."""
    warm_up()
    forks.serve(partial(live, work))
