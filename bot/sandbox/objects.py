"""Give users, channels, files and messages the form in which Slack sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.templates import OMIT
from bot.sandbox.workspace import TEAM_ID

if TYPE_CHECKING:
    from bot.sandbox.records import Channel, Json, Message, StoredFile, User
    from bot.sandbox.workspace import Workspace


def user_object(workspace: Workspace, user: User, *, with_locale: bool = False) -> Json:
    """Give a user as `users.info` does."""
    filled = workspace.templates.fill("user", id=user.id, name=user.name, real_name=user.real_name)
    filled |= {"is_bot": user.is_bot, "is_restricted": user.is_guest, "is_ultra_restricted": user.is_guest}
    profile = filled["profile"]
    names = ("real_name", "real_name_normalized")
    profile |= dict.fromkeys(names, user.real_name)
    profile |= dict.fromkeys(("display_name", "display_name_normalized"), user.name)
    if user.is_bot:
        profile |= {"bot_id": user.bot_id, "api_app_id": user.app_id}
    else:
        del profile["bot_id"], profile["api_app_id"]
    if with_locale:
        filled["locale"] = user.locale
    else:
        del filled["locale"]
    return filled


def channel_object(workspace: Workspace, channel: Channel, *, with_count: bool = False) -> Json:
    """Give a conversation as `conversations.info` does."""
    if channel.kind == "im":
        person = next((one for one in channel.members if one != workspace.app.bot.id), "")
        return workspace.templates.fill("channel.im", id=channel.id, created=channel.created, user=person)
    return workspace.templates.fill(
        "channel",
        id=channel.id,
        name=channel.name,
        name_normalized=channel.name,
        is_channel=channel.kind == "channel",
        is_group=channel.kind == "group",
        is_mpim=channel.kind == "mpim",
        is_private=channel.kind != "channel",
        is_archived=channel.is_archived,
        creator=channel.creator,
        created=channel.created,
        is_member=workspace.app.bot.id in channel.members,
        num_members=len(channel.members) if with_count else OMIT,
    )


# --- files --------------------------------------------------------------------------------------


def file_object(workspace: Workspace, file: StoredFile, *, pushed: bool = False, info: bool = False) -> Json:
    """Give a file; `pushed` is the form in events (stubs), `info` that of `files.info` (shares)."""
    fit = workspace.templates.fit
    if file.is_deleted or file.shared.mode in {"tombstone", "hidden_by_limit"}:
        mode = file.shared.mode if file.shared.mode == "hidden_by_limit" else "tombstone"
        return fit(f"file.{mode}", {"id": file.id})
    if file.shared.as_stub and pushed:
        return fit("file.check_file_info", {"id": file.id})
    values = _core(workspace, file) | _shares(workspace, file, wanted=info)
    url = file.shared.external_url
    if url is not None:
        external = {"url_private": url, "external_url": url, "external_id": file.key}
        return fit("file.external", values | external)
    if workspace.clock() < file.ready_at:
        return fit("file.not_ready", values)
    values |= _addresses(workspace, file) | _preview(file) | _variants(workspace, file)
    return fit(f"file.{_case(file)}", values)


def _case(file: StoredFile) -> str:
    """Name the template of a file that is here and ready."""
    if file.shared.mode == "snippet":
        return "snippet"
    if file.kind == "unknown":
        return "hosted"
    return "clip" if file.shared.subtype else "media"


def _core(workspace: Workspace, file: StoredFile) -> Json:
    channels = [workspace.channels[share.channel] for share in workspace.shares.get(file.id, [])]
    shared = file.shared
    is_external = shared.external_url is not None
    return {
        "id": file.id,
        "created": int(file.created),
        "timestamp": int(file.created),
        "name": file.name,
        "title": shared.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.filetype,
        "pretty_type": file.pretty_type,
        "user": file.user,
        "size": file.size_bytes,
        "mode": "external" if is_external else shared.mode,
        "is_public": any(channel.kind == "channel" for channel in channels),
        "file_access": shared.file_access,
        "permalink": f"{workspace.url}/files/{file.user}/{file.id}/{slug(file.name)}",
    }


def _addresses(workspace: Workspace, file: StoredFile) -> Json:
    base = f"{workspace.url}/files-pri/{TEAM_ID}-{file.id}"
    permalink = f"{workspace.url}/files/{file.user}/{file.id}/{slug(file.name)}"
    return {
        "media_display_type": file.kind,
        "url_private": f"{base}/{slug(file.name)}",
        "url_private_download": f"{base}/download/{slug(file.name)}",
        "permalink_public": f"{workspace.url}/public/{TEAM_ID}-{file.id}-{file.key}",
        "edit_link": f"{permalink}/edit",
    }


def _variants(workspace: Workspace, file: StoredFile) -> Json:
    """Give a media file's extras. For audio `url_private` is Slack's transcode, not the original."""
    sound = _tmb(workspace, file, sound_name(file))
    duration, locale = file.shared.duration_ms, file.shared.locale
    extras: Json = {"duration_ms": OMIT if duration is None else duration, "aac": OMIT, "mp4": OMIT}
    if file.shared.subtype:
        # A recorded clip: speech to text has only begun when the message arrives.
        spoken = {"locale": locale} if locale else {}
        extras |= {"subtype": file.shared.subtype, "transcription": {"status": "processing"} | spoken}
        extras |= {"vtt": _tmb(workspace, file, "file.vtt?_xcb=1a2b3")}
    if file.kind == "audio":
        return extras | {"aac": sound, "url_private": sound}
    if file.shared.rendition is not None:
        extras |= {"aac": sound}
    return extras | {"mp4": _tmb(workspace, file, f"{_stem(file)}.mp4"), "audio_wave_samples": OMIT}


def sound_name(file: StoredFile) -> str:
    """Give the end of the address at which Slack serves the sound of a media file in its own form."""
    return f"{_stem(file)}_audio.mp4"


def _stem(file: StoredFile) -> str:
    return slug(file.name).rpartition(".")[0] or slug(file.name)


def _tmb(workspace: Workspace, file: StoredFile, name: str) -> str:
    return f"{workspace.url}/files-tmb/{TEAM_ID}-{file.id}-{file.key}/{name}"


def _preview(file: StoredFile) -> Json:
    text = (file.data or b"").decode("utf-8", errors="replace")
    return {"preview": text[:200], "lines": text.count("\n") + 1, "preview_is_truncated": len(text) > 200}  # noqa: PLR2004 -- the length of Slack's previews


def slug(name: str) -> str:
    """Give a file's name as Slack writes it into addresses: lower case, what is unusual as `_`."""
    kept = (letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)
    return "".join(kept).lower() or "file"


