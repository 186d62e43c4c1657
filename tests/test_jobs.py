"""The durable jobs, on SQLite and PostgreSQL: stored once, run once, kept step by step, in our own words."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.engine import make_url

from bot import errors, jobs
from bot.ending import Ending, EndingName, JobState
from bot.jobs import Jobs
from bot.kept import TURN_POLL_SECONDS, TURN_SECONDS, JsonSerializer
from bot.notice import Notice, NoticeState
from bot.share import Job, Output, Share, SlackFile
from bot.store.jobs_database import open_jobs_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from bot.road import Run

    Walk = Callable[[Job, Run], Awaitable[Ending]]

DONE = Ending(EndingName.TRANSLATED)
PATIENCE = 60  # seconds; a busy machine is no reason to fail


def job_of(number: int = 1, *, team: str = "T1", attempt: int = 1, after: str = "") -> Job:
    """Make a job for a recording."""
    file = SlackFile(f"F{number}", name="memo.m4a", mimetype="audio/mp4", duration_seconds=4.2)
    return Job(Share(team, "C1", f"{number}.000100", file), prompt="Zanzibar", attempt=attempt, after=after)


@dataclass
class Road:
    """A stand-in for the road: notes who walks, and waits at its gate where told to."""

    walked: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    said: list[tuple[str, bool]] = field(default_factory=list)
    given_up: list[Job] = field(default_factory=list)
    purged: list[datetime] = field(default_factory=list)
    ends: list[Ending] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    turn_seconds: float = TURN_SECONDS

    async def walk(self, job: Job, _run: Run) -> Ending:
        """Walk to the gate, and on when it opens."""
        self.walked.append(job.id)
        self.most_at_once = max(self.most_at_once, len(self.walked) - len(self.ended))
        await self.gate.wait()
        self.ended.append(job.id)
        return DONE

    async def say(self, notice: Notice, *, is_first_run: bool) -> bool:
        """Note what was said, unless Slack refuses it."""
        self.said.append((notice.key, is_first_run))
        return not notice.key.endswith("refused")

    async def give_up(self, job: Job) -> None:
        """Note who was answered although the job is not run again."""
        self.given_up.append(job)

    async def purge(self, before: datetime) -> None:
        """Note that what is kept elsewhere was asked to go too."""
        self.purged.append(before)

    async def sleep(self, seconds: float) -> None:
        """Note a pause instead of making it."""
        self.pauses.append(seconds)

    def jobs(self, walk: Walk | None = None) -> Jobs:
        """Make jobs that walk here, or elsewhere."""
        return Jobs(
            walk=walk or self.walk,
            say=self.say,
            give_up=self.give_up,
            purge=self.purge,
            on_end=lambda ending, _seconds: self.ends.append(ending),
            sleep=self.sleep,
            turn_seconds=self.turn_seconds,
        )


@dataclass(frozen=True)
class Database:
    """A fresh database, to be opened as often as a test likes."""

    url: str

    def rows(self, statement: str, **values: str) -> list[tuple[Any, ...]]:
        """Run a query; `{}` stands before a table of DBOS, `:name` for a value."""
        engine = open_jobs_engine(self.url)
        prefix = "dbos." if engine.dialect.name == "postgresql" else ""
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement.format(prefix)), values)
            rows = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return rows

    @asynccontextmanager
    async def running(self, walk: Walk | None = None, road: Road | None = None) -> AsyncIterator[Jobs]:
        """Run jobs until the end of the block, as one process would."""
        one = (road or Road()).jobs(walk)
        engine, before = open_jobs_engine(self.url), asyncio.all_tasks()
        await one.launch(engine)
        try:
            yield one
        finally:
            await one.stop(patience_seconds=0)
            # What still runs is cut off, as it is when a process ends.
            left = asyncio.all_tasks() - before
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=PATIENCE)
            await let_go(engine)


@pytest.fixture
def database(database_url: str) -> Database:
    """Give a database as DBOS takes it; the test runs once on SQLite and once on PostgreSQL."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite")
    return Database(url.render_as_string(hide_password=False))


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    """Give a SQLite database, for what does not depend on the kind."""
    return Database(f"sqlite:///{tmp_path / 'dragoman.db'}")


async def let_go(engine: sa.Engine) -> None:
    """Close an engine once the threads of the closed job store have given their connections back."""
    pool = cast("sa.QueuePool", engine.pool)
    await until(lambda: not pool.checkedout())
    engine.dispose()


