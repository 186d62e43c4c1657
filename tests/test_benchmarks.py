"""The benchmarks: their arithmetic, and that each measures the real bot; how fast it is decides no test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from rich.console import Console

from benchmarks import added_time, burst, idle, large, long, machine, made, ready, sent
from benchmarks.__main__ import BENCHMARKS
from benchmarks.added_time import Steps
from benchmarks.burst import Burst
from benchmarks.figures import Figure, as_rows, percentile, spread, table
from benchmarks.machine import Memory
from bot.sandbox.hearing import length

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROOT = Path(__file__).parents[1]
TINY: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "added": partial(added_time.measure, clips=1, warm_up=0, rest_seconds=0),
    "ready": partial(ready.measure, starts=1),
    "idle": partial(idle.measure, seconds=0.2, settle_seconds=0),
    "sent": partial(sent.measure, names=["shoes"]),
    "burst": partial(burst.measure, clips=3, endpoint_seconds=0.1, late_seconds=0),
    "long": partial(long.measure, seconds=20, speed=100),
    "large": partial(large.measure, video_bytes=2_000_000, video_seconds=10, recording_seconds=20),
}
IS_LINUX = sys.platform == "linux"


def shown(*figures: Figure) -> str:
    """Print a table as people see it."""
    console = Console(width=200, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 -- closed below
    console.print(table(figures, title="machine"))
    console.file.close()
    return console.export_text()


@pytest.mark.parametrize("name", BENCHMARKS)
async def test_each_benchmark_measures_the_real_bot(name: str) -> None:
    """Every benchmark starts the bot, does its work in small, and gives figures that can be true."""
    figures = await TINY[name]()
    assert figures
    for figure in figures:
        assert figure.value is not None or not IS_LINUX, figure.what
        assert figure.value is None or figure.value >= 0, figure.what
    assert any(figure.goal is not None for figure in figures) or name in {"burst", "long"}
    for figure in figures:
        if figure.unit in {"clips", "replies", "calls"}:
            assert figure.value == 0, figure.what
    json.dumps(as_rows(figures))


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        pytest.param([5.0], 50, 5.0, id="one"),
        pytest.param([4.0, 1.0, 3.0, 2.0], 50, 2.0, id="even"),
        pytest.param([3.0, 1.0, 2.0], 50, 2.0, id="odd"),
        pytest.param([float(number) for number in range(1, 101)], 95, 95.0, id="hundred"),
        pytest.param([1.0, 2.0], 95, 2.0, id="few"),
        pytest.param([1.0, 2.0], 0, 1.0, id="none"),
    ],
)
def test_percentile(values: list[float], percent: float, expected: float) -> None:
    """A percentile is a value that was measured, and never a better one than so many reached."""
    assert percentile(values, percent) == expected


def test_spread_says_how_far_values_lie_apart() -> None:
    """A note names the least, the middle, the most and how many there were."""
    assert spread([1.0, 9.0, 2.0]) == "min 1, median 2, max 9, n=3"


def test_a_goal_is_reached_up_to_its_value() -> None:
    """The goal itself is still good; what has no goal or no value is neither good nor bad."""
    assert Figure("a", 100, "ms", 100).is_reached is True
    assert Figure("a", 100.1, "ms", 100).is_reached is False
    assert Figure("a", 0, "clips", 0).is_reached is True
    assert Figure("a", 1, "clips").is_reached is None
    assert Figure("a", None, "MB", 180).is_reached is None
    assert Figure("a", 6, "x", 6, is_least=True).is_reached is True
    assert Figure("a", 5.9, "x", 6, is_least=True).is_reached is False


def test_the_table_says_figure_goal_and_verdict() -> None:
    """People read what was measured, what was aimed at, and whether it is reached."""
    text = shown(
        Figure("fast", 12.345, "ms", 100),
        Figure("slow", 2.345, "s", 2, "why"),
        Figure("dark", None, "MB", 180),
        Figure("whole", 1000, "clips"),
        Figure("sooner", 7, "x", 6, is_least=True),
    )
    rows = {line.split()[1]: line for line in text.splitlines() if line.startswith("│")}
    assert "12.3 ms" in rows["fast"]
    assert "≤ 100 ms" in rows["fast"]
    assert "yes" in rows["fast"]
    assert "2.35 s" in rows["slow"] or "2.34 s" in rows["slow"]
    assert "NO" in rows["slow"]
    assert "why" in rows["slow"]
    assert "not told here" in rows["dark"]
    assert "1000 clips" in rows["whole"]
    assert "≥ 6 x" in rows["sooner"]


def test_the_endpoints_own_time_is_taken_off() -> None:
    """Added is everything from the message to the reply except for the endpoint's time."""
    steps = Steps(stored=0.01, downloaded=0.03, decoded=0.1, answered=0.3, posted=0.32)
    assert steps.added == pytest.approx(0.12)
    assert sum(steps.parts().values()) == pytest.approx(steps.added)
    first, second, *parts = added_time.figures([steps] * 4)
    assert first.value == pytest.approx(120)
    assert second.value == pytest.approx(120)
    assert [part.value for part in parts] == pytest.approx([10, 20, 70, 20])


