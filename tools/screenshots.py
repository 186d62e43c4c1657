"""Take the pictures of the README: the real `dragoman sandbox`, in headless Chromium.

Run as `make screenshots` when the page has changed; the results in `docs/images` are committed. Needs
Chromium, and the package fonts-noto-color-emoji for the signs that people react with.
"""

# ruff: noqa: INP001 -- run by its path, never imported

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the hands of the tests
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))

from playwright.async_api import expect
from real_sandbox import running_sandbox
from tabs import Tabs, running_chromium

from recordings import sample

if TYPE_CHECKING:
    from tabs import Tab

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDE, TALL, PHONE = (1120, 640), (1120, 860), (360, 720)
PROMPT = "Acme Pro, Ms Núñez; polite"
MOST_BYTES = 200_000


async def answered(tabs: Tabs, address: str, size: tuple[int, int], scheme: str) -> Tab:
    """Open the page, and wait until the sample's English stands there."""
    tab = await tabs.open_address(address, size=size, scheme=scheme)
    await expect(tab.log.get_by_text(sample().english)).to_be_visible()
    await tab.dismiss_hints()
    return tab


async def take(tab: Tab, name: str) -> None:
    """Take one picture of what stands there now."""
    path = IMAGES / f"{name}.png"
    await tab.page.mouse.move(0, 0)
    await tab.page.screenshot(path=path, animations="disabled", caret="hide")
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path.name} has {path.stat().st_size} bytes, more than {MOST_BYTES}")


async def main() -> None:
    """Take them all."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with running_chromium() as browser, running_sandbox("--share", "sample") as sandbox:
        if browser is None:
            sys.exit("Chromium is not installed.")
        async with Tabs(browser) as tabs:
            for scheme in ("light", "dark"):
                tab = await answered(tabs, sandbox.address, WIDE, scheme)
                await tab.open_thread()
                await take(tab, f"thread-{scheme}")
            await take(await answered(tabs, sandbox.address, PHONE, "light"), "phone")
            tab = await answered(tabs, sandbox.address, TALL, "light")
            await tab.say(f"/translate prompt {PROMPT}")
            await tab.choose(sample("login").path)
            await tab.send()
            await expect(tab.log.get_by_text(sample("login").english)).to_be_visible()
            await tab.open_curtain("Endpoint")
            await take(tab, "curtain")
    if tabs.problems:
        sys.exit("\n".join(tabs.problems))


if __name__ == "__main__":
    asyncio.run(main())
