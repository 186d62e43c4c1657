from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from command_office import CLIP, NOTES, SONG, Office, fixed_slack, open_office

from bot.ending import EndingName
from bot.sandbox.faults import Fault
from bot.sandbox.records import SharedFile
from bot.share import Output
from bot.store.settings import Mode
from bot.surfaces.asking import translate_last
from bot.surfaces.desk import Asked
from bot.terms import Terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Give a workspace in which the command works."""
    async with open_office(tmp_path) as office:
        yield office


async def test_newest_recording(office: Office) -> None:
    """`last` starts a job for the newest recording, with the channel's prompt, and names its message."""
    await office.slack.share(SONG)
    ts = await office.slack.share(CLIP)
    await office.slack.share(NOTES)
    await office.slack.say("what did she say?", user="ben")
    await office.type("prompt Zendesk")

    answer = await office.type("last")

    (job,) = office.jobs.started
    assert (job.share.ts, job.share.file.name, job.share.of) == (ts, "clip.m4a", 1)
    assert (job.share.team_id, job.share.channel_id) == (
        office.slack.team_id,
        office.channel_id("support"),
    )
    assert (job.prompt, job.attempt, job.after) == ("Zendesk", 1, "")
    link = office.slack.permalink("support", ts)
    assert answer == f"On it: the English will stand in the thread of <{link}>"


async def test_link_is_shown_as_a_link(office: Office) -> None:
    """The message that the answer is about can be clicked."""
    ts = await office.slack.share(CLIP)
    (answer,) = await (await office.command("last")).answers()
    (section,) = answer["blocks"][0]["elements"]
    assert section["elements"][-1] == {"type": "link", "url": office.slack.permalink("support", ts)}


@pytest.mark.parametrize("mode", list(Mode))
async def test_every_mode(office: Office, mode: Mode) -> None:
    """`last` works whatever the mode of the channel is."""
    await office.slack.share(CLIP)
    await office.type(mode)
    assert (await office.type("last")).startswith("On it")
    assert len(office.jobs.started) == 1


async def test_all_recordings_of_the_message(office: Office) -> None:
    """Every recording of the message gets a job, in order, and each waits for the one before."""
    await office.slack.share([CLIP, NOTES, SONG])
    await office.type("last")
    first, second = office.jobs.started
    assert [job.share.file.name for job in (first, second)] == ["clip.m4a", "song.mp3"]
    assert [(job.share.position, job.share.of) for job in (first, second)] == [(1, 2), (2, 2)]
    assert second.after == first.id


async def test_replies_do_not_count(office: Office) -> None:
    """A recording inside a thread is not the channel's last one."""
    parent = await office.slack.say("how do I log in?")
    await office.slack.share(CLIP, thread_ts=parent)
    assert "There is no recording among the last 100 messages" in await office.type("last")
    assert not office.jobs.started


async def test_parent_of_a_thread_counts(office: Office) -> None:
    """A recording that somebody has replied to is still at top level."""
    ts = await office.slack.share(CLIP)
    await office.slack.say("thanks!", thread_ts=ts)
    await office.type("last")
    assert [(job.share.ts, job.share.thread_ts) for job in office.jobs.started] == [(ts, "")]


async def test_hundred_messages(office: Office) -> None:
    """What lies more than a hundred messages back is not looked for."""
    await office.slack.share(CLIP)
    for number in range(99):
        await office.slack.say(str(number))
    assert (await office.type("last")).startswith("On it")
    await office.slack.say("one more")
    assert "There is no recording" in await office.type("last")


async def test_own_uploads_do_not_count(office: Office) -> None:
    """What the bot itself uploaded is an answer, no recording to answer."""
    ts = await office.slack.share(CLIP)
    workspace = office.slack.workspace
    channel = workspace.channel("support")
    workspace.post(channel, workspace.app.bot, "", files=workspace.message(channel, ts).files)
    await office.type("last")
    assert [job.share.ts for job in office.jobs.started] == [ts]


async def test_recordings_of_other_bots_count(office: Office) -> None:
    """A recording that another app posted is one like any other."""
    ts = await office.slack.share(CLIP, as_bot="Recorder")
    await office.type("last")
    assert [job.share.ts for job in office.jobs.started] == [ts]


async def test_deleted_recordings_do_not_count(office: Office) -> None:
    """A message whose recording was deleted is passed over."""
    ts = await office.slack.share(CLIP)
    later = await office.slack.share(SONG)
    message = office.slack.workspace.message(office.slack.workspace.channel("support"), later)
    await office.slack.delete_file(message.files[0].id)
    await office.type("last")
    assert [job.share.ts for job in office.jobs.started] == [ts]


async def test_forwarded_recording(office: Office) -> None:
    """A forwarded message has its recording in an attachment, and is answered where it was forwarded to."""
    ts = await office.slack.share(CLIP, channel="sales")
    copy = await office.slack.forward(ts, "sales", "support")
    await office.type("last")
    assert [job.share.ts for job in office.jobs.started] == [copy]


