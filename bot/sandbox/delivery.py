"""Deliver events as Slack does: an ack is due in three seconds, else the same event comes again."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.sandbox.refusals import SandboxMisuseError
from bot.sandbox.signed_http import SignedHttp
from bot.sandbox.socket_mode import Outcome, SocketMode
from bot.sandbox.traffic import Exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Literal

    from bot.sandbox.faults import Faults
    from bot.sandbox.records import Json
    from bot.sandbox.traffic import Log
    from bot.sandbox.workspace import Workspace

ACK_SECONDS = 3.0
RETRY_DELAYS = (0.0, 60.0, 300.0)
MOST_REMEMBERED = 1000


class Delivery:
    """Carries events, commands and interactions to the app, over Socket Mode or signed HTTP."""

    def __init__(
        self,
        workspace: Workspace,
        socket: SocketMode,
        faults: Faults,
        log: Log,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._workspace = workspace
        self._socket = socket
        self._faults = faults
        self._log = log
        self._sleep = sleep
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pauses: set[asyncio.Future[None]] = set()
        self._sent: dict[str, Json] = {}
        self.http: SignedHttp | None = None
        self.ack_seconds = ACK_SECONDS
        self.retry_delays: tuple[float, ...] = RETRY_DELAYS

    def over_http(self, url: str, signing_secret: str) -> asyncio.Task[bool]:
        """Deliver by signed POSTs from now on; the task says whether the app answered the challenge."""
        carrier = self.http = SignedHttp(self._workspace, url, signing_secret)

        async def verify() -> bool:
            began, at = time.perf_counter(), self._workspace.clock() - self._workspace.began_at
            outcome = await carrier.verify(self.ack_seconds)
            self._log(_exchange(outcome, at=at, began=began, kind="event", method="url_verification"))
            return carrier.is_verified

        return self.spawn(verify())

    def send(self, payload: Json) -> str:
        """Deliver an event in the background, again and again as the plan says; give its event_id."""
        event_id = str(payload["event_id"])
        self._sent[event_id] = payload
        if len(self._sent) > MOST_REMEMBERED:
            del self._sent[next(iter(self._sent))]
        self.spawn(self._carry(payload))
        return event_id

    def send_again(self, event_id: str | None) -> str:
        """Deliver an event once more, the last one where none is named, as a retry that Slack decided on."""
        wanted = event_id or next(reversed(self._sent), None)
        if wanted not in self._sent:
            message = f"no event {wanted} was sent" if wanted else "no event was sent yet"
            raise SandboxMisuseError(message)
        self.spawn(self._attempt(self._sent[wanted], 1, self._lateness()))
        return wanted

    def _lateness(self) -> str:
        return "http_timeout" if self.http else "timeout"

    async def _carry(self, payload: Json) -> None:
        outcome = await self._attempt(payload, 0, "")
        attempt = 0
        while not outcome.is_acked and not outcome.is_final and attempt < len(self.retry_delays):
            await self._pause(self.retry_delays[attempt])
            attempt += 1
            outcome = await self._attempt(payload, attempt, outcome.reason)

    async def _pause(self, seconds: float) -> None:
        pause = asyncio.ensure_future(self._sleep(seconds))
        self._pauses.add(pause)
        try:
            await asyncio.wait({pause})
        finally:
            self._pauses.discard(pause)
            pause.cancel()

    def hurry(self) -> None:
        """Repeat now what would be repeated later: the app is back, and a person waits for it."""
        for pause in self._pauses:
            pause.cancel()

    async def _attempt(self, payload: Json, attempt: int, reason: str) -> Outcome:
        began, at = time.perf_counter(), self._workspace.clock() - self._workspace.began_at
        self._drop_after_sending()
        if self.http is not None:
            outcome = await self.http.send_event(payload, attempt, reason, self.ack_seconds)
        else:
            values = {"payload": payload, "retry_attempt": attempt, "retry_reason": reason}
            outcome = await self._socket.send("events_api", values, self.ack_seconds)
        if outcome.is_acked and self._faults.take("event", "missed_ack"):
            outcome = Outcome(is_acked=False, reason=self._lateness(), rule="fault missed_ack")
        event = payload.get("event", payload)
        kind = ".".join(filter(None, (str(event.get("type", "")), str(event.get("subtype", "")))))
        shown = {key: event[key] for key in ("channel", "ts", "thread_ts", "user") if key in event}
        shown |= {"event_id": payload.get("event_id", ""), "attempt": attempt, "body": payload}
        self._log(_exchange(outcome, at=at, began=began, kind="event", method=kind, arguments=shown))
        return outcome

    def _drop_after_sending(self) -> None:
        """Arrange for the websocket to go right after the envelope went out, before its ack."""
        fault = self._faults.take("event", "socket_drop", "socket_refresh")
        if fault is not None and fault.kind == "socket_drop":
            asyncio.get_running_loop().call_soon(self._socket.drop)
        elif fault is not None:
            self.spawn(self._socket.ask_to_reconnect())

    async def command(self, fields: Json) -> Outcome:
        """Deliver a slash command."""
        shown = {"channel": fields["channel_id"], "user": fields["user_id"], "body": fields}
        sent = self._send("slash_commands", {"payload": fields}, fields)
        return await self._once("command", str(fields["command"]), shown, sent)

    async def interaction(self, payload: Json, *, takes_answer: bool = False) -> Outcome:
        """Deliver what somebody pressed, chose or submitted; few acks may carry an answer."""
        shown = {"user": payload["user"]["id"]} | _where(payload) | {"body": payload}
        values = {"payload": payload, "accepts_response_payload": takes_answer}
        sent = self._send("interactive", values, {"payload": json.dumps(payload, ensure_ascii=False)})
        return await self._once("interaction", str(payload["type"]), shown, sent, takes_answer=takes_answer)

    def _send(self, kind: str, values: Json, form: Json) -> Coroutine[Any, Any, Outcome]:
        if self.http is not None:
            return self.http.send_form(form, self.ack_seconds)
        return self._socket.send(kind, values, self.ack_seconds)

    async def _once(
        self,
        place: Literal["command", "interaction"],
        method: str,
        shown: Json,
        sent: Awaitable[Outcome],
        *,
        takes_answer: bool = True,
    ) -> Outcome:
        """Carry something that Slack has no plan of retries for."""
        began, at = time.perf_counter(), self._workspace.clock() - self._workspace.began_at
        outcome = await sent
        if outcome.is_acked and self._faults.take(place, "missed_ack"):
            outcome = Outcome(is_acked=False, reason="timeout", rule="fault missed_ack")
        if outcome.body and not takes_answer:
            outcome = replace(outcome, body=None, rule="Slack ignores the answer that came with this ack")
        self._log(_exchange(outcome, at=at, began=began, kind=place, method=method, arguments=shown))
        return outcome

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside the rest until it is done or the sandbox closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def forget(self) -> None:
        """Give up everything under way."""
        for task in list(self._tasks):
            task.cancel()
        self._sent.clear()

    async def close(self) -> None:
        """Stop."""
        self.forget()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.http is not None:
            await self.http.close()


def failure(outcome: Outcome) -> str:
    """Give the error that people are shown for a missing ack; empty where it came."""
    if outcome.is_acked:
        return ""
    return "operation_timeout" if "timeout" in outcome.reason else "app_error"


def _where(payload: Json) -> Json:
    """Give the ids that tell an interaction apart in the log."""
    found = {"channel": payload["channel"]["id"]} if "channel" in payload else {}
    found |= {"callback_id": payload["callback_id"]} if "callback_id" in payload else {}
    found |= {"view_id": payload["view"]["id"]} if "view" in payload else {}
    return found | ({"action_id": payload["actions"][0]["action_id"]} if "actions" in payload else {})


def _exchange(outcome: Outcome, *, began: float, **values: Any) -> Exchange:  # noqa: ANN401 -- fields of Exchange
    """Give the log's entry of a delivery."""
    return Exchange(
        **values,
        status=outcome.status,
        ok=outcome.is_acked,
        error="" if outcome.is_acked else outcome.reason,
        rule=outcome.rule,
        duration=time.perf_counter() - began,
    )
