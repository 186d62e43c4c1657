"""Start bots by forking a process that has imported everything: importing takes longer than a start's rest.

Run by its path. Each line on stdin is an order in JSON, answered by one line: to become a
`python -m bot …` (the answer is its process id), or to wait for the end of one (its exit code).
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any

# What a run would import later is loaded here as well.
import psycopg  # noqa: F401 -- loaded for the children
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401 -- loaded for the children

import bot.app  # noqa: F401 -- loaded for the children
from bot import cli


def main() -> None:
    """Take orders until stdin ends."""
    gc.freeze()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _become(order)
        print(answer, flush=True)  # noqa: T201 -- the protocol


def _become(order: dict[str, Any]) -> None:
    """Turn this process into the command line that was ordered."""
    os.setsid()
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, target)
    sys.argv = ["dragoman", *order["words"]]
    cli.main()
    sys.exit(0)


if __name__ == "__main__":
    main()
