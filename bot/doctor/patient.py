"""What the checks look at: the configuration, and the ways to Slack and the endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import httpx

    from bot.config import Config
    from bot.piece import Piece
    from bot.prepare import Decoders
    from bot.web_api import WebApi


@dataclass(slots=True)
class Patient:
    """What is examined, and what a check has found out that later ones need.

    `sample` is a recording of speech in another language than English; `folder` is for what is made of it.
    `takes_requests` says whether anything may be sent that is paid for.
    """

    config: Config
    web_api: WebApi
    client: httpx.AsyncClient
    decoders: Decoders
    sample: Path
    folder: Path
    today: date
    takes_requests: bool = True
    bot_name: str = ""
    piece: Piece | None = None
    # The model's own last day by the endpoint's list, or None where it says none.
    models: dict[str, date | None] = field(default_factory=dict)
    sound: str = ""

    @property
    def heard(self) -> Piece:
        """The piece of the sample, which the decoder's check has made."""
        if self.piece is None:  # pragma: no cover -- who needs it names the decoder among its needs
            raise LookupError
        return self.piece
