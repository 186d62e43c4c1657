from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from bot.logs import configure, mask

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Give a stream to log to, and put logging back afterwards: it belongs to the whole process."""
    loggers = [logging.getLogger(name) for name in (None, "bot", "dbos")]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield io.StringIO()
    for logger, handlers, level, propagate in before:
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)
    structlog.reset_defaults()


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def ours() -> Any:  # noqa: ANN401 -- structlog's own type
    """Give a logger of the package."""
    return structlog.get_logger("bot.receive")


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read the lines back."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# --- the pipe -----------------------------------------------------------------------------------


def test_json_line(stream: io.StringIO) -> None:
    """Outside a terminal a line is one JSON object: event, level, moment, logger, and ids as fields."""
    configure("info", stream=stream)

    ours().info("job.stored", team_id="T1", seconds=0.25, is_late=False, thread_ts=None)

    [line] = written(stream)
    moment = line.pop("timestamp")
    assert moment.endswith("Z")
    assert line == {
        "event": "job.stored",
        "level": "info",
        "logger": "bot.receive",
        "team_id": "T1",
        "seconds": 0.25,
        "is_late": False,
        "thread_ts": None,
    }


@pytest.mark.parametrize(
    ("log_format", "stream_class", "is_json"),
    [
        pytest.param("", io.StringIO, True, id="no terminal"),
        pytest.param("", Terminal, False, id="a terminal"),
        pytest.param("json", Terminal, True, id="json on a terminal"),
        pytest.param("pretty", io.StringIO, False, id="pretty in a file"),
    ],
)
@pytest.mark.usefixtures("stream")
def test_format(log_format: str, stream_class: type[io.StringIO], is_json: bool) -> None:  # noqa: FBT001 -- a case
    """The terminal chooses the form unless somebody did; colours go to terminals only."""
    out = stream_class()
    configure("info", log_format, out)

    ours().info("job.stored", team_id="T1")

    text = out.getvalue()
    assert text.startswith("{") == is_json
    assert ("\x1b[" in text) == (stream_class is Terminal and not is_json)
    assert "job.stored" in text


@pytest.mark.parametrize(
    ("level", "heard_of_ours", "heard_of_libraries"),
    [
        ("debug", ["debug", "info", "warning", "error"], ["warning", "error"]),
        ("info", ["info", "warning", "error"], ["warning", "error"]),
        ("error", ["error"], ["error"]),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "slack_bolt.AsyncApp",
        "slack_sdk.web",
        "aiohttp.access",
        "httpx",
        "sqlalchemy.engine",
        "dbos",
        "botany",
    ],
)
def test_levels(
    stream: io.StringIO, name: str, level: str, heard_of_ours: list[str], heard_of_libraries: list[str]
) -> None:
    """Libraries are heard from WARNING on, whatever LOG_LEVEL says: below it they print texts and bodies."""
    configure(level, stream=stream)
    # Bolt and DBOS set the level of their own loggers; it must not open the door.
    theirs, level_before = logging.getLogger(name), logging.getLogger(name).level
    theirs.setLevel(logging.DEBUG)

    for word in ("debug", "info", "warning", "error"):
        getattr(ours(), word)("ours")
        getattr(theirs, word)("%s", "theirs")

    theirs.setLevel(level_before)
    lines = written(stream)
    assert [line["level"] for line in lines if line["event"] == "ours"] == heard_of_ours
    assert [line["level"] for line in lines if line["event"] == "theirs"] == heard_of_libraries


def test_dbos_after_us() -> None:
    """DBOS, which brings its own handler and starts later, writes its warnings once and in our form."""
    program = (
        "from bot.logs import configure; configure('info', 'json'); import logging, dbos._logger as theirs; "
        "theirs.init_logger(); "
        "theirs.config_logger({'telemetry': {'logs': {'logLevel': 'INFO'}, 'disable_otlp': True}}); "
        "theirs.dbos_logger.info('an advert'); theirs.dbos_logger.warning('once')"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)  # noqa: S603 -- ours

    [line] = done.stderr.splitlines()
    assert json.loads(line)["event"] == "once"
    assert done.stdout == ""


def test_dbos_before_us(stream: io.StringIO) -> None:
    """A handler that DBOS brought before us is taken off."""
    alien = io.StringIO()
    logging.getLogger("dbos").addHandler(logging.StreamHandler(alien))

    configure("info", stream=stream)
    logging.getLogger("dbos").warning("once")

    assert [line["event"] for line in written(stream)] == ["once"]
    assert alien.getvalue() == ""


def test_configured_twice(stream: io.StringIO) -> None:
    """The last word counts, and no line is written twice."""
    configure("debug", stream=io.StringIO())
    configure("info", stream=stream)

    ours().info("job.stored")

    assert len(written(stream)) == 1


def test_bound_ids(stream: io.StringIO) -> None:
    """Ids bound for the length of a job stand in its lines and in those of the libraries it calls."""
    configure("info", stream=stream)

    with structlog.contextvars.bound_contextvars(job_id="J1"):
        ours().info("job.started")
        logging.getLogger("httpx").warning("slow")

    assert [line["job_id"] for line in written(stream)] == ["J1", "J1"]


def test_stderr_is_the_default(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """Logs go to stderr; stdout belongs to what the commands print."""
    del stream
    configure("info", "json")

    ours().info("job.stored")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "job.stored"


# --- what must not be seen ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("xoxb-12-34-aBc", "xoxb-***", id="a bot token"),
        pytest.param("token=xapp-1-A1-2-f00.", "token=xapp-***", id="an app token"),
        pytest.param("xoxe.xoxb-1-Mi0y", "xoxe.xoxb-***", id="a rotating token"),
        pytest.param("xoxe-1-My0x", "xoxe-***", id="a refresh token"),
        pytest.param("xwfp-99-x", "xwfp-***", id="a workflow token"),
        pytest.param(
            "{'Authorization': 'Bearer abc.d-e_f='}", "{'Authorization': 'Bearer ***'}", id="a header"
        ),
        pytest.param("bearer   abc", "bearer ***", id="a header in small letters"),
        pytest.param("Basic dTpw", "Basic ***", id="a proxy's header"),
        pytest.param("wrong key sk-abcdefgh12.", "wrong key sk-***.", id="an endpoint's key"),
        pytest.param(
            "task-123456789 disk-abcdefghij", "task-123456789 disk-abcdefghij", id="words that end in sk"
        ),
        pytest.param("postgresql://u:p@ss/w@h:5432/d", "postgresql://***@h:5432/d", id="a database"),
        pytest.param("http://u:p@proxy:8080", "http://***@proxy:8080", id="a proxy"),
        pytest.param(
            "(wss://h/link/?ticket=1&app_id=2)", "(wss://h/link/?***)".rstrip(")"), id="a websocket"
        ),
        pytest.param("GET https://h/f.mp4?t=1 done", "GET https://h/f.mp4?*** done", id="a signed download"),
        pytest.param(
            "https://hooks.slack.com/commands/T1/2/x", "https://hooks.slack.com/***", id="a response_url"
        ),
        pytest.param(
            "https://files.slack.com/upload/v1/CwAB", "https://files.slack.com/upload/***", id="an upload"
        ),
        pytest.param(
            "https://slack.com/api/chat.postMessage",
            "https://slack.com/api/chat.postMessage",
            id="an address",
        ),
        pytest.param("T1:C1:1690000000.000100:F1", "T1:C1:1690000000.000100:F1", id="a job's id"),
    ],
)
def test_mask(text: str, shown: str) -> None:
    """Whatever has the shape of a secret is hidden, ids and plain addresses stay."""
    assert mask(text) == shown


def test_own_secrets() -> None:
    """This process's own secrets are hidden whatever their shape."""
    assert mask("refused: 0f1e2d3c", secrets=["0f1e2d3c", ""]) == "refused: ***"


