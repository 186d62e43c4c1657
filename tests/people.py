"""People who speak, by their language: the recordings of three Debian packages, decoded as we do."""

from __future__ import annotations

import re
from array import array
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from bot.decoder.sound import listen

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_LANGUAGES: Final = {
    "klettres-data": "/usr/share/klettres",  # letters and syllables, each alone
    "ktuberling-data": "/usr/share/ktuberling/sounds",  # words
}
_IN_ENGLISH: Final = {"pocketsphinx-testdata": "/usr/share/pocketsphinx/test/data"}  # sentences
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?=[_@/]|$)")
_OF_EACH: Final = 4
# Those that rise least of all 3552: a "g" of a quarter of a second, an "n" that is held.
_HARDEST: Final = ("klettres/it/alpha/g.ogg", "klettres/it/alpha/n.ogg", "klettres/cs/alpha/a-14.ogg")


@cache
def who_speak() -> Mapping[str, Mapping[str, array[int]]]:
    """Give for each language some recordings by their names: the hardest, and a few out of each folder."""
    found: dict[str, dict[str, array[int]]] = {}
    for package, place in (_OF_LANGUAGES | _IN_ENGLISH).items():
        folder = Path(place)
        if not folder.exists():
            pytest.skip(f"{package} is not installed")
        for part in sorted(one for one in folder.iterdir() if one.is_dir()):
            language = _LANGUAGE.match(part.name) if package in _OF_LANGUAGES else None
            for file in _some(part):
                name = file.relative_to("/usr/share").as_posix()
                found.setdefault(language[0] if language else "en", {})[name] = _sound_of(file)
    return found


def _some(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in {".ogg", ".wav"})
    hardest = [file for file in files if file.as_posix().endswith(_HARDEST)]
    return files[:: max(1, len(files) // _OF_EACH)] + hardest


def _sound_of(file: Path) -> array[int]:
    with listen(str(file)) as sound:
        return array("h", b"".join(block.sound for block in sound))
