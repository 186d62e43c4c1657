"""The command line: what each command says, and the code it ends with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from typer.testing import CliRunner

import bot
from bot import __version__, cli
from bot.sandbox import samples
from bot.surfaces import words

if TYPE_CHECKING:
    from typer.testing import Result

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1-2-abc",
    "SLACK_APP_TOKEN": "xapp-1-A0-1-abc",
    "COMETAPI_KEY": "key",
    "PORT": "0",
}


def run(*words: str, **environ: str) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(cli.app, words, env=environ)


def start(*words: str, environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own."""
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(  # noqa: S603 -- our own program
        command, env=os.environ | environ, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("as_command", [False, True], ids=["python -m bot", "dragoman"])
def test_version(tmp_path: Path, *, as_command: bool) -> None:
    """Both ways to start tell the version."""
    if as_command:
        said = run("--version")
        assert (said.exit_code, said.output) == (0, f"dragoman {__version__}\n")
    else:
        done = start("--version", environ={}, folder=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"dragoman {__version__}\n", "")


def test_help() -> None:
    """Without a command the help lists them, and is no success."""
    said = run()
    assert said.exit_code == 2
    for command in ("run", "sandbox", "translate", "manifest", "migrate", "doctor", "web", "worker"):
        assert command in said.output
    assert run("-h").exit_code == 0


@pytest.mark.parametrize("command", ["web", "worker"])
def test_not_in_this_version(command: str) -> None:
    """What comes later says so, and nothing else."""
    for more in ([], ["--json"], ["--port", "3", "all", "-x"]):
        said = run(command, *more)
        assert (said.exit_code, said.stdout) == (2, "")
        assert said.stderr == f"`dragoman {command}` is not in this version\n"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(["dance"], id="an unknown command"),
        pytest.param(["run", "--fast"], id="an unknown option"),
        pytest.param(["manifest", "--url", "http://bot.example"], id="a url without TLS"),
        pytest.param(["manifest", "--url", "https://"], id="a url without a host"),
        pytest.param(["manifest", "--url", "https://x.y/a?z=1"], id="a url with a query"),
        pytest.param(["manifest", "--command", "translate"], id="a command without slash"),
        pytest.param(["manifest", "--command", "/Über Setzen"], id="a command that Slack refuses"),
        pytest.param(["sandbox", "--port", "70000"], id="a port that is none"),
        pytest.param(["sandbox", "--timeout", "0"], id="no time at all"),
        pytest.param(["sandbox", "--endpoint", "other"], id="an unknown endpoint"),
        pytest.param(["sandbox", "--endpoint", "real", "--once"], id="the real endpoint without a key"),
        pytest.param(["sandbox", "--once"], id="nothing to wait for"),
        pytest.param(["sandbox", "--channel", "random"], id="a channel without the bot"),
        pytest.param(["sandbox", "--channel", ""], id="no channel"),
        pytest.param(["sandbox", "--data", "/dev/null", "--share", "sample"], id="data in a file"),
        pytest.param(["sandbox", "--share", "sample", "--prompt", "x" * 901], id="a long prompt"),
        pytest.param(["sandbox", "--share", "nowhere.mp3", "--once"], id="no such file"),
        pytest.param(["sandbox", "--share", "sample:none", "--once"], id="no such sample"),
        pytest.param(["translate"], id="nothing to translate"),
        pytest.param(["translate", "nowhere.mp3"], id="no such recording"),
        pytest.param(["translate", "."], id="a folder to translate"),
        pytest.param(["translate", "-", "-"], id="two recordings in one pipe"),
        pytest.param(["translate", __file__, "--format", "pdf"], id="an unknown format"),
        pytest.param(["translate", __file__, "--temperature", "2"], id="too hot"),
    ],
)
def test_usage(typed: list[str]) -> None:
    """What was typed wrongly ends with 2, an explanation on stderr and nothing on stdout."""
    environ = {"COMETAPI_KEY": "key"} if typed[0] == "translate" else {}
    said = run(*typed, **environ)
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr.strip()
    is_typers_own = said.stderr.startswith("Usage")
    assert is_typers_own or len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", [["sandbox", "--share", "sample"], ["translate", __file__]])
def test_a_long_prompt(command: list[str]) -> None:
    """A prompt is as long as the bot takes it in a channel; a longer one is refused with its count."""
    assert cli.LONGEST_PROMPT == words.LONGEST_PROMPT
    said = run(*command, "--prompt", f" {'x' * 1901} ", COMETAPI_KEY="key")
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr == "--prompt has 1,901 characters; 900 are the most\n"


def test_the_manifest() -> None:
    """The manifest is YAML for Socket Mode, with a url for HTTP mode; the command can be renamed."""
    plain = yaml.safe_load(run("manifest").stdout)
    assert plain["settings"]["socket_mode_enabled"] is True
    assert [one["command"] for one in plain["features"]["slash_commands"]] == ["/translate"]
    other = yaml.safe_load(run("manifest", "--url", "https://bot.example", "--command", "/english").stdout)
    assert other["settings"]["socket_mode_enabled"] is False
    assert other["settings"]["event_subscriptions"]["request_url"] == "https://bot.example/slack/events"
    [command] = other["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/english", "https://bot.example/slack/events")


