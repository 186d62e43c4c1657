"""What the system tells of processes: memory and processor time, from /proc where there is one."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
# Fields of /proc/PID/stat behind the name: parent, then user, system and the reaped children's time.
PARENT, FIRST_TIME, LAST_TIME = 1, 11, 15
LOOK_SECONDS = 0.08


@dataclass(frozen=True, slots=True)
class Memory:
    """What processes hold. `shared_fairly` counts a page that two use as half for each (PSS)."""

    resident_mb: float
    shared_fairly_mb: float | None

    @property
    def fairest_mb(self) -> float:
        """The fairest of both that the system tells."""
        return self.resident_mb if self.shared_fairly_mb is None else self.shared_fairly_mb


@dataclass(slots=True)
class Peak:
    """The most that a process and all that it started held at one moment; None where it is not told."""

    held: Memory | None = None
    processes: int = 0
    looks: int = 0

    def look(self, root: int) -> None:
        """Look once."""
        members = family(root)
        held = memory(members)
        self.looks += 1
        if held is not None and (self.held is None or held.fairest_mb > self.held.fairest_mb):
            self.held, self.processes = held, len(members)


@contextmanager
def watching(root: int) -> Iterator[Peak]:
    """Look at a process and its children again and again, from a thread, until the end of the block."""
    peak, is_over = Peak(), threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_SECONDS):
            peak.look(root)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        is_over.set()
        thread.join()


def family(root: int) -> list[int]:
    """Give a process and all that it started, as far as they live."""
    parents = {pid: int(fields[PARENT]) for pid in _pids() if (fields := _stat(pid))}
    found = [root] if root in parents else []
    for member in found:  # grows while it is gone through
        found += [pid for pid, parent in parents.items() if parent == member]
    return found


def bots() -> list[int]:
    """Find the bots that this process started: its children that run `-m bot run`."""
    ours = [pid for pid in _pids() if (fields := _stat(pid)) and int(fields[PARENT]) == os.getpid()]
    return [pid for pid in ours if _words(pid)[1:] == ["-m", "bot", "run"]]


def memory(pids: list[int]) -> Memory | None:
    """Add up what processes hold; None where the system does not tell."""
    resident, fair = 0, 0
    has_fair = True
    for pid in pids:
        sizes = _sizes(pid, "smaps_rollup")
        if "Pss" not in sizes:
            has_fair = False
            sizes = {"Rss": _sizes(pid, "status").get("VmRSS", 0)}
        resident, fair = resident + sizes["Rss"], fair + sizes.get("Pss", 0)
    if not resident:
        return None
    return Memory(resident / 1024, fair / 1024 if has_fair else None)


def cpu_seconds(root: int) -> float | None:
    """Give the processor time of a process, its living children, and those that ended and were reaped."""
    ticks = 0
    for pid in family(root):
        fields = _stat(pid)
        # A living child's time is not in its parent's yet.
        ticks += sum(int(field) for field in fields[FIRST_TIME:LAST_TIME])
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else None


def load() -> str:
    """Say how busy the machine was, since it decides what a time is worth."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"{os.cpu_count() or 1} cores, load {busy:.1f}"


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()] if PROC.exists() else []


def _stat(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended meanwhile
        return []


def _words(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return []


def _sizes(pid: int, name: str) -> dict[str, int]:
    """Read lines such as `Pss:   1024 kB`."""
    try:
        lines = (PROC / str(pid) / name).read_text().splitlines()
    except OSError:  # no such process, or no right to look
        return {}
    parts = [line.split() for line in lines if line.endswith(" kB")]
    return {words[0].rstrip(":"): int(words[1]) for words in parts}
