from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from bot.config import Config, ConfigFaults
from bot.store.settings import Mode
from bot.terms import Terms

ROOT = Path(__file__).parents[1]
NEEDED = {"SLACK_BOT_TOKEN": "xoxb-1-a", "SLACK_APP_TOKEN": "xapp-1-A1-b", "COMETAPI_KEY": "any-key-will-do"}
HTTP_MODE = {"SLACK_BOT_TOKEN": "xoxb-1-a", "SLACK_SIGNING_SECRET": "0f1e2d3c", "COMETAPI_KEY": "k"}


def load(**variables: str) -> Config:
    """Load a configuration for Socket Mode with some variables more."""
    return Config.load(NEEDED | variables, env_file=None)


def faults(environ: dict[str, str], env_file: Path | None = None) -> list[str]:
    """Say what is wrong with an environment."""
    with pytest.raises(ConfigFaults) as caught:
        Config.load(environ, env_file=env_file)
    return caught.value.faults


# --- what applies -------------------------------------------------------------------------------


def test_defaults() -> None:
    """Three variables are enough; everything else has the default of the README's table."""
    config = load()

    assert config.slack_bot_token.get_secret_value() == "xoxb-1-a"
    assert config.slack_api_url == "https://slack.com/api/"
    assert config.translation_base_url == "https://api.cometapi.com/v1"
    assert (config.translation_model, config.translation_engine) == ("whisper-1", "translations")
    assert (config.endpoint_concurrency, config.default_mode) == (20, Mode.ON)
    assert config.terms == Terms(max_file_mb=1024, max_minutes=240, confirm_minutes=0, price_per_minute=0.0)
    assert (config.alert_channel, config.translation_fallback, config.local_model) == ("", "", "small")
    assert (config.transcription_model, config.chat_model) == ("gpt-transcribe", "gpt-5-mini")
    assert config.engines == ("translations",)
    assert (config.host, config.port, config.port_is_given) == ("127.0.0.1", 3000, False)
    assert (config.log_level, config.log_format) == ("info", "")
    assert config.data_dir == Path.cwd() / "data"
    assert config.spool_dir == Path.cwd() / "data" / "spool"
    assert config.sqlite_path == Path.cwd() / "data" / "dragoman.db"


def test_everything_set() -> None:
    """Every variable arrives, in our spelling."""
    config = load(
        SLACK_BOT_TOKEN="xoxe.xoxb-1-rotating",  # noqa: S106 -- no token
        SLACK_API_URL="http://127.0.0.1:3100/slack/api",
        TRANSLATION_BASE_URL="http://[::1]:8000/v1/",
        TRANSLATION_MODEL="whisper-large-v3",
        TRANSLATION_ENGINE="Translations",
        TRANSCRIPTION_MODEL="one",
        CHAT_MODEL="two",
        ENDPOINT_CONCURRENCY="1",
        MAX_FILE_MB="1",
        MAX_MINUTES="90",
        CONFIRM_MINUTES="30",
        PRICE_PER_MINUTE="0.006",
        DEFAULT_MODE="ASK",
        ALERT_CHANNEL="C0123456789",
        HOST="[::]",
        PORT="0",
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
    )

    assert config.slack_api_url == "http://127.0.0.1:3100/slack/api/"
    assert config.translation_base_url == "http://[::1]:8000/v1"
    assert (config.translation_model, config.translation_engine) == ("whisper-large-v3", "translations")
    assert (config.transcription_model, config.chat_model) == ("one", "two")
    assert (config.endpoint_concurrency, config.default_mode) == (1, Mode.ASK)
    terms = Terms(max_file_mb=1, max_minutes=90, confirm_minutes=30, price_per_minute=0.006)
    assert config.terms == terms
    assert config.alert_channel == "C0123456789"
    assert (config.host, config.port, config.port_is_given) == ("::", 0, True)
    assert (config.log_level, config.log_format) == ("debug", "json")


def test_modes_of_receiving() -> None:
    """A signing secret alone means HTTP mode, open to the network; an app token beside it wins."""
    http, both = Config.load(HTTP_MODE, None), Config.load(HTTP_MODE | NEEDED, None)

    assert (http.is_socket_mode, http.host) == (False, "0.0.0.0")  # noqa: S104 -- HTTP mode
    assert (both.is_socket_mode, both.host) == (True, "127.0.0.1")
    assert load(HOST="bot.internal").host == "bot.internal"


