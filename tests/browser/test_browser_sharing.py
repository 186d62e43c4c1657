"""From a recording to its English on the page: dropped, chosen, recorded; and what cannot be shared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from recordings import sample

if TYPE_CHECKING:
    from tabs import Tab, Tabs

    from running import Stage

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")
over_both = pytest.mark.parametrize("stage", ["socket", "http"], indirect=True)

PARCEL, LOGIN = sample("parcel"), sample("login")


async def see_translated(tab: Tab, english: str) -> None:
    """See the English beside the player, and as the reply in the thread."""
    await expect(tab.channel.get_by_role("log").get_by_text(english)).to_be_visible()
    await tab.open_thread()
    await expect(tab.thread.get_by_role("article").last).to_contain_text(english)


@over_both
async def test_a_dropped_file_is_answered_in_its_thread(stage: Stage, tabs: Tabs) -> None:
    """Whoever drops a recording on a channel and presses Send finds its English in the thread."""
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel("dropped"))
    await tab.drop(PARCEL.path)
    await tab.send()
    await see_translated(tab, PARCEL.english)


async def test_a_chosen_file_is_answered(stage: Stage, tabs: Tabs) -> None:
    """A file that is chosen with the button goes with the text, and is answered as well."""
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel("chosen"))
    await tab.choose(LOGIN.path)
    await tab.composer.fill("From the phone")
    await tab.send()
    await expect(tab.log.get_by_text("From the phone")).to_be_visible()
    await see_translated(tab, LOGIN.english)


async def test_a_recorded_clip_is_answered(stage: Stage, tabs: Tabs) -> None:
    """What the microphone hears becomes an audio message, and a reply."""
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel("recorded"))
    await tab.channel.get_by_role("button", name="Record").click()
    await expect(tab.channel.get_by_role("timer")).to_have_text(re.compile(r"0:0[2-9]"))
    await tab.channel.get_by_role("button", name="Stop").click()
    await tab.send()
    await expect(tab.log.get_by_role("group", name="File: Audio message")).to_be_visible()
    await see_translated(tab, "it heard")
    assert stage.endpoint.requests[-1].seconds > 1
