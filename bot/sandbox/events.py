"""Turn what happened in the workspace into the events that Slack would send the app.

Only what the manifest subscribes to, and only from conversations that the bot is in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.objects import message_object
from bot.sandbox.templates import OMIT
from bot.sandbox.views import view_object
from bot.sandbox.workspace import TEAM_ID

if TYPE_CHECKING:
    from bot.sandbox.records import Change, Channel, Json
    from bot.sandbox.workspace import Workspace

# Which subscription carries the messages of a conversation, and the scope without which it is silent.
SUBSCRIPTIONS = {
    "channel": ("message.channels", "channels:history"),
    "group": ("message.groups", "groups:history"),
    "im": ("message.im", "im:history"),
    "mpim": ("message.mpim", "mpim:history"),
}
READ_SCOPES = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}


def envelope(workspace: Workspace, event: Json) -> Json:
    """Wrap an inner event as Slack does."""
    app = workspace.app
    filled = workspace.templates.fill(
        "event_callback",
        api_app_id=app.id,
        event=event,
        event_id=workspace.new_id("Ev"),
        event_time=int(workspace.clock()),
        event_context=f"4-{workspace.new_id('')}",
    )
    filled["authorizations"][0] |= {"team_id": TEAM_ID, "user_id": app.bot.id}
    return filled


def events_of(workspace: Workspace, change: Change) -> list[Json]:
    """Give the inner events of a change that this app hears, in the order in which Slack sends them."""
    channel = workspace.channels.get(change.channel)
    if channel is None or workspace.app.bot.id not in channel.members:
        return []
    match change.kind:
        case "posted":
            return _posted(workspace, channel, change)
        case "edited" | "deleted":
            return _hears_messages(workspace, channel, _altered(workspace, channel, change))
        case "joined" | "reacted" | "unreacted":
            return _told_apart(workspace, channel, change)
    return []


def _told_apart(workspace: Workspace, channel: Channel, change: Change) -> list[Json]:
    """Give the event of a change that has a subscription of its own."""
    names = {"joined": "member_joined_channel", "reacted": "reaction_added", "unreacted": "reaction_removed"}
    event = names[change.kind]
    scope = READ_SCOPES[channel.kind] if change.kind == "joined" else "reactions:read"
    if not _subscribed(workspace, event, scope):
        return []
    if change.kind == "joined":
        return [_joined(workspace, channel, change)]
    return [_reaction(workspace, channel, change, event)]


def _subscribed(workspace: Workspace, event: str, scope: str) -> bool:
    return event in workspace.app.events and scope in workspace.app.scopes


def _hears_messages(workspace: Workspace, channel: Channel, event: Json) -> list[Json]:
    subscription, scope = SUBSCRIPTIONS[channel.kind]
    return [event] if _subscribed(workspace, subscription, scope) else []


def _posted(workspace: Workspace, channel: Channel, change: Change) -> list[Json]:
    message = change.message
    if message is None:  # pragma: no cover -- what was posted is always there
        return []
    where = {"channel": channel.id, "event_ts": message.ts, "channel_type": channel.kind}
    body = message_object(workspace, message, pushed=True)
    events = _hears_messages(workspace, channel, body | where)
    mentioned = f"<@{workspace.app.bot.id}>" in message.text and message.user != workspace.app.bot.id
    if mentioned and channel.kind != "im" and _subscribed(workspace, "app_mention", "app_mentions:read"):
        values = {
            key: body.get(key, OMIT) for key in ("files", "blocks", "thread_ts", "parent_user_id", "upload")
        }
        values |= {"display_as_bot": body.get("display_as_bot", OMIT), "client_msg_id": message.client_msg_id}
        values |= {"text": message.text, "user": message.user, "ts": message.ts}
        del where["channel_type"]
        events.append(workspace.templates.fill("app_mention", **values, **where))
    if _subscribed(workspace, "file_shared", "files:read"):
        events += [file_shared(workspace, file.id, message.user, channel.id) for file in message.files]
    return events


def file_shared(workspace: Workspace, file_id: str, user_id: str, channel_id: str) -> Json:
    """Give a `file_shared` event: ids only, no ts and no thread."""
    return workspace.templates.fill(
        "file_shared",
        file_id=file_id,
        file={"id": file_id},
        user_id=user_id,
        channel_id=channel_id,
        event_ts=workspace.next_ts(),
    )


def _altered(workspace: Workspace, channel: Channel, change: Change) -> Json:
    """Give `message_changed` or `message_deleted`.

    A deleted parent with replies becomes a tombstone, which Slack reports as a change, not a deletion.
    """
    stamp = workspace.next_ts()
    before = change.previous or change.message
    after = change.left or change.message
    where = {"channel": channel.id, "ts": stamp, "event_ts": stamp, "channel_type": channel.kind}
    old = message_object(workspace, before, pushed=True) if before else {}
    if change.kind == "deleted" and change.left is None:
        deleted_ts = before.ts if before else ""
        return workspace.templates.fill(
            "message_deleted", previous_message=old, deleted_ts=deleted_ts, **where
        )
    new = message_object(workspace, after, pushed=True) if after else {}
    return workspace.templates.fill("message_changed", message=new, previous_message=old, **where)


def _joined(workspace: Workspace, channel: Channel, change: Change) -> Json:
    return workspace.templates.fill(
        "member_joined_channel",
        user=change.user,
        channel=channel.id,
        channel_type="C" if channel.kind == "channel" else "G",
        inviter=change.detail,
        event_ts=workspace.next_ts(),
    )


def _reaction(workspace: Workspace, channel: Channel, change: Change, kind: str) -> Json:
    message = change.message
    return workspace.templates.fill(
        kind,
        user=change.user,
        reaction=change.detail,
        item_user=message.user if message else OMIT,
        item={"type": "message", "channel": channel.id, "ts": message.ts if message else ""},
        event_ts=workspace.next_ts(),
    )


def app_home_opened(workspace: Workspace, user_id: str, tab: str) -> list[Json]:
    """Give the event of somebody who opens the app: with the Home's view, once one was published."""
    if "app_home_opened" not in workspace.app.events:
        return []
    home = workspace.homes.get(user_id) if tab == "home" else None
    event = workspace.templates.fill(
        "app_home_opened",
        user=user_id,
        channel=workspace.direct(user_id).id,
        tab=tab,
        view=view_object(workspace, home) if home else OMIT,
        event_ts=workspace.next_ts(),
    )
    return [event]


def file_deleted(workspace: Workspace, file_id: str) -> list[Json]:
    """Give the event of a deleted file, where the app subscribes to it."""
    if not _subscribed(workspace, "file_deleted", "files:read"):
        return []
    return [workspace.templates.fill("file_deleted", file_id=file_id, event_ts=workspace.next_ts())]
