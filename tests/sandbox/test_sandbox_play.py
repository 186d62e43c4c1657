"""`dragoman sandbox` through its own code, with a real bot: the story, the ending, the exit code."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.play import Options, UsageError, find_file, play, real_endpoint
from bot.sandbox.records import Change
from bot.sandbox.server import SlackSandbox
from bot.sandbox.story import Story
from recordings import CONTAINERS, recorded, sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.records import ChangeKind, Message

DONE, FAILED, OUT_OF_TIME = 0, 1, 3
LINE = re.compile(r"\+\d+\.\ds (posted|edited|deleted) \w+: .+")


async def test_one_recording_in_every_container(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Speech in every usual container becomes its English; stdout holds the story and the ending alone."""
    files = [str(recorded(tmp_path, container)) for container in CONTAINERS]
    assert await play(Options(shares=files, port=0, is_once=True)) == DONE
    *story, ending = capfd.readouterr().out.splitlines()
    assert ending == "ending: translated"
    assert all(LINE.fullmatch(line) for line in story)
    shared = [line for line in story if " posted ana: " in line]
    replies = [line for line in story if " posted dragoman: " in line]
    assert [line.rpartition("[")[2] for line in shared] == [f"parcel.{one}]" for one in CONTAINERS]
    assert len(replies) == len(CONTAINERS)
    assert all(line.endswith(sample().english) for line in replies)


