"""Behind the curtain: what the endpoint was sent and answered, its faults by name, who works the bot."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from page_calls import do, opened, page_client
from slack_calls import plain_client

from bot.sandbox.backstage import Props
from bot.sandbox.bot_process import BotProcess, Endpoint
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import saying
from bot.sandbox.endpoint_faults import FAULTS
from bot.sandbox.refusals import RefusedError
from bot.sandbox.server import Fault, SlackSandbox
from recordings import sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

GOOD = {"model": "whisper-1", "response_format": "json", "prompt": "Acme"}


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointSandbox]:
    """Run a stand-in."""
    async with EndpointSandbox() as running:
        yield running


@pytest.fixture
async def slack(endpoint: EndpointSandbox) -> AsyncIterator[SlackSandbox]:
    """Run a sandbox with the stand-in behind it."""
    async with SlackSandbox() as running:
        running.use(Props(endpoint))
        yield running


async def translate(endpoint: EndpointSandbox, name: str = "parcel") -> httpx.Response:
    """Ask for a translation, as the bot does."""
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    async with plain_client(headers=headers) as client:
        file = (f"{name}.wav", sample(name).path.read_bytes())
        return await client.post(f"{endpoint.base_url}/audio/translations", data=GOOD, files={"file": file})


async def test_requests_are_shown_as_they_go(slack: SlackSandbox, endpoint: EndpointSandbox) -> None:
    """A request is there when it arrives, and again with what was found out, up to the answer's text."""
    async with opened(slack) as tab:
        state = (await tab.next("snapshot"))["endpoint"]
        assert (state["kind"], state["url"], state["fault"]) == ("stand-in", endpoint.base_url, None)
        assert [one["name"] for one in state["faults"]] == list(FAULTS)
        assert all(one["title"] for one in state["faults"])
        await translate(endpoint)
        last = await tab.until(lambda frame: frame["type"] == "request" and frame["request"]["duration"] > 0)
        frames = [frame["request"] for frame in tab.frames if frame["type"] == "request"]
    assert {one["number"] for one in frames} == {0}
    assert [one["status"] for one in (frames[0], frames[-1])] == [0, 200]
    request = last["request"]
    assert (request["answered"], request["authorization_ok"], request["fields"]) == (True, True, GOOD)
    assert (request["file_name"], request["seconds"] > 1) == ("parcel.wav", True)
    assert request["file_bytes"] < request["content_length"]
    assert json.loads(request["answer"])["text"] == sample().english
    assert request["duration"] >= 0
    assert 0 <= request["at"] < 60


async def test_an_answer_is_shown_in_part(slack: SlackSandbox, endpoint: EndpointSandbox) -> None:
    """Who comes later sees the requests of before; of a long answer only the beginning is kept."""
    endpoint.script(FAULTS["html"].answer, saying("x" * 5000))
    await translate(endpoint)
    await translate(endpoint)
    async with opened(slack) as tab:
        [first, second] = (await tab.next("snapshot"))["endpoint"]["requests"]
    assert (first["number"], first["status"], first["answer"][:6]) == (0, 502, "<html>")
    assert (second["number"], second["status"], second["answer"]) == (1, 200, "x" * 2000)


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        pytest.param("no_credit", 403, "insufficient_user_quota", id="no credit"),
        pytest.param("wrong_key", 401, "invalid_api_key", id="wrong key"),
        pytest.param("down", 503, "service_unavailable", id="down"),
        pytest.param("no_speech", 200, '{"text": ""}', id="no speech"),
        pytest.param("html", 502, "<html>", id="a page"),
    ],
)
async def test_faults_by_name(
    slack: SlackSandbox, endpoint: EndpointSandbox, name: str, status: int, text: str
) -> None:
    """A named fault meets every request until it is switched off, and every tab knows."""
    async with opened(slack) as tab:
        await tab.next("snapshot")
        assert (await do(slack, "endpoint", fault=name)).json()["endpoint"]["fault"] == name
        assert (await tab.next("endpoint"))["endpoint"]["fault"] == name
        for _ in range(2):
            answer = await translate(endpoint)
            assert (answer.status_code, text in answer.text) == (status, True)
        await do(slack, "endpoint", fault=None)
        assert (await tab.next("endpoint"))["endpoint"]["fault"] is None
        assert (await translate(endpoint)).json()["text"] == sample().english