async def until(is_true: Callable[[], Any]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(PATIENCE):
        while not is_true():  # noqa: ASYNC110 -- the job store tells nobody
            await asyncio.sleep(0.01)


async def finished(one: Jobs, job: Job) -> Ending:
    """Wait for the ending of a job."""
    async with asyncio.timeout(PATIENCE):
        while (state := await one.latest(job.share)) is None or state.ending is None:  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.02)
    return state.ending


async def test_the_same_job_twenty_times_at_once(database: Database) -> None:
    """However often Slack sends an event, its share is walked once; also after its end."""
    road = Road()
    road.gate.set()
    async with database.running(road=road) as one:
        await asyncio.gather(*(one.start(job_of()) for _ in range(20)))
        assert await finished(one, job_of()) == DONE
        await one.start(job_of())
        await one.idle()
        assert (road.walked, road.ends) == ([job_of().id], [DONE])
        assert one.running == 0


async def test_a_burst_goes_through_the_queue(sqlite: Database) -> None:
    """What comes beyond the direct jobs waits in the queue, one by one from every workspace, and all end."""
    road = Road()
    async with sqlite.running(road=road) as one:
        burst = [job_of(number) for number in range(jobs.DIRECT_JOBS + 15)]
        for job in burst[: jobs.DIRECT_JOBS]:
            await one.start(job)
        await until(lambda: len(road.walked) == jobs.DIRECT_JOBS)
        for job in burst[jobs.DIRECT_JOBS :]:
            await one.start(job)
        queued = sqlite.rows("SELECT count(*) FROM {}workflow_status WHERE queue_name = 'jobs'")
        assert queued == [(15,)]
        road.gate.set()
        for job in burst:
            assert await finished(one, job) == DONE
        assert sorted(road.walked) == sorted(job.id for job in burst)


async def test_a_small_workspace_is_not_starved(sqlite: Database) -> None:
    """While a large workspace has filled its part of the queue, another one's job starts at once."""
    road = Road()
    async with sqlite.running(road=road) as one:
        large = [job_of(number, team="T1") for number in range(jobs.DIRECT_JOBS + 80)]
        for job in large[: jobs.DIRECT_JOBS]:
            await one.start(job)
        await until(lambda: len(road.walked) == jobs.DIRECT_JOBS)
        await asyncio.gather(*(one.start(job) for job in large[jobs.DIRECT_JOBS :]))
        await until(lambda: len(road.walked) >= jobs.DIRECT_JOBS + jobs.QUEUED_JOBS_PER_WORKSPACE)
        small = job_of(1, team="T2")
        await one.start(small)
        await until(lambda: small.id in road.walked)
        assert road.most_at_once == jobs.DIRECT_JOBS + jobs.QUEUED_JOBS_PER_WORKSPACE + 1
        road.gate.set()
        await until(lambda: len(road.ended) == len(large) + 1)


async def test_steps_are_kept_over_a_restart(database: Database) -> None:
    """A finished step is not run again by the next process; the one under way is, and knows it is late."""
    calls: list[str] = []
    reached = asyncio.Event()

    async def walk(_job: Job, run: Run) -> Ending:
        async def first() -> Share:
            calls.append("first")
            return job_of(7).share

        async def second() -> Ending:
            calls.append(f"second, first run: {run.is_first}")
            if run.is_first:
                reached.set()
                await asyncio.Event().wait()
            return DONE

        # A rich object comes back as it was, not as the dictionary it was stored as.
        assert await run.keep("one", first, Share) == job_of(7).share
        return await run.keep("two", second, Ending)

    async with database.running(walk) as one:
        await one.start(job_of())
        await reached.wait()
        state = await one.latest(job_of().share)
        assert state is not None
        assert (state.job, state.ending) == (job_of(), None)
    async with database.running(walk) as one:
        assert await finished(one, job_of()) == DONE
    assert calls == ["first", "second, first run: True", "second, first run: False"]


KEPT = (
    errors.EmptyFileError("nothing"),
    errors.EndpointDownError("503"),
    errors.WithdrawnError(),
    errors.SkippedError(),
    errors.SilentError(),
    errors.UnconfirmedError("7800.5"),
)


