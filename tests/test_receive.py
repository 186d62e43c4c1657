"""Reading Slack's messages: which files are taken, for which share, in which mode, and who only says hi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.receive import Intake, all_files, is_small_talk, jobs_of, mode_of, recordings, shares_of
from bot.share import Job, Output
from bot.store.settings import ChannelSettings, Mode
from bot.terms import Terms

if TYPE_CHECKING:
    from bot.notice import Notice
    from bot.share import SlackFile

TEAM = "T0123SUPPORT"
CLIP: dict[str, Any] = {"id": "F1", "name": "audio_message.m4a", "subtype": "slack_audio", "mode": "hosted"}
SONG: dict[str, Any] = {"id": "F2", "name": "pedido atrasado.mp3", "mimetype": "audio/mpeg"}
NOTE: dict[str, Any] = {"id": "F3", "name": "namenamename.txt", "mimetype": "text/plain", "mode": "snippet"}
STUB: dict[str, Any] = {"id": "F4", "mode": "file_access", "file_access": "check_file_info", "user": ""}
FILM: dict[str, Any] = {"id": "F5", "name": "Screen.mov", "mimetype": "video/quicktime"}
HELLO: dict[str, Any] = {
    "type": "message",
    "channel": "D1",
    "channel_type": "im",
    "user": "U1",
    "text": "hi",
    "ts": "1795000000.000100",
}


def ids(files: list[SlackFile]) -> list[str]:
    """Give the ids of files."""
    return [file.id for file in files]


def test_recordings_and_stubs_are_taken_in_their_order() -> None:
    """Clips, audio files, videos and stubs are taken, each once, in the order of the message."""
    assert ids(recordings({"files": [FILM, NOTE, SONG, STUB, CLIP, SONG]})) == ["F5", "F2", "F4", "F1"]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({}, id="no files at all"),
        pytest.param({"files": None, "attachments": None}, id="null"),
        pytest.param({"files": []}, id="an empty list"),
        pytest.param({"files": [NOTE]}, id="a text"),
        pytest.param({"files": [None, "F1", 7]}, id="no file objects"),
        pytest.param({"files": [{"mimetype": "audio/mpeg"}]}, id="no id"),
        pytest.param({"files": [{"id": "F9", "mode": "tombstone"}]}, id="a tombstone"),
        pytest.param({"attachments": [{"files": [SONG]}]}, id="an attachment that is no forwarded message"),
        pytest.param({"attachments": ["x", {"is_share": True}]}, id="a forwarded message without files"),
    ],
)
def test_other_messages_hold_no_recordings(message: dict[str, Any]) -> None:
    """Whatever is no recording is not taken, whatever shape it has."""
    assert recordings(message) == []


def test_a_forwarded_message_holds_its_files_in_an_attachment() -> None:
    """The files of a forwarded message count as the message's own."""
    assert ids(all_files({"attachments": [{"is_share": True, "files": [CLIP, NOTE]}]})) == ["F1", "F3"]


def test_a_share_of_each_file_in_one_thread() -> None:
    """Each taken file is a share, counted from one, answered in the parent's thread."""
    message = {"channel": "C1", "ts": "2.2", "thread_ts": "1.1", "files": [CLIP, NOTE, SONG]}
    shares = shares_of(message, recordings(message), team_id=TEAM)
    told = [(share.file.id, share.reply_ts, share.position, share.of) for share in shares]
    assert told == [("F1", "1.1", 1, 2), ("F2", "1.1", 2, 2)]
    assert {(share.team_id, share.channel_id, share.ts) for share in shares} == {(TEAM, "C1", "2.2")}


@pytest.mark.parametrize("thread_ts", [None, "", "2.2"])
def test_a_message_on_its_own_is_answered_in_its_own_thread(thread_ts: str | None) -> None:
    """A message that is no reply, or the parent of its thread, has its own thread."""
    message = {"channel": "C1", "ts": "2.2", "thread_ts": thread_ts, "files": [CLIP]}
    (share,) = shares_of(message, recordings(message), team_id=TEAM)
    assert (share.thread_ts, share.reply_ts) == ("", "2.2")


def test_each_job_waits_for_the_one_before() -> None:
    """The jobs of a message know the prompt and whom they wait for, and their ids name the share."""
    message = {"channel": "C1", "ts": "2.2", "files": [CLIP, SONG, FILM]}
    settings = ChannelSettings(prompt="Acme", output=Output.VTT, temperature=0.4)
    terms = Terms(confirm_minutes=90)
    jobs = jobs_of(shares_of(message, recordings(message), team_id=TEAM), settings, terms=terms)
    assert [job.id for job in jobs] == [f"{TEAM}:C1:2.2:{file_id}:1" for file_id in ("F1", "F2", "F5")]
    assert [job.after for job in jobs] == ["", jobs[0].id, jobs[1].id]
    wishes = {(job.prompt, job.output, job.temperature, job.confirm_above_seconds) for job in jobs}
    assert wishes == {("Acme", Output.VTT, 0.4, 5400.0)}


