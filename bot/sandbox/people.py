"""What people do in the workspace: say, share, forward, delete. Typed text becomes what Slack makes of it."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from bot.sandbox.files import shared_files, store
from bot.sandbox.messages import permalink
from bot.sandbox.objects import file_object
from bot.sandbox.refusals import SandboxMisuseError
from bot.sandbox.workspace import TEAM_ID

if TYPE_CHECKING:
    from bot.sandbox.records import Channel, Json, Message, User
    from bot.sandbox.workspace import Workspace

TYPED = re.compile(r"(?P<url>https?://[^\s<>]+)|@(?P<user>[\w-]+)|#(?P<channel>[\w-]+)")


def escaped(text: str) -> str:
    """Escape the three signs that Slack escapes, in its order."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_slack_writes(workspace: Workspace, text: str, *, with_names: bool = False) -> str:
    """Turn typed text into Slack's: escaped, `@ana` as `<@U…>`, `#support` and links in angle brackets.

    In commands the id is followed by the name (`with_names`), as `should_escape` has it.
    """
    users = {user.name: user for user in workspace.users.values()}
    channels = {channel.name: channel for channel in workspace.channels.values()}

    def replaced(match: re.Match[str]) -> str:
        if match["url"]:
            return f"<{match['url']}>"
        user, channel = users.get((match["user"] or "").lower()), channels.get(match["channel"] or "")
        if user is not None:
            return f"<@{user.id}|{user.name}>" if with_names else f"<@{user.id}>"
        if channel is not None:
            return f"<#{channel.id}|{channel.name}>"
        return match[0]

    return TYPED.sub(replaced, escaped(text))


def _author(workspace: Workspace, channel: Channel, user: str, as_bot: str | None) -> User:
    """Find who speaks; a person must be in the conversation, another app's bot comes with its post."""
    if as_bot is not None:
        known = [one for one in workspace.users.values() if one.name == as_bot.lower() and one.is_bot]
        return known[0] if known else workspace.add_user(as_bot, other_bot=True)
    author = workspace.user(user)
    if author.id not in channel.members:
        message = f"{author.name} is not in {channel.name}"
        raise SandboxMisuseError(message)
    return author


def _rich_text(workspace: Workspace, text: str) -> tuple[Json, ...]:
    """Give the block that Slack makes of what people type."""
    if not text:
        return ()
    elements = [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]
    return ({"type": "rich_text", "block_id": workspace.new_id("")[-5:], "elements": elements},)


def say(workspace: Workspace, text: str, *, channel: str, user: str, thread_ts: str | None = None) -> Message:
    """Say something."""
    where = workspace.channel(channel)
    author = _author(workspace, where, user, None)
    return _spoken(workspace, where, author, text, thread_ts=thread_ts or "")


def share(  # noqa: PLR0913 -- what a person chooses in the message box
    workspace: Workspace,
    files: Any,  # noqa: ANN401 -- a path, a SharedFile, the id of a shared file, or a list of them
    *,
    channel: str,
    user: str,
    text: str = "",
    thread_ts: str | None = None,
    as_bot: str | None = None,
) -> Message:
    """Share files in one message."""
    where = workspace.channel(channel)
    author = _author(workspace, where, user, as_bot)
    wanted = shared_files(files)
    if not wanted:
        message = "a message without files is `say`"
        raise SandboxMisuseError(message)
    stored = tuple(
        workspace.files[one] if isinstance(one, str) else store(workspace, one, author.id) for one in wanted
    )
    return _spoken(workspace, where, author, text, thread_ts=thread_ts or "", files=stored)


def _spoken(workspace: Workspace, channel: Channel, author: User, text: str, **more: Any) -> Message:  # noqa: ANN401 -- fields of Message
    return workspace.post(
        channel,
        author,
        as_slack_writes(workspace, text),
        blocks=_rich_text(workspace, text),
        client_msg_id="" if author.is_bot else str(uuid.uuid4()),
        **more,
    )


def forward(workspace: Workspace, ts: str, *, from_channel: str, to_channel: str, user: str) -> Message:
    """Forward a message: the copy has no files of its own, they lie in an attachment."""
    source, target = workspace.channel(from_channel), workspace.channel(to_channel)
    author = _author(workspace, target, user, None)
    original = workspace.message(source, ts)
    writer = workspace.users[original.user]
    attachment = workspace.templates.fill(
        "attachment.forwarded_message",
        ts=ts,
        channel_id=source.id,
        author_id=writer.id,
        author_name=writer.real_name,
        author_link=f"{workspace.url}/team/{writer.id}",
        from_url=permalink(workspace, original),
        fallback=f"[{writer.name}] {original.text}",
        text=original.text,
        message_blocks=[
            {"team": TEAM_ID, "channel": source.id, "ts": ts, "message": {"blocks": [*original.blocks]}}
        ],
        files=[file_object(workspace, file) for file in original.files],
        footer=f"Posted in #{source.name}",
    )
    return _spoken(workspace, target, author, "", attachments=(attachment,))


def edit(workspace: Workspace, channel: str, ts: str, text: str) -> Message:
    """Change what a message says."""
    where = workspace.channel(channel)
    message = workspace.message(where, ts)
    blocks = _rich_text(workspace, text)
    return workspace.edit(where, message, message.user, text=as_slack_writes(workspace, text), blocks=blocks)
