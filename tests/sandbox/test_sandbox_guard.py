"""Who may talk to the sandbox: no page but its own, under no name but this machine's, and with the token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web
from page_calls import opened
from slack_calls import call, plain_client

from bot.sandbox.guard import Guard
from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FOREIGN_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1.evil.example:{port}",
    "",
)


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox() as running:
        yield running


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["api/auth.test", "page/{token}/", "control/state", "signin", "nothing"])
async def test_another_name_is_refused_everywhere(slack: SlackSandbox, host: str, path: str) -> None:
    """Whoever led a name of its own to this machine gets nothing, whatever else it knows."""
    headers = {"Host": host.format(port=slack.port), "Authorization": f"Bearer {slack.control_token}"}
    async with plain_client(headers=headers) as client:
        answer = await client.get(f"{slack.url}/{path.format(token=slack.control_token)}")
    assert (answer.status_code, answer.json()["error"]) == (403, "refused_host")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST"])
async def test_both_names_of_this_machine_lead_to_the_page(slack: SlackSandbox, name: str) -> None:
    """The page opens and works under the address that is printed and under localhost."""
    origin = f"http://{name.lower()}:{slack.port}"
    headers = {"Host": f"{name}:{slack.port}", "Origin": origin}
    async with plain_client(base_url=slack.page_url, headers=headers) as client:
        assert (await client.get("")).status_code == 200
        assert (await client.post("do/say", json={"text": "hello"})).json()["ok"]
    assert len(slack.messages("support")) == 1


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        pytest.param({"Origin": "http://evil.example"}, "refused_origin", id="another site"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, "refused_origin", id="another port"),
        pytest.param({"Origin": "https://127.0.0.1:{port}"}, "refused_origin", id="another scheme"),
        pytest.param({"Origin": "http://localhost:{port}"}, "refused_origin", id="our other name"),
        pytest.param({"Origin": "null"}, "refused_origin", id="a page without origin"),
        pytest.param({}, "refused_no_origin", id="nothing said"),
        pytest.param(
            {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
            "refused_sec_fetch_site",
            id="started elsewhere",
        ),
        pytest.param(
            {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-site"},
            "refused_sec_fetch_site",
            id="started on another port",
        ),
    ],
)
async def test_other_pages_are_kept_out(slack: SlackSandbox, headers: dict[str, str], error: str) -> None:
    """Neither a request that acts nor a websocket is taken from a page that is not the sandbox's own."""
    sent = {name: value.format(port=slack.port) for name, value in headers.items()}
    async with plain_client(base_url=slack.page_url, headers=sent) as client:
        answer = await client.post("do/say", json={"text": "hello"})
    assert (answer.status_code, answer.json()["error"], slack.messages("support")) == (403, error, [])
    async with aiohttp.ClientSession(headers=sent) as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(f"{slack.page_url}live")
    assert refusal.value.status == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}], ids=["origin", "site"]
)
async def test_other_pages_cannot_look(slack: SlackSandbox, headers: dict[str, str]) -> None:
    """A page elsewhere may not even ask, with the right token; who types the address may."""
    async with plain_client(base_url=slack.page_url) as client:
        assert (await client.get("see/state", headers=headers)).status_code == 403
        assert (await client.get("main.js", headers=headers)).status_code == 403
        assert (await client.get("", headers={"Sec-Fetch-Site": "none"})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["origin", "no page's origin", "site"],
)
@pytest.mark.parametrize("path", ["api/auth.test", "upload/v1/x", "commands/x", "control/say"])
async def test_other_pages_reach_nothing_else(
    slack: SlackSandbox, headers: dict[str, str], path: str
) -> None:
    """What the app calls is closed to every page, whatever it sends; nothing of it is kept."""
    slack.faults.add(Fault("error", method="auth.test"))
    form = {"token": slack.bot_token, "text": "x"}
    async with plain_client(headers=headers | {"Authorization": f"Bearer {slack.control_token}"}) as client:
        answer = await client.post(f"{slack.url}/{path}", data=form)
    assert answer.status_code == 403
    assert answer.json()["error"] in {"refused_origin", "refused_sec_fetch_site"}
    assert (slack.traffic, len(slack.faults.armed), slack.messages("support")) == ([], 1, [])


