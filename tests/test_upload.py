"""Documents in the thread: each once, without the token, and never a loop where Slack does not want them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.compose import Document
from bot.sandbox.faults import Fault
from bot.share import Job, Share, SlackFile
from bot.upload import SEND_PAUSES_SECONDS, Uploader
from bot.web_api import WebApi, build_client
from slack_api import Desk, open_desk
from wire import hangs, resets, says, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.faults import FaultKind
    from bot.sandbox.records import Message
    from wire import Answer

ADDRESS, COMPLETE, INFO = "files.getUploadURLExternal", "files.completeUploadExternal", "files.info"
LEARNT = {"Authorization": "Bearer secret", "Cookie": "a=b"}
DOCUMENT = Document("meeting.en.srt", "1\n00:00:00,000 --> 00:00:01,000\n“Olá” & <hi>.\n")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Run the embedded Slack with our client on it; shares come at once."""
    async with open_desk() as desk:
        desk.slack.share_delay = 0.0
        yield desk


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that has learnt something on other ways; reading certificates would take long."""
    async with httpx.AsyncClient(verify=False, trust_env=False, headers=LEARNT) as one:  # noqa: S501 -- there is no TLS
        yield one


@pytest.fixture
def uploader(desk: Desk, client: httpx.AsyncClient) -> Uploader:
    """Give an uploader that makes its pauses in no time."""
    return Uploader(client, desk.web_api, api_url=desk.slack.api_url, sleep=desk.sleep, chance=lambda: 0.5)


def files(desk: Desk) -> list[tuple[str, bytes | None]]:
    """Give the names and bytes of the files that the bot has shared."""
    return [(file.name, file.data) for message in desk.said() for file in message.files]


async def shared(desk: Desk, count: int = 1) -> Message:
    """Wait until so many files stand, and give the last message with one."""
    await desk.slack.wait_for(lambda _: len(files(desk)) >= count)
    return desk.said()[-1]


async def test_a_document_stands_in_the_thread(desk: Desk, uploader: Uploader) -> None:
    """Its very bytes, in the thread of the recording, nowhere else; nothing is asked twice."""
    parent = await desk.slack.say("listen")
    job = await desk.job(thread_ts=parent)
    file_id = await uploader.send(DOCUMENT, job.share)
    assert files(desk) == []
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    message = await shared(desk)
    assert files(desk) == [(DOCUMENT.name, DOCUMENT.data)]
    assert (message.thread_ts, message.channel) == (parent, job.share.channel_id)
    assert [one.method for one in desk.slack.calls("api")] == [ADDRESS, COMPLETE]
    assert desk.slept == []


@pytest.mark.parametrize(
    ("fault", "method"),
    [("missing_scope", ADDRESS), ("error", ADDRESS), ("missing_scope", COMPLETE), ("error", COMPLETE)],
)
async def test_a_refusal_is_one(desk: Desk, uploader: Uploader, fault: FaultKind, method: str) -> None:
    """Where Slack says no, that is the answer at once, and the caller has other ways."""
    job = await desk.job()
    desk.slack.faults.add(Fault(fault, method, error="not_allowed", scope="files:write", times=None))
    file_id = await uploader.send(DOCUMENT, job.share)
    if method == COMPLETE:
        assert not await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    else:
        assert file_id == ""
    assert len(desk.slack.calls(method)) == 1
    assert desk.slept == []


@pytest.mark.parametrize(
    "error",
    ["file_type_not_allowed", "slack_connect_blocked_file_type", "slack_connect_file_upload_sharing_blocked"],
)
async def test_an_extension_that_slack_connect_refuses(desk: Desk, uploader: Uploader, error: str) -> None:
    """The same words go under a name that is taken."""
    job = await desk.job()
    desk.slack.refuse_uploads("srt", error=error)
    file_id = await uploader.send(DOCUMENT, job.share)
    assert not file_id or not await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    twin = Document(f"{DOCUMENT.name}.txt", DOCUMENT.content)
    file_id = await uploader.send(twin, job.share)
    assert await uploader.attach(file_id, twin, job, is_first_run=True)
    await shared(desk)
    assert files(desk) == [(twin.name, twin.data)]


@pytest.mark.parametrize("kind", ["http_error", "lost_before", "lost_after"])
async def test_lost_bytes_are_sent_again(desk: Desk, uploader: Uploader, kind: FaultKind) -> None:
    """Bytes that did not arrive, or nobody knows, go to a new address; one file stands in the end."""
    job = await desk.job()
    desk.slack.faults.add(Fault(kind, "upload", times=2))
    file_id = await uploader.send(DOCUMENT, job.share)
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    await shared(desk)
    assert files(desk) == [(DOCUMENT.name, DOCUMENT.data)]
    assert (len(desk.slack.calls(ADDRESS)), desk.slept) == (3, list(SEND_PAUSES_SECONDS[:2]))


async def test_bytes_that_never_arrive_are_a_refusal(desk: Desk, uploader: Uploader) -> None:
    """Where the API answers and the place for the bytes does not, that ends after some tries."""
    job = await desk.job()
    desk.slack.faults.add(Fault("http_error", "upload", status=403, times=None))
    assert await uploader.send(DOCUMENT, job.share) == ""
    assert desk.slept == list(SEND_PAUSES_SECONDS)


@pytest.mark.parametrize("method", [ADDRESS, COMPLETE])
@pytest.mark.parametrize("kind", ["http_error", "lost_before"])
async def test_slack_is_waited_for(desk: Desk, uploader: Uploader, kind: FaultKind, method: str) -> None:
    """While Slack cannot be reached the call is made again, ever more slowly; one file stands."""
    job = await desk.job()
    desk.slack.faults.add(Fault(kind, method, times=3))
    file_id = await uploader.send(DOCUMENT, job.share)
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    await shared(desk)
    assert files(desk) == [(DOCUMENT.name, DOCUMENT.data)]
    assert [pause for pause in desk.slept if isinstance(pause, float)] == [0.5, 1.0, 2.0]


async def test_an_answer_that_got_lost_is_looked_for(desk: Desk, uploader: Uploader) -> None:
    """Shared, but the answer is lost: Slack is asked where the file stands, and nothing is shared twice."""
    job = await desk.job()
    file_id = await uploader.send(DOCUMENT, job.share)
    desk.slack.faults.add(Fault("lost_after", COMPLETE))
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    assert len(desk.slack.calls(COMPLETE)) == 1
    assert [one.arguments["file"] for one in desk.slack.calls(INFO)] == [file_id]
    assert len(files(desk)) == 1


async def test_after_a_crash_what_stands_is_left(desk: Desk, uploader: Uploader) -> None:
    """A second run asks first, and shares only what does not stand."""
    job = await desk.job()
    first, second = [await uploader.send(DOCUMENT, job.share) for _ in range(2)]
    assert await uploader.attach(first, DOCUMENT, job, is_first_run=True)
    await shared(desk)
    assert await uploader.attach(first, DOCUMENT, job, is_first_run=False)
    assert len(desk.slack.calls(COMPLETE)) == 1
    assert await uploader.attach(second, DOCUMENT, job, is_first_run=False)
    await shared(desk, 2)
    assert len(desk.slack.calls(COMPLETE)) == 2


async def test_a_late_share_is_waited_for(desk: Desk, client: httpx.AsyncClient) -> None:
    """Slack shares a file some time after it said so: the first look does not find it, a later one does."""
    job = await desk.job()
    desk.slack.share_gate.clear()

    async def sleep(seconds: float) -> None:
        desk.slept.append(seconds)
        if seconds == 4:
            desk.slack.share_gate.set()
            await shared(desk)

    uploader = Uploader(client, desk.web_api, api_url=desk.slack.api_url, sleep=sleep)
    file_id = await uploader.send(DOCUMENT, job.share)
    desk.slack.faults.add(Fault("lost_after", COMPLETE))
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    assert desk.slept[1:] == [0, 1, 2, 4]
    assert (len(desk.slack.calls(COMPLETE)), len(files(desk))) == (1, 1)


async def test_a_very_late_share_is_found_after_the_refusal(desk: Desk, client: httpx.AsyncClient) -> None:
    """Where the look was too early and Slack refuses to share once more, the next look finds it."""
    job = await desk.job()
    desk.slack.share_gate.clear()

    async def sleep(seconds: float) -> None:
        if seconds == 4 and len(desk.slack.calls(COMPLETE)) == 2:
            desk.slack.share_gate.set()
            await shared(desk)

    uploader = Uploader(client, desk.web_api, api_url=desk.slack.api_url, sleep=sleep)
    file_id = await uploader.send(DOCUMENT, job.share)
    desk.slack.faults.add(Fault("lost_after", COMPLETE))
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    assert len(files(desk)) == 1


async def test_a_file_that_somebody_deleted_stood(desk: Desk, uploader: Uploader) -> None:
    """Nobody gets again what was deleted while we were away."""
    job = await desk.job()
    file_id = await uploader.send(DOCUMENT, job.share)
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=True)
    await shared(desk)
    await desk.slack.delete_file(file_id)
    assert await uploader.attach(file_id, DOCUMENT, job, is_first_run=False)
    assert len(desk.slack.calls(COMPLETE)) == 1


# --- what only a wire does ----------------------------------------------------------------------

SOURCE = Job(Share("T1", "C1", "1.1", SlackFile("F1")))


@asynccontextmanager
async def asked(
    home: str, *answers: dict[str, Any], timeout_seconds: float = 10.0
) -> AsyncIterator[tuple[Uploader, list[float]]]:
    """Give an uploader whose Slack answers this, and stands at the address `home`; and its pauses."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    said = [
        says(200, json.dumps({"ok": True} | one).encode(), content_type="application/json") for one in answers
    ]
    client = httpx.AsyncClient(verify=False, trust_env=False, headers=LEARNT)  # noqa: S501 -- there is no TLS
    async with serving(*said) as api, client:
        web_api = WebApi(build_client(api_url=f"{api.url}/api/", token="xoxb-1-a"))  # noqa: S106 -- of nobody
        timeout = httpx.Timeout(timeout_seconds)
        yield Uploader(client, web_api, api_url=f"{home}/api/", sleep=sleep, timeout=timeout), pauses
        await web_api.close()


