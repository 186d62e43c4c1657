"""What a child at work can still reach, seen from inside of a real one."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import recordings
from bot.decoder import fence
from bot.prepare import Decoders

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]

LOOKING = f"""
import json, os, socket, sys
sys.path.insert(0, {str(ROOT)!r})
from bot.decoder.child import main
from bot.decoder.pieces import whole_file
def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return "done"
def look(source, folder, most_seconds):
    outside = folder.parent
    found = {{
        "source": tried(lambda: open(source, "rb").read()),
        "writing the source": tried(lambda: open(source, "ab")),
        "own file": tried(lambda: (folder / "own").write_text("x")),
        "own file again": tried(lambda: (folder / "own").read_text()),
        "own file, renamed": tried(lambda: (folder / "own").rename(folder / "other")),
        "own file, gone": tried(lambda: (folder / "other").unlink()),
        "database": tried(lambda: open(outside / "dragoman.db", "rb")),
        "neighbour": tried(lambda: open(outside / "other-job" / "source", "rb")),
        "listing": tried(lambda: os.listdir(outside)),
        "program": tried(lambda: open(sys.executable, "rb")),
        "environment of others": tried(lambda: open(f"/proc/{{os.getppid()}}/environ", "rb")),
        "new file": tried(lambda: (outside / "new").write_text("x")),
        "overwriting": tried(lambda: (outside / "dragoman.db").write_text("x")),
        "deleting": tried(lambda: (outside / "dragoman.db").unlink()),
        "a link": tried(lambda: (folder / "link").symlink_to(outside / "dragoman.db")),
        "starting a program": tried(lambda: os.execv("/bin/true", ["true"])),
    }}
    port = int((folder / "port").read_text())
    found["a connection"] = tried(lambda: socket.create_connection(("127.0.0.1", port), 5))
    (folder / "piece-0000.flac").write_text(json.dumps(found))
    yield whole_file("piece-0000.flac", 1.0)
main(look)
"""


async def found_inside(tmp_path: Path) -> dict[str, Any]:
    """Let a child look around in the folder of a job, beside which there is more."""
    script, folder, source = tmp_path / "looking.py", tmp_path / "job", tmp_path / "given" / "source"
    for place in (folder, source.parent, tmp_path / "other-job"):
        place.mkdir()
    script.write_text(LOOKING)
    for secret in (source, tmp_path / "dragoman.db", tmp_path / "other-job" / "source"):
        secret.write_bytes(recordings.sample().path.read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        (folder / "port").write_text(str(listener.getsockname()[1]))
        decoders = Decoders(at_once=1, command=(sys.executable, "-I", script))
        [piece] = [piece async for piece in decoders.prepare(source, folder)]
        await decoders.close()
    found: dict[str, Any] = json.loads(Path(piece.path).read_text())  # noqa: ASYNC240 -- small and local
    return found


async def test_a_child_reaches_only_its_own(tmp_path: Path) -> None:
    """A child reads its recording and works in its folder; every other file, and the network, is shut."""
    known, found = fence.version(), await found_inside(tmp_path)
    assert found["source"] == "done"
    if not known:  # a kernel without Landlock: the child works on without the fence
        return
    allowed = {"source", "own file", "own file again", "own file, renamed", "own file, gone"}
    if known < 4:
        allowed.add("a connection")
    assert {what for what, outcome in found.items() if outcome == "done"} == allowed
    assert {found[what] for what in found.keys() - allowed} == {"PermissionError"}
    assert (tmp_path / "dragoman.db").read_bytes() == recordings.sample().path.read_bytes()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("answers", "shut"),
    [
        pytest.param(lambda *_: -1, False, id="no Landlock at all"),
        pytest.param(lambda number, *_: 7 if number == 444 else -1, True, id="one"),
    ],
)
def test_version(answers: Callable[..., int], shut: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 -- a parameter of the table
    """A kernel without Landlock is one of version 0."""
    monkeypatch.setattr(fence, "_call", answers)
    assert (fence.version() > 0) is shut
    monkeypatch.setattr(sys, "platform", "win32")
    assert fence.version() == 0
