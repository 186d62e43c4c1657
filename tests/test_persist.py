"""Asking Slack until it answers."""

from __future__ import annotations

import pytest

from bot.persist import LONGEST_PAUSE_SECONDS, persist
from bot.web_api import SlackRefusedError, SlackUnreachableError


class Line:
    """A call that fails as told, and the pauses that were made."""

    def __init__(self, *outcomes: Exception | None, is_done: bool = False) -> None:
        self.outcomes = list(outcomes)
        self.pauses: list[float] = []
        self.looks = 0
        self._is_done = is_done

    async def call(self) -> None:
        """Fail or succeed, whatever comes next."""
        outcome = self.outcomes.pop(0)
        if outcome is not None:
            raise outcome

    async def is_done(self) -> bool:
        """Say whether an unclear call was performed."""
        self.looks += 1
        return self._is_done

    async def sleep(self, seconds: float) -> None:
        """Note a pause."""
        self.pauses.append(seconds)

    async def run(self) -> None:
        """Persist."""
        await persist(self.call, is_done=self.is_done, sleep=self.sleep, chance=lambda: 0.5)


def unreachable(*, is_unclear: bool = False) -> SlackUnreachableError:
    """Make the error of a call without an answer."""
    return SlackUnreachableError("chat.postMessage", "gone", is_unclear=is_unclear)


async def test_an_answer_ends_it() -> None:
    """A call that works is made once."""
    line = Line(None)
    await line.run()
    assert (line.outcomes, line.pauses, line.looks) == ([], [], 0)


async def test_a_clear_failure_is_tried_again_without_looking() -> None:
    """A call that never reached Slack is made again after growing pauses."""
    line = Line(unreachable(), unreachable(), unreachable(), None)
    await line.run()
    assert line.pauses == [0.5, 1.0, 2.0]
    assert line.looks == 0


async def test_an_unclear_failure_is_looked_at_first() -> None:
    """A call that may have been performed is not made again when it was."""
    line = Line(unreachable(is_unclear=True), is_done=True)
    await line.run()
    assert (line.outcomes, line.looks) == ([], 1)


async def test_an_unclear_failure_that_did_nothing_is_tried_again() -> None:
    """A call that may have been performed and was not is made again."""
    line = Line(unreachable(is_unclear=True), None)
    await line.run()
    assert (line.outcomes, line.looks) == ([], 1)


async def test_a_refusal_ends_it() -> None:
    """Slack's no is not asked for twice."""
    line = Line(SlackRefusedError("chat.postMessage", "is_archived"))
    with pytest.raises(SlackRefusedError):
        await line.run()
    assert line.pauses == []


async def test_it_never_gives_up() -> None:
    """Pauses stop growing at a minute, and however long Slack is away, the call is made in the end."""
    line = Line(*(unreachable() for _ in range(1_000)), None)
    await line.run()
    assert max(line.pauses) == LONGEST_PAUSE_SECONDS
    assert sum(line.pauses) > 15 * 3600


async def test_a_demanded_wait_is_kept() -> None:
    """Where Slack says how long to wait, no try comes sooner."""
    error = SlackUnreachableError("chat.postMessage", "limited", is_unclear=False, retry_after_seconds=900)
    line = Line(error, None)
    await line.run()
    assert line.pauses == [900]


async def test_a_refused_token_is_waited_for() -> None:
    """A token that Slack refuses all of a sudden may be mended: the call is made again, without a look."""
    line = Line(SlackRefusedError("chat.postMessage", "token_revoked"), None)
    await line.run()
    assert (line.pauses, line.looks) == ([60], 0)


async def test_without_a_way_to_look_it_is_made_again() -> None:
    """A call that may be repeated freely, such as reading, needs no look."""
    line = Line(unreachable(is_unclear=True), None)
    await persist(line.call, sleep=line.sleep, chance=lambda: 0.0)
    assert line.pauses == [0.25]
