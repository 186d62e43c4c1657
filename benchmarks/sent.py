"""How many bytes leave the network for an hour of sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import Figure
from benchmarks.scene import clip, playing
from bot.sandbox import samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.endpoint_records import AudioRequest

GOAL_MB = 70


async def measure(*, names: Sequence[str] = ()) -> list[Figure]:
    """Share every sample once and count what the endpoint received of each."""
    async with playing() as scene:
        for name in names or [sample.name for sample in samples.load()]:
            await scene.answer(clip(name))
        return figures(scene.endpoint.requests)


def figures(requests: Sequence[AudioRequest]) -> list[Figure]:
    """Reckon an hour of the samples."""
    seconds = sum(request.seconds for request in requests)
    worst = max(3600 * (request.content_length or 0) / request.seconds for request in requests)
    note = f"{len(requests)} samples, {seconds:.0f} s of speech; the worst {worst / 1e6:.0f} MB"
    return [figure("sent per hour of sound", requests, note=note)]


def figure(what: str, requests: Sequence[AudioRequest], *, note: str) -> Figure:
    """Reckon what an hour of the sound that was sent takes; the form around it is counted, too."""
    whole = sum(request.content_length or 0 for request in requests)
    seconds = sum(request.seconds for request in requests)
    return Figure(what, 3600 * whole / seconds / 1e6, "MB", GOAL_MB, note)
