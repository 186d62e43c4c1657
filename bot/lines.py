"""Which engines there are, made from the configuration: one line each, in the order they are tried."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from bot.breaker import SHARES_TO_OPEN, Breaker
from bot.engines.local import LocalEngine
from bot.engines.translations import TranslationsEngine
from bot.engines.turns import FairTurns
from bot.engines.two_step import TwoStepEngine
from bot.line import Line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from bot.config import Config
    from bot.engines import Engine
    from bot.prepare import Decoders


def build_lines(
    config: Config,
    client: httpx.AsyncClient,
    decoders: Decoders,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    waits: bool = True,
) -> tuple[Line, ...]:
    """Make a line for the engine, and one for its fallback where there is one.

    With `waits` False nobody waits for an endpoint that is down: what fails has failed.
    """
    shares_to_open = SHARES_TO_OPEN if waits else math.inf
    of_endpoint, of_machine = FairTurns(config.endpoint_concurrency), FairTurns(1)
    return tuple(
        Line(
            build_engine(name, config, client, decoders),
            # This machine works on one piece at a time, and the endpoint's turns are none of its business.
            turns=of_machine if name == LocalEngine.name else of_endpoint,
            breaker=Breaker(name, shares_to_open=shares_to_open, sleep=sleep),
            sleep=sleep,
        )
        for name in config.engines
    )


def build_engine(name: str, config: Config, client: httpx.AsyncClient, decoders: Decoders) -> Engine:
    """Make the engine of that name."""
    if name == LocalEngine.name:
        return LocalEngine(config.local_model)
    if name == TwoStepEngine.name:
        return TwoStepEngine(
            client,
            base_url=config.translation_base_url,
            key=config.cometapi_key.get_secret_value(),
            transcription_model=config.transcription_model,
            chat_model=config.chat_model,
            as_mp3=decoders.as_mp3,
        )
    return TranslationsEngine(
        client,
        base_url=config.translation_base_url,
        key=config.cometapi_key.get_secret_value(),
        model=config.translation_model,
        transcription_model=config.transcription_model,
        as_mp3=decoders.as_mp3,
    )
