"""How one reads and writes among messages: editing, the keyboard's way, what is read out, low windows, links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tabs import Tabs

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox in which no app answers."""
    async with SlackSandbox() as slack:
        yield slack


async def test_a_message_is_edited_where_one_asked_for_it(slack: SlackSandbox, tabs: Tabs) -> None:
    """While a message is edited in the conversation, its open thread goes on showing its words."""
    channel = slack.add_channel("edited")
    ts = await slack.say("First words", channel=channel)
    await slack.say("A reply", channel=channel, thread_ts=ts)
    tab = await tabs.open(slack, channel=channel)
    await tab.open_thread()
    await tab.open_menu("First words")
    await tab.page.get_by_role("menuitem", name="Edit message").click()
    box = tab.log.get_by_role("textbox", name="Edit the message")
    await expect(box).to_be_focused()
    await expect(tab.thread.get_by_role("article").first).to_contain_text("First words")
    await box.fill("Better words")
    await box.press("Enter")
    for pane in (tab.log, tab.thread):
        await expect(pane.get_by_role("article").first).to_contain_text("Better words")
