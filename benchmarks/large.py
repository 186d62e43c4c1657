"""How much memory all processes hold for the largest video and a recording of hours, and what is sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import machine, made, sent
from benchmarks.idle import memory_figure
from benchmarks.scene import clip, playing, rest
from bot.sandbox.records import SharedFile

if TYPE_CHECKING:
    from benchmarks.figures import Figure
    from benchmarks.scene import Scene

GOAL_MB = 250
VIDEO_BYTES, VIDEO_SECONDS = 10**9, 3600.0
RECORDING_SECONDS = 3 * 3600.0
QUICK_VIDEO_BYTES, QUICK_SECONDS = 10**8, 600.0
# Far faster than any real one, so that it stays short; all that the bot does is done all the same.
SPEED = 200.0
SETTLE_SECONDS = 1.0
PATIENCE_SECONDS = 600.0


async def measure(
    *,
    video_bytes: int = VIDEO_BYTES,
    video_seconds: float = VIDEO_SECONDS,
    recording_seconds: float = RECORDING_SECONDS,
) -> list[Figure]:
    """Share the video, then the recording, with a bot that has only translated one clip before."""
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as folder:
        video = made.film(Path(folder, "screen.mp4"), video_seconds, video_bytes)
        recording = made.speech(Path(folder, "meeting.m4a"), recording_seconds)
        async with playing(endpoint_seconds=lambda one: one.seconds / SPEED, ears=made.ears) as scene:
            await scene.answer(clip())
            await rest(SETTLE_SECONDS)
            return [
                *await _measure_one(scene, video, video_seconds),
                *await _measure_one(scene, recording, recording_seconds),
            ]


async def _measure_one(scene: Scene, file: Path, seconds: float) -> list[Figure]:
    shared = SharedFile(file.name, path=file, duration_ms=round(seconds * 1000))
    name = f"{shared.actual_bytes() / 1e6:.0f} MB of {file.suffix[1:]}, {seconds / 60:.0f} min"
    bot, before = next(iter(machine.bots()), 0), len(scene.endpoint.requests)
    idle = machine.memory(machine.family(bot))
    with machine.watching(bot) as peak:
        took = await scene.answer_whole(shared, patience_seconds=PATIENCE_SECONDS)
    requests = scene.endpoint.requests[before:]
    more = f"; {idle.fairest_mb:.0f} MB before, reply after {took:.0f} s" if idle else ""
    heard = sum(request.seconds for request in requests)
    return [
        memory_figure(
            peak.held, processes=peak.processes, what=f"{name}: peak memory", goal_mb=GOAL_MB, more=more
        ),
        sent.figure(
            f"{name}: sent per hour of sound",
            requests,
            note=f"{len(requests)} pieces; {heard:.0f} of {seconds:.0f} s sent",
        ),
    ]
