"""The road of a recording that is cut a second time, or not to its end: what is kept, missing or refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot import errors
from bot.ending import Ending, EndingName
from bot.join import END_OF_ALL_SECONDS
from bot.road import walk
from bot.spool import Spool
from road_props import JOB, MEMO, PIECE_SECONDS, KeptRun, PowerCutError, Props, settle

if TYPE_CHECKING:
    from pathlib import Path

    from bot.share import Job

TRANSLATED = Ending(EndingName.TRANSLATED)


@pytest.fixture
def props(tmp_path: Path) -> Props:
    """Give stages on which all goes well with a recording of three pieces."""
    return Props(Spool(tmp_path / "spool"), texts=("One.", "Two.", "Three."))


def lasting(seconds: float | None) -> Job:
    """Give a job whose recording is so long by Slack's word."""
    return replace(JOB, share=replace(JOB.share, file=replace(MEMO, duration_seconds=seconds)))


def spans(*numbers: int) -> tuple[tuple[float, float], ...]:
    """Give from when to when these pieces last."""
    return tuple((number * PIECE_SECONDS, (number + 1) * PIECE_SECONDS) for number in numbers)


async def run_without(props: Props, *steps: str, job: Job = JOB) -> KeptRun:
    """Give the run after a crash that left all but these steps and the reply, and no file."""
    run = KeptRun()
    await walk(job, stages=props.stages(), run=run)
    for step in (*steps, "reply"):
        run.kept.pop(step, None)
    props.spool.clear_all()
    props.asked.clear()
    return run.again()


# --- cut again ----------------------------------------------------------------------------------


async def test_cuts_that_hardly_differ(props: Props) -> None:
    """A cut that differs by less than anybody hears is the same."""
    run = await run_without(props, "translate-1")
    props.piece_seconds += 0.04
    assert await walk(JOB, stages=props.stages(), run=run) == TRANSLATED
    assert props.asked_pieces == [1]


async def test_only_what_differs_is_refused(props: Props) -> None:
    """One piece that is cut otherwise costs no other one that is cut as before."""
    run = await run_without(props, "translate-1", "translate-2")
    props.odd_seconds = {1: 15.1}
    ending = Ending(EndingName.TRANSLATED, missing=spans(1))
    assert await walk(JOB, stages=props.stages(), run=run) == ending
    assert props.asked_pieces == [2]


async def test_fewer_pieces_than_before(props: Props) -> None:
    """A piece that is not there any more is missing, and nothing waits for it."""
    run = await run_without(props, "translate-2")
    props.texts = props.texts[:2]
    ending = Ending(EndingName.TRANSLATED, missing=spans(2))
    async with asyncio.timeout(10):
        assert await walk(JOB, stages=props.stages(), run=run) == ending


async def test_the_same_source_is_fetched_again(props: Props) -> None:
    """After a crash the file that was cut is fetched, not the other of the two that Slack has."""
    props.source = "rendition"
    run = await run_without(props, "translate-1")
    await walk(JOB, stages=props.stages(), run=run)
    assert props.sources == ["", "rendition"]


@pytest.mark.parametrize(
    ("seconds", "ending"),
    [
        pytest.param(15.03, TRANSLATED, id="the same"),
        pytest.param(18.0, Ending(EndingName.FAILED, "not_ready"), id="silence was not left out then"),
    ],
)
async def test_a_piece_kept_by_an_older_version(props: Props, seconds: float, ending: Ending) -> None:
    """A recording in one piece, cut before an update of the bot, is translated after it."""
    props.texts = ("One.",)
    run = KeptRun(cut_after="prepare-0")
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    run.kept["prepare-0"] = replace(run.kept["prepare-0"], seconds=seconds, end_seconds=0.0, size_bytes=7)
    props.spool.clear_all()
    assert await walk(JOB, stages=props.stages(), run=run.again()) == ending


async def test_pieces_kept_by_an_older_version(props: Props) -> None:
    """Of several pieces nobody knows whether they are still cut alike: they are not sent."""
    run = await run_without(props, "translate-0", "translate-2")
    for number in range(3):
        run.kept[f"prepare-{number}"] = replace(run.kept[f"prepare-{number}"], end_seconds=0.0)
    ending = await walk(JOB, stages=props.stages(), run=run)
    assert (ending.name, len(ending.missing)) == (EndingName.TRANSLATED, 2)
    assert props.asked == []


async def test_a_piece_that_vanishes(props: Props) -> None:
    """A piece whose file goes while it waits for its turn is cut again, and then sent."""
    props.turn = asyncio.Event()
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=KeptRun()))
    async with asyncio.timeout(10):
        while not props.seconds_expected:
            await settle()
        (props.spool.folder(JOB.id) / "piece-0001.flac").unlink()
        props.turn.set()
        assert await walking == TRANSLATED
    assert (props.fetched, props.decoded, props.asked_pieces) == (2, 2, [0, 1, 2])


