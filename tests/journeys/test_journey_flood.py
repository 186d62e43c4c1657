"""A flood of messages in one moment: few are taken up at a time, people's commands wait for none of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from scenes import PARCEL, new_room

from bot.store.settings import SettingsStore
from bot.transport.turns import EVENTS_AT_ONCE

if TYPE_CHECKING:
    from bot.store.settings import ChannelSettings
    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

MESSAGES = EVENTS_AT_ONCE + 10


async def test_a_flood(either: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """While as many events as may be are looked up, the others wait and a command does not."""
    flooded, calm = new_room(either), new_room(either)
    gate, inside, most = asyncio.Event(), set[object](), 0
    get = SettingsStore.get

    async def held(self: SettingsStore, team_id: str, channel_id: str) -> ChannelSettings | None:
        nonlocal most
        if channel_id != flooded.channel:
            return await get(self, team_id, channel_id)
        inside.add(mark := object())
        most = max(most, len(inside))
        await gate.wait()
        inside.remove(mark)
        return await get(self, team_id, channel_id)

    monkeypatch.setattr(SettingsStore, "get", held)
    shared = [await flooded.share() for _ in range(MESSAGES)]
    async with asyncio.timeout(30):
        while len(inside) < EVENTS_AT_ONCE:  # noqa: ASYNC110 -- the store sets no event
            await asyncio.sleep(0.01)
    result = await either.slack.command("/translate", "status", channel=calm.channel)
    assert result.acked, result.error
    assert await result.answers()
    gate.set()
    for ts in shared:
        (reply,) = await flooded.replies(ts)
        assert reply.text == PARCEL.english
    assert most == EVENTS_AT_ONCE
    assert not [one for one in either.slack.calls("event") if one.arguments.get("attempt")]
