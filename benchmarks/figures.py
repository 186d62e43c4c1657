"""Figures and what was aimed at: the arithmetic, the table and the JSON."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `goal` is the most it should be; None: shown to explain another figure.

    With `is_least` the goal is the least it should be. `value` None says that this machine does not tell.
    """

    what: str
    value: float | None
    unit: str
    goal: float | None = None
    note: str = ""
    is_least: bool = False

    @property
    def is_reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none, or nothing was measured."""
        if self.goal is None or self.value is None:
            return None
        return self.value >= self.goal if self.is_least else self.value <= self.goal


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the smallest value that `percent` of all do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


def spread(values: Sequence[float], *, digits: int = 0) -> str:
    """Say how far values lie apart, for a note."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"min {low:.{digits}f}, median {middle:.{digits}f}, max {high:.{digits}f}, n={len(values)}"


def table(figures: Iterable[Figure], *, title: str) -> Table:
    """Lay the figures out for people."""
    laid = Table(title=title, title_justify="left")
    for heading, justify in (("figure", "left"), ("measured", "right"), ("goal", "right")):
        laid.add_column(heading, justify="right" if justify == "right" else "left")
    laid.add_column("reached")
    laid.add_column("note")
    for one in figures:
        verdict = {True: "yes", False: "NO", None: ""}[one.is_reached]
        sign = "≥" if one.is_least else "≤"
        goal = "" if one.goal is None else f"{sign} {one.goal:g} {one.unit}"
        laid.add_row(one.what, _shown(one), goal, verdict, one.note)
    return laid


def _shown(figure: Figure) -> str:
    if figure.value is None:
        return "not told here"
    digits = 0 if figure.value >= 100 or figure.value == int(figure.value) else 2 if figure.value < 10 else 1  # noqa: PLR2004 -- three digits are enough to read
    return f"{figure.value:.{digits}f} {figure.unit}"


def as_rows(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Give the figures as plain rows, for a program to read."""
    return [asdict(one) | {"is_reached": one.is_reached} for one in figures]