def test_migrate_twice(tmp_path: Path) -> None:
    """With the database's variables alone it is made, and the second time there is nothing to do."""
    for _ in range(2):
        said = run("migrate", DATA_DIR=str(tmp_path / "data"))
        assert (said.exit_code, said.stdout) == (0, "The database is up to date.\n")
    assert (tmp_path / "data" / "dragoman.db").exists()


def test_migrate_without_a_database(tmp_path: Path) -> None:
    """A folder that cannot be is a fault of the configuration; a server that is away is work that failed."""
    (tmp_path / "file").write_text("in the way")
    said = run("migrate", **GOOD, DATA_DIR=str(tmp_path / "file" / "data"))
    assert (said.exit_code, said.stdout) == (2, "")
    assert len(said.stderr.splitlines()) == 1
    said = run("migrate", **GOOD, DATABASE_URL="postgresql://somebody@127.0.0.1:9/none")
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.startswith("DATABASE_URL: the server does not answer")


def test_missing_variables(tmp_path: Path) -> None:
    """A real process without any variable says all that is missing in one line, and nothing else."""
    done = start("run", environ={}, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.count("; ") >= 2
    assert all(name in line for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "COMETAPI_KEY"))


def test_the_sandbox_as_a_process(tmp_path: Path) -> None:
    """It shares the sample, prints the story alone on stdout, and ends soon after the ending."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "sandbox", "--share", "sample", "--once"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        ended_at = time.monotonic()
    with process:
        assert process.wait(timeout=30) == 0
    assert time.monotonic() - ended_at < 15  # the bot alone may take 18
    first, reply, ending = lines
    assert first == "+0.0s posted ana: [parcel.m4a]"
    assert reply.endswith(f"s posted dragoman: {samples.load()[0].english}")
    assert ending == "ending: translated"
    assert not list(tmp_path.iterdir())


def test_translations_that_have_no_place(tmp_path: Path) -> None:
    """An --out that cannot be is a usage fault, in one line, although the endpoint is not even there."""
    (tmp_path / "file").touch()
    sample = str(samples.load()[0].path)
    environ = {"COMETAPI_KEY": "key", "TRANSLATION_BASE_URL": "http://127.0.0.1:9/v1"}
    for words_of_out in (
        [sample, "--out", str(tmp_path / "file")],
        ["--out", str(tmp_path / "file" / "text")],
    ):
        said = run("translate", sample, *words_of_out, **environ)
        assert (said.exit_code, said.stdout) == (2, "")
        assert len(said.stderr.splitlines()) == 1


# Runs the command line up to the import of one module, says so, and stands there.
STANDING = """
import sys

wanted = sys.argv.pop(1)

class Stand:
    def find_spec(self, name, *_):
        if name == wanted:
            print("importing", flush=True)
            sys.stdin.read()

sys.meta_path.insert(0, Stand())
from bot import cli
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.parametrize(
    ("module", "command"),
    [
        pytest.param("bot.sandbox.play", ["sandbox"], id="sandbox"),
        pytest.param("bot.app", ["run"], id="run"),
        pytest.param("bot.shell", ["translate", __file__], id="translate"),
        pytest.param("bot.doctor", ["doctor"], id="doctor"),
    ],
)
def test_a_signal_during_the_imports(
    tmp_path: Path, module: str, command: list[str], number: signal.Signals
) -> None:
    """Who stops a command before it has begun gets 0, without a word or a traceback."""
    with subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", STANDING, module, *command],
        cwd=tmp_path,
        env=os.environ | GOOD | {"PYTHONPATH": str(Path(bot.__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "importing\n"
            process.send_signal(number)
            assert process.wait(timeout=30) == 0
            assert process.communicate() == ("", "")
        finally:
            process.kill()


def bots_of(pid: int) -> list[int]:
    """Find the bots that a sandbox started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [
        int(one) for one in children if "bot\0run" in Path(f"/proc/{one}/cmdline").read_text(encoding="utf-8")
    ]


def is_running(pid: int) -> bool:
    """Say whether a process is there and at work; one that ended may wait for somebody to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_killed_sandbox_leaves_no_bot(tmp_path: Path) -> None:
    """Killed hard, the sandbox takes its bot along."""
    command = [sys.executable, "-m", "bot", "sandbox", "--port", "0", "--data", str(tmp_path / "data")]
    command += ["--share", "sample"]
    # What the killed leave behind lies with the test's own files.
    environ = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(  # noqa: S603 -- our own program
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "posted ana" in process.stdout.readline()  # so the bot runs
        [bot] = bots_of(process.pid)
        assert is_running(bot)
        process.kill()
    ends_by = time.monotonic() + 20
    while is_running(bot):
        assert time.monotonic() < ends_by
        time.sleep(0.02)
