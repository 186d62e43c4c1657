"""A piece as MP3, made by the real decoder for an endpoint that takes no FLAC."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from bot.engines import Ask
from bot.engines.translations import TranslationsEngine
from bot.prepare import Decoders
from bot.sandbox.endpoint import EndpointSandbox

SAMPLE = next((Path(__file__).parents[2] / "bot" / "sandbox" / "samples").glob("*.m4a"))


@pytest.mark.parametrize(
    "measures_files", [pytest.param(False, id="as OpenAI says it"), pytest.param(True, id="as gateways do")]
)
async def test_an_endpoint_without_flac(tmp_path: Path, *, measures_files: bool) -> None:
    """The MP3 is taken for the same sound by a strict endpoint, and the next piece goes as MP3 at once."""
    decoders = Decoders(at_once=1)
    async with EndpointSandbox() as endpoint, httpx.AsyncClient() as client:
        endpoint.refused_extensions, endpoint.measures_files = frozenset({".flac"}), measures_files
        engine = TranslationsEngine(
            client,
            base_url=endpoint.base_url,
            key=endpoint.key,
            model="whisper-1",
            as_mp3=decoders.as_mp3,
        )
        try:
            async with aclosing(decoders.prepare(SAMPLE, tmp_path)) as pieces:
                (piece,) = [one async for one in pieces]
            first = await engine.translate(piece, Ask())
            second = await engine.translate(piece, Ask())
        finally:
            await decoders.close()
        names = [one.file_name for one in endpoint.requests]
        statuses = [one.status for one in endpoint.requests]
        seconds = [one.seconds for one in endpoint.requests[1:]]
    assert first.text == second.text != ""
    assert names == ["audio.flac", "audio.mp3", "audio.mp3"]
    assert statuses == [500 if measures_files else 400, 200, 200]
    assert seconds == pytest.approx([piece.seconds] * 2, abs=0.2)
