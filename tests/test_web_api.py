"""Calling Slack: what is a no, what is a wait, and what may have been performed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.errors import DeletedError, DownloadForbiddenError, NotReadyError, WithdrawnError
from bot.web_api import SlackRefusedError, SlackUnreachableError, WebApi, build_client, proxy_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TOKEN = "xoxb-1-test"  # noqa: S105 -- no secret


@asynccontextmanager
async def calling(
    *answers: Callable[[web.Request], Any],
) -> AsyncIterator[tuple[WebApi, list[web.Request], list[float]]]:
    """Serve the answers in order; give the API, the requests that came and the pauses that were made."""
    queue, requests, pauses = list(answers), [], []

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        requests.append(request)
        response: web.StreamResponse = queue.pop(0)(request)
        return response

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    server = web.Application()
    server.router.add_route("*", "/api/{method}", handle)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = WebApi(
        build_client(api_url=f"http://127.0.0.1:{runner.addresses[0][1]}/api/", token=TOKEN), sleep=sleep
    )
    try:
        yield api, requests, pauses
    finally:
        await api.close()
        await runner.cleanup()


def says(
    body: dict[str, Any] | str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Callable[[web.Request], web.Response]:
    """Answer with JSON, or with an HTML page for a text."""

    def answer(_request: web.Request) -> web.Response:
        if isinstance(body, str):
            return web.Response(text=body, content_type="text/html", status=status, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return answer


def drops(request: web.Request) -> web.Response:
    """Cut the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def test_an_answer_is_given() -> None:
    """What Slack says is returned as it is, and the token goes along."""
    async with calling(says({"ok": True, "channel": {"id": "C1"}})) as (api, requests, _):
        answer = await api.call("conversations.info", channel="C1")
    assert answer["channel"] == {"id": "C1"}
    assert requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "limited",
    [
        pytest.param(
            says({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "7"}), id="429"
        ),
        pytest.param(says("<html>", status=429, headers={"Retry-After": "7"}), id="429 without JSON"),
        pytest.param(says({"ok": False, "error": "rate_limited"}, headers={"Retry-After": "7"}), id="200"),
    ],
)
async def test_too_many_is_waited_for(limited: Callable[[web.Request], web.Response]) -> None:
    """Retry-After is obeyed, in each of the shapes that Slack says it in."""
    async with calling(limited, says({"ok": True})) as (api, requests, pauses):
        await api.call("chat.postMessage", channel="C1", text="x")
    assert (len(requests), pauses) == (2, [7.0])


@pytest.mark.parametrize(
    "limited", [says({}, status=429), says({}, status=429, headers={"Retry-After": "soon"})]
)
async def test_a_wait_without_a_number_has_one_of_ours(
    limited: Callable[[web.Request], web.Response],
) -> None:
    """A missing or odd Retry-After does not break the call."""
    async with calling(limited, says({"ok": True})) as (api, _, pauses):
        await api.call("auth.test")
    assert pauses == [5]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 1), ("-7", 1), ("0.2", 1), ("1.5", 1.5), ("nan", 5), ("inf", 5), ("-inf", 5), ("1e999", 5)],
)
async def test_an_odd_wait_is_a_sane_one(header: str, seconds: float) -> None:
    """No Retry-After makes a loop without a pause, or a pause without an end."""
    limited = says({}, status=429, headers={"Retry-After": header})
    async with calling(limited, says({"ok": True})) as (api, _, pauses):
        await api.call("auth.test")
    assert pauses == [seconds]


async def test_patience_ends() -> None:
    """A wait longer than the caller's patience is an error that says that nothing was done."""
    async with calling(says({}, status=429, headers={"Retry-After": "30"})) as (api, _, pauses):
        with pytest.raises(SlackUnreachableError) as caught:
            await api.call("auth.test", longest_wait_seconds=20)
    assert not caught.value.is_unclear
    assert pauses == []