def _shares(workspace: Workspace, file: StoredFile, *, wanted: bool) -> Json:
    """Give where the file was shared; only `files.info` and the answers of an upload say so."""
    keys = ("shares", "channels", "groups", "ims", "comments_count", "is_starred")
    if not wanted:
        return dict.fromkeys(keys, OMIT)
    found: Json = {"shares": {}, "channels": [], "groups": [], "ims": []}
    for message in workspace.shares.get(file.id, []):
        channel = workspace.channels[message.channel]
        if workspace.app.bot.id not in channel.members:
            continue  # an app learns only of the shares in conversations it is in
        side = "public" if channel.kind == "channel" else "private"
        share = workspace.templates.fill(
            "file.share",
            ts=message.ts,
            channel_name=channel.name,
            share_user_id=message.user,
            thread_ts=message.thread_ts or OMIT,
            latest_reply=OMIT,
        )
        found["shares"].setdefault(side, {}).setdefault(channel.id, []).append(share)
        lists = {"channel": "channels", "group": "groups", "mpim": "groups", "im": "ims"}
        known = found[lists[channel.kind]]
        if channel.id not in known:
            known.append(channel.id)
    return found


# --- messages -----------------------------------------------------------------------------------


def message_object(
    workspace: Workspace, message: Message, *, pushed: bool = False, all_metadata: bool = False
) -> Json:
    """Give a message; `pushed` is the form inside events, which have the subtype and all metadata."""
    values = {
        "ts": message.ts,
        "text": message.text,
        "user": message.user,
        "blocks": [*message.blocks] or OMIT,
        "attachments": [*message.attachments] or OMIT,
        "edited": message.edited or OMIT,
        "reactions": _reactions(message),
        "client_msg_id": message.client_msg_id or OMIT,
        "metadata": _metadata(message, complete=pushed or all_metadata),
        "files": [file_object(workspace, file, pushed=pushed) for file in message.files],
        # Slack names the subtype in the event, and leaves it out when the message is read later.
        "subtype": "file_share" if pushed else OMIT,
        "inviter": message.inviter,
        **_thread_fields(workspace, message),
        **_author_fields(workspace, message),
    }
    if message.subtype in {"tombstone", "channel_join"}:
        return workspace.templates.fit(f"message.{message.subtype}", values | {"subtype": message.subtype})
    if message.is_broadcast:
        root = message_object(workspace, workspace.channels[message.channel].messages[message.thread_ts])
        return workspace.templates.fit(
            "message.thread_broadcast", values | {"subtype": "thread_broadcast", "root": root}
        )
    if message.files:
        return workspace.templates.fit("message.file_share", values)
    return workspace.templates.fit("message.bot" if message.bot_id else "message", values)


def _thread_fields(workspace: Workspace, message: Message) -> Json:
    """Give what a parent says about its replies, or a reply about its parent."""
    channel = workspace.channels[message.channel]
    replies = [channel.messages[ts] for ts in channel.threads.get(message.ts, [])]
    keys = ("reply_count", "reply_users_count", "latest_reply", "reply_users", "is_locked", "subscribed")
    fields: Json = dict.fromkeys((*keys, "thread_ts", "parent_user_id"), OMIT)
    if message.is_reply:
        parent = channel.messages.get(message.thread_ts)  # gone with its last reply, when it was a tombstone
        return fields | {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else OMIT}
    if not replies:
        return fields
    users = list(dict.fromkeys(reply.user for reply in replies))
    return fields | {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "reply_users": users,
        "is_locked": False,
        "subscribed": False,
    }


def _author_fields(workspace: Workspace, message: Message) -> Json:
    if not message.bot_id:
        return dict.fromkeys(("bot_id", "app_id", "bot_profile"), OMIT)
    profile = workspace.templates.fill(
        "bot_profile",
        id=message.bot_id,
        app_id=message.app_id,
        user_id=message.user,
        name=workspace.users[message.user].real_name,
    )
    return {"bot_id": message.bot_id, "app_id": message.app_id, "bot_profile": profile}


def _metadata(message: Message, *, complete: bool) -> Any:  # noqa: ANN401 -- a payload, or the mark that leaves it out
    if message.metadata is None:
        return OMIT
    return message.metadata if complete else {"event_type": message.metadata["event_type"]}


def _reactions(message: Message) -> Any:  # noqa: ANN401 -- a list, or the mark that leaves it out
    by_name: dict[str, list[str]] = {}
    for name, user in message.reactions:
        by_name.setdefault(name, []).append(user)
    return [{"name": name, "users": users, "count": len(users)} for name, users in by_name.items()] or OMIT
