"""What the embedded Slack keeps: people, channels, messages, files, and what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
ChannelKind = Literal["channel", "group", "im", "mpim"]
ChangeKind = Literal[
    "posted",
    "edited",
    "deleted",
    "ephemeral",
    "ephemeral_gone",
    "joined",
    "reacted",
    "unreacted",
    "status",
    "view",
    "view_gone",
]


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the user that stands for a bot (then with `bot_id` and `app_id`)."""

    id: str
    name: str
    real_name: str
    is_guest: bool = False
    bot_id: str = ""
    app_id: str = ""
    locale: str = "en-US"

    @property
    def is_bot(self) -> bool:
        """Whether a program posts under this name."""
        return bool(self.bot_id)


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file as a person shares it, with the oddities that Slack's files can have.

    `size` is a lie about the size. `as_stub` sends only the id in the event (Slack Connect).
    `ready_after` seconds pass before Slack has its addresses. `data_gone` leaves the file object but
    serves 404. `transcode` is what `url_private` serves for audio instead of the original. `rendition` is
    the sound of a video by itself, which Slack has of some and often late (`aac`): bytes, or a file.
    """

    name: str
    data: bytes | None = None
    path: Path | None = None
    mimetype: str | None = None
    subtype: str | None = None
    duration_ms: int | None = None
    mode: str = "hosted"
    file_access: str = "visible"
    as_stub: bool = False
    size: int | None = None
    ready_after: float = 0.0
    external_url: str | None = None
    data_gone: bool = False
    locale: str | None = None
    transcode: bytes | None = None
    rendition: bytes | Path | None = None
    title: str | None = None

    def actual_bytes(self) -> int:
        """Give how many bytes there really are."""
        if self.data is not None:
            return len(self.data)
        return self.path.stat().st_size if self.path is not None else 0


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the workspace. Its bytes are in memory (`data`) or on disk (`path`)."""

    id: str
    name: str
    user: str
    created: float
    shared: SharedFile
    mimetype: str
    filetype: str
    pretty_type: str
    size_bytes: int
    key: str
    is_deleted: bool = False

    @property
    def ready_at(self) -> float:
        """The time from which Slack gives out addresses and bytes."""
        return self.created + self.shared.ready_after

    @property
    def data(self) -> bytes | None:
        """The bytes, where they are in memory."""
        return self.shared.data

    @property
    def kind(self) -> str:
        """What a player would be shown for: `audio`, `video` or `unknown` (Slack's `media_display_type`)."""
        if self.shared.subtype in {"slack_audio", "slack_video"}:
            return self.shared.subtype.removeprefix("slack_")
        family = self.mimetype.partition("/")[0]
        return family if family in {"audio", "video"} else "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands. An edit puts a new object in its place."""

    channel: str
    ts: str
    user: str
    name: str
    text: str
    blocks: tuple[Json, ...] = ()
    metadata: Json | None = None
    edited: Json | None = None
    files: tuple[StoredFile, ...] = ()
    thread_ts: str = ""
    subtype: str = ""
    attachments: tuple[Json, ...] = ()
    reactions: tuple[tuple[str, str], ...] = ()
    bot_id: str = ""
    app_id: str = ""
    client_msg_id: str = ""
    is_broadcast: bool = False
    inviter: str = ""

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread without being its parent."""
        return bool(self.thread_ts) and self.thread_ts != self.ts


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """A message that only one person sees."""

    user: str
    message: Message


@dataclass(slots=True)
class Channel:
    """A conversation of any kind with what was said in it, oldest first."""

    id: str
    name: str
    kind: ChannelKind
    creator: str
    created: int
    members: list[str]
    is_archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened in the workspace; `at` counts seconds since the sandbox began.

    `message` is the message it happened to, for a deletion as it was. `previous` is the message before
    an edit; `left` is the tombstone that stays when a deleted message had replies. `detail` is the ts of
    an ephemeral message that is gone, or the id of a view.
    """

    kind: ChangeKind
    channel: str
    message: Message | None
    at: float
    previous: Message | None = None
    left: Message | None = None
    user: str = ""
    detail: str = ""


@dataclass(slots=True)
class View:
    """A modal or an App Home that the app opened; `hash` changes with every update."""

    id: str
    user: str
    view: Json
    hash: str
    root_id: str
    previous_id: str | None = None
