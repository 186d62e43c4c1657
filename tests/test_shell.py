"""Recordings from the shell, over the same road."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.config import Config
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import Answer
from bot.shell import Order, translate_files
from running import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def config_for(endpoint: EndpointSandbox) -> Config:
    """Give a configuration that has the endpoint and nothing of Slack."""
    environ = {"COMETAPI_KEY": endpoint.key, "TRANSLATION_BASE_URL": endpoint.base_url}
    return Config.load(environ, env_file=None, needs_slack=False)


async def test_text_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """The English of each file stands on stdout, and the prompt goes along."""
    async with EndpointSandbox() as endpoint:
        files = [SAMPLES["parcel"].path, SAMPLES["login"].path]
        code = await translate_files(config_for(endpoint), Order(files=files, prompt="Acme"))
    assert code == 0
    assert capsys.readouterr().out.splitlines() == [SAMPLES["parcel"].english, SAMPLES["login"].english]
    assert [request.prompt for request in endpoint.requests] == ["Acme", "Acme"]


async def test_json_goes_to_a_file(tmp_path: Path) -> None:
    """`--out` takes one file's JSON, with the timed segments."""
    async with EndpointSandbox() as endpoint:
        order = Order(files=[SAMPLES["shoes"].path], output_format="json", out=tmp_path / "shoes.json")
        assert await translate_files(config_for(endpoint), order) == 0
    written = json.loads((tmp_path / "shoes.json").read_text())
    assert written["text"] == SAMPLES["shoes"].english
    assert written["segments"][0]["start_seconds"] == 0


async def test_one_that_fails_stops_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is no recording is named on stderr, the others are written, and the exit code is 1."""
    bad = tmp_path / "notes.mp3"
    bad.write_text("no sound in here")
    async with EndpointSandbox() as endpoint:
        order = Order(files=[bad, SAMPLES["parcel"].path], out=tmp_path / "out")
        assert await translate_files(config_for(endpoint), order) == 1
    assert (tmp_path / "out" / "parcel.txt").read_text() == SAMPLES["parcel"].english + "\n"
    error = capsys.readouterr().err
    assert str(bad) in error
    assert "[not_decodable]" in error


async def test_no_speech_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A recording in which nobody speaks is no failure, but it is said."""
    async with EndpointSandbox() as endpoint:
        endpoint.script(Answer(body='{"text": ""}'))
        assert await translate_files(config_for(endpoint), Order(files=[SAMPLES["parcel"].path])) == 0
    assert "no speech" in capsys.readouterr().err
