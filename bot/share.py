"""What travels the road: one file in one message, as our own frozen objects.

Payload dictionaries end here (`SlackFile.from_payload`); behind the door there are only these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# fmt: off
AUDIO_EXTENSIONS = frozenset({
    "aac", "aif", "aifc", "aiff", "amr", "awb", "caf", "flac", "m4a", "m4b", "mka", "mp2", "mp3", "mpga",
    "oga", "ogg", "opus", "qta", "spx", "wav", "weba", "wma",
})
VIDEO_EXTENSIONS = frozenset({
    "3g2", "3gp", "asf", "avi", "flv", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "webm", "wmv",
})
# fmt: on


class Output(StrEnum):
    """What comes along with the English: a text file where it is long, subtitles, or the API's formats."""

    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"
    VERBOSE_JSON = "verbose_json"


@dataclass(frozen=True, slots=True)
class SlackFile:
    """A file object of a Slack message, as far as we use it.

    `size_bytes` and `duration_seconds` are Slack's word, not measured; None where Slack said nothing.
    Fields and their oddities: docs.slack.dev/reference/objects/file-object.
    """

    id: str
    name: str = ""
    mimetype: str = ""
    filetype: str = ""
    subtype: str = ""
    mode: str = "hosted"
    file_access: str = "visible"
    media_display_type: str = ""
    is_external: bool = False
    size_bytes: int | None = None
    duration_seconds: float | None = None
    url_private: str = ""
    url_private_download: str = ""
    url_audio: str = ""  # Slack's own rendition of the sound (`aac`): may be missing, or come late
    locale: str = ""  # of a clip, as Slack's own transcription guesses it, such as pt-BR

    @classmethod
    def from_payload(cls, file: Mapping[str, Any]) -> SlackFile:
        """Read a file object; fields that are missing, null or of the wrong type become empty."""

        def text(key: str) -> str:
            value = file.get(key)
            return value if isinstance(value, str) else ""

        size, duration_ms = file.get("size"), file.get("duration_ms")
        return cls(
            id=text("id"),
            name=text("name") or text("title"),
            mimetype=text("mimetype").lower(),
            filetype=text("filetype").lower(),
            subtype=text("subtype"),
            mode=text("mode"),
            file_access=text("file_access"),
            media_display_type=text("media_display_type"),
            is_external=file.get("is_external") is True,
            size_bytes=size if isinstance(size, int) and size > 0 else None,
            duration_seconds=(
                duration_ms / 1000 if isinstance(duration_ms, int | float) and duration_ms > 0 else None
            ),
            url_private=text("url_private"),
            url_private_download=text("url_private_download"),
            url_audio=text("aac"),
            locale=_locale(file.get("transcription")),
        )

    @property
    def is_stub(self) -> bool:
        """Whether Slack Connect sent only an id: `files.info` knows the rest (slack.dev: check_file_info)."""
        return self.file_access == "check_file_info" or (self.mode == "file_access" and not self.mimetype)

    @property
    def is_tombstone(self) -> bool:
        """Whether the file was deleted and only its id is left."""
        return self.mode == "tombstone"

    def is_audio(self) -> bool:
        """Say whether people would call this audio.

        A clip recorded in Slack can arrive as `video/mp4` with no picture in it; only its subtype
        gives it away, so the subtype is asked first.
        """
        if self.subtype in {"slack_audio", "slack_video"}:
            return self.subtype == "slack_audio"
        if self.mimetype.startswith("audio/") or self.media_display_type == "audio":
            return True
        if self.mimetype.startswith("video/"):
            return False
        return self.filetype in AUDIO_EXTENSIONS or self.extension in AUDIO_EXTENSIONS

    def is_video(self) -> bool:
        """Say whether people would call this a video, a clip recorded with the camera among them."""
        if self.is_audio():
            return False
        return (
            self.subtype == "slack_video"
            or self.mimetype.startswith("video/")
            or self.media_display_type == "video"
            or self.filetype in VIDEO_EXTENSIONS
            or self.extension in VIDEO_EXTENSIONS
        )

    @property
    def extension(self) -> str:
        """The name's last part after a dot, in lower case, without the dot."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


@dataclass(frozen=True, slots=True)
class Share:
    """One file in one message: what is answered, once.

    `thread_ts` is the parent's ts where the message is itself a reply, else empty. `position` and
    `of` count the taken files of the message, from 1: the order of the replies.
    """

    team_id: str
    channel_id: str
    ts: str
    file: SlackFile
    thread_ts: str = ""
    position: int = 1
    of: int = 1

    @property
    def reply_ts(self) -> str:
        """The ts of the thread that the reply goes to: always the parent's, never a reply's."""
        return self.thread_ts or self.ts


@dataclass(frozen=True, slots=True)
class Job:
    """The durable work for one share: all that was decided when its event was stored.

    `attempt` counts from 1; a person who asks again gets the next one. `after` is the id of the job
    whose reply comes first, where a message has several files. Above `confirm_above_seconds` of sound
    (0: never) a question comes before the work. `only` holds the stretches that an earlier attempt could
    not translate, from and to in seconds of the recording; empty is the whole recording. `glossary` are
    the channel's terms. `wants_original`: the words as they were said are shown, too. `skips_english`:
    what is in English already is left alone.
    """

    share: Share
    prompt: str = ""
    attempt: int = 1
    after: str = ""
    output: Output = Output.TEXT
    temperature: float = 0.0
    confirm_above_seconds: float = 0.0
    only: tuple[tuple[float, float], ...] = ()
    glossary: tuple[str, ...] = ()
    wants_original: bool = False
    skips_english: bool = False

    @property
    def id(self) -> str:
        """The key under which the job is stored, and answered, once."""
        share = self.share
        return f"{share.team_id}:{share.channel_id}:{share.ts}:{share.file.id}:{self.attempt}"


def _locale(transcription: object) -> str:
    """Read the locale of Slack's own transcription of a clip; empty where there is none (yet)."""
    locale = transcription.get("locale") if isinstance(transcription, dict) else None
    return locale if isinstance(locale, str) else ""
