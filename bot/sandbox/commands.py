"""Slash commands: what Slack sends, and what comes back with the ack. Later answers: response_urls.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.delivery import failure
from bot.sandbox.people import as_slack_writes, escaped
from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.response_urls import Answers
from bot.sandbox.traffic import Exchange
from bot.sandbox.views import new_trigger
from bot.sandbox.workspace import TEAM_DOMAIN

if TYPE_CHECKING:
    from bot.sandbox.delivery import Delivery
    from bot.sandbox.records import Channel, Json
    from bot.sandbox.response_urls import Address, ResponseUrls
    from bot.sandbox.traffic import Log
    from bot.sandbox.workspace import Workspace

CHANNEL_NAMES = {"im": "directmessage", "group": "privategroup"}


class CommandResult(Answers):
    """What a person sees of a command. It grows as the app answers to the response_url."""

    __slots__ = ()


class Commands:
    """Sends commands to the app."""

    def __init__(self, workspace: Workspace, delivery: Delivery, urls: ResponseUrls, log: Log) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._urls = urls
        self._log = log

    async def send(self, command: str, text: str, channel: str, user: str) -> CommandResult:
        """Let a person type a command; back when the app acked, or when its time was over."""
        workspace = self._workspace
        where, who = workspace.channel(channel), workspace.user(user)
        if where.kind != "channel" and who.id not in where.members:
            message = f"{who.name} is not in {where.name}"
            raise SandboxMisuseError(message)
        entry = workspace.app.commands.get(command)
        if entry is None or "commands" not in workspace.app.scopes:
            message = (
                f"{command} is not a valid command: the manifest has no such command, or no scope commands"
            )
            raise SandboxMisuseError(message)
        result = CommandResult(acked=False, trigger_id=new_trigger(workspace, who.id))
        address = self._urls.give("commands", where, who, result)
        should_escape = bool(entry.get("should_escape"))
        typed = as_slack_writes(workspace, text, with_names=True) if should_escape else escaped(text)
        fields = workspace.templates.fill(
            "slash_command",
            team_domain=TEAM_DOMAIN,
            channel_id=where.id,
            channel_name=name_of(where),
            user_id=who.id,
            user_name=who.name,
            command=command,
            text=typed.strip(),
            api_app_id=workspace.app.id,
            response_url=result.response_url,
            trigger_id=result.trigger_id,
        )
        outcome = await self._delivery.command(fields)
        result.acked, result.error = outcome.is_acked, failure(outcome)
        # After a reset meanwhile there is no place any more where it could stand.
        if outcome.body and any(one is address for one in workspace.response_urls.values()):
            self._show_ack(address, outcome.body)
        return result

    def _show_ack(self, address: Address, body: Json) -> None:
        """Show what came with the ack; Slack shows nothing of a message that it would refuse."""
        try:
            self._urls.show(address, body)
        except RefusedError as error:
            address.result.error = error.code
            at = self._workspace.clock() - self._workspace.began_at
            exchange = Exchange(
                at, "response_url", "ack", dict(body), 200, ok=False, error=error.code, rule=error.rule
            )
            self._log(exchange)


def name_of(channel: Channel) -> str:
    """Give a conversation's name as Slack tells it to an app: private ones keep theirs."""
    return CHANNEL_NAMES.get(channel.kind, channel.name)