async def test_asked_twice(office: Office) -> None:
    """A double click, or a second person, starts nothing twice and is told that it is under way."""
    await office.slack.share(CLIP)
    await office.type("last")
    answer = await office.type("last", user="ben")
    assert answer.startswith(
        "That is already being translated: the English will stand in the thread of <http"
    )
    assert len(office.jobs.started) == 1


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        pytest.param(EndingName.TRANSLATED, "That is already translated", id="translated"),
        pytest.param(EndingName.NO_SPEECH, "heard no speech", id="no speech"),
    ],
)
async def test_answered_before(office: Office, ending: EndingName, words: str) -> None:
    """What has its answer gets no second one: the person is shown where it stands."""
    ts = await office.slack.share(CLIP)
    await office.type("last")
    office.jobs.end(ending)
    answer = await office.type("last")
    assert words in answer
    assert office.slack.permalink("support", ts) in answer
    assert len(office.jobs.started) == 1


@pytest.mark.parametrize("ending", [EndingName.FAILED, EndingName.WITHDRAWN, EndingName.SKIPPED])
async def test_failed_before(office: Office, ending: EndingName) -> None:
    """What ended without an answer is tried again, as the next attempt."""
    await office.slack.share(CLIP)
    for attempt in (1, 2, 3):
        assert (await office.type("last")).startswith("On it")
        assert office.jobs.started[-1].attempt == attempt
        office.jobs.end(ending)


async def test_prompt_has_changed(office: Office) -> None:
    """With another prompt than last time the recording is translated anew."""
    await office.slack.share(CLIP)
    await office.type("last")
    office.jobs.end(EndingName.TRANSLATED)
    await office.type("prompt Zendesk")
    assert (await office.type("last")).startswith("On it")
    assert [(job.attempt, job.prompt) for job in office.jobs.started] == [(1, ""), (2, "Zendesk")]


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("prompt Zendesk", ("Zendesk", Output.TEXT, 0.0)),
        ("output srt", ("", Output.SRT, 0.0)),
        ("temperature 0.4", ("", Output.TEXT, 0.4)),
    ],
)
async def test_wish_has_changed(office: Office, typed: str, wish: tuple[str, Output, float]) -> None:
    """With another prompt, output or temperature than last time the whole recording is translated anew."""
    await office.slack.share(CLIP)
    await office.type("last")
    office.jobs.end(EndingName.TRANSLATED, missing=((900.0, 1200.0),))
    await office.type(typed)
    assert (await office.type("last")).startswith("On it: the English will stand")
    _, again = office.jobs.started
    assert (again.attempt, again.only) == (2, ())
    assert (again.prompt, again.output, again.temperature) == wish


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("term add Zoë", "glossary", ("Acme", "Zoë")),
        ("term remove acme", "glossary", ()),
        ("original on", "wants_original", True),
    ],
)
async def test_terms_or_choices_have_changed(office: Office, typed: str, field: str, value: object) -> None:
    """With other terms or choices than last time a recording is translated anew, and with them."""
    await office.type("term add Acme")
    await office.slack.share(CLIP)
    await office.type("last")
    office.jobs.end(EndingName.TRANSLATED)
    assert (await office.type("last")).startswith("That is already translated")
    await office.type(typed)
    assert (await office.type("last")).startswith("On it: the English will stand")
    first, again = office.jobs.started
    assert (first.attempt, first.glossary, first.wants_original) == (1, ("Acme",), False)
    assert again.attempt == 2
    assert getattr(again, field) == value


async def test_what_was_left_alone_is_translated_for_who_asks(office: Office) -> None:
    """What passed for English is translated for whoever asks, once, though the channel skips such."""
    await office.type("english skip")
    ts = await office.slack.share(CLIP)
    await office.type("last")
    (asked,) = office.jobs.started
    assert not asked.skips_english
    # As if it had been posted, and not asked for.
    office.jobs.started[:] = [replace(asked, skips_english=True)]
    office.jobs.end(EndingName.ALREADY_ENGLISH)
    answer = await office.type(office.slack.permalink("support", ts))
    assert answer.startswith("On it: the English will stand")
    assert (office.jobs.started[-1].attempt, office.jobs.started[-1].skips_english) == (2, False)
    office.jobs.end(EndingName.TRANSLATED)
    assert (await office.type("last")).startswith("That is already translated")
    assert len(office.jobs.started) == 2


async def test_to_skip_english_is_no_reason_to_translate_anew(office: Office) -> None:
    """What has its text is not translated again because English is left alone here, from now on or before."""
    await office.slack.share(CLIP)
    await office.type("last")
    office.jobs.started[:] = [replace(job, skips_english=True) for job in office.jobs.started]
    office.jobs.end(EndingName.TRANSLATED)
    assert (await office.type("last")).startswith("That is already translated")
    await office.type("english skip")
    assert (await office.type("last")).startswith("That is already translated")


