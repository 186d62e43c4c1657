"""The app manifest: what Slack is told about the app. `manifest.yml` is its printed form.

Schema: slackapi/manifest-schema, major version 1. It knows no scope or event names, so a misspelt
one would pass there; `tests/test_manifest.py` compares them with what the code registers and calls.
"""

from __future__ import annotations

import copy
import re
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot import shapes

DEFAULT_COMMAND = "/translate"

# Each scope says which call or event needs it.
SCOPES = (
    "channels:history",  # message events and reading a thread, public channels
    "groups:history",  # the same in private channels
    "im:history",  # the same in direct messages
    "mpim:history",  # the same in group direct messages
    "channels:read",  # member_joined_channel, conversations.info and .members, public channels
    "groups:read",  # the same in private channels
    "im:read",  # conversations.info in direct messages
    "mpim:read",  # conversations.info in group direct messages
    "im:write",  # conversations.open: to see whether an alert for a person stands already
    "chat:write",  # the reply, the status line, progress
    "commands",  # /translate
    "files:read",  # downloading and files.info
    "files:write",  # the file that goes along with a long text or subtitles
    "users:read",  # names for mentions in prompts; whether an asker is a guest
)

EVENTS = (
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
)

_MANIFEST: dict[str, Any] = {
    "_metadata": {"major_version": 1, "minor_version": 1},
    "display_information": {
        "name": "Dragoman",
        "description": "Voice messages in any language, answered with their English text in the thread.",
        "long_description": (
            "Dragoman listens in the channels you invite it to. When somebody posts a voice message or an "
            "audio or video file, in any language, its English text stands in the thread seconds later, "
            "guided by the prompt that you gave the channel: product names, people, tone. It never "
            "answers twice, and says plainly when it can't help. Use {command} to set a channel up."
        ),
        "background_color": "#1b4965",
    },
    "features": {
        "app_home": {
            "home_tab_enabled": False,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Dragoman", "always_online": True},
        "slash_commands": [
            {
                "command": DEFAULT_COMMAND,
                "description": "Translate recordings into English and set this channel up",
                "usage_hint": (
                    "[help | on | off | ask | prompt TEXT | term | terms | original | english | "
                    "output FORMAT | temperature N | last | LINK | status]"
                ),
                # Typed names arrive as <@U…|name>, so a prompt can carry the name and not an id.
                "should_escape": True,
            }
        ],
    },
    "oauth_config": {"scopes": {"bot": list(SCOPES)}},
    "settings": {
        "event_subscriptions": {"bot_events": list(EVENTS)},
        # The buttons of a reply: whether a long recording is meant, and to try again what is missing.
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": False,
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
    },
}


def build(*, url: str = "", command: str = DEFAULT_COMMAND) -> dict[str, Any]:
    """Give the manifest as Slack's app settings take it.

    With `url` (see `public_url`) it describes HTTP mode: Slack then wants a
    request address for events, buttons and each command. Without it, Socket Mode, which wants none.
    """
    manifest = copy.deepcopy(_MANIFEST)
    manifest["features"]["slash_commands"][0]["command"] = command
    shown = manifest["display_information"]
    shown["long_description"] = shown["long_description"].format(command=command)
    if url:
        request_url = url.rstrip("/") + "/slack/events"
        manifest["features"]["slash_commands"][0]["url"] = request_url
        manifest["settings"]["event_subscriptions"]["request_url"] = request_url
        manifest["settings"]["interactivity"]["request_url"] = request_url
        manifest["settings"]["socket_mode_enabled"] = False
    return manifest


def public_url(value: str) -> str:
    """Take the address where Slack reaches the bot, before `/slack/events`; anything else is a ValueError."""
    url = shapes.base_url(value)
    parts = urlsplit(url)
    has_host = re.fullmatch(r"[\w.-]*\w", parts.hostname or "")
    # A path is what a proxy in front takes away again; our own would stand there twice.
    has_path = re.fullmatch(r"(/[\w.~-]+)*", parts.path) and not parts.path.endswith("/slack/events")
    if parts.scheme != "https" or not has_host or not has_path:
        msg = "must be an https address, as it is before /slack/events"
        raise ValueError(msg)
    return url


def is_command(command: str) -> bool:
    """Say whether Slack takes this as a slash command: at most 32 characters, no capitals, no spaces."""
    return re.fullmatch(r"/[a-z0-9_-]{1,31}", command) is not None


def as_yaml(*, url: str = "", command: str = DEFAULT_COMMAND) -> str:
    """Print the manifest as YAML, in the order people read it."""
    return yaml.safe_dump(build(url=url, command=command), sort_keys=False, width=110, allow_unicode=True)
