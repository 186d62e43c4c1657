"""The durable job of a share: stored before Slack hears "received", kept step by step, run to an ending.

This file and `kept.py`, its other half, know DBOS. Conditions under which it holds (each measured): a
constant application version, or every deploy would strand unfinished jobs; JSON instead of pickle;
WAL (`store/database.py`); one queue, partitioned by workspace; finished jobs deleted by us.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from dbos import DBOS, SetWorkflowID
from pydantic import TypeAdapter

from bot import errors
from bot.background import Background
from bot.ending import Ending, EndingName, JobState
from bot.kept import TURN_SECONDS, UNFINISHED, JsonSerializer, KeptRun, Turns
from bot.notice import Notice, NoticeState
from bot.share import Job, Share

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

    import sqlalchemy

    from bot.road import Run

T = TypeVar("T")
log = structlog.get_logger()

# Changed only together with a migration of unfinished jobs (DBOS: rewind to the new version).
APPLICATION_VERSION = "jobs-1"
QUEUE = "jobs"
TRANSLATE, GIVE_UP = "translate_share", "give_up_share"
# Two names for one workflow: what was said once ever must be remembered for ever, the rest need not be.
SAY, SAY_ONCE_EVER = "say", "say_once_ever"
SWEPT = [TRANSLATE, GIVE_UP, SAY]
# Started at once, without waiting for the queue's poll; the rest of a burst goes through the queue.
DIRECT_JOBS = 10
QUEUED_JOBS = 80
QUEUED_JOBS_PER_WORKSPACE = 60
POLL_SECONDS = 0.25
# Slack gives 3 s for an ack; an event that is not stored by then is not acked, and comes again.
STORE_SECONDS = 2.5
# A job that is on the road whenever the process dies may itself be the cause. Files are decoded in a
# child that may crash alone, so this is far away: it must outlast a bad night of restarts.
LONGEST_ROW_OF_CRASHES = 300
RETENTION = timedelta(days=7)
SWEEP_PAGE = 500
THREADS = 16
GIVEN_UP = "MAX_RECOVERY_ATTEMPTS_EXCEEDED"


class Jobs:
    """Stores jobs and runs them: `walk` carries a share to its ending, `say` posts a notice."""

    def __init__(  # noqa: PLR0913 -- the four things that jobs do; the others are there for tests
        self,
        *,
        walk: Callable[[Job, Run], Awaitable[Ending]],
        say: Callable[..., Awaitable[bool]],
        give_up: Callable[[Job], Awaitable[None]],
        purge: Callable[[datetime], Awaitable[object]],
        on_end: Callable[[Ending, float], None] = lambda _ending, _seconds: None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        self._walk = walk
        self._say = say
        self._give_up = give_up
        self._purge = purge
        self._on_end = on_end
        self._sleep = sleep
        self._turn_seconds = turn_seconds
        self._boot = uuid.uuid4().hex
        self._running: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._starting = 0
        self._background = Background()
        self._waiting: set[str] = set()

    async def launch(self, engine: sqlalchemy.Engine, *, executor_id: str = "local") -> None:
        """Open the job store and take up what an earlier process left unfinished.

        Must be called in the loop that shall run the jobs. `executor_id` must be the same after a
        restart, and no two running processes may share it.
        """
        self._register()
        DBOS(
            config={
                "name": "dragoman",
                "system_database_engine": engine,
                "application_version": APPLICATION_VERSION,
                "executor_id": executor_id,
                "serializer": JsonSerializer(),
                "log_level": "WARNING",
                "enable_otlp": False,
                "max_executor_threads": THREADS,
            }
        )
        try:
            with _told_once():
                DBOS.launch()
            await DBOS.register_queue_async(
                QUEUE,
                worker_concurrency=QUEUED_JOBS,
                partition_worker_concurrency=QUEUED_JOBS_PER_WORKSPACE,
                polling_interval_sec=POLL_SECONDS,
            )
        except Exception:
            await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
            raise
        self._background.start(self._sweep_daily())
        self._background.start(self._answer_for_given_up())

    def _register(self) -> None:
        """Tell DBOS the workflows; plain functions, since it would store `self` of a method."""

        @DBOS.workflow(name=TRANSLATE, max_recovery_attempts=LONGEST_ROW_OF_CRASHES)
        async def translate_share(row: dict[str, Any]) -> dict[str, Any]:
            return await self._translate_share(row)

        @DBOS.workflow(name=SAY, max_recovery_attempts=LONGEST_ROW_OF_CRASHES)
        async def say(row: dict[str, Any]) -> bool:
            return await self._say_notice(row)

        @DBOS.workflow(name=SAY_ONCE_EVER, max_recovery_attempts=LONGEST_ROW_OF_CRASHES)
        async def say_once_ever(row: dict[str, Any]) -> bool:
            return await self._say_notice(row)

        @DBOS.workflow(name=GIVE_UP, max_recovery_attempts=LONGEST_ROW_OF_CRASHES)
        async def give_up_share(row: dict[str, Any]) -> None:
            await DBOS.run_step_async({"name": "give-up"}, self._give_up, _JOB.validate_python(row))

        self._translate, self._give_up_share = translate_share, give_up_share
        self._say_by_kind = {False: say, True: say_once_ever}

    @property
    def running(self) -> int:
        """How many jobs run in this process."""
        return len(self._running)

    async def start(self, job: Job) -> None:
        """Store `job`, so that it runs whatever happens to this process; a known job is left alone.

        Raises TimeoutError when the store takes too long to say so within Slack's three seconds.
        """
        # A row that is late is not broken off: half started, it would never run.
        await self._background.finish_within(STORE_SECONDS, job.id, lambda: self._start(job))
        log.info("job.stored", job_id=job.id)

    async def _start(self, job: Job) -> None:
        row = _JOB.dump_python(job, mode="json")
        if len(self._running) + self._starting < DIRECT_JOBS:
            await self._start_now(self._translate, job.id, row)
            return
        await DBOS.enqueue_workflow_with_options_async(
            {
                "workflow_name": TRANSLATE,
                "queue_name": QUEUE,
                "workflow_id": job.id,
                "queue_partition_key": job.share.team_id,
            },
            row,
        )

    async def say_once(self, notice: Notice) -> None:
        """Store a notice that is to be posted once ever under its key. Raises TimeoutError as `start`."""
        row = _NOTICE.dump_python(notice, mode="json")
        say = self._say_by_kind[notice.is_once_ever]
        await self._background.finish_within(
            STORE_SECONDS, notice.key, lambda: self._start_now(say, notice.key, row)
        )

    async def _start_now(
        self, workflow: Callable[[dict[str, Any]], Coroutine[Any, Any, Any]], key: str, row: dict[str, Any]
    ) -> None:
        """Start a workflow without the queue; nothing happens where its key is known."""
        self._starting += 1
        try:
            with SetWorkflowID(key):
                await DBOS.start_workflow_async(workflow, row)
        finally:
            self._starting -= 1

    async def idle(self) -> None:
        """Wait until no job runs in this process."""
        await self._idle.wait()

    async def find(self, job_id: str) -> JobState | None:
        """Find one job, finished or not; None where it is not known, or not any more."""
        rows = await DBOS.list_workflows_async(workflow_ids=[job_id], name=TRANSLATE)
        return _state(rows[0]) if rows else None

    async def latest(self, share: Share) -> JobState | None:
        """Find the newest job of this share, finished or not."""
        prefix = Job(share, attempt=0).id.removesuffix("0")
        rows = await DBOS.list_workflows_async(workflow_id_prefix=prefix, name=TRANSLATE)
        return max(map(_state, rows), key=lambda state: state.job.attempt, default=None)

    async def latest_notice(self, prefix: str) -> NoticeState | None:
        """Find the newest notice whose key begins so. Raises TimeoutError where the database is away."""
        async with asyncio.timeout(STORE_SECONDS):
            rows = await DBOS.list_workflows_async(
                workflow_id_prefix=prefix,
                name=[SAY, SAY_ONCE_EVER],
                limit=1,
                sort_desc=True,
                load_input=False,
            )
        return _notice_state(rows[0]) if rows else None

    async def knows(self, team_id: str, channel_id: str, ts: str) -> bool:
        """Say whether there is a job for a recording of this message."""
        rows = await DBOS.list_workflows_async(
            workflow_id_prefix=f"{team_id}:{channel_id}:{ts}:",
            name=TRANSLATE,
            limit=1,
            load_input=False,
            load_output=False,
        )
        return bool(rows)

    async def stop(self, *, patience_seconds: int) -> None:
        """Take up nothing more, let what runs finish for a while, and close the store.

        What is not finished by then is kept for the next start. The process should end right
        after: a step that went on could not be kept any more.
        """
        self._background.cancel()
        patience = patience_seconds if self._running else 0
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=patience, destroy_registry=True)
        # DBOS lent the loop its own threads, and has ended them; what is closed after us may need some.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    async def _translate_share(self, row: dict[str, Any]) -> dict[str, Any]:
        """Run the workflow of a share; its arguments and its result are plain JSON."""
        job = _JOB.validate_python(row)
        started = time.monotonic()
        self._running.add(job.id)
        self._idle.clear()
        try:
            turns = Turns(self._waiting, self._turn_seconds)
            run = KeptRun(job, is_first=await self._is_first_run(), turns=turns, sleep=self._sleep)
            ending = await self._walk(job, run)
        finally:
            self._running.discard(job.id)
            if not self._running:
                self._idle.set()
        self._on_end(ending, time.monotonic() - started)
        kept: dict[str, Any] = _ENDING.dump_python(ending, mode="json")
        return kept

    async def _say_notice(self, row: dict[str, Any]) -> bool:
        notice = _NOTICE.validate_python(row)
        is_first = await self._is_first_run()

        async def say() -> bool:
            return await self._say(notice, is_first_run=is_first)

        return await DBOS.run_step_async({"name": "say"}, say)

    async def _is_first_run(self) -> bool:
        """Say whether this workflow began in this very process; the first step of each keeps that."""

        async def begin() -> str:
            return self._boot

        return await DBOS.run_step_async({"name": "begin"}, begin) == self._boot

    async def _answer_for_given_up(self) -> None:
        """Answer, once, the shares whose jobs DBOS will not run again: nothing ends in silence."""
        for row in await DBOS.list_workflows_async(name=TRANSLATE, status=GIVEN_UP):
            await self._start_now(self._give_up_share, f"{row.workflow_id}:given-up", _argument(row))

    async def _sweep_daily(self) -> None:
        while True:
            try:
                before = datetime.now(UTC) - RETENTION
                await self.sweep(before)
                await self._purge(before)
            except Exception:  # the sweep must outlive a bad database day
                log.exception("sweep.failed")
            await asyncio.sleep(24 * 3600)

    async def sweep(self, before: datetime) -> int:
        """Delete jobs that ended before then, their texts with them; what is said once ever stays."""
        deleted = 0
        while rows := await DBOS.list_workflows_async(
            name=SWEPT,
            completed_before=before.isoformat(),
            limit=SWEEP_PAGE,
            load_input=False,
            load_output=False,
        ):
            await DBOS.delete_workflows_async([row.workflow_id for row in rows])
            deleted += len(rows)
        return deleted


@contextmanager
def _told_once() -> Iterator[None]:
    """Keep DBOS from logging, with a traceback, the failure that it also raises: who called tells it."""
    dbos = logging.getLogger("dbos")

    def is_news(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("DBOS failed to launch")

    dbos.addFilter(is_news)
    try:
        yield
    finally:
        dbos.removeFilter(is_news)


_JOB, _ENDING, _NOTICE = TypeAdapter(Job), TypeAdapter(Ending), TypeAdapter(Notice)


def _state(row: Any) -> JobState:  # noqa: ANN401 -- DBOS exports no public type for a row
    """Read what is known of a job."""
    return JobState(_JOB.validate_python(_argument(row)), _ending(row))


def _notice_state(row: Any) -> NoticeState:  # noqa: ANN401 -- DBOS exports no public type for a row
    """Read whether a notice stands. Where it broke it does not; older ones don't say, and most do."""
    is_over = row.status not in UNFINISHED
    return NoticeState(row.workflow_id, not is_over or (row.status == "SUCCESS" and row.output is not False))


def _argument(row: Any) -> dict[str, Any]:  # noqa: ANN401 -- DBOS exports no public type for a row
    """Give the one argument that the workflow of a row was started with."""
    argument: dict[str, Any] = row.input["args"][0]
    return argument


def _ending(row: Any) -> Ending | None:  # noqa: ANN401 -- DBOS exports no public type for a row
    """Read how a job ended; one that DBOS gave up on failed."""
    if row.status in UNFINISHED:
        return None
    if row.status == "SUCCESS":
        return _ENDING.validate_python(row.output)
    return Ending(EndingName.FAILED, errors.NotDecodableError.reason)