async def test_missing_parts_are_all_that_is_tried_again(office: Office) -> None:
    """What is missing of a translation is started alone, until nothing is; then there is nothing to do."""
    await office.slack.share(CLIP)
    await office.type("last")
    office.jobs.end(EndingName.TRANSLATED, missing=((900.0, 1200.0), (2100.0, 2400.0)))
    assert (await office.type("last")).startswith("On it: I try again only what was missing.")
    office.jobs.end(EndingName.FAILED, "endpoint_down", missing=((900.0, 1200.0), (2100.0, 2400.0)))
    await office.type("last")
    office.jobs.end(EndingName.FAILED, "not_ready")  # before it came to the pieces
    await office.type("last")
    office.jobs.end(EndingName.TRANSLATED, missing=((2100.0, 2400.0),))
    await office.type("last")
    office.jobs.end(EndingName.TRANSLATED)
    assert (await office.type("last")).startswith("That is already translated")
    both = ((900.0, 1200.0), (2100.0, 2400.0))
    tried = [(job.attempt, job.only) for job in office.jobs.started]
    assert tried == [(1, ()), (2, both), (3, both), (4, both), (5, both[1:])]


async def test_a_long_recording_is_asked_about_once(tmp_path: Path) -> None:
    """Who asks for a long recording is asked back, with the first attempt; asking again is a yes."""
    long = replace(SONG, duration_ms=91 * 60_000)
    async with open_office(tmp_path, terms=Terms(confirm_minutes=90)) as office:
        await office.slack.share(long)
        assert (await office.type("last")).startswith("That is a long recording, so I ask first")
        office.jobs.end(EndingName.SKIPPED, "too_long")
        assert (await office.type("last")).startswith("On it: the English will stand in the thread")
        office.jobs.end(EndingName.FAILED, "endpoint_down")
        await office.type("output srt")
        await office.type("last")
    assert [job.confirm_above_seconds for job in office.jobs.started] == [5400.0, 0.0, 0.0]


async def test_a_skipped_recording_is_asked_about_all_the_same(tmp_path: Path) -> None:
    """A share that was skipped for another reason has never been asked about."""
    async with open_office(tmp_path, terms=Terms(confirm_minutes=90)) as office:
        await office.slack.share(CLIP)
        await office.type("last")
        office.jobs.end(EndingName.SKIPPED)
        await office.type("last")
    assert [job.confirm_above_seconds for job in office.jobs.started] == [5400.0, 5400.0]


async def test_some_are_done(office: Office) -> None:
    """Of several recordings only those without an answer are started; they wait for the one before."""
    await office.slack.share([CLIP, SONG])
    await office.type("last")
    first, second = office.jobs.started
    office.jobs.end(EndingName.TRANSLATED)
    office.jobs.endings[second.id] = replace(office.jobs.endings[second.id], name=EndingName.FAILED)

    answer = await office.type("last")

    assert answer.startswith("On it: 1 of 2 recordings, the others are translated or on their way.")
    assert office.jobs.started[2:] == [replace(second, attempt=2, after=first.id)]


async def test_different_endings(office: Office) -> None:
    """Where several recordings ended well in different ways, the answer says that all is done."""
    await office.slack.share([CLIP, SONG])
    await office.type("last")
    first, _ = office.jobs.started
    office.jobs.end(EndingName.NO_SPEECH)
    office.jobs.endings[first.id] = replace(office.jobs.endings[first.id], name=EndingName.TRANSLATED)
    assert (await office.type("last")).startswith("That is already translated")


@pytest.mark.parametrize("kind", ["http_error", "error"])
async def test_address_that_is_not_to_be_had(office: Office, kind: str) -> None:
    """When Slack does not give the message's address, the answer does without."""
    await office.slack.share(CLIP)
    fault = Fault(kind, method="chat.getPermalink", error="not_today")  # type: ignore[arg-type]  # from the table above
    office.slack.faults.add(fault)
    assert await office.type("last") == "On it: the English will stand in the thread of that message."


async def test_store_takes_no_job(office: Office) -> None:
    """When the job cannot be stored the person is told to send the command once more."""
    await office.slack.share(CLIP)
    office.jobs.is_broken = True
    assert "Send the command once more" in await office.type("last")


async def test_videos_count(office: Office) -> None:
    """A video counts like audio; a picture does not."""
    await office.slack.share(SharedFile("screen.mp4", data=b"video"))
    await office.slack.share(SharedFile("screen.png", data=b"picture"))
    await office.type("last")
    assert [job.share.file.name for job in office.jobs.started] == ["screen.mp4"]


async def test_replies_shown_in_the_channel_do_not_count(office: Office) -> None:
    """A reply that was also sent to the channel stands in its history, and is a reply all the same."""
    clip = {"id": "F1", "mimetype": "audio/mp4"}
    reply = {"ts": "1795000000.000200", "thread_ts": "1795000000.000100", "files": [clip]}
    parent = {"ts": "1795000000.000100", "thread_ts": "1795000000.000100", "files": [clip]}
    history = {"messages": [reply | {"subtype": "thread_broadcast"}, parent]}
    asked = Asked("/translate", "last", "", "T1", "C1", "U1", "", "", "")
    async with fixed_slack(conversations_history=history, chat_getPermalink={}) as web_api:
        await translate_last(replace(office.desk, web_api=web_api), asked)
    assert [job.share.ts for job in office.jobs.started] == ["1795000000.000100"]