def at(url: str) -> dict[str, Any]:
    """Give Slack's answer that names this place for the bytes."""
    return {"file_id": "F9", "upload_url": url}


async def test_the_token_does_not_go_along() -> None:
    """The bytes go to the address that Slack gave, without the token or anything else that is ours."""
    async with (
        serving(says(200, b"OK")) as place,
        asked(place.url, at(f"{place.url}/upload/v1/a?b=c")) as (uploader, _),
    ):
        assert await uploader.send(DOCUMENT, SOURCE.share) == "F9"
    (sent,) = place.received
    assert (sent.method, sent.target, sent.body) == ("POST", "/upload/v1/a?b=c", DOCUMENT.data)
    assert not {"authorization", "cookie"} & sent.headers.keys()
    assert sent.headers["content-length"] == str(len(DOCUMENT.data))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(at("http://127.0.0.1:9/elsewhere"), id="another origin"),
        pytest.param(at("https://slack.com.example/upload"), id="another host"),
        pytest.param(at("file:///tmp/x"), id="no web"),
    ],
)
async def test_the_words_go_to_slack_only(answer: dict[str, Any]) -> None:
    """An address outside of Slack gets nothing, and is not asked for again."""
    async with asked("http://127.0.0.1:10", answer) as (uploader, pauses):
        assert (await uploader.send(DOCUMENT, SOURCE.share), pauses) == ("", [])


