"""The lines as the configuration wants them: which engines, in which order, and with whose turns."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.config import Config
from bot.errors import EndpointDownError
from bot.lines import build_lines
from bot.prepare import Decoders

if TYPE_CHECKING:
    from bot.line import Line

ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-1-a",
    "SLACK_APP_TOKEN": "xapp-1-a",
    "COMETAPI_KEY": "sk-x",
    "LOCAL_MODEL": "small",
}


async def lines_for(*, waits: bool = True, **more: str) -> tuple[Line, ...]:
    """Build the lines of such a configuration."""
    config = Config.load(ENVIRON | more, env_file=None)
    async with httpx.AsyncClient() as client:
        return build_lines(config, client, Decoders(at_once=1), sleep=asyncio.sleep, waits=waits)


@pytest.mark.parametrize("engine", ["translations", "two-step", "local"])
@pytest.mark.parametrize("fallback", ["", "translations", "two-step", "local"])
async def test_engines_come_in_their_order(engine: str, fallback: str) -> None:
    """The engine comes first, then its fallback where there is another one; each has its own breaker."""
    lines = await lines_for(TRANSLATION_ENGINE=engine, TRANSLATION_FALLBACK=fallback)
    assert [line.name for line in lines] == [engine, *([fallback] if fallback not in {"", engine} else [])]
    assert len({id(line.breaker) for line in lines}) == len(lines)


@pytest.mark.parametrize("waits", [True, False])
async def test_who_does_not_wait(*, waits: bool) -> None:
    """Where nobody is to wait, no line ever counts as down, however many fail in a row."""
    (line,) = await lines_for(waits=waits)
    for number in range(50):
        line.breaker.note(f"job-{number}", EndpointDownError("503"))
    assert line.breaker.is_open is waits
