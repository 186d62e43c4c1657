"""What people in the workspace can do, as methods of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox import files as uploads
from bot.sandbox import people
from bot.sandbox.events import app_home_opened, file_deleted
from bot.sandbox.refusals import SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.sandbox.commands import CommandResult, Commands
    from bot.sandbox.interactions import InteractionResult, Interactions
    from bot.sandbox.records import Json
    from bot.sandbox.workspace import Workspace


class Acting:
    """The half of `SlackSandbox` that plays people; `user` and `channel` are ids or names."""

    workspace: Workspace
    _commands: Commands
    _interactions: Interactions
    _announce: Callable[[list[Json]], None]

    def add_user(self, name: str, *, is_guest: bool = False) -> str:
        """Add a person; give the id."""
        return self.workspace.add_user(name, is_guest=is_guest).id

    def add_channel(
        self,
        name: str,
        *,
        is_private: bool = False,
        members: Iterable[str] = ("ana", "ben"),
        bot_is_member: bool = True,
    ) -> str:
        """Add a channel; give the id."""
        inside = [self.workspace.user(member).id for member in members]
        inside += [self.workspace.app.bot.id] if bot_is_member else []
        return self.workspace.add_channel(name, "group" if is_private else "channel", inside).id

    async def share(  # noqa: PLR0913 -- what a person chooses in the message box
        self,
        files: Any,  # noqa: ANN401 -- a path, a SharedFile, the id of a shared file, or a list of them
        *,
        channel: str = "support",
        user: str = "ana",
        text: str = "",
        thread_ts: str | None = None,
        as_bot: str | None = None,
    ) -> str:
        """Share files in one message; give its ts."""
        return people.share(
            self.workspace, files, channel=channel, user=user, text=text, thread_ts=thread_ts, as_bot=as_bot
        ).ts

    async def say(
        self, text: str, *, channel: str = "support", user: str = "ana", thread_ts: str | None = None
    ) -> str:
        """Say something; give the message's ts."""
        return people.say(self.workspace, text, channel=channel, user=user, thread_ts=thread_ts).ts

    async def forward(self, ts: str, from_channel: str, to_channel: str, user: str = "ana") -> str:
        """Forward a message; give the ts of the new one."""
        return people.forward(
            self.workspace, ts, from_channel=from_channel, to_channel=to_channel, user=user
        ).ts

    async def edit_message(self, channel: str, ts: str, text: str) -> None:
        """Change a message as its author would."""
        people.edit(self.workspace, channel, ts, text)

    def refuse_uploads(self, *extensions: str, error: str = "slack_connect_blocked_file_type") -> None:
        """Take no more files of the app's with these extensions, such as ".srt", as an admin can set it."""
        uploads.refuse_uploads(self.workspace, extensions, error)

    async def delete_message(self, channel: str, ts: str) -> None:
        """Delete a message, whoever wrote it, as an admin can."""
        where = self.workspace.channel(channel)
        self.workspace.delete(where, self.workspace.message(where, ts))

    async def delete_file(self, file_id: str) -> None:
        """Delete a file."""
        self.workspace.delete_file(self.workspace.files[file_id])
        self._announce(file_deleted(self.workspace, file_id))

    async def react(self, channel: str, ts: str, name: str, user: str = "ana") -> None:
        """Put a reaction on a message."""
        where = self.workspace.channel(channel)
        self.workspace.react(where, self.workspace.message(where, ts), self.workspace.user(user).id, name)

    async def unreact(self, channel: str, ts: str, name: str, user: str = "ana") -> None:
        """Take a reaction of one's own away."""
        where = self.workspace.channel(channel)
        self.workspace.unreact(where, self.workspace.message(where, ts), self.workspace.user(user).id, name)

    async def invite_bot(self, channel: str, user: str = "ana") -> None:
        """Invite the app into a channel."""
        await self.invite(channel, self.workspace.app.bot.name, user)

    async def invite(self, channel: str, name: str, user: str = "ana") -> None:
        """Invite somebody into a channel."""
        workspace = self.workspace
        workspace.join(workspace.channel(channel), workspace.user(name), workspace.user(user))

    async def command(
        self, command: str, text: str = "", *, channel: str = "support", user: str = "ana"
    ) -> CommandResult:
        """Type a slash command; back when the app acked or its time was over."""
        return await self._commands.send(command, text, channel, user)

    async def act(  # noqa: PLR0913 -- which element, where, by whom, and what was chosen
        self,
        action_id: str,
        value: Any = None,  # noqa: ANN401 -- a raw choice: text, an id, a list of values, or nothing
        *,
        channel: str = "support",
        ts: str = "",
        view_id: str = "",
        block_id: str = "",
        values: Mapping[str, Any] | None = None,
        user: str = "ana",
    ) -> InteractionResult:
        """Press a button or choose something, in a message (channel, ts), a modal or a Home (view_id).

        `value` is raw: the value of an option, a list of them, an id, a date or a text. `values` are what
        stands in other elements meanwhile, by block_id and action_id.
        """
        interactions = self._interactions
        place = interactions.in_view(user, view_id) if view_id else interactions.in_message(user, channel, ts)
        return await interactions.act(place, block_id, action_id, value, values or {})

    async def submit_view(
        self, view_id: str, values: Mapping[str, Any] | None = None, *, user: str = "ana"
    ) -> InteractionResult:
        """Submit a modal with these raw values, by block_id and action_id."""
        return await self._interactions.submit(user, view_id, values or {})

    async def close_view(
        self, view_id: str, *, everything: bool = False, user: str = "ana"
    ) -> InteractionResult:
        """Close a modal, or with `everything` all that lie on each other, as the cross at the top does."""
        return await self._interactions.close(user, view_id, everything=everything)

    async def shortcut(
        self, callback_id: str, *, channel: str = "", ts: str = "", user: str = "ana"
    ) -> InteractionResult:
        """Use a shortcut of the app's: one for messages on a message (channel, ts), a global one anywhere."""
        return await self._interactions.shortcut(user, callback_id, channel, ts)

    async def open_home(self, tab: str = "home", *, user: str = "ana") -> None:
        """Open the app at its Home or at its messages."""
        app = self.workspace.app
        if not {"home": app.has_home, "messages": app.has_messages_tab}.get(tab):
            message = f"the app has no tab {tab}: the manifest does not switch it on"
            raise SandboxMisuseError(message)
        person = self.workspace.user(user).id
        self.workspace.direct(person)  # whoever opens the app finds a conversation with it
        self._announce(app_home_opened(self.workspace, person, tab))
