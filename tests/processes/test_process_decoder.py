"""Decoder children of a real bot: killed, hung, and left behind by a parent that died."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
import wave
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from real_bot import real_stage

from bot.errors import NotDecodableError
from bot.sandbox.faults import Fault
from process_tree import descendants, is_running
from recordings import sample

if TYPE_CHECKING:
    from real_bot import RealStage, Starter

pytest_plugins = ("process_fixtures",)


def decoders_of(pid: int) -> list[int]:
    """Give the processes below one that can decode: the server and its forks."""
    return [one for one in descendants(pid) if b"bot.decoder" in Path(f"/proc/{one}/cmdline").read_bytes()]


async def until_gone(*pids: int) -> None:
    """Wait until none of the processes runs."""
    deadline = time.monotonic() + 20
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline, "a decoder outlived its parent"
        await asyncio.sleep(0.02)


def long_noise(target: Path) -> Path:
    """Write ten minutes of noise, which keep a decoder busy for more than a moment."""
    second = random.Random(1).randbytes(32_000)  # noqa: S311 -- any noise will do
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(second * 600)
    return target


async def decoder_at_work(stage: RealStage) -> int:
    """Wait for a decoder that has opened its recording."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for pid in decoders_of(stage.bot.pid):
            if any("spool" in name for name in open_files(pid)):
                return pid
        await asyncio.sleep(0.005)
    message = "no decoder began"
    raise AssertionError(message)


async def idle_decoders(stage: RealStage) -> list[int]:
    """Wait until a bot that has nothing to do has the server and the fork that waits for a file."""
    deadline = time.monotonic() + 20
    while len(found := decoders_of(stage.bot.pid)) != 2:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.01)
    return found


def open_files(pid: int) -> list[str]:
    """Give the names of the files that a process has open."""
    names = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            names.append(str(link.readlink()))
    return names


async def test_a_decoder_killed_at_work(starter: Starter, tmp_path: Path) -> None:
    """A decoder that dies at work costs its file the translation, in words; the next file is translated."""
    async with real_stage(starter, tmp_path) as stage:
        hurt = await stage.slack.share(long_noise(tmp_path / "noise.wav"))
        os.kill(await decoder_at_work(stage), signal.SIGKILL)
        await stage.answered(hurt)
        assert [one.text for one in stage.replies(hurt)] == [NotDecodableError.text.replace("`", "")]
        well = await stage.slack.share(sample().path)
        await stage.answered(well)
        assert [one.text for one in stage.replies(well)] == [sample().english]


async def test_no_decoder_outlives_its_parent(starter: Starter, tmp_path: Path) -> None:
    """When the bot is killed with -9, a decoder that hangs at work ends with it, and so does the idle one."""
    async with real_stage(starter, tmp_path) as stage:
        await stage.slack.share(long_noise(tmp_path / "noise.wav"))
        hung = await decoder_at_work(stage)
        os.kill(hung, signal.SIGSTOP)
        stage.slack.faults.add(Fault("slow_file", seconds=30))
        others = decoders_of(stage.bot.pid)
        await stage.bot.kill()
        await until_gone(hung, *others)
        await stage.bot.start()
        idle = await idle_decoders(stage)
        await stage.bot.kill()
        await until_gone(*idle)
