"""Ask Slack until it answers; a call that may have been performed is not simply made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.web_api import TOKEN_ERRORS, SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()

SHORTEST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60


async def persist(
    call: Callable[[], Awaitable[None]],
    *,
    is_done: Callable[[], Awaitable[bool]] | None = None,
    sleep: Callable[[float], Awaitable[object]],
    chance: Callable[[], float],
) -> None:
    """Call until Slack answers, with growing pauses; after an unclear try ask `is_done` first.

    There is no last try: what is kept must be said, however long Slack is away. A token that Slack
    refuses all of a sudden is waited for too: an admin mends it, and the job goes on. Raises
    SlackRefusedError for any other refusal.
    """
    pause = SHORTEST_PAUSE_SECONDS
    while True:
        try:
            await call()
        except SlackUnreachableError as error:
            demanded, is_unclear = error.retry_after_seconds, error.is_unclear
            log.warning("slack.unreachable", detail=str(error), wait_seconds=max(demanded, pause))
        except SlackRefusedError as error:
            if error.error not in TOKEN_ERRORS:
                raise
            demanded, is_unclear = LONGEST_PAUSE_SECONDS, False
            log.error("slack.token_refused", error=error.error)  # noqa: TRY400 -- its word says it all
        else:
            return
        await sleep(max(demanded, pause * (0.5 + chance())))
        pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
        if is_unclear and is_done is not None and await is_done():
            return
