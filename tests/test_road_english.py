"""What is in English already, in a channel that wants no translation of such: one quiet line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.compose import ALREADY_ENGLISH_TEXT
from bot.ending import Ending, EndingName
from bot.engines import Translation
from bot.errors import EndpointRefusedError
from bot.road import walk
from bot.spool import Spool
from road_props import JOB, MEMO, KeptRun, Props

if TYPE_CHECKING:
    from pathlib import Path

    from bot.share import Job

SKIPPING = replace(JOB, skips_english=True)
ENGLISH = Translation("", source_language="en")
ALREADY_ENGLISH = Ending(EndingName.ALREADY_ENGLISH)


@pytest.fixture
def props(tmp_path: Path) -> Props:
    """Give stages on which all goes well."""
    return Props(Spool(tmp_path / "spool"))


async def ending_of(job: Job, props: Props) -> EndingName:
    """Walk to the end."""
    return (await walk(job, stages=props.stages(), run=KeptRun())).name


async def test_what_is_english_is_left_alone(props: Props) -> None:
    """The reply says so in a line, and nothing goes along."""
    props.said = ENGLISH
    assert await ending_of(replace(SKIPPING, wants_original=True), props) is EndingName.ALREADY_ENGLISH
    assert props.replied == [(ALREADY_ENGLISH, ALREADY_ENGLISH_TEXT, True)]
    assert props.documents == []


async def test_a_clip_of_which_slack_says_so_is_not_fetched(props: Props) -> None:
    """Where Slack knows the language of its clip nothing is downloaded, and nothing paid for."""
    props.resolved = replace(MEMO, locale="en-GB")
    assert await ending_of(SKIPPING, props) is EndingName.ALREADY_ENGLISH
    assert (props.fetched, props.asked) == (0, [])
    assert props.replied == [(ALREADY_ENGLISH, ALREADY_ENGLISH_TEXT, True)]


async def test_what_was_missing_is_fetched_whatever_slack_says(props: Props) -> None:
    """Slack's guess at the language may come late: the rest of an answer that stands is told all the same."""
    props.resolved = replace(MEMO, locale="en-GB")
    props.said = Translation("", source_language="de")
    missing = replace(SKIPPING, only=((0.0, 6.0),))
    assert await ending_of(missing, props) is EndingName.TRANSLATED


@pytest.mark.parametrize(
    ("job", "said"),
    [
        pytest.param(JOB, ENGLISH, id="the channel wants all of it"),
        pytest.param(SKIPPING, replace(ENGLISH, source_language="de"), id="another language"),
        pytest.param(SKIPPING, replace(ENGLISH, source_language=""), id="nobody knows the language"),
        pytest.param(replace(SKIPPING, only=((0.0, 6.0),)), ENGLISH, id="what was missing"),
    ],
)
async def test_what_is_not_left_alone(props: Props, job: Job, said: Translation) -> None:
    """Whatever is not surely English, and the rest of an answer that stands, is told."""
    props.said = said
    assert await ending_of(job, props) is EndingName.TRANSLATED


async def test_english_with_a_little_german_is_told(props: Props) -> None:
    """However much of it is in English: who can't read the rest would never hear of it."""
    props.said, props.texts, props.languages = ENGLISH, ("Hello.", "Where is it?", "Bye."), {1: "de"}
    assert await ending_of(SKIPPING, props) is EndingName.TRANSLATED
    ((_, text, _),) = props.replied
    assert "Where is it?" in text


async def test_english_with_a_hole_is_told(props: Props) -> None:
    """Where a piece could not be heard nobody knows its language: the button must stand somewhere."""
    props.said, props.texts = ENGLISH, ("Good morning.", "Bye.")
    props.faults = {1: EndpointRefusedError()}
    assert await ending_of(SKIPPING, props) is EndingName.TRANSLATED
