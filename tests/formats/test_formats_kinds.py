"""Every kind of file that people share: the true length, and the same sound."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from encoding import Kind, write
from kinds import KINDS
from listening import sounds_like

if TYPE_CHECKING:
    from pathlib import Path

    from voices import Voice

pytest_plugins = ("format_fixtures",)


@pytest.mark.parametrize(
    ("kind", "turn"),
    [pytest.param(kind, turn, id=kind.name) for kind, turn in zip(KINDS, cycle(range(3)), strict=False)],
)
async def test_kinds(kind: Kind, turn: int, speech: list[Voice], tmp_path: Path) -> None:
    """A file of any kind has its true length within 50 ms, and what is heard in it is what was said."""
    voice = speech[turn]
    await sounds_like(voice, write(kind, voice.path, tmp_path), quieter=kind.quieter)
