"""Say whether enough of the bot is tested; `make check` runs this after the tests.

The road and the words it speaks: every line and every branch. All other files together: 95 %. What is
missing is named line by line, so that nobody has to open a report.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coverage import Coverage
from coverage.exceptions import CoverageException

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT = Path(__file__).parents[1]
WHOLLY_TESTED = (
    "receive",
    "jobs",
    "kept",
    "road",
    "bench",
    "stages",
    "download",
    "prepare",
    "fork_server",
    "reported",
    "prompts",
    "translate",
    "halving",
    "hopeless",
    "line",
    "engines/endpoint",
    "engines/audio",
    "engines/translations",
    "engines/reading",
    "engines/parts",
    "engines/chat",
    "engines/plausible",
    "engines/two_step",
    "engines/local",
    "engines/local_model",
    "lines",
    "breaker",
    "join",
    "judge",
    "evidence/stock",
    "evidence/nothing_said",
    "evidence/echo",
    "evidence/loops",
    "evidence/spoken",
    "language",
    "reply",
    "compose",
    "rich_text",
    "original",
    "paragraphs",
    "long_text",
    "document",
    "subtitles",
    "upload",
    "errors",
    "alerts",
    "remedies",
    "disclosure",
    "notice",
    "share",
    "terms",
)
LEAST_PERCENT = 95.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What the tests ran of one file: statements and branches together, and what they did not."""

    name: str
    of: int
    covered: int
    missing: tuple[str, ...]

    @property
    def percent(self) -> float:
        """How much of it ran; an empty file ran whole."""
        return 100 * self.covered / self.of if self.of else 100.0


def read(report: Mapping[str, Any]) -> list[Measured]:
    """Read coverage's own JSON report."""
    return [
        _measured(name.replace("\\", "/"), file["summary"], file) for name, file in report["files"].items()
    ]


def _measured(name: str, summary: Mapping[str, int], file: Mapping[str, Any]) -> Measured:
    lines = sorted(file["missing_lines"])
    # A branch out of, or into, a line that never ran says nothing new.
    branches = [pair for pair in file.get("missing_branches", ()) if not set(lines) & set(pair)]
    return Measured(
        name=name[name.rfind("bot/") :],
        of=summary["num_statements"] + summary.get("num_branches", 0),
        covered=summary["covered_lines"] + summary.get("covered_branches", 0),
        missing=(
            *_stretches(lines),
            *(f"{start}→{end if end > 0 else 'end'}" for start, end in sorted(branches)),
        ),
    )


def _stretches(lines: Sequence[int]) -> list[str]:
    """Write neighbouring lines as one stretch: 3-5."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][-1] + 1:
            found[-1].append(line)
        else:
            found.append([line])
    return [f"{some[0]}-{some[-1]}" if len(some) > 1 else f"{some[0]}" for some in found]


def complaints(files: Sequence[Measured]) -> list[str]:
    """Say what is not tested enough; nothing where all is well."""
    wholly = {f"bot/{stage}.py" for stage in WHOLLY_TESTED}
    found = [
        f"{name}: not measured at all" for name in sorted(wholly - {measured.name for measured in files})
    ]
    found += [
        f"{one.name}: {one.percent:.1f} % of 100 %, missing {', '.join(one.missing)}"
        for one in files
        if one.name in wholly and one.missing
    ]
    rest = [one for one in files if one.name not in wholly]
    percent = total(rest)
    if percent < LEAST_PERCENT:
        found.append(f"the rest of bot/: {percent:.1f} % of {LEAST_PERCENT:g} %, the emptiest first:")
        found += [
            f"  {one.name}: {one.percent:.1f} %, missing {', '.join(one.missing)}"
            for one in sorted(rest, key=lambda one: one.covered - one.of)
            if one.missing
        ]
    return found


def total(files: Iterable[Measured]) -> float:
    """Give the percentage of several files taken as one."""
    counted = list(files)
    return Measured(
        "all", sum(one.of for one in counted), sum(one.covered for one in counted), missing=()
    ).percent


def measure() -> list[Measured]:
    """Read what the tests left behind. Raises CoverageException where they left nothing."""
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        coverage.json_report(outfile=str(path))
        return read(json.loads(path.read_text(encoding="utf-8")))


def main() -> int:
    """Print what is missing, and say by the exit code whether the gate is open."""
    try:
        files = measure()
    except CoverageException as error:
        sys.stderr.write(f"No coverage to judge ({error}): run pytest with --cov first\n")
        return 2
    found = complaints(files)
    for line in found:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(f"coverage of bot/: {total(files):.1f} % of lines and branches\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
