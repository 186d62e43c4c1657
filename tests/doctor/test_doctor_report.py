"""The doctor's report: its order, its forms, its exit codes; and no secret in any of it."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from typer.testing import CliRunner
from ward import TODAY, open_ward

from bot import cli
from bot.config import Config
from bot.doctor.examine import Check, checks_for, examine
from bot.doctor.finding import Finding, State, fail, ok, warn
from bot.doctor.telling import masked, report, secrets_of, tell_line
from bot.sandbox.endpoint_answers import failing
from running import SAMPLES, environ, playing

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from bot.doctor.patient import Patient

SAMPLE = SAMPLES["parcel"].path
ALWAYS = [
    "bot token",
    "scopes",
    "app token",
    "membership",
    "alert channel",
    "database",
    "data folder",
    "decoder",
    "decoder fence",
]


async def test_beside_a_running_bot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """While a bot runs, all is green beside it, and nothing of its own is changed or posted."""
    async with playing(tmp_path, TRANSLATION_ENGINE="two-step") as stage:
        given = environ(stage.slack, stage.endpoint, tmp_path, is_http=False)
        more = {"TRANSLATION_ENGINE": "two-step", "ALERT_CHANNEL": "C0SUPPORT", "MAX_FILE_MB": "1"}
        config = Config.load(given | more, env_file=None)
        before = len(stage.slack.messages("support"))
        assert await report(config, SAMPLE, takes_requests=True, is_json=False) == 0
        assert len(stage.slack.messages("support")) == before
    lines = capsys.readouterr().out.splitlines()
    names = [*ALWAYS, "endpoint", "TRANSCRIPTION_MODEL", "CHAT_MODEL", "engine two-step"]
    assert [line[5:].partition(":")[0] for line in lines] == names
    # The machine of a test may have no Landlock.
    assert {line[:4] for line in lines if "fence" not in line} == {"ok  "}


async def test_json_has_one_object_for_every_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json each line is an object of the same four fields, and a red one gives the exit code 1."""
    async with open_ward(tmp_path / "data") as ward:
        ward.endpoint.always = failing(403, code="insufficient_user_quota")
        assert await report(ward.config(), SAMPLE, takes_requests=True, is_json=True) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["check"] for one in told[: len(ALWAYS)]] == ALWAYS
    assert all(list(one) == ["check", "state", "found", "remedy"] for one in told)
    by_name = {one["check"]: one for one in told}
    assert by_name["engine translations"]["state"] == "fail"
    assert "top up" in by_name["engine translations"]["remedy"]
    assert by_name["response formats"]["remedy"] == "mend “engine translations” first"
    assert {one["state"] for one in told} <= {"ok", "warn", "fail"}


async def test_without_requests(tmp_path: Path) -> None:
    """What costs something is left out where that is wished; the list of models is free."""
    async with open_ward(tmp_path / "data") as ward:
        engines: dict[str, Any] = {"TRANSLATION_FALLBACK": "two-step"}
        names = [one.name for one in checks_for(ward.config(**engines), takes_requests=False)]
        assert names == [*ALWAYS, "endpoint", "TRANSLATION_MODEL", "TRANSCRIPTION_MODEL", "CHAT_MODEL"]
        http = checks_for(ward.config(SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="word"))  # noqa: S106 -- no secret
        assert "signing secret" in [one.name for one in http]
        assert await report(ward.config(), SAMPLE, takes_requests=False, is_json=True) == 0
        assert not ward.endpoint.requests


async def test_no_secret_in_any_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is wrong, no token, key or password is printed, and no text of the sample."""
    secrets: dict[str, Any] = {
        "SLACK_BOT_TOKEN": "xoxb-1-hidden-bot",
        "SLACK_APP_TOKEN": "xapp-1-A0-1-hidden-app",
        "COMETAPI_KEY": "hidden-key",
        "DATABASE_URL": "postgresql://me:hidden-word@127.0.0.1:9/none",
    }
    async with open_ward(tmp_path / "data") as ward:
        config = ward.config(**secrets, TRANSLATION_FALLBACK="two-step")
        for is_json in (False, True):
            assert await report(config, SAMPLE, takes_requests=True, is_json=is_json) == 1
        good = ward.config()
        await report(good, SAMPLE, takes_requests=True, is_json=False)
    said = "".join(capsys.readouterr())
    assert "hidden" not in said
    assert not any(secret in said for secret in secrets_of(good))
    assert SAMPLES["parcel"].english[:20] not in said


def test_what_others_say_is_masked() -> None:
    """A secret in somebody's words, and line ends, go before anything is printed."""
    found = masked(fail("xoxb-1-abc is\nwrong", "ask for own-word"), ["own-word"])
    assert (found.found, "own-word" in found.remedy) == ("xoxb-*** is wrong", False)


