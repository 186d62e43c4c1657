"""Behind the curtain, with the keyboard: what Escape does, and where the focus is after each button."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tabs import NARROW

from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from tabs import Tabs

    from running import Stage

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_escape_clears_a_filter_before_it_closes_the_curtain(tabs: Tabs) -> None:
    """Escape in the filter brings everything back into sight; only in an empty one it closes the curtain."""
    async with SlackSandbox() as slack:
        await slack.say("Hello", channel="support")
        tab = await tabs.open(slack)
        await tab.open_curtain()
        rows = tab.curtain.get_by_role("listitem")
        await expect(rows).not_to_have_count(0)
        box = tab.curtain.get_by_role("searchbox", name="Filter by text")
        await box.fill("nothing is called like this")
        await expect(rows).to_have_count(0)
        await box.press("Escape")
        await expect(box).to_have_value("")
        await expect(rows).not_to_have_count(0)
        await expect(tab.curtain).to_be_visible()
        await box.press("Escape")
        await expect(tab.curtain).to_be_hidden()


async def test_a_sandbox_that_was_started_anew_is_not_waited_for(tabs: Tabs) -> None:
    """A page whose sandbox has another address by now says so, in its banner and when somebody writes."""
    tabs.expect_problem("404|ERR_CONNECTION_REFUSED|request failed: HEAD")
    anew = "The sandbox was started anew; its new address is printed in the terminal."
    async with SlackSandbox() as slack:
        tab = await tabs.open(slack)
    await expect(tab.banner).to_contain_text("No connection to the sandbox")
    async with SlackSandbox(port=slack.port):
        await expect(tab.banner).to_contain_text(anew)
        await tab.composer.fill("Is anybody there?")
        await tab.composer.press("Enter")
        await tab.see_line(anew)


async def test_the_focus_stays_where_a_button_goes(stage: Stage, tabs: Tabs) -> None:
    """Whoever presses buttons with the keyboard is never thrown to the beginning of the page."""
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel("focus"))
    await tab.open_curtain("Faults")
    names = "^Endpoint is down", "^Slack says slow down"
    quick = [tab.curtain.get_by_role("button", name=re.compile(name)) for name in names]
    off = tab.curtain.get_by_role("button", name=re.compile("^Switch off: "))
    for count, button in enumerate(quick, 1):
        await button.press("Enter")
        await expect(off).to_have_count(count)
        await expect(button).to_be_focused()
    await off.first.press("Enter")
    await expect(off).to_have_count(1)
    await expect(off).to_be_focused()
    await off.press("Enter")
    await expect(tab.curtain.get_by_role("heading", name="Switched on")).to_be_focused()
    share = tab.channel.get_by_role("button", name="Share a sample…").first
    await share.press("Enter")
    await tab.walk_to("Parcel")
    await expect(tab.channel.get_by_text("(done)").filter(visible=True)).to_have_count(
        2
    )  # this, and the fault
    await expect(share).to_be_focused()
    await tab.channel.get_by_role("button", name="Dismiss the hints").press("Enter")
    await expect(tab.composer).to_be_focused()


async def test_the_focus_stays_where_a_person_is_chosen(tabs: Tabs) -> None:
    """On a narrow screen one looks through the people, and resets, without losing one's place."""
    async with SlackSandbox() as slack:
        tab = await tabs.open(slack, size=NARROW)
        await tab.channel.get_by_role("button", name="Conversations").press("Enter")
        people = tab.sidebar.get_by_role("combobox")
        await people.focus()
        await people.select_option(index=1)
        await expect(people).to_be_focused()
        await expect(people).to_be_in_viewport()
        reset = tab.banner.get_by_role("button", name="Reset")
        await reset.press("Enter")
        await tab.page.get_by_role("dialog").get_by_role("button", name="Reset").press("Enter")
        await expect(tab.page.get_by_role("status").filter(has_text="begins anew")).to_be_visible()
        await expect(reset).to_be_focused()
