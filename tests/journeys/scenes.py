"""Shared by the journey tests: a quicker clock, a channel for each test, and waiting without guessing."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dbos import DBOS

from bot.sandbox.objects import message_object
from bot.sandbox.records import SharedFile
from bot.share import Share, SlackFile
from running import SAMPLES, Stage

if TYPE_CHECKING:
    from bot.sandbox.records import Message
    from bot.sandbox.server import Exchange, SlackSandbox

PACE = 0.02
UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]

PARCEL, LOGIN, SHOES = SAMPLES["parcel"], SAMPLES["login"], SAMPLES["shoes"]
CLIP = SharedFile("audio_message.m4a", path=PARCEL.path, subtype="slack_audio", duration_ms=6180)
PDF = SharedFile("terms.pdf", data=b"%PDF-1.7 nothing to hear")
_numbers = itertools.count(1)


class Clock:
    """Lets every pause on the road pass in a fiftieth of its time, and notes how long it was to be."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Sleep, but not for long."""
        self.slept.append(seconds)
        await asyncio.sleep(seconds * PACE)


@dataclass(frozen=True, slots=True)
class Room:
    """One conversation on a stage, in which one test plays."""

    stage: Stage
    channel: str

    async def share(self, *files: SharedFile, **how: Any) -> str:  # noqa: ANN401 -- as in `Acting.share`
        """Share files in one message (a clip where none is named); give its ts."""
        return await self.stage.slack.share([*files] or CLIP, channel=self.channel, **how)

    async def replies(self, ts: str, count: int = 1) -> list[Message]:
        """Wait for so many messages of replies, and for quiet; there must not be more."""
        await self.stage.reply(self.channel, ts, count=count)
        await self.quiet()
        found = await self.stage.reply(self.channel, ts, count=count)
        assert len(found) == count, [one.text for one in found]
        return found

    async def text(self, ts: str) -> str:
        """Wait for the one reply and give its text."""
        (reply,) = await self.replies(ts)
        return reply.text

    async def unanswered(self, ts: str) -> None:
        """Wait until a message was taken note of, and see that nothing came of it."""
        await self.stage.slack.wait_for(lambda _: self.deliveries(ts))
        await self.quiet()
        assert self.stage.endings(self.channel, ts) == []
        assert not await self.is_stored(ts)

    async def heard(self, subtype: str) -> None:
        """Wait until the bot has acked an event of this subtype here, and done what follows."""
        await self.acked(subtype)
        await self.quiet()

    async def acked(self, subtype: str) -> None:
        """Wait until the bot has acked an event of this subtype in this conversation."""
        kind = f"message.{subtype}"
        await self.stage.slack.wait_for(
            lambda slack: any(
                one.ok and one.method == kind and one.arguments.get("channel") == self.channel
                for one in slack.calls("event")
            )
        )

    async def quiet(self) -> None:
        """Wait until every event is acked and nothing that was stored for them is unfinished.

        What is to come of an event is stored before its ack, so nothing slips in between.
        """
        await self.stage.slack.wait_for(_is_all_acked)
        while await DBOS.list_workflows_async(  # noqa: ASYNC110 -- only the database knows, and it does not call
            status=UNFINISHED, load_input=False, load_output=False
        ):
            await asyncio.sleep(0.01)

    def said(self) -> list[Message]:
        """Give all that the bot has said in this conversation, anywhere."""
        slack = self.stage.slack
        return [one for one in slack.messages(self.channel) if one.user == slack.bot_user_id]

    def deliveries(self, ts: str) -> list[Exchange]:
        """Give every delivery of the event that told of a message."""
        told = self.stage.slack.calls("event")
        return [
            one
            for one in told
            if (one.arguments.get("channel"), one.arguments.get("ts")) == (self.channel, ts)
        ]

    def body(self, ts: str) -> dict[str, Any]:
        """Give the whole event of a message, envelope included, as it stood in the bot's hands."""
        body: dict[str, Any] = self.deliveries(ts)[0].arguments["body"]
        return body

    async def is_stored(self, ts: str) -> bool:
        """Say whether a job stands for any file of a message."""
        slack = self.stage.slack
        message = next(one for one in slack.messages(self.channel) if one.ts == ts)
        shares = [Share(slack.team_id, self.channel, ts, SlackFile(id=file.id)) for file in files_of(message)]
        return any([await self.stage.bot.jobs.latest(share) is not None for share in shares])


def files_of(message: Message) -> list[SlackFile]:
    """Give the files of a message as our own objects."""
    return [SlackFile(id=file.id, name=file.name) for file in message.files]


def new_room(stage: Stage, **how: Any) -> Room:  # noqa: ANN401 -- as in `Acting.add_channel`
    """Open a channel that nobody has used."""
    return Room(stage, stage.slack.add_channel(f"room-{next(_numbers)}", **how))


def named(name: str, sample: str = "parcel", **how: Any) -> SharedFile:  # noqa: ANN401 -- fields of SharedFile
    """Give a shipped sample under another name."""
    return replace(SharedFile(name, path=SAMPLES[sample].path), **how)


def blocks_text(message: Message) -> str:
    """Read what people see of a message; only `rich_text` without any markup is let pass."""
    seen = ""
    for block in message.blocks:
        assert block["type"] == "rich_text", block
        for section in block["elements"]:
            for element in section["elements"]:
                assert element["type"] == "text", element
                seen += element["text"]
    return seen


def payload_of(message: Message) -> dict[str, Any]:
    """Give what the metadata of a message says."""
    assert message.metadata is not None
    payload: dict[str, Any] = message.metadata["event_payload"]
    return payload


def _is_all_acked(slack: SlackSandbox) -> bool:
    deliveries = slack.calls("event")
    acked = {one.arguments.get("event_id") for one in deliveries if one.ok}
    return acked >= {one.arguments.get("event_id") for one in deliveries}


def let_bot_in(room: Room) -> None:
    """Make the bot a member behind its back: it was told of nothing that stands in the channel."""
    slack = room.stage.slack
    slack.workspace.channel(room.channel).members.append(slack.bot_user_id)


def event_of(room: Room, ts: str) -> dict[str, Any]:
    """Give the event that tells of a message."""
    workspace = room.stage.slack.workspace
    channel = workspace.channel(room.channel)
    where = {"channel": channel.id, "event_ts": ts, "channel_type": channel.kind}
    return message_object(workspace, workspace.message(channel, ts), pushed=True) | where
