"""What other pages in the same browser can do to the sandbox: nothing."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tabs import Tabs

    from running import Stage

pytest_plugins = ("browser_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

# Even a page that got to know the token: it tries to act, to listen, to read, to frame and to load.
TRY_ALL = """
async (address) => {
    const hears = (target, ...names) => new Promise((resolve) => {
        for (const name of names) target.addEventListener(name, () => resolve(name));
    });
    const shown = (tag, src) => {
        const element = Object.assign(document.createElement(tag), { src });
        document.body.append(element);
        return hears(element, "load", "error");
    };
    const say = { text: "Said by another page", channel: "support", user: "ana" };
    const body = JSON.stringify(say);
    await fetch(`${address}do/say`, { method: "POST", mode: "no-cors", body }).catch(() => {});
    return {
        read: await fetch(`${address}see/state`).then(() => "read", () => "refused"),
        listened: await hears(new WebSocket(`${address.replace("http", "ws")}live`), "open", "error"),
        loaded: await shown("script", `${address}dom.js`),
    };
}
"""


@asynccontextmanager
async def another_site() -> AsyncIterator[str]:
    """Serve a page of another origin."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Elsewhere</title><p>", content_type="text/html")

    application = web.Application()
    application.router.add_get("/", page)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def test_a_page_of_another_origin_reaches_nothing(stage: Stage, tabs: Tabs) -> None:
    """Another page can neither act nor listen nor read nor load, even if it knows the whole address."""
    page = await tabs.context.new_page()
    async with another_site() as elsewhere:
        await page.goto(elsewhere)
        outcome = await page.evaluate(TRY_ALL, stage.slack.page_url)
    assert outcome == {"read": "refused", "listened": "error", "loaded": "error"}
    assert stage.slack.messages("support") == []


async def test_the_sandbox_under_another_name_reaches_nothing(stage: Stage, tabs: Tabs) -> None:
    """A name that somebody else points at this machine is refused, whatever it asks for."""
    page = await tabs.context.new_page()
    for path in ("", "page/", "control/state", "api/auth.test"):
        # Browsers lead every name below `localhost` to this machine, as a rebinding name would lead there.
        answer = await page.goto(f"http://rebound.localhost:{stage.slack.port}/{path}")
        assert answer is not None
        assert answer.status == 403
    answer = await page.goto(stage.slack.page_url.replace("127.0.0.1", "rebound.localhost"))
    assert answer is not None
    assert answer.status == 403