def test_frozen() -> None:
    """Nobody changes the configuration once it is read."""
    with pytest.raises(ValidationError):
        load().log_level = "debug"


def test_secrets_are_masked() -> None:
    """Neither the configuration nor its parts print a secret."""
    environ = HTTP_MODE | NEEDED | {"DATABASE_URL": "postgres://u:geheim@h/d", "COMETAPI_KEY": "schluessel"}
    config = Config.load(environ | {"SLACK_SIGNING_SECRET": "5ecret5ecret"}, None)

    printed = f"{config} {config!r} {config.model_dump()} {config.model_dump_json()}"

    for secret in ("xoxb-1-a", "xapp-1", "geheim", "schluessel", "5ecret"):
        assert secret not in printed


# --- the database -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "path"),
    [
        pytest.param("sqlite:////var/lib/a b.db", Path("/var/lib/a b.db"), id="absolute"),
        pytest.param("sqlite:///below/x.db", Path("below/x.db"), id="relative to the working directory"),
    ],
)
def test_sqlite(given: str, path: Path) -> None:
    """A SQLite address becomes one whole path, the same for us and for DBOS."""
    config = load(DATABASE_URL=given)

    assert config.sqlite_path == Path.cwd() / path
    assert make_url(config.database_url).database == str(Path.cwd() / path)
    assert config.database_url.startswith("sqlite+aiosqlite:////")
    assert config.jobs_database_url == config.database_url.replace("+aiosqlite", "")


def test_odd_data_dir(tmp_path: Path) -> None:
    """A folder's name may contain what an address would have to escape."""
    config = load(DATA_DIR=str(tmp_path / "50%41 sure?#"))

    assert make_url(config.database_url).database == str(tmp_path / "50%41 sure?#" / "dragoman.db")


def test_home_folder() -> None:
    """A ~ means the home folder, although no shell reads `.env`."""
    assert load(DATA_DIR="~/dragoman").data_dir == Path.home() / "dragoman"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgres(scheme: str) -> None:
    """PostgreSQL's address is taken in both spellings, with everything that a platform puts into it."""
    config = load(DATABASE_URL=f"{scheme}://u:p%40ss@db.example:5433/name?sslmode=require")

    expected = "postgresql+psycopg://u:p%40ss@db.example:5433/name?sslmode=require"
    assert (config.database_url, config.jobs_database_url) == (expected, expected)
    assert config.sqlite_path is None


def test_postgres_socket() -> None:
    """A server behind a local socket is named after the question mark."""
    assert make_url(load(DATABASE_URL="postgresql:///d?host=/run/postgresql").database_url).host is None


# --- faults -------------------------------------------------------------------------------------


def test_nothing_set() -> None:
    """An empty environment is told everything that is missing at once, in one line."""
    with pytest.raises(ConfigFaults) as caught:
        Config.load({}, env_file=None)

    names = [fault.split()[0] for fault in caught.value.faults]
    assert names == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "COMETAPI_KEY"]
    assert "SLACK_SIGNING_SECRET" in caught.value.faults[1]
    assert str(caught.value) == "; ".join(caught.value.faults)