async def test_a_hanging_request_is_let_go(slack: SlackSandbox, endpoint: EndpointSandbox) -> None:
    """Who hangs loses the connection when the fault is switched off, and so may try again."""
    await do(slack, "endpoint", fault="hang")
    waiting = asyncio.create_task(translate(endpoint))
    await endpoint.wait_for(lambda: bool(endpoint.requests) and endpoint.requests[0].seconds > 0)
    await do(slack, "endpoint", fault=None)
    with pytest.raises(httpx.TransportError):
        await waiting
    assert (endpoint.requests[0].status, endpoint.requests[0].answered) == (0, False)


async def test_a_slow_endpoint(slack: SlackSandbox, endpoint: EndpointSandbox) -> None:
    """The fault that makes it slow says how slow, and is so."""
    await do(slack, "endpoint", fault="slow")
    assert endpoint.delay_seconds == 10
    assert FAULTS["slow"].title == "Answers take 10 seconds"


async def test_a_reset_begins_again_at_the_endpoint(slack: SlackSandbox, endpoint: EndpointSandbox) -> None:
    """A reset forgets requests and faults; one that is under way ends, and no longer counts."""
    await translate(endpoint)
    await do(slack, "endpoint", fault="hang")
    waiting = asyncio.create_task(translate(endpoint, "login"))
    await endpoint.wait_for(lambda: len(endpoint.requests) == 2 and endpoint.requests[1].seconds > 0)
    async with opened(slack) as tab:
        assert (await do(slack, "reset")).json() == {"ok": True}
        state = (await tab.until(lambda frame: frame.get("generation") == 1))["endpoint"]
        assert (state["fault"], state["requests"]) == (None, [])
        with pytest.raises(httpx.TransportError):
            await waiting
        assert endpoint.requests == []
        assert (await translate(endpoint)).status_code == 200
        assert (await tab.next("request"))["request"]["number"] == 2
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("verb", "body", "words"),
    [
        pytest.param("endpoint", {"fault": "rain"}, "no fault of the endpoint is called rain", id="a fault"),
        pytest.param("endpoint", {}, "fault is missing", id="no fault"),
        pytest.param("bot", {"do": "start"}, "was not started by the sandbox", id="somebody else's bot"),
        pytest.param("sample", {"name": "song"}, "no sample is called song; there are parcel", id="a sample"),
        pytest.param("faults", {"kind": "slow", "seconds": "long"}, "seconds must be a number", id="a word"),
        pytest.param("faults", {"kind": "slow", "seconds": -1}, "seconds must be a number", id="below zero"),
        pytest.param("faults", {"kind": "slow", "after": True}, "after must be a number", id="yes"),
    ],
)
async def test_mistakes_are_named(slack: SlackSandbox, verb: str, body: dict[str, Any], words: str) -> None:
    """What cannot be done is said in words, and nothing is done."""
    answer = await do(slack, verb, **body)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert words in answer.json()["rule"]
    assert (slack.faults.armed, slack.messages("support")) == ([], [])


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        pytest.param(b"[]", 400, "must be a JSON object", id="no object"),
        pytest.param(b"{", 400, "Expecting", id="no JSON"),
        pytest.param(b'{"text": "\\ud83d"}', 400, "surrogates not allowed", id="half a character"),
        pytest.param(b"[" * 100_000, 400, "recursion", id="too deep"),
        pytest.param(b'{"text": "' + b"x" * 5_000_000 + b'"}', 413, "4194304 bytes", id="too long"),
    ],
)
async def test_bodies_that_are_none(slack: SlackSandbox, content: bytes, status: int, words: str) -> None:
    """A body that is no JSON object, or endless, is refused in words."""
    headers = {"Origin": slack.url}
    async with plain_client() as client:
        answer = await client.post(f"{slack.page_url}do/say", content=content, headers=headers)
    assert (answer.status_code, answer.json()["ok"]) == (status, False)
    assert words in answer.json()["rule"]


