"""Damaged files: each gives sound or a clear failure, in time, and harms nobody else."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import mutants
import pytest

import recordings
from bot.errors import BotError, OutcomeError
from bot.prepare import Decoders, Limits
from bot.sandbox.hearing import Heard
from bot.sandbox.records import SharedFile
from running import playing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.piece import Piece

LIMITS = Limits(decoded_seconds=60, wall_seconds=20)
AT_ONCE = 3
REFUSALS = {"not_decodable", "no_sound", "too_long"}
WORDS = ((0.0, mutants.SECONDS, "The parcel is late."),)


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """Give ten containers with a second of sound in each."""
    return mutants.seeds(tmp_path_factory.mktemp("seeds"))


def check(pieces: list[Piece]) -> None:
    """See that pieces are what they say, and not more than what is taken."""
    assert [piece.index for piece in pieces] == list(range(len(pieces)))
    assert pieces[-1].is_last
    assert 0 < sum(piece.seconds for piece in pieces) <= LIMITS.decoded_seconds
    for piece in pieces:
        assert piece.size_bytes == Path(piece.path).stat().st_size
        assert recordings.flac_seconds(Path(piece.path)) == pytest.approx(piece.seconds, abs=0.001)


def received(content: bytes, folder: Path) -> Path:
    """Write a file into a new folder."""
    folder.mkdir()
    source = folder / "received"
    source.write_bytes(content)
    return source


async def ending(decoders: Decoders, content: bytes, folder: Path) -> str:
    """Prepare a file, and say in one word how it ended; what is no ending of ours goes on its way."""
    try:
        pieces = [piece async for piece in decoders.prepare(received(content, folder), folder)]
    except BotError as error:
        return error.reason
    except OutcomeError as error:
        return type(error).__name__
    check(pieces)
    return "sound"


@pytest.mark.parametrize("seed", [kind.name for kind in mutants.SEEDS])
async def test_damaged_files(seed: str, seeds: Mapping[str, bytes], tmp_path: Path) -> None:
    """Fifty damaged copies of a file end in sound or in an error of ours; after them a good file is heard."""
    decoders, turn = Decoders(at_once=AT_ONCE, limits=LIMITS), asyncio.Semaphore(AT_ONCE)
    await decoders.start()

    async def one(number: int, content: bytes) -> tuple[str, float]:
        async with turn:
            began = time.monotonic()
            return await ending(decoders, content, tmp_path / str(number)), time.monotonic() - began

    try:
        results = await asyncio.gather(*(one(*each) for each in enumerate(mutants.mutants(seed, seeds))))
        assert await ending(decoders, seeds[seed], tmp_path / "good") == "sound"
    finally:
        await decoders.close()
    ended = Counter(name for name, _ in results)
    assert ended.total() == mutants.PER_SEED
    assert ended.keys() <= {"sound", "SilentError", *REFUSALS}
    assert ended["sound"] >= mutants.PER_SEED // 4, (
        "not one file in four survived: that is no damage but ruin"
    )
    assert max(seconds for _, seconds in results) < LIMITS.wall_seconds, "a file was ended by the clock only"


async def test_damaged_files_in_a_workspace(seeds: Mapping[str, bytes], tmp_path: Path) -> None:
    """Forty damaged files in a channel are each answered in words, and the bot goes on."""
    chosen = [content for seed in seeds for content in list(mutants.mutants(seed, seeds))[3:50:12]]
    async with playing(tmp_path / "bot", MAX_MINUTES="1") as stage:
        stage.endpoint.ears = lambda _: Heard(mutants.SECONDS, WORDS)
        shared = [
            await stage.slack.share(SharedFile(f"voice-{number}.m4a", data=content))
            for number, content in enumerate(chosen)
        ]
        ended = Counter[str]()
        for ts in shared:
            [reply] = await stage.reply("support", ts, seconds=60)
            assert reply.metadata
            payload = reply.metadata["event_payload"]
            ended[payload["ending"]] += 1
            assert payload["ending"] != "failed" or payload["reason"] in REFUSALS
            assert reply.text
        await stage.settle()
    assert ended.total() == 40
    assert ended.keys() <= {"translated", "no_speech", "failed"}
    assert ended["translated"] >= 10
