"""Every way a share can fail: what the thread says, and that the bot goes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from scenes import LOGIN, PARCEL, Room, blocks_text, named, payload_of

from bot import errors
from bot.sandbox import endpoint_answers as answers
from bot.sandbox.endpoint_answers import failing
from bot.sandbox.faults import Fault
from bot.sandbox.records import SharedFile
from bot.terms import Terms
from recordings import silent_film

if TYPE_CHECKING:
    from pathlib import Path

    from scenes import Clock

    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

# Nothing of this may be shown to people: statuses, addresses, web pages, secrets, names of our own.
NOT_FOR_PEOPLE = re.compile(r"\b[1-5]\d\d\b|https?:|127\.0\.0\.1|localhost|[<>]|xoxb|Bearer|Error|None")
LETTER = SharedFile("letter.mp3", data=b"Dear sir, this is no music at all.")
JUNK = SharedFile("noise.wav", data=bytes(range(256)) * 40)


async def failed(room: Room, ts: str, error: type[errors.BotError]) -> None:
    """See the one reply that says why in two sentences, and nothing but that."""
    (reply,) = await room.replies(ts)
    payload = payload_of(reply)
    assert (payload["ending"], payload["reason"]) == ("failed", error.reason)
    said, text = blocks_text(reply), Terms().spell(error.text)
    assert said == text.replace("`", "")
    assert reply.text == text
    assert NOT_FOR_PEOPLE.search(said) is None, said
    assert room.stage.endpoint.key not in said
    assert len(re.findall(r"[.!?](?= |$)", said)) == 2, said
    room.stage.slack.faults.clear()
    room.stage.endpoint.always = None


# --- the file -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Fault("sign_in_page", times=None), errors.DownloadForbiddenError, id="sign-in page"),
        pytest.param(Fault("cut_file", times=None, bytes=1000), errors.NotReadyError, id="cut"),
        pytest.param(Fault("short_file", times=None, bytes=1000), errors.NotReadyError, id="short"),
        pytest.param(Fault("lost_before", "download", times=None), errors.NotReadyError, id="no connection"),
        pytest.param(Fault("http_error", "download", times=None), errors.NotReadyError, id="500"),
        pytest.param(Fault("file_redirect_elsewhere", times=None), errors.ForeignHostError, id="elsewhere"),
        pytest.param(Fault("deleted_file", times=None), errors.DeletedError, id="404"),
        pytest.param(Fault("deleted_file", times=None, status=410), errors.DeletedError, id="410"),
    ],
)
async def test_what_slack_does_not_hand_over(room: Room, fault: Fault, error: type[errors.BotError]) -> None:
    """A download that never succeeds ends with its own words."""
    room.stage.slack.faults.add(fault)
    await failed(room, await room.share(), error)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("sign_in_page", times=2), id="sign-in page"),
        pytest.param(Fault("cut_file", times=2, bytes=1000), id="cut"),
        pytest.param(Fault("short_file", times=2, bytes=1000), id="short"),
        pytest.param(Fault("http_error", "download", times=2), id="500"),
        pytest.param(Fault("rate_limited", "download", times=2), id="429"),
        pytest.param(Fault("slow_file", seconds=0.3), id="slow"),
    ],
)
async def test_what_slack_hands_over_in_the_end(room: Room, fault: Fault) -> None:
    """A download that fails at first is tried again, and nobody hears of it."""
    room.stage.slack.faults.add(fault)
    assert await room.text(await room.share()) == PARCEL.english


@pytest.mark.parametrize(
    ("file", "error"),
    [
        pytest.param(named("a.m4a", ready_after=3600.0), errors.NotReadyError, id="never ready"),
        pytest.param(named("a.m4a", data_gone=True), errors.DeletedError, id="bytes gone"),
        pytest.param(
            named("a.m4a", mode="external", external_url="https://drive.google.com/a"),
            errors.ExternalFileError,
            id="external",
        ),
        pytest.param(
            named("a.m4a", as_stub=True, file_access="access_denied"),
            errors.DownloadForbiddenError,
            id="stub denied",
        ),
        pytest.param(LETTER, errors.NotDecodableError, id="text named .mp3"),
        pytest.param(SharedFile("empty.ogg", data=b""), errors.EmptyFileError, id="empty"),
        pytest.param(JUNK, errors.NotDecodableError, id="junk"),
        pytest.param(named("huge.m4a", size=2 * 1024**3), errors.TooLargeError, id="too large"),
    ],
)
async def test_files_that_cannot_be_translated(
    room: Room, file: SharedFile, error: type[errors.BotError]
) -> None:
    """A file that can never be translated ends with its own words."""
    await failed(room, await room.share(file), error)


async def test_a_video_without_sound(room: Room, tmp_path: Path) -> None:
    """A video that has no sound says so."""
    film = silent_film(tmp_path / "film.mp4")
    await failed(room, await room.share(SharedFile("film.mp4", path=film)), errors.NoSoundError)


# --- the endpoint (what it answers and what comes of it: test_journey_errors.py) -----------------


async def test_a_passing_fault_of_the_endpoint_is_not_seen(room: Room, clock: Clock) -> None:
    """What heals by trying again is tried again, after the pause that the endpoint asked for."""
    room.stage.script(
        failing(429, headers={"Retry-After": "7"}), failing(500), answers.html(502), answers.drop_after_work()
    )
    before, began = len(room.stage.asked), len(clock.slept)
    assert await room.text(await room.share()) == PARCEL.english
    assert len(room.stage.asked) - before == 5
    assert any(7 <= seconds < 8 for seconds in clock.slept[began:])


@pytest.mark.parametrize("text", ["", " \n", "."])
async def test_nobody_speaks(room: Room, text: str) -> None:
    """A recording in which the endpoint hears nothing gets one quiet line, no failure."""
    room.stage.script(answers.saying({"text": text, "segments": []}))
    (reply,) = await room.replies(await room.share())
    payload = payload_of(reply)
    assert (payload["ending"], payload["reason"]) == ("no_speech", "")
    assert reply.text == blocks_text(reply) == "I heard no speech in this recording."


async def test_one_failure_does_not_touch_another(stage: Stage) -> None:
    """While one recording fails, those beside it are translated."""
    room = Room(stage, stage.slack.add_channel("beside"))
    stamps = [await room.share(file) for file in (named("a.m4a"), LETTER, named("b.ogg", "login"))]
    texts = [await room.text(ts) for ts in stamps]
    assert texts == [PARCEL.english, errors.NotDecodableError.text, LOGIN.english]
