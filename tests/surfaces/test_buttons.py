from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from command_office import CLIP, Office, open_office
from structlog.testing import capture_logs

from bot.compose import CONFIRM_NO, CONFIRM_YES, RETRY_MISSING, compose_reply
from bot.ending import Ending, EndingName
from bot.join import Gap, Whole
from bot.sandbox.faults import Fault
from bot.surfaces.answering import finish
from bot.surfaces.buttons import MOST_FALLBACK_CHARACTERS
from bot.terms import Terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.compose import Reply as Composed
    from bot.sandbox.records import Message
    from bot.share import Job

TERMS = Terms(confirm_minutes=30)
GAPS = Ending(EndingName.TRANSLATED, missing=((600.0, 900.0), (1500.0, 1800.0)))
QUESTION = Ending(EndingName.SKIPPED, "too_long")
ON_IT = "On it: what comes stands below."
WHOLE = Whole("Hello & <welcome>.", seconds=900.0, gaps=(Gap(600.0, 900.0), Gap(1500.0, 1800.0)))
NO_METADATA: dict[str, Any] = {"event_type": "dragoman_translation", "event_payload": {"part": 1}}


@dataclass(frozen=True, slots=True)
class Reply:
    """The last message of a reply, with its buttons, in a workspace."""

    office: Office
    job: Job
    ts: str

    @property
    def message(self) -> Message:
        """Give the message as it stands now."""
        workspace = self.office.slack.workspace
        return workspace.message(workspace.channel("support"), self.ts)

    def is_pressable(self) -> bool:
        """Say whether the message has buttons."""
        return any(block["type"] == "actions" for block in self.message.blocks)

    def said(self) -> str:
        """Give the words that stand in the place of the buttons."""
        return self.message.text.rpartition("\n")[2]

    async def press(self, button: str, user: str = "ana") -> list[str]:
        """Press a button, wait until all of it is done, and give what the person alone was told."""
        office, before = self.office, self._told(user)
        result = await office.slack.act(button, ts=self.ts, user=user)
        assert result.acked, result.error
        await finish(office.desk, patience_seconds=20)
        return self._told(user)[len(before) :]

    def _told(self, user: str) -> list[str]:
        office = self.office
        kept = office.slack.workspace.ephemerals.values()
        return [one.message.text for one in kept if one.user == office.user_id(user)]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Give a workspace in which buttons can be pressed."""
    async with open_office(tmp_path, terms=TERMS) as office:
        yield office


async def replied(office: Office, ending: Ending | None, *, said: str | Whole, shown: Ending) -> Reply:
    """Let a recording be answered as `shown`; its job is on the road still where `ending` is None."""
    ts = await office.slack.share(CLIP)
    await office.type("prompt Acme")
    await office.type("last")
    (job,) = office.jobs.started
    if ending:
        office.jobs.endings[job.id] = ending
    return await post(office, job, ts, compose_reply(job, shown, said, terms=TERMS))


async def post(office: Office, job: Job, ts: str, composed: Composed) -> Reply:
    """Post the last message of a reply, as the bot does."""
    message = composed.messages[-1]
    answer = await office.desk.web_api.call(
        "chat.postMessage",
        channel=office.channel_id("support"),
        thread_ts=ts,
        text=message.text,
        blocks=list(message.blocks),
        metadata=NO_METADATA,
    )
    return Reply(office, job, str(answer["ts"]))


async def with_gaps(office: Office, ending: Ending | None = GAPS) -> Reply:
    """Let a translation stand in the thread, of which two pieces are missing."""
    return await replied(office, ending, said=WHOLE, shown=GAPS)


async def with_question(office: Office, ending: Ending | None = QUESTION) -> Reply:
    """Let the question stand in the thread whether a long recording shall be translated."""
    return await replied(office, ending, said="7800.0", shown=QUESTION)


async def test_missing_pieces_are_tried_again(office: Office) -> None:
    """The button starts the next attempt at what is missing, as it was first wished, and asks nothing."""
    reply = await with_gaps(office)
    await office.type("prompt Other")
    await office.type("output srt")

    assert await reply.press(RETRY_MISSING) == []

    first, again = office.jobs.started
    assert again == replace(
        first, attempt=2, only=((600.0, 900.0), (1500.0, 1800.0)), confirm_above_seconds=0.0
    )
    assert (first.prompt, first.confirm_above_seconds) == ("Acme", 1800.0)


async def test_a_yes_starts_the_recording(office: Office) -> None:
    """A yes starts the whole recording as the next attempt, and nothing is asked any more."""
    reply = await with_question(office)
    await reply.press(CONFIRM_YES, user="ben")
    first, again = office.jobs.started
    assert again == replace(first, attempt=2, confirm_above_seconds=0.0)
    assert (reply.is_pressable(), reply.said()) == (False, ON_IT)


async def test_a_no_starts_nothing(office: Office) -> None:
    """A no starts nothing, and the message says how to have it all the same."""
    reply = await with_question(office)
    await reply.press(CONFIRM_NO)
    assert len(office.jobs.started) == 1
    assert (reply.is_pressable(), reply.said()) == (
        False,
        "Not translated, as asked. Who wants it all the same can ask for it by its link.",
    )


async def test_a_pressed_message_keeps_everything_but_its_buttons(office: Office) -> None:
    """Text, blocks and metadata stay as they were, and nothing in them is read as markup."""
    reply = await with_gaps(office)
    before, *_ = reply.message.blocks
    text = reply.message.text
    await reply.press(RETRY_MISSING)
    message = reply.message
    assert message.text == f"{text}\n{ON_IT}"
    assert message.blocks[0] == before
    assert [block["type"] for block in message.blocks] == ["rich_text"] * len(message.blocks)
    assert message.metadata == NO_METADATA
    (call,) = office.slack.calls("chat.update")
    assert call.arguments["parse"] == "none"


async def test_two_people_at_once(office: Office) -> None:
    """Two people who press at the same moment start one job, and neither is told of trouble."""
    reply = await with_gaps(office)
    seen = await asyncio.gather(reply.press(RETRY_MISSING), reply.press(RETRY_MISSING, user="ben"))
    assert list(seen) == [[], []]
    assert [job.attempt for job in office.jobs.started] == [1, 2]
    assert reply.said() == ON_IT


@pytest.mark.parametrize("button", [CONFIRM_YES, CONFIRM_NO])
async def test_pressed_after_somebody_asked(office: Office, button: str) -> None:
    """Where a newer attempt is known the button starts nothing, and says whether that one has ended."""
    reply = await with_question(office)
    await office.type("last", user="ben")
    slack = office.slack
    slack.faults.add(Fault("error", method="chat.update", error="cant_update_message"))
    await reply.press(button)
    assert reply.is_pressable()
    await reply.press(button)
    assert reply.said() == ON_IT
    assert len(office.jobs.started) == 2


async def test_pressed_when_all_is_over(office: Office) -> None:
    """A button whose attempt was asked for otherwise, and has ended, says so."""
    reply = await with_gaps(office)
    await office.type("last", user="ben")
    office.jobs.end(EndingName.TRANSLATED)
    await reply.press(RETRY_MISSING)
    assert reply.said() == "Somebody asked for this already: what came of it stands in this thread."
    assert len(office.jobs.started) == 2


async def test_an_attempt_that_failed_early_is_made_again(office: Office) -> None:
    """An attempt at missing pieces that failed before it came to them still knows which they are."""
    reply = await with_gaps(office, Ending(EndingName.FAILED, "not_ready", missing=()))
    first = office.jobs.started[0] = replace(reply.job, only=((600.0, 900.0), (1500.0, 1800.0)))
    await reply.press(RETRY_MISSING)
    assert office.jobs.started[1].only == first.only


async def test_pressed_before_the_job_has_ended(office: Office) -> None:
    """While the attempt is still ending nobody knows what is missing: the person is asked to wait."""
    reply = await with_gaps(office, None)
    (told,) = await reply.press(RETRY_MISSING)
    assert told == "I am still busy with this recording. Wait a few seconds and press the button again."
    assert reply.is_pressable()
    assert len(office.jobs.started) == 1


async def test_a_yes_before_the_job_has_ended(office: Office) -> None:
    """A yes to a question that has only just been asked counts at once."""
    reply = await with_question(office, None)
    await reply.press(CONFIRM_YES)
    assert [job.attempt for job in office.jobs.started] == [1, 2]


async def test_a_job_that_is_forgotten(office: Office) -> None:
    """After a week the job is gone: the person is told, in the thread, how to have it all the same."""
    reply = await with_gaps(office)
    office.jobs.started.clear()
    (told,) = await reply.press(RETRY_MISSING)
    assert "I no longer know this recording" in told
    assert "Copy the link of its message" in told
    assert "/translate" not in told
    (call,) = office.slack.calls("chat.postEphemeral")
    assert call.arguments["thread_ts"] == reply.message.thread_ts
    assert not office.jobs.started


async def test_a_button_in_another_channel(office: Office) -> None:
    """A button counts only in the channel of its recording: elsewhere its value says nothing."""
    first = await with_gaps(office)
    elsewhere = replace(first.job, share=replace(first.job.share, channel_id=office.channel_id("sales")))
    office.jobs.started.append(elsewhere)
    office.jobs.endings[elsewhere.id] = GAPS
    composed = compose_reply(elsewhere, GAPS, WHOLE, terms=TERMS)
    reply = await post(office, elsewhere, first.job.share.ts, composed)
    (told,) = await reply.press(RETRY_MISSING)
    assert "I no longer know this recording" in told
    assert len(office.jobs.started) == 2


@pytest.mark.parametrize("button", [RETRY_MISSING, CONFIRM_YES])
async def test_database_away(office: Office, button: str) -> None:
    """While the database is away the press is acked all the same, and the person is told to press again."""
    reply = await (with_gaps if button == RETRY_MISSING else with_question)(office)
    office.jobs.is_broken = True
    (told,) = await reply.press(button)
    assert "Something went wrong on my side" in told
    assert "Press the button once more" in told
    assert reply.is_pressable()


async def test_told_by_the_other_way(office: Office) -> None:
    """Where Slack takes no ephemeral message the person is told by the address that came with the press."""
    reply = await with_gaps(office)
    office.jobs.is_broken = True
    office.slack.faults.add(Fault("http_error", method="chat.postEphemeral", times=None))
    (told,) = await reply.press(RETRY_MISSING)
    assert "Press the button once more" in told
    assert reply.is_pressable()


async def test_told_in_no_way(office: Office) -> None:
    """What can be told in no way is lost with a line in the log."""
    reply = await with_gaps(office)
    office.jobs.is_broken = True
    office.slack.faults.add(Fault("http_error", method="chat.postEphemeral", times=None))
    office.slack.faults.add(Fault("http_error", method="response_url", times=None))
    with capture_logs() as logs:
        assert await reply.press(RETRY_MISSING) == []
    assert [line["event"] for line in logs][-3:] == ["answer.unsent", "answer.unsent", "answer.lost"]


@pytest.mark.parametrize("kind", ["error", "http_error", "lost_before"])
async def test_a_message_that_cannot_be_changed(office: Office, kind: str) -> None:
    """Where Slack does not change the message the work is started all the same, and nobody is bothered."""
    reply = await with_gaps(office)
    fault = Fault(kind, method="chat.update", error="cant_update_message")  # type: ignore[arg-type]  # from the table above
    office.slack.faults.add(fault)
    assert await reply.press(RETRY_MISSING) == []
    assert [job.attempt for job in office.jobs.started] == [1, 2]
    assert reply.is_pressable()


async def test_a_fallback_text_that_is_too_long_to_be_changed(office: Office) -> None:
    """A text that Slack would refuse is cut, but not within one of its signs; the blocks still say all."""
    reply = await with_gaps(office)
    await office.desk.web_api.call(
        "chat.update",
        channel=office.channel_id("support"),
        ts=reply.ts,
        text="😀" + "&amp;" * 799,
        blocks=list(reply.message.blocks),
    )
    await reply.press(RETRY_MISSING)
    text = reply.message.text
    assert reply.said() == ON_IT
    assert text.removesuffix(f"\n{ON_IT}").removeprefix("😀").replace("&amp;", "") == ""
    assert MOST_FALLBACK_CHARACTERS - 10 < len(text) <= MOST_FALLBACK_CHARACTERS
