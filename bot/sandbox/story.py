"""What `dragoman sandbox` prints of a shared recording: one line per thing that happened, then the ending."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from bot.receive import recordings
from bot.reply import EVENT_TYPE as REPLY
from bot.sandbox.objects import file_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.records import Change, Message
    from bot.sandbox.workspace import Workspace

TRANSLATED, SKIPPED = "translated", "skipped"
PRINTED = frozenset({"posted", "edited", "deleted"})


class Story:
    """Prints changes as they come and knows when every shared recording has its ending."""

    def __init__(self, workspace: Workspace, write: Callable[[str], None], *, is_json: bool) -> None:
        self._workspace = workspace
        self._write = write
        self._is_json = is_json
        self._endings: dict[str, str] = {}
        self._parts_left: dict[str, set[int]] = {}
        self._progress: set[str] = set()
        self._began_at: float | None = None

    def expect(self, message: Message) -> None:
        """Wait for the endings of a message's recordings; a file that is none is skipped by the bot."""
        for file in message.files:
            payload = file_object(self._workspace, file)
            self._endings[file.id] = "" if recordings({"files": [payload]}) else SKIPPED

    @property
    def is_over(self) -> bool:
        """Whether every recording has its whole reply and no progress message is left."""
        has_parts_left = any(self._parts_left.values())
        return all(self._endings.values()) and not has_parts_left and not self._progress

    @property
    def ending(self) -> str:
        """Give the ending; of several recordings the first that is not *translated*."""
        return next((ending for ending in self._endings.values() if ending != TRANSLATED), TRANSLATED)

    def tell(self, change: Change) -> None:
        """Print a change, and note what it means for the endings."""
        if change.kind not in PRINTED or change.message is None:
            return
        self._note(change.kind, change.message)
        if self._began_at is None:
            self._began_at = change.at
        message, seconds = change.message, change.at - self._began_at
        text = html.unescape(message.text) or " ".join(f"[{file.name}]" for file in message.files)
        if self._is_json:
            line: dict[str, Any] = {
                "at_seconds": round(seconds, 3),
                "what": change.kind,
                "name": message.name,
                "text": text,
                "channel": change.channel,
                "ts": message.ts,
                "thread_ts": message.thread_ts,
            }
            self._write(json.dumps(line, ensure_ascii=False))
        else:
            self._write(f"+{seconds:.1f}s {change.kind} {message.name}: {' '.join(text.split())}")

    def tell_ending(self) -> None:
        """Print the last line."""
        self._write(json.dumps({"ending": self.ending}) if self._is_json else f"ending: {self.ending}")

    def _note(self, kind: str, message: Message) -> None:
        metadata = message.metadata or {}
        payload = metadata.get("event_payload") or {}
        if metadata.get("event_type") == REPLY and kind == "posted":
            file_id = payload["file_id"]
            left = self._parts_left.setdefault(file_id, set(range(1, payload["parts"] + 1)))
            left.discard(payload["part"])
            self._endings[file_id] = payload["ending"]
        elif metadata.get("event_type") == "dragoman_progress":
            (self._progress.discard if kind == "deleted" else self._progress.add)(message.ts)