SECRET = "s3cr3t-w0rd"  # noqa: S105 -- what no message may repeat


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SLACK_BOT_TOKEN", SECRET, "must start with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxb-", "must start with xoxb-"),
        ("SLACK_BOT_TOKEN", f"xapp-1-{SECRET}", "looks like an app token, put it into SLACK_APP_TOKEN"),
        ("SLACK_BOT_TOKEN", f"xoxp-1-{SECRET}", "looks like a user token"),
        ("SLACK_BOT_TOKEN", f"xoxe-1-{SECRET}", "looks like a refresh token"),
        ("SLACK_BOT_TOKEN", f"xoxe.xoxp-1-{SECRET}", "looks like a user token"),
        ("SLACK_BOT_TOKEN", f"xoxb-1 {SECRET}", "contains a space"),
        ("SLACK_BOT_TOKEN", f"xoxb-1-{SECRET}\nxapp-1-2", "line break"),
        ("SLACK_BOT_TOKEN", f"xoxb-1-\u200b{SECRET}", "invisible"),
        ("SLACK_BOT_TOKEN", f"xoxb-1-é{SECRET}", "does not belong there"),
        ("SLACK_BOT_TOKEN", f'"xoxb-1-{SECRET}"', "stands in quotes"),
        ("SLACK_APP_TOKEN", SECRET, "must start with xapp-"),
        ("SLACK_APP_TOKEN", f"xoxb-1-{SECRET}", "looks like a bot token, put it into SLACK_BOT_TOKEN"),
        ("SLACK_APP_TOKEN", f"'xapp-1-{SECRET}'", "stands in quotes"),
        ("SLACK_SIGNING_SECRET", f"xapp-1-{SECRET}", "looks like an app token"),
        ("SLACK_SIGNING_SECRET", f"{SECRET} {SECRET}", "contains a space"),
        ("SLACK_CLIENT_SECRET", SECRET, "SLACK_BOT_TOKEN exclude each other"),
        ("SLACK_CLIENT_ID", "1.2", "SLACK_BOT_TOKEN exclude each other"),
        ("COMETAPI_KEY", f"xoxb-1-{SECRET}", "looks like a bot token"),
        ("COMETAPI_KEY", f"{SECRET}\r\n{SECRET}", "line break"),
        ("SLACK_API_URL", "slack.com/api", "starts with https"),
        ("SLACK_API_URL", "ftp://slack.com", "starts with https"),
        ("SLACK_API_URL", "https://", "starts with https"),
        ("SLACK_API_URL", "https://slack.com/ api", "starts with https"),
        ("SLACK_API_URL", f"https://u:{SECRET}@slack.com", "user or a password"),
        ("TRANSLATION_BASE_URL", "http://h:99999/v1", "starts with https"),
        ("TRANSLATION_BASE_URL", "http://h:x/v1", "starts with https"),
        ("TRANSLATION_BASE_URL", "http://[::1/v1", "starts with https"),
        ("TRANSLATION_BASE_URL", f"https://h/v1?key={SECRET}", "leave out what follows"),
        ("TRANSLATION_BASE_URL", "https://h/v1#", "leave out what follows"),
        (
            "TRANSLATION_BASE_URL",
            f"sk-12345678-{SECRET}",
            "looks like an endpoint's key, put it into COMETAPI_KEY",
        ),
        ("TRANSLATION_MODEL", "whisper 1", "contains a space"),
        ("TRANSLATION_ENGINE", SECRET, "must be one of translations, two-step, local"),
        ("TRANSLATION_FALLBACK", SECRET, "must be one of translations, two-step, local"),
        ("ENDPOINT_CONCURRENCY", "0", "must be 1 or more"),
        ("ENDPOINT_CONCURRENCY", "1.5", "whole number"),
        ("ENDPOINT_CONCURRENCY", "\u0663", "whole number"),
        ("MAX_FILE_MB", "0", "must be 1 or more"),
        ("MAX_FILE_MB", "1GB", "whole number"),
        ("MAX_MINUTES", "0", "must be 1 or more"),
        ("MAX_MINUTES", "4:00", "whole number"),
        ("CONFIRM_MINUTES", "-1", "whole number"),
        ("CONFIRM_MINUTES", "never", "whole number"),
        ("PRICE_PER_MINUTE", "-0.006", "US dollars without a sign, such as 0.006"),
        ("PRICE_PER_MINUTE", "nan", "such as 0.006"),
        ("PRICE_PER_MINUTE", "inf", "such as 0.006"),
        ("PRICE_PER_MINUTE", "1e-3", "such as 0.006"),
        ("PRICE_PER_MINUTE", "$0.006", "such as 0.006"),
        ("PRICE_PER_MINUTE", "0,006", "such as 0.006"),
        ("PRICE_PER_MINUTE", SECRET, "such as 0.006"),
        ("DEFAULT_MODE", SECRET, "'on', 'ask' or 'off'"),
        ("ALERT_CHANNEL", "#alerts", "must be the id"),
        ("ALERT_CHANNEL", "T0123456789", "must be the id"),
        ("DATABASE_URL", f"mysql://u:{SECRET}@h/d", "must be sqlite:///path or postgresql://"),
        ("DATABASE_URL", f"postgresql+asyncpg://u:{SECRET}@h/d", "must be sqlite:///path or postgresql://"),
        ("DATABASE_URL", SECRET, "must be sqlite:///path or postgresql://"),
        ("DATABASE_URL", f"postgres://u:{SECRET}@h:x/d", "must be sqlite:///path or postgresql://"),
        ("DATABASE_URL", f"postgres://u:a@{SECRET}@h/d", "write it as %40"),
        ("DATABASE_URL", f"postgres://u:{SECRET}@h", "names no database"),
        ("DATABASE_URL", "sqlite://", "must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("DATABASE_URL", "sqlite://folder/x.db", "must name a file"),
        ("DATABASE_URL", "sqlite:///x.db?mode=ro", "must name a file"),
        ("DATA_DIR", "~nobody-of-this-name/x", "write the whole path"),
        ("DATA_DIR", "a\x00b", "invisible"),
        ("HOST", "http://localhost", "host name or an address alone"),
        ("HOST", "localhost:3000", "port stands in PORT"),
        ("PORT", "65536", "must be a port"),
        ("PORT", "-1", "whole number"),
        ("PORT", "three", "whole number"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning', 'error' or 'critical'"),
        ("LOG_FORMAT", "xml", "'pretty' or 'json'"),
    ],
)
def test_wrong_value(name: str, value: str, words: str) -> None:
    """A wrong value is one fault, which names the variable and the remedy and repeats no secret."""
    [fault] = faults(NEEDED | {name: value})

    assert fault.startswith(f"{name} ")
    assert words in fault
    assert SECRET not in fault
    assert fault.isprintable()
    assert "; " not in fault


