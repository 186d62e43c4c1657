"""Every fault does what its name says, as often as it was asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from slack_calls import SONG, SOUND, call, get, plain_client, post, wide_manifest

from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox(manifest=wide_manifest()) as running:
        yield running


MESSAGE = {"channel": "C0SUPPORT", "text": "x"}


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        pytest.param(Fault("rate_limited"), 429, {"ok": False, "error": "ratelimited"}, id="429"),
        pytest.param(
            Fault("rate_limited", status=200), 200, {"ok": False, "error": "rate_limited"}, id="in 200"
        ),
        pytest.param(
            Fault("error", error="fatal_error"), 200, {"ok": False, "error": "fatal_error"}, id="error"
        ),
        pytest.param(Fault("error"), 200, {"ok": False, "error": "internal_error"}, id="some error"),
        pytest.param(Fault("revoked_token"), 200, {"ok": False, "error": "token_revoked"}, id="revoked"),
        pytest.param(
            Fault("missing_scope", scope="chat:write"),
            200,
            {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": ""},
            id="missing scope",
        ),
        pytest.param(Fault("http_error"), 500, None, id="500"),
        pytest.param(Fault("http_error", status=502), 502, None, id="502"),
    ],
)
async def test_an_answer_can_be_a_failure(
    slack: SlackSandbox, fault: Fault, status: int, body: dict[str, Any] | None
) -> None:
    """The next call fails as asked, nothing is done, and the one after goes well."""
    slack.faults.add(fault)
    answer = await post(slack, "chat.postMessage", json=MESSAGE)
    assert answer.status_code == status
    assert body == (answer.json() if body else None)
    assert answer.headers["Content-Type"].startswith("application/json" if body else "text/html")
    assert answer.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert slack.messages("support") == []
    assert slack.calls("chat.postMessage")[0].rule.startswith(f"fault {fault.kind}")
    assert (await call(slack, "chat.postMessage", **MESSAGE))["ok"]


@pytest.mark.parametrize(("kind", "standing"), [("lost_before", 0), ("lost_after", 1)])
async def test_a_connection_can_be_lost(slack: SlackSandbox, kind: Any, standing: int) -> None:  # noqa: ANN401 -- a kind of fault
    """The caller hears nothing, whether the post was performed or not."""
    slack.faults.add(Fault(kind, method="chat.postMessage"))
    with pytest.raises(httpx.TransportError):
        await call(slack, "chat.postMessage", **MESSAGE)
    assert len(slack.messages("support")) == standing


async def test_a_call_can_hang(slack: SlackSandbox) -> None:
    """A call that hangs is never answered and never performed, also when it is let go."""
    slack.faults.add(Fault("hang"))
    waiting = asyncio.create_task(call(slack, "chat.postMessage", **MESSAGE))
    await slack.wait_for(lambda s: not s.faults.armed)
    assert not waiting.done()
    slack.faults.release()
    with pytest.raises(httpx.TransportError):
        await waiting
    assert slack.messages("support") == []


async def test_a_call_can_be_slow(slack: SlackSandbox) -> None:
    """A slow call is answered in the end."""
    slack.faults.add(Fault("slow", seconds=0.1))
    assert (await call(slack, "chat.postMessage", **MESSAGE))["ok"]
    assert slack.calls("chat.postMessage")[0].duration >= 0.1


async def test_faults_are_counted_and_aimed(slack: SlackSandbox) -> None:
    """A fault waits for its method, lets `after` calls pass, happens `times` times, or until cleared."""
    slack.faults.add(Fault("error", method="chat.*", after=1, times=2, error="a"))
    slack.faults.add(Fault("error", method="auth.test", times=None, error="b"))
    codes = [(await call(slack, "chat.postMessage", **MESSAGE)).get("error", "ok") for _ in range(4)]
    assert codes == ["ok", "a", "a", "ok"]
    assert [(await call(slack, "auth.test")).get("error") for _ in range(3)] == ["b"] * 3
    slack.faults.clear()
    assert (await call(slack, "auth.test"))["ok"]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        pytest.param({"kind": "earthquake"}, "no fault is called earthquake", id="unknown kind"),
        pytest.param(
            {"kind": "sign_in_page", "method": "chat.update"}, "cannot happen at chat.update", id="place"
        ),
        pytest.param({"kind": "rate_limited", "method": "event"}, "cannot happen at event", id="event"),
        pytest.param({"kind": "error", "color": "red"}, "color", id="unknown key"),
        pytest.param({}, "kind", id="no kind"),
    ],
)
def test_impossible_faults_are_refused(payload: dict[str, Any], why: str) -> None:
    """A fault that could never happen is an error at once, not a test that tests nothing."""
    with pytest.raises(ValueError, match=why):
        Fault.from_payload(payload)


async def address(slack: SlackSandbox) -> str:
    """Share a file and give its address."""
    ts = await slack.share(SONG)
    file_id = slack.thread("support", ts)[0].files[0].id
    return str((await call(slack, "files.info", file=file_id))["file"]["url_private_download"])


@pytest.mark.parametrize(
    ("fault", "status", "header"),
    [
        pytest.param(Fault("sign_in_page"), 302, ("Location", "/signin?redir="), id="sign-in page"),
        pytest.param(
            Fault("file_redirect_elsewhere", url="http://127.0.0.2:9/x"),
            302,
            ("Location", "http://127.0.0.2:9/x"),
            id="elsewhere",
        ),
        pytest.param(Fault("deleted_file"), 404, ("Content-Type", "text/plain"), id="404"),
        pytest.param(Fault("deleted_file", status=410), 410, ("Content-Type", "text/plain"), id="410"),
        pytest.param(
            Fault("http_error", method="download", status=503), 503, ("Content-Type", "text/html"), id="503"
        ),
        pytest.param(
            Fault("rate_limited", method="download", retry_after=7), 429, ("Retry-After", "7"), id="429"
        ),
    ],
)
async def test_a_download_can_be_something_else(
    slack: SlackSandbox, fault: Fault, status: int, header: tuple[str, str]
) -> None:
    """Instead of the file there is something else, once."""
    url = await address(slack)
    slack.faults.add(fault)
    answer = await get(slack, url)
    assert answer.status_code == status
    assert answer.headers[header[0]].startswith(header[1])
    assert slack.calls("download")[0].rule.startswith(f"fault {fault.kind}")
    assert (await get(slack, url)).content == SOUND


@pytest.mark.parametrize("kind", ["cut_file", "lost_before", "lost_after"])
async def test_a_download_can_break_off(slack: SlackSandbox, kind: Any) -> None:  # noqa: ANN401 -- a kind of fault
    """The body ends before its Content-Length, or never begins."""
    url = await address(slack)
    slack.faults.add(Fault(kind, method="download", bytes=10))
    with pytest.raises(httpx.TransportError):
        await get(slack, url)
    assert (await get(slack, url)).content == SOUND


async def test_a_download_can_be_short_or_slow(slack: SlackSandbox) -> None:
    """A short body agrees with its Content-Length; a slow one is whole in the end."""
    url = await address(slack)
    slack.faults.add(Fault("short_file", bytes=10))
    answer = await get(slack, url)
    assert (answer.content, answer.headers["Content-Length"]) == (SOUND[:10], "10")
    slack.faults.add(Fault("slow_file", seconds=0.1))
    assert (await get(slack, url)).content == SOUND
    assert slack.calls("download")[-1].duration >= 0.09


@pytest.mark.parametrize("kind", ["lost_before", "lost_after", "http_error"])
async def test_an_upload_can_fail(slack: SlackSandbox, kind: Any) -> None:  # noqa: ANN401 -- a kind of fault
    """The bytes are lost, or kept although the caller cannot know."""
    answer = await call(slack, "files.getUploadURLExternal", filename="a.txt", length=3)
    slack.faults.add(Fault(kind, method="upload"))
    async with plain_client() as client:
        try:
            assert (await client.post(answer["upload_url"], content=b"abc")).status_code == 500
        except httpx.TransportError:
            assert kind != "http_error"
    done = await call(slack, "files.completeUploadExternal", files=[{"id": answer["file_id"]}])
    assert done["ok"] == (kind == "lost_after")
