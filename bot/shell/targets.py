"""Where each outcome is written: found, and tried, before anything is sent."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bot.shell.order import STDIN, SUFFIXES, UsageError

if TYPE_CHECKING:
    from bot.shell.order import Order


def find_targets(order: Order) -> list[Path | None]:
    """Give the file that each outcome is written to, None for stdout, having tried that it can be.

    A folder takes `a.txt` of `a.mp3`; where that would be one file for two, `a.mp3.txt`.
    """
    out = order.out
    if out is None:
        return [None] * len(order.files)
    is_alone = len(order.files) == 1
    if not is_alone and out.exists() and not out.is_dir():
        msg = f"--out {out} is a file: for several recordings name a folder"
        raise UsageError(msg)
    try:
        if is_alone and not out.is_dir():
            _try_file(out, order.files[0])
            return [out]
        out.mkdir(exist_ok=True)
        _try_folder(out)
    except OSError as error:
        msg = f"--out {out} cannot be written ({error.strerror})"
        raise UsageError(msg) from error
    return _names_in(out, order)


def _try_file(out: Path, source: Path) -> None:
    if not out.exists():
        _try_folder(out.parent)
    elif source != STDIN and out.samefile(source):
        msg = f"--out {out} is the recording itself: name another file"
        raise UsageError(msg)
    elif out.is_file():  # anything else, such as a pipe, might wait for a reader
        with out.open("ab"):
            pass


def _try_folder(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder):
        pass


def _names_in(folder: Path, order: Order) -> list[Path | None]:
    """Give each recording a name of its own, that of no recording among them."""
    suffix = SUFFIXES[order.output_format]
    named = [Path("stdin") if file == STDIN else file for file in order.files]
    stems = Counter(file.stem.casefold() for file in named)
    taken = {_spelling(file) for file in named}
    targets: list[Path | None] = []
    for file in named:
        names = [file.stem] if stems[file.stem.casefold()] == 1 else []
        names += [file.name, *(f"{file.name}.{number}" for number in range(2, len(taken) + 3))]
        free = (folder / (name + suffix) for name in names)
        target = next(one for one in free if _spelling(one) not in taken)
        taken.add(_spelling(target))
        targets.append(target)
    return targets


def _spelling(path: Path) -> str:
    """Give the one spelling by which files are told apart, also where case makes no difference."""
    return str(path.resolve()).casefold()