def test_a_job_where_nobody_has_chosen() -> None:
    """Where nobody has set anything a job is for text alone, at temperature 0, and asks nothing first."""
    message = {"channel": "C1", "ts": "2.2", "files": [CLIP]}
    (share,) = shares_of(message, recordings(message), team_id=TEAM)
    assert jobs_of([share], None, terms=Terms()) == [Job(share)]


@pytest.mark.parametrize(
    ("settings", "channel_type", "default", "mode"),
    [
        pytest.param(None, "channel", Mode.ON, Mode.ON, id="nobody has set it"),
        pytest.param(None, "group", Mode.OFF, Mode.OFF, id="the default holds"),
        pytest.param(None, "im", Mode.OFF, Mode.ON, id="a DM starts on"),
        pytest.param(None, "mpim", Mode.ASK, Mode.ON, id="a group DM too"),
        pytest.param(
            ChannelSettings(mode=None, prompt="x"), "im", Mode.OFF, Mode.ON, id="only a prompt is set"
        ),
        pytest.param(ChannelSettings(mode=Mode.OFF), "im", Mode.ON, Mode.OFF, id="a DM switched off"),
        pytest.param(ChannelSettings(mode=Mode.ON), "channel", Mode.OFF, Mode.ON, id="a channel switched on"),
    ],
)
def test_the_mode_of_a_conversation(
    settings: ChannelSettings | None, channel_type: str, default: Mode, mode: Mode
) -> None:
    """What people set counts first, then that it is a DM, then the default."""
    assert mode_of(settings, channel_type, default) is mode


@pytest.mark.parametrize(
    ("change", "is_talk"),
    [
        pytest.param({}, True, id="a person says hi"),
        pytest.param({"text": ""}, False, id="nothing said"),
        pytest.param({"user": None}, False, id="nobody said it"),
        pytest.param({"bot_id": "B1"}, False, id="a bot"),
        pytest.param({"subtype": "bot_message"}, False, id="an old bot"),
        pytest.param({"subtype": "channel_topic"}, False, id="Slack itself"),
        pytest.param({"thread_ts": "1.1"}, False, id="in a thread"),
        pytest.param({"channel_type": "mpim"}, False, id="among several"),
        pytest.param({"channel_type": "channel"}, False, id="in a channel"),
        pytest.param({"thread_ts": None}, True, id="a thread that is null"),
        pytest.param({"channel_type": None}, True, id="a DM that does not say so"),
        pytest.param({"channel_type": None, "channel": "C1"}, False, id="a channel that does not say so"),
    ],
)
def test_who_talks_to_the_bot(change: dict[str, Any], is_talk: bool) -> None:  # noqa: FBT001 -- a column of the table
    """Only a person's own words in a DM, outside threads, are meant for the bot."""
    assert is_small_talk(HELLO | change) is is_talk


class Shelf:
    """Stands for jobs and stores: notes what is started, said and withdrawn."""

    def __init__(self, *, mode: Mode | None = None, knows: bool = True) -> None:
        self.mode = mode
        self.is_known = knows
        self.started: list[Job] = []
        self.said: list[Notice] = []
        self.withdrawn: list[tuple[str, str, str, set[str] | None]] = []

    async def start(self, job: Job) -> None:
        """Note a job."""
        self.started.append(job)

    async def say_once(self, notice: Notice) -> None:
        """Note a notice."""
        self.said.append(notice)

    async def knows(self, _team_id: str, _channel_id: str, _ts: str) -> bool:
        """Say whether there is a job."""
        return self.is_known

    async def get(self, _team_id: str, _channel_id: str) -> ChannelSettings | None:
        """Give what is set."""
        return ChannelSettings(mode=self.mode) if self.mode else None

    async def add(self, team_id: str, channel_id: str, ts: str, file_ids: set[str] | None) -> None:
        """Note a deletion."""
        self.withdrawn.append((team_id, channel_id, ts, file_ids))

    def intake(self) -> Intake:
        """Give what receives."""
        one = cast("Any", self)
        return Intake(one, one, one, default_mode=Mode.OFF, terms=Terms(), disclosure="The sound stays here.")

    async def hear(self, event: dict[str, Any]) -> None:
        """Let an event be received."""
        await self.intake().message(event, team_id=TEAM)


