"""A recording that is piped in → a file of its own: decoders seek, and a pipe can't."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bot.errors import TooLargeError
from bot.shell.order import STDIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_READ_BYTES: Final = 256 * 1024


async def save(source: Path, target: Path, *, most_bytes: int) -> None:
    """Copy what comes through the pipe `source`; TooLargeError beyond `most_bytes`.

    Read in a thread that nobody waits for: whoever should write may never do so, and a Ctrl-C must not
    wait for him. The event loop's own way of reading pipes takes no files (`dragoman translate - < FILE`).
    """
    loop = asyncio.get_running_loop()
    saved = loop.create_future()
    is_unwanted = threading.Event()

    def settle(error: Exception | None) -> None:
        if not saved.done():
            saved.set_exception(error) if error else saved.set_result(None)

    def work() -> None:
        error: Exception | None = None
        try:
            _copy(source, target, most_bytes, is_unwanted.is_set)
        except Exception as caught:  # noqa: BLE001 -- raised again where it is waited for
            error = caught
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=work, name="piped", daemon=True).start()
    try:
        await saved
    finally:
        is_unwanted.set()


def _copy(source: Path, target: Path, most_bytes: int, is_unwanted: Callable[[], bool]) -> None:
    # Unbuffered: a thread that is left behind inside a buffer's lock breaks the end of the process.
    path, is_ours = (sys.stdin.fileno(), False) if source == STDIN else (source, True)
    size = 0
    with open(path, "rb", buffering=0, closefd=is_ours) as pipe, target.open("xb") as file:
        while (part := pipe.read(_READ_BYTES)) and not is_unwanted():
            size += len(part)
            if size > most_bytes:
                raise TooLargeError
            file.write(part)
