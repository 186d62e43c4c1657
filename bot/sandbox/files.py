"""Files of the workspace: what a person shares, the Web API's files methods, and the app's uploads."""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.sandbox.objects import file_object
from bot.sandbox.records import SharedFile, StoredFile
from bot.sandbox.refusals import RefusedError, SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.sandbox.calls import Call
    from bot.sandbox.records import Channel, Json
    from bot.sandbox.workspace import Workspace

# Types by extension as Slack says them; it does not ask the operating system.
TYPES = {
    "aac": ("audio/aac", "aac", "AAC"),
    "amr": ("audio/amr", "amr", "AMR"),
    "flac": ("audio/flac", "flac", "FLAC"),
    "m4a": ("audio/mp4", "m4a", "MPEG 4 Audio"),
    "mkv": ("video/x-matroska", "mkv", "Matroska Video"),
    "mov": ("video/quicktime", "mov", "QuickTime Movie"),
    "mp3": ("audio/mpeg", "mp3", "MP3"),
    "mp4": ("video/mp4", "mp4", "MPEG 4 Video"),
    "oga": ("audio/ogg", "oga", "OGG Audio"),
    "ogg": ("audio/ogg", "ogg", "OGG Audio"),
    "opus": ("audio/ogg", "opus", "Opus Audio"),
    "pdf": ("application/pdf", "pdf", "PDF"),
    "png": ("image/png", "png", "PNG"),
    "srt": ("text/plain", "text", "Plain Text"),
    "txt": ("text/plain", "text", "Plain Text"),
    "vtt": ("text/plain", "text", "Plain Text"),
    "wav": ("audio/wav", "wav", "WAV"),
    "webm": ("video/webm", "webm", "WebM"),
    "wma": ("audio/x-ms-wma", "wma", "Windows Media Audio"),
}


# How Slack refuses a file of the app's by its extension: when asked for an address, or when it is shared.
REFUSED_AT_FIRST = frozenset({"file_type_not_allowed"})
REFUSED_AT_LAST = frozenset({"slack_connect_blocked_file_type", "slack_connect_file_upload_sharing_blocked"})


@dataclass(slots=True)
class Upload:
    """An upload of the app's: an address was given out, bytes may have come."""

    file_id: str
    name: str
    length: int
    data: bytes | None = None


def shared_files(files: Any) -> list[SharedFile | str]:  # noqa: ANN401 -- a path, a file, an id, or a list of them
    """Read what a person drops into the message box; text that is an id of a file shares that file again."""
    several = files if isinstance(files, list | tuple) else [files]
    return [one if isinstance(one, SharedFile) else _shared_file(one) for one in several]


def _shared_file(one: str | Path) -> SharedFile | str:
    if isinstance(one, str) and one.startswith("F0") and "/" not in one:
        return one
    path = Path(one)
    if not path.is_file():
        message = f"there is no file {path}"
        raise SandboxMisuseError(message)
    return SharedFile(path.name, path=path)


def store(workspace: Workspace, shared: SharedFile, user_id: str, file_id: str = "") -> StoredFile:
    """Take a file into the workspace."""
    extension = shared.name.rpartition(".")[2].lower()
    guessed = mimetypes.guess_type(shared.name)[0] or "application/octet-stream"
    mimetype, filetype, pretty = TYPES.get(
        extension, (guessed, extension or "binary", extension.upper() or "Binary")
    )
    if shared.subtype == "slack_audio" and extension == "webm":
        mimetype = "audio/webm"
    file = StoredFile(
        id=file_id or workspace.new_id("F"),
        name=shared.name,
        user=user_id,
        created=workspace.clock(),
        shared=shared,
        mimetype=shared.mimetype or mimetype,
        filetype=filetype,
        pretty_type=pretty,
        size_bytes=shared.actual_bytes() if shared.size is None else shared.size,
        key=secrets.token_hex(5),
    )
    workspace.files[file.id] = file
    return file


# --- the methods --------------------------------------------------------------------------------


def info(call: Call) -> Json:
    """Describe a file: files.info."""
    workspace, file_id = call.workspace, call.arguments.needed("file", "file_not_found")
    file = workspace.files.get(file_id)
    if file is None:
        raise RefusedError(code="file_not_found", rule=f"no file has the id {file_id}")
    if file.is_deleted or file.shared.mode == "tombstone":
        raise RefusedError(code="file_deleted", rule=f"{file_id} was deleted")
    if file.shared.file_access in {"access_denied", "file_not_found"}:
        raise RefusedError(
            file.shared.file_access, f"{file_id} was shared with file_access {file.shared.file_access}"
        )
    if not is_visible(workspace, file):
        raise RefusedError(code="not_visible", rule=f"{file_id} is in no conversation that the bot is in")
    body = file_object(workspace, file, info=True)
    return call.answer(file=body, comments=[], response_metadata={"next_cursor": ""})


