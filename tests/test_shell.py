"""Recordings from the shell, over the same road."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bot.config import Config
from bot.errors import REASONS
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import Answer
from bot.shell import WORDS, Order, UsageError, find_targets, translate_files
from running import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator


def config_for(endpoint: EndpointSandbox) -> Config:
    """Give a configuration that has the endpoint and nothing of Slack."""
    environ = {"COMETAPI_KEY": endpoint.key, "TRANSLATION_BASE_URL": endpoint.base_url}
    return Config.load(environ, env_file=None, needs_slack=False)


async def test_text_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """The English of each file stands on stdout, of several under its name, and the prompt goes along."""
    async with EndpointSandbox() as endpoint:
        files = [SAMPLES["parcel"].path, SAMPLES["login"].path]
        code = await translate_files(config_for(endpoint), Order(files=files, prompt="Acme"))
    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        f"== {files[0].name} ==",
        SAMPLES["parcel"].english,
        f"== {files[1].name} ==",
        SAMPLES["login"].english,
    ]
    assert [request.prompt for request in endpoint.requests] == ["Acme", "Acme"]


async def test_one_text_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """One file's text is all there is on stdout; without a terminal nothing else is shown."""
    async with EndpointSandbox() as endpoint:
        assert await translate_files(config_for(endpoint), Order(files=[SAMPLES["parcel"].path])) == 0
    assert capsys.readouterr() == (SAMPLES["parcel"].english + "\n", "")


async def test_json_of_several_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several files on stdout are a line of JSON each, with the file; where names are the same, its path."""
    source = SAMPLES["parcel"].path
    same = tmp_path / source.name
    same.write_bytes(source.read_bytes())
    async with EndpointSandbox() as endpoint:
        order = Order(files=[source, same, SAMPLES["login"].path], output_format="json")
        assert await translate_files(config_for(endpoint), order) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["file"] for one in told] == [str(source), str(same), SAMPLES["login"].path.name]
    assert [one["text"] for one in told] == [SAMPLES[name].english for name in ("parcel", "parcel", "login")]


async def test_json_goes_to_a_file(tmp_path: Path) -> None:
    """`--out` takes one file's JSON, with the timed segments."""
    async with EndpointSandbox() as endpoint:
        order = Order(files=[SAMPLES["shoes"].path], output_format="json", out=tmp_path / "shoes.json")
        assert await translate_files(config_for(endpoint), order) == 0
    written = json.loads((tmp_path / "shoes.json").read_text())
    assert written["text"] == SAMPLES["shoes"].english
    assert written["segments"][0]["start_seconds"] == 0
    assert "file" not in written


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
    assert "Slack" not in error
    assert "post" not in error


async def test_no_speech_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A recording in which nobody speaks is no failure, but it is said."""
    async with EndpointSandbox() as endpoint:
        endpoint.script(Answer(body='{"text": ""}'))
        assert await translate_files(config_for(endpoint), Order(files=[SAMPLES["parcel"].path])) == 0
    assert "no speech" in capsys.readouterr().err


async def test_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal a bar shows the seconds of sound that are done; stdout has the text alone."""
    shown = StringIO()
    async with EndpointSandbox() as endpoint:
        order = Order(files=[SAMPLES["parcel"].path])
        console = Console(file=shown, force_terminal=True, width=200)
        assert await translate_files(config_for(endpoint), order, console) == 0
    seconds = round(SAMPLES["parcel"].seconds)
    assert f"{seconds} of {seconds} s" in shown.getvalue()
    assert capsys.readouterr() == (SAMPLES["parcel"].english + "\n", "")


def test_every_reason_has_words_for_the_shell() -> None:
    """Each way to fail is said in words that fit the shell; nobody there posts, or knows of a thread."""
    assert WORDS.keys() == REASONS
    for text in WORDS.values():
        assert not {"Slack", "post", "thread", "message", "/translate", "admin"} & set(text.split())


def names(targets: list[Path | None]) -> Iterator[str]:
    """Give the names of files."""
    return (target.name for target in targets if target)


