"""Messages that only one person sees: shown, replaced, gone, and kept while they may be acted on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.sandbox.records import Ephemeral, Message

if TYPE_CHECKING:
    from bot.sandbox.records import Channel, Json
    from bot.sandbox.workspace import Workspace

MOST_KEPT = 500


def show(workspace: Workspace, channel: Channel, user_id: str, content: Json) -> Message:
    """Show a new message to one person; the oldest goes where there are too many."""
    bot = workspace.app.bot
    message = Message(
        channel=channel.id,
        ts=workspace.next_ts(),
        user=bot.id,
        name=bot.name,
        bot_id=bot.bot_id,
        app_id=bot.app_id,
        **content,
    )
    workspace.ephemerals[message.ts] = Ephemeral(user_id, message)
    workspace.tell("ephemeral", channel.id, message, user=user_id)
    while len(workspace.ephemerals) > MOST_KEPT:
        remove(workspace, next(iter(workspace.ephemerals)))
    return message


def change(workspace: Workspace, ts: str, content: Json) -> Message:
    """Put new content in the place of a message; its ts stays."""
    kept = workspace.ephemerals[ts]
    message = replace(kept.message, **content)
    workspace.ephemerals[ts] = Ephemeral(kept.user, message)
    workspace.tell("ephemeral", message.channel, message, user=kept.user)
    return message


def remove(workspace: Workspace, ts: str) -> None:
    """Take a message away."""
    kept = workspace.ephemerals.pop(ts)
    workspace.tell("ephemeral_gone", kept.message.channel, kept.message, user=kept.user, detail=ts)