async def test_a_kept_error_comes_back(sqlite: Database) -> None:
    """A step that failed is not run again, and raises the same error, after a restart too."""
    seen: list[tuple[type[Exception], str]] = []
    reached = asyncio.Event()
    calls: list[Exception] = []

    async def walk(_job: Job, run: Run) -> Ending:
        async def fail(error: Exception) -> Ending:
            calls.append(error)
            raise error

        async def wait() -> Ending:
            if run.is_first:
                reached.set()
                await asyncio.Event().wait()
            return DONE

        for error in KEPT:
            with pytest.raises(type(error)) as info:
                await run.keep("fail", partial(fail, error), Ending)
            seen.append((info.type, getattr(info.value, "detail", "")))
        return await run.keep("wait", wait, Ending)

    async with sqlite.running(walk) as one:
        await one.start(job_of())
        await reached.wait()
    async with sqlite.running(walk) as one:
        assert await finished(one, job_of()) == DONE
    assert calls == list(KEPT)
    assert seen == [(type(error), getattr(error, "detail", "")) for error in KEPT] * 2


async def test_an_unforeseen_exception_in_a_step(sqlite: Database) -> None:
    """A fault of the program becomes an error of ours that names the step, never a job without an end."""

    async def walk(_job: Job, run: Run) -> Ending:
        async def fail() -> Ending:
            message = "the words of somebody"
            raise ZeroDivisionError(message)

        with pytest.raises(errors.BrokenError) as info:
            await run.keep("one", fail, Ending)
        return Ending(EndingName.FAILED, info.value.detail)

    async with sqlite.running(walk) as one:
        await one.start(job_of())
        assert await finished(one, job_of()) == Ending(EndingName.FAILED, "one")
    assert "the words of somebody" not in str(sqlite.rows("SELECT * FROM {}operation_outputs"))


async def test_the_last_word_is_tried_again(sqlite: Database) -> None:
    """A fault of the program in the reply is not kept as its result: the step runs again until it is done."""
    road, tries = Road(), 0

    async def walk(_job: Job, run: Run) -> Ending:
        async def reply() -> Ending:
            nonlocal tries
            tries += 1
            if tries < 9:
                message = "somebody's words"
                raise ZeroDivisionError(message)
            return DONE

        return await run.keep("reply", reply, Ending, is_last_word=True)

    async with sqlite.running(walk, road) as one:
        await one.start(job_of())
        assert await finished(one, job_of()) == DONE
    assert road.pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert tries == 9


async def test_an_error_of_ours_in_the_last_word_is_kept(sqlite: Database) -> None:
    """What the reply says itself with an error of ours is its result, and no reason to try again."""
    road = Road()

    async def walk(_job: Job, run: Run) -> Ending:
        async def reply() -> Ending:
            raise errors.WithdrawnError

        with pytest.raises(errors.WithdrawnError):
            await run.keep("reply", reply, Ending, is_last_word=True)
        return DONE

    async with sqlite.running(walk, road) as one:
        await one.start(job_of())
        assert await finished(one, job_of()) == DONE
    assert road.pauses == []


async def test_steps_side_by_side_keep_their_numbers(sqlite: Database) -> None:
    """Steps that run at the same time are told apart after a restart by the order of the calls."""
    calls: list[str] = []
    reached = asyncio.Event()

    async def walk(_job: Job, run: Run) -> Ending:
        async def work(name: str, *, waits: bool) -> str:
            calls.append(name)
            if waits and run.is_first:
                reached.set()
                await asyncio.Event().wait()
            return name

        slow = run.keep("slow", lambda: work("slow", waits=True), str)
        quick = run.keep("quick", lambda: work("quick", waits=False), str)
        results = await asyncio.gather(slow, quick)
        return Ending(EndingName.FAILED, " ".join(results))

    async with sqlite.running(walk) as one:
        await one.start(job_of())
        await reached.wait()
        await until(lambda: "quick" in str(sqlite.rows("SELECT function_name FROM {}operation_outputs")))
    async with sqlite.running(walk) as one:
        assert await finished(one, job_of()) == Ending(EndingName.FAILED, "slow quick")
    assert sorted(calls) == ["quick", "slow", "slow"]


async def test_what_the_rows_hold(database: Database) -> None:
    """Whoever reads the database finds JSON, which runs nothing; a job's arguments, steps and ending."""

    async def walk(job: Job, run: Run) -> Ending:
        async def share() -> Share:
            return job.share

        await run.keep("one", share, Share)
        return DONE

    async with database.running(walk) as one:
        await one.start(job_of())
        await finished(one, job_of())
    texts = []
    for table, column in (("workflow_input", "inputs"), ("workflow_output", "output")):
        [(text,)] = database.rows(f"SELECT {column} FROM {{}}{table}")  # noqa: S608 -- our own words
        texts.append(text)
    texts += [text for (text,) in database.rows("SELECT output FROM {}operation_outputs")]
    assert len(texts) == 4
    assert all(json.loads(text) for text in texts)
    assert "Zanzibar" in texts[0]


