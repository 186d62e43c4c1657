"""The page with the keyboard alone, on a narrow screen, and as axe-core judges it."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from every_block import MESSAGE
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient
from small_app import OPEN, running_app
from tabs import NARROW, WIDE

from recordings import sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tabs import Tab, Tabs

    from bot.sandbox.server import SlackSandbox
    from running import Stage

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PARCEL = sample("parcel")
PANELS = ("Traffic", "Endpoint", "Faults")
AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = {"serious", "critical"}
LOOKS = [
    pytest.param("light", WIDE, id="light wide"),
    pytest.param("dark", WIDE, id="dark wide"),
    pytest.param("light", NARROW, id="light narrow"),
    pytest.param("dark", NARROW, id="dark narrow"),
]


async def findings(tab: Tab) -> list[str]:
    """Give what axe-core finds, as far as it is grave: the rule, and the first places."""
    if not await tab.page.evaluate("'axe' in window"):
        await tab.page.evaluate(AXE)
    result: dict[str, Any] = await tab.page.evaluate("axe.run({resultTypes: ['violations']})")
    assert result["passes"]
    return [
        f"{one['id']}: {[node['html'][:150] for node in one['nodes'][:3]]}"
        for one in result["violations"]
        if one["impact"] in GRAVE
    ]


async def answered(stage: Stage, tabs: Tabs, name: str, **look: Any) -> Tab:  # noqa: ANN401 -- as in `Tabs.open`
    """Open a channel of one's own in which a recording was answered."""
    channel = stage.slack.add_channel(name)
    ts = await stage.slack.share(PARCEL.path, channel=channel, text="Please *look*, " + "long" * 60)
    await stage.slack.react(channel, ts, "eyes", "ben")
    await stage.reply(channel, ts)
    tab = await tabs.open(stage.slack, channel=channel, **look)
    await expect(tab.log.get_by_text(PARCEL.english)).to_be_visible()
    return tab


async def test_with_the_keyboard_alone(stage: Stage, tabs: Tabs) -> None:
    """Without a mouse one writes, answers in a thread, leaves it, and deletes a message."""
    channel = stage.slack.add_channel("keys")
    tab = await tabs.open(stage.slack, channel=channel)
    keys = tab.page.keyboard
    await tab.tab_to(tab.page.get_by_role("link", name="Skip to the conversation"))
    await keys.press("Enter")
    await tab.tab_to(tab.composer)
    await keys.type("Only keys")
    await keys.press("Enter")
    message = tab.log.get_by_role("article").filter(has_text="Only keys")
    menu = message.get_by_role("button", name="More actions")
    await tab.tab_to(menu, "Shift+Tab")
    await keys.press("Enter")
    await tab.walk_to("Reply in thread")
    await expect(tab.thread.get_by_role("textbox")).to_be_focused()
    await keys.type("An answer")
    await keys.press("Enter")
    await expect(tab.thread.get_by_role("article").last).to_contain_text("An answer")
    await keys.press("Escape")
    await expect(tab.thread).to_be_hidden()
    await expect(message.get_by_role("button", name="1 reply")).to_be_focused()
    await tab.tab_to(menu)
    await keys.press("Enter")
    await tab.walk_to("Delete message…")
    dialog = tab.page.get_by_role("alertdialog", name="Delete message")
    await tab.tab_to(dialog.get_by_role("button", name="Delete"))
    await keys.press("Enter")
    await expect(tab.log.get_by_text("This message was deleted.")).to_be_visible()
    assert [one.text for one in stage.slack.messages(channel) if one.text == "Only keys"] == []


async def test_on_a_narrow_screen(stage: Stage, tabs: Tabs) -> None:
    """At 360 pixels nothing is wider than the screen, and every pane can be reached and left."""
    tab = await answered(stage, tabs, "narrow", size=NARROW)
    assert await tab.overflow() == 0
    await tab.open_thread()
    await expect(tab.thread.get_by_text(PARCEL.english)).to_be_in_viewport()
    assert await tab.overflow() == 0
    await tab.thread.get_by_role("button", name="Back to the conversation").click()
    await expect(tab.composer).to_be_in_viewport()
    for panel in PANELS:
        await tab.open_curtain(panel)
        assert await tab.overflow() == 0
    await tab.curtain.get_by_role("button", name="Close the curtain").click()
    await tab.channel.get_by_role("button", name="Conversations").click()
    await expect(tab.sidebar.get_by_role("button", name="sales")).to_be_in_viewport()
    assert await tab.overflow() == 0
    await tab.sidebar.get_by_role("button", name="sales").click()
    await expect(tab.composer).to_have_accessible_name("Message #sales")
    await expect(tab.composer).to_be_in_viewport()


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
async def test_axe_finds_nothing_grave(stage: Stage, tabs: Tabs, scheme: str, size: tuple[int, int]) -> None:
    """Channel, thread and curtain have no serious or critical finding, in any look."""
    tab = await answered(stage, tabs, f"axe-{scheme}-{size[0]}", scheme=scheme, size=size)
    assert await findings(tab) == []
    for panel in PANELS:
        await tab.open_curtain(panel)
        assert await findings(tab) == []
    await tab.curtain.get_by_role("button", name="Close the curtain").click()
    await tab.open_thread()
    assert await findings(tab) == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run the small app."""
    async with running_app() as slack:
        yield slack


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
async def test_axe_finds_nothing_grave_in_blocks(
    slack: SlackSandbox, tabs: Tabs, scheme: str, size: tuple[int, int]
) -> None:
    """All blocks, and a modal over them, have no serious or critical finding and fit, in any look."""
    channel = slack.add_channel(f"axe-blocks-{scheme}-{size[0]}")
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    await client.chat_postMessage(channel=channel, text="All", blocks=[*MESSAGE, OPEN])
    tab = await tabs.open(slack, channel=channel, scheme=scheme, size=size)
    opens = tab.log.get_by_role("button", name="New order")
    await expect(opens).to_be_visible()
    assert await findings(tab) == []
    assert await tab.overflow() == 0
    await opens.click()
    form = tab.page.get_by_role("dialog", name="New order")
    await expect(form).to_be_visible()
    assert await findings(tab) == []
    assert await tab.overflow() == 0
    await tab.page.keyboard.press("Escape")  # else the next test begins behind it
    await expect(form).to_be_hidden()
