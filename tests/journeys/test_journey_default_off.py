"""A bot that stays silent in channels until somebody switches it on there: DEFAULT_MODE=off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from scenes import PARCEL, Room, new_room

from running import playing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scenes import Clock

    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shy(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> AsyncIterator[Stage]:
    """Play with DEFAULT_MODE=off."""
    async with playing(tmp_path_factory.mktemp("data"), sleep=clock.sleep, DEFAULT_MODE="off") as stage:
        yield stage


@pytest.mark.parametrize("where", ["@ana", "mpdm-ana--ben--dragoman-1"])
async def test_direct_messages_are_on_all_the_same(shy: Stage, where: str) -> None:
    """A DM and a group DM are answered although channels are off by default."""
    room = Room(shy, shy.slack.workspace.channel(where).id)
    assert await room.text(await room.share()) == PARCEL.english


@pytest.mark.parametrize("is_private", [False, True])
async def test_a_channel_is_silent_until_it_is_switched_on(shy: Stage, *, is_private: bool) -> None:
    """In a channel nothing is answered, until somebody sends `/translate on`."""
    room = new_room(shy, is_private=is_private)
    ts = await room.share()
    await shy.slack.wait_for(lambda _: room.deliveries(ts))
    await shy.bot.jobs.idle()
    assert not await room.is_stored(ts)
    assert (await shy.slack.command("/translate", "on", channel=room.channel)).acked
    assert await room.text(await room.share()) == PARCEL.english
    assert shy.endings(room.channel, ts) == []


async def test_the_introduction_says_how_to_switch_it_on(shy: Stage) -> None:
    """Invited, the bot says that it is silent here, and what wakes it."""
    room = new_room(shy, bot_is_member=False)
    await shy.slack.invite_bot(room.channel)
    await shy.slack.wait_for(lambda _: len(room.said()) == 2)
    assert "/translate on" in room.said()[-1].text
