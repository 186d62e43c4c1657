"""What the embedded endpoint keeps of its requests, path by path, and what is planned for the next ones."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.sandbox.endpoint_answers import Answer


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it arrived; what was not sent, or not read because it was refused, is None or empty.

    `status` is 0 until the endpoint has made up its mind; `answered` says that the answer was handed over.
    `answer` is the beginning of its body; `duration` how many seconds all of it took.
    """

    at: datetime
    authorization_ok: bool
    content_length: int | None
    status: int = field(default=0, kw_only=True)
    answered: bool = field(default=False, kw_only=True)
    answer: str = field(default="", kw_only=True)
    duration: float = field(default=0.0, kw_only=True)


@dataclass(frozen=True, slots=True)
class AudioRequest(Request):
    """A request with sound: `fields` is the form without the file, `seconds` how much sound the file held."""

    fields: Mapping[str, str] = field(default_factory=dict)
    file_name: str | None = None
    file_bytes: int = 0
    seconds: float = 0.0

    @property
    def prompt(self) -> str | None:
        """The prompt; None where none was sent, which is not the same as an empty one."""
        return self.fields.get("prompt")

    @property
    def model(self) -> str | None:
        """The model that was asked for."""
        return self.fields.get("model")

    @property
    def response_format(self) -> str | None:
        """The format that was asked for."""
        return self.fields.get("response_format")

    @property
    def temperature(self) -> str | None:
        """The temperature, as it was written."""
        return self.fields.get("temperature")


@dataclass(frozen=True, slots=True)
class ChatRequest(Request):
    """A request to a chat model; `body` is the whole object."""

    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str | None:
        """The model that was asked for."""
        return self.body.get("model")

    def said(self, role: str) -> str:
        """Give what the messages of a role say."""
        return "\n".join(one["content"] for one in self.body["messages"] if one["role"] == role)

    @property
    def data(self) -> dict[str, Any]:
        """The object that the user's message is."""
        data: dict[str, Any] = json.loads(self.said("user"))
        return data


Record = TypeVar("Record", bound=Request)


class Book(Generic[Record]):
    """The requests to one path, in order, and the answers that are planned for the next good ones."""

    def __init__(self, tell: Callable[[int, Record], None]) -> None:
        """`tell` hears of every change, with the number of the request, which no other ever gets."""
        self.requests: list[Record] = []
        self._script: deque[Answer | None] = deque()
        self._forgotten = 0
        self._tell = tell

    def open(self, record: Record) -> Visit[Record]:
        """Write down a new request."""
        visit = Visit(self._forgotten + len(self.requests), record, self)
        self.requests.append(record)
        self._tell(visit.number, record)
        return visit

    def keep(self, visit: Visit[Record]) -> None:
        """Write down what was found out about a request, unless it was forgotten meanwhile."""
        if visit.number >= self._forgotten:
            self.requests[visit.number - self._forgotten] = visit.record
            self._tell(visit.number, visit.record)

    def numbered(self) -> list[tuple[int, Record]]:
        """Give the requests with their numbers, which go on counting after `forget`."""
        return list(enumerate(self.requests, self._forgotten))

    def plan(self, *answers: Answer | None) -> None:
        """Queue what the next good requests get, one each; None is the usual work."""
        self._script.extend(answers)

    def next_planned(self, otherwise: Answer | None) -> Answer | None:
        """Take the next answer out of the queue; `otherwise` where it is empty."""
        return self._script.popleft() if self._script else otherwise

    def forget(self) -> None:
        """Forget every request and what was planned; those under way end on their own, unrecorded."""
        self._forgotten += len(self.requests)
        self.requests.clear()
        self._script.clear()


@dataclass(slots=True)
class Visit(Generic[Record]):
    """A request under way: its number and its record so far."""

    number: int
    record: Record
    book: Book[Record]

    def note(self, **found: Any) -> None:  # noqa: ANN401 -- any field of the record
        """Complete the record with what was found out, and say so."""
        self.record = replace(self.record, **found)
        self.book.keep(self)
