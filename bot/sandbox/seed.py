"""The workspace as it is at first: a few people and conversations, with the same ids in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.sandbox.workspace import Workspace


def sow(workspace: Workspace) -> None:
    """Add ana, ben and a guest; channels with and without the bot; a DM and a group DM with it."""
    bot = workspace.app.bot
    ana, ben = workspace.add_user("ana"), workspace.add_user("ben")
    guest = workspace.add_user("guest", is_guest=True)
    workspace.add_channel("support", "channel", [ana.id, ben.id, guest.id, bot.id])
    workspace.add_channel("sales", "channel", [ana.id, ben.id, bot.id])
    workspace.add_channel("random", "channel", [ana.id, ben.id])
    workspace.add_channel("leads", "group", [ana.id, ben.id, bot.id])
    workspace.direct(ana.id)
    workspace.add_channel(f"mpdm-ana--ben--{bot.name}-1", "mpim", [ana.id, ben.id, bot.id], "group")
