"""The road on plain stand-ins for its stages: every ending of a recording in one piece."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot import errors
from bot.compose import NO_SPEECH_TEXT
from bot.ending import Ending, EndingName
from bot.engines import Ask
from bot.road import walk
from bot.share import SlackFile
from bot.spool import Spool
from bot.terms import Terms
from road_props import JOB, MEMO, KeptRun, PowerCutError, Props, left_over

if TYPE_CHECKING:
    from pathlib import Path

    from bot.share import Job

TRANSLATED, WITHDRAWN = Ending(EndingName.TRANSLATED), Ending(EndingName.WITHDRAWN)
QUESTION = Ending(EndingName.SKIPPED, "too_long")


@pytest.fixture
def props(tmp_path: Path) -> Props:
    """Give stages on which all goes well."""
    return Props(Spool(tmp_path / "spool"))


def job_of(**fields: Any) -> Job:  # noqa: ANN401 -- any field of a file
    """Give a job whose file is like this."""
    return replace(JOB, share=replace(JOB.share, file=replace(MEMO, **fields)))


async def test_a_translation(props: Props) -> None:
    """All stages in their order, the channel's wishes with the sound, the reply in its turn, nothing left."""
    run = KeptRun()
    assert await walk(JOB, stages=props.stages(), run=run) == TRANSLATED
    assert run.ran == ["download", "prepare-0", "translate-0", "reply"]
    assert props.asked == [(0, Ask("Zanzibar", 0.2), "T1", JOB.id)]
    assert props.replied == [(TRANSLATED, "Good morning.", True)]
    assert (run.waited, props.stopped) == (1, 1)
    assert left_over(props) == []


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"texts": ("♪",)}, id="text without a word"),
        pytest.param({"decode_error": errors.SilentError(), "decoded_before": 0}, id="nothing but silence"),
    ],
)
async def test_no_speech(props: Props, trouble: dict[str, Any]) -> None:
    """Text without a word is no translation, and is not posted as one; silence is not even sent."""
    for name, value in trouble.items():
        setattr(props, name, value)
    ending = Ending(EndingName.NO_SPEECH)
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == ending
    assert props.replied == [(ending, NO_SPEECH_TEXT, True)]


FAILURES = [
    pytest.param(
        {"fetch_error": errors.DownloadForbiddenError()}, errors.DownloadForbiddenError, id="download"
    ),
    pytest.param({"fetch_error": errors.DeletedError()}, errors.DeletedError, id="deleted, message stands"),
    pytest.param(
        {"decode_error": errors.NotDecodableError(), "decoded_before": 0},
        errors.NotDecodableError,
        id="prepare",
    ),
    pytest.param({"faults": {0: errors.EndpointKeyError()}}, errors.EndpointKeyError, id="translate"),
]


@pytest.mark.parametrize(("trouble", "error"), FAILURES)
async def test_failures(props: Props, trouble: dict[str, Any], error: type[errors.BotError]) -> None:
    """Whatever a stage fails of stands in the thread in its words, and the files are gone."""
    for name, value in trouble.items():
        setattr(props, name, value)
    ending = Ending(EndingName.FAILED, error.reason)
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == ending
    assert props.replied == [(ending, error.text, True)]
    assert left_over(props) == []


@pytest.mark.parametrize("error", [asyncio.CancelledError, PowerCutError])
async def test_a_reply_that_is_broken_off(props: Props, error: type[BaseException]) -> None:
    """Whatever ends the reply, progress ends with it and the files are gone."""
    props.reply_error = error()
    with pytest.raises(error):
        await walk(JOB, stages=props.stages(), run=KeptRun())
    assert props.stopped == 1
    assert left_over(props) == []


async def test_the_reply_is_the_last_word(props: Props) -> None:
    """Only the reply is run until it is done: nobody would hear of its failure."""
    run = KeptRun()
    await walk(JOB, stages=props.stages(), run=run)
    assert run.last_words == ["reply"]


async def test_a_name_learnt_from_slack(props: Props) -> None:
    """The name that only files.info knew is told with the reply, after a crash too; a known one stays."""
    nameless = replace(JOB, share=replace(JOB.share, file=SlackFile("F1")))
    run = KeptRun()
    await walk(nameless, stages=props.stages(), run=run)
    del run.kept["reply"]
    await walk(nameless, stages=props.stages(), run=run.again())
    props.resolved = replace(MEMO, name="other.m4a")
    await walk(JOB, stages=props.stages(), run=KeptRun())
    assert props.names == ["memo.m4a"] * 3


async def test_a_stub_that_is_no_recording(props: Props) -> None:
    """A Slack Connect stub that turns out to be a picture is skipped, without a download or a word."""
    props.resolved = SlackFile("F1", name="cat.png", mimetype="image/png")
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == Ending(EndingName.SKIPPED)
    assert props.fetched == 0
    assert props.replied == [(Ending(EndingName.SKIPPED), "", True)]


