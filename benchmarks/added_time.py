"""How much time the bot adds to a clip of 6 s: from message to reply, without the endpoint's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.figures import Figure, percentile, spread
from benchmarks.scene import clip, playing, rest

if TYPE_CHECKING:
    from benchmarks.scene import Scene
    from bot.sandbox.records import Message
    from bot.sandbox.traffic import Exchange

GOAL_P50_MS, GOAL_P95_MS = 100, 200
CLIPS, WARM_UP = 60, 5
# More than the stand-in needs by itself, so that it takes exactly this long.
ENDPOINT_SECONDS = 0.2
REST_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Steps:
    """When each step of one clip was done, in seconds since its message stood."""

    stored: float
    downloaded: float
    decoded: float
    answered: float
    posted: float

    @property
    def added(self) -> float:
        """The time that the bot added."""
        return self.posted - (self.answered - self.decoded)

    def parts(self) -> dict[str, float]:
        """Give how long each step took by itself."""
        return {
            "stored and acked": self.stored,
            "downloaded": self.downloaded - self.stored,
            "decoded and on its way": self.decoded - self.downloaded,
            "posted": self.posted - self.answered,
        }


async def measure(
    *, clips: int = CLIPS, warm_up: int = WARM_UP, rest_seconds: float = REST_SECONDS
) -> list[Figure]:
    """Share one clip after the other; the first few warm everything up and do not count."""
    async with playing(endpoint_seconds=ENDPOINT_SECONDS) as scene:
        seen: list[Steps] = []
        for _ in range(warm_up + clips):
            before = len(scene.slack.traffic)
            ts, reply = await scene.answer(clip())
            seen.append(_steps(scene, ts, reply, scene.slack.traffic[before:]))
            await rest(rest_seconds)
    return figures(seen[warm_up:])


def figures(seen: list[Steps]) -> list[Figure]:
    """Make the figures of what was seen."""
    added = [1000 * steps.added for steps in seen]
    note = f"{spread(added)}; the endpoint's {ENDPOINT_SECONDS:g} s taken off"
    found = [
        Figure("time added to a 6 s clip, p50", percentile(added, 50), "ms", GOAL_P50_MS, note),
        Figure("time added to a 6 s clip, p95", percentile(added, 95), "ms", GOAL_P95_MS),
    ]
    for name in seen[0].parts():
        values = [1000 * steps.parts()[name] for steps in seen]
        found.append(
            Figure(
                f"  of it {name}, p50", percentile(values, 50), "ms", note=f"p95 {percentile(values, 95):.0f}"
            )
        )
    return found


def _steps(scene: Scene, ts: str, reply: Message, traffic: list[Exchange]) -> Steps:
    """Read the times from what passed. All processes share one clock: that of this machine."""
    sent = float(ts) - scene.slack.workspace.began_at
    event = next(one for one in traffic if one.kind == "event" and one.arguments.get("ts") == ts)
    download = next(one for one in traffic if one.kind == "download")
    request = scene.endpoint.requests[-1].at.timestamp() - float(ts)
    return Steps(
        stored=event.at + event.duration - sent,
        downloaded=download.at + download.duration - sent,
        decoded=request,
        answered=request + ENDPOINT_SECONDS,
        posted=float(reply.ts) - float(ts),
    )
