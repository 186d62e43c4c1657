"""A small Bolt app with every surface that Slack offers: our own bot does not use them all yet."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import manifest
from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    Json = dict[str, Any]

CALLBACK, NOTE = "order_form", "note_it"
WRONG = "Nobody here is called Zanzibar."


def plain(text: str) -> Json:
    """Write a text object."""
    return {"type": "plain_text", "text": text}


def option(text: str) -> Json:
    """Write a choice, whose value is its text in small letters."""
    return {"text": plain(text), "value": text.lower()}


def button(text: str, action_id: str, **more: Any) -> Json:  # noqa: ANN401 -- more of its keys
    """Write a button."""
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


OPEN: Json = {
    "type": "actions",
    "elements": [button("New order", "open"), button("Unheard", "nobody_listens")],
}
SIZES = [option("Small"), option("Large")]
FORM: Json = {
    "type": "modal",
    "callback_id": CALLBACK,
    "title": plain("New order"),
    "submit": plain("Order"),
    "close": plain("Never mind"),
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": plain("Customer"),
            "hint": plain("As it stands on the invoice"),
            "element": {"type": "plain_text_input", "action_id": "it"},
        },
        {
            "type": "input",
            "block_id": "size",
            "label": plain("Size"),
            "element": {
                "type": "static_select",
                "action_id": "it",
                "options": SIZES,
            },
        },
        {
            "type": "input",
            "block_id": "day",
            "label": plain("Day"),
            "optional": True,
            "element": {"type": "datepicker", "action_id": "it"},
        },
    ],
}
HOME: Json = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Your orders")},
        {"type": "actions", "elements": [button("Count them", "count")]},
    ],
}


def wide_manifest() -> Json:
    """Give the bot's manifest with a Home, interactivity and shortcuts."""
    wide = manifest.build()
    wide["features"]["app_home"]["home_tab_enabled"] = True
    wide["features"]["shortcuts"] = [
        {"callback_id": NOTE, "name": "Note this", "type": "message", "description": "Puts it on the list"},
    ]
    wide["settings"]["interactivity"] = {"is_enabled": True}
    wide["settings"]["event_subscriptions"]["bot_events"].append("app_home_opened")
    return wide


def build_app(slack: SlackSandbox) -> AsyncApp:
    """Build the app: a form behind a button, a shortcut for messages, a Home that counts."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)
    counted = 0

    @app.action("open")
    async def open_form(ack: Any, body: Json, client: AsyncWebClient) -> None:  # noqa: ANN401 -- Bolt's
        await ack()
        where = body["channel"]["id"]
        await client.views_open(trigger_id=body["trigger_id"], view=FORM | {"private_metadata": where})

    @app.view(CALLBACK)
    async def take_form(ack: Any, view: Json, client: AsyncWebClient) -> None:  # noqa: ANN401 -- Bolt's
        values = {block: chosen["it"] for block, chosen in view["state"]["values"].items()}
        if values["name"]["value"] == "Zanzibar":
            await ack(response_action="errors", errors={"name": WRONG})
            return
        await ack()
        size, day = values["size"]["selected_option"]["value"], values["day"]["selected_date"]
        text = f"Ordered: {size} for {values['name']['value']}, {day or 'any day'}"
        await client.chat_postMessage(channel=view["private_metadata"], text=text)

    @app.shortcut(NOTE)
    async def note(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:  # noqa: ANN401 -- Bolt's
        await ack()
        message = shortcut["message"]
        await client.chat_postMessage(
            channel=shortcut["channel"]["id"], thread_ts=message["ts"], text=f"Noted: {message['text']}"
        )

    @app.event("app_home_opened")
    async def show_home(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=HOME)

    @app.action("count")
    async def count(ack: Any, body: Json, client: AsyncWebClient) -> None:  # noqa: ANN401 -- Bolt's
        nonlocal counted
        counted += 1
        await ack()
        words = {"type": "section", "text": plain(f"Counted {counted} times")}
        await client.views_publish(
            user_id=body["user"]["id"], view=HOME | {"blocks": [*HOME["blocks"], words]}
        )

    return app


@asynccontextmanager
async def running_app() -> AsyncIterator[SlackSandbox]:
    """Run the app in its own embedded Slack, over Socket Mode."""
    async with SlackSandbox(manifest=wide_manifest()) as slack:
        handler = AsyncSocketModeHandler(build_app(slack), slack.app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types
        try:
            yield slack
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # Bolt gives it no types
