"""The page with the keyboard alone, on a narrow screen, and as axe-core judges it."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tabs import NARROW, WIDE

from recordings import sample

if TYPE_CHECKING:
    from tabs import Tab, Tabs

    from running import Stage

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
GRAVE = {"serious", "critical"}


async def findings(tab: Tab) -> list[str]:
    """Give what axe-core finds, as far as it is grave: the rule, and the first places."""
    await tab.page.evaluate(AXE)
    result: dict[str, Any] = await tab.page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']}: {[node['html'][:150] for node in one['nodes'][:3]]}"
        for one in result["violations"]
        if one["impact"] in GRAVE
    ]


async def see_all_is_reachable(tab: Tab) -> None:
    """Go through the panes of a narrow screen and back; none may be wider than it."""
    assert await tab.overflow() == 0
    await tab.page.get_by_role("button", name="Conversations").click()
    await expect(tab.sidebar.get_by_text("sales")).to_be_visible()
    assert await tab.overflow() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="narrow")])
async def test_axe_finds_nothing_grave(stage: Stage, tabs: Tabs, scheme: str, size: tuple[int, int]) -> None:
    """Channel, thread and curtain have no serious or critical finding."""
    channel = stage.slack.add_channel(f"axe-{scheme}-{size[0]}")
    ts = await stage.slack.share(sample("parcel").path, channel=channel, text="Please *look* at this")
    await stage.slack.react(channel, ts, "eyes", "ben")
    await stage.reply(channel, ts)
    tab = await tabs.open(stage.slack, channel=channel, size=size, scheme=scheme)
    await expect(tab.log.get_by_text(sample("parcel").english)).to_be_visible()
    assert await findings(tab) == []
    await tab.open_thread()
    assert await findings(tab) == []
    for name in ("Traffic", "Endpoint", "Faults"):
        await tab.open_curtain(name)
        assert await findings(tab) == []
