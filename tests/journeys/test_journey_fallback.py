"""A second engine stands in where the first one fails, and people see nothing of it but their translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from scenes import PARCEL, Clock, Room, new_room

from bot.sandbox.endpoint_answers import failing
from running import playing
from sample_ears import sample_by_length

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

AWAY = failing(503, code="service_unavailable", message="try again later")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two_engines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    """Play with a second engine."""
    folder, clock = tmp_path_factory.mktemp("data"), Clock()
    async with playing(folder, sleep=clock.sleep, TRANSLATION_FALLBACK="two-step") as stage:
        stage.endpoint.ears = sample_by_length
        yield new_room(stage)


async def test_a_model_that_is_gone(two_engines: Room) -> None:
    """Where the first engine's model is retired, the second one translates, at the cost of one request."""
    room, endpoint = two_engines, two_engines.stage.endpoint
    models, endpoint.models = endpoint.models, ()
    assert (await room.text(await room.share())).startswith(PARCEL.english)
    endpoint.models = models
    assert [one.status for one in endpoint.requests] == [503]
    endpoint.forget()


async def test_a_service_that_is_down(two_engines: Room) -> None:
    """With the first engine's service gone nobody waits: the second one translates, and nobody is told."""
    room, endpoint = two_engines, two_engines.stage.endpoint
    endpoint.script(*[AWAY] * 300)
    endpoint.gate.clear()
    stamps = [await room.share() for _ in range(8)]
    await endpoint.wait_for(lambda: endpoint.in_flight == 8)
    endpoint.gate.set()
    for ts in stamps:
        assert (await room.text(ts)).startswith(PARCEL.english)
    line, _ = room.stage.bot.stages.translator.lines
    assert line.breaker.is_open
    assert {one.status for one in endpoint.requests} == {503}
    assert len([one for one in endpoint.transcriptions if one.status == 200]) == 8
    asked = len(endpoint.requests)
    assert (await room.text(await room.share())).startswith(PARCEL.english)
    assert len(endpoint.requests) - asked <= 1  # at most a probe, on its way
    posts = room.stage.slack.calls("chat.postMessage")
    assert not [one for one in posts if "dragoman_progress" in str(one.arguments.get("metadata"))]