def is_visible(workspace: Workspace, file: StoredFile) -> bool:
    """Say whether the app may see a file: its own, or shared where the bot is."""
    bot = workspace.app.bot.id
    shares = workspace.shares.get(file.id, [])
    return file.user == bot or any(bot in workspace.channels[share.channel].members for share in shares)


def get_upload_url(call: Call) -> Json:
    """Give an address to send bytes to: files.getUploadURLExternal."""
    name, length = call.arguments.needed("filename"), call.arguments.needed("length")
    if not length.isdecimal() or int(length) == 0:
        call.arguments.refuse("`length` must be the file's size in bytes [json-pointer:/length]")
    _check_type(call, name, REFUSED_AT_FIRST)
    token = secrets.token_urlsafe(24)
    upload = Upload(call.workspace.new_id("F"), name, int(length))
    call.workspace.uploads[token] = upload
    return call.answer(upload_url=f"{call.workspace.url}/upload/v1/{token}", file_id=upload.file_id)


def complete_upload(call: Call) -> Json:
    """Share what was uploaded: files.completeUploadExternal. The message comes a moment later."""
    workspace, arguments = call.workspace, call.arguments
    entries = arguments.parsed("files", "invalid_arguments")
    if not isinstance(entries, list) or not entries or not all(isinstance(one, dict) for one in entries):
        arguments.refuse("`files` must be a list of {id, title} [json-pointer:/files]")
    channel, thread_ts = _target(call), arguments.text("thread_ts")
    if thread_ts and channel is None:
        arguments.refuse("`thread_ts` needs `channel_id` [json-pointer:/thread_ts]")
    if thread_ts and channel is not None:
        workspace.check_thread(channel, thread_ts)
    files = [_completed(call, entry, is_shared=channel is not None) for entry in entries]
    if channel is not None:
        comment = arguments.text("initial_comment")
        call.platform.later(lambda: _share(workspace, channel, comment, files, thread_ts))
    return call.answer(files=[file_object(workspace, file, info=True) for file in files])


def _target(call: Call) -> Channel | None:
    if call.arguments.text("channels"):
        call.arguments.refuse(
            "use `channel_id`; the sandbox shares into one channel [json-pointer:/channels]"
        )
    return call.channel("", name="channel_id") if call.arguments.text("channel_id") else None


def refuse_uploads(workspace: Workspace, extensions: Iterable[str], error: str) -> None:
    """Let Slack refuse the app's files with these extensions from now on, as Slack Connect does."""
    if error not in (known := REFUSED_AT_FIRST | REFUSED_AT_LAST):
        message = (
            f"Slack refuses no upload with {error} for its extension, but with {', '.join(sorted(known))}"
        )
        raise SandboxMisuseError(message)
    workspace.refused_uploads |= dict.fromkeys((f".{one.lower().lstrip('.')}" for one in extensions), error)


def _check_type(call: Call, name: str, codes: Collection[str]) -> None:
    extension = Path(name.lower()).suffix
    error = call.workspace.refused_uploads.get(extension, "")
    if error in codes:
        raise RefusedError(error, f"no {extension} files are taken here")


def _completed(call: Call, entry: Json, *, is_shared: bool) -> StoredFile:
    workspace = call.workspace
    file_id = entry.get("id")
    found = [(token, upload) for token, upload in workspace.uploads.items() if upload.file_id == file_id]
    if not found:
        raise RefusedError(
            code="file_not_found", rule=f"no upload waits for {file_id}: never asked for, or completed before"
        )
    token, upload = found[0]
    if upload.data is None:
        raise RefusedError(
            code="file_not_found", rule=f"no bytes were sent to the upload address of {file_id}"
        )
    if is_shared:
        _check_type(call, upload.name, REFUSED_AT_LAST)
    del workspace.uploads[token]
    title = entry.get("title") or None
    mode = "snippet" if upload.name.endswith(".txt") else "hosted"
    shared = SharedFile(upload.name, data=upload.data, title=title, mode=mode)
    return store(workspace, shared, workspace.app.bot.id, upload.file_id)


def _share(
    workspace: Workspace, channel: Channel, comment: str, files: list[StoredFile], thread_ts: str
) -> None:
    standing = tuple(file for file in (workspace.files[one.id] for one in files) if not file.is_deleted)
    if standing:
        workspace.post(channel, workspace.app.bot, comment, files=standing, thread_ts=thread_ts)
