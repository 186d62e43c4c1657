"""The hint that goes with the sound: a channel's prompt and its terms. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def join_prompt(prompt: str, glossary: Sequence[str]) -> str:
    """Join the terms to the prompt, as its end: of a hint that is too long, Whisper drops the start."""
    return " ".join([*([prompt] if prompt else []), *([", ".join(glossary) + "."] if glossary else [])])
