"""Keep the files of each job in a private folder of its own, and take them away again.

People's voices lie here for seconds. So nobody else on the machine may look in (mode 0700), no name
that somebody chose in Slack becomes a path, and whatever a crash left behind goes at the next start.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pathlib import Path

_READABLE_LENGTH = 40
_DIGEST_LENGTH = 16
_PRIVATE = 0o700


class Spool:
    """The folder of files on this machine, one sub-folder per job."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._log = structlog.get_logger()

    def folder(self, job_id: str) -> Path:
        """Give the folder of `job_id`, made if need be, for our eyes only."""
        path = self._path(job_id)
        for made in (self._root, path):
            made.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            # mkdir leaves the mode of a folder that stood already.
            made.chmod(_PRIVATE)
        return path

    def clear(self, job_id: str) -> None:
        """Take away the files of `job_id`; nothing happens if there are none."""
        self._remove(self._path(job_id))

    def clear_all(self) -> None:
        """Take away what an earlier process left; for the start only, before any job runs."""
        if self._root.is_dir():
            for path in self._root.iterdir():
                self._remove(path)

    def _path(self, job_id: str) -> Path:
        """Turn any id into one safe name.

        The readable part helps who looks; the digest keeps apart what the readable part confuses
        (`a/b` and `a_b`, or `A` and `a` on a file system that sees no difference).
        """
        readable = re.sub(r"[^A-Za-z0-9_-]", "_", job_id)[:_READABLE_LENGTH]
        digest = hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
        return self._root / f"{readable}-{digest}"

    def _remove(self, path: Path) -> None:
        # A link is taken away itself, never what it points to; and rmtree would wait on a pipe for ever.
        if path.is_symlink() or not path.is_dir():
            try:
                path.unlink(missing_ok=True)
            except OSError:
                self._log.warning("spool.kept", folder=path.name)
            return
        # A file that goes away under our hands is no fault, but one that stays is: somebody's voice.
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():
            self._log.warning("spool.kept", folder=path.name)
