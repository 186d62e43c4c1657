"""A person's browser tab on the sandbox's page: what one sees and does there, by the names that are read out.

Every wait is the browser's own, for something that shows; the generous limit is for slow machines.
"""

from __future__ import annotations

import re
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from playwright.async_api import async_playwright, expect

from recordings import encode, sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Dialog,
        Locator,
        Page,
        Request,
    )

    from bot.sandbox.server import SlackSandbox

LIMIT = 30_000  # milliseconds; two slow cores, and a test for each
MOST_STOPS = 100  # presses of Tab from one end of the page to the other
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # CI runs as root, and no page but ours is opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
)
WIDE, NARROW = (1280, 800), (360, 720)

expect.set_options(timeout=LIMIT)


@asynccontextmanager
async def running_chromium(speech: Path | None = None) -> AsyncIterator[Browser | None]:
    """Run the machine's own Chromium, with `speech` in front of its microphone; None where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        yield None
        return
    microphone = [f"--use-file-for-fake-audio-capture={speech}"] if speech else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=[*ARGUMENTS, *microphone], timeout=2 * LIMIT
        )
        try:
            yield browser
        finally:
            await browser.close()


def speech_of(name: str, folder: Path) -> Path:
    """Give a shipped sample as Chromium's microphone takes it."""
    return encode(sample(name).path, folder / f"{name}.wav", "pcm_s16le", rate=48_000)


class Tabs:
    """The tabs of one test. `problems` is what went wrong in any of them, as one line each."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._context: BrowserContext | None = None
        self._expected: list[str] = []
        self.problems: list[str] = []

    async def __aenter__(self) -> Self:
        """Begin as a browser that was never used."""
        self._context = await self._browser.new_context(
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
            permissions=["microphone", "clipboard-read", "clipboard-write"],
            accept_downloads=False,
        )
        self._context.set_default_timeout(LIMIT)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every tab."""
        await self.context.close()

    @property
    def context(self) -> BrowserContext:
        """The browser's profile."""
        assert self._context is not None
        return self._context

    def expect_problem(self, pattern: str) -> None:
        """Take a problem that the test brings about, such as the 409 of a refusal, as no problem."""
        self._expected.append(pattern)

    async def open(
        self,
        slack: SlackSandbox,
        person: str = "ana",
        channel: str = "support",
        *,
        size: tuple[int, int] = WIDE,
        scheme: Any = "light",  # noqa: ANN401 -- Playwright's own literal
    ) -> Tab:
        """Open the page as a person who looks at a channel, and wait until it is there."""
        workspace = slack.workspace
        place = {"as": workspace.user(person).id, "in": workspace.channel(channel).id}
        return await self.open_address(f"{slack.page_url}#{urlencode(place)}", size=size, scheme=scheme)

    async def open_address(
        self,
        address: str,
        *,
        size: tuple[int, int] = WIDE,
        scheme: Any = "light",  # noqa: ANN401 -- Playwright's own literal
    ) -> Tab:
        """Open any address of the page."""
        page = await self.context.new_page()
        self._watch(page, address)
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.emulate_media(color_scheme=scheme)
        await page.goto(address)
        tab = Tab(page)
        await expect(tab.composer).to_be_visible()
        return tab

    def _watch(self, page: Page, address: str) -> None:
        origin = "/".join(address.split("/")[:3])
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._note(f"error in the page: {error}"))
        page.on("crash", lambda _: self._note("the tab crashed"))
        page.on("requestfailed", self._note_failure)
        page.on("dialog", self._note_dialog)
        page.on("request", lambda request: self._note_request(request, origin))

    def _note(self, problem: str) -> None:
        if not any(re.search(pattern, problem) for pattern in self._expected):
            self.problems.append(problem)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "assert"}:
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _note_failure(self, request: Request) -> None:
        # A player lets go of its bytes whenever it has enough of them.
        if request.resource_type != "media":
            self._note(f"request failed: {request.method} {request.url}: {request.failure}")

    async def _note_dialog(self, dialog: Dialog) -> None:
        self._note(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _note_request(self, request: Request, origin: str) -> None:
        if not request.url.startswith((f"{origin}/", "blob:", "data:")):
            self._note(f"request to elsewhere: {request.url}")


class Tab:
    """One tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.banner = page.get_by_role("banner")
        self.sidebar = page.get_by_role("navigation", name="Conversations and people")
        self.channel = page.get_by_role("main")
        self.log = self.channel.get_by_role("log")
        self.thread = page.get_by_role("complementary", name="Thread")
        self.curtain = page.get_by_role("region", name="Behind the curtain")
        self.composer = self.channel.get_by_role("textbox", name=re.compile("^Message"))

    async def say(self, text: str) -> None:
        """Type something into the channel, and send it with Enter."""
        await self.composer.fill(text)
        await self.composer.press("Enter")
        await expect(self.composer).to_have_value("")

    async def send(self) -> None:
        """Press Send once it can be pressed."""
        await self.channel.get_by_role("button", name="Send").click()

    async def choose(self, *paths: Path) -> None:
        """Choose files with the button."""
        async with self.page.expect_file_chooser() as chooser:
            await self.channel.get_by_role("button", name="Attach a file").click()
        await (await chooser.value).set_files(paths)

    async def drop(self, *paths: Path) -> None:
        """Drag files or folders of this machine over the channel, and let them go, as the system does it."""
        box = await self.channel.bounding_box()
        assert box is not None
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        session = await self.page.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver", "drop"):
            await session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
        await session.detach()

    async def see_line(self, words: str) -> None:
        """See a line that was said to this person at the message box."""
        await expect(self.channel.get_by_role("alert").filter(has_text=words)).to_be_visible()

    async def open_thread(self) -> None:
        """Open the thread of the newest message that has one."""
        await self.log.get_by_role("button", name=re.compile(r"\d repl(y|ies)")).last.click()
        await expect(self.thread).to_be_visible()

    async def open_menu(self, text: str) -> None:
        """Open the menu of a message."""
        message = self.log.get_by_role("article").filter(has_text=text)
        await message.hover()
        await message.get_by_role("button", name="More actions").click()

    async def open_curtain(self, panel: str = "Traffic") -> None:
        """Look behind the curtain."""
        if not await self.curtain.is_visible():
            await self.banner.get_by_role("button", name="Behind the curtain").click()
        await self.curtain.get_by_role("tab", name=panel).click()
        await expect(self.curtain.get_by_role("tabpanel", name=panel)).to_be_visible()

    async def dismiss_hints(self) -> None:
        """Put the first steps away."""
        await self.channel.get_by_role("button", name="Dismiss the hints").click()

    async def tab_to(self, target: Locator, key: str = "Tab") -> None:
        """Press Tab until something has the focus."""
        await expect(target).to_be_attached()
        for _ in range(MOST_STOPS):
            await self.page.keyboard.press(key)
            if await target.evaluate("one => one === document.activeElement"):
                return
        await expect(target).to_be_focused(timeout=1)

    async def walk_to(self, name: str) -> None:
        """Walk down a menu with the arrow, and choose."""
        item = self.page.get_by_role("menuitem", name=name)
        await expect(self.page.get_by_role("menuitem").first).to_be_focused()
        for _ in range(MOST_STOPS):
            if await item.evaluate("one => one === document.activeElement"):
                break
            await self.page.keyboard.press("ArrowDown")
        await self.page.keyboard.press("Enter")

    async def overflow(self) -> int:
        """Say by how many pixels the page is wider than its window."""
        return int(await self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))
