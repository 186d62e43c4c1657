"""Trouble with key, money or model → one message to whoever runs the bot, at most once a day each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.errors import EndpointError
    from bot.notice import Notice


class Alerts:
    """Tells `channel_id` (a channel or a person; empty: nobody) what only they can mend."""

    def __init__(self, channel_id: str, *, say: Callable[[Notice], Awaitable[None]]) -> None:
        self._channel_id = channel_id
        self._say = say

    async def tell(self, engine: str, error: EndpointError) -> None:
        """Tell of a final error of an engine, where it is one that an admin has to mend."""
