"""Keep this process from reading and writing any file but its own, and from TCP, by Landlock.

What it can still do is told in docs/decisions/0004-a-fence-around-the-decoder.md.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

# The same numbers on all machines: https://docs.kernel.org/userspace-api/landlock.html
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

_WRITE_FILE, _READ_FILE, _REMOVE_FILE, _MAKE_REGULAR, _TRUNCATE = (1 << bit for bit in (1, 2, 5, 8, 14))
_IN_FOLDER: Final = _READ_FILE | _WRITE_FILE | _REMOVE_FILE | _MAKE_REGULAR | _TRUNCATE
# Version of the kernel's interface → how many rights it knows of: all are taken, then few given back.
_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 5: 16}
_TCP_SINCE, _ALL_TCP = 4, 0b11
_SCOPES_SINCE, _ALL_SCOPES = 6, 0b11  # abstract sockets of others, and signals to them


def version() -> int:
    """Give the version of the kernel's Landlock; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))


def stay_within(source: str, folder: str) -> None:  # pragma: no cover -- lasts; seen on real children
    """Leave this process no file to open but `source` to read and those in `folder` to read and write.

    Only what can be had: a kernel without Landlock (before 5.13, or not Linux) goes on without, one
    before 6.7 leaves TCP open, one before 6.12 signals to other processes. Binds this thread and those it
    starts later, so it is called before any.
    """
    known = version()
    if not known:
        return
    rights = (1 << max(count for since, count in _RIGHTS.items() if since <= known)) - 1
    tcp = _ALL_TCP if known >= _TCP_SINCE else 0
    scopes = _ALL_SCOPES if known >= _SCOPES_SINCE else 0
    asked = struct.pack("=QQQ", rights, tcp, scopes)
    rules = _call(_CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), 0)
    if rules < 0:
        return
    for path, allowed in ((source, _READ_FILE), (folder, _IN_FOLDER & rights)):
        # What is not there can't be allowed, and will be missed soon enough.
        with suppress(OSError):
            place = os.open(Path(path), os.O_PATH | os.O_CLOEXEC)
            _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", allowed, place), 0)
            os.close(place)
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None).syscall(number, *arguments))
