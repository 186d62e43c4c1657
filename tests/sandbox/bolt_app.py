"""A small Bolt app with a manifest of its own, for the embedded Slack: buttons, a form, a Home."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_calls import call
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

Json = dict[str, Any]


def plain(text: str) -> Json:
    """Give a text object."""
    return {"type": "plain_text", "text": text}


def options(*values: str) -> list[Json]:
    """Give options that are called what they mean."""
    return [{"text": plain(value.title()), "value": value} for value in values]


def button(action_id: str, **more: Any) -> Json:  # noqa: ANN401 -- JSON
    """Give a button."""
    return {"type": "button", "action_id": action_id, "text": plain(action_id.title()), **more}


def actions(*elements: Json) -> Json:
    """Give the block that elements stand in."""
    return {"type": "actions", "block_id": "acts", "elements": list(elements)}


def asked(block_id: str, element: Json, **more: Any) -> Json:  # noqa: ANN401 -- JSON
    """Give an input block; its element is called `in`."""
    block = {"type": "input", "block_id": block_id, "label": plain(block_id.title())}
    return {**block, "element": {"action_id": "in", **element}, **more}


def form(*blocks: Json, title: str = "Form", **more: Any) -> Json:  # noqa: ANN401 -- JSON
    """Give a modal."""
    first = asked("title", {"type": "plain_text_input"}, optional=True)
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": list(blocks) or [first],
        **more,
    }


HOME = {"type": "home", "blocks": [actions(button("open"))]}
EVERYTHING = {"response_action": "clear"}


def manifest(*, is_interactive: bool = True, scopes: tuple[str, ...] = ("chat:write", "commands")) -> Json:
    """Give the app's manifest."""
    return {
        "display_information": {"name": "Errands"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": False},
            "bot_user": {"display_name": "Errands"},
            "shortcuts": [
                {"name": "Make it a to-do", "type": "message", "callback_id": "todo", "description": "x"},
                {"name": "New errand", "type": "global", "callback_id": "new", "description": "x"},
            ],
            "slash_commands": [{"command": "/errand", "description": "x"}],
        },
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "settings": {
            "event_subscriptions": {"bot_events": ["app_home_opened"]},
            "interactivity": {"is_enabled": is_interactive},
        },
    }


@dataclass
class Errands:
    """The app under test: notes every payload, opens `view`, and acks a submission with `answer`."""

    slack: SlackSandbox
    payloads: list[Json] = field(default_factory=list)
    view: Json = field(default_factory=form)
    answer: Json = field(default_factory=dict)
    said: Json = field(default_factory=dict)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    may_ack: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def last(self) -> Json:
        """The payload that came last."""
        return self.payloads[-1]

    async def post(self, *blocks: Json, channel: str = "C0SUPPORT", **more: Any) -> str:  # noqa: ANN401 -- JSON
        """Post a message with blocks; give its ts."""
        posted = await call(
            self.slack, "chat.postMessage", channel=channel, text="Errand", blocks=blocks, **more
        )
        return str(posted["ts"])

    async def whisper(self, *blocks: Json, user: str = "U0ANA") -> str:
        """Show an ephemeral message with blocks; give its ts."""
        where = {"channel": "C0SUPPORT", "user": user, "text": "Errand", "blocks": blocks}
        return str((await call(self.slack, "chat.postEphemeral", **where))["message_ts"])

    async def open(self, view: Json) -> str:
        """Let ana press a button that opens this modal; give its id."""
        self.view = view
        before = set(self.slack.workspace.views)
        ts = await self.post(actions(button("open")))
        assert (await self.slack.act("open", ts=ts)).acked
        await self.slack.wait_for(lambda slack: set(slack.workspace.views) - before)
        (view_id,) = set(self.slack.workspace.views) - before
        return view_id

    def register(self, app: AsyncApp) -> None:
        """Join the listeners to the app."""

        async def note(body: Json, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002 -- Bolt's name
            self.payloads.append(body)
            self.heard.set()
            await next()

        async def open_view(ack: Any, body: Json, client: AsyncWebClient) -> None:  # noqa: ANN401 -- Bolt's
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=self.view)

        async def respond(ack: Any, respond: Any) -> None:  # noqa: ANN401 -- Bolt's
            await ack()
            await respond(**self.said)

        async def publish(event: Json, client: AsyncWebClient) -> None:
            await client.views_publish(user_id=event["user"], view=HOME)

        async def just_ack(ack: Any) -> None:  # noqa: ANN401 -- Bolt's
            await ack()

        async def submit(ack: Any) -> None:  # noqa: ANN401 -- Bolt's
            await ack(**self.answer)

        async def submit_late(ack: Any) -> None:  # noqa: ANN401 -- Bolt's
            await self.may_ack.wait()
            await ack(**self.answer)

        async def forget() -> None:
            """Ack never."""

        app.use(note)
        app.action("open")(open_view)
        app.action("answer")(respond)
        app.action("silent")(forget)
        app.action(re.compile(".*"))(just_ack)
        app.shortcut("todo")(respond)
        app.shortcut("new")(open_view)
        app.view("form")(submit)
        app.view("late")(submit_late)
        app.view("silent")(forget)
        app.view_closed("form")(just_ack)
        app.event("app_home_opened")(publish)


@asynccontextmanager
async def errands(slack: SlackSandbox, *, is_http: bool = False) -> AsyncIterator[Errands]:
    """Run the app against a sandbox, over Socket Mode or signed HTTP."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, token=slack.bot_token, signing_secret=slack.signing_secret)
    notes = Errands(slack)
    notes.register(app)
    if is_http:
        runner = web.AppRunner(app.web_app("/slack/events"), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            assert await slack.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
            yield notes
        finally:
            await runner.cleanup()
        return
    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=client)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves its types out here
    await slack.wait_for(lambda one: one.connections)
    try:
        yield notes
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt leaves its types out here


@asynccontextmanager
async def playground(*, is_http: bool = False, **more: Any) -> AsyncIterator[tuple[SlackSandbox, Errands]]:  # noqa: ANN401 -- of the sandbox
    """Run a sandbox with the app in it."""
    async with SlackSandbox(manifest=manifest(), **more) as slack, errands(slack, is_http=is_http) as app:
        yield slack, app
