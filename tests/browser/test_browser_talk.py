"""What people type on the page, who sees it, and the prompt that changes what the endpoint is sent."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.surfaces import words
from recordings import sample

if TYPE_CHECKING:
    from tabs import Tabs

    from running import Stage

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")
over_both = pytest.mark.parametrize("stage", ["socket", "http"], indirect=True)

PARCEL = sample("parcel")
PROMPT = "Acme Pro, Ms Núñez; polite"
EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)"><!channel> <@U0ANA> *<b>bold</b>*'


@over_both
async def test_a_prompt_reaches_the_endpoint(stage: Stage, tabs: Tabs) -> None:
    """After `/translate prompt …` only who typed it reads the answer, and the endpoint is sent the prompt."""
    channel = stage.slack.add_channel("prompted")
    ana, ben = await tabs.open(stage.slack, "ana", channel), await tabs.open(stage.slack, "ben", channel)
    await ana.say(f"/translate prompt {PROMPT}")
    answer = ana.log.get_by_role("article").filter(has_text="Only visible to you")
    await expect(answer).to_contain_text(words.PROMPT_SET.split(".")[0])
    await ana.drop(PARCEL.path)
    await ana.send()
    await expect(ana.log.get_by_text(PARCEL.english)).to_be_visible()
    await ana.open_curtain("Endpoint")
    await expect(ana.curtain.get_by_role("definition").filter(has_text=PROMPT)).to_be_visible()
    await expect(ben.log.get_by_text(PARCEL.english)).to_be_visible()
    await expect(ben.log.get_by_text("Only visible to you")).to_have_count(0)


async def test_text_is_only_ever_text(stage: Stage, tabs: Tabs) -> None:
    """Typed HTML and Slack's own signs stand as they were typed: nothing runs, is made, or pings anybody."""
    channel = stage.slack.add_channel("evil")
    tab = await tabs.open(stage.slack, channel=channel)
    await tab.say(EVIL)
    message = tab.log.get_by_role("article").last
    await expect(message).to_contain_text(EVIL.split("*", maxsplit=1)[0])
    assert await message.locator("script, img, b").count() == 0
    assert await message.locator(".mention").count() == 0
    said = stage.slack.messages(channel)[-1].text
    assert html.unescape(said) == EVIL
    assert "<!" not in said


async def test_a_very_long_text(stage: Stage, tabs: Tabs) -> None:
    """40,000 characters are shown folded, and whole when asked for; the page does not grow sideways."""
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel("long"))
    text = "<i>" + "x" * 39_990 + " end."
    await tab.say(text)
    message = tab.log.get_by_role("article").last
    more = message.get_by_role("button", name=re.compile("Show (more|all)"))
    await expect(more).to_be_visible()
    await expect(message).not_to_contain_text("end.")
    await more.click()
    await expect(message).to_contain_text(text)
    assert await tab.overflow() == 0


async def test_two_people_in_two_tabs(stage: Stage, tabs: Tabs) -> None:
    """Each tab is its own person: both see what is said at once, and a private channel only its members."""
    slack = stage.slack
    slack.add_channel("board", is_private=True, members=["ana"])
    channel = slack.add_channel("together")
    ana, ben = await tabs.open(slack, "ana", channel), await tabs.open(slack, "ben", channel)
    await ana.say("Good morning, Ben")
    await expect(ben.log.get_by_text("Good morning, Ben")).to_be_visible()
    await ben.say("Good morning, Ana")
    await expect(ana.log.get_by_text("Good morning, Ana")).to_be_visible()
    await expect(ana.sidebar.get_by_text("board")).to_be_visible()
    await expect(ben.sidebar.get_by_text("together")).to_be_visible()
    await expect(ben.sidebar.get_by_text("board")).to_have_count(0)


async def test_two_tabs_reset_at_once(stage: Stage, tabs: Tabs) -> None:
    """When two tabs reset the workspace together, both end in one that is empty and works."""
    slack = stage.slack
    first, second = await tabs.open(slack, "ana"), await tabs.open(slack, "ben")
    await first.say("This will go")
    await expect(second.log.get_by_text("This will go")).to_be_visible()
    for tab in (first, second):
        await tab.banner.get_by_role("button", name="Reset").click()
    for tab in (first, second):
        await tab.page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    for tab in (first, second):
        await expect(tab.banner.get_by_role("button", name="Reset", exact=True)).to_be_enabled()
        await expect(tab.log.get_by_text("This will go")).to_have_count(0)
    await second.say("A new beginning")
    await expect(first.log.get_by_text("A new beginning")).to_be_visible()
