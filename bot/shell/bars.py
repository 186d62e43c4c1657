"""How far it is, on a terminal: a bar for each recording at work, gone when it is done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.shell.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

# Shorter sound is counted in seconds.
_MINUTES_FROM_SECONDS: Final = 120


class Bars:
    """The bars of an order. Without a terminal there are none."""

    def __init__(self, console: Console) -> None:
        # No markup: [brackets] in a file's name would be taken for colours.
        words = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[done]}", markup=False),
        )
        self._is_shown = console.is_terminal
        self._progress = Progress(
            *words,
            TimeElapsedColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not self._is_shown,
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars until the end of the block."""
        self._start()
        try:
            yield
        finally:
            self._stop()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bars away while something is written to the terminal that they stand on."""
        self._stop()
        try:
            yield
        finally:
            self._start()

    @contextmanager
    def bar(self, name: str) -> Iterator[Bar]:
        """Give the bar of one recording."""
        bar = Bar(self._progress, printable(name))
        try:
            yield bar
        finally:
            bar.close()

    def _start(self) -> None:
        if self._is_shown:
            self._progress.start()

    def _stop(self) -> None:
        if self._is_shown:
            self._progress.stop()


class Bar:
    """How much of a recording is done. Its length is known when all of it is cut."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._id = progress.add_task(name, total=None, done="reading")
        self._seconds: float | None = None
        self._done_seconds = 0.0

    def expect(self, seconds: float) -> None:
        """Tell how long the whole recording is."""
        self._seconds = seconds
        self.translated(0)

    def translated(self, seconds: float) -> None:
        """Tell that so much more of it is done."""
        self._done_seconds += seconds
        self._progress.update(
            self._id,
            total=self._seconds,
            completed=self._done_seconds,
            done=_how_far(self._done_seconds, self._seconds),
            refresh=True,
        )

    def close(self) -> None:
        """Take the bar away."""
        self._progress.remove_task(self._id)


def _how_far(done: float, whole: float | None) -> str:
    if (done if whole is None else whole) < _MINUTES_FROM_SECONDS:
        unit, size = "s", 1
    else:
        unit, size = "min", 60
    of = "" if whole is None else f" of {whole / size:.0f}"
    return f"{done / size:.0f}{of} {unit}"