async def test_the_real_endpoint_has_no_faults() -> None:
    """Of the real endpoint only the address is shown; neither faults nor requests."""
    async with SlackSandbox() as slack:
        slack.use(Props(real_url="https://translations.example/v1"))
        async with opened(slack) as tab:
            state = (await tab.next("snapshot"))["endpoint"]
        answer = await do(slack, "endpoint", fault="down")
    assert state == {
        "kind": "real",
        "url": "https://translations.example/v1",
        "fault": None,
        "faults": [],
        "requests": [],
    }
    assert (answer.status_code, "with the stand-in only" in answer.json()["rule"]) == (400, True)


async def test_a_sample_is_shared(slack: SlackSandbox) -> None:
    """A shipped recording is shared by its name, by whom and where one says."""
    await do(slack, "sample")
    await do(slack, "sample", name="login", channel="sales", user="ben")
    [first], [second] = slack.messages("support"), slack.messages("sales")
    assert (first.name, first.files[0].name, first.files[0].data) == ("ana", "parcel.m4a", None)
    assert (second.name, second.files[0].name) == ("ben", "login.ogg")


@pytest.fixture
async def bot(slack: SlackSandbox, endpoint: EndpointSandbox, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """Set up a real bot that has not been started."""
    process = BotProcess(slack, Endpoint(endpoint.base_url, endpoint.key), data=tmp_path, is_http=False)
    slack.use(Props(endpoint, bot=process, is_data_ours=True))
    yield process
    process.kill()
    await process.stop()


async def patiently(slack: SlackSandbox, verb: str, /, **body: Any) -> httpx.Response:  # noqa: ANN401 -- JSON
    """Do on the page what takes as long as a bot's start."""
    async with page_client(slack) as client:
        return await client.post(f"do/{verb}", json=body, timeout=60)


async def hanging_start(slack: SlackSandbox) -> asyncio.Task[httpx.Response]:
    """Start the bot on the page and wait until Slack lets it hang."""
    slack.faults.add(Fault("hang", method="auth.test", times=None))
    starting = asyncio.create_task(patiently(slack, "bot", do="start"))
    await slack.wait_for(lambda one: one.faults.waiting[0].met > 0, timeout=30)
    return starting


@pytest.mark.parametrize(
    ("verb", "body", "state"),
    [
        pytest.param("bot", {"do": "stop"}, "stopped", id="stop"),
        pytest.param("reset", {}, "running", id="reset"),
    ],
)
async def test_a_start_that_hangs_is_given_up(
    slack: SlackSandbox, bot: BotProcess, verb: str, body: dict[str, Any], state: str
) -> None:
    """Neither a stop nor a reset waits for a start that hangs; both switch off what made it hang."""
    starting = await hanging_start(slack)
    async with asyncio.timeout(30):
        answer = await patiently(slack, verb, **body)
    assert (answer.status_code, bot.state, slack.faults.armed) == (200, state, [])
    given_up = await starting
    assert (given_up.status_code, given_up.json()["error"]) == (409, "bot_not_started")
    assert "the start was given up" in given_up.json()["rule"]


async def test_nothing_starts_when_the_sandbox_ends(slack: SlackSandbox, bot: BotProcess) -> None:
    """The end stops the bot; a start that waited for its turn begins nothing, nor does a late reset."""
    first = await hanging_start(slack)
    waiting = asyncio.create_task(slack.backstage.work_bot("start"))
    async with asyncio.timeout(30):
        await slack.backstage.close()
    for late in (waiting, slack.backstage.reset(), slack.backstage.work_bot("start")):
        with pytest.raises(RefusedError, match="sandbox_ends"):
            await late
    assert (await first).json()["error"] == "bot_not_started"
    assert bot.state == "stopped"
