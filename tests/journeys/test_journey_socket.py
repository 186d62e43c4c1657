"""What only Socket Mode has: connections that Slack renews, drops and loses acks on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scenes import PARCEL, new_room

from bot.sandbox.faults import Fault

if TYPE_CHECKING:
    from bot.sandbox.faults import FaultKind
    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("kind", ["socket_refresh", "socket_drop"])
async def test_a_connection_may_end_at_any_moment(stage: Stage, kind: FaultKind) -> None:
    """Jobs under way go on, an event whose ack died with it and one after it are answered once."""
    slack, room = stage.slack, new_room(stage)
    slack.retry_delays = (0.5,) * 60  # the client notices a silent drop only with its next ping
    stage.endpoint.delay_seconds = 0.5
    greetings = _greetings(stage)
    shared = [await room.share() for _ in range(4)]
    await stage.endpoint.wait_for(lambda: stage.endpoint.in_flight >= 1)
    slack.faults.add(Fault(kind, method="event"))
    shared.append(await room.share())
    await slack.wait_for(lambda _: _farewells(stage) or slack.connections == 0)
    shared.append(await room.share())
    await slack.wait_for(lambda _: _greetings(stage) > greetings, timeout=30)
    for ts in shared:
        await stage.reply(room.channel, ts, seconds=30)
    await slack.wait_for(lambda _: all(any(one.ok for one in room.deliveries(ts)) for ts in shared))
    stage.endpoint.delay_seconds = 0.0
    await room.quiet()
    assert [await room.text(ts) for ts in shared] == [PARCEL.english] * 6
    assert slack.connections == 1


def _farewells(stage: Stage) -> int:
    return sum(one.method == "goodbye" for one in stage.slack.calls("socket"))


def _greetings(stage: Stage) -> int:
    return sum(one.method == "hello" for one in stage.slack.calls("socket"))
