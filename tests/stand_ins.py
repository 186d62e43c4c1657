"""Stand-ins for the decoder's child: what a hostile file might make of it, played by a script."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]


def command_of(script: str, folder: Path, *, program: str | Path = sys.executable) -> Sequence[str | Path]:
    """Write a script that each child runs with a job on its stdin, and give what starts such children."""
    file = folder / "stand_in.py"
    file.write_text(
        f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from bot.decoder.forks import serve
serve(lambda: exec({script!r}, {{"__name__": "__main__"}}))
""",
        encoding="utf-8",
    )
    return (program, "-I", file)
