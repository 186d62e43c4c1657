"""One process that is ready, and a fork of it for each recording.

Starting Python and loading PyAV takes a hundred times as long as a fork, and four times as long as
decoding a clip. So this process does it once, before it has seen any file, and never sees one itself:
each recording is heard by a fork with limits of its own, which is gone with it.

Its stdin is a socket, over which forks are asked for by number, each with a connection beside it, and
ended by number. In the fork the connection is stdin and stdout; its first line is `{}`, or says why there
is none. A dead fork stays a zombie until it is ended, so that its pid can't become another's.
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

ORDER: Final = struct.Struct("=cI")  # what to do with which fork
FORK, END = b"F", b"E"

_PR_SET_PDEATHSIG: Final = 1
_LOOK_SECONDS: Final = 0.05
# Apple's frameworks, which FFmpeg may have loaded, abort in a fork: there each starts anew, which is slower.
_FORKS_ARE_SAFE = sys.platform != "darwin"
_ANEW: Final = "DECODER_STARTS_ANEW"


def serve(live: Callable[[], object]) -> None:  # pragma: no cover -- lasts; seen on real children
    """Give forks that `live`, each with a stdin and a stdout of its own, until nobody can ask any more."""
    if os.environ.pop(_ANEW, ""):
        _say()
        live()
        return
    _die_with(os.getppid())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored by who started us, it would leave no zombies
    gc.collect()
    gc.freeze()  # what the collector doesn't touch stays shared
    control = socket.socket(fileno=os.dup(0))
    pids: dict[int, int] = {}
    dying: set[int] = set()
    while True:
        control.settimeout(_LOOK_SECONDS if dying else None)
        try:
            order, connections, _, _ = socket.recv_fds(control, ORDER.size, 1)
        except TimeoutError:
            pass
        else:
            if len(order) < ORDER.size:
                break
            what, number = ORDER.unpack(order)
            if what == END and number in pids:
                dying.add(_kill(pids.pop(number)))
            for connection in connections:
                _fork(number, connection, pids, live)
        dying = {pid for pid in dying if os.waitpid(pid, os.WNOHANG) == (0, 0)}
    for pid in pids.values():
        _kill(pid)


def _fork(
    number: int, connection: int, pids: dict[int, int], live: Callable[[], object]
) -> None:  # pragma: no cover -- as above
    server = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        with suppress(OSError):
            os.write(connection, json.dumps({"why": type(error).__name__}).encode() + b"\n")
    else:
        if pid == 0:
            _become(connection, server, live)
        pids[number] = pid
    os.close(connection)


def _become(
    connection: int, server: int, live: Callable[[], object]
) -> NoReturn:  # pragma: no cover -- as above
    """Be the fork: live, and never come back into what the process before it was doing."""
    code = 1
    try:
        _die_with(server)
        os.setsid()  # a group of its own, to be killed with all it may have started
        os.dup2(connection, 0)
        os.dup2(connection, 1)
        os.closerange(3, connection + 1)  # the newest is the last; and nobody asks forks for forks
        if not _FORKS_ARE_SAFE:
            again = [sys.executable, *sys.orig_argv[1:]]
            os.execve(sys.executable, again, {**os.environ, _ANEW: "1"})  # noqa: S606 -- ourselves
        _say()
        live()
        sys.stdout.flush()
        code = 0
    finally:
        os._exit(code)


def _die_with(parent: int) -> None:  # pragma: no cover -- as above
    """See to it that this process is killed when its parent dies, even where it hangs or is stopped."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could say so
        os._exit(1)


def _say() -> None:  # pragma: no cover -- as above
    os.write(1, b"{}\n")


def _kill(pid: int) -> int:  # pragma: no cover -- as above
    """Kill a fork with whatever it started."""
    for kill in (os.killpg, os.kill):  # it may not lead its group yet
        with suppress(ProcessLookupError, PermissionError):  # macOS forbids it for a group of zombies
            kill(pid, signal.SIGKILL)
    return pid