# --- cut off ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "missing", "words"),
    [
        pytest.param(75.0, (40.0, 75.0), "0:40–1:15 could", id="Slack told the length"),  # noqa: RUF001 -- from, to
        pytest.param(None, (40.0, END_OF_ALL_SECONDS), "from 0:40 on could", id="nobody told it"),
    ],
)
async def test_what_comes_before_a_broken_end(
    props: Props, told: float | None, missing: tuple[float, float], words: str
) -> None:
    """Where cutting fails behind the first pieces these are posted, the rest is marked; after a crash too."""
    props.decode_error, props.decoded_before = errors.NotDecodableError(), 2
    props.gates = {1: asyncio.Event()}
    ending, run = Ending(EndingName.TRANSLATED, missing=(missing,)), KeptRun()
    walking = asyncio.create_task(walk(lasting(told), stages=props.stages(), run=run))
    async with asyncio.timeout(10):
        while not props.seconds_expected:
            await settle()
        props.gates[1].set()
        assert await walking == ending
    text = props.replied[0][1]
    assert text.index("Two.") < text.index(words)
    assert errors.NotDecodableError.text.partition(". ")[0] in text
    again = run.again()
    assert await walk(lasting(told), stages=props.stages(), run=again) == ending
    assert (again.ran, again.calls) == ([], run.calls)


async def test_too_long_is_refused_as_a_whole(props: Props) -> None:
    """A recording that turns out to be longer than allowed gets no half of an answer."""
    props.decode_error, props.decoded_before = errors.TooLongError(), 2
    ending = Ending(EndingName.FAILED, "too_long")
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == ending


async def test_no_words_before_a_broken_end(props: Props) -> None:
    """Where nothing was said before the end that cannot be read, the recording has failed of that."""
    props.decode_error, props.texts = errors.NotDecodableError(), ("♪", "Two.")
    ending = Ending(EndingName.FAILED, "not_decodable")
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == ending


@pytest.mark.parametrize(
    ("above", "ending"),
    [
        pytest.param(
            60.0, Ending(EndingName.TRANSLATED, missing=((40.0, END_OF_ALL_SECONDS),)), id="shorter"
        ),
        pytest.param(30.0, Ending(EndingName.SKIPPED, "too_long"), id="long enough for the question"),
    ],
)
async def test_a_broken_end_of_what_was_measured(props: Props, above: float, ending: Ending) -> None:
    """A recording that had to be measured first is no worse off when its end cannot be read."""
    props.decode_error, props.decoded_before = errors.NotDecodableError(), 2
    props.resolved = lasting(None).share.file
    job = replace(lasting(None), confirm_above_seconds=above)
    assert await walk(job, stages=props.stages(), run=KeptRun()) == ending


# --- only what was missing ----------------------------------------------------------------------


async def test_a_stretch_and_not_a_number(props: Props) -> None:
    """What was missing is found by its time, also where the cuts have moved a little."""
    job = replace(JOB, attempt=2, only=((19.7, 40.3),))
    assert await walk(job, stages=props.stages(), run=KeptRun()) == TRANSLATED
    assert props.asked_pieces == [1]


async def test_nothing_where_something_was_missing(props: Props) -> None:
    """Where the second cut ends before what was missing, that is no recording without speech."""
    job = replace(JOB, attempt=2, only=((100.0, 120.0),))
    ending = Ending(EndingName.FAILED, errors.BrokenError.reason, job.only)
    assert await walk(job, stages=props.stages(), run=KeptRun()) == ending


@pytest.mark.parametrize(
    ("only", "ending", "asked"),
    [
        pytest.param(spans(0), TRANSLATED, [0], id="behind all that was missing"),
        pytest.param(
            spans(0, 2), Ending(EndingName.TRANSLATED, missing=spans(2)), [0], id="before the last of it"
        ),
        pytest.param(
            spans(1, 2), Ending(EndingName.FAILED, "not_decodable", spans(1, 2)), [], id="before all of it"
        ),
    ],
)
async def test_a_second_attempt_that_is_cut_off(
    props: Props, only: tuple[tuple[float, float], ...], ending: Ending, asked: list[int]
) -> None:
    """Where cutting fails in a second attempt, only what was missing before is missing still."""
    props.decode_error = errors.NotDecodableError()
    job = replace(lasting(60.0), attempt=2, only=only)
    assert await walk(job, stages=props.stages(), run=KeptRun()) == ending
    assert props.asked_pieces == asked
