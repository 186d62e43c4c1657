"""Faults on demand: what can go wrong between Slack and an app, one named kind each."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, get_args

from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

FaultKind = Literal[
    "rate_limited",  # 429 with Retry-After; with status=200 the body alone says `rate_limited`
    "error",  # the API error named by `error`
    "http_error",  # `status` (500) with an HTML page
    "revoked_token",  # token_revoked, whatever is called
    "missing_scope",  # as if the scope named by `error` had not been granted
    "lost_before",  # the connection drops, nothing was done
    "lost_after",  # it was done, then the connection drops
    "hang",  # taken and never answered, until `release`
    "slow",  # answered after `seconds`
    "sign_in_page",  # a download leads to the sign-in page, which is 200 text/html
    "slow_file",  # a download takes `seconds`
    "cut_file",  # the body ends after `bytes`, before its Content-Length
    "short_file",  # the body has only `bytes`, and its Content-Length agrees
    "file_redirect_elsewhere",  # a download leads to `url`, on another host
    "deleted_file",  # `status` 404 or 410 for the bytes
    "missed_ack",  # the ack gets lost, so the event comes again
    "socket_refresh",  # Slack asks to reconnect
    "socket_drop",  # the websocket is gone without a word
]
KINDS = frozenset(get_args(FaultKind))
AT_ONCE = frozenset({"socket_refresh", "socket_drop"})
ANYWHERE = frozenset({"rate_limited", "error", "http_error", "lost_before", "lost_after", "hang", "slow"})
BYTES = frozenset(
    {"sign_in_page", "slow_file", "cut_file", "short_file", "file_redirect_elsewhere", "deleted_file"}
)
# What can go wrong where. Everywhere else is a method of the Web API.
PLACES = {
    "download": ANYWHERE | BYTES,
    "upload": ANYWHERE,
    "response_url": ANYWHERE,
    "event": AT_ONCE | {"missed_ack"},
    "command": frozenset({"missed_ack"}),
    "interaction": frozenset({"missed_ack"}),
}
API = ANYWHERE | {"revoked_token", "missing_scope"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, for the next `times` calls (None: until cleared) that match `method`.

    `method` is a Web API method, a pattern such as `chat.*`, or a place: `download`, `upload`,
    `response_url`, `event`, `command`, `interaction`. Empty means what the kind is about.
    `after` lets as many matching calls pass first. `error` is the API error, `scope` the missing scope.
    """

    kind: FaultKind
    method: str = ""
    times: int | None = 1
    after: int = 0
    error: str = ""
    scope: str = ""
    status: int | None = None
    retry_after: float = 1.0
    seconds: float = 1.0
    bytes: int = 100
    url: str = "http://127.0.0.2:9/elsewhere"

    def __post_init__(self) -> None:
        """Refuse a fault that could never happen."""
        if self.kind not in KINDS:
            message = f"no fault is called {self.kind}; there are {', '.join(sorted(KINDS))}"
            raise ValueError(message)
        if self.method and self.kind not in PLACES.get(self.method, API):
            message = f"{self.kind} cannot happen at {self.method}"
            raise ValueError(message)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Fault:
        """Read a fault that came over the control API; unknown keys are refused."""
        try:
            return cls(**payload)
        except TypeError as error:
            raise ValueError(str(error)) from error

    def concerns(self, method: str) -> bool:
        """Say whether a call of `method` is meant."""
        if self.method:
            return fnmatchcase(method, self.method) and (method in PLACES) == (self.method in PLACES)
        if self.kind in BYTES:
            return method == "download"
        if self.kind == "missed_ack":
            return method == "event"
        return method not in PLACES


@dataclass(slots=True)
class Armed:
    """A fault that waits for its calls, under an id; `met` counts those that it concerned."""

    id: int
    fault: Fault
    met: int = 0

    @property
    def left(self) -> int | None:
        """How many calls it will still meet; None: until cleared."""
        return None if self.fault.times is None else self.fault.times - max(0, self.met - self.fault.after)


