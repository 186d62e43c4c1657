"""What the logs of a whole run hold, and what they must not."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from scenes import Clock, Room, new_room

from bot import logs
from bot.sandbox import endpoint_answers as answers
from bot.sandbox.faults import Fault
from bot.sandbox.records import SharedFile
from running import SAMPLES, playing

if TYPE_CHECKING:
    from pathlib import Path

    from running import Stage

PROMPT = "Zanzibar Quicksilver, payload of Frau Özgür"
TEXT = "Rhinoceros xylophone asked <!channel> about Bartholomew."
SPOKEN = {word for one in SAMPLES.values() for word in re.findall(r"\w{7,}", one.english + one.original)}
OURS = {"account"}  # words that our own log events use too


async def played(stage: Stage) -> Room:
    """Play a bit of everything: answers, failures, lost connections, commands, deletions."""
    slack, endpoint, room = stage.slack, stage.endpoint, new_room(stage)
    await slack.command("/translate", f"prompt {PROMPT}", channel=room.channel)
    await slack.command("/translate", "status", channel=room.channel)
    await slack.command("/translate", "nonsense Zanzibar", channel=room.channel)
    stamps = [
        await room.share(SharedFile(f"{name}.bin", path=one.path, mimetype="audio/x"), text="Zanzibar")
        for name, one in [*SAMPLES.items()][:2]
    ]
    await room.replies(stamps[-1])
    slack.faults.add(Fault("lost_after", "chat.postMessage"))
    slack.faults.add(Fault("sign_in_page", times=2))
    endpoint.script(answers.failing(500, message=TEXT), answers.saying({"text": TEXT}))
    await room.replies(await room.share())
    endpoint.script(answers.failing(400, message=f"{TEXT} {PROMPT}"))
    await room.replies(await room.share())
    await room.replies(await room.share(SharedFile("Zanzibar.mp3", data=b"no sound")))
    slack.faults.add(Fault("error", "chat.postMessage", error="invalid_blocks"))
    endpoint.script(answers.saying({"text": TEXT}))
    await room.replies(await room.share())
    await slack.edit_message(room.channel, stamps[0], "Quicksilver")
    await slack.delete_message(room.channel, stamps[0])
    await slack.say("Bartholomew", channel="@ana")
    slack.redeliver()
    await room.quiet()
    return room


@pytest.mark.parametrize("is_http", [False, True], ids=["socket", "http"])
async def test_logs_hold_ids_and_nothing_private(tmp_path: Path, *, is_http: bool) -> None:
    """At the finest level the logs name every job, and hold no token, no key and no word of what was said."""
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    async with playing(tmp_path, is_http=is_http, sleep=Clock().sleep) as stage:
        room = await played(stage)
        slack = stage.slack
        secrets = [slack.bot_token, slack.app_token, slack.signing_secret, stage.endpoint.key]
    written = stream.getvalue()
    entries = [json.loads(line) for line in written.splitlines()]
    events = {entry["event"] for entry in entries}
    assert {"job.stored", "job.ended", "job.failed", "translation.tried", "bot.stopped"} <= events
    assert room.channel in written
    assert [secret for secret in secrets if secret in written] == []
    private = {*re.findall(r"\w{5,}", PROMPT), *re.findall(r"\w{7,}", TEXT), *SPOKEN} - OURS
    assert sorted(word for word in private if re.search(rf"\b{word}\b", written)) == []