async def test_the_latest_notice(database: Database) -> None:
    """It is known of a notice whether Slack took it, also in the next process; of several the newest."""
    keys = ("alert:1:refused", "alert:1:posted", "alert:2:posted", "alert:2:refused")
    async with database.running() as one:
        assert await one.latest_notice("alert:") is None
        for key in keys:
            await one.say_once(Notice(key, "C1", "Hi"))
        done = "SELECT count(*) FROM {}workflow_status WHERE status = 'SUCCESS'"
        await until(lambda: database.rows(done) == [(len(keys),)])
    async with database.running() as one:
        assert await one.latest_notice("alert:1:") == NoticeState("alert:1:posted", is_posted=True)
        assert await one.latest_notice("alert:2:") == NoticeState("alert:2:refused", is_posted=False)
        assert await one.latest_notice("alert:3:") is None


async def test_a_notice_on_its_way_counts(database: Database) -> None:
    """While Slack is asked nobody says the same again; where that broke, somebody may."""
    gate = asyncio.Event()

    @dataclass
    class Slow(Road):
        async def say(self, notice: Notice, *, is_first_run: bool) -> bool:
            """Wait, and then break."""
            assert notice
            assert is_first_run
            await gate.wait()
            raise RuntimeError

    async with database.running(road=Slow()) as one:
        await one.say_once(Notice("alert:1", "C1", "Hi"))
        assert await one.latest_notice("alert:") == NoticeState("alert:1", is_posted=True)
        gate.set()
        await until(lambda: database.rows("SELECT status FROM {}workflow_status") == [("ERROR",)])
        assert await one.latest_notice("alert:") == NoticeState("alert:1", is_posted=False)


async def test_the_sweep(database: Database) -> None:
    """Jobs that ended before the given time go, with their texts; introductions and unfinished jobs stay."""
    road = Road()
    async with database.running(road=road) as one:
        await one.start(job_of(1))
        await one.say_once(Notice("T1:C1:introduction", "C1", "Hi", is_once_ever=True))
        await one.say_once(Notice("T1:D1:1.0:help", "D1", "Send me …"))
        await until(lambda: road.walked)
        done = "SELECT count(*) FROM {}workflow_status WHERE status = 'SUCCESS'"
        await until(lambda: database.rows(done) == [(2,)])
        assert await one.sweep(datetime.now(UTC) + timedelta(minutes=1)) == 1
        road.gate.set()
        assert await finished(one, job_of(1)) == DONE
        assert await one.sweep(datetime.now(UTC) - timedelta(days=7)) == 0
        assert await one.sweep(datetime.now(UTC) + timedelta(minutes=1)) == 1
        assert await one.latest(job_of(1).share) is None
        await one.say_once(Notice("T1:C1:introduction", "C1", "Hi", is_once_ever=True))
    assert database.rows("SELECT name FROM {}workflow_status") == [("say_once_ever",)]
    assert database.rows("SELECT count(*) FROM {}operation_outputs WHERE function_name = 'one'") == [(0,)]
    assert sorted(road.said) == [("T1:C1:introduction", True), ("T1:D1:1.0:help", True)]


async def test_the_first_sweep_comes_with_the_start(sqlite: Database) -> None:
    """A bot that is restarted every night still deletes what is older than a week."""
    road = Road()
    road.gate.set()
    async with sqlite.running(road=road) as one:
        await one.start(job_of())
        await finished(one, job_of())
    week = 7 * 24 * 3600 * 1000
    sqlite.rows(f"UPDATE {{}}workflow_status SET completed_at = completed_at - {week + 1000}")  # noqa: S608 -- a number
    async with sqlite.running(road=road):
        await until(lambda: not sqlite.rows("SELECT 1 FROM {}workflow_status"))
        await until(lambda: road.purged)


class RoadWithABrokenStore(Road):
    """A road whose other store fails when it is asked to forget."""

    async def purge(self, before: datetime) -> None:
        """Fail."""
        await super().purge(before)
        raise OSError


async def test_a_sweep_that_fails_harms_nobody(sqlite: Database) -> None:
    """A sweep that fails is logged and comes again another day; jobs run on."""
    road = RoadWithABrokenStore()
    road.gate.set()
    with structlog.testing.capture_logs() as lines:
        async with sqlite.running(road=road) as one:
            await until(lambda: road.purged)
            await one.start(job_of())
            assert await finished(one, job_of()) == DONE
    assert "sweep.failed" in {line["event"] for line in lines}