@pytest.mark.parametrize(
    ("path", "is_told"),
    [
        pytest.param("page/{token}/", True, id="the page"),
        pytest.param("page/{token}", True, id="without its slash"),
        pytest.param("", True, id="the server"),
        pytest.param("page/{token}/files/F0X", True, id="a file"),
        pytest.param("page/{token}/see/state", False, id="the state"),
        pytest.param("page/{token}/live", False, id="the websocket"),
        pytest.param("page/{token}/do/say", False, id="an act"),
        pytest.param("api/auth.test", False, id="the API"),
    ],
)
async def test_who_follows_a_link_is_told_what_to_do(slack: SlackSandbox, path: str, is_told: bool) -> None:  # noqa: FBT001 -- a case
    """A person whom another page led here reads a sentence; a program gets JSON."""
    async with plain_client(headers={"Sec-Fetch-Site": "cross-site"}) as client:
        answer = await client.get(f"{slack.url}/{path.format(token=slack.control_token)}")
    kind = "text/plain; charset=utf-8" if is_told else "application/json; charset=utf-8"
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, kind)
    told = "copy the address from the terminal into the address bar." in answer.text
    assert told == is_told


async def test_the_token_opens_the_page(slack: SlackSandbox) -> None:
    """With a wrong token, or none, every address below /page/ says where to find the right one."""
    wrong = slack.control_token[:-1] + ("a" if slack.control_token[-1] != "a" else "b")
    paths = ["/", "/page", "/page/", *(f"/page/{wrong}{rest}" for rest in ("", "/", "/main.js", "/live"))]
    paths += [f"/page/{wrong}/see/state", f"/page/{wrong}/files/F0X", "/page/%F0%9F%99%82é/", "/page/a/b/c/d"]
    async with plain_client(base_url=slack.url) as client:
        for path in paths:
            answer = await client.get(path)
            assert (answer.status_code, "printed in the terminal" in answer.text) == (404, True), path
        act = await client.post(f"/page/{wrong}/do/say", json={"text": "x"}, headers={"Origin": slack.url})
        assert (act.status_code, slack.messages("support")) == (404, [])


async def test_the_address_without_its_slash(slack: SlackSandbox) -> None:
    """Who loses the last slash while copying is led to the page."""
    async with plain_client(follow_redirects=True) as client:
        answer = await client.get(slack.page_url.rstrip("/"))
    assert (answer.status_code, str(answer.url)) == (200, slack.page_url)


async def test_headers_of_the_page(slack: SlackSandbox) -> None:
    """Every answer about the page, refusals too, forbids what the page does not need."""
    async with plain_client(base_url=slack.page_url) as client:
        answers = [
            await client.get(""),
            await client.get("main.js"),
            await client.get("nothing"),
            await client.get("see/state"),
            await client.get("files/F0X"),
            await client.post("do/say", json={}),
            await client.get(f"{slack.url}/"),
        ]
    assert {answer.status_code for answer in answers} == {200, 403, 404}
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert policy[:3] == ["default-src 'none'", "script-src 'self'", "style-src 'self'"]
        assert f"connect-src 'self' ws://127.0.0.1:{slack.port}" in policy
        assert {"form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy)
        assert "unsafe" not in " ".join(policy)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Permissions-Policy"] == "microphone=(self)"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_the_app_is_not_hindered(slack: SlackSandbox) -> None:
    """The Web API asks for no Origin and gets none of the page's headers."""
    assert (await call(slack, "auth.test"))["ok"]
    async with plain_client() as client:
        assert "Content-Security-Policy" not in (await client.get(f"{slack.url}/signin")).headers


async def test_a_websocket_of_the_page_is_let_in(slack: SlackSandbox) -> None:
    """The page's own websocket opens."""
    async with opened(slack) as tab:
        assert (await tab.next())["type"] == "snapshot"


@pytest.mark.parametrize(("port", "status"), [(80, 404), (3100, 403)])
async def test_the_usual_port_is_left_out_by_browsers(port: int, status: int) -> None:
    """A Host header without a port is right on port 80, and on no other."""
    runner = web.AppRunner(web.Application(middlewares=[Guard("token", lambda: port).middleware]))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with plain_client(headers={"Host": "localhost"}) as client:
            assert (await client.get(url)).status_code == status
    finally:
        await runner.cleanup()
