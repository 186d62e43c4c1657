"""How much sooner an hour of speech is there than if it were sent as one request after the other."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import machine, made
from benchmarks.figures import Figure
from benchmarks.scene import playing
from bot.sandbox.records import SharedFile

GOAL_RATIO = 6
SECONDS, QUICK_SECONDS = 3600.0, 600.0
# How fast the endpoint is in each request, in seconds of sound per second.
SPEED = 20.0
PATIENCE_RATIO, PATIENCE_SECONDS = 2, 120


async def measure(*, seconds: float = SECONDS, speed: float = SPEED) -> list[Figure]:
    """Share it and wait for the last part of its reply. The bot sends 20 pieces at once by itself."""
    sequential = seconds / speed
    with tempfile.TemporaryDirectory(prefix="dragoman-bench-") as folder:
        recording = made.speech(Path(folder, "meeting.m4a"), seconds)
        shared = SharedFile("meeting.m4a", path=recording, duration_ms=round(seconds * 1000))
        async with playing(endpoint_seconds=lambda one: one.seconds / speed, ears=made.ears) as scene:
            bot = next(iter(machine.bots()), 0)
            before = machine.cpu_seconds(bot)
            took = await scene.answer_whole(
                shared, patience_seconds=sequential * PATIENCE_RATIO + PATIENCE_SECONDS
            )
            after = machine.cpu_seconds(bot)
            requests, at_once = len(scene.endpoint.requests), scene.endpoint.max_in_flight
    note = f"{took:.1f} s, as one request {sequential:.0f} s; {requests} pieces, {at_once} at once"
    # A shorter one has fewer pieces: it says whether all is well, not how fast it is.
    goal = GOAL_RATIO if seconds >= SECONDS else None
    name = f"{seconds / 60:.0f} min of speech"
    cpu = None if before is None or after is None else after - before
    return [
        Figure(f"{name}: times sooner", sequential / took, "x", goal, note, is_least=True),
        Figure("  processor of it, all processes of the bot", cpu, "s"),
    ]
