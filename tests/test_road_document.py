"""The file that goes along with a reply: once, under another name, or as messages; never too late."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot import errors
from bot.ending import Ending, EndingName
from bot.engines import Translation
from bot.road import walk
from bot.share import Output
from bot.spool import Spool
from road_props import JOB, KeptRun, PowerCutError, Props

if TYPE_CHECKING:
    from pathlib import Path

    from bot.share import Job

SUBTITLED = replace(JOB, output=Output.SRT)
TRANSLATED = Ending(EndingName.TRANSLATED)
LONG = "A sentence of somebody's. " * 200


@pytest.fixture
def props(tmp_path: Path) -> Props:
    """Give stages on which all goes well."""
    return Props(Spool(tmp_path / "spool"))


async def after_the_reply(props: Props, job: Job = SUBTITLED) -> list[str]:
    """Walk to the end, and give the steps after the reply."""
    run = KeptRun()
    assert await walk(job, stages=props.stages(), run=run) == TRANSLATED
    return run.ran[run.ran.index("reply") + 1 :]


async def test_a_document_goes_along(props: Props) -> None:
    """Subtitles are uploaded, then shared, after the text stands in the thread."""
    assert await after_the_reply(props) == ["upload-1", "attach-1"]
    assert props.attached == [("F2", "memo.en.srt", True)]
    assert props.added == []


async def test_no_document_no_steps(props: Props) -> None:
    """A short text needs no file."""
    assert await after_the_reply(props, JOB) == []


@pytest.mark.parametrize(
    ("uploads", "attaches", "steps", "is_added"),
    [
        pytest.param(
            ["", "F3"], [True], ["upload-1", "upload-2", "attach-2"], False, id="the extension is refused"
        ),
        pytest.param(
            ["F2", "F3"],
            [False, True],
            ["upload-1", "attach-1", "upload-2", "attach-2"],
            False,
            id="sharing is refused",
        ),
        pytest.param([""], [True], ["upload-1", "upload-2", "reply-text"], True, id="no upload at all"),
        pytest.param(
            ["F2"],
            [False],
            ["upload-1", "attach-1", "upload-2", "attach-2", "reply-text"],
            True,
            id="no sharing at all",
        ),
        pytest.param(
            [errors.BrokenError(), "F3"], [True], ["upload-1", "upload-2", "attach-2"], False, id="it broke"
        ),
    ],
)
async def test_a_refused_document(
    props: Props,
    uploads: list[str | BaseException],
    attaches: list[bool],
    steps: list[str],
    *,
    is_added: bool,
) -> None:
    """Refused, it comes as a text file; refused again, its words come as messages."""
    props.uploads, props.attaches = uploads, attaches
    assert await after_the_reply(props) == steps
    assert props.documents == ["memo.en.srt", "memo.en.srt.txt"]
    assert bool(props.added) is is_added
    for text, first_part, is_first_run in props.added:
        assert "00:00:00,000 --&gt; " in text
        assert (first_part, is_first_run) == (2, True)


async def test_a_text_file_has_no_other_name(props: Props) -> None:
    """The whole of a long text is tried once as a file, and is not said twice: it stands in the messages."""
    props.texts, props.uploads = (LONG,), [""]
    assert await after_the_reply(props, JOB) == ["upload-1"]
    assert props.documents == ["memo.en.txt"]
    assert props.added == []


async def test_the_words_are_the_last_word(props: Props) -> None:
    """Where no file can come, saying the words is run until it is done; an upload is not."""
    props.uploads = [""]
    run = KeptRun()
    await walk(SUBTITLED, stages=props.stages(), run=run)
    assert run.last_words == ["reply", "reply-text"]


@pytest.mark.parametrize("step", ["reply", "upload-1", "attach-1", "upload-2", "attach-2", "reply-text"])
async def test_a_power_cut_among_refusals(props: Props, step: str) -> None:
    """After a crash an upload that was refused stays refused, and each thing is done once."""
    props.attaches = [False]
    run = KeptRun(cut_after=step)
    with pytest.raises(PowerCutError):
        await walk(SUBTITLED, stages=props.stages(), run=run)
    again = run.again()
    assert await walk(SUBTITLED, stages=props.stages(), run=again) == TRANSLATED
    assert run.ran + again.ran == again.calls
    assert again.calls[-5:] == ["upload-1", "attach-1", "upload-2", "attach-2", "reply-text"]
    assert (len(props.documents), len(props.attached), len(props.added)) == (2, 2, 1)


# --- the words as they were said ----------------------------------------------------------------

GERMAN = Translation("", original="Ein Satz von jemandem. " * 200, source_language="de")
BOTH = replace(SUBTITLED, wants_original=True)


async def test_the_words_as_they_were_said_go_along(props: Props) -> None:
    """Their file comes after the other one, and alone where there is no other."""
    props.said = GERMAN
    assert await after_the_reply(props, BOTH) == [
        "upload-1",
        "attach-1",
        "upload-original",
        "attach-original",
    ]
    assert [name for _, name, _ in props.attached] == ["memo.en.srt", "memo.original.txt"]
    assert await after_the_reply(props, replace(BOTH, output=Output.TEXT)) == [
        "upload-original",
        "attach-original",
    ]
    assert await after_the_reply(props, SUBTITLED) == ["upload-1", "attach-1"]


@pytest.mark.parametrize(
    "step", [f"{what}-{which}" for what in ("upload", "attach") for which in ("1", "original")]
)
async def test_a_power_cut_between_two_files(props: Props, step: str) -> None:
    """After a crash each file is there once, whichever was on its way."""
    props.said = GERMAN
    run = KeptRun(cut_after=step)
    with pytest.raises(PowerCutError):
        await walk(BOTH, stages=props.stages(), run=run)
    again = run.again()
    assert await walk(BOTH, stages=props.stages(), run=again) == TRANSLATED
    assert run.ran + again.ran == again.calls
    assert props.documents == [name for _, name, _ in props.attached] == ["memo.en.srt", "memo.original.txt"]


@pytest.mark.parametrize(
    ("uploads", "steps", "parts"),
    [
        pytest.param(
            ["F2", ""],
            ["upload-1", "attach-1", "upload-original", "reply-original"],
            [("memo.original.txt", 2)],
            id="only this one",
        ),
        pytest.param(
            [""],
            ["upload-1", "upload-2", "reply-text", "upload-original", "reply-original"],
            [("memo.en.srt", 2), ("memo.original.txt", 3)],
            id="both",
        ),
    ],
)
async def test_refused_words_are_messages(
    props: Props, uploads: list[str | BaseException], steps: list[str], parts: list[tuple[str, int]]
) -> None:
    """Where no file can come the words are posted after all that stands, and counted on."""
    props.said, props.uploads = GERMAN, uploads
    assert await after_the_reply(props, BOTH) == steps
    assert [(text.split("\n")[0], first) for text, first, _ in props.added] == parts


async def test_a_withdrawal_between_two_files(props: Props) -> None:
    """Once nobody waits for an answer, no second file comes."""
    props.said = GERMAN
    run = KeptRun(cut_after="attach-1")
    with pytest.raises(PowerCutError):
        await walk(BOTH, stages=props.stages(), run=run)
    props.withdrawn = True
    assert await walk(BOTH, stages=props.stages(), run=run.again()) == TRANSLATED
    assert (props.documents, props.added) == (["memo.en.srt"], [])


@pytest.mark.parametrize(
    ("ending", "is_withdrawn"),
    [
        pytest.param(Ending(EndingName.WITHDRAWN), False, id="the reply found the source gone"),
        pytest.param(Ending(EndingName.FAILED), False, id="Slack refused the reply"),
        pytest.param(TRANSLATED, True, id="the source went after the reply"),
    ],
)
async def test_no_document_where_there_is_no_reply(
    props: Props, ending: Ending, *, is_withdrawn: bool
) -> None:
    """Where the text could not be posted, or was withdrawn, no file is, and no words of it."""
    run = KeptRun(cut_after="translate-0")
    with pytest.raises(PowerCutError):
        await walk(SUBTITLED, stages=props.stages(), run=run)
    run = run.again()
    run.kept["reply"] = ending
    props.withdrawn, props.uploads = is_withdrawn, [""]
    assert await walk(SUBTITLED, stages=props.stages(), run=run) == ending
    assert (props.documents, props.added) == ([], [])