class Faults:
    """The faults that wait for their call. `listeners` hear of every change in them."""

    def __init__(
        self,
        at_once: Callable[[Fault], None],
        taken: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.waiting: list[Armed] = []
        self.listeners: list[Callable[[], None]] = []
        self._last_id = 0
        self._released = asyncio.Event()
        self._at_once = at_once
        self._taken = taken
        self._sleep = sleep

    def add(self, fault: Fault) -> None:
        """Arm a fault; those about the websocket happen now, unless they name a `method` to wait for."""
        if fault.kind in AT_ONCE and not fault.method:
            self._at_once(fault)
            return
        self._last_id += 1
        self.waiting.append(Armed(self._last_id, fault))
        self._tell()

    def take(self, method: str, *kinds: FaultKind) -> Fault | None:
        """Give the fault that meets this call, if one does, and count it."""
        for entry in self.waiting:
            fault = entry.fault
            if (kinds and fault.kind not in kinds) or not fault.concerns(method):
                continue
            entry.met += 1
            if entry.met <= fault.after:
                continue
            if entry.left is not None and entry.left <= 0:
                self.waiting.remove(entry)
            self._taken()
            self._tell()
            return fault
        return None

    async def suffer(self, fault: Fault | None) -> None:
        """Let the faults that can happen anywhere have their way, save those that come after the work."""
        match fault.kind if fault else None:
            case "hang":
                await self._released.wait()
                raise RefusedError(code="", rule="fault hang", form="cut")
            case "lost_before":
                raise RefusedError(code="", rule="fault lost_before: nothing was done", form="cut")
            case "slow" if fault:
                await self._sleep(fault.seconds)
            case _ if fault:
                self._refuse(fault)

    def _refuse(self, fault: Fault) -> None:
        """Raise what the fault makes of the call, if it is of that sort."""
        rule = f"fault {fault.kind}"
        match fault.kind:
            case "http_error":
                raise RefusedError(code="", rule=rule, status=fault.status or 500, form="page")
            case "rate_limited":
                raise too_many(fault.retry_after, rule, status=fault.status or 429)
            case "revoked_token":
                raise RefusedError(code="token_revoked", rule=rule)
            case "missing_scope":
                raise RefusedError(code="missing_scope", rule=rule, needed=fault.scope, provided="")
            case "error":
                raise RefusedError(fault.error or "internal_error", rule)

    @property
    def armed(self) -> list[Fault]:
        """What is still to come."""
        return [entry.fault for entry in self.waiting]

    def disarm(self, fault_id: int) -> bool:
        """Take one fault back, and let go what hangs; False where it is not armed (any more)."""
        kept = [entry for entry in self.waiting if entry.id != fault_id]
        is_found = len(kept) < len(self.waiting)
        self.waiting[:] = kept
        self.release()
        self._tell()
        return is_found

    def clear(self) -> None:
        """Let everything go well again, and let go what hangs."""
        self.waiting.clear()
        self.release()
        self._tell()

    def release(self) -> None:
        """Let go of every call that hangs now; later ones hang anew."""
        self._released.set()
        self._released = asyncio.Event()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()


def too_many(wait_seconds: float, rule: str, status: int = 429) -> RefusedError:
    """Give the refusal of a call too many: 429 with Retry-After, or a 200 that says `rate_limited`."""
    is_told_by_status = status == 429  # noqa: PLR2004 -- the status that Slack documents
    code = "ratelimited" if is_told_by_status else "rate_limited"
    return RefusedError(
        code, rule, status=status, retry_after=math.ceil(wait_seconds) if is_told_by_status else None
    )


def lose_answer(fault: Fault | None) -> None:
    """Cut the connection after the work was done, where the fault says so."""
    if fault is not None and fault.kind == "lost_after":
        raise RefusedError(code="", rule="fault lost_after: it was done", form="cut")