def test_oauth_alone() -> None:
    """OAuth without a bot token is told that this version does not know it, and nothing twice."""
    oauth = {
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "x",
        "SLACK_APP_TOKEN": "xapp-1",
        "COMETAPI_KEY": "k",
    }

    [fault] = faults(oauth)

    assert fault.startswith("SLACK_CLIENT_ID ")
    assert "OAuth is not in this version" in fault
    assert "SLACK_BOT_TOKEN" in fault


def test_local_engine_needs_no_key() -> None:
    """Who wants the local engine is not asked for a key besides."""
    environ = {name: value for name, value in NEEDED.items() if name != "COMETAPI_KEY"}

    assert Config.load(environ | {"TRANSLATION_ENGINE": "Local"}, env_file=None).engines == ("local",)
    for others in (
        {"TRANSLATION_ENGINE": "local", "TRANSLATION_FALLBACK": "two-step"},
        {"TRANSLATION_FALLBACK": "local"},
    ):
        [fault] = faults(environ | others)
        assert fault.startswith("COMETAPI_KEY is not set")


def test_engines_are_tried_in_their_order() -> None:
    """The fallback comes second, and is none where it is the same engine."""
    assert load(TRANSLATION_FALLBACK="local").engines == ("translations", "local")
    assert load(TRANSLATION_ENGINE="two-step", TRANSLATION_FALLBACK="Two-Step").engines == ("two-step",)


def test_all_faults_at_once() -> None:
    """Faults of every kind are told together: a wrong shape, a wrong word, a missing variable."""
    found = faults(
        {"SLACK_BOT_TOKEN": '"xoxb-1"', "SLACK_APP_TOKEN": "xapp-1", "PORT": "x", "LOG_LEVEL": "y"}
    )

    assert [fault.split()[0] for fault in found] == ["SLACK_BOT_TOKEN", "PORT", "LOG_LEVEL", "COMETAPI_KEY"]


def test_one_line_whatever_happens() -> None:
    """The text of all faults is one line, also when somebody puts line ends of any kind into a clause."""
    text = str(ConfigFaults(["A is\nwrong", "B is\r\n  wrong\u2028too", "C\x85\x0bis"]))

    assert text == "A is wrong; B is wrong too; C is"


def test_no_secret_in_the_chain() -> None:
    """No error behind the error carries a value into a traceback."""
    with pytest.raises(ConfigFaults) as caught:
        Config.load({"DATABASE_URL": f"mysql://u:{SECRET}@h/d"}, env_file=None)

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# --- where values come from ---------------------------------------------------------------------


