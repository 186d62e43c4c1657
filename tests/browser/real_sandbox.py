"""`dragoman sandbox` as a process of its own, as a person starts it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/page/[\w-]+/")
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RealSandbox:
    """One that runs: its process, and the address that it printed."""

    pid: int
    address: str

    def bot(self) -> int:
        """Give the process id of its bot."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
        lines = {int(one): Path(f"/proc/{one}/cmdline").read_text(encoding="utf-8") for one in children}
        [bot] = [pid for pid, line in lines.items() if "bot\0run" in line]
        return bot


@asynccontextmanager
async def running_sandbox(*options: str) -> AsyncIterator[RealSandbox]:
    """Run `dragoman sandbox` until the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox", "--port", "0", *options),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    rest = None
    try:
        async with asyncio.timeout(START_SECONDS):
            address = await _address(process.stderr)
        rest = asyncio.create_task(process.stderr.read())  # else it would have to wait for us
        yield RealSandbox(process.pid, address)
    finally:
        process.terminate()
        await process.wait()
        if rest is not None:
            await rest


async def _address(stderr: asyncio.StreamReader) -> str:
    said = ""
    async for line in stderr:
        said += line.decode()
        if found := ADDRESS.search(said):
            return found[0]
    msg = f"no address of a page was printed:\n{said}"
    raise AssertionError(msg)
