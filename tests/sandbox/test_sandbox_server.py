"""The sandbox as the real client sees it: Bolt and slack_sdk against a running server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.records import SharedFile
from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CLIP = SharedFile("audio_message.m4a", data=b"sound", subtype="slack_audio", duration_ms=4200, locale="pt-PT")


@asynccontextmanager
async def bolt_app(slack: SlackSandbox, heard: list[dict[str, Any]]) -> AsyncIterator[AsyncApp]:
    """Connect a real Bolt app that answers every file in its thread."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)

    async def on_message(event: dict[str, Any], client: AsyncWebClient) -> None:
        heard.append(event)
        if event.get("files"):
            await client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="English")

    app.event("message")(on_message)
    app.event("member_joined_channel")(on_message)
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()
    try:
        yield app
    finally:
        await handler.close_async()


async def test_bolt_answers_a_clip_over_socket_mode() -> None:
    """A real Bolt app hears of a shared clip and its answer stands in the thread."""
    heard: list[dict[str, Any]] = []
    async with SlackSandbox() as slack, bolt_app(slack, heard):
        ts = await slack.share(CLIP, channel="support", user="ana")
        await slack.wait_for(lambda s: len(s.thread("support", ts)) == 2)
        reply = slack.thread("support", ts)[1]
        assert (reply.text, reply.user, reply.name) == ("English", slack.bot_user_id, "dragoman")
        assert heard[0]["files"][0]["subtype"] == "slack_audio"
        await asyncio.sleep(0)
