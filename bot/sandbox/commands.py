"""Slash commands: what Slack sends, what comes back with the ack, and later to the response_url."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.answers import refused
from bot.sandbox.faults import lose_answer
from bot.sandbox.messages import checked_blocks, ephemeral
from bot.sandbox.objects import message_object
from bot.sandbox.people import as_slack_writes, escaped
from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.traffic import Exchange
from bot.sandbox.views import new_trigger
from bot.sandbox.workspace import TEAM_DOMAIN, TEAM_ID

if TYPE_CHECKING:
    from bot.sandbox.delivery import Delivery
    from bot.sandbox.faults import Faults
    from bot.sandbox.records import Channel, Json, Message, User
    from bot.sandbox.traffic import Log, Pulse
    from bot.sandbox.workspace import Workspace

MOST_ANSWERS = 5
ANSWER_LIFE_SECONDS = 1800.0
MOST_TEXT = 40_000
CHANNEL_NAMES = {"im": "directmessage", "group": "privategroup"}
KEYS = frozenset(
    {
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "unfurl_links",
        "unfurl_media",
        "metadata",
        "mrkdwn",
    }
)


@dataclass(slots=True)
class CommandResult:
    """What a person sees of a command. It grows as the app answers to the response_url."""

    acked: bool
    trigger_id: str
    ephemeral: list[Json] = field(default_factory=list)
    error: str = ""
    response_url: str = ""
    _pulse: Pulse | None = None

    async def answers(self, count: int = 1, timeout_seconds: float = 10.0) -> list[Json]:
        """Wait until the person has seen so many answers."""
        if self._pulse and await self._pulse.until(lambda: len(self.ephemeral) >= count, timeout_seconds):
            return self.ephemeral
        message = f"{len(self.ephemeral)} of {count} answers came within {timeout_seconds:g} seconds"
        raise TimeoutError(message)


@dataclass(slots=True)
class _Open:
    """A response_url that was given out."""

    channel: Channel
    user: User
    given_at: float
    result: CommandResult
    used: int = 0


class Commands:
    """Sends commands to the app and takes the answers."""

    def __init__(
        self,
        workspace: Workspace,
        delivery: Delivery,
        faults: Faults,
        pulse: Pulse,
        log: Log,
    ) -> None:
        self._workspace = workspace
        self._delivery = delivery
        self._faults = faults
        self._pulse = pulse
        self._log = log
        self._open: dict[str, _Open] = {}

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
        key = f"{TEAM_ID}/{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
        url = f"{workspace.url}/commands/{key}"
        result = CommandResult(
            acked=False, trigger_id=new_trigger(workspace, who.id), response_url=url, _pulse=self._pulse
        )
        self._open[key] = _Open(where, who, workspace.clock(), result)
        should_escape = bool(entry.get("should_escape"))
        typed = as_slack_writes(workspace, text, with_names=True) if should_escape else escaped(text)
        fields = workspace.templates.fill(
            "slash_command",
            team_domain=TEAM_DOMAIN,
            channel_id=where.id,
            channel_name=CHANNEL_NAMES.get(where.kind, where.name),
            user_id=who.id,
            user_name=who.name,
            command=command,
            text=typed.strip(),
            api_app_id=workspace.app.id,
            response_url=url,
            trigger_id=result.trigger_id,
        )
        outcome = await self._delivery.command(fields)
        result.acked = outcome.is_acked
        if not outcome.is_acked:
            result.error = "operation_timeout" if "timeout" in outcome.reason else "app_error"
        elif outcome.body:
            self._show_ack(self._open[key], outcome.body)
        return result

    def _show_ack(self, opened: _Open, body: Json) -> None:
        """Show what came with the ack; Slack shows nothing of a message that it would refuse."""
        try:
            self._show(opened, body)
        except RefusedError as error:
            opened.result.error = error.code
            at = self._workspace.clock() - self._workspace.began_at
            exchange = Exchange(
                at, "response_url", "ack", dict(body), 200, ok=False, error=error.code, rule=error.rule
            )
            self._log(exchange)

    async def handle(self, request: web.Request) -> web.Response:
        """Take an answer to a response_url: at most five, within thirty minutes."""
        at = self._workspace.clock() - self._workspace.began_at
        body: Json = {}
        code, rule = "", ""
        try:
            body = _read(await request.text())
            fault = self._faults.take("response_url")
            await self._faults.suffer(fault)
            self._take(request.match_info["key"], body)
            lose_answer(fault)
            response = web.Response(text="ok")
        except RefusedError as error:
            response, code, rule = refused(request, error), error.code, error.rule
        self._log(Exchange(at, "response_url", "response_url", body, response.status, not rule, code, rule))
        return response

    def _take(self, key: str, body: Json) -> None:
        opened = self._open.get(key)
        if opened is None:
            raise _gone(code="invalid_url", rule="the sandbox never gave out this response_url")
        if self._workspace.clock() - opened.given_at > ANSWER_LIFE_SECONDS:
            raise _gone(code="expired_url", rule="a response_url lives thirty minutes")
        if opened.used >= MOST_ANSWERS:
            raise _gone(code="used_url", rule=f"a response_url takes {MOST_ANSWERS} answers")
        self._show(opened, body)
        opened.used += 1

    def _show(self, opened: _Open, body: Json) -> None:
        """Show an answer: to the person alone unless it says `in_channel`."""
        unknown = sorted(body.keys() - KEYS)
        if unknown:
            raise _bad(code="invalid_payload", rule=f"unknown keys: {', '.join(unknown)}")
        seen = opened.result.ephemeral
        if body.get("delete_original"):
            del seen[-1:]
            self._pulse.beat()
            return
        text, blocks = body.get("text", ""), checked_blocks(body.get("blocks"))
        if not isinstance(text, str) or (not text.strip() and not blocks):
            raise _bad(code="no_text", rule="there is neither text nor blocks")
        if len(text) > MOST_TEXT:
            raise _bad(code="msg_too_long", rule=f"text has {len(text)} of {MOST_TEXT} characters")
        content: Json = {"text": text, "blocks": tuple(blocks)}
        if body.get("response_type") == "in_channel":
            self._workspace.post(opened.channel, self._workspace.app.bot, **content)
            return
        message = ephemeral(self._workspace, opened.channel, content)
        if body.get("replace_original"):
            del seen[-1:]
        seen.append(_as_seen(self._workspace, message))
        self._workspace.tell("ephemeral", opened.channel.id, message, user=opened.user.id)


def _as_seen(workspace: Workspace, message: Message) -> Json:
    return message_object(workspace, message) | {"is_ephemeral": True, "channel": message.channel}


def _read(text: str) -> Json:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise _bad(code="invalid_payload", rule="the body is no JSON") from error
    if not isinstance(body, dict):
        raise _bad(code="invalid_payload", rule="the body must be a JSON object")
    return body


def _bad(code: str, rule: str) -> RefusedError:
    return RefusedError(code, rule, status=400)


def _gone(code: str, rule: str) -> RefusedError:
    return RefusedError(code, rule, status=404)
