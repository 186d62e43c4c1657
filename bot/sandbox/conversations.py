"""The Web API's conversations methods: info, history, replies, members, open; and whose they are."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from bot.sandbox.events import READ_SCOPES
from bot.sandbox.objects import channel_object, message_object
from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.sandbox.calls import Arguments, Call
    from bot.sandbox.records import Json, Message

MOST_PER_PAGE = 999
KINDS_BY_TYPE = {"public_channel": "channel", "private_channel": "group", "mpim": "mpim", "im": "im"}


def info(call: Call) -> Json:
    """Describe a conversation: conversations.info."""
    channel = call.channel("read", member=False)
    with_count = call.arguments.flag("include_num_members")
    return call.answer(channel=channel_object(call.workspace, channel, with_count=with_count))


def history(call: Call) -> Json:
    """Read a conversation, newest first, without replies: conversations.history."""
    channel = call.channel("history")
    found = [
        message
        for message in reversed(channel.messages.values())
        if (not message.is_reply or message.is_broadcast) and _in_range(call.arguments, message.ts)
    ]
    page, more = _page(call.arguments, found, default=100)
    return call.answer(messages=_objects(call, page), pin_count=0, **more)


def replies(call: Call) -> Json:
    """Read a thread, oldest first: conversations.replies. With a reply's ts Slack gives just that reply."""
    channel = call.channel("history")
    ts = call.arguments.needed("ts", "thread_not_found")
    message = channel.messages.get(ts)
    if message is None:
        raise RefusedError(code="thread_not_found", rule=f"{ts} is no message of {channel.id} (any more)")
    thread = [message] if message.is_reply else call.workspace.thread(channel, ts)
    found = [one for one in thread if one.ts == ts or _in_range(call.arguments, one.ts)]
    page, more = _page(call.arguments, found, default=1000)
    return call.answer(messages=_objects(call, page), **more)


def members(call: Call) -> Json:
    """List who is in: conversations.members."""
    channel = call.channel("read", member=False)
    page, more = _page(call.arguments, channel.members, default=100)
    more.pop("has_more")
    return call.answer(members=list(page), **({"response_metadata": {"next_cursor": ""}} | more))


def of_user(call: Call) -> Json:
    """List the conversations that the bot, or a `user`, is in: users.conversations."""
    workspace = call.workspace
    user = call.arguments.text("user") or workspace.app.bot.id
    kinds = call.arguments.text("types") or "public_channel"
    wanted = set()
    for kind in kinds.split(","):
        if kind not in KINDS_BY_TYPE:
            call.arguments.refuse(f"`types` knows no {kind}", "invalid_types")
        wanted.add(KINDS_BY_TYPE[kind])
        call.check_scope(READ_SCOPES[KINDS_BY_TYPE[kind]])
    found = [
        channel
        for channel in workspace.channels.values()
        if channel.kind in wanted
        and user in channel.members
        and not (channel.is_archived and call.arguments.flag("exclude_archived"))
    ]
    page, more = _page(call.arguments, found, default=100)
    more.pop("has_more")
    listed = [channel_object(workspace, channel) for channel in page]
    return call.answer(channels=listed, **({"response_metadata": {"next_cursor": ""}} | more))


def open_conversation(call: Call) -> Json:
    """Open the DM with a person: conversations.open."""
    workspace = call.workspace
    if call.arguments.text("channel"):
        channel = call.channel("read")
    else:
        users = [one for one in call.arguments.text("users").split(",") if one]
        if not users:
            raise RefusedError(code="users_list_not_supplied", rule="neither `users` nor `channel` was given")
        for user in users:
            if user not in workspace.users:
                raise RefusedError(code="user_not_found", rule=f"nobody has the id {user}")
        call.check_scope("im:write" if len(users) == 1 else "mpim:write")
        if len(users) > 1:
            raise RefusedError(
                code="method_not_supported_for_channel_type", rule="the sandbox opens no group DMs"
            )
        channel = workspace.direct(users[0])
    full = call.arguments.flag("return_im")
    return call.answer(channel=channel_object(workspace, channel) if full else {"id": channel.id})


def _objects(call: Call, page: Sequence[Message]) -> list[Json]:
    complete = call.arguments.flag("include_all_metadata")
    return [message_object(call.workspace, message, all_metadata=complete) for message in page]


def _in_range(arguments: Arguments, ts: str) -> bool:
    """Say whether a ts lies between `oldest` and `latest`; `inclusive` takes the edges in."""
    oldest, latest = _edge(arguments, "oldest"), _edge(arguments, "latest")
    stamp, inclusive = _micro(ts), arguments.flag("inclusive")
    if oldest is not None and (stamp < oldest or (stamp == oldest and not inclusive)):
        return False
    return not (latest is not None and (stamp > latest or (stamp == latest and not inclusive)))


def _edge(arguments: Arguments, name: str) -> int | None:
    value = arguments.text(name)
    if not value or value == "now":
        return None
    try:
        return _micro(value if "." in value else value + ".0")
    except ValueError as error:
        code = {"oldest": "invalid_ts_oldest", "latest": "invalid_ts_latest"}[name]
        raise RefusedError(code, f"`{name}` is no ts: {value}") from error


def _micro(ts: str) -> int:
    """Give a ts as whole microseconds: as numbers with a point they would lose their last digits."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction.ljust(6, "0")[:6])


def _page(arguments: Arguments, found: Sequence[Any], default: int) -> tuple[Sequence[Any], Json]:
    """Cut a page out of what was found, with the cursor of the next one."""
    limit = arguments.number("limit", default, MOST_PER_PAGE + 1)
    start = _cursor_start(arguments.text("cursor"), len(found))
    page = found[start : start + limit]
    if start + limit >= len(found):
        return page, {"has_more": False}
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode()
    return page, {"has_more": True, "response_metadata": {"next_cursor": cursor}}


def _cursor_start(cursor: str, most: int) -> int:
    if not cursor:
        return 0
    try:
        start = int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (ValueError, binascii.Error) as error:
        raise RefusedError(
            code="invalid_cursor", rule="this cursor was not given out by the sandbox"
        ) from error
    return min(start, most)