def test_colours_on_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal gets colours and no control characters of others; a pipe plain lines."""
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, color_system="standard", width=20)
    finding = warn("[bold]a path\x1b[2J with many words in it", "mend it")
    tell_line("name", finding, terminal)
    tell_line("name", ok("fine"))
    shown = screen.getvalue()
    assert shown.startswith("\x1b[33mwarn\x1b[0m")
    assert "[bold]a path" in shown
    assert "\x1b[2J" not in shown
    assert shown.count("\n") == 1
    assert capsys.readouterr().out == "ok   name: fine\n"


async def test_one_check_does_not_stop_the_others(tmp_path: Path) -> None:
    """A check that hangs or breaks is red, is told in its place, and costs no other its line."""

    async def hang(_: Patient) -> Finding:
        await asyncio.Event().wait()
        raise AssertionError

    async def broken(_: Patient) -> Finding:
        raise ZeroDivisionError

    async def fine(_: Patient) -> Finding:
        return ok("fine")

    checks = [
        Check("hangs", hang, seconds=0.01),
        Check("breaks", broken),
        Check("fine", fine),
        Check("waits", fine, ("hangs",)),
        Check("waits longer", fine, ("waits", "fine")),
    ]
    async with open_ward(tmp_path / "data") as ward:
        found = {}

        def note(patient: Patient) -> None:
            found["patient"] = patient

        await ward.look("decoder fence", change=note)
        told = [one async for one in examine(found["patient"], checks)]
    assert [name for name, _ in told] == ["hangs", "breaks", "fine", "waits", "waits longer"]
    states = [one.state for _, one in told]
    assert states == [State.FAIL, State.FAIL, State.OK, State.WARN, State.WARN]
    assert "ZeroDivisionError" in told[1][1].found
    assert {one.blocked_by for _, one in told[3:]} == {"hangs"}


async def test_who_stops_listening_leaves_nothing_running(tmp_path: Path) -> None:
    """Where the report ends early, no check goes on behind it."""
    gate = asyncio.Event()

    async def wait(_: Patient) -> Finding:
        try:
            await asyncio.Event().wait()
        finally:
            gate.set()
        raise AssertionError

    async def fine(_: Patient) -> Finding:
        await asyncio.sleep(0)  # until the other one waits
        return ok("fine")

    async with open_ward(tmp_path / "data") as ward:

        async def stop_early(patient: Patient) -> None:
            told = examine(patient, [Check("fine", fine), Check("waits", wait)])
            assert (await anext(told))[0] == "fine"
            await told.aclose()

        patients: list[Patient] = []
        await ward.look("decoder fence", change=patients.append, today=TODAY)
        await stop_early(patients[0])
    assert gate.is_set()


# --- the command ------------------------------------------------------------------------------------


def test_faults_of_the_configuration_come_first() -> None:
    """With trouble in the configuration there is the usual one line, and nothing is checked."""
    said = CliRunner().invoke(cli.app, ["doctor"], env={"COMETAPI_KEY": "key"})
    assert (said.exit_code, said.stdout) == (2, "")
    assert len(said.stderr.splitlines()) == 1
    assert "SLACK_BOT_TOKEN" in said.stderr


def test_the_command_fails_where_a_line_is_red(tmp_path: Path) -> None:
    """With everything away the command prints all lines and ends with 1, without a log or a traceback."""
    given = {
        "SLACK_BOT_TOKEN": "xoxb-1-2-abc",
        "SLACK_APP_TOKEN": "xapp-1-A0-1-abc",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "COMETAPI_KEY": "key",
        "TRANSLATION_BASE_URL": "http://127.0.0.1:9/v1",
        "DATA_DIR": str(tmp_path / "data"),
    }
    said = CliRunner().invoke(cli.app, ["doctor", "--no-requests"], env=given)
    assert (said.exit_code, said.stderr) == (1, "")
    lines = said.stdout.splitlines()
    assert lines[0].startswith("fail bot token: Slack does not answer")
    assert len(lines) == len(ALWAYS) + 3


async def test_the_command_as_a_process(tmp_path: Path) -> None:
    """The real command ends with 0 where nothing is red, and its stdout is JSON alone."""
    async with open_ward(tmp_path / "data") as ward:
        variables = os.environ | environ(ward.slack, ward.endpoint, ward.data, is_http=False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "doctor", "--json", "--no-requests"),
            env=variables | {"MAX_FILE_MB": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    states = {one["check"]: one["state"] for one in map(json.loads, out.splitlines())}
    assert (states["bot token"], states["decoder"], states["endpoint"]) == ("ok", "ok", "ok")