def test_a_burst_is_compared_with_the_ideal() -> None:
    """The ratio has a goal only for a whole burst; lost, doubled and paid twice have theirs always."""
    whole = Burst(1000, 200.0, 230.0, 1, 2, 1003, 0, 20, bot_cpu=300.0, sandbox_cpu=10.0)
    lost, doubled, paid, ratio, _, cpu = burst.figures(whole)
    assert (lost.value, doubled.value, paid.value) == (1, 2, 3)
    assert [one.is_reached for one in (lost, doubled, paid, ratio)] == [False, False, False, False]
    assert ratio.value == pytest.approx(1.15)
    assert cpu.value == pytest.approx(300)
    small = Burst(100, 2.0, 3.0, 0, 0, 100, 0, 20, bot_cpu=None, sandbox_cpu=2.9)
    *_, ratio, _, cpu = burst.figures(small)
    assert ratio.is_reached is None
    assert "SANDBOX" in ratio.note
    assert cpu.value is None


@pytest.mark.parametrize(
    ("held", "value"),
    [
        pytest.param(Memory(150.0, 120.0), 120.0, id="shared pages are told"),
        pytest.param(Memory(150.0, None), 150.0, id="only what is resident"),
        pytest.param(None, None, id="nothing is told"),
    ],
)
def test_memory_is_counted_as_fairly_as_the_system_tells(held: Memory | None, value: float | None) -> None:
    """Pages that processes share are counted once where that is known."""
    assert idle.memory_figure(held, processes=2).value == value


@pytest.mark.parametrize(("kind", "size"), [("m4a", None), ("mp4", 3_000_000)])
def test_recordings_are_made_as_long_and_as_large_as_wanted(
    tmp_path: Path, kind: str, size: int | None
) -> None:
    """What is made on the spot holds speech to its end, and a video carries its picture between the sound."""
    target = tmp_path / f"made.{kind}"
    made.speech(target, 30) if size is None else made.film(target, 30, size)
    assert length(target.read_bytes()) == pytest.approx(30, abs=0.05)
    with av.open(str(target), "r") as opened:
        kinds = [packet.stream.type for packet in opened.demux() if packet.size]
    assert len(kinds) > 1000
    if size is not None:
        assert target.stat().st_size == pytest.approx(size, rel=0.05)
        assert "video" in kinds[:100]
        assert "audio" in kinds[-100:]


def test_the_ears_of_a_benchmark_hear_to_the_end(tmp_path: Path) -> None:
    """A sentence for every six seconds, whose times lie inside of what was received."""
    heard = made.ears(made.speech(tmp_path / "made.m4a", 20).read_bytes())
    assert heard.seconds == pytest.approx(20, abs=0.05)
    assert heard.segments is not None
    assert [start for start, _, _ in heard.segments] == [0, 6, 12]
    assert "number 3" in heard.segments[2][2]


@pytest.mark.skipif(not IS_LINUX, reason="/proc is Linux's")
def test_a_peak_is_what_was_held_at_the_worst_moment() -> None:
    """What a child took and gave back is seen, as long as it was held for some looks."""
    grow = "held = b'x' * 60_000_000; input(); del held; input()"
    with subprocess.Popen([sys.executable, "-c", grow], stdin=subprocess.PIPE) as child:  # noqa: S603 -- ours
        assert child.stdin is not None
        with machine.watching(os.getpid()) as peak:
            alone = machine.memory([os.getpid()])
            while peak.held is None or peak.held.fairest_mb < 50 or peak.processes < 2:
                assert child.poll() is None
            child.stdin.write(b"\n")
            child.stdin.flush()
            seen, looks = peak.held, peak.looks
            while peak.looks < looks + 2:
                assert child.poll() is None
        child.communicate(b"\n")
    assert alone is not None
    assert peak.held.fairest_mb >= seen.fairest_mb > 50


@pytest.mark.skipif(not IS_LINUX, reason="/proc is Linux's")
def test_a_family_is_a_process_with_all_it_started() -> None:
    """Children and their children are found, and their memory and time with them; others are not."""
    nest = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", nest], stdin=subprocess.PIPE) as child:  # noqa: S603 -- ours
        try:
            while len(family := machine.family(child.pid)) < 2:
                assert child.poll() is None
            assert family[0] == child.pid
            assert os.getpid() not in family
            assert set(family) < set(machine.family(os.getpid()))
            held, alone = machine.memory(family), machine.memory([child.pid])
            assert held is not None
            assert alone is not None
            assert held.resident_mb > alone.resident_mb > 1
        finally:
            child.communicate(b"\n")
    assert machine.family(child.pid) == []
    assert machine.memory([child.pid]) is None
    assert machine.cpu_seconds(child.pid) is None


def test_an_unknown_benchmark_is_refused() -> None:
    """Who asks for a benchmark that is not there hears which there are."""
    outcome = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "everything"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"},
    )
    assert outcome.returncode == 2
    assert all(name in outcome.stderr for name in BENCHMARKS)
