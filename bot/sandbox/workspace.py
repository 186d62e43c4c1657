"""One Slack workspace in memory: who is where, what was said, and Slack's rules about it. No IO.

Whatever happens is told as a `Change` to `listeners`, in the order it happened.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.sandbox.installed_app import App, id_part
from bot.sandbox.records import (
    Change,
    ChangeKind,
    Channel,
    ChannelKind,
    Ephemeral,
    Message,
    StoredFile,
    User,
    View,
)
from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.sandbox.elements import Filled
    from bot.sandbox.files import Upload
    from bot.sandbox.response_urls import Address
    from bot.sandbox.views import Trigger

TEAM_ID = "T0SANDBOX"
TEAM_DOMAIN = "sandbox"
SLACKBOT_ID = "USLACKBOT"
TS_SHAPE = re.compile(r"\d{10,}\.\d{6}")


class Workspace:
    """The state. Methods that break a rule of Slack's raise `RefusedError` with Slack's own code."""

    def __init__(self, manifest: Mapping[str, Any], clock: Callable[[], float], url: str = "") -> None:
        self.app = App.from_manifest(manifest)
        self.clock = clock
        self.began_at = clock()
        self.url = url
        self.templates = Templates()
        self.listeners: list[Callable[[Change], None]] = []
        self._last_microsecond = 0
        self.forget()

    def forget(self) -> None:
        """Empty the workspace: nobody is here but the app."""
        self.users: dict[str, User] = {self.app.bot.id: self.app.bot}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, StoredFile] = {}
        self.shares: dict[str, list[Message]] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.ephemerals: dict[str, Ephemeral] = {}
        self.response_urls: dict[str, Address] = {}
        self.filled: dict[tuple[str, str], Filled] = {}
        self.uploads: dict[str, Upload] = {}
        self.refused_uploads: dict[str, str] = {}

    # --- names and numbers ------------------------------------------------------------------

    def next_ts(self) -> str:
        """Give a ts that no message or event had before, in the order of time."""
        self._last_microsecond = max(self._last_microsecond + 1, int(self.clock() * 1_000_000))
        seconds, micro = divmod(self._last_microsecond, 1_000_000)
        return f"{seconds:010d}.{micro:06d}"

    def new_id(self, prefix: str) -> str:
        """Give an id such as `F…`: unique, also against those of an earlier sandbox."""
        return prefix + "0" + format(int(self.next_ts().replace(".", "")), "X")

    def user(self, key: str) -> User:
        """Find a user by id or name."""
        for user in self.users.values():
            if key.removeprefix("@").lower() in {user.id.lower(), user.name}:
                return user
        message = f"nobody here is called {key}"
        raise SandboxMisuseError(message)

    def channel(self, key: str) -> Channel:
        """Find a conversation by id, by name (`support`, `#support`), or `@ana` for her DM with the bot."""
        if key.startswith("@"):
            return self.direct(self.user(key).id)
        for channel in self.channels.values():
            if key.removeprefix("#") in {channel.id, channel.name}:
                return channel
        message = f"there is no channel {key}"
        raise SandboxMisuseError(message)

    def add_user(self, name: str, *, is_guest: bool = False, other_bot: bool = False) -> User:
        """Add a person, or the user of another app's bot."""
        label = self._free("U0", name, self.users)
        app = {"bot_id": f"B0{label[2:]}", "app_id": f"A0{label[2:]}"} if other_bot else {}
        user = User(label, name.lower(), name.title(), is_guest=is_guest, **app)
        self.users[user.id] = user
        return user

    def add_channel(self, name: str, kind: ChannelKind, members: Iterable[str], label: str = "") -> Channel:
        """Add a conversation with these user ids in it; `label` stands in its id instead of the name."""
        inside = list(dict.fromkeys(members))
        people = [member for member in inside if member != self.app.bot.id]
        channel_id = self._free({"im": "D0"}.get(kind, "C0"), label or name, self.channels)
        creator = people[0] if people else self.app.bot.id
        channel = Channel(channel_id, name, kind, creator, int(self.clock()), inside)
        self.channels[channel_id] = channel
        return channel

    def direct(self, user_id: str) -> Channel:
        """Give the DM of a person with the bot; it comes into being when first used."""
        for channel in self.channels.values():
            if channel.kind == "im" and user_id in channel.members:
                return channel
        name = self.users[user_id].name
        return self.add_channel(f"dm-{name}", "im", [user_id, self.app.bot.id], label=name)

    def _free(self, prefix: str, name: str, taken: Mapping[str, object]) -> str:
        wanted = prefix + id_part(name)
        return wanted if wanted not in taken else self.new_id(wanted)

    # --- messages ---------------------------------------------------------------------------

    def message(self, channel: Channel, ts: str, code: str = "message_not_found") -> Message:
        """Find a message that still stands; a tombstone does not count as one."""
        message = channel.messages.get(ts)
        if message is None or message.subtype == "tombstone":
            raise RefusedError(code, f"no message {ts} stands in {channel.id}")
        return message

    def check_thread(self, channel: Channel, thread_ts: str) -> None:
        """Refuse a thread_ts that is no thread parent of this channel."""
        if not TS_SHAPE.fullmatch(thread_ts):
            raise RefusedError(
                code="invalid_thread_ts", rule=f"{thread_ts!r} is not a ts such as 1795000000.000100"
            )
        parent = channel.messages.get(thread_ts)
        if parent is None:
            raise RefusedError(
                code="thread_not_found", rule=f"{thread_ts} is no message of {channel.id} (any more)"
            )
        if parent.is_reply:
            raise RefusedError(
                code="cannot_reply_to_message",
                rule=f"{thread_ts} is a reply; thread_ts must be its parent {parent.thread_ts}",
            )

    def post(self, channel: Channel, author: User, text: str, **more: Any) -> Message:  # noqa: ANN401 -- fields of Message
        """Let a message stand; `more` are further fields of `Message`."""
        thread_ts = more.get("thread_ts", "")
        if channel.is_archived:
            raise RefusedError(code="is_archived", rule=f"{channel.id} is archived")
        if thread_ts:
            self.check_thread(channel, thread_ts)
        message = Message(
            channel=channel.id,
            ts=self.next_ts(),
            user=author.id,
            name=author.name,
            text=text,
            bot_id=author.bot_id,
            app_id=author.app_id,
            **more,
        )
        channel.messages[message.ts] = message
        if thread_ts:
            channel.threads.setdefault(thread_ts, []).append(message.ts)
        for file in message.files:
            self.shares.setdefault(file.id, []).append(message)
        self.tell("posted", channel.id, message)
        if author == self.app.bot and channel.statuses.pop(thread_ts, ""):
            self.tell("status", channel.id, None, user=author.id)
        return message

    def edit(self, channel: Channel, message: Message, by: str, **changes: Any) -> Message:  # noqa: ANN401 -- fields of Message
        """Put an edited message in the place of `message`."""
        edited = {"user": by, "ts": f"{int(self.clock()):010d}.000000"}
        return self._put(channel, message, replace(message, edited=edited, **changes))

    def delete(self, channel: Channel, message: Message) -> None:
        """Take a message away; a parent with replies leaves a tombstone, as the thread lives on."""
        left = None
        if channel.threads.get(message.ts):
            left = Message(
                channel.id,
                message.ts,
                SLACKBOT_ID,
                "slackbot",
                "This message was deleted.",
                subtype="tombstone",
            )
            channel.messages[message.ts] = left
        else:
            del channel.messages[message.ts]
            self._leave_thread(channel, message)
        for file in message.files:
            self.shares[file.id] = [share for share in self.shares[file.id] if share.ts != message.ts]
        self.tell("deleted", channel.id, message, left=left)

    def _leave_thread(self, channel: Channel, message: Message) -> None:
        """Forget a deleted reply; a tombstone goes with its last reply."""
        replies = channel.threads.get(message.thread_ts, [])
        if message.ts not in replies:
            return
        replies.remove(message.ts)
        parent = channel.messages[message.thread_ts]
        if not replies:
            del channel.threads[message.thread_ts]
            if parent.subtype == "tombstone":
                del channel.messages[parent.ts]

    def _put(self, channel: Channel, old: Message, new: Message) -> Message:
        channel.messages[old.ts] = new
        self.tell("edited", channel.id, new, previous=old)
        return new

    def react(self, channel: Channel, message: Message, user_id: str, name: str) -> None:
        """Add a reaction."""
        if (name, user_id) in message.reactions:
            raise RefusedError(code="already_reacted", rule=f"{user_id} already put :{name}: there")
        new = replace(message, reactions=(*message.reactions, (name, user_id)))
        channel.messages[message.ts] = new
        self.tell("reacted", channel.id, new, user=user_id, detail=name)

    def unreact(self, channel: Channel, message: Message, user_id: str, name: str) -> None:
        """Take a reaction away."""
        if (name, user_id) not in message.reactions:
            raise RefusedError(code="no_reaction", rule=f"{user_id} has no :{name}: there")
        kept = tuple(one for one in message.reactions if one != (name, user_id))
        new = replace(message, reactions=kept)
        channel.messages[message.ts] = new
        self.tell("unreacted", channel.id, new, user=user_id, detail=name)

    def thread(self, channel: Channel, ts: str) -> list[Message]:
        """Give a parent and its replies, oldest first; nothing where nothing stands."""
        stamps: Sequence[str] = [ts, *channel.threads.get(ts, ())]
        return [channel.messages[stamp] for stamp in stamps if stamp in channel.messages]

    # --- members and files ------------------------------------------------------------------

    def join(self, channel: Channel, user: User, inviter: User) -> None:
        """Let somebody in: Slack writes a line in the channel, and says so to the apps in it."""
        if user.id in channel.members:
            raise RefusedError(code="already_in_channel", rule=f"{user.name} is in {channel.name}")
        channel.members.append(user.id)
        text = f"<@{user.id}> has joined the channel"
        line = self.post(channel, user, text, subtype="channel_join", inviter=inviter.id)
        self.tell("joined", channel.id, line, user=user.id, detail=inviter.id)

    def delete_file(self, file: StoredFile) -> None:
        """Delete a file: where it was shared, only its id and `tombstone` stay."""
        gone = replace(file, is_deleted=True)
        self.files[file.id] = gone
        for share in self.shares.get(file.id, []):
            channel = self.channels[share.channel]
            message = channel.messages[share.ts]
            files = tuple(gone if one.id == file.id else one for one in message.files)
            self._put(channel, message, replace(message, files=files))

    def tell(self, kind: ChangeKind, channel_id: str, message: Message | None, **more: Any) -> None:  # noqa: ANN401 -- fields of Change
        """Tell every listener what happened."""
        change = Change(kind, channel_id, message, self.clock() - self.began_at, **more)
        for listener in list(self.listeners):
            listener(change)