async def test_a_refusal_has_slacks_word() -> None:
    """`ok: false` is raised with its word and the missing scope."""
    async with calling(says({"ok": False, "error": "missing_scope", "needed": "files:read"})) as (api, _, _):
        with pytest.raises(SlackRefusedError) as caught:
            await api.call("files.info", file="F1")
    assert (caught.value.error, caught.value.needed) == ("missing_scope", "files:read")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(says("<html>sorry</html>", status=502), id="502 HTML"),
        pytest.param(says("<html>hello</html>"), id="200 HTML"),
        pytest.param(says({"ok": False, "error": "internal_error"}), id="internal_error"),
        pytest.param(says({"ok": False, "error": "fatal_error"}, status=500), id="fatal_error"),
        pytest.param(lambda _: web.Response(text="plain", content_type="text/plain"), id="not JSON"),
        pytest.param(lambda _: web.Response(text="{", content_type="application/json"), id="cut JSON"),
        pytest.param(drops, id="dropped"),
    ],
)
async def test_what_tells_nothing_is_unclear(answer: Callable[[web.Request], web.Response]) -> None:
    """No usable answer: the call may have been performed, and it is not simply made again."""
    async with calling(answer) as (api, requests, _):
        with pytest.raises(SlackUnreachableError) as caught:
            await api.call("chat.postMessage", channel="C1", text="x")
    assert caught.value.is_unclear
    assert len(requests) == 1


async def test_nobody_there_is_clear() -> None:
    """A refused connection says that nothing was performed."""
    async with calling() as (api, _, _):
        api.client.base_url = "http://127.0.0.1:9/api/"
        with pytest.raises(SlackUnreachableError) as caught:
            await api.call("auth.test")
    assert not caught.value.is_unclear


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param({"ok": False, "error": "file_deleted"}, WithdrawnError, id="deleted"),
        pytest.param({"ok": False, "error": "file_not_found"}, DeletedError, id="not found"),
        pytest.param({"ok": False, "error": "not_visible"}, DownloadForbiddenError, id="not visible"),
        pytest.param({"ok": False, "error": "access_denied"}, DownloadForbiddenError, id="Slack Connect"),
        pytest.param({"ok": False, "error": "internal_error"}, NotReadyError, id="Slack's own trouble"),
        pytest.param({"ok": True, "file": {"id": "F1", "mode": "tombstone"}}, WithdrawnError, id="tombstone"),
    ],
)
async def test_a_file_that_cannot_be_had(answer: dict[str, Any], error: type[Exception]) -> None:
    """Each answer of files.info becomes the share's own error."""
    async with calling(says(answer)) as (api, _, _):
        with pytest.raises(error):
            await api.files_info("F1")


async def test_a_file_is_read() -> None:
    """A good answer of files.info becomes our own object."""
    async with calling(says({"ok": True, "file": {"id": "F1", "mimetype": "audio/ogg"}})) as (api, _, _):
        assert (await api.files_info("F1")).is_audio()


async def test_pages_are_read_to_the_end() -> None:
    """Messages come from all pages, the cursor of each leading to the next."""
    first = {"ok": True, "messages": [{"ts": "1"}], "response_metadata": {"next_cursor": "more"}}
    last = {"ok": True, "messages": [{"ts": "2"}], "response_metadata": {"next_cursor": ""}}
    async with calling(says(first), says(last)) as (api, requests, _):
        found = [one["ts"] async for one in api.messages("conversations.replies", channel="C1", ts="1")]
    assert found == ["1", "2"]
    assert [request.query.get("cursor") for request in requests] == [None, "more"]


async def test_the_bot_knows_itself() -> None:
    """auth.test says who the token is."""
    said = {"ok": True, "team_id": "T1", "user_id": "U1", "bot_id": "B1", "enterprise_id": None}
    async with calling(says(said)) as (api, _, _):
        identity = await api.identify()
    assert (identity.team_id, identity.user_id, identity.bot_id, identity.enterprise_id) == (
        "T1",
        "U1",
        "B1",
        "",
    )


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        pytest.param(
            "wss://wss-primary.slack.com/link", "http://proxy:1", id="a websocket goes the https way"
        ),
        pytest.param("https://slack.com/api/", "http://proxy:1", id="https"),
        pytest.param("https://inside.example/api/", None, id="excepted by NO_PROXY"),
        pytest.param("http://slack.com/api/", None, id="no proxy for http"),
        pytest.param("no address", None, id="no host"),
    ],
)
def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    """HTTPS_PROXY and NO_PROXY are obeyed alike by every client."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    assert proxy_for(url) == proxy
