"""`dragoman sandbox` through its own code, with a real bot: the story, the ending, the exit code."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import httpx
import pytest
from aiohttp import web
from page_calls import TabOfPage

from bot.sandbox import leash
from bot.sandbox.bot_process import BotProcess, BotStartError, Endpoint, inherited
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import Answer
from bot.sandbox.play import (
    Options,
    UsageError,
    cannot_listen,
    find_channel,
    find_file,
    play,
    real_endpoint,
    set_prompt,
    usable,
)
from bot.sandbox.records import Change
from bot.sandbox.server import SlackSandbox
from bot.sandbox.story import Story
from recordings import CONTAINERS, recorded, sample, tone

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.records import ChangeKind, Message

DONE, FAILED, USAGE, OUT_OF_TIME = 0, 1, 2, 3
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
    said = capfd.readouterr()
    assert re.search(r"^dragoman: Done: .*\nZanzibar$", said.err, re.MULTILINE)
    *lines, ending = [json.loads(line) for line in said.out.splitlines()]
    assert ending == {"ending": "translated"}
    assert set(lines[0]) == {"at_seconds", "what", "name", "text", "channel", "ts", "thread_ts"}
    assert "with the prompt “Zanzibar”" in lines[-1]["text"]
    assert (lines[-1]["name"], lines[-1]["thread_ts"]) == ("dragoman", lines[0]["ts"])
    assert (tmp_path / "data" / "dragoman.db").exists()


async def test_what_goes_along_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A long text's file comes after the reply, and `--once` ends after both; its name is a line, too."""
    text = " ".join(f"This is sentence {number} of a long talk." for number in range(150))
    async with EndpointSandbox(key="real-key") as endpoint:
        monkeypatch.setenv("COMETAPI_KEY", "real-key")
        monkeypatch.setenv("TRANSLATION_BASE_URL", endpoint.base_url)
        endpoint.always = Answer(body=json.dumps({"text": text}))
        options = Options(shares=["sample"], port=0, is_once=True, is_real_endpoint=True)
        assert await play(options) == DONE
    *_, words, file, ending = capfd.readouterr().out.splitlines()
    assert "sentence 149 of" in words
    assert file.endswith("posted dragoman: [parcel.en.txt]")
    assert ending == "ending: translated"


async def test_a_question_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The limits are what the environment says; where the bot asks, nobody answers, and the code is 1."""
    monkeypatch.setenv("CONFIRM_MINUTES", "1")
    monkeypatch.setenv("PRICE_PER_MINUTE", "0.5")
    file = tone(tmp_path / "talk.wav", seconds=66, rate=8000)
    assert await play(Options(shares=[str(file)], port=0, is_once=True)) == FAILED
    *_, question, ending = capfd.readouterr().out.splitlines()
    assert "Translate it?" in question
    assert "$0.55" in question
    assert ending == "ending: skipped"


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
    """Without an ending in time, the start included, the code is 3; stderr says why, stdout no ending."""
    options = Options(shares=["sample"], port=0, is_once=True, timeout_seconds=0.01)
    assert await play(options) == OUT_OF_TIME
    said = capfd.readouterr()
    assert "ending" not in said.out
    assert "no ending within 0.01 s" in said.err


async def test_the_bot_dies_early(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """When the bot cannot start for what was given to it, the sandbox ends with 2 as the bot did."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dragoman.db").write_text("no database at all, but long enough to be looked at")
    assert await play(Options(shares=["sample"], port=0, is_once=True, data=tmp_path / "data")) == USAGE
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
    (tmp_path / "data").mkdir()
    for folder in (tmp_path, tmp_path / "data"):
        (folder / ".env").write_text("LOG_LEVEL=nonsense\nDEFAULT_MODE=off\n")
    began = time.monotonic()
    options = Options(shares=["sample:login"], port=0, is_once=True, data=Path("data"))
    assert await play(options) == DONE
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


