"""What is configured wrongly, through the real command line: one line on stderr, and exit code 2."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from psycopg import sql
from real_bot import real_stage

from recordings import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from real_bot import RealBot, Starter

    from postgres import PostgresServer

pytest_plugins = ("process_fixtures",)


@contextmanager
def holding(port: int) -> Iterator[None]:
    """See that a port is taken, by us or by somebody else."""
    try:
        holder = socket.create_server(("127.0.0.1", port))
    except OSError:
        yield
        return
    with holder:
        yield


async def check_fault(bot: RealBot, *words: str) -> str:
    """See that the bot ends with code 2 and one line that holds all these words; give the line."""
    await bot.start(until_ready=False)
    assert await bot.ended() == 2
    [line] = bot.log.splitlines()
    assert all(word in line for word in words), line
    return line


async def test_all_faults_in_one_line(starter: Starter, tmp_path: Path) -> None:
    """Missing and malformed variables are told together, joined by `; `."""
    wrong = {"SLACK_BOT_TOKEN": "xapp-1-A0-1-abc", "COMETAPI_KEY": "", "PORT": "many", "SLACK_APP_TOKEN": ""}
    async with real_stage(starter, tmp_path, more=wrong, start=False) as stage:
        line = await check_fault(stage.bot, "SLACK_BOT_TOKEN", "COMETAPI_KEY", "PORT", "SLACK_APP_TOKEN")
        assert line.count("; ") == 3
        assert "xapp-1-A0" not in line


async def test_tokens_that_slack_refuses(starter: Starter, tmp_path: Path) -> None:
    """Both refused tokens are told at once, each with its remedy; the wrong xapp token does not hang."""
    wrong = {"SLACK_BOT_TOKEN": "xoxb-1-wrong", "SLACK_APP_TOKEN": "xapp-1-A0-1-wrong"}
    async with real_stage(starter, tmp_path, more=wrong, start=False) as stage:
        line = await check_fault(stage.bot, "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "invalid_auth", "; ")
        assert "wrong" not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [("SLACK_BOT_TOKEN", "xoxb-1-old"), ("SLACK_APP_TOKEN", "xapp-1-A0-1-old")],
    ids=["bot token", "app token"],
)
async def test_one_refused_token(starter: Starter, tmp_path: Path, name: str, value: str) -> None:
    """Only the variable that is wrong is named."""
    async with real_stage(starter, tmp_path, more={name: value}, start=False) as stage:
        line = await check_fault(stage.bot, f"{name} is refused by Slack (invalid_auth)")
        assert line.count("SLACK_") == 1


async def test_a_refused_login_and_a_refused_token(
    starter: Starter, tmp_path: Path, postgres: PostgresServer
) -> None:
    """A wrong password of the database is a fault of DATABASE_URL; it is told beside Slack's, never shown."""
    wrong = {
        "DATABASE_URL": postgres.url("postgres", password="mistyped"),  # noqa: S106 -- meant to be wrong
        "SLACK_BOT_TOKEN": "xoxb-1-old",
    }
    async with real_stage(starter, tmp_path, more=wrong, start=False) as stage:
        line = await check_fault(stage.bot, "DATABASE_URL", "SLACK_BOT_TOKEN", "; ")
        assert "mistyped" not in line


async def test_a_user_without_a_right(starter: Starter, tmp_path: Path, postgres: PostgresServer) -> None:
    """A user who may make tables, but no schema for the jobs, is a fault that names the right to grant."""
    name = postgres.create_database()
    postgres.execute(sql.SQL("CREATE USER narrow PASSWORD 'narrow'"))
    postgres.execute(sql.SQL("GRANT CREATE, USAGE ON SCHEMA public TO narrow"), name)
    more = {"DATABASE_URL": postgres.url(name, user="narrow", password="narrow")}  # noqa: S106 -- on loopback
    async with real_stage(starter, tmp_path, more=more, start=False) as stage:
        line = await check_fault(stage.bot, "DATABASE_URL", "GRANT CREATE", "DATABASE")
        assert "Traceback" not in line
    postgres.drop_database(name)


@pytest.mark.parametrize("is_http", [False, True], ids=["socket mode", "http mode"])
async def test_port_folder_and_token_together(
    starter: Starter,
    tmp_path: Path,
    *,
    is_http: bool,
) -> None:
    """A port that is taken, a folder that cannot be written and a refused token are told in one line."""
    (tmp_path / "file").write_text("in the way")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        more = {
            "PORT": str(taken.getsockname()[1]),
            "DATA_DIR": str(tmp_path / "file" / "data"),
            "SLACK_BOT_TOKEN": "xoxb-1-old",
        }
        async with real_stage(starter, tmp_path, more=more, start=False, is_http=is_http) as stage:
            line = await check_fault(stage.bot, f"PORT {more['PORT']}", "DATA_DIR", "SLACK_BOT_TOKEN")
            assert line.count("; ") == 2


async def test_a_data_folder_beside_postgresql(
    starter: Starter, tmp_path: Path, postgres: PostgresServer
) -> None:
    """Also where the database is elsewhere, recordings must lie somewhere while they are translated."""
    (tmp_path / "file").write_text("in the way")
    name = postgres.create_database()
    wrong = {"DATA_DIR": str(tmp_path / "file" / "data"), "DATABASE_URL": postgres.url(name)}
    async with real_stage(starter, tmp_path, more=wrong, start=False) as stage:
        line = await check_fault(stage.bot, "DATA_DIR", "cannot be written")
        assert "DATABASE_URL" not in line


async def test_a_data_folder_below_a_file(starter: Starter, tmp_path: Path) -> None:
    """A DATA_DIR that cannot be made is named."""
    (tmp_path / "file").write_text("in the way")
    wrong = {"DATA_DIR": str(tmp_path / "file" / "data")}
    async with real_stage(starter, tmp_path, more=wrong, start=False) as stage:
        await check_fault(stage.bot, "DATA_DIR")


@pytest.mark.parametrize("is_http", [False, True], ids=["socket mode", "http mode"])
async def test_a_given_port_that_is_taken(starter: Starter, tmp_path: Path, *, is_http: bool) -> None:
    """Somebody counts on the PORT they set, so it must be free in either mode."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        more = {"PORT": str(taken.getsockname()[1])}
        async with real_stage(starter, tmp_path, more=more, start=False, is_http=is_http) as stage:
            await check_fault(stage.bot, f"PORT {more['PORT']}", "Address already in use")


async def test_the_usual_port_and_a_token(starter: Starter, tmp_path: Path) -> None:
    """Where the start fails of something else, nobody is told of a port that nobody needs."""
    async with real_stage(starter, tmp_path, more={"SLACK_BOT_TOKEN": "xoxb-1-old"}, start=False) as stage:
        stage.bot.environ.pop("PORT")
        with holding(3000):
            await check_fault(stage.bot, "SLACK_BOT_TOKEN is refused by Slack (invalid_auth)")


async def test_the_usual_port_is_taken_in_socket_mode(starter: Starter, tmp_path: Path) -> None:
    """In Socket Mode nobody needs the usual port: a warning, and the bot works."""
    async with real_stage(starter, tmp_path, start=False) as stage:
        stage.bot.environ.pop("PORT")
        # 3000 may be another program's here, which serves this test as well.
        with holding(3000):
            await stage.bot.start(until_ready=False)
            await stage.slack.wait_for(lambda slack: slack.connections > 0, timeout=30)
            ts = await stage.slack.share(sample().path)
            await stage.answered(ts)
            assert "port.taken" in stage.bot.log
