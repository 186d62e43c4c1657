"""What the road is made of: the parts, each handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.download import Downloader
    from bot.prepare import Decoders
    from bot.progress import ProgressBoard
    from bot.reply import Replier
    from bot.spool import Spool
    from bot.terms import Terms
    from bot.translate import Translator
    from bot.upload import Uploader


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages and what they share; `app.py` builds it, tests hand in others."""

    spool: Spool
    downloader: Downloader
    decoders: Decoders
    translator: Translator
    replier: Replier
    uploader: Uploader
    progress: ProgressBoard
    terms: Terms
