from __future__ import annotations

import os
import resource
import stat
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """Give a spool whose folder does not exist yet."""
    return Spool(tmp_path / "data" / "spool")


def test_the_folder_is_private(spool: Spool) -> None:
    """Only the user that runs the bot may look into a job's folder, or see which jobs there are."""
    folder = spool.folder("job")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_folder_that_stood_already_becomes_private(spool: Spool) -> None:
    """A folder with a wider mode, from a restored backup say, is narrowed before anything lands in it."""
    spool.folder("job").chmod(0o755)
    assert stat.S_IMODE(spool.folder("job").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "job_id",
    [
        pytest.param("T1:C1:1795000000.000100:F1:1", id="ours"),
        pytest.param("../../etc/passwd", id="a way up"),
        pytest.param("/etc/passwd", id="an absolute path"),
        pytest.param("", id="nothing"),
        pytest.param(".", id="a dot"),
        pytest.param("a\0b", id="a zero byte"),
        pytest.param("x" * 5000, id="very long"),
        pytest.param("\ud800", id="half a character"),
    ],
)
def test_any_id_becomes_one_folder_right_below_the_root(spool: Spool, tmp_path: Path, job_id: str) -> None:
    """Whatever stands in an id, its folder lies directly in the spool and can be written to."""
    folder = spool.folder(job_id)
    assert folder.parent == tmp_path / "data" / "spool"
    (folder / "source").write_bytes(b"sound")
    assert spool.folder(job_id) == folder


def test_ids_that_look_alike_do_not_share_a_folder(spool: Spool) -> None:
    """Two jobs never see each other's files, however similar their ids are."""
    ids = ["a/b", "a_b", "A_b", "a:b", "a" * 41, "a" * 42]
    assert len({str(spool.folder(job_id)).lower() for job_id in ids}) == len(ids)


def test_clear_takes_this_jobs_files_only(spool: Spool) -> None:
    """Clearing one job leaves the others' files alone."""
    mine, other = spool.folder("mine"), spool.folder("other")
    (mine / "deep").mkdir()
    (mine / "deep" / "source").write_bytes(b"sound")
    spool.clear("mine")
    assert not mine.exists()
    assert other.exists()


def test_clearing_nothing_is_no_fault(spool: Spool) -> None:
    """A job that never had files can be cleared, and an empty spool too."""
    spool.clear("never there")
    spool.clear_all()
    assert spool.folder("the next one").is_dir()


def test_the_start_takes_everything(spool: Spool, tmp_path: Path) -> None:
    """After a crash nothing stays: folders, stray files, pipes and links, but not what links point to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_bytes(b"not ours")
    root = spool.folder("job").parent
    (root / "stray").write_bytes(b"sound")
    (root / "link").symlink_to(outside)
    os.mkfifo(root / "pipe")
    spool.clear_all()
    assert list(root.iterdir()) == []
    assert (outside / "kept").exists()


def test_what_stays_is_said(spool: Spool) -> None:
    """What cannot be taken away is told to who runs the bot: it may be somebody's voice."""
    folder = spool.folder("job")
    (folder / "source").write_bytes(b"sound")
    # No mode protects a folder from root, but nobody can look into one without a free descriptor.
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(folder, os.O_RDONLY)
    os.close(free)
    with capture_logs() as logs:
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
        try:
            spool.clear("job")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert logs == [{"event": "spool.kept", "folder": folder.name, "log_level": "warning"}]
    assert (folder / "source").exists()
