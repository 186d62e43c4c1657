"""The coverage gate closes for what is missing, and names it."""

from __future__ import annotations

from typing import Any

import pytest

from coverage_gate import WHOLLY_TESTED, Measured, complaints, read, total


def report(**more: dict[str, Any]) -> dict[str, Any]:
    """Give a report as coverage writes it, in which all is tested but what `more` says."""
    whole = {
        "summary": {"num_statements": 8, "covered_lines": 8, "num_branches": 2, "covered_branches": 2},
        "missing_lines": [],
        "missing_branches": [],
    }
    names = {f"bot/{stage}.py": whole for stage in (*WHOLLY_TESTED, "app", "cli")}
    return {"files": names | {f"bot/{name}.py": file for name, file in more.items()}}


def file(*, lines: tuple[int, ...] = (), branches: tuple[tuple[int, int], ...] = ()) -> dict[str, Any]:
    """Give a file of 8 statements and 2 branches of which some did not run."""
    return {
        "summary": {
            "num_statements": 8,
            "covered_lines": 8 - len(lines),
            "num_branches": 2,
            "covered_branches": 2 - len(branches),
        },
        "missing_lines": list(lines),
        "missing_branches": [list(branch) for branch in branches],
    }


def test_a_whole_report_opens_the_gate() -> None:
    """Where all is tested there is nothing to complain of."""
    assert complaints(read(report())) == []


def test_a_missing_line_of_the_road_is_named() -> None:
    """One line of the road that no test ran closes the gate, with its number."""
    [found] = complaints(read(report(reply=file(lines=(41,)))))
    assert found == "bot/reply.py: 90.0 % of 100 %, missing 41"


def test_a_missing_branch_of_the_road_is_named() -> None:
    """A branch that no test took closes the gate too, although every line ran."""
    [found] = complaints(read(report(judge=file(branches=((7, 9), (7, -3))))))
    assert found == "bot/judge.py: 80.0 % of 100 %, missing 7→end, 7→9"


def test_a_branch_at_a_missing_line_is_not_told_twice() -> None:
    """Who reads that a line never ran need not read of the branches out of it and into it."""
    [found] = complaints(read(report(share=file(lines=(7,), branches=((7, 9), (3, 7))))))
    assert found.endswith("missing 7")


def test_a_stage_that_was_not_measured_closes_the_gate() -> None:
    """A stage that is renamed, or never imported, is no reason to be content."""
    whole = report()
    del whole["files"]["bot/jobs.py"]
    assert complaints(read(whole)) == ["bot/jobs.py: not measured at all"]


def test_the_rest_may_lack_a_little() -> None:
    """The other files are judged together: 95 % of all of them is enough."""
    assert complaints(read(report(app=file(lines=(1,))))) == []


def test_the_rest_may_not_lack_more() -> None:
    """Below that the gate closes, and the files with the most to do come first."""
    head, first, second = complaints(read(report(app=file(lines=(1,)), cli=file(lines=(2, 3, 5)))))
    assert head == "the rest of bot/: 80.0 % of 95 %, the emptiest first:"
    assert first == "  bot/cli.py: 70.0 %, missing 2-3, 5"
    assert second == "  bot/app.py: 90.0 %, missing 1"


def test_names_are_read_from_any_machine() -> None:
    """Absolute paths, and those of another system, are the same files."""
    whole = report()
    whole["files"] = {
        f"C:\\somewhere\\{name}".replace("/", "\\"): one for name, one in whole["files"].items()
    }
    assert complaints(read(whole)) == []


@pytest.mark.parametrize(("of", "covered", "percent"), [(0, 0, 100.0), (8, 2, 25.0)])
def test_percent(of: int, covered: int, percent: float) -> None:
    """An empty file counts as tested."""
    assert Measured("bot/x.py", of, covered, missing=()).percent == percent
    assert total([Measured("bot/x.py", of, covered, missing=())]) == percent
