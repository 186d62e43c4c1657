"""What is written about the sandbox is what is there: the map of its files, the words for its faults."""

from __future__ import annotations

import re
from pathlib import Path

import bot.sandbox
from bot.sandbox.endpoint_faults import FAULTS
from bot.sandbox.faults import KINDS, PLACES

PACKAGE = Path(bot.sandbox.__file__).parent


def test_the_map_names_every_file() -> None:
    """The package's first lines name each of its files, and none that is gone."""
    named = set(re.findall(r"`(\w+)\.py`", bot.sandbox.__doc__ or ""))
    assert named == {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}


def test_the_page_has_words_for_every_fault() -> None:
    """The page says in words what each fault is, and each place where one can happen."""
    source = (PACKAGE / "page" / "explain.js").read_text(encoding="utf-8")
    assert keys(source, "WORDS") == KINDS
    assert keys(source, "ENDPOINT_WORDS") == FAULTS.keys()
    assert keys(source, "PLACES") == PLACES.keys() | {""}


def keys(source: str, table: str) -> set[str]:
    """Give the keys of a table in a script."""
    found = re.search(rf"^const {table} = {{\n(.*?)^}};", source, re.MULTILINE | re.DOTALL)
    assert found is not None
    return set(re.findall(r'^  "?(\w*)"?: ', found[1], re.MULTILINE))
