"""Behind the curtain, with the keyboard: what Escape does, and where the focus is after each button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from tabs import Tabs

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
