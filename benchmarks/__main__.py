"""Run the benchmarks and show figure, goal and verdict (`make bench`, `python -m benchmarks`)."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from benchmarks import added_time, burst, idle, large, long, machine, ready, sent
from benchmarks.figures import as_rows, table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.figures import Figure

BENCHMARKS: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "added": added_time.measure,
    "ready": ready.measure,
    "idle": idle.measure,
    "sent": sent.measure,
    "burst": burst.measure,
    "long": long.measure,
    "large": large.measure,
}
# The same in small: whether all is well, not how fast it is.
QUICK: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "burst": partial(burst.measure, clips=burst.QUICK_CLIPS, endpoint_seconds=burst.QUICK_ENDPOINT_SECONDS),
    "long": partial(long.measure, seconds=long.QUICK_SECONDS),
    "large": partial(
        large.measure,
        video_bytes=large.QUICK_VIDEO_BYTES,
        video_seconds=large.QUICK_SECONDS,
        recording_seconds=large.QUICK_SECONDS,
    ),
}
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def measure(
    only: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(BENCHMARKS)}; repeatable.")
    ] = None,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="A small burst, shorter recordings, a smaller video.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure. Times on a busy machine are worth little: the title says how busy it was."""
    if unknown := set(only or ()) - BENCHMARKS.keys():
        msg = f"{', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}"
        raise typer.BadParameter(msg)
    offered = BENCHMARKS | QUICK if quick else BENCHMARKS
    chosen = {name: one for name, one in offered.items() if not only or name in only}
    console = Console(stderr=True)
    found: list[Figure] = []
    busy = [machine.load()]
    for name, one in chosen.items():
        console.print(f"{name} …")
        found += asyncio.run(_run(one))
        busy.append(machine.load().partition(", load ")[2])
    _show(found, title=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {', '.join(busy)}", as_json=as_json)


async def _run(one: Callable[[], Awaitable[list[Figure]]]) -> list[Figure]:
    return await one()


def _show(found: list[Figure], *, title: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"machine": title, "figures": as_rows(found)}, indent=2))
        return
    # Whole sentences where the output goes to a file, whatever width that has.
    console = Console()
    console.width = max(console.width, 160)
    console.print(table(found, title=title))


if __name__ == "__main__":
    app()