@pytest.mark.parametrize("answer", [{}, {"file_id": "F9"}, {"upload_url": "http://127.0.0.1:9/"}])
async def test_an_answer_without_an_address(answer: dict[str, Any]) -> None:
    """Half an answer is asked for again, but not for ever."""
    async with asked("http://127.0.0.1:9", answer) as (uploader, pauses):
        assert (await uploader.send(DOCUMENT, SOURCE.share), pauses) == ("", list(SEND_PAUSES_SECONDS))


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(hangs(), id="hangs"),
        pytest.param(resets(), id="resets"),
        pytest.param(says(302, location="/elsewhere"), id="leads elsewhere"),
        pytest.param(says(500), id="breaks"),
    ],
)
async def test_a_place_in_trouble(trouble: Answer) -> None:
    """Whatever goes wrong with the bytes, they are sent again; a redirect is not followed."""
    async with (
        serving(trouble, says(200)) as place,
        asked(place.url, at(f"{place.url}/upload"), timeout_seconds=1.5) as (uploader, pauses),
    ):
        assert await uploader.send(DOCUMENT, SOURCE.share) == "F9"
    assert (len(place.received), pauses) == (2, [0.5])


@pytest.mark.parametrize(
    ("file", "is_shared"),
    [
        pytest.param({"channels": ["C1"]}, True, id="a channel"),
        pytest.param({"groups": ["C1"]}, True, id="a private channel"),
        pytest.param({"ims": ["C1"]}, True, id="a DM"),
        pytest.param({"shares": {"public": {"C1": [{"ts": "1.2"}]}}}, True, id="a share"),
        pytest.param({"shares": {"private": {"C1": [{"ts": "1.2"}]}}}, True, id="a private share"),
        pytest.param({"channels": ["C2"], "shares": {"public": {"C2": []}}}, False, id="elsewhere"),
        pytest.param({"channels": None, "shares": [], "groups": "C1"}, False, id="odd shapes"),
        pytest.param(None, False, id="nothing"),
    ],
)
async def test_where_slack_says_that_it_stands(file: object, *, is_shared: bool) -> None:
    """Any of the places where Slack tells of a share counts, and nothing else does."""
    async with asked("http://127.0.0.1:9", {"file": file}) as (uploader, pauses):
        assert await uploader.attach("F9", DOCUMENT, SOURCE, is_first_run=False)
    assert pauses == ([0] if is_shared else [0, 1, 2, 4])
