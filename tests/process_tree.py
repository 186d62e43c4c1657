"""Which processes there are below one, and whether they still run: Linux only."""

from __future__ import annotations

from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Give the children of a process, their children, and so on; none where it is gone."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(one) for task in tasks for one in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return children + [one for child in children for one in descendants(child)]


def is_running(pid: int) -> bool:
    """Say whether a process is there and no mere leftover."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
