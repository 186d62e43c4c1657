"""The endpoint goes away while people share recordings: they are told, and all are translated in the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from scenes import PARCEL, Room, named

from bot.progress import WAITING_TEXT
from bot.sandbox.endpoint_answers import drop, failing
from running import is_final
from sample_ears import sample_by_length

if TYPE_CHECKING:
    from bot.breaker import Breaker
    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("quick_ears")]

AWAY = failing(503, code="service_unavailable", message="try again later")
SHARES = 30
AT_ONCE = 20  # requests, as configured by default
# The pauses 1, 2, 4, 8, 15, 15 and 15 are a minute.
PROBES_OF_A_MINUTE = 7


@pytest.fixture
def quick_ears(stage: Stage) -> None:
    """Spare the endpoint a child for each request."""
    stage.endpoint.ears = sample_by_length


def breaker_of(stage: Stage) -> Breaker:
    """Give the breaker of the first engine."""
    return stage.bot.stages.translator.lines[0].breaker


async def shared(stage: Stage, room: Room, count: int, *, at_once: int) -> list[str]:
    """Share clips while the endpoint is away; the first answers come when so many have asked."""
    stage.endpoint.always = AWAY
    stage.endpoint.gate.clear()
    stamps = [await room.share() for _ in range(count)]
    await stage.endpoint.wait_for(lambda: stage.endpoint.in_flight >= at_once, timeout_seconds=30)
    stage.endpoint.gate.set()
    return stamps


async def all_wait(stage: Stage) -> int:
    """Wait until the breaker is open and nobody asks; give how many requests there were so far."""
    endpoint = stage.endpoint
    await endpoint.wait_for(lambda: breaker_of(stage).is_open and endpoint.in_flight == 0)
    endpoint.max_in_flight = 0
    return len(endpoint.requests)


def notices(stage: Stage) -> Counter[str]:
    """Count the progress messages that were ever posted, by their thread."""
    return Counter(
        str(call.arguments["thread_ts"])
        for call in stage.slack.calls("chat.postMessage")
        if "dragoman_progress" in str(call.arguments.get("metadata"))
    )


async def test_an_outage_of_a_minute_under_thirty_shares(room: Room) -> None:
    """All are translated once the endpoint is back: one notice per thread, one probe at a time, no storm."""
    stage, endpoint = room.stage, room.stage.endpoint
    endpoint.script(*[drop(), AWAY] * 3)
    stamps = await shared(stage, room, SHARES, at_once=AT_ONCE)
    before = await all_wait(stage)
    # All that were let in at once, and until the fifth of them failed four more, or four second tries.
    assert AT_ONCE <= before <= AT_ONCE + 8
    await stage.slack.wait_for(lambda _: len(notices(stage)) == SHARES, timeout=30)
    await endpoint.wait_for(lambda: len(endpoint.requests) >= before + PROBES_OF_A_MINUTE)
    assert endpoint.max_in_flight == 1
    assert not [ts for ts in stamps if stage.endings(room.channel, ts)]
    assert {one.text for one in room.said()} == {f"Translating this recording… {WAITING_TEXT}"}
    endpoint.always = None
    for ts in stamps:
        (reply,) = await stage.reply(room.channel, ts, seconds=30)
        assert reply.text == PARCEL.english
    await room.quiet()
    assert [len(stage.endings(room.channel, ts)) for ts in stamps] == [1] * SHARES
    assert all(is_final(one) for one in room.said())  # what told of the wait is gone
    assert set(notices(stage).values()) == {1}
    assert endpoint.max_in_flight <= AT_ONCE
    assert sum(one.status == 200 for one in endpoint.requests) == SHARES
    assert len(endpoint.requests) <= AT_ONCE + 8 + 20 + SHARES  # what came before, probes, and the work


async def test_several_files_of_a_message_tell_once(room: Room) -> None:
    """Six files in one message all wait, and the thread reads of it once, in the name of one of them."""
    stage, endpoint = room.stage, room.stage.endpoint
    endpoint.always = AWAY
    endpoint.gate.clear()
    ts = await room.share(*[named(f"{name}.m4a") for name in "abcdef"])
    await endpoint.wait_for(lambda: endpoint.in_flight == 6)
    endpoint.gate.set()
    before = await all_wait(stage)
    await stage.slack.wait_for(lambda _: room.said(), timeout=30)
    await endpoint.wait_for(lambda: len(endpoint.requests) >= before + PROBES_OF_A_MINUTE)
    assert notices(stage)[ts] == 1
    (told,) = room.said()
    assert told.text.startswith("Translating ")
    assert told.text.endswith(f".m4a… {WAITING_TEXT}")
    endpoint.always = None
    replies = await room.replies(ts, count=6)
    assert [reply.text.partition(".m4a")[0][-1] for reply in replies] == list("abcdef")
    assert len(room.said()) == 6
    assert notices(stage)[ts] == 1


async def test_a_withdrawn_recording_stops_waiting(room: Room) -> None:
    """While the endpoint is down a deleted recording leaves nothing behind, and the others go on."""
    stage, endpoint = room.stage, room.stage.endpoint
    stamps = await shared(stage, room, 6, at_once=6)
    await all_wait(stage)
    await stage.slack.wait_for(lambda _: len(room.said()) == 6, timeout=30)
    await stage.slack.delete_message(room.channel, stamps[0])
    await stage.slack.wait_for(lambda _: len(room.said()) == 5, timeout=30)
    assert breaker_of(stage).is_open
    endpoint.always = None
    for ts in stamps[1:]:
        assert await room.text(ts) == PARCEL.english
    assert len(room.said()) == 5