@pytest.mark.parametrize(("channel", "count"), [("D1", 1), ("C1", 0), ("G1", 0)])
async def test_a_direct_message_that_does_not_say_so(channel: str, count: int) -> None:
    """An event without channel_type from a channel D… is from a DM: on, though the default is off."""
    shelf = Shelf()
    await shelf.hear({"channel": channel, "ts": "1.1", "user": "U1", "files": [CLIP]})
    assert len(shelf.started) == count


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (None, "Send me a voice message"),
        (Mode.ON, "Send me a voice message"),
        (Mode.ASK, "/translate last"),
        (Mode.OFF, "I am switched off here; `/translate on`"),
    ],
)
async def test_help_tells_the_truth(mode: Mode | None, words: str) -> None:
    """The line of help says what the bot does here as it is set, and how to learn more."""
    shelf = Shelf(mode=mode)
    await shelf.hear(HELLO | {"thread_ts": None})
    (said,) = shelf.said
    assert words in said.text
    assert said.text.endswith("`/translate help` shows what else I can do.")
    assert not said.is_once_ever


@pytest.mark.parametrize(
    ("mode", "words"),
    [(Mode.ON, "Post a voice message"), (Mode.ASK, "/translate last"), (None, "silent here")],
)
async def test_the_introduction_says_where_the_sound_goes(mode: Mode | None, words: str) -> None:
    """Invited, the bot says once ever what it does here, and where the sound goes as it is configured."""
    shelf = Shelf(mode=mode)
    await shelf.intake().introduce("C1", team_id=TEAM)
    (said,) = shelf.said
    assert words in said.text
    assert " The sound stays here. I keep the text for a week" in said.text
    assert said.is_once_ever


CHANGED: dict[str, Any] = {"subtype": "message_changed", "channel": "C1", "ts": "9.9", "hidden": True}
GONE = {"id": "F1", "mode": "tombstone"}


@pytest.mark.parametrize(
    ("message", "previous", "withdrawn"),
    [
        pytest.param({"ts": "2.2", "files": [GONE]}, {"files": [CLIP]}, {"F1"}, id="a tombstone"),
        pytest.param({"ts": "2.2", "files": [SONG]}, {"files": [CLIP, SONG]}, {"F1"}, id="one of two"),
        pytest.param({"ts": "2.2", "files": [GONE]}, None, {"F1"}, id="without the message before"),
        pytest.param({"files": [GONE]}, {"ts": "2.2", "files": [CLIP]}, {"F1"}, id="without its ts"),
        pytest.param({"ts": "2.2", "subtype": "tombstone"}, {"files": [CLIP]}, None, id="the whole message"),
    ],
)
async def test_what_was_deleted_is_noted(
    message: dict[str, Any], previous: dict[str, Any] | None, withdrawn: set[str] | None
) -> None:
    """A change that took files away, or the whole message, is noted under the ts of the message."""
    shelf = Shelf()
    await shelf.hear(CHANGED | {"message": message, "previous_message": previous})
    assert shelf.withdrawn == [(TEAM, "C1", "2.2", withdrawn)]


@pytest.mark.parametrize(
    ("message", "previous"),
    [
        pytest.param({"ts": "2.2", "text": "edited"}, {"files": [CLIP]}, id="no word of files"),
        pytest.param({"ts": "2.2", "files": None}, {"files": [CLIP]}, id="null"),
        pytest.param({"ts": "2.2", "files": [CLIP]}, {"files": [CLIP]}, id="the same files"),
        pytest.param({"files": [GONE]}, {}, id="no ts at all"),
        pytest.param(None, None, id="nothing"),
    ],
)
async def test_what_tells_of_no_deletion(
    message: dict[str, Any] | None, previous: dict[str, Any] | None
) -> None:
    """A change that says nothing clear about files takes nothing back."""
    shelf = Shelf()
    await shelf.hear(CHANGED | {"message": message, "previous_message": previous})
    assert shelf.withdrawn == []


@pytest.mark.parametrize("knows", [True, False])
async def test_only_what_could_be_answered_is_noted(*, knows: bool) -> None:
    """Deletions in channels where nothing is translated leave no row behind."""
    shelf = Shelf(knows=knows)
    await shelf.hear({"subtype": "message_deleted", "channel": "C1", "deleted_ts": "2.2", "hidden": True})
    await shelf.hear(CHANGED | {"message": {"ts": "2.2", "files": [GONE]}})
    assert len(shelf.withdrawn) == (2 if knows else 0)


async def test_a_deletion_without_a_ts() -> None:
    """A deletion that does not say of what is let be; so is any other hidden event."""
    shelf = Shelf()
    await shelf.hear({"subtype": "message_deleted", "channel": "C1", "hidden": True})
    await shelf.hear(HELLO | {"hidden": True})
    assert (shelf.withdrawn, shelf.said) == ([], [])
