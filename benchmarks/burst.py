"""Many clips at once, an endpoint that takes a while: nothing lost, nothing doubled, no time wasted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from benchmarks import machine
from benchmarks.figures import Figure
from benchmarks.scene import Scene, clip, is_final, playing, rest

CLIPS, ENDPOINT_SECONDS = 1000, 4.0
QUICK_CLIPS, QUICK_ENDPOINT_SECONDS = 100, 0.4
AT_ONCE = 20  # the bot's own default
CHANNELS = 40
GOAL_RATIO = 1.10
PATIENCE_RATIO, PATIENCE_SECONDS = 3, 120
# Doubled replies would come late, after a delivery that was repeated.
LATE_SECONDS = 3.0
# From here on it is the sandbox that cannot keep up, and the figure says little about the bot.
BUSY = 0.8


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of one burst; `bot_cpu` and `sandbox_cpu` are processor seconds."""

    clips: int
    ideal_seconds: float
    seconds: float
    lost: int
    doubled: int
    requests: int
    redelivered: int
    most_at_once: int
    bot_cpu: float | None
    sandbox_cpu: float


async def measure(
    *,
    clips: int = CLIPS,
    endpoint_seconds: float = ENDPOINT_SECONDS,
    late_seconds: float = LATE_SECONDS,
) -> list[Figure]:
    """Share all clips in one moment, over many channels, and wait for the last reply."""
    ideal = clips * endpoint_seconds / AT_ONCE
    async with playing(endpoint_seconds=endpoint_seconds) as scene:
        await scene.answer(clip())
        paid_before = len(scene.endpoint.requests)
        bot = next(iter(machine.bots()), 0)
        bot_before, cpu_before, began = machine.cpu_seconds(bot), time.process_time(), time.perf_counter()
        channels = [scene.slack.add_channel(f"team-{number}") for number in range(min(CHANNELS, clips))]
        seen = asyncio.ensure_future(_last_reply(scene, clips))
        await asyncio.sleep(0)  # it watches from here on
        shared = [
            (channel, await scene.slack.share(clip(), channel=channel))
            for channel in (channels[number % len(channels)] for number in range(clips))
        ]
        last = await _within(seen, ideal * PATIENCE_RATIO + PATIENCE_SECONDS)
        bot_after, cpu_after = machine.cpu_seconds(bot), time.process_time()
        await rest(late_seconds)
        replies = [len(scene.finals(channel, ts)) for channel, ts in shared]
        burst = Burst(
            clips=clips,
            ideal_seconds=ideal,
            seconds=last - began,
            lost=replies.count(0),
            doubled=sum(count - 1 for count in replies if count > 1),
            requests=len(scene.endpoint.requests) - paid_before,
            redelivered=sum(1 for one in scene.slack.calls("event") if one.arguments.get("attempt")),
            most_at_once=scene.endpoint.max_in_flight,
            bot_cpu=None if bot_before is None or bot_after is None else bot_after - bot_before,
            sandbox_cpu=cpu_after - cpu_before,
        )
    return figures(burst)


def figures(burst: Burst) -> list[Figure]:
    """Make the figures of a burst. A small one is too short for the ratio to say much."""
    ratio = burst.seconds / burst.ideal_seconds
    is_whole = burst.clips >= CLIPS
    note = f"{burst.seconds:.0f} s, ideal {burst.ideal_seconds:.0f} s; {burst.most_at_once} requests at once"
    if burst.sandbox_cpu > BUSY * burst.seconds:
        note += "; THE SANDBOX WAS THE BOTTLENECK"
    per_clip = None if burst.bot_cpu is None else 1000 * burst.bot_cpu / burst.clips
    sandbox = f"the sandbox: {1000 * burst.sandbox_cpu / burst.clips:.0f} ms"
    name = f"{burst.clips} clips at once"
    return [
        Figure(f"{name}: lost", burst.lost, "clips", 0),
        Figure(f"{name}: answered twice", burst.doubled, "replies", 0),
        Figure(f"{name}: endpoint calls too many", burst.requests - burst.clips, "calls", 0),
        Figure(f"{name}: time to the ideal", ratio, "x", GOAL_RATIO if is_whole else None, note),
        Figure("  events that were delivered again", burst.redelivered, "events"),
        Figure("  processor per clip, all processes of the bot", per_clip, "ms", note=sandbox),
    ]


async def _last_reply(scene: Scene, clips: int) -> float:
    """Wait for so many replies, and say when the last one came."""
    changes, threads = scene.slack.changes, set[tuple[str, str]]()
    async for change in changes:
        message = change.message
        if change.kind == "posted" and message is not None and is_final(message):
            threads.add((message.channel, message.thread_ts))
            if len(threads) >= clips:
                break
    return time.perf_counter()


async def _within(seen: asyncio.Future[float], seconds: float) -> float:
    """Give up at last: what has not come by then is lost."""
    try:
        return await asyncio.wait_for(seen, seconds)
    except TimeoutError:
        return time.perf_counter()
