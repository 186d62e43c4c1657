"""One process that is ready, and a fork of it for each recording.

Starting Python and loading PyAV takes a hundred times as long as a fork, and four times as long as
decoding a clip. So this process does it once, before it has seen any file, and never sees one itself:
each recording is heard by a fork with limits of its own, which is gone with it.

Its stdin is a socket. Four bytes are the number of a fork: with a connection beside them that fork is
asked for, without one it is to be ended. In the fork the connection is stdin and stdout; its first line
says which process it is (`{"pid": 4711}`), so that it can be killed by whoever asked for it. Until it is
ended by number a dead fork stays a zombie, so that its pid can't become another's.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER: Final = struct.Struct("=I")

_PR_SET_PDEATHSIG: Final = 1
# Apple's frameworks, which FFmpeg may have loaded, abort in a fork: there each starts anew, which is slower.
_FORKS_ARE_SAFE = sys.platform != "darwin"
_ANEW: Final = "DECODER_STARTS_ANEW"


def serve(live: Callable[[], object]) -> None:  # pragma: no cover -- lasts; seen on real children
    """Give forks that `live`, each with a stdin and a stdout of its own, until nobody can ask any more."""
    if os.environ.pop(_ANEW, ""):
        _say_who()
        live()
        return
    die_with_parent()
    gc.collect()
    gc.freeze()  # what the collector doesn't touch stays shared
    control = socket.socket(fileno=os.dup(0))
    pids: dict[int, int] = {}
    while True:
        message, connections, _, _ = socket.recv_fds(control, NUMBER.size, 1)
        if len(message) < NUMBER.size:
            break
        (number,) = NUMBER.unpack(message)
        if connections:
            _fork(number, connections[0], pids, live)
        else:
            _end(pids.pop(number, 0))
    for pid in pids.values():
        _end(pid)


def die_with_parent() -> None:  # pragma: no cover -- as above
    """See to it that this process is killed when its parent dies, even where it hangs or is stopped."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _fork(
    number: int, connection: int, pids: dict[int, int], live: Callable[[], object]
) -> None:  # pragma: no cover -- as above
    try:
        pid = os.fork()
    except OSError as error:
        with suppress(OSError):
            os.write(connection, _line(ending="own_trouble", why=type(error).__name__))
    else:
        if pid == 0:
            _become(connection, live)
        pids[number] = pid
    os.close(connection)


def _become(connection: int, live: Callable[[], object]) -> NoReturn:  # pragma: no cover -- as above
    """Be the fork: live, and never come back into what the process before it was doing."""
    code = 1
    try:
        os.setsid()  # a group of its own, to be killed with all it may have started
        os.dup2(connection, 0)
        os.dup2(connection, 1)
        os.closerange(3, connection + 1)  # nobody asks forks for forks
        if not _FORKS_ARE_SAFE:
            again = [sys.executable, *sys.orig_argv[1:]]
            os.execve(sys.executable, again, {**os.environ, _ANEW: "1"})  # noqa: S606 -- ourselves
        _say_who()
        live()
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)


def _say_who() -> None:  # pragma: no cover -- as above
    os.write(1, _line(pid=os.getpid()))


def _line(**words: object) -> bytes:  # pragma: no cover -- as above
    return json.dumps(words).encode() + b"\n"


def _end(pid: int) -> None:  # pragma: no cover -- as above
    """Kill a fork and what it started, if it is still there, and let it go."""
    if not pid:
        return
    for kill in (os.killpg, os.kill):  # it may not lead its group yet
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
