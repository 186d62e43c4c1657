"""The Web API: every method the embedded Slack knows, with its scope and its limit. Others do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.sandbox import conversations, files, messages, views
from bot.sandbox.objects import user_object
from bot.sandbox.refusals import RefusedError
from bot.sandbox.workspace import TEAM_DOMAIN, TEAM_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.sandbox.calls import Call
    from bot.sandbox.records import Channel, Json, Message

TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 300
MOST_LOADING_MESSAGES = 10


@dataclass(frozen=True, slots=True)
class Method:
    """One method: what does it, the scope it needs (empty: none, or by the kind of conversation).

    `arguments` are the names it reads. Slack ignores others without a word; the log mentions them.
    """

    do: Callable[[Call], Json]
    scope: str
    per_minute: int
    arguments: str
    token: str = "bot"  # noqa: S105 -- which kind of token it takes

    def unknown(self, given: Mapping[str, object]) -> list[str]:
        """Give the arguments that it would not read; Bolt adds `team_id` to everything."""
        return sorted(set(given) - set(self.arguments.split()) - {"team_id", "token"})


def auth_test(call: Call) -> Json:
    """Say who is calling: auth.test."""
    workspace, bot = call.workspace, call.workspace.app.bot
    return call.answer(
        url=f"{workspace.url}/",
        team=TEAM_DOMAIN.title(),
        user=bot.name,
        team_id=TEAM_ID,
        user_id=bot.id,
        bot_id=bot.bot_id,
        is_enterprise_install=False,
    )


def open_connection(call: Call) -> Json:
    """Give a websocket's one-use address: apps.connections.open."""
    return call.answer(url=call.platform.open_socket())


def users_info(call: Call) -> Json:
    """Describe a user: users.info."""
    user = call.workspace.users.get(call.arguments.needed("user", "user_not_found"))
    if user is None:
        raise RefusedError(code="user_not_found", rule=f"nobody has the id {call.arguments.text('user')}")
    with_locale = call.arguments.flag("include_locale")
    return call.answer(user=user_object(call.workspace, user, with_locale=with_locale))


def reactions_add(call: Call) -> Json:
    """React to a message: reactions.add."""
    channel, message = _reacted(call)
    call.workspace.react(channel, message, call.workspace.app.bot.id, call.arguments.text("name"))
    return call.answer()


def reactions_remove(call: Call) -> Json:
    """Take a reaction back: reactions.remove."""
    channel, message = _reacted(call)
    call.workspace.unreact(channel, message, call.workspace.app.bot.id, call.arguments.text("name"))
    return call.answer()


def _reacted(call: Call) -> tuple[Channel, Message]:
    channel = call.channel("")
    name = call.arguments.needed("name", "no_reaction")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise RefusedError(code="invalid_name", rule=f"{name!r} is no emoji's name (without colons)")
    timestamp = call.arguments.needed("timestamp", "no_item_specified")
    return channel, call.workspace.message(channel, timestamp)


def set_status(call: Call) -> Json:
    """Show a status line in a thread: assistant.threads.setStatus. The app's next post there clears it."""
    channel = call.channel("", name="channel_id")
    thread_ts = call.arguments.needed("thread_ts")
    if "status" not in call.arguments.values:
        call.arguments.refuse("missing required field: status")
    call.workspace.check_thread(channel, thread_ts)
    loading = call.arguments.parsed("loading_messages", "invalid_arguments") or []
    if not isinstance(loading, list) or len(loading) > MOST_LOADING_MESSAGES:
        call.arguments.refuse(f"`loading_messages` is a list of at most {MOST_LOADING_MESSAGES}")
    status = call.arguments.text("status")
    if status:
        channel.statuses[thread_ts] = status
    else:
        channel.statuses.pop(thread_ts, None)
    parent = channel.messages[thread_ts]
    call.workspace.tell("status", channel.id, parent, user=call.workspace.app.bot.id, detail=status)
    return call.answer()


_CONTENT = "channel text blocks attachments metadata markdown_text thread_ts link_names parse as_user"
_POST = f"{_CONTENT} mrkdwn unfurl_links unfurl_media reply_broadcast username icon_emoji icon_url"
_PAGES = "channel limit cursor oldest latest inclusive include_all_metadata"

_COMPLETE = "files channel_id thread_ts initial_comment channels blocks"
_STATUS = "channel_id thread_ts status loading_messages"
_UPLOAD = "filename length alt_text alt_txt snippet_type"
_OPEN = "channel users return_im prevent_creation"
_MEMBERSHIPS = "user types exclude_archived limit cursor"
_APP = "app"

# fmt: off
METHODS: dict[str, Method] = {
    "apps.connections.open": Method(open_connection, "connections:write", TIER_3, "", token=_APP),
    "assistant.threads.setStatus": Method(set_status, "chat:write", SPECIAL, _STATUS),
    "auth.test": Method(auth_test, "", SPECIAL, ""),
    "chat.delete": Method(messages.delete, "chat:write", TIER_3, "channel ts as_user"),
    "chat.getPermalink": Method(messages.get_permalink, "", SPECIAL, "channel message_ts"),
    "chat.postEphemeral": Method(messages.post_ephemeral, "chat:write", TIER_4, f"{_CONTENT} user"),
    "chat.postMessage": Method(messages.post_message, "chat:write", SPECIAL, _POST),
    "chat.update": Method(messages.update, "chat:write", TIER_3, f"{_CONTENT} ts reply_broadcast file_ids"),
    "conversations.history": Method(conversations.history, "", TIER_3, _PAGES),
    "conversations.info": Method(conversations.info, "", TIER_3, "channel include_num_members"),
    "conversations.members": Method(conversations.members, "", TIER_4, "channel limit cursor"),
    "conversations.open": Method(conversations.open_conversation, "", TIER_3, _OPEN),
    "conversations.replies": Method(conversations.replies, "", TIER_3, f"{_PAGES} ts"),
    "files.completeUploadExternal": Method(files.complete_upload, "files:write", TIER_4, _COMPLETE),
    "files.getUploadURLExternal": Method(files.get_upload_url, "files:write", TIER_4, _UPLOAD),
    "files.info": Method(files.info, "files:read", TIER_4, "file count cursor limit page"),
    "reactions.add": Method(reactions_add, "reactions:write", TIER_3, "channel name timestamp"),
    "reactions.remove": Method(reactions_remove, "reactions:write", TIER_2, "channel name timestamp"),
    "users.conversations": Method(conversations.of_user, "", TIER_3, _MEMBERSHIPS),
    "users.info": Method(users_info, "users:read", TIER_4, "user include_locale"),
    "views.open": Method(views.open_view, "", TIER_4, "trigger_id view interactivity_pointer"),
    "views.publish": Method(views.publish, "", TIER_4, "user_id view hash"),
    "views.push": Method(views.push, "", TIER_4, "trigger_id view interactivity_pointer"),
    "views.update": Method(views.update, "", TIER_4, "view_id external_id view hash"),
}
# fmt: on


def perform(name: str, call: Call) -> Json:
    """Do what the method does, or refuse."""
    method = METHODS[name]
    if method.scope and method.token == "bot":  # noqa: S105 -- a kind of token
        call.check_scope(method.scope)
    unknown = method.unknown(call.arguments.values)
    if unknown:
        call.notes.append(f"Slack ignores the arguments {', '.join(unknown)}")
    return method.do(call)
