"""Who is where: whether the bot is in a conversation, and whether a person may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.web_api import SlackRefusedError

if TYPE_CHECKING:
    from bot.web_api import WebApi

# Somebody waits for the answer; longer than this Slack may not keep us waiting with Retry-After.
WAIT_SECONDS = 30
MEMBERS_PER_PAGE = 900
# What Slack says of things that do not exist, or that the bot cannot see, which is the same to people.
# Other refusals (a scope, the token) are ours to mend and must not pass for it.
NOT_THERE = frozenset(
    {
        "access_denied",
        "channel_not_found",
        "fetch_members_failed",
        "file_deleted",
        "file_not_found",
        "message_not_found",
        "method_not_supported_for_channel_type",
        "not_in_channel",
        "not_visible",
        "thread_not_found",
        "user_not_found",
        "user_not_visible",
    }
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as the bot sees it. `kind` is as in events: channel, group, im or mpim."""

    id: str
    kind: str
    name: str
    is_member: bool
    is_archived: bool

    @property
    def is_public(self) -> bool:
        """Whether everybody in the workspace who is no guest may read it."""
        return self.kind == "channel"


async def ask(
    web_api: WebApi,
    method: str,
    **arguments: Any,  # noqa: ANN401 -- as many kinds as Slack has arguments
) -> dict[str, Any] | None:
    """Call Slack for somebody who waits; None where what is asked for is not there."""
    try:
        return await web_api.call(method, longest_wait_seconds=WAIT_SECONDS, **arguments)
    except SlackRefusedError as error:
        if error.error in NOT_THERE:
            return None
        raise


async def find_conversation(web_api: WebApi, channel_id: str) -> Conversation | None:
    """Look a conversation up; None where the bot cannot see it, as a private channel it is not in."""
    answer = await ask(web_api, "conversations.info", channel=channel_id)
    if answer is None:
        return None
    channel = answer.get("channel") or {}
    kind = _kind(channel)
    # In direct messages Slack says nothing about membership: what the bot can see, it is in.
    is_member = channel.get("is_member", kind in {"im", "mpim"}) is True
    return Conversation(
        id=channel_id,
        kind=kind,
        name=str(channel.get("name") or ""),
        is_member=is_member,
        is_archived=channel.get("is_archived") is True,
    )


async def may_see(web_api: WebApi, conversation: Conversation, user_id: str, *, team_id: str) -> bool:
    """Say whether a person may read a conversation: its members may, and a public one the whole team.

    Guests and people from other companies see only what they are in.
    """
    if conversation.is_public and await _is_full_member(web_api, user_id, team_id):
        return True
    cursor = ""
    while True:
        page = await ask(
            web_api,
            "conversations.members",
            channel=conversation.id,
            limit=MEMBERS_PER_PAGE,
            cursor=cursor or None,
        )
        if page is None:
            return False
        if user_id in (page.get("members") or ()):
            return True
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return False


async def name_of(web_api: WebApi, user_id: str) -> str:
    """Give the name that people see; empty where Slack does not know the person."""
    answer = await ask(web_api, "users.info", user=user_id)
    if answer is None:
        return ""
    user = answer.get("user") or {}
    profile = user.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    return next((str(name) for name in names if name), "")


def _kind(channel: dict[str, Any]) -> str:
    """Name the kind as events do. What is not clearly public counts as private."""
    if channel.get("is_im") is True:
        return "im"
    if channel.get("is_mpim") is True:
        return "mpim"
    is_public = channel.get("is_private") is False and channel.get("is_group") is not True
    return "channel" if is_public else "group"


async def _is_full_member(web_api: WebApi, user_id: str, team_id: str) -> bool:
    answer = await ask(web_api, "users.info", user=user_id)
    user = (answer or {}).get("user") or {}
    is_limited = any(
        user.get(key) for key in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")
    )
    return user.get("team_id") == team_id and not is_limited