@pytest.mark.parametrize("log_format", ["json", "pretty"])
def test_masked_everywhere(stream: io.StringIO, log_format: str) -> None:
    """No value of a line shows a secret: nested, in an exception or an object, or named so by its field."""
    configure("info", log_format, stream, secrets=["0f1e2d3c", "abc"])

    ours().warning(
        "call.failed xoxb-1-hush",
        headers={"Authorization": "hush", "x": ["Bearer hush", ("xapp-1-hush",)]},
        kinds={"xoxb-2-hush"},
        error=ValueError("sk-hushhush1"),
        path=Path("/x/xoxb-1-hush"),
        bot_token="hush",  # noqa: S106 -- what must not be seen
        token="",
        raw=b"xoxb-1-hush",
        sign="0f1e2d3c",
        word="abc",
    )
    logging.getLogger("slack_sdk").warning("sent %s", {"token": "xoxb-1-hush"})

    text = stream.getvalue()
    assert "hush" not in text
    assert "0f1e2d3c" not in text
    assert "abc" in text


@pytest.mark.parametrize("log_format", ["json", "pretty"])
def test_traceback(stream: io.StringIO, log_format: str) -> None:
    """A traceback says where it happened, without local variables and with its message masked."""
    configure("info", log_format, stream)

    def fail() -> None:
        local_secret = "spoken " + "words"
        raise RuntimeError(f"{len(local_secret)} xoxb-1-hush")  # noqa: EM102, TRY003 -- the message is the test

    try:
        fail()
    except RuntimeError:
        ours().exception("job.failed")
        logging.getLogger("dbos").exception("theirs")

    text = stream.getvalue()
    assert text.count("RuntimeError: 12 xoxb-***") == 2
    assert "in fail" in text
    assert "spoken words" not in text


def test_line_that_cannot_be_written(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """A line that cannot be made or written is dropped: its arguments do not go to stderr instead."""
    configure("info", stream=stream)
    logging.getLogger("slack_sdk").warning("two %s %s", "hush")  # noqa: PLE1206 -- the fault is the test
    stream.close()
    ours().info("job.stored")

    assert capsys.readouterr().err == ""
