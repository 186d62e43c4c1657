"""Ears that know some samples by their length: to listen to a file takes a child, and its time."""

from __future__ import annotations

from bot.sandbox.hearing import Heard, length
from running import SAMPLES

KNOWN = tuple(SAMPLES[name] for name in ("parcel", "login", "shoes"))  # no two of them last equally long


def sample_by_length(content: bytes) -> Heard | None:
    """Say which sample lasts as long as a received file; None where none does."""
    seconds = length(content)
    return next((Heard(seconds, sample=one) for one in KNOWN if abs(one.seconds - seconds) < 0.1), None)
