"""An app's surfaces on the page: blocks, modals, buttons, menus, shortcuts, Home; with a small app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from every_block import MESSAGE, READ, TYPES, types_in
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient
from small_app import OPEN, WRONG, plain, running_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tabs import Tabs

    from bot.sandbox.server import SlackSandbox

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run the small app."""
    async with running_app() as slack:
        yield slack


def client(slack: SlackSandbox) -> AsyncWebClient:
    """Give the app's own client."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def test_every_block_is_drawn(slack: SlackSandbox, tabs: Tabs) -> None:
    """Each block and element that the sandbox takes is shown, and none as unknown."""
    assert set(types_in(MESSAGE)) >= TYPES
    channel = slack.add_channel("blocks")
    await client(slack).chat_postMessage(channel=channel, text="All", blocks=MESSAGE)
    tab = await tabs.open(slack, channel=channel)
    message = tab.log.get_by_role("article").last
    for words in READ:
        await expect(message).to_contain_text(words)
    for name in ("A dot", "A small dot", "A large dot"):
        await expect(message.get_by_role("img", name=name, exact=True)).to_be_visible()
    await expect(message.get_by_role("textbox", name="Your name")).to_be_visible()
    await expect(message.get_by_role("spinbutton", name="How many")).to_be_visible()
    await expect(message.get_by_role("radio", name="Green")).to_be_visible()
    await expect(message.get_by_text("This page does not know")).to_have_count(0)


async def test_an_unknown_block_is_loud(slack: SlackSandbox, tabs: Tabs) -> None:
    """What the page does not know is named there, with its JSON, and the rest of the message stands."""
    channel = slack.add_channel("unknown")
    blocks = (
        {"type": "hologram", "height": 3},
        {"type": "header", "text": plain("After it")},
    )
    workspace = slack.workspace
    workspace.post(workspace.channel(channel), workspace.app.bot, "From the future", blocks=blocks)
    tab = await tabs.open(slack, channel=channel)
    note = tab.log.get_by_role("note", name="Unknown block")
    await expect(note).to_contain_text("This page does not know the block “hologram”")
    await note.get_by_text("Its JSON").click()
    await expect(note.get_by_text('"height": 3')).to_be_visible()
    await expect(tab.log.get_by_role("heading", name="After it")).to_be_visible()


async def test_a_modal_from_button_to_message(slack: SlackSandbox, tabs: Tabs) -> None:
    """A button opens a form; Slack's errors and the app's stand beside their inputs; then it is taken."""
    channel = slack.add_channel("orders")
    await client(slack).chat_postMessage(channel=channel, text="Orders", blocks=[OPEN])
    tab = await tabs.open(slack, channel=channel)
    await tab.log.get_by_role("button", name="New order").click()
    form = tab.page.get_by_role("dialog", name="New order")
    customer = form.get_by_role("textbox", name="Customer")
    await expect(customer).to_be_focused()
    await form.get_by_role("button", name="Order", exact=True).click()
    await expect(customer).to_have_attribute("aria-invalid", "true")
    await customer.fill("Zanzibar")
    await form.get_by_role("combobox", name="Size").select_option("Large")
    await form.get_by_label("Day").fill("2026-11-21")
    await form.get_by_role("button", name="Order", exact=True).click()
    await expect(form.get_by_text(WRONG)).to_be_visible()
    await expect(customer).to_be_focused()
    await customer.fill("Núñez <b>")
    await tab.page.keyboard.press("Enter")
    await expect(form).to_be_hidden()
    await expect(tab.log.get_by_text("Ordered: large for Núñez <b>, 2026-11-21")).to_be_visible()


async def test_a_modal_is_left_with_escape(slack: SlackSandbox, tabs: Tabs) -> None:
    """Escape closes a form at the sandbox too, and the page can be used again."""
    channel = slack.add_channel("left")
    await client(slack).chat_postMessage(channel=channel, text="Orders", blocks=[OPEN])
    tab = await tabs.open(slack, channel=channel)
    await tab.log.get_by_role("button", name="New order").click()
    form = tab.page.get_by_role("dialog", name="New order")
    await expect(form).to_be_visible()
    await tab.page.keyboard.press("Escape")
    await expect(form).to_be_hidden()
    assert not slack.workspace.views
    await tab.say("Still here")
    await expect(tab.log.get_by_text("Still here")).to_be_visible()


async def test_a_button_that_nobody_hears(slack: SlackSandbox, tabs: Tabs) -> None:
    """A button whose app does not answer says so at the button."""
    channel = slack.add_channel("unheard")
    await client(slack).chat_postMessage(channel=channel, text="Orders", blocks=[OPEN])
    tab = await tabs.open(slack, channel=channel)
    await tab.log.get_by_role("button", name="Unheard").click()
    await expect(tab.log.get_by_text("did not answer")).to_be_visible()


async def test_a_shortcut_in_the_message_menu(slack: SlackSandbox, tabs: Tabs) -> None:
    """The app's shortcut stands in the menu of a message, and the app hears which message is meant."""
    channel = slack.add_channel("noted")
    await slack.say("Two boxes, please", channel=channel)
    tab = await tabs.open(slack, channel=channel)
    await tab.open_menu("Two boxes, please")
    await tab.page.get_by_role("menuitem", name="Note this").click()
    await tab.open_thread()
    await expect(tab.thread.get_by_text("Noted: Two boxes, please")).to_be_visible()


async def test_the_home_of_the_app(slack: SlackSandbox, tabs: Tabs) -> None:
    """The app's Home is shown when it is opened, and follows what is pressed in it."""
    tab = await tabs.open(slack, channel=slack.workspace.direct(slack.workspace.user("ana").id).id)
    await tab.channel.get_by_role("tab", name="Home").click()
    await expect(tab.channel.get_by_role("heading", name="Your orders")).to_be_visible()
    await tab.channel.get_by_role("button", name="Count them").click()
    await expect(tab.channel.get_by_text("Counted 1 times")).to_be_visible()
