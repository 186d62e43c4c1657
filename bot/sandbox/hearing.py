"""The ears of the embedded endpoint: how long a received file is, and which sample it is, if any."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiofiles

from bot.prepare import Decoders
from bot.sandbox import samples

if TYPE_CHECKING:
    from bot.sandbox.samples import Sample

_LISTENER: Final = samples.FOLDER / "listen.py"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a file holds: how much sound, and the sample that it is."""

    seconds: float
    sample: Sample | None


class Hearing:
    """Listens to files in children, as the bot's own decoders do, and remembers what it heard."""

    def __init__(self) -> None:
        # None is started ahead: most files that come are known already, and a test may send none at all.
        self._listeners = Decoders(at_once=2, command=(sys.executable, "-I", _LISTENER))
        self._samples = samples.load()
        self._heard: dict[str, asyncio.Task[Heard]] = {}

    async def close(self) -> None:
        """End the listeners."""
        await self._listeners.close()
        await asyncio.gather(*self._heard.values(), return_exceptions=True)

    async def hear(self, content: bytes) -> Heard:
        """Listen to a file; a `BotError` says why it can't be heard. The same file is heard once only."""
        key = hashlib.sha256(content).hexdigest()
        if key not in self._heard:
            self._heard[key] = asyncio.create_task(self._listen(content))
        # Shielded: others may wait for the same file when this client gives up.
        return await asyncio.shield(self._heard[key])

    async def _listen(self, content: bytes) -> Heard:
        with tempfile.TemporaryDirectory(prefix="dragoman-endpoint-") as folder:
            received = Path(folder, "received")
            async with aiofiles.open(received, "wb") as file:
                await file.write(content)
            [piece] = [piece async for piece in self._listeners.prepare(received, Path(folder))]
            async with aiofiles.open(piece.path, encoding="utf-8") as file:
                levels = json.loads(await file.read())
        return Heard(piece.seconds, samples.recognise(self._samples, piece.seconds, levels))
