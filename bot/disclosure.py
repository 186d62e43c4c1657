"""Where sound, words and hints go, said to people in a sentence or two that follow the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.engines.local import LocalEngine
from bot.engines.two_step import TwoStepEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

STAYS_HERE = (
    "The sound stays on the machine that I run on, which translates it: "
    "nothing is sent to a translation service."
)
ALONG = "this channel's prompt and terms go along."
# What the sound does; an engine is asked first, or where the one before it fails.
AT_ONCE = f"goes to {{host}} to be translated; {ALONG}"
IN_TWO_STEPS = f"goes to {{host}} to be written down, and then its words, to be translated; {ALONG}"
HERE = "is translated on the machine that I run on."


def where_sound_goes(engines: Sequence[str], base_url: str) -> str:
    """Say where it goes with these engines, named in their order; `base_url` is the endpoint's.

    Who speaks into a channel decides by these words: they must be true for the second engine, too.
    """
    first, *others = [_does(engine).format(host=urlsplit(base_url).hostname) for engine in engines]
    if not others and first == HERE:
        return STAYS_HERE
    return " ".join([f"The sound {first}", *(f"Where that fails, it {does}" for does in others)])


def _does(engine: str) -> str:
    if engine == LocalEngine.name:
        return HERE
    return IN_TWO_STEPS if engine == TwoStepEngine.name else AT_ONCE
