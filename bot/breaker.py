"""Whether an endpoint is worth asking: where several shares failed in a row, only one at a time tries."""

from __future__ import annotations


class Breaker:
    """The breaker of one endpoint; belongs to one event loop."""

    @property
    def is_open(self) -> bool:
        """Whether the endpoint counts as down."""
        return False
