"""The ears of the embedded endpoint: how long a received file is, and which sample it is, if any.

Who knows better what is said in a file, since he made it, gives the endpoint ears of his own
(`EndpointSandbox.ears`); `length` is for them.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
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
_HEARD: Final = "heard.json"  # what the listener writes
_FLAC: Final = b"fLaC"
# Where a FLAC's first block, which is always there, has its rate (20 bits), form (8) and samples (36).
_FLAC_NUMBERS: Final = slice(18, 26)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a file holds: how much sound, and what is said in it, as (start, end, text) in seconds.

    `segments` None: nobody knows what is said, unless it is a `sample`.
    """

    seconds: float
    segments: tuple[tuple[float, float, str], ...] | None = None
    sample: Sample | None = None


def length(content: bytes) -> float:
    """Give how many seconds a file of our own making lasts: a FLAC by its header, others by decoding.

    Only for files that nobody else had a hand in: others are listened to in a child.
    """
    if content.startswith(_FLAC):
        numbers = int.from_bytes(content[_FLAC_NUMBERS])
        return (numbers & (1 << 36) - 1) / (numbers >> 44)
    import av  # noqa: PLC0415 -- a sandbox that nobody gives ears needs no decoder in its own process

    with av.open(io.BytesIO(content), "r") as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


class Hearing:
    """Listens to files in children, as the bot's own decoders do, and remembers what it heard."""

    def __init__(self) -> None:
        # None is started ahead: most files that come are known already, and a test may send none at all.
        self._listeners = Decoders(at_once=2, command=(sys.executable, "-I", _LISTENER), names=_HEARD)
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
        return Heard(piece.seconds, sample=samples.recognise(self._samples, piece.seconds, levels))