async def test_the_newest_attempt(sqlite: Database) -> None:
    """Of a share that was asked for several times, the newest attempt counts; by number, not by letter."""
    road = Road()
    road.gate.set()
    async with sqlite.running(road=road) as one:
        assert await one.latest(job_of().share) is None
        for attempt in (1, 2, 10):
            await one.start(job_of(attempt=attempt))
            await until(lambda: len(road.ended) == len(road.walked) and not one.running)
        # The id of another file that begins like this one's.
        await one.start(job_of(11))
        state = await one.latest(job_of().share)
        assert state is not None
        assert state.job.attempt == 10


async def test_one_job_is_found_by_its_id(database: Database) -> None:
    """A button finds its very job, under way or ended with pieces missing; an unknown id finds nothing."""
    ending = Ending(EndingName.TRANSLATED, missing=((300.0, 600.0), (900.0, 1200.0)))
    gate = asyncio.Event()

    async def walk(_job: Job, _run: Run) -> Ending:
        await gate.wait()
        return ending

    async with database.running(walk) as one:
        job = replace(
            job_of(),
            only=((300.0, 600.0), (900.0, 1200.0)),
            output=Output.VTT,
            temperature=0.2,
            confirm_above_seconds=60.0,
        )
        await one.start(job)
        assert await one.find(job.id) == JobState(job, None)
        gate.set()
        await finished(one, job)
        assert await one.find(job.id) == JobState(job, ending)
        assert [await one.find(other) for other in (job_of(attempt=2).id, "", "T1:C1:introduction")] == [
            None
        ] * 3


async def test_a_job_of_an_older_version(sqlite: Database) -> None:
    """A row written before outputs, limits and missing pieces were known is read with what was done then."""
    road = Road()
    road.gate.set()
    async with sqlite.running(road=road) as one:
        await one.start(job_of())
        await finished(one, job_of())
    [(text,)] = sqlite.rows("SELECT inputs FROM {}workflow_input")
    row = json.loads(text)
    (job,) = row["args"]
    for new in ("output", "temperature", "confirm_above_seconds", "only"):
        del job[new]
    del job["share"]["file"]["url_audio"]
    sqlite.rows("UPDATE {}workflow_input SET inputs = :older", older=json.dumps(row))
    older_ending = json.dumps({"name": "failed", "reason": "too_long"})
    sqlite.rows("UPDATE {}workflow_output SET output = :older", older=older_ending)
    async with sqlite.running(road=road) as one:
        state = await one.find(job_of().id)
        assert state == JobState(job_of(), Ending(EndingName.FAILED, "too_long"))


async def test_steps_in_another_order(sqlite: Database) -> None:
    """What the store itself raises is told from a fault of the road: such a run can keep nothing more."""
    runs: list[Run] = []
    names = ["one"]

    async def nothing() -> str:
        return ""

    async def walk(_job: Job, run: Run) -> Ending:
        runs.append(run)
        await run.keep(names[-1], nothing, str)
        if len(runs) == 1:
            await asyncio.Event().wait()
        return DONE

    async with sqlite.running(walk) as one:
        await one.start(job_of())
        await until(lambda: "one" in str(sqlite.rows("SELECT function_name FROM {}operation_outputs")))
    names.append("another")
    async with sqlite.running(walk) as one:
        assert (await finished(one, job_of())).name is EndingName.FAILED
    assert [run.is_lost for run in runs] == [False, True]


async def test_a_job_that_broke(sqlite: Database) -> None:
    """A job that ended without an ending of ours counts as failed, not as under way; no words are stored."""

    async def walk(_job: Job, _run: Run) -> Ending:
        message = "somebody's words"
        raise ZeroDivisionError(message)

    async with sqlite.running(walk) as one:
        await one.start(job_of())
        ending = await finished(one, job_of())
        assert ending.name is EndingName.FAILED
        assert ending.reason in errors.REASONS
        assert one.running == 0
    assert "words" not in str(sqlite.rows("SELECT error FROM {}workflow_status"))


