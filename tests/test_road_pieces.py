"""The road of a recording in several pieces: side by side, with gaps, over crashes, and only in part."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot import errors
from bot.ending import Ending, EndingName
from bot.road import walk
from bot.share import Output
from bot.spool import Spool
from road_props import JOB, PIECE_SECONDS, KeptRun, PowerCutError, Props, left_over, settle

if TYPE_CHECKING:
    from pathlib import Path

TRANSLATED = Ending(EndingName.TRANSLATED)
# With subtitles, so that every kind of step is there.
SUBTITLED = replace(JOB, output=Output.SRT)
STEPS = [
    "download",
    "prepare-0",
    "translate-0",
    "prepare-1",
    "translate-1",
    "prepare-2",
    "translate-2",
    "reply",
    "upload-1",
    "attach-1",
]


@pytest.fixture
def props(tmp_path: Path) -> Props:
    """Give stages on which all goes well with a recording of three pieces."""
    return Props(Spool(tmp_path / "spool"), texts=("One.", "Two.", "Three."))


def spans(*numbers: int) -> tuple[tuple[float, float], ...]:
    """Give from when to when these pieces last."""
    return tuple((number * PIECE_SECONDS, (number + 1) * PIECE_SECONDS) for number in numbers)


async def test_pieces_are_translated_while_others_are_cut(props: Props) -> None:
    """A piece is asked for as soon as it is cut, and the text keeps the order of the sound."""
    props.gates = {0: asyncio.Event(), 1: asyncio.Event()}
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=KeptRun()))
    async with asyncio.timeout(10):
        while props.asked_pieces != [0, 1, 2]:
            await settle()
    assert props.seconds_heard == [20.0, 40.0, 60.0]
    props.gates[1].set()
    props.gates[0].set()
    assert await walking == TRANSLATED
    assert props.replied[0][1] == "One.\nTwo.\nThree."
    assert (props.decoded, props.fetched, props.closed) == (1, 1, 1)


async def test_progress_counts_the_recording(props: Props) -> None:
    """People see how much of the recording is done, with the silence that was left out, after a crash too."""
    run = KeptRun(cut_after="translate-2")
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    for told in (props.seconds_heard, props.seconds_expected, props.seconds_translated):
        told.clear()
    await walk(JOB, stages=props.stages(), run=run.again())
    assert props.seconds_heard == [20.0, 40.0, 60.0]
    assert props.seconds_expected == [60.0]
    assert props.seconds_translated == [20.0] * 3


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_steps_have_one_order(props: Props, order: tuple[int, ...]) -> None:
    """Whatever is ready first, the steps are asked for in the same order: it is how they are found again."""
    props.gates = {number: asyncio.Event() for number in range(3)}
    run = KeptRun()
    walking = asyncio.create_task(walk(SUBTITLED, stages=props.stages(), run=run))
    for number in order:
        await settle()
        props.gates[number].set()
    assert await walking == TRANSLATED
    assert run.calls == STEPS


@pytest.mark.parametrize("step", STEPS)
async def test_a_power_cut_after_any_step(props: Props, step: str) -> None:
    """After a crash no finished step runs again, only what is missing is sent, and all comes out the same."""
    run = KeptRun(cut_after=step)
    with pytest.raises(PowerCutError):
        await walk(SUBTITLED, stages=props.stages(), run=run)
    assert step in run.kept
    done, sent = set(run.kept), props.asked_pieces
    props.spool.clear_all()
    props.asked.clear()
    again = run.again()
    assert await walk(SUBTITLED, stages=props.stages(), run=again) == TRANSLATED
    assert again.calls == STEPS
    assert set(again.ran) == set(STEPS) - done
    translated = {number for number in sent if f"translate-{number}" in done}
    assert props.asked_pieces == sorted({0, 1, 2} - translated)
    assert [text for _, text, _ in props.replied][-1].startswith("One.\nTwo.\nThree.")
    assert len(props.replied) == 1
    assert [name for _, name, _ in props.attached] == ["memo.en.srt"]
    assert left_over(props) == []


async def test_a_power_cut_before_the_reply(props: Props) -> None:
    """With all pieces translated, a crash costs neither download nor decoding nor endpoint."""
    run = KeptRun()
    await walk(JOB, stages=props.stages(), run=run)
    del run.kept["reply"]
    run = run.again()
    await walk(JOB, stages=props.stages(), run=run)
    assert run.ran == ["reply"]
    assert (props.fetched, props.decoded, len(props.asked)) == (1, 1, 3)


async def test_no_sound_stays_longer_than_it_is_needed(props: Props) -> None:
    """A piece is gone once its translation is kept, the recording once all is cut, and both after a crash."""
    props.gates = {2: asyncio.Event()}
    run = KeptRun(cut_after="translate-1")
    props.gates[1] = asyncio.Event()
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=run))
    folder = props.spool.folder(JOB.id)
    async with asyncio.timeout(10):
        while props.asked_pieces != [0, 1, 2] or (folder / "piece-0000.flac").exists():
            await settle()
    assert sorted(path.name for path in folder.iterdir()) == [
        "piece-0001.flac",
        "piece-0001.mp3",
        "piece-0002.flac",
        "piece-0002.mp3",
    ]
    props.gates[1].set()
    with pytest.raises(PowerCutError):
        await walking
    props.spool.clear_all()
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=run.again()))
    async with asyncio.timeout(10):
        while props.asked_pieces != [0, 1, 2, 2]:
            await settle()
    assert sorted(path.name for path in folder.iterdir()) == ["piece-0002.flac", "piece-0002.mp3"]
    props.gates[2].set()
    assert await walking == TRANSLATED


async def test_no_more_is_cut_again_than_is_needed(props: Props) -> None:
    """After a crash decoding stops at the last piece that is still to be sent."""
    run = KeptRun()
    await walk(JOB, stages=props.stages(), run=run)
    del run.kept["translate-0"], run.kept["reply"]
    props.spool.clear_all()
    props.gates = {0: asyncio.Event()}
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=run.again()))
    async with asyncio.timeout(10):
        while props.asked_pieces != [0, 0, 1, 2]:
            await settle()
    names = sorted(path.name for path in props.spool.folder(JOB.id).iterdir())
    assert names == ["piece-0000.flac", "piece-0000.mp3", "source"]
    props.gates[0].set()
    assert await walking == TRANSLATED


async def test_pieces_that_are_cut_otherwise_after_a_crash(props: Props) -> None:
    """What does not fit the kept pieces any more is a gap: no word is doubled, or lost without a mark."""
    run = KeptRun()
    await walk(JOB, stages=props.stages(), run=run)
    del run.kept["translate-1"], run.kept["reply"]
    props.spool.clear_all()
    props.asked.clear()
    props.piece_seconds = 15.1
    ending = await walk(JOB, stages=props.stages(), run=run.again())
    assert ending == Ending(EndingName.TRANSLATED, missing=spans(1))
    assert props.asked == []


async def test_cutting_on_otherwise_after_a_crash(props: Props) -> None:
    """Where the rest of the recording would be cut otherwise the job fails, and can be asked for anew."""
    run = KeptRun(cut_after="prepare-1")
    props.turn = asyncio.Event()  # no translation is kept before the power goes: it would be posted
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    props.spool.clear_all()
    props.turn.set()
    props.piece_seconds = 15.1
    ending = Ending(EndingName.FAILED, errors.BrokenError.reason)
    assert await walk(JOB, stages=props.stages(), run=run.again()) == ending


async def test_withdrawn_in_the_middle(props: Props) -> None:
    """When the source goes nothing more is cut or sent, what is under way is let go, nothing is posted."""
    props.gates = {0: asyncio.Event()}
    props.texts, props.withdrawn_at = ("One.",) * 40, 5
    run = KeptRun()
    async with asyncio.timeout(10):
        ending = await walk(JOB, stages=props.stages(), run=run)
    assert ending == Ending(EndingName.WITHDRAWN)
    assert set(props.asked_pieces) <= {0, 1, 2, 3, 4, 5, 6}
    assert run.calls[-2:] == ["prepare-8", "reply"]
    assert props.replied[0][1] == ""
    assert await walk(JOB, stages=props.stages(), run=run.again()) == Ending(EndingName.WITHDRAWN)


async def test_withdrawn_while_pieces_wait_for_their_turn(props: Props) -> None:
    """A piece that waited for the endpoint is not sent when its source was deleted in the meantime."""
    props.turn = asyncio.Event()
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=KeptRun()))
    async with asyncio.timeout(10):
        while not props.seconds_expected:
            await settle()
        props.withdrawn = True
        props.turn.set()
        assert await walking == Ending(EndingName.WITHDRAWN)
    assert props.asked == []


async def test_a_piece_that_was_not_begun(props: Props) -> None:
    """Where the next step is known to have failed, a piece that waits to be sent is let go unsent."""
    props.decode_error, props.gates = errors.TooLongError(), {0: asyncio.Event()}
    run = KeptRun(cut_after="prepare-1")
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    props.asked.clear()
    ending = Ending(EndingName.FAILED, "too_long")
    assert await walk(JOB, stages=props.stages(), run=run.again()) == ending
    assert props.asked == []


# --- gaps ---------------------------------------------------------------------------------------


async def test_a_piece_that_fails_leaves_a_gap(props: Props) -> None:
    """The rest is posted, the ending names the missing pieces, and nothing is sent again after a crash."""
    props.faults = {1: errors.EndpointDownError()}
    ending = Ending(EndingName.TRANSLATED, missing=spans(1))
    run = KeptRun(cut_after="reply")
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    assert props.replied[0][0] == ending
    text = props.replied[0][1]
    assert text.index("One.") < text.index("could not be translated") < text.index("Three.")
    assert (
        "could not be translated. The translation service is not answering properly right now. Press" in text
    )
    assert await walk(JOB, stages=props.stages(), run=run.again()) == ending
    assert props.asked_pieces == [0, 1, 2]
    assert props.seconds_translated == [20.0] * 6


async def test_why_there_are_gaps(props: Props) -> None:
    """Of several gaps the first one's reason is told, with its limits spelled out; the log counts them."""
    props.faults = {0: errors.TooLargeError(), 2: errors.EndpointDownError()}
    with capture_logs() as logs:
        await walk(JOB, stages=props.stages(), run=KeptRun())
    assert "translated. This file is larger than the 1,024 MB I take. Press the button" in props.replied[0][1]
    assert [line["missing"] for line in logs if line["event"] == "job.ended"] == [2]


