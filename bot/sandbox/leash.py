"""Become a program that ends with the process that started it: `leash.py PARENT PROGRAM …`.

Run by its path with `python -I -S`, so that it costs next to nothing, and replaced by the program. The
wish survives that; asked for after a fork of a process with threads it could hang.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:  # pragma: no cover -- replaces its process; seen on a real sandbox that is killed
    """Ask the system, where it can do that, and go on as the program."""
    parent, *program = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):  # killed before we could ask
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 -- the words come from our own bot_process.py


if __name__ == "__main__":  # pragma: no cover -- as above
    main()