async def test_a_job_that_is_given_up(sqlite: Database) -> None:
    """A job that the engine runs no more, after a long row of crashes, is answered for, and once only."""
    road = Road()
    async with sqlite.running(road=road) as one:
        await one.start(job_of())
        await until(lambda: road.walked)
    crashes = jobs.LONGEST_ROW_OF_CRASHES
    sqlite.rows(f"UPDATE {{}}workflow_status SET recovery_attempts = {crashes + 1}")  # noqa: S608 -- a number
    async with sqlite.running(road=road) as one:
        await until(lambda: jobs.GIVEN_UP in str(sqlite.rows("SELECT status FROM {}workflow_status")))
    for _ in range(2):
        async with sqlite.running(road=road) as one:
            assert await finished(one, job_of()) == Ending(EndingName.FAILED, "not_decodable")
            await until(lambda: road.given_up)
    assert road.given_up == [job_of()]
    assert road.walked == [job_of().id]


async def test_a_turn_waits_for_the_file_before(sqlite: Database) -> None:
    """The second file of a message has its turn when the first has ended, and no sooner."""
    told: list[str] = []
    gate = asyncio.Event()

    async def walk(job: Job, run: Run) -> Ending:
        if not job.after:
            await gate.wait()
        await run.wait_for_turn()
        told.append(job.id)
        return DONE

    first = job_of(1)
    second = job_of(2, after=first.id)
    async with sqlite.running(walk) as one:
        await one.start(first)
        await one.start(second)
        await until(lambda: one.running == 2)
        # Two polls long the second one has had every chance to overtake.
        await asyncio.sleep(TURN_POLL_SECONDS * 2)
        gate.set()
        await finished(one, second)
    assert told == [first.id, second.id]


async def test_a_turn_that_never_comes(sqlite: Database) -> None:
    """The second gives up on a first that hangs; the third, ready sooner, still comes after the second."""
    told: list[str] = []
    never = asyncio.Event()

    async def walk(job: Job, run: Run) -> Ending:
        if not job.after:
            await never.wait()
        if job.after == first.id:
            await asyncio.sleep(0.4)  # its preparing
        await run.wait_for_turn()
        if job.after == first.id:
            await asyncio.sleep(TURN_POLL_SECONDS)  # its posting
        told.append(job.id)
        return DONE

    first = job_of(1)
    second = job_of(2, after=first.id)
    third = job_of(3, after=second.id)
    async with sqlite.running(walk, Road(turn_seconds=1.2)) as one:
        for job in (first, second, third):
            await one.start(job)
        await finished(one, third)
        assert told == [second.id, third.id]
        state = await one.latest(first.share)
        assert state is not None
        assert state.ending is None


async def test_messages_that_have_a_job(sqlite: Database) -> None:
    """It is known of which messages a recording may be answered, whatever became of it."""
    road = Road()
    road.gate.set()
    async with sqlite.running(road=road) as one:
        await one.start(job_of())
        assert await one.knows("T1", "C1", "1.000100")
        await finished(one, job_of())
        assert await one.knows("T1", "C1", "1.000100")
        others = [("T2", "C1", "1.000100"), ("T1", "C2", "1.000100"), ("T1", "C1", "1.0001")]
        assert [await one.knows(*other) for other in others] == [False] * 3


async def test_stop_lets_running_jobs_finish(sqlite: Database) -> None:
    """At the end running jobs get their time, and what is left is taken up by the next process."""
    road = Road()
    one, engine = road.jobs(), open_jobs_engine(sqlite.url)
    await one.launch(engine)
    await one.start(job_of())
    await until(lambda: road.walked)
    asyncio.get_running_loop().call_later(0.3, road.gate.set)
    await one.stop(patience_seconds=8)
    await let_go(engine)
    assert road.ended == [job_of().id]


async def test_a_store_that_is_too_slow(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be stored in time is not acked, but not broken off either: it is written late, and runs."""
    monkeypatch.setattr(jobs, "STORE_SECONDS", 0.2)
    road = Road()
    notice = Notice("T1:C1:introduction", "C1", "Hi")
    async with sqlite.running(road=road) as one:
        holder = open_jobs_engine(sqlite.url)
        with holder.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            outcomes = await asyncio.gather(one.start(job_of()), one.say_once(notice), return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [TimeoutError] * 2
            connection.rollback()
        holder.dispose()
        await until(lambda: road.walked and road.said)


def test_json_of_exceptions() -> None:
    """An exception is stored by its kind alone: its message may hold people's words."""
    serializer = JsonSerializer()
    assert serializer.name() == "json"
    text = serializer.serialize(ValueError("somebody's words"))
    assert "words" not in text
    again = serializer.deserialize(text)
    assert (type(again), str(again)) == (RuntimeError, "ValueError")
    assert serializer.deserialize(serializer.serialize({"a": [1]})) == {"a": [1]}
