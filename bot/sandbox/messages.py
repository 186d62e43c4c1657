"""The Web API's chat methods: post, update, delete, ephemeral, permalink."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.sandbox import ephemerals
from bot.sandbox.blocks import check_blocks
from bot.sandbox.elements import numbered
from bot.sandbox.mentions import notified
from bot.sandbox.objects import message_object
from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from bot.sandbox.calls import Call
    from bot.sandbox.records import Channel, Json, Message
    from bot.sandbox.workspace import Workspace

MOST_POSTED = 40_000
MOST_UPDATED = 4_000
MOST_MARKDOWN = 12_000
MOST_METADATA_BYTES = 16_000  # Slack publishes no number; a strict guess


def post_message(call: Call) -> Json:
    """Post as the bot: chat.postMessage."""
    workspace, channel = call.workspace, _target(call)
    content = _content(call, MOST_POSTED)
    thread_ts = call.arguments.text("thread_ts")
    is_broadcast = bool(thread_ts) and call.arguments.flag("reply_broadcast")
    message = workspace.post(
        channel, workspace.app.bot, **content, thread_ts=thread_ts, is_broadcast=is_broadcast
    )
    if len(message.text) > MOST_UPDATED:
        call.notes.append(f"text over {MOST_UPDATED} characters: chat.update will refuse it")
    body = message_object(workspace, message, pushed=True)
    return call.answer(channel=channel.id, ts=message.ts, message=body)


def update(call: Call) -> Json:
    """Change a message of the bot's own: chat.update."""
    workspace, channel = call.workspace, call.channel("")
    message = workspace.message(channel, call.arguments.needed("ts", "message_not_found"))
    if message.user != workspace.app.bot.id:
        raise RefusedError(code="cant_update_message", rule=f"{message.ts} was posted by {message.user}")
    content = _content(call, MOST_UPDATED)
    if not content["text"]:
        content["text"] = message.text
    if "metadata" not in call.arguments.values:
        content["metadata"] = message.metadata
    edited = workspace.edit(channel, message, workspace.app.bot.id, **content)
    body = message_object(workspace, edited)
    return call.answer(channel=channel.id, ts=edited.ts, text=edited.text, message=body)


def delete(call: Call) -> Json:
    """Delete a message of the bot's own: chat.delete."""
    workspace, channel = call.workspace, call.channel("")
    message = workspace.message(channel, call.arguments.needed("ts", "message_not_found"))
    if message.user != workspace.app.bot.id:
        raise RefusedError(code="cant_delete_message", rule=f"{message.ts} was posted by {message.user}")
    workspace.delete(channel, message)
    return call.answer(channel=channel.id, ts=message.ts)


def post_ephemeral(call: Call) -> Json:
    """Show something to one person: chat.postEphemeral. No method reads it back."""
    workspace, channel = call.workspace, _target(call)
    user = call.arguments.needed("user", "user_not_in_channel")
    if user not in channel.members:
        raise RefusedError(code="user_not_in_channel", rule=f"{user} is not in {channel.id}")
    content = _content(call, MOST_POSTED)
    thread_ts = call.arguments.text("thread_ts")
    if thread_ts:
        workspace.check_thread(channel, thread_ts)
    message = ephemerals.show(workspace, channel, user, content | {"thread_ts": thread_ts})
    return call.answer(message_ts=message.ts)


def get_permalink(call: Call) -> Json:
    """Give a message's address: chat.getPermalink."""
    channel = call.channel("")
    ts = call.arguments.needed("message_ts", "message_not_found")
    message = call.workspace.message(channel, ts)
    return call.answer(channel=channel.id, permalink=permalink(call.workspace, message))


def permalink(workspace: Workspace, message: Message) -> str:
    """Give the address that «Copy link» gives."""
    address = f"{workspace.url}/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return f"{address}?thread_ts={message.thread_ts}&cid={message.channel}" if message.is_reply else address


def _target(call: Call) -> Channel:
    """Give the conversation to post to: an id, `#name`, or a person's id for the DM with her."""
    key = call.arguments.needed("channel", "channel_not_found")
    workspace = call.workspace
    if key in workspace.users and key != workspace.app.bot.id:
        return workspace.direct(key)
    named = [one for one in workspace.channels.values() if key in {f"#{one.name}", one.id}]
    if not named:
        raise RefusedError(code="channel_not_found", rule=f"no conversation is called {key}")
    channel = named[0]
    if channel.kind == "channel" and "chat:write.public" in workspace.app.scopes:
        return channel
    call.check_member(channel)
    if channel.is_archived:
        raise RefusedError(code="is_archived", rule=f"{channel.id} is archived")
    return channel


def _content(call: Call, most: int) -> dict[str, Any]:
    """Give the checked text, blocks, attachments and metadata of a message."""
    arguments = call.arguments
    text, markdown = arguments.text("text"), arguments.text("markdown_text")
    blocks = arguments.parsed("blocks", "invalid_blocks_format")
    attachments = checked_attachments(arguments.parsed("attachments", "invalid_attachments"))
    if markdown and (text or blocks):
        raise RefusedError(
            code="markdown_text_conflict", rule="`markdown_text` goes with neither `text` nor `blocks`"
        )
    if len(markdown) > MOST_MARKDOWN:
        raise RefusedError(
            code="msg_too_long", rule=f"markdown_text has {len(markdown)} of {MOST_MARKDOWN} characters"
        )
    if len(text) > most:
        raise RefusedError(code="msg_too_long", rule=f"text has {len(text)} of {most} characters")
    checked = checked_blocks(blocks)
    pinged = notified(text, checked, link_names=arguments.flag("link_names"))
    if pinged:
        call.notes.append(f"notifies {', '.join(pinged)}")
    return {
        "text": _checked_text(call, text or markdown, has_more=bool(blocks or attachments)),
        "blocks": tuple(numbered(call.workspace, checked)),
        "attachments": attachments,
        "metadata": _checked_metadata(arguments.parsed("metadata", "invalid_metadata_format")),
    }


def _checked_text(call: Call, text: str, *, has_more: bool) -> str:
    if not text.strip() and not has_more:
        raise RefusedError(code="no_text", rule="there is neither text nor blocks")
    if not text:
        call.notes.append("blocks without `text`: notifications and screen readers have nothing to say")
    return text


def checked_blocks(blocks: Any) -> list[Json]:  # noqa: ANN401 -- JSON from outside
    """Give the blocks if Slack would take them."""
    if blocks is None:
        return []
    check_blocks(blocks)
    return list(blocks)


def checked_attachments(attachments: Any) -> tuple[Json, ...]:  # noqa: ANN401 -- JSON from outside
    """Give the attachments if Slack would take them."""
    if attachments is None:
        return ()
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise RefusedError(code="invalid_attachments", rule="attachments are a list of objects")
    return tuple(attachments)


def _checked_metadata(metadata: Any) -> Json | None:  # noqa: ANN401 -- JSON from outside
    if metadata is None or metadata == {}:
        return None
    is_right = (
        isinstance(metadata, dict)
        and metadata.keys() == {"event_type", "event_payload"}
        and isinstance(metadata["event_type"], str)
        and isinstance(metadata["event_payload"], dict)
    )
    if not is_right:
        raise RefusedError(
            code="invalid_metadata_format", rule="metadata is {event_type: text, event_payload: object}"
        )
    size = len(json.dumps(metadata))
    if size > MOST_METADATA_BYTES:
        raise RefusedError(
            code="metadata_too_large", rule=f"metadata has {size} of {MOST_METADATA_BYTES} bytes"
        )
    return dict(metadata)
