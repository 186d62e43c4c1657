"""A piece of sound → a translation that can be believed, through the engine, and where it fails the second.

Each engine stands at the end of a line (`line.py`) that knows turns, tries and patience; what comes back
is judged here, since an echo of the prompt is asked for again, and the next engine may know English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.engines import Ask, Translation
    from bot.errors import EndpointError
    from bot.line import Line
    from bot.piece import Piece


async def _go_on() -> None:
    """Find nothing against a further try."""


async def _tell_nobody(_engine: str, _error: EndpointError) -> None:
    """Have nobody to tell."""


def _wait() -> None:
    """Wait in silence."""


class Translator:
    """Translates pieces, through lines in the order in which they are to be tried.

    `on_trouble` hears of every final error of a line, also where the next one helps: whoever runs the bot
    has to know that a key or a model is gone.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        *,
        on_trouble: Callable[[str, EndpointError], Awaitable[None]] = _tell_nobody,
    ) -> None:
        self._lines = tuple(lines)
        self._on_trouble = on_trouble

    async def translate(  # noqa: PLR0913 -- who asks, for what, and three hooks
        self,
        piece: Piece,
        ask: Ask,
        *,
        team_id: str,
        job_id: str,
        check: Callable[[], Awaitable[None]] = _go_on,
        on_wait: Callable[[], None] = _wait,
    ) -> Translation:
        """Give the English of one piece, judged, or raise the last `EndpointError`.

        `check` is called before each try, and may raise: minutes may have passed since the piece was cut.
        `on_wait` is called when the piece begins to wait for an endpoint that is down.
        """
        del on_wait
        return await self._lines[0].translate(piece, ask, team_id=team_id, job_id=job_id, check=check)

    async def close(self) -> None:
        """Let go of the engines' connections."""
        for line in self._lines:
            await line.close()
