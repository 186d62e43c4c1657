"""What the person who runs the bot allows for one recording, and what a minute of it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """The limits on one recording. Above `confirm_minutes` (0: never) somebody has to say yes first.

    `price_per_minute` is in US dollars, as the endpoints reckon; 0 where nobody told.
    """

    max_file_mb: int = 1024
    max_minutes: int = 240
    confirm_minutes: int = 0
    price_per_minute: float = 0.0

    @property
    def max_file_bytes(self) -> int:
        """The largest file that is downloaded."""
        return self.max_file_mb * 1024**2

    @property
    def max_seconds(self) -> float:
        """The longest recording that is translated."""
        return self.max_minutes * 60.0

    @property
    def confirm_above_seconds(self) -> float:
        """The longest recording that is translated unasked; 0: every one is."""
        return self.confirm_minutes * 60.0

    def spell(self, text: str) -> str:
        """Put the limits into a text of ours that names them."""
        limits = {"{max_file_mb}": self.max_file_mb, "{max_minutes}": self.max_minutes}
        for name, value in limits.items():
            text = text.replace(name, f"{value:,}")
        return text
