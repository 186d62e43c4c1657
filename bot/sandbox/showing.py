"""What the page is told, as JSON: the whole workspace at first, then what each change makes of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from bot.sandbox import samples
from bot.sandbox.faults import API, KINDS, PLACES
from bot.sandbox.methods import METHODS
from bot.sandbox.objects import message_object
from bot.sandbox.page import has_bytes
from bot.sandbox.views import view_object
from bot.sandbox.workspace import TEAM_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.records import Change, Channel, Json, Message, User, View
    from bot.sandbox.samples import Sample
    from bot.sandbox.server import SlackSandbox
    from bot.sandbox.traffic import Exchange

TEAM_NAME: Final = "Sandbox"
MOST_EXCHANGES_SHOWN: Final = 300
MOST_LETTERS_OF_A_VALUE: Final = 80
LANGUAGES: Final = {
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "pt-BR": "Portuguese",
    "uk": "Ukrainian",
}


class Showing:
    """Remembers what was told of people, conversations, status lines and faults, to tell what is new."""

    def __init__(self, slack: SlackSandbox) -> None:
        self._slack = slack
        self._samples = [_sample(one) for one in samples.load()]
        self._known: Json = {}

    # --- everything -------------------------------------------------------------------------

    def snapshot(self) -> Json:
        """Describe everything as it stands."""
        slack, workspace = self._slack, self._slack.workspace
        return {
            "type": "snapshot",
            "generation": slack.generation,
            "now": workspace.clock() - workspace.began_at,
            "began_at": workspace.began_at,
            "team": {"id": TEAM_ID, "name": TEAM_NAME},
            **self._app(),
            "users": self._users(),
            "channels": [_channel(one) for one in workspace.channels.values()],
            "messages": {
                channel.id: [self.message(one) for _, one in sorted(channel.messages.items())]
                for channel in workspace.channels.values()
            },
            "statuses": {channel.id: dict(channel.statuses) for channel in workspace.channels.values()},
            "views": [self._view(view) for view in workspace.views.values()],
            "homes": {user: self._view(view) for user, view in workspace.homes.items()},
            "faults": self.faults(),
            "fault_kinds": _fault_kinds(),
            "traffic": [
                self.exchange(number, exchange)
                for number, exchange in slack.exchanges.latest(MOST_EXCHANGES_SHOWN)
            ],
            "samples": self._samples,
            "endpoint": slack.backstage.endpoint(),
            "bot": slack.backstage.bot(),
            "limits": {"upload_bytes": slack.most_upload_bytes},
        }

    def _app(self) -> Json:
        app = self._slack.workspace.app
        commands = [
            {
                "command": name,
                "description": entry.get("description", ""),
                "usage_hint": entry.get("usage_hint", ""),
            }
            for name, entry in app.commands.items()
        ]
        keys = ("callback_id", "name", "type", "description")
        return {
            "app": {
                "id": app.id,
                "user_id": app.bot.id,
                "bot_id": app.bot.bot_id,
                "name": app.bot.real_name,
                "has_home": app.has_home,
                "has_messages_tab": app.has_messages_tab,
            },
            "commands": commands,
            "shortcuts": [{key: entry.get(key, "") for key in keys} for entry in app.shortcuts.values()],
        }

    # --- one thing --------------------------------------------------------------------------

    def message(self, message: Message) -> Json:
        """Describe a message, with the addresses where the page finds the bytes of its files."""
        body = message_object(self._slack.workspace, message, all_metadata=True)
        for shown, file in zip(body.get("files", ()), message.files, strict=False):
            if has_bytes(file):
                shown["page_url"] = f"files/{file.id}"
        return body | {"channel": message.channel, "name": message.name}

    def exchange(self, number: int, exchange: Exchange) -> Json:
        """Describe an exchange without bodies and long texts."""
        shown = {key: value for key, value in exchange.arguments.items() if _is_short(value)}
        return {
            "number": number,
            "at": exchange.at,
            "kind": exchange.kind,
            "method": exchange.method,
            "arguments": shown,
            "status": exchange.status,
            "ok": exchange.ok,
            "error": exchange.error,
            "rule": exchange.rule,
            "duration": exchange.duration,
        }

    def faults(self) -> list[Json]:
        """Describe the faults that wait, with their ids and how many calls each will still meet."""
        return [{**asdict(one.fault), "id": one.id, "left": one.left} for one in self._slack.faults.waiting]

    def _view(self, view: View) -> Json:
        return view_object(self._slack.workspace, view) | {"user": view.user}

    def _users(self) -> list[Json]:
        return [_user(one) for one in self._slack.workspace.users.values()]

    # --- what changed -----------------------------------------------------------------------

    def frames(self, change: Change) -> Iterator[Json]:
        """Give what a change means for a tab, in the order in which it must be told."""
        yield from self.surroundings()
        match change.kind:
            case "posted" if change.message:
                yield {"type": "message", "message": self.message(change.message)}
                yield from self._parent(change.message)
            case "edited" | "reacted" | "unreacted" if change.message:
                yield {"type": "message", "message": self.message(change.message)}
            case "deleted" if change.message:
                yield from self._deleted(change.message, change.left)
            case "ephemeral" if change.message:
                yield _ephemeral(change.user, self.message(change.message))
            case "ephemeral_gone":
                yield {"type": "ephemeral_gone", "user": change.user, "ts": change.detail}
            case "view":
                yield from self._view_frames(change)
            case "view_gone":
                yield {"type": "view_gone", "id": change.detail}

    def _deleted(self, message: Message, left: Message | None) -> Iterator[Json]:
        if left is not None:
            yield {"type": "message", "message": self.message(left)}
            return
        yield {"type": "gone", "channel": message.channel, "ts": message.ts}
        yield from self._parent(message)

    def _parent(self, reply: Message) -> Iterator[Json]:
        """Give the parent of a reply anew: it counts its replies, and as a tombstone goes with the last."""
        if not reply.is_reply:
            return
        parent = self._slack.workspace.channels[reply.channel].messages.get(reply.thread_ts)
        if parent is None:
            yield {"type": "gone", "channel": reply.channel, "ts": reply.thread_ts}
        else:
            yield {"type": "message", "message": self.message(parent)}

    def _view_frames(self, change: Change) -> Iterator[Json]:
        view = self._slack.workspace.views.get(change.detail)
        if view is not None:
            yield {"type": "view", "view": self._view(view)}
            return
        home = self._slack.workspace.homes.get(change.user)
        if home is not None:
            yield {"type": "home", "user": change.user, "view": self._view(home)}

    def surroundings(self) -> Iterator[Json]:
        """Give what is new of people, conversations, status lines and faults: nobody tells of all of them."""
        workspace = self._slack.workspace
        users = self._users()
        if self._is_new("users", users):
            yield {"type": "users", "users": users}
        for channel in workspace.channels.values():
            shown = _channel(channel)
            if self._is_new(channel.id, shown):
                yield {"type": "channel", "channel": shown}
            yield from self._statuses(channel)
        faults = self.faults()
        if self._is_new("faults", faults):
            yield {"type": "faults", "faults": faults}

    def _statuses(self, channel: Channel) -> Iterator[Json]:
        before: dict[str, str] = self._known.get(f"status {channel.id}", {})
        now = dict(channel.statuses)
        self._known[f"status {channel.id}"] = now
        for thread_ts in sorted(before.keys() | now.keys()):
            if before.get(thread_ts, "") != now.get(thread_ts, ""):
                status = now.get(thread_ts, "")
                yield {"type": "status", "channel": channel.id, "thread_ts": thread_ts, "status": status}

    def _is_new(self, key: str, value: Any) -> bool:  # noqa: ANN401 -- anything that can be compared
        is_new = bool(self._known.get(key) != value)
        self._known[key] = value
        return is_new


def _user(user: User) -> Json:
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "is_bot": user.is_bot,
        "is_guest": user.is_guest,
    }


def _channel(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "members": [*channel.members],
        "is_archived": channel.is_archived,
    }


def _ephemeral(user: str, message: Json) -> Json:
    return {"type": "ephemeral", "user": user, "message": message}


def _sample(sample: Sample) -> Json:
    language = LANGUAGES.get(sample.language, sample.language)
    title = f"{sample.name.capitalize()}: {sample.seconds:.0f} seconds of {language}"
    return {"name": sample.name, "title": title, "language": sample.language}


def _fault_kinds() -> list[Json]:
    """Say where each kind can happen: a place, or any method of the Web API."""
    places = {
        kind: [place for place, kinds in PLACES.items() if kind in kinds]
        + ([*METHODS] if kind in API else [])
        for kind in KINDS
    }
    return [{"kind": kind, "methods": places[kind]} for kind in sorted(KINDS)]


def _is_short(value: Any) -> bool:  # noqa: ANN401 -- an argument of any call
    is_plain = value is None or isinstance(value, str | int | float)
    return is_plain and len(str(value)) <= MOST_LETTERS_OF_A_VALUE