async def test_the_prompt_and_the_channel(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The prompt is set as a person would, in the channel asked for, over HTTP as well; with JSON lines."""
    spoken = tmp_path / "other.wav"
    spoken.write_bytes(sample("payment").path.read_bytes()[: 16_000 * 2])
    options = Options(
        shares=[str(spoken)],
        channel="#orders",
        prompt="Zanzibar",
        port=0,
        is_once=True,
        is_json=True,
        is_http=True,
        data=tmp_path / "data",
    )
    assert await play(options) == DONE
    *lines, ending = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert ending == {"ending": "translated"}
    assert set(lines[0]) == {"at_seconds", "what", "name", "text", "channel", "ts", "thread_ts"}
    assert "with the prompt “Zanzibar”" in lines[-1]["text"]
    assert (lines[-1]["name"], lines[-1]["thread_ts"]) == ("dragoman", lines[0]["ts"])
    assert (tmp_path / "data" / "dragoman.db").exists()


async def test_a_text_named_as_a_recording(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A text named .mp3 fails, in words in the thread; the code is 1."""
    (tmp_path / "notes.mp3").write_text("milk, bread, eggs")
    assert await play(Options(shares=[str(tmp_path / "notes.mp3")], port=0, is_once=True)) == FAILED
    *_, reply, ending = capfd.readouterr().out.splitlines()
    assert "I can't read this file as a recording" in reply
    assert ending == "ending: failed"


async def test_no_recording_at_all(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is no recording is skipped at once. And where the usual port is taken, a free one serves."""
    (tmp_path / "notes.txt").write_text("milk, bread, eggs")
    with taken(3100):
        assert await play(Options(shares=[str(tmp_path / "notes.txt")], is_once=True)) == FAILED
    assert capfd.readouterr().out.splitlines()[1:] == ["ending: skipped"]


async def test_out_of_time(capfd: pytest.CaptureFixture[str]) -> None:
    """Without an ending in time the code is 3; stderr says why, and stdout names no ending."""
    options = Options(shares=["sample"], port=0, is_once=True, timeout_seconds=0.01)
    assert await play(options) == OUT_OF_TIME
    said = capfd.readouterr()
    assert "ending" not in said.out
    assert "no ending within 0.01 s" in said.err


async def test_the_bot_dies_early(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """When the bot itself cannot start, the sandbox ends with 1 and says so."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dragoman.db").write_text("no database at all, but long enough to be looked at")
    assert await play(Options(shares=["sample"], port=0, is_once=True, data=tmp_path / "data")) == FAILED
    assert "the bot ended with exit code 2" in capfd.readouterr().err


async def test_a_given_port_that_is_taken() -> None:
    """Somebody counts on the port they gave."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--port {port} cannot be used"):
            await play(Options(shares=["sample"], port=port, is_once=True))


def taken(port: int) -> socket.socket:
    """Hold a port; where somebody else holds it already, any other socket will do."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))


async def test_what_is_exported_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Variables and a .env that point at a real Slack, database and endpoint have no say in the sandbox."""
    wrong = {
        "SLACK_BOT_TOKEN": "xoxb-1-real",
        "SLACK_APP_TOKEN": "xapp-1-A0-1-real",
        "SLACK_SIGNING_SECRET": "real",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "DATA_DIR": str(tmp_path / "real"),
        "PORT": "9",
        "COMETAPI_KEY": "real-key",
        "TRANSLATION_BASE_URL": "http://127.0.0.1:9/v1",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("LOG_LEVEL=nonsense\nDEFAULT_MODE=off\n")
    began = time.monotonic()
    assert await play(Options(shares=["sample:login"], port=0, is_once=True)) == DONE
    assert time.monotonic() - began < 30
    assert sample("login").english in capfd.readouterr().out
    assert not (tmp_path / "real").exists()


@pytest.mark.parametrize(
    ("share", "words"),
    [
        pytest.param("sample:none", "there is no such sample; there are parcel", id="unknown sample"),
        pytest.param("nowhere.mp3", "no file to read there", id="no file"),
        pytest.param("/", "no file to read there", id="a folder"),
    ],
)
def test_what_cannot_be_shared(share: str, words: str) -> None:
    """A share that cannot be read is told before anything starts."""
    with pytest.raises(UsageError, match=words):
        find_file(share)


def test_what_can_be_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sample` is the first one, `sample:NAME` any; a file of that very name comes before both."""
    assert find_file("sample") == sample().path
    assert find_file("sample:login") == sample("login").path
    monkeypatch.chdir(tmp_path)
    Path("sample").write_bytes(b"sound")
    assert find_file("sample") == Path("sample")


def test_the_real_endpoint_needs_a_key() -> None:
    """The real endpoint is used as told, and with its own key only."""
    with pytest.raises(UsageError, match="COMETAPI_KEY"):
        real_endpoint({})
    assert real_endpoint({"COMETAPI_KEY": "k"}).base_url == "https://api.cometapi.com/v1"
    given = {"COMETAPI_KEY": "k", "TRANSLATION_BASE_URL": "http://h/v1", "TRANSLATION_MODEL": "m"}
    told = real_endpoint(given)
    assert (told.base_url, told.key, told.model) == ("http://h/v1", "k", "m")


async def test_the_sandbox_stays_until_it_is_stopped(capfd: pytest.CaptureFixture[str]) -> None:
    """Without --once it tells how to join by hand, and ends with 0 when it is stopped."""
    running = asyncio.ensure_future(play(Options(shares=["sample"], port=0)))
    said = Said(capfd)
    await said.until(lambda: sample().english in said.out)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE
    assert "This is not Slack" in said.err
    assert re.search(r"^  SLACK_BOT_TOKEN=xoxb-\S+$", said.err, re.MULTILINE)
    assert "ending" not in said.out


class Said:
    """What was printed so far."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.out = self.err = ""

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait until something was said."""
        async with asyncio.timeout(30):
            while not is_true():
                await asyncio.sleep(0.02)
                out, err = self._capfd.readouterr()
                self.out, self.err = self.out + out, self.err + err


def reply_part(share: Message, part: int, parts: int, ending: str = "translated") -> Change:
    """Make the change that a part of a reply is."""
    payload = {"file_id": share.files[0].id, "part": part, "parts": parts, "ending": ending}
    metadata = {"event_type": "dragoman_translation", "event_payload": payload}
    return change(
        "posted", replace(share, ts=f"9.{part}", name="dragoman", text="One &amp; two", metadata=metadata)
    )


def change(kind: ChangeKind, message: Message) -> Change:
    """Make a change of a message."""
    return Change(kind=kind, channel=message.channel, at=5.0, message=message)


async def test_a_story_in_parts() -> None:
    """A reply in parts is over with its last part, and a progress message must be gone by then."""
    lines: list[str] = []
    slack = SlackSandbox()
    ts = await slack.share(sample().path)
    [share] = slack.thread("support", ts)
    story = Story(slack.workspace, lines.append, is_json=False)
    story.expect(share)
    progress = replace(share, ts="8.0", text="Translating", metadata={"event_type": "dragoman_progress"})
    steps = [
        change("status", share),
        change("posted", progress),
        reply_part(share, 1, 2),
        reply_part(share, 2, 2),
        change("deleted", progress),
    ]
    over = []
    for step in steps:
        story.tell(step)
        over.append(story.is_over)
    assert over == [False, False, False, False, True]
    story.tell_ending()
    assert lines[1] == "+0.0s posted dragoman: One & two"
    assert lines[-1] == "ending: translated"
    assert len(lines) == len(steps)


async def test_the_ending_of_several() -> None:
    """Of several recordings the first ending that is not a translation is the story's."""
    lines: list[str] = []
    slack = SlackSandbox()
    story = Story(slack.workspace, lines.append, is_json=True)
    shares = []
    for name in ("parcel", "login"):
        ts = await slack.share(sample(name).path)
        shares += slack.thread("support", ts)
        story.expect(shares[-1])
    story.tell(reply_part(shares[0], 1, 1))
    story.tell(reply_part(shares[1], 1, 1, ending="no_speech"))
    assert story.is_over
    assert story.ending == "no_speech"