async def test_the_others_are_waited_for(props: Props) -> None:
    """A piece that fails at once takes nothing from those that are still under way."""
    props.faults, props.gates = {0: errors.EndpointRefusedError()}, {2: asyncio.Event()}
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=KeptRun()))
    async with asyncio.timeout(10):
        while props.asked_pieces != [0, 1, 2]:
            await settle()
    assert not walking.done()
    props.gates[2].set()
    assert await walking == Ending(EndingName.TRANSLATED, missing=spans(0))


@pytest.mark.parametrize(
    ("texts", "failing"),
    [
        pytest.param(("One.", "Two.", "Three."), (0, 1, 2), id="all fail"),
        pytest.param(("♪", "Two.", "Three."), (1, 2), id="what was heard has no words"),
    ],
)
async def test_nothing_but_gaps(props: Props, texts: tuple[str, ...], failing: tuple[int, ...]) -> None:
    """Where no word came the recording has failed, of what its first missing piece failed of."""
    props.texts = texts
    props.faults = {number: errors.EndpointDownError() for number in failing}
    props.faults[failing[0]] = errors.EndpointCreditError()
    ending = Ending(EndingName.FAILED, "endpoint_credit")
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == ending
    assert props.replied == [(ending, errors.EndpointCreditError.text, True)]


