"""What people say to a support desk: English, with names and numbers in it, and many other languages."""

from __future__ import annotations

from pathlib import Path

_LINES = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
_TOLD = [line.partition(": ")[::2] for line in _LINES]
ENGLISH = [sentence for tag, sentence in _TOLD if tag == "en"]
# By tag.
FOREIGN = {tag: sentence for tag, sentence in _TOLD if tag != "en"}
