"""Ask Slack until it answers; a call that may have been performed is not simply made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.web_api import SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()

SHORTEST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60
# Slack's own outages last hours, not days; the job is durable and holds no more than its texts.
LONGEST_TRYING_SECONDS = 6 * 3600


async def persist(
    call: Callable[[], Awaitable[None]],
    *,
    is_done: Callable[[], Awaitable[bool]] | None = None,
    sleep: Callable[[float], Awaitable[object]],
    chance: Callable[[], float],
) -> None:
    """Call until Slack answers, with growing pauses; after an unclear try ask `is_done` first.

    Raises SlackRefusedError at once, SlackUnreachableError after six hours.
    """
    waited, pause = 0.0, SHORTEST_PAUSE_SECONDS
    while True:
        try:
            await call()
        except SlackUnreachableError as error:
            if waited > LONGEST_TRYING_SECONDS:
                raise
            log.warning("slack.unreachable", detail=str(error), wait_seconds=pause)
            await sleep(pause * (0.5 + chance()))
            waited, pause = waited + pause, min(LONGEST_PAUSE_SECONDS, pause * 2)
            if error.is_unclear and is_done is not None and await is_done():
                return
        else:
            return
