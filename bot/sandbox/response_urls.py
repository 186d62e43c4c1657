"""Response addresses: what an app may still say after an interaction, five times within thirty minutes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox import ephemerals
from bot.sandbox.answers import refused
from bot.sandbox.bodies import let_go, reading, strict_json
from bot.sandbox.elements import numbered
from bot.sandbox.faults import lose_answer
from bot.sandbox.messages import checked_attachments, checked_blocks
from bot.sandbox.objects import message_object
from bot.sandbox.refusals import RefusedError
from bot.sandbox.traffic import Exchange
from bot.sandbox.workspace import TEAM_ID

if TYPE_CHECKING:
    from bot.sandbox.faults import Faults
    from bot.sandbox.records import Channel, Json, Message, User
    from bot.sandbox.traffic import Log, Pulse
    from bot.sandbox.workspace import Workspace

MOST_ANSWERS = 5
MOST_ADDRESSES = 1000
ANSWER_LIFE_SECONDS = 1800.0
MOST_TEXT = 40_000
FAMILIES = ("commands", "actions", "app")
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
class Answers:
    """What a person sees of what they did. It grows as the app answers to the response_url."""

    acked: bool
    trigger_id: str = ""
    ephemeral: list[Json] = field(default_factory=list)
    error: str = ""
    response_url: str = ""
    pulse: Pulse | None = None

    async def answers(self, count: int = 1, timeout_seconds: float = 10.0) -> list[Json]:
        """Wait until the person has seen so many answers."""
        if self.pulse and await self.pulse.until(lambda: len(self.ephemeral) >= count, timeout_seconds):
            return self.ephemeral
        message = f"{len(self.ephemeral)} of {count} answers came within {timeout_seconds:g} seconds"
        raise TimeoutError(message)

    def see(self, message: Json) -> None:
        """Let the person see a message, in the place of its earlier form where there is one."""
        places = [place for place, one in enumerate(self.ephemeral) if one["ts"] == message["ts"]]
        if places:
            self.ephemeral[places[0]] = message
        else:
            self.ephemeral.append(message)

    def lose(self, ts: str) -> None:
        """Take a message away from the person."""
        self.ephemeral[:] = [one for one in self.ephemeral if one["ts"] != ts]


@dataclass(slots=True)
class Address:
    """A response_url that was given out.

    The original is what `replace_original` means: the message that a button stands on (`message_ts`),
    or an ephemeral one (`ephemeral_ts`): the button's own, else the last that came through this address.
    """

    channel: Channel
    user: User
    given_at: float
    result: Answers
    has_original: bool = False
    message_ts: str = ""
    ephemeral_ts: str = ""
    used: int = 0


class ResponseUrls:
    """Gives addresses out and takes the answers that are posted to them."""

    def __init__(self, workspace: Workspace, faults: Faults, pulse: Pulse, log: Log) -> None:
        self._workspace = workspace
        self._faults = faults
        self._pulse = pulse
        self._log = log

    def routes(self) -> list[web.RouteDef]:
        """Give where the answers arrive."""
        return [web.post(f"/{{key:(?:{'|'.join(FAMILIES)})/.+}}", self.handle)]

    def give(  # noqa: PLR0913 -- who, where, for what
        self,
        family: str,
        channel: Channel,
        user: User,
        result: Answers,
        *,
        message_ts: str = "",
        ephemeral_ts: str = "",
    ) -> Address:
        """Give a new address out; it stands in the result."""
        given = self._workspace.response_urls
        key = f"{family}/{TEAM_ID}/{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
        result.response_url, result.pulse = f"{self._workspace.url}/{key}", self._pulse
        has_original = bool(message_ts or ephemeral_ts)
        given[key] = Address(
            channel, user, self._workspace.clock(), result, has_original, message_ts, ephemeral_ts
        )
        if len(given) > MOST_ADDRESSES:
            del given[next(iter(given))]
        return given[key]

    async def handle(self, request: web.Request) -> web.Response:
        """Take an answer to a response_url: at most five, within thirty minutes."""
        at = self._workspace.clock() - self._workspace.began_at
        body: Json = {}
        code, rule = "", ""
        try:
            key = request.match_info["key"]
            self._find(key)  # who has no address spends no fault, and nothing he sends is kept
            body = await _read(request)
            fault = self._faults.take("response_url")
            await self._faults.suffer(fault)
            self._take(self._find(key), body)
            lose_answer(fault)
            response = web.Response(text="ok")
        except RefusedError as error:
            response, code, rule = refused(request, error), error.code, error.rule
            let_go(request, response)
        self._log(Exchange(at, "response_url", "response_url", body, response.status, not rule, code, rule))
        return response

    def _find(self, key: str) -> Address:
        address = self._workspace.response_urls.get(key)
        if address is None:
            raise _gone(code="invalid_url", rule="the sandbox never gave out this response_url")
        return address

    def _take(self, address: Address, body: Json) -> None:
        if self._workspace.clock() - address.given_at > ANSWER_LIFE_SECONDS:
            raise _gone(code="expired_url", rule="a response_url lives thirty minutes")
        if address.used >= MOST_ANSWERS:
            raise _gone(code="used_url", rule=f"a response_url takes {MOST_ANSWERS} answers")
        try:
            self.show(address, body)
        except RefusedError as error:
            error.status = max(error.status, 400)
            raise
        address.used += 1

    def show(self, address: Address, body: Json) -> None:
        """Show an answer: to the person alone unless it says `in_channel`."""
        unknown = sorted(body.keys() - KEYS)
        if unknown:
            raise _bad(code="invalid_payload", rule=f"unknown keys: {', '.join(unknown)}")
        is_new = not _flag(body, "replace_original")
        if _flag(body, "delete_original"):
            if not (body.get("text") or body.get("blocks")):
                self._delete(address)
                return
            is_new = True
        content = self._content(body)
        thread_ts = _thread(body)
        if _flag(body, "delete_original"):
            self._delete(address)
        if not is_new and (address.message_ts or address.ephemeral_ts):
            self._replace(address, content)
        elif body.get("response_type") == "in_channel":
            self._workspace.post(address.channel, self._workspace.app.bot, thread_ts=thread_ts, **content)
        else:
            self._whisper(address, content)

    def _content(self, body: Json) -> Json:
        text, checked = body.get("text", ""), checked_blocks(body.get("blocks"))
        attachments = checked_attachments(body.get("attachments"))
        if not isinstance(text, str) or not (text.strip() or checked or attachments):
            raise _bad(code="no_text", rule="there is neither text nor blocks")
        if len(text) > MOST_TEXT:
            raise _bad(code="msg_too_long", rule=f"text has {len(text)} of {MOST_TEXT} characters")
        blocks = tuple(numbered(self._workspace, checked))
        return {"text": text, "blocks": blocks, "attachments": attachments}

    def _whisper(self, address: Address, content: Json) -> None:
        message = ephemerals.show(self._workspace, address.channel, address.user.id, content)
        if not address.has_original:
            address.ephemeral_ts = message.ts
        self._seen(address, message)

    def _replace(self, address: Address, content: Json) -> None:
        """Change the original; it stays visible to whom it was visible before."""
        workspace = self._workspace
        if address.message_ts:
            message = workspace.message(address.channel, address.message_ts)
            workspace.edit(address.channel, message, workspace.app.bot.id, **content)
            return
        self._check_kept(address)
        self._seen(address, ephemerals.change(workspace, address.ephemeral_ts, content))

    def _delete(self, address: Address) -> None:
        """Take the original away; where there is none nothing happens, as after a command."""
        workspace = self._workspace
        if address.message_ts:
            workspace.delete(address.channel, workspace.message(address.channel, address.message_ts))
        elif address.ephemeral_ts:
            self._check_kept(address)
            ephemerals.remove(workspace, address.ephemeral_ts)
            address.result.lose(address.ephemeral_ts)
            address.ephemeral_ts = ""
            self._pulse.beat()

    def _check_kept(self, address: Address) -> None:
        if address.ephemeral_ts not in self._workspace.ephemerals:
            raise _gone(code="message_not_found", rule="the ephemeral message is gone")

    def _seen(self, address: Address, message: Message) -> None:
        shown = message_object(self._workspace, message)
        address.result.see(shown | {"is_ephemeral": True, "channel": message.channel})
        self._pulse.beat()


def _flag(body: Json, name: str) -> bool:
    """Read a yes or no; Slack takes the word as well."""
    return str(body.get(name, "")).lower() == "true"


def _thread(body: Json) -> str:
    """Give the thread to answer in; Slack takes one only for a new message in the channel."""
    thread_ts = str(body.get("thread_ts") or "")
    is_kept = "replace_original" in body and not _flag(body, "replace_original")
    if thread_ts and not (is_kept and body.get("response_type") == "in_channel"):
        rule = "`thread_ts` goes only with response_type in_channel and replace_original false"
        raise _bad(code="invalid_payload", rule=rule)
    return thread_ts


async def _read(request: web.Request) -> Json:
    try:
        with reading(request) as bounded:
            body = strict_json(await bounded.text())
    except (ValueError, RecursionError) as error:
        raise _bad(code="invalid_payload", rule=f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise _bad(code="invalid_payload", rule="the body must be a JSON object")
    return body


def _bad(code: str, rule: str) -> RefusedError:
    return RefusedError(code, rule, status=400)


def _gone(code: str, rule: str) -> RefusedError:
    return RefusedError(code, rule, status=404)