def test_env_file(tmp_path: Path) -> None:
    """`.env` is read literally; the environment wins, empty means unset, unknown names are ignored."""
    env_file = tmp_path / ".env"
    env_file.write_text(
        "\ufeff# a comment\n"
        "export SLACK_BOT_TOKEN=xoxb-file\n"
        "SLACK_APP_TOKEN='xapp-file'\n"
        'COMETAPI_KEY="a$b${HOME}"\n'
        "DEFAULT_MODE=off  # for now\n"
        "LOG_LEVEL=\n"
        "PORT\n"
        "ENDPOINT_CONCURRENCY=7\n"
        "SOMEBODY_ELSES=1\n"
        "a line of somebody else's\n",
        encoding="utf-8",
    )

    config = Config.load(
        {
            "SLACK_BOT_TOKEN": "xoxb-environment",
            "ENDPOINT_CONCURRENCY": "",
            "OTHER": "x",
            "log_level": "error",
        },
        env_file,
    )

    assert config.slack_bot_token.get_secret_value() == "xoxb-environment"
    assert config.slack_app_token.get_secret_value() == "xapp-file"
    assert config.cometapi_key.get_secret_value() == "a$b${HOME}"
    assert (config.default_mode, config.endpoint_concurrency) == (Mode.OFF, 7)
    assert (config.log_level, config.port_is_given) == ("info", False)


def test_space_around_a_value() -> None:
    """Space and line ends around a value, as secret stores add them, are taken off."""
    config = load(COMETAPI_KEY=" abc\n", PORT="3001\r\n", ALERT_CHANNEL="  ")

    assert config.cometapi_key.get_secret_value() == "abc"
    assert (config.port, config.alert_channel) == (3001, "")


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_no_env_file(tmp_path: Path, kind: str) -> None:
    """Without a `.env`, or where the name belongs to a folder, the environment is all there is."""
    if kind == "folder":
        (tmp_path / ".env").mkdir()

    assert Config.load(NEEDED, tmp_path / ".env").slack_bot_token.get_secret_value() == "xoxb-1-a"


def test_env_file_that_is_no_text(tmp_path: Path) -> None:
    """A `.env` saved in another encoding is named, before anything that seems to be missing."""
    (tmp_path / ".env").write_bytes("PORT=1".encode("utf-16"))

    assert "save it as UTF-8" in faults({}, tmp_path / ".env")[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            f'\n\nDATABASE_URL="postgres://u:{SECRET}@h/d\nPORT=3001\n', 3, id="a quote never closed"
        ),
        pytest.param(f"PORT=1\nexport DATABASE_URL='a' {SECRET}\n", 2, id="more after the closing quote"),
        pytest.param(f'OTHER="x\nDATABASE_URL="{SECRET}"\n', 2, id="swallowed by the line above"),
    ],
)
def test_env_file_with_a_broken_line(tmp_path: Path, text: str, line: int) -> None:
    """A line that cannot be read is a fault when it is one of ours: its default would hurt silently."""
    env_file = tmp_path / ".env"
    env_file.write_text(text)

    expected = f"DATABASE_URL cannot be read in line {line} of {env_file}: write DATABASE_URL=value"
    assert faults(NEEDED, env_file) == [expected]


def test_environment_and_env_file_of_the_process() -> None:
    """Without arguments the process's environment and the working directory's `.env` count."""
    Path(".env").write_text("SLACK_BOT_TOKEN=xoxb-1\nCOMETAPI_KEY=k\n")
    os.environ["SLACK_APP_TOKEN"] = "xapp-1"  # noqa: S105 -- no token
    try:
        config = Config.load()
    finally:
        Path(".env").unlink()
        del os.environ["SLACK_APP_TOKEN"]

    assert config.is_socket_mode


def test_made_directly_reads_nothing() -> None:
    """Only `load` looks at the environment: a configuration made by hand is what it was given."""
    os.environ["LOG_LEVEL"] = "debug"
    try:
        assert Config().log_level == "info"
    finally:
        del os.environ["LOG_LEVEL"]


# --- the example --------------------------------------------------------------------------------


def test_example_has_exactly_the_variables() -> None:
    """`.env.example` has one row for each variable and no other, each with a comment above it."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    rows = [line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")]

    assert sorted(rows) == sorted(Config.variables())
    for row in rows:
        above = lines[lines.index(f"{row}=") - 1]
        assert above.startswith("#") or above.partition("=")[0] in rows


def test_example_is_filled_in() -> None:
    """The example with its first three rows filled in is the configuration of the defaults."""
    assert Config.load(NEEDED, ROOT / ".env.example") == load()


def test_variables_have_the_names_of_the_table() -> None:
    """Variables are spelled in capitals, and each once."""
    names = Config.variables()

    assert len(names) == len(set(names)) == 27
    assert all(name == name.upper() for name in names)