async def test_only_what_is_missing(props: Props) -> None:
    """A second attempt cuts all, since cuts depend on what is before, but sends only what is missing."""
    props.faults = {2: errors.EndpointDownError()}
    run = KeptRun()
    job = replace(JOB, attempt=2, only=spans(1, 2))
    assert await walk(job, stages=props.stages(), run=run) == Ending(EndingName.TRANSLATED, missing=spans(2))
    assert props.asked_pieces == [1, 2]
    assert [name for name in run.calls if name.startswith("translate")] == ["translate-1", "translate-2"]
    assert "Two." in props.replied[0][1]
    assert "One." not in props.replied[0][1]
    assert props.seconds_translated == [20.0] * 3


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"faults": {1: errors.EndpointDownError()}}, id="the piece failed again"),
        pytest.param({"fetch_error": errors.NotReadyError()}, id="the download failed"),
    ],
)
async def test_what_is_missing_stays_missing(props: Props, trouble: dict[str, object]) -> None:
    """When a second attempt brings nothing, the same pieces can be asked for once more."""
    for name, value in trouble.items():
        setattr(props, name, value)
    ending = await walk(replace(JOB, attempt=2, only=spans(1)), stages=props.stages(), run=KeptRun())
    assert (ending.name, ending.missing) == (EndingName.FAILED, spans(1))


async def test_a_missing_piece_in_which_nobody_speaks(props: Props) -> None:
    """A piece that fails first and then turns out to be without speech is not missing any more."""
    props.texts = ("One.", "♪", "Three.")
    job = replace(JOB, attempt=2, only=spans(1))
    assert await walk(job, stages=props.stages(), run=KeptRun()) == Ending(EndingName.NO_SPEECH)


async def test_a_run_that_breaks_leaves_nothing_behind(props: Props) -> None:
    """What is no error at all ends the run at once: the other pieces are let go, and the decoder closed."""
    error = PowerCutError
    props.faults, props.gates = {1: error()}, {0: asyncio.Event(), 1: asyncio.Event()}
    walking = asyncio.create_task(walk(JOB, stages=props.stages(), run=KeptRun()))
    async with asyncio.timeout(10):
        while props.asked_pieces != [0, 1, 2]:
            await settle()
        props.gates[1].set()
        with pytest.raises(error):
            await walking
    assert props.cancelled == [0]
    assert props.closed == 1
