"""Where the shell writes what came of recordings: each has a place of its own, tried beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.shell.order import STDIN, Order, UsageError
from bot.shell.targets import find_targets
from running import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator


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


@pytest.mark.parametrize("output_format", ["text", "srt", "vtt", "json"])
def test_files_end_as_their_format_does(tmp_path: Path, output_format: str) -> None:
    """In a folder the text of a recording is named after it, what is piped in after stdin."""
    order = Order(files=[STDIN, Path("a.mp3")], output_format=output_format, out=tmp_path)
    suffix = {"text": "txt"}.get(output_format, output_format)
    assert list(names(find_targets(order))) == [f"stdin.{suffix}", f"a.{suffix}"]


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
    (tmp_path / "old.txt").write_text("old")
    for file in (SAMPLES["parcel"].path, STDIN):
        for out in (tmp_path / "old.txt", tmp_path / "new.txt", Path("/dev/null")):
            assert find_targets(Order(files=[file], out=out)) == [out]
    assert (tmp_path / "old.txt").read_text() == "old"
    assert not (tmp_path / "new.txt").exists()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("out", ["missing/out", "file/out", "/proc/out"])
def test_no_place_for_the_outcome(tmp_path: Path, out: str, count: int) -> None:
    """What cannot be written is told in one line."""
    (tmp_path / "file").touch()
    order = Order(files=[SAMPLES["parcel"].path] * count, out=tmp_path / out)
    with pytest.raises(UsageError, match=r"^--out \S+ cannot be written \([^\n]+\)$"):
        find_targets(order)


def test_a_file_for_several(tmp_path: Path) -> None:
    """Several recordings do not go into one file."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is a file: for several recordings name a folder"):
        find_targets(Order(files=[Path("a.mp3"), Path("b.mp3")], out=tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "mine"
