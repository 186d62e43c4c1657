"""What is tried before the start: faults are told all at once, and what is away is waited for."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.checks import PAUSES_SECONDS, check
from bot.config import Config, ConfigFaults
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.faults import Fault
from bot.sandbox.server import SlackSandbox
from bot.web_api import WebApi, build_client
from running import environ

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from bot.checks import Checked
    from bot.web_api import Identity

AWAY = "postgresql://somebody@127.0.0.1:9/none"


class Start:
    """A start against the embedded Slack, with a clock that does not tick."""

    def __init__(self, slack: SlackSandbox, config: Config, web_api: WebApi) -> None:
        self.slack = slack
        self.config = config
        self.web_api = web_api
        self.pauses: list[float] = []
        self.until = 0
        self.then: Callable[[], Any] = slack.faults.clear

    async def sleep(self, seconds: float) -> None:
        """Note a pause; after some of them the world gets better."""
        self.pauses.append(seconds)
        if len(self.pauses) >= self.until:
            self.then()

    async def check(self, *, until: int = 1) -> Checked:
        """Run the checks."""
        self.until = until
        return await check(self.config, self.web_api, sleep=self.sleep)


@asynccontextmanager
async def starting(
    folder: Path, more: Mapping[str, str] | None = None, *, is_http: bool = False
) -> AsyncIterator[Start]:
    """Give a start; `more` are further variables."""
    async with SlackSandbox() as slack:
        given = environ(slack, EndpointSandbox(port=9), folder / "data", is_http=is_http) | dict(more or {})
        config = Config.load(given, env_file=None)
        token = config.slack_bot_token.get_secret_value()
        web_api = WebApi(build_client(api_url=config.slack_api_url, token=token))
        try:
            yield Start(slack, config, web_api)
        finally:
            await web_api.close()


async def test_all_is_well(tmp_path: Path) -> None:
    """The checks find out who the bot is and where to connect, and bring the database to this version."""
    async with starting(tmp_path) as start:
        checked = await start.check()
        assert checked.identity.team_id == start.slack.team_id
        assert checked.identity.user_id == start.slack.bot_user_id
        assert checked.socket_url.startswith("ws://127.0.0.1:")
        assert start.pauses == []
        assert (tmp_path / "data" / "dragoman.db").stat().st_size


async def test_http_mode_opens_no_websocket(tmp_path: Path) -> None:
    """In HTTP mode nothing is asked about a websocket."""
    async with starting(tmp_path, is_http=True) as start:
        assert (await start.check()).socket_url == ""
        assert start.slack.calls("apps.connections.open") == []


async def test_faults_are_told_together(tmp_path: Path) -> None:
    """Tokens and database are tried at once, so that one start tells of everything."""
    (tmp_path / "file").write_text("in the way")
    wrong = {
        "SLACK_BOT_TOKEN": "xoxb-1-old",
        "SLACK_APP_TOKEN": "xapp-1-A0-1-old",
        "DATA_DIR": str(tmp_path / "file" / "data"),
    }
    async with starting(tmp_path, wrong) as start:
        with pytest.raises(ConfigFaults) as info:
            await start.check()
        assert len(info.value.faults) == 3
        for name, fault in zip(
            ("DATA_DIR", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"), info.value.faults, strict=True
        ):
            assert fault.startswith(name)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(
            Fault("error", "auth.test", error="account_inactive"),
            "SLACK_BOT_TOKEN is refused by Slack (account_inactive)",
            id="the app was removed",
        ),
        pytest.param(
            Fault("missing_scope", "apps.connections.open", scope="connections:write"),
            "SLACK_APP_TOKEN is refused by Slack (missing_scope)",
            id="the app token lacks its scope",
        ),
        pytest.param(
            Fault("error", "apps.connections.open", error="forbidden_team"),
            "SLACK_APP_TOKEN is refused by Slack (forbidden_team)",
            id="a refusal that nobody foresaw",
        ),
    ],
)
async def test_refusals_that_last(tmp_path: Path, fault: Fault, words: str) -> None:
    """What trying again cannot heal ends the start, with the variable and Slack's word."""
    async with starting(tmp_path) as start:
        start.slack.faults.add(fault)
        with pytest.raises(ConfigFaults) as info:
            await start.check()
        assert len(info.value.faults) == 1
        assert str(info.value).startswith(words)
        assert start.pauses == []


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault("lost_before", "auth.test", times=None)], id="auth.test unreachable"),
        pytest.param([Fault("http_error", "apps.connections.open", times=None)], id="no websocket address"),
        pytest.param(
            [Fault("error", "auth.test", error="team_access_not_granted", times=None)], id="may pass"
        ),
        pytest.param(
            [Fault("lost_before", name, times=None) for name in ("auth.test", "apps.connections.open")],
            id="all of Slack",
        ),
    ],
)
async def test_what_is_away_is_waited_for(tmp_path: Path, faults: list[Fault]) -> None:
    """A Slack that cannot be reached is asked again, ever more slowly; what had answered is not."""
    async with starting(tmp_path) as start:
        for fault in faults:
            start.slack.faults.add(fault)
        checked = await start.check(until=9)
        assert checked.identity.team_id
        assert checked.socket_url
        assert start.pauses == [*PAUSES_SECONDS, 30, 30]
        asked = {name: len(start.slack.calls(name)) for name in ("auth.test", "apps.connections.open")}
        away = {fault.method for fault in faults}
        assert asked == {name: 10 if name in away else 1 for name in asked}


async def test_a_fault_ends_the_wait(tmp_path: Path) -> None:
    """A refused token is told at once, although something else is still to be waited for."""
    away = {"DATABASE_URL": AWAY, "SLACK_BOT_TOKEN": "xoxb-1-old"}
    async with starting(tmp_path, away) as start:
        with pytest.raises(ConfigFaults, match="SLACK_BOT_TOKEN") as info:
            await start.check()
        assert len(info.value.faults) == 1


async def test_a_database_that_is_away(tmp_path: Path) -> None:
    """The database is waited for as Slack is, and not named as a fault."""

    class EnoughError(Exception):
        pass

    def enough() -> None:
        raise EnoughError

    async with starting(tmp_path, {"DATABASE_URL": AWAY}) as start:
        start.then = enough
        with pytest.raises(EnoughError):
            await start.check(until=3)
        assert start.pauses == [*PAUSES_SECONDS[:3]]
        assert len(start.slack.calls("auth.test")) == 1


class BrokenWebApi(WebApi):
    """A client with a fault of its own."""

    async def identify(self) -> Identity:
        """Break."""
        raise ZeroDivisionError


async def test_a_fault_of_the_program_is_not_swallowed(tmp_path: Path) -> None:
    """What nobody foresaw is raised, and not waited for."""
    async with starting(tmp_path) as start:
        start.web_api = BrokenWebApi(start.web_api.client)
        with pytest.raises(ZeroDivisionError):
            await start.check()
        assert start.pauses == []
