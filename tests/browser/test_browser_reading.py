"""How one reads among messages: the keyboard's way, what is read out, editing, links, low windows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient

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


async def test_a_link_that_leads_nowhere_says_so(slack: SlackSandbox, tabs: Tabs) -> None:
    """A link to a message leads to it; one to nothing, or to what one cannot see, says why not."""
    channel, closed = (
        slack.add_channel("linked"),
        slack.add_channel("closed", is_private=True, members=["ana"]),
    )
    stands, goes = [await slack.say(text, channel=channel) for text in ("It stands", "It goes")]
    hidden = await slack.say("It is hidden", channel=closed)
    await slack.delete_message(channel, goes)
    links = slack.add_channel("links")
    for place, ts in ((channel, stands), (channel, goes), (closed, hidden)):
        await slack.say(f"{slack.url}/archives/{place}/p{ts.replace('.', '')}", channel=links)
    tab = await tabs.open(slack, "ben", links)
    link = tab.log.get_by_role("link")
    await link.nth(1).click()
    await expect(tab.page.get_by_text("That message is no longer there.")).to_be_visible()
    await link.nth(2).click()
    await expect(tab.page.get_by_text(re.compile("You can.t see that conversation"))).to_be_visible()
    await expect(tab.composer).to_have_accessible_name("Message #links")
    await link.nth(0).click()
    await expect(tab.log.get_by_text("It stands")).to_be_visible()


async def test_what_only_i_see_lives_with_the_page(slack: SlackSandbox, tabs: Tabs) -> None:
    """What only one person sees outlives a lost connection, but neither its dismissal nor a reload."""
    channel = slack.add_channel("whispers")
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    tab = await tabs.open(slack, "ana", channel)
    for text in ("Psst", "Away with it"):
        await client.chat_postEphemeral(channel=channel, user=slack.workspace.user("ana").id, text=text)
    away = tab.log.get_by_role("article").filter(has_text="Away with it")
    await away.get_by_role("button", name="Dismiss").click()
    await expect(away).to_have_count(0)
    tabs.expect_problem("request failed: HEAD")  # so Chromium calls an answer without a body
    await slack.live.close()
    await slack.say("Back again", channel=channel)
    await expect(tab.log.get_by_role("article")).to_contain_text(["Psst", "Back again"])
    await tab.page.reload()
    await expect(tab.log.get_by_role("article")).to_contain_text(["Back again"])


async def test_the_list_is_one_stop_of_the_keyboard(slack: SlackSandbox, tabs: Tabs) -> None:
    """However much was said, Tab stops at one message and what is in it; arrows walk to the others."""
    channel = slack.add_channel("stops")
    said = [
        await slack.say(f"Number {number}, see https://example.org/", channel=channel) for number in range(40)
    ]
    tab = await tabs.open(slack, "ben", channel)
    await tab.dismiss_hints()
    articles, keys = tab.log.get_by_role("article"), tab.page.keyboard
    await expect(articles).to_have_count(len(said))
    stops = "[...document.querySelectorAll('#channel .log *')].filter((one) => one.tabIndex >= 0).length"
    assert await tab.page.evaluate(stops) == 3  # the newest message, its link, its menu
    await tab.composer.focus()
    await tab.tab_to(articles.last, "Shift+Tab")
    for _ in range(2):
        await keys.press("ArrowUp")
    await expect(articles.nth(-3)).to_be_focused()
    await keys.press("Tab")
    await expect(articles.nth(-3).get_by_role("link")).to_be_focused()
    await slack.say("News", channel=channel)
    await expect(articles).to_have_count(len(said) + 1)
    await keys.press("Tab")
    await expect(articles.nth(-4).get_by_role("button", name="More actions")).to_be_focused()
    await keys.press("Tab")
    await expect(tab.composer).to_be_focused()


async def test_the_message_box_is_near(slack: SlackSandbox, tabs: Tabs) -> None:
    """One link leads to the message box, and whoever chooses a conversation can type at once."""
    tab = await tabs.open(slack)
    keys = tab.page.keyboard
    await tab.tab_to(tab.page.get_by_role("link", name="Skip to the message box"))
    await keys.press("Enter")
    await expect(tab.composer).to_be_focused()
    entry = tab.sidebar.get_by_role("button", name="sales")
    await entry.focus()
    await keys.press("Enter")
    await expect(tab.composer).to_have_accessible_name("Message #sales")
    await expect(tab.composer).to_be_focused()


async def test_news_are_read_out_once(slack: SlackSandbox, tabs: Tabs) -> None:
    """What others say in the open conversation and thread is read out, once; nothing else is."""
    channel = slack.add_channel("aloud")
    ts = await slack.say("The beginning", channel=channel)
    await slack.say("The first reply", channel=channel, user="ben", thread_ts=ts)
    tab = await tabs.open(slack, "ana", channel)
    await tab.open_thread()
    await slack.say("In the *thread*", channel=channel, user="ben", thread_ts=ts)
    await expect(tab.thread.get_by_text("In the thread")).to_be_visible()
    await tab.say("My own")
    await expect(tab.log.get_by_text("My own")).to_be_visible()
    await slack.say("In the channel", channel=channel, user="ben")
    await expect(tab.log.get_by_text("In the channel")).to_be_visible()
    said = tab.page.locator("#said p")
    await expect(said).to_have_text(["ben: In the thread", "ben: In the channel"], ignore_case=True)
    live = "[...document.querySelectorAll('[role=log]')].map((one) => one.ariaLive)"
    assert await tab.page.evaluate(live) == ["off", "off"]


@pytest.mark.parametrize("size", [(740, 360), (320, 256), (1280, 400)])
async def test_in_a_low_window(slack: SlackSandbox, tabs: Tabs, size: tuple[int, int]) -> None:
    """In a low window messages keep their room, and the message box and menus can be reached."""
    channel = slack.add_channel(f"low-{size[0]}")
    for number in range(20):
        await slack.say(f"Number {number}", channel=channel)
    tab = await tabs.open(slack, channel=channel, size=size)
    box = await tab.log.bounding_box()
    assert box is not None
    assert box["height"] > 100  # room for two messages at least
    await tab.open_menu("Number 19")
    last = tab.page.get_by_role("menuitem", name="Delete message…")
    await last.scroll_into_view_if_needed()
    await expect(last).to_be_in_viewport(ratio=1)
    await tab.page.keyboard.press("Escape")
    await tab.composer.scroll_into_view_if_needed()
    await expect(tab.composer).to_be_in_viewport(ratio=1)
    await expect(tab.log.get_by_text("Number 19")).to_be_in_viewport()
    assert await tab.overflow() == 0
