"""Faults on demand: what can go wrong between Slack and an app, one named kind each."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

from typing import Literal

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
DOWNLOAD_KINDS = frozenset(
    {"sign_in_page", "slow_file", "cut_file", "short_file", "file_redirect_elsewhere", "deleted_file"}
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, for the next `times` calls (None: until cleared) that match `method`.

    `method` is a Web API method, `download`, `upload`, `response_url`, `event`, `command`, or a pattern
    such as `chat.*`; empty means what the kind is about (any API method, or downloads).
    `after` lets as many matching calls pass first.
    """

    kind: FaultKind
    method: str = ""
    times: int | None = 1
    after: int = 0
    error: str = ""
    status: int | None = None
    retry_after: float = 1.0
    seconds: float = 1.0
    bytes: int = 100
    url: str = "http://127.0.0.2:9/elsewhere"

    def __post_init__(self) -> None:
        """Refuse a kind that does not exist: it would never happen."""
        if self.kind not in KINDS:
            message = f"no fault is called {self.kind}; there are {', '.join(sorted(KINDS))}"
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
            return fnmatchcase(method, self.method)
        if self.kind in DOWNLOAD_KINDS:
            return method == "download"
        if self.kind == "missed_ack":
            return method == "event"
        return method not in {"download", "upload", "response_url", "event", "command"}


class Faults:
    """The faults that wait for their call."""

    def __init__(self, at_once: Callable[[Fault], None]) -> None:
        self._armed: list[tuple[Fault, list[int]]] = []
        self._released = asyncio.Event()
        self._at_once = at_once

    def add(self, fault: Fault) -> None:
        """Arm a fault; those about the websocket happen now, unless they name a `method` to wait for."""
        if fault.kind in AT_ONCE and not fault.method:
            self._at_once(fault)
            return
        self._armed.append((fault, [0]))

    def take(self, method: str, *kinds: str) -> Fault | None:
        """Give the fault that meets this call, if one does, and count it."""
        for entry in self._armed:
            fault, met = entry
            if (kinds and fault.kind not in kinds) or not fault.concerns(method):
                continue
            met[0] += 1
            if met[0] <= fault.after:
                continue
            if fault.times is not None and met[0] >= fault.after + fault.times:
                self._armed.remove(entry)
            return fault
        return None

    @property
    def armed(self) -> list[Fault]:
        """What is still to come."""
        return [fault for fault, _ in self._armed]

    def clear(self) -> None:
        """Let everything go well again, and let go what hangs."""
        self._armed.clear()
        self.release()

    async def hang(self) -> None:
        """Wait until released."""
        await self._released.wait()

    def release(self) -> None:
        """Let go of every call that hangs now; later ones hang anew."""
        self._released.set()
        self._released = asyncio.Event()