def test_each_recording_has_a_file_of_its_own(tmp_path: Path) -> None:
    """Where two would have the same name, in any case of letters, each keeps its full name, or a number."""
    files = [Path(one) for one in ("a.mp3", "A.ogg", "b.wav", "a.mp3.flac", "x/a.mp3", "x/a.mp3")]
    (tmp_path / "od").mkdir()
    targets = find_targets(Order(files=files, out=tmp_path / "od"))
    assert list(names(targets)) == [
        "a.mp3.txt",
        "A.ogg.txt",
        "b.txt",
        "a.mp3.flac.txt",
        "a.mp3.2.txt",
        "a.mp3.3.txt",
    ]


async def test_two_recordings_of_one_name(tmp_path: Path) -> None:
    """Neither text is written over the other."""
    for name, suffix in (("parcel", ".mp3"), ("login", ".ogg")):
        (tmp_path / f"a{suffix}").write_bytes(SAMPLES[name].path.read_bytes())
    async with EndpointSandbox() as endpoint:
        order = Order(files=[tmp_path / "a.mp3", tmp_path / "a.ogg"], out=tmp_path / "od")
        assert await translate_files(config_for(endpoint), order) == 0
    assert (tmp_path / "od" / "a.mp3.txt").read_text() == SAMPLES["parcel"].english + "\n"
    assert (tmp_path / "od" / "a.ogg.txt").read_text() == SAMPLES["login"].english + "\n"


def test_no_recording_is_written_over(tmp_path: Path) -> None:
    """A recording that is named as its text would be stays; given as --out it is refused."""
    odd = tmp_path / "odd.txt"
    odd.write_bytes(b"sound")
    assert list(names(find_targets(Order(files=[odd], out=tmp_path)))) == ["odd.txt.txt"]
    with pytest.raises(UsageError, match="is the recording itself"):
        find_targets(Order(files=[odd], out=odd))
    assert odd.read_bytes() == b"sound"


def test_one_recording_goes_where_it_can(tmp_path: Path) -> None:
    """A file that is there is replaced, a folder takes the file's name, a device is not tried."""
    source = SAMPLES["parcel"].path
    (tmp_path / "old.txt").write_text("old")
    for out in (tmp_path / "old.txt", tmp_path / "new.txt", Path("/dev/null")):
        assert find_targets(Order(files=[source], out=out)) == [out]
    assert list(names(find_targets(Order(files=[source], output_format="json", out=tmp_path)))) == [
        "parcel.json"
    ]
    assert (tmp_path / "old.txt").read_text() == "old"
    assert not (tmp_path / "new.txt").exists()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("out", ["missing/out", "file/out", "/proc/out"])
async def test_no_place_for_the_outcome(tmp_path: Path, out: str, count: int) -> None:
    """What cannot be written is told in one line, before any request."""
    (tmp_path / "file").touch()
    async with EndpointSandbox() as endpoint:
        order = Order(files=[SAMPLES["parcel"].path] * count, out=tmp_path / out)
        with pytest.raises(UsageError, match=r"^--out \S+ cannot be written \([^\n]+\)$"):
            await translate_files(config_for(endpoint), order)
        assert not endpoint.requests


def test_a_file_for_several(tmp_path: Path) -> None:
    """Several recordings do not go into one file."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file: for several recordings name a folder"):
        find_targets(Order(files=[Path("a.mp3"), Path("b.mp3")], out=tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"


async def test_one_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where one text cannot be written, a line says so, the next one is, and the exit code is 1."""
    (tmp_path / "parcel.txt").mkdir()
    async with EndpointSandbox() as endpoint:
        order = Order(files=[SAMPLES["parcel"].path, SAMPLES["login"].path], out=tmp_path)
        assert await translate_files(config_for(endpoint), order) == 1
    assert (tmp_path / "login.txt").read_text() == SAMPLES["login"].english + "\n"
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("parcel.txt cannot be written (Is a directory)")


async def test_trouble_of_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording that is gone meanwhile costs itself alone."""
    async with EndpointSandbox() as endpoint:
        order = Order(files=[tmp_path / "gone.mp3", SAMPLES["login"].path], out=tmp_path)
        assert await translate_files(config_for(endpoint), order) == 1
    assert "(No such file or directory)" in capsys.readouterr().err
    assert (tmp_path / "login.txt").exists()