async def test_the_real_endpoint_beside_a_proxy(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The real endpoint gets the recording; a proxy for the world is not asked for this machine."""
    async with EndpointSandbox(key="real-key") as endpoint:
        monkeypatch.setenv("COMETAPI_KEY", "real-key")
        monkeypatch.setenv("TRANSLATION_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        options = Options(shares=["sample"], port=0, is_once=True, is_real_endpoint=True)
        assert await play(options) == DONE
        assert len(endpoint.requests) == 1
    assert sample().english in capfd.readouterr().out


def test_the_way_out_is_for_the_real_endpoint() -> None:
    """Proxies and certificates go along with the real endpoint alone; this machine needs no proxy."""
    way_out = {
        "HTTPS_PROXY": "http://proxy.example",
        "http_proxy": "http://proxy.example",
        "SSL_CERT_FILE": "/etc/own.pem",
        "SSL_CERT_DIR": "/etc/own",
    }
    given = {"PATH": "/bin", "NO_PROXY": ".example", "SLACK_BOT_TOKEN": "xoxb-real", **way_out}
    assert inherited(given, is_real_endpoint=False) == {"PATH": "/bin"}
    limits = {"MAX_FILE_MB": "9", "MAX_MINUTES": "9", "CONFIRM_MINUTES": "1", "PRICE_PER_MINUTE": "0.006"}
    assert inherited(given | limits, is_real_endpoint=False) == {"PATH": "/bin", **limits}
    no_proxy = ".example,127.0.0.1,localhost"
    kept = {"PATH": "/bin", "NO_PROXY": no_proxy, "no_proxy": no_proxy, **way_out}
    assert inherited(given, is_real_endpoint=True) == kept
    assert inherited({}, is_real_endpoint=True)["NO_PROXY"] == "127.0.0.1,localhost"


async def test_the_sandbox_stays_until_it_is_stopped(capfd: pytest.CaptureFixture[str]) -> None:
    """Without --once it says where the page is, then how to share, before the bot is ready; both work.

    What is shared meanwhile is answered when the bot is there. Stopped, it ends with 0.
    """
    running = asyncio.ensure_future(play(Options(channel="sales", port=0)))
    said = Said(capfd)
    await said.until(lambda: "/control/share\n" in said.err)
    assert "This is not Slack" in said.err
    first, *_ = said.err.splitlines()
    address = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+/page/[\w-]{32}/) in your browser", first)
    assert address is not None
    assert "SLACK_BOT_TOKEN" not in said.err
    curl, *words, url = shlex.split(said.err.splitlines()[-1])
    assert (curl, words[::2]) == ("curl", ["-H", "-F", "-F"])
    header, fields = words[1].split(": "), dict(word.split("=") for word in words[3::2])
    assert fields.pop("file") == "@recording.m4a"
    async with httpx.AsyncClient(headers=[(header[0], header[1])]) as client:
        assert "<title>" in (await client.get(address[1])).text
        upload = ("parcel.m4a", sample().path.read_bytes())
        assert (await client.post(url, data=fields, files={"file": upload})).is_success
    await said.until(lambda: sample().english in said.out)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE
    assert "ending" not in said.out


@pytest.mark.skipif(sys.platform != "linux", reason="the bot is found in /proc")
async def test_the_bot_dies_later(capfd: pytest.CaptureFixture[str]) -> None:
    """When the bot ends by itself, the sandbox says so and stays; the page starts it again, and it works."""
    running = asyncio.ensure_future(play(Options(shares=["sample"], port=0)))
    said = Said(capfd)
    await said.until(lambda: sample().english in said.out)
    os.kill(our_bot(), signal.SIGKILL)
    await said.until(lambda: "the bot ended with exit code -9. The sandbox stays" in said.err)
    async with on_page(said) as page:
        assert (await page.post("do/bot", json={"do": "start"})).json()["bot"]["state"] == "running"
        assert (await page.post("do/sample", json={"name": "login"})).is_success
    await said.until(lambda: sample("login").english in said.out)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE


async def test_two_tabs_reset_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """Of two resets at once both are answered when the one is done: Slack and the bot's data are new.

    The prompt is gone with the data, the channel that was asked for is there again, and the bot answers.
    """
    options = Options(shares=["sample"], prompt="Zanzibar", channel="orders", port=0)
    running = asyncio.ensure_future(play(options))
    said = Said(capfd)
    await said.until(lambda: sample().english in said.out)
    before = our_bot()
    async with on_page(said) as page:
        for one in await asyncio.gather(*(page.post("do/reset", json={}) for _ in range(2))):
            assert (one.status_code, one.json()) == (200, {"ok": True})
        assert our_bot() != before
        assert (await page.get("see/channel", params={"channel": "orders"})).json()["messages"] == []
        assert (await page.get("see/traffic")).json()["next"] < 10
        asked = {"command": "/translate", "text": "prompt", "channel": "orders"}
        answer = (await page.post("do/command", json=asked)).json()
        assert "Zanzibar" not in json.dumps(answer)
        await page.post("do/sample", json={"name": "login", "channel": "orders"})
    await said.until(lambda: sample("login").english in said.out)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE


async def test_a_reset_spares_data_that_was_given(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With --data a reset is Slack's alone, and says so: the bot runs on and its folder stays whole."""
    running = asyncio.ensure_future(play(Options(shares=["sample"], port=0, data=tmp_path)))
    said = Said(capfd)
    await said.until(lambda: sample().english in said.out)
    before = our_bot()
    async with on_page(said) as page:
        answer = (await page.post("do/reset", json={})).json()
        assert (await page.get("see/channel", params={"channel": "support"})).json()["messages"] == []
    assert "because the folder was given with --data" in answer["note"]
    assert (our_bot(), (tmp_path / "dragoman.db").exists()) == (before, True)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE


async def test_a_bot_that_does_not_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where the bot cannot start, the sandbox stays without it and says so; a start in vain says why."""
    (tmp_path / "dragoman.db").write_text("no database at all, but long enough to be looked at")
    running = asyncio.ensure_future(play(Options(prompt="Acme", port=0, data=tmp_path)))
    said = Said(capfd)
    await said.until(lambda: "the bot ended with exit code 2" in said.err and "The sandbox stays" in said.err)
    async with on_page(said) as page:
        answer = await page.post("do/bot", json={"do": "start"})
        assert (answer.status_code, answer.json()["error"]) == (409, "bot_not_started")
        assert "exit code 2" in answer.json()["rule"]
        (tmp_path / "dragoman.db").unlink()
        assert (await page.post("do/bot", json={"do": "start"})).is_success
        assert (await page.post("do/bot", json={"do": "start"})).is_success
        stopped = (await page.post("do/bot", json={"do": "stop"})).json()["bot"]
    assert (stopped["state"], stopped["exit_code"], stopped["can_restart"]) == ("stopped", 0, True)
    assert said.err.count("The sandbox stays") == 1
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE


async def test_a_bot_over_http_is_started_again(capfd: pytest.CaptureFixture[str]) -> None:
    """Over HTTP too the bot answers after it was stopped and started."""
    running = asyncio.ensure_future(play(Options(port=0, is_http=True)))
    said = Said(capfd)
    await said.until(lambda: "in your browser" in said.err)
    async with on_page(said) as page:
        await page.post("do/bot", json={"do": "stop"})
        await page.post("do/sample", json={})
        told = (await page.post("do/bot", json={"do": "start"})).json()["bot"]
        assert (told["state"], told["transport"]) == ("running", "http")
    await said.until(lambda: sample().english in said.out)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE


async def test_the_end_lets_go_what_hangs(capfd: pytest.CaptureFixture[str]) -> None:
    """A job that hangs at the endpoint does not hold up the end."""
    running = asyncio.ensure_future(play(Options(port=0)))
    said = Said(capfd)
    await said.until(lambda: "in your browser" in said.err)
    async with on_page(said) as page:
        await page.post("do/bot", json={"do": "start"})
        await page.post("do/endpoint", json={"fault": "hang"})
        headers = {"Origin": page.headers["Origin"]}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.ws_connect(f"{page.base_url}live", max_msg_size=0) as socket,
        ):
            await page.post("do/sample", json={})
            await TabOfPage(socket).until(
                lambda frame: frame["type"] == "request" and frame["request"]["seconds"] > 0
            )
    began = time.monotonic()
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE
    assert time.monotonic() - began < 15


@pytest.mark.skipif(sys.platform != "linux", reason="the bot is found in /proc")
async def test_the_second_signal(capfd: pytest.CaptureFixture[str]) -> None:
    """An end that takes its time is said in one line, and the second signal gives the bot no more time."""
    running = asyncio.ensure_future(play(Options(shares=["sample"], port=0)))
    said = Said(capfd)
    await said.until(lambda: sample().english in said.out)
    os.kill(our_bot(), signal.SIGSTOP)
    began = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)
    await said.until(lambda: "Ending …" in said.err)
    assert not running.done()
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == DONE
    assert time.monotonic() - began < 17
    assert said.err.count("Ending …") == 1


@pytest.mark.parametrize("is_json", [False, True], ids=["lines", "JSON"])
async def test_half_a_character_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], *, is_json: bool
) -> None:
    """A name that is no text is printed all the same, in signs that every terminal takes."""
    file = tmp_path / os.fsdecode(b"caf\xe9.txt")
    file.write_text("milk")
    assert await play(Options(shares=[str(file)], port=0, is_once=True, is_json=is_json)) == FAILED
    first, *_ = capfd.readouterr().out.splitlines()
    assert "[caf\\udce9.txt]" in first
    assert not is_json or json.loads(first)["text"] == f"[{file.name}]"


async def test_a_prompt_that_is_not_taken_ends_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Without --once the sandbox says that the prompt is not set, and stays; what was to be shared is."""
    running = asyncio.ensure_future(play(Options(shares=["sample"], prompt="x" * 901, port=0)))
    said = Said(capfd)
    await said.until(lambda: sample().english in said.out)
    assert "dragoman: That prompt has 901 characters" in said.err
    assert "the prompt was not set" in said.err
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == DONE


def on_page(said: Said) -> httpx.AsyncClient:
    """Give a client that acts as the page does, at the address that was printed."""
    found = re.search(r"Open ((http://[^/]+)\S+) in your browser", said.err)
    assert found is not None
    headers = {"Origin": found[2]}
    return httpx.AsyncClient(base_url=found[1], headers=headers, timeout=60, trust_env=False)


def our_bot() -> int:
    """Find the one bot that this process started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    words = {int(one): Path(f"/proc/{one}/cmdline").read_text(encoding="utf-8") for one in children}
    [bot] = [pid for pid, line in words.items() if "bot\0run" in line]  # on the leash, or already itself
    return bot


async def test_a_bot_that_comes_too_late(tmp_path: Path) -> None:
    """A start that takes too long is said, and ended, hard where the bot hangs; before it nothing is."""
    async with SlackSandbox() as slack:
        place = Endpoint("http://127.0.0.1:9/v1", "key", "a-model")
        bot = BotProcess(slack, place, data=tmp_path, is_http=False)
        assert bot.environ()["TRANSLATION_MODEL"] == "a-model"
        await bot.stop()
        assert await bot.ended() == 0
        with pytest.raises(BotStartError, match="was not ready within 0 s") as caught:
            await bot.start(patience_seconds=0)
        assert caught.value.code is None
        hanging = our_bot()
        os.kill(hanging, signal.SIGSTOP)
        stands = os.WSTOPPED | os.WNOWAIT
        await asyncio.to_thread(os.waitid, os.P_PID, hanging, stands)  # else SIGTERM may overtake it
        await bot.stop(patience_seconds=0.01)
        assert await bot.ended() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
async def test_a_program_whose_parent_has_gone() -> None:
    """A sandbox that was killed before the leash was on gets no bot any more."""
    words = ("-I", "-S", str(leash.__file__), "1", sys.executable, "-c", "print('alive')")
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0] == b""
    assert process.returncode == 1


async def test_a_prompt_that_the_bot_refuses(capfd: pytest.CaptureFixture[str]) -> None:
    """Where the bot refuses the prompt, its answer is on stderr, nothing is shared, and the code is 1."""
    assert await play(Options(shares=["sample"], prompt="x" * 901, port=0, is_once=True)) == FAILED
    said = capfd.readouterr()
    assert said.err.startswith("dragoman: That prompt has 901 characters")
    assert said.out == ""


async def test_a_prompt_without_an_answer(capfd: pytest.CaptureFixture[str]) -> None:
    """A bot that does not ack the command, or acks and then says nothing, has not taken the prompt."""

    async def silent(request: web.Request) -> web.Response:
        body = await request.text()
        return web.json_response(json.loads(body) if "challenge" in body else None)

    application = web.Application()
    application.add_routes([web.post("/slack/events", silent)])
    runner = web.AppRunner(application, access_log=None)
    async with SlackSandbox() as slack:
        assert not await set_prompt(slack, "Acme", "support")
        assert "the bot did not take the prompt" in capfd.readouterr().err
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            await slack.deliver_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
            assert not await set_prompt(slack, "Acme", "support", patience_seconds=0.05)
        finally:
            await runner.cleanup()
    assert capfd.readouterr().err == "the bot gave no answer to the prompt within 0.05 s\n"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param("support", "support", id="by name"),
        pytest.param("#leads", "leads", id="as people write it, private"),
        pytest.param("C0SALES", "sales", id="by id"),
        pytest.param("@ana", "dm-ana", id="a direct message"),
        pytest.param("bestellungen-größe_2", "bestellungen-größe_2", id="a new one"),
        pytest.param("x" * 80, "x" * 80, id="the longest"),
    ],
)
def test_where_it_is_shared(wanted: str, found: str) -> None:
    """A conversation is found in every spelling, a new one made; the bot is in it."""
    slack = SlackSandbox()
    assert find_channel(slack, wanted) == found
    assert slack.bot_user_id in slack.workspace.channel(found).members


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param(
            "random", "dragoman is not in #random, so nothing would be answered", id="without the bot"
        ),
        pytest.param(
            "#random", "dragoman is not in #random, so nothing would be answered", id="with its mark"
        ),
        pytest.param("", "--channel must be lower case", id="empty"),
        pytest.param("#", "--channel must be lower case", id="a mark alone"),
        pytest.param("x" * 81, "--channel must be lower case", id="too long"),
        pytest.param("Orders", "--channel must be lower case", id="a capital"),
        pytest.param("two words", "--channel must be lower case", id="a space"),
        pytest.param("orders\n", "--channel must be lower case", id="a line end"),
        pytest.param("@nobody", "--channel must be lower case", id="nobody"),
    ],
)
def test_where_nothing_can_be_shared(wanted: str, said: str) -> None:
    """A channel that would stay silent, or that Slack would not make, is told before anything starts."""
    with pytest.raises(UsageError, match=said):
        find_channel(SlackSandbox(), wanted)


async def test_once_needs_something_to_wait_for() -> None:
    """`--once` ends with the last reply, so something has to be shared."""
    with pytest.raises(UsageError, match="--once needs --share"):
        await play(Options(port=0, is_once=True))


def test_a_folder_for_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made where it is missing, and given as a whole path: the bot works in another folder."""
    monkeypatch.chdir(tmp_path)
    assert usable(Path("new/data")) == tmp_path / "new" / "data"
    assert list((tmp_path / "new" / "data").iterdir()) == []
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/x")):
        with pytest.raises(UsageError, match=rf"--data {folder} cannot be used \(\w.*\)"):
            usable(folder)


def test_a_port_that_cannot_be_used() -> None:
    """The message names the port that was tried, given or not."""
    refused = PermissionError(13, "Permission denied")
    assert str(cannot_listen(None, refused)).startswith("port 3100 cannot be used (Permission denied): give")
    assert str(cannot_listen(80, refused)).startswith("--port 80 cannot be used (Permission denied): leave")


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
