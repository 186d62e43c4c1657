"""One run of a job, its steps kept: the half of `jobs.py` that the road sees. These two know DBOS."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog
from dbos import DBOS, Serializer
from pydantic import TypeAdapter

from bot import errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from bot.share import Job

T = TypeVar("T")
log = structlog.get_logger()

UNFINISHED = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
TURN_SECONDS = 30
TURN_POLL_SECONDS = 0.2
SHORTEST_PAUSE_SECONDS = 1
LONGEST_PAUSE_SECONDS = 60


class JsonSerializer(Serializer):
    """Keeps rows readable and harmless: whoever can write the database must not run code here."""

    def serialize(self, data: Any) -> str:  # noqa: ANN401 -- DBOS's own signature
        """Write JSON; of an exception only its kind, since messages may hold people's words."""
        return json.dumps(data, default=lambda value: {"__error__": type(value).__name__})

    def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401 -- DBOS's own signature
        """Read what `serialize` wrote."""
        data = json.loads(serialized_data)
        is_error = isinstance(data, dict) and "__error__" in data
        return RuntimeError(data["__error__"]) if is_error else data

    def name(self) -> str:
        """Name the format in each row."""
        return "json"


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 -- the class of whatever a step gives
    """Give the adapter of a kind of result; making one anew takes as long as a small step."""
    return TypeAdapter(kind)


@dataclass(frozen=True, slots=True)
class Turns:
    """The jobs of this process that wait for their turn, and how long each does at most."""

    waiting: set[str]
    patience_seconds: float


class KeptRun:
    """A run whose steps are kept by DBOS."""

    def __init__(
        self, job: Job, *, is_first: bool, turns: Turns, sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._job = job
        self._turns = turns
        self._sleep = sleep
        self.is_first = is_first
        self.is_lost = False

    def keep(
        self, name: str, call: Callable[[], Awaitable[T]], kind: type[T], *, is_last_word: bool = False
    ) -> Awaitable[T]:
        """Run a step, or give its kept result; see `road.Run`."""
        step = DBOS.reserve_step()
        adapter: TypeAdapter[T] = _adapter(cast("Hashable", kind))

        async def work() -> dict[str, Any]:
            pause = SHORTEST_PAUSE_SECONDS
            while True:
                try:
                    return {"value": adapter.dump_python(await call(), mode="json")}
                except (errors.BotError, errors.OutcomeError) as error:
                    return {"error": type(error).__name__, "detail": error.detail}
                except Exception:
                    log.exception("step.broke", job_id=self._job.id, step=name)
                    if not is_last_word:
                        return {"error": errors.BrokenError.__name__, "detail": name}
                await self._sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

        async def outcome() -> T:
            try:
                kept = await step.run_async({"name": name}, work)
            except Exception:  # `work` lets none out: this one is DBOS's own
                self.is_lost = True
                raise
            if "error" in kept:
                raise _error(kept)
            return adapter.validate_python(kept["value"])

        return outcome()

    async def wait_for_turn(self) -> None:
        """Wait for the job of the file before this one in the message.

        As long as that one only waits for its own turn, our patience has not begun: else the third of
        three would run out of it before the second, and come first.
        """
        waiting, patience = self._turns.waiting, self._turns.patience_seconds
        deadline = time.monotonic() + patience
        waiting.add(self._job.id)
        try:
            while self._job.after and time.monotonic() < deadline:
                rows = await DBOS.list_workflows_async(
                    workflow_ids=[self._job.after], load_input=False, load_output=False
                )
                if not any(row.status in UNFINISHED for row in rows):
                    return
                if self._job.after in waiting:
                    deadline = time.monotonic() + patience
                await asyncio.sleep(TURN_POLL_SECONDS)
        finally:
            waiting.discard(self._job.id)


def _error(kept: dict[str, Any]) -> Exception:
    """Make the kept error again."""
    kind: type[errors.BotError | errors.OutcomeError] = getattr(errors, kept["error"])
    return kind(kept["detail"])
