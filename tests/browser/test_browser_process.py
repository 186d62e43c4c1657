"""The page of a real `dragoman sandbox`: its first minute, and a bot that dies behind it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from real_sandbox import running_sandbox

from recordings import sample

if TYPE_CHECKING:
    from tabs import Tabs

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PARCEL, LOGIN = sample("parcel"), sample("login")


async def test_a_bot_that_dies_is_started_again(tabs: Tabs) -> None:
    """The page opens on a sample that was answered; it says when the bot is gone, and starts it again."""
    async with running_sandbox("--share", "sample") as sandbox:
        tab = await tabs.open_address(sandbox.address)
        await expect(tab.log.get_by_text(PARCEL.english)).to_be_visible()
        await expect(tab.banner).to_contain_text("This is not Slack")
        await expect(tab.banner).to_contain_text("Nothing leaves this machine")
        await expect(tab.banner).to_contain_text("The bot is running")
        os.kill(sandbox.bot(), signal.SIGKILL)
        await expect(tab.banner).to_contain_text("The bot has stopped")
        await tab.drop(LOGIN.path)
        await tab.send()
        await expect(tab.log.get_by_role("group", name="File: login.ogg")).to_be_visible()
        await tab.banner.get_by_role("button", name="Start again").click()
        await expect(tab.banner).to_contain_text("The bot is running")
        await tab.drop(sample("shoes").path)
        await tab.send()
        await expect(tab.log.get_by_text(sample("shoes").english)).to_be_visible()
        tabs.expect_problem("ERR_CONNECTION_REFUSED|request failed: HEAD|WebSocket connection to .* failed")
    await expect(tab.banner).to_contain_text("No connection to the sandbox")
    await expect(tab.banner).not_to_contain_text("The bot is running")
