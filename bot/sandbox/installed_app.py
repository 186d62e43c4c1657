"""The app under test as its manifest describes it: scopes, events, commands, shortcuts, the bot's user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.sandbox.records import Json, User

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class App:
    """The app under test, as its manifest describes it to Slack."""

    id: str
    bot: User
    scopes: tuple[str, ...]
    events: frozenset[str]
    commands: Mapping[str, Json]
    shortcuts: Mapping[str, Json]
    has_home: bool
    has_messages_tab: bool
    is_interactive: bool

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> App:
        """Read what Slack would: scopes, events, commands, shortcuts; nothing is granted beyond them."""
        features, settings = manifest.get("features", {}), manifest.get("settings", {})
        tabs = features.get("app_home", {})
        name = features.get("bot_user", {}).get("display_name", "App")
        label = id_part(name)
        return cls(
            id=f"A0{label}",
            bot=User(f"U0{label}", name.lower(), name, bot_id=f"B0{label}", app_id=f"A0{label}"),
            scopes=tuple(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
            events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", ())),
            commands={entry["command"]: entry for entry in features.get("slash_commands", ())},
            shortcuts={entry["callback_id"]: entry for entry in features.get("shortcuts", ())},
            has_home=bool(tabs.get("home_tab_enabled")),
            has_messages_tab=bool(tabs.get("messages_tab_enabled", True)),
            is_interactive=bool(settings.get("interactivity", {}).get("is_enabled")),
        )


def id_part(name: str) -> str:
    """Make the readable part of an id: ids are the same in every run, so links can be written down."""
    return re.sub(r"[^A-Z0-9]", "", name.upper())[:12] or "X"
