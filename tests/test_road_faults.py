"""The road where something of ours breaks, or where no request can help: nothing ends in silence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from structlog.testing import capture_logs

from bot import errors
from bot.bench import Bench
from bot.ending import Ending, EndingName
from bot.engines.turns import FairTurns
from bot.road import walk
from bot.spool import Spool
from bot.translate import Translator
from lines_props import ENGLISH, Clock, ListEngine, line_of
from road_props import JOB, KeptRun, Props, settle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")
BROKEN = Ending(EndingName.FAILED, errors.BrokenError.reason)


@pytest.fixture
def props(tmp_path: Path) -> Props:
    """Give stages on which all goes well with a recording of three pieces."""
    return Props(Spool(tmp_path / "spool"), texts=("One.", "Two.", "Three."))


async def test_a_spool_without_room(tmp_path: Path) -> None:
    """Where not even a folder can be made people hear of it, and the progress ends."""
    (tmp_path / "full").write_bytes(b"")
    props = Props(Spool(tmp_path / "full" / "spool"))
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == BROKEN
    assert props.replied == [(BROKEN, errors.BrokenError.text, True)]
    assert props.stopped == 1


async def test_a_file_that_cannot_be_taken_away(props: Props) -> None:
    """What the disk refuses to let go costs nobody a translation."""
    props.turn = asyncio.Event()
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=KeptRun()))
    async with asyncio.timeout(10):
        while not props.seconds_expected:
            await settle()
        stubborn = props.spool.folder(JOB.id) / "piece-0001.mp3"
        stubborn.unlink()
        stubborn.mkdir()
        props.turn.set()
        assert await walking == Ending(EndingName.TRANSLATED)


class Clumsy(Props):
    """Stages with a fault in what is called between the steps."""

    def heard(self, seconds: float) -> None:
        """Break."""
        raise ZeroDivisionError(seconds)


async def test_a_fault_between_the_steps(tmp_path: Path) -> None:
    """A fault in the program is told in the thread, and the log has its traceback."""
    props = Clumsy(Spool(tmp_path / "spool"))
    with capture_logs() as lines:
        assert await walk(JOB, stages=props.stages(), run=KeptRun()) == BROKEN
    assert props.replied == [(BROKEN, errors.BrokenError.text, True)]
    assert [line["exc_info"] for line in lines if line["event"] == "job.broke"] == [True]


class LostRun(KeptRun):
    """A run whose store refuses a step."""

    def keep(
        self, name: str, call: Callable[[], Awaitable[T]], kind: type[T], *, is_last_word: bool = False
    ) -> Awaitable[T]:
        """Refuse to keep the first piece."""
        if name == "prepare-0":
            self.is_lost = True
            raise ZeroDivisionError
        return super().keep(name, call, kind, is_last_word=is_last_word)


async def test_what_the_store_raises_passes(props: Props) -> None:
    """A job that cannot be kept any more says nothing: another process may be at work on it."""
    with pytest.raises(ZeroDivisionError):
        await walk(JOB, stages=props.stages(), run=LostRun())
    assert props.replied == []


@pytest.mark.parametrize(
    "error", [errors.EndpointKeyError, errors.EndpointCreditError, errors.EndpointModelError]
)
async def test_what_no_piece_gets_past(props: Props, error: type[errors.EndpointError]) -> None:
    """After a refused key, an empty account or an unknown model no other piece of the job is uploaded."""
    engine, run = ListEngine([error("402")]), KeptRun()
    translator = Translator([line_of(engine, Clock(), turns=FairTurns(1))])
    ending = Ending(EndingName.FAILED, error.reason)
    assert await walk(JOB, stages=replace(props.stages(), translator=translator), run=run) == ending
    assert len(engine.asks) == 1
    assert [type(run.kept[f"translate-{number}"]) for number in range(3)] == [error] * 3


async def test_nothing_is_cut_again_for_what_no_piece_gets_past(props: Props) -> None:
    """A piece whose sound is gone is not made again where it would only be refused."""
    engine, stages = ListEngine([errors.EndpointKeyError()]), props.stages()
    stages = replace(stages, translator=Translator([line_of(engine, Clock())]))
    bench = Bench(JOB, stages, on_wait=props.wait_for_endpoint)
    bench.learn_file(await bench.download())
    pieces = [await bench.cut(number) for number in range(2)]
    for piece in reversed(pieces):
        await asyncio.to_thread(Path(piece.path).unlink)
        with pytest.raises(errors.EndpointKeyError):
            await bench.translate(piece)
    assert (len(engine.asks), props.decoded) == (1, 2)


async def test_what_the_second_engine_refuses_costs_no_piece_of_the_first(props: Props) -> None:
    """Of five pieces the first engine refuses one, and the key of the second is wrong: four are posted."""
    props.texts = ("One.",) * 5
    refused = errors.EndpointRefusedError("400")
    first = ListEngine([ENGLISH, refused, ENGLISH])
    second = ListEngine([errors.EndpointKeyError("401")], name="two-step")
    turns = FairTurns(1)
    lines = [line_of(engine, Clock(), turns=turns) for engine in (first, second)]
    run, stages = KeptRun(), replace(props.stages(), translator=Translator(lines))
    assert (await walk(JOB, stages=stages, run=run)).name is EndingName.TRANSLATED
    kept = [type(run.kept[f"translate-{number}"]).__name__ for number in range(5)]
    assert sorted(kept) == ["EndpointKeyError", *["Translation"] * 4]
    assert (len(first.asks), len(second.asks)) == (5, 1)


async def test_another_fault_is_one_pieces_own(props: Props) -> None:
    """What one piece is refused for says nothing of the others."""
    props.lanes, props.faults = asyncio.Semaphore(1), {0: errors.EndpointRefusedError()}
    await walk(JOB, stages=props.stages(), run=KeptRun())
    assert props.asked_pieces == [0, 1, 2]