async def test_a_stub_that_is_a_video(props: Props) -> None:
    """A stub that turns out to be a video is translated like a recording."""
    props.resolved = SlackFile("F1", name="cat.mp4", mimetype="video/mp4")
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == TRANSLATED


async def test_withdrawn_before_the_download(props: Props) -> None:
    """A file that is gone together with its message was withdrawn: that is no failure."""
    props.fetch_error, props.source_gone = errors.DeletedError(), True
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == WITHDRAWN


async def test_withdrawn_while_it_is_decoded(props: Props) -> None:
    """What was deleted meanwhile is not decoded to its end."""
    props.withdrawn, props.texts = True, ("One.", "Two.", "Three.")
    run = KeptRun()
    assert await walk(JOB, stages=props.stages(), run=run) == WITHDRAWN
    assert "prepare-1" in run.ran
    assert "prepare-2" not in run.ran
    assert props.asked == []


async def test_withdrawn_before_the_endpoint_is_asked(props: Props) -> None:
    """What was deleted after it was decoded is not sent to the endpoint."""
    run = KeptRun(cut_after="prepare-0")
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    props.withdrawn = True
    assert await walk(JOB, stages=props.stages(), run=run.again()) == WITHDRAWN
    assert props.asked == []


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "resolved"),
    [
        pytest.param({"duration_seconds": 7201.0}, {"duration_seconds": 7201.0}, id="the message says so"),
        pytest.param({"duration_seconds": None}, {"duration_seconds": 7201.0}, id="only files.info says so"),
    ],
)
async def test_too_long_by_slacks_word(props: Props, known: dict[str, Any], resolved: dict[str, Any]) -> None:
    """A recording that Slack says is longer than allowed is not downloaded; the reply names the limit."""
    props.terms, props.resolved = Terms(max_minutes=120), replace(MEMO, **resolved)
    ending = Ending(EndingName.FAILED, "too_long")
    assert await walk(job_of(**known), stages=props.stages(), run=KeptRun()) == ending
    assert props.fetched == 0
    assert "(120 min)" in props.replied[0][1]


async def test_exactly_as_long_as_allowed(props: Props) -> None:
    """A recording of the very length that is allowed is translated, and without a question."""
    props.terms, props.resolved = Terms(max_minutes=120), replace(MEMO, duration_seconds=7200.0)
    job = replace(job_of(duration_seconds=7200.0), confirm_above_seconds=7200.0)
    assert await walk(job, stages=props.stages(), run=KeptRun()) == TRANSLATED


async def test_a_limit_that_was_changed_in_between(props: Props) -> None:
    """What was begun under an older limit is finished, although the file has to be fetched again."""
    props.resolved = replace(MEMO, duration_seconds=7200.0)
    run = KeptRun(cut_after="prepare-0")
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    props.spool.clear_all()
    props.terms = Terms(max_minutes=1)
    assert await walk(JOB, stages=props.stages(), run=run.again()) == TRANSLATED
    assert props.fetched == 2


async def test_a_question_by_slacks_word(props: Props) -> None:
    """Above the length that needs a yes the question is posted, and nothing is downloaded."""
    props.resolved = replace(MEMO, duration_seconds=7800.0)
    job, run = replace(job_of(duration_seconds=7800.0), confirm_above_seconds=3600.0), KeptRun()
    assert await walk(job, stages=props.stages(), run=run) == QUESTION
    assert (run.ran, props.fetched) == (["download", "reply"], 0)
    ((ending, text, _),) = props.replied
    assert ending == QUESTION
    assert "2 h 10 min" in text
    assert left_over(props) == []


@pytest.mark.parametrize(
    ("above", "ending", "asked"),
    [
        pytest.param(59.0, QUESTION, [], id="longer"),
        pytest.param(60.0, TRANSLATED, [0, 1, 2], id="not longer"),
    ],
)
async def test_a_question_by_measuring(props: Props, above: float, ending: Ending, asked: list[int]) -> None:
    """Where Slack tells no length all is cut first, and only then it is seen whether to ask or to go on."""
    props.texts, props.resolved = ("One.", "Two.", "Three."), replace(MEMO, duration_seconds=None)
    job = replace(job_of(duration_seconds=None), confirm_above_seconds=above)
    run = KeptRun()
    assert await walk(job, stages=props.stages(), run=run) == ending
    assert props.asked_pieces == asked
    assert run.calls[:4] == ["download", "prepare-0", "prepare-1", "prepare-2"]
    # What may only be asked about is not said to be on its way.
    told = [] if ending == QUESTION else [60.0]
    assert (props.seconds_heard, props.seconds_expected) == ([], told)
    again = KeptRun(run.kept, run.calls, is_first=False)
    assert await walk(job, stages=props.stages(), run=again) == ending
    assert again.calls == run.calls
    assert again.ran == []
