"""What goes wrong at the page: each time a clear line, nothing stuck, and the next share works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from bot.errors import DownloadForbiddenError, EndpointCreditError
from recordings import sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tabs import Tab, Tabs

    from running import Stage

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PARCEL = sample("parcel")


def too_large(folder: Path) -> Path:
    """Give a file of 2 GB that takes no room."""
    path = folder / "film.mov"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)
    return path


def a_folder(folder: Path) -> Path:
    """Give a folder with a recording in it."""
    path = folder / "recordings"
    path.mkdir()
    (path / "parcel.m4a").write_bytes(PARCEL.path.read_bytes())
    return path


def empty(folder: Path) -> Path:
    """Give a file without a byte."""
    path = folder / "nothing.mp3"
    path.touch()
    return path


async def see_next_share_work(tab: Tab) -> None:
    """Share a recording, and see it answered."""
    await tab.drop(PARCEL.path)
    await tab.send()
    await expect(tab.log.get_by_text(PARCEL.english)).to_be_visible()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(too_large, "“film.mov” has 2.0 GB; Slack and this sandbox take", id="2 GB"),
        pytest.param(a_folder, "“recordings” is a folder, and Slack takes only files.", id="a folder"),
        pytest.param(empty, "“nothing.mp3” is empty (0 bytes)", id="zero bytes"),
    ],
)
async def test_what_cannot_be_shared(
    stage: Stage, tabs: Tabs, tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    """What Slack would not take is named with the reason before it is sent; the next file is answered."""
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel(f"bad-{make.__name__}"))
    await tab.drop(make(tmp_path))
    await tab.see_line(words)
    await see_next_share_work(tab)
    await expect(tab.channel.get_by_text(words)).to_be_hidden()


async def test_the_microphone_is_denied(stage: Stage, tabs: Tabs) -> None:
    """Whoever is denied the microphone reads where to allow it, and can record once it is allowed."""
    await tabs.context.clear_permissions()
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel("denied"))
    record = tab.channel.get_by_role("button", name="Record")
    await record.click()
    await tab.see_line("keeps the microphone from this page")
    await tabs.context.grant_permissions(["microphone"])
    await record.click()
    await expect(tab.channel.get_by_role("timer")).to_be_visible()
    await tab.channel.get_by_role("button", name="Cancel").click()
    await expect(record).to_be_focused()
    await see_next_share_work(tab)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param("No credit at the endpoint", EndpointCreditError.text, id="the endpoint"),
        pytest.param("File download forbidden", DownloadForbiddenError.text, id="Slack"),
    ],
)
async def test_a_fault_on_and_off_again(stage: Stage, tabs: Tabs, fault: str, words: str) -> None:
    """A fault that is switched on at the page is read in words in the thread; off again, all is well."""
    tab = await tabs.open(stage.slack, channel=stage.slack.add_channel(f"fault-{fault[:2].lower()}"))
    await tab.open_curtain("Faults")
    switch = tab.curtain.get_by_role("button", name=fault)
    await switch.click()
    await expect(tab.banner.get_by_role("button", name="1 fault on")).to_be_visible()
    await tab.choose(PARCEL.path)
    await tab.send()
    await expect(tab.log.get_by_text(words)).to_be_visible()
    await tab.curtain.get_by_role("button", name="Switch off").click()
    await expect(tab.banner.get_by_role("button", name="fault on")).to_be_hidden()
    await see_next_share_work(tab)
