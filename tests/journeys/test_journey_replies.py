"""How the reply comes to stand once and whole, whatever happens between the bot and Slack."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from scenes import PARCEL, Room, blocks_text, named, payload_of

from bot.sandbox import endpoint_answers as answers
from bot.sandbox.faults import Fault
from bot.sandbox.records import SharedFile
from recordings import tone

if TYPE_CHECKING:
    from pathlib import Path

    from scenes import Clock

    from bot.sandbox.records import Message

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = named("long.m4a", duration_ms=45_000)  # by Slack's word; it earns a progress message
SLOW_SECONDS = 0.5  # over the 8 s after which a progress message is due, at this clock's pace
NASTY = "<script>alert(1)</script> <!channel> <@U123> <#C1|x> & &amp; *bold* _it_ ~no~ `code` @here :tada: "
POST = "chat.postMessage"


def posts(room: Room, kind: str = "") -> list[dict[str, Any]]:
    """Give the arguments of every call that posted here, refused ones too; of one kind of message."""
    calls = [
        one.arguments for one in room.stage.slack.calls(POST) if one.arguments["channel"] == room.channel
    ]
    return [one for one in calls if kind in str(one.get("metadata"))]


# --- progress -----------------------------------------------------------------------------------


async def test_short_sound_gets_no_progress_message(room: Room) -> None:
    """Under 30 s of sound there is only the status line, however slow the endpoint is."""
    slack = room.stage.slack
    room.stage.endpoint.delay_seconds = SLOW_SECONDS
    ts = await room.share(named("short.m4a", duration_ms=29_900))
    await room.stage.endpoint.wait_for(lambda: room.stage.endpoint.in_flight >= 1)
    await slack.wait_for(lambda _: slack.status(room.channel, ts) == "is translating…")
    (reply,) = await room.replies(ts)
    room.stage.endpoint.delay_seconds = 0.0
    assert posts(room, "dragoman_progress") == []
    assert len(room.said()) == 1
    assert (reply.text, slack.status(room.channel, ts)) == (PARCEL.english, "")


async def test_long_and_slow_sound_gets_one(room: Room) -> None:
    """Long and slow sound gets one progress message, which is gone when the reply, a new message, stands."""
    slack = room.stage.slack
    room.stage.endpoint.delay_seconds = SLOW_SECONDS
    ts = await room.share(LONG)
    await slack.wait_for(lambda _: room.said())
    (progress,) = room.said()
    assert progress.text.split()[0] == "Translating"
    assert progress.thread_ts == ts
    assert (progress.metadata or {})["event_type"] == "dragoman_progress"
    (reply,) = await room.replies(ts)
    room.stage.endpoint.delay_seconds = 0.0
    assert room.said() == [reply]
    assert (reply.ts > progress.ts, reply.edited) == (True, None)
    assert len(posts(room, "dragoman_progress")) == 1


async def test_sound_is_measured_where_slack_does_not_know(room: Room, tmp_path: Path) -> None:
    """Where Slack says no duration, what was decoded counts: 31 s earn a progress message too."""
    room.stage.endpoint.delay_seconds = SLOW_SECONDS
    wav = tone(tmp_path / "tone.wav", 31, rate=8000)
    ts = await room.share(SharedFile("tone.wav", path=wav))
    (reply,) = await room.replies(ts)
    room.stage.endpoint.delay_seconds = 0.0
    assert len(posts(room, "dragoman_progress")) == 1
    assert room.said() == [reply]


@pytest.mark.parametrize("kind", ["lost_before", "lost_after", "hang"])
async def test_a_progress_message_whose_answer_is_lost(room: Room, kind: Any) -> None:  # noqa: ANN401 -- a FaultKind
    """A progress message of which nobody knows whether it stands is found and deleted, if it does."""
    slack = room.stage.slack
    room.stage.endpoint.delay_seconds = SLOW_SECONDS
    slack.faults.add(Fault(kind, POST))
    ts = await room.share(LONG)
    if kind == "hang":
        await slack.wait_for(lambda _: not slack.faults.armed)
        slack.faults.release()
    (reply,) = await room.replies(ts)
    room.stage.endpoint.delay_seconds = 0.0
    assert room.said() == [reply]
    assert len(posts(room, "dragoman_progress")) == 1


# --- one reply ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("lost_before", POST), id="lost before"),
        pytest.param(Fault("lost_after", POST), id="lost after"),
        pytest.param(Fault("lost_after", POST, times=2), id="lost after, twice"),
        pytest.param(Fault("http_error", POST, times=2), id="500 page"),
        pytest.param(Fault("http_error", POST, status=503), id="503 page"),
        pytest.param(Fault("error", POST, error="internal_error"), id="internal error"),
        pytest.param(Fault("error", POST, error="fatal_error"), id="fatal error"),
        pytest.param(Fault("slow", POST, seconds=0.3), id="slow"),
    ],
)
async def test_an_unclear_post_is_one_reply(room: Room, fault: Fault) -> None:
    """Whether Slack performed a post or not, when its answer is lost: in the end there is one reply."""
    room.stage.slack.faults.add(fault)
    (reply,) = await room.replies(await room.share())
    assert reply.text == PARCEL.english
    assert len(room.said()) == 1


async def test_the_thread_may_be_unreadable_too(room: Room) -> None:
    """When the post is lost and so is the look at the thread, there is one reply still."""
    room.stage.slack.faults.add(Fault("lost_after", POST))
    room.stage.slack.faults.add(Fault("http_error", "conversations.replies", times=2))
    assert await room.text(await room.share()) == PARCEL.english


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        pytest.param(Fault("rate_limited", POST, times=2, retry_after=9), 9.0, id="429"),
        pytest.param(Fault("rate_limited", POST, times=2, status=200), 5.0, id="200 rate_limited"),
    ],
)
async def test_rate_limits_are_obeyed(room: Room, clock: Clock, fault: Fault, pause: float) -> None:
    """When Slack says "too many", the bot waits as long as it says, and then posts once."""
    began = len(clock.slept)
    room.stage.slack.faults.add(fault)
    assert await room.text(await room.share()) == PARCEL.english
    assert clock.slept[began:].count(pause) >= 2
    assert len(posts(room)) == 3


async def test_blocks_that_slack_refuses_cost_nothing(room: Room) -> None:
    """Should Slack refuse our blocks, the words stand there as plain text, escaped."""
    room.stage.slack.faults.add(Fault("error", POST, error="invalid_blocks"))
    room.stage.script(answers.saying({"text": "Ring <!channel> & me."}))
    (reply,) = await room.replies(await room.share())
    assert (reply.text, reply.blocks) == ("Ring &lt;!channel&gt; &amp; me.", ())


@pytest.mark.parametrize("case", ["archived", "removed", "no right", "thread gone"])
async def test_where_nothing_can_be_posted_any_more(room: Room, case: str) -> None:
    """A channel archived meanwhile, or without the bot, ends the job; the bot serves the others."""
    slack = room.stage.slack
    room.stage.endpoint.gate.clear()
    ts = await room.share()
    await room.stage.endpoint.wait_for(lambda: room.stage.endpoint.in_flight >= 1)
    channel = slack.workspace.channel(room.channel)
    match case:
        case "archived":
            channel.is_archived = True
        case "removed":
            channel.members.remove(slack.bot_user_id)
        case "no right":
            slack.faults.add(Fault("error", POST, error="restricted_action_thread_locked"))
        case _:
            slack.faults.add(Fault("error", POST, error="thread_not_found"))
    room.stage.endpoint.gate.set()
    await slack.wait_for(lambda _: posts(room))
    await room.quiet()
    assert room.stage.endings(room.channel, ts) == []
    assert room.stage.bot.jobs.running == 0


async def test_a_token_that_is_mended_loses_nothing(room: Room) -> None:
    """While Slack refuses the token the reply is kept, and posted once when it is accepted again."""
    room.stage.slack.faults.add(Fault("revoked_token", POST, times=3))
    assert await room.text(await room.share()) == PARCEL.english
    assert len(posts(room)) == 4


# --- long and wild texts ------------------------------------------------------------------------


def long_text(characters: int = 40_000) -> str:
    """Make a text of so many characters in which every sentence is another one, and nasty."""
    sentences = (f"Sentence {number} says {NASTY}and ends." for number in range(characters // 20))
    text = ""
    while len(text) < characters:
        text += next(sentences) + " "
    return text[:characters].strip()


async def test_a_long_text_arrives_whole(room: Room) -> None:
    """40,000 characters come in numbered parts that are the whole text, as a file is, and ping nobody."""
    text = long_text()
    room.stage.script(answers.saying({"text": text}))
    ts = await room.share()
    await room.stage.slack.wait_for(lambda _: _all_parts(room), timeout=20)
    await room.stage.slack.wait_for(lambda _: room.said()[-1].files)
    replies, attached = await room.stage.reply(room.channel, ts), room.said()[-1]
    seen = [blocks_text(reply).partition("\n") for reply in replies]
    assert [heading for heading, _, _ in seen] == [f"{n}/{len(seen)}" for n in range(1, len(seen) + 1)]
    assert "".join("".join(words_of(reply).split()) for reply in replies) == "".join(text.split())
    assert [file.name for file in attached.files] == ["audio_message.en.txt"]
    assert not any(re.search(r"[<>]|&(?!lt;|gt;|amp;)", reply.text) for reply in replies)
    assert {payload_of(reply)["parts"] for reply in replies} == {len(seen)}
    for one in posts(room):
        assert (one["unfurl_links"], one["unfurl_media"]) == (False, False)
        assert not {"link_names", "parse", "markdown_text", "attachments"} & one.keys()


def words_of(message: Message) -> str:
    """Give what was said in the recording: what stands under the headings, the times and the lead."""
    assert blocks_text(message)
    elements = [one for block in message.blocks for part in block["elements"] for one in part["elements"]]
    return "".join(
        one["text"] for one in elements if not one.get("style") and "recording is" not in one["text"]
    )


def _all_parts(room: Room) -> bool:
    said = room.said()
    return bool(said) and len(said) >= payload_of(said[0])["parts"]


@pytest.mark.parametrize("kind", ["lost_before", "lost_after"])
async def test_a_part_lost_in_the_middle_is_added_once(room: Room, kind: Any) -> None:  # noqa: ANN401 -- a FaultKind
    """Where the third of several parts is lost on its way there or back, it stands once, and in its place."""
    room.stage.script(answers.saying({"text": long_text(18_000)}))
    room.stage.slack.faults.add(Fault(kind, POST, after=2))
    ts = await room.share()
    await room.stage.slack.wait_for(lambda _: _all_parts(room), timeout=20)
    await room.quiet()
    replies = [reply for reply in await room.stage.reply(room.channel, ts) if not reply.files]
    assert [payload_of(reply)["part"] for reply in replies] == [1, 2, 3]


@pytest.mark.parametrize("text", [NASTY.strip(), "हैलो 👋🏽 \u202eflip", "a\0b\ud800c", "x" * 9000])
async def test_a_wild_text_arrives_as_it_is(room: Room, text: str) -> None:
    """Every character of a wild text is shown as it is, save those that no message can hold."""
    room.stage.script(answers.saying({"text": text}))
    ts = await room.share()
    await room.stage.slack.wait_for(lambda _: room.said() and _all_parts(room))
    parts = [words_of(one) for one in await room.stage.reply(room.channel, ts)]
    seen = "".join(part.strip("\n") for part in parts)
    assert seen == text.replace("\0", "").replace("\ud800", "?")


@pytest.mark.parametrize("error", ["not_in_channel", "restricted_action", "is_archived"])
async def test_a_refused_reply_may_be_asked_for_again(room: Room, error: str) -> None:
    """A share whose reply Slack refused ended as failed: the command with its link translates it anew."""
    slack = room.stage.slack
    slack.faults.add(Fault("error", POST, error=error))
    ts = await room.share()
    await slack.wait_for(lambda _: posts(room))
    await room.quiet()
    assert room.said() == []
    result = await slack.command("/translate", slack.permalink(room.channel, ts), channel=room.channel)
    assert result.acked
    (reply,) = await room.replies(ts)
    number = payload_of(reply)["job_id"].rpartition(":")[2]
    assert (reply.text, number) == (PARCEL.english, "2")
