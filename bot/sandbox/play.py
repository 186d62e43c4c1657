"""`dragoman sandbox`: embedded Slack, endpoint and the real bot, until Ctrl-C or the last ending."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.sandbox import samples
from bot.sandbox.bot_process import BotEndedError, BotProcess, Endpoint
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.server import SlackSandbox
from bot.sandbox.story import TRANSLATED, Story

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_PORT = 3100
SAMPLE = "sample"
DONE, FAILED, OUT_OF_TIME = 0, 1, 3


class UsageError(Exception):
    """An option does not fit; the message says which, and what would."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line. `port` None: 3100, or a free one where that is taken."""

    shares: Sequence[str] = ()
    channel: str = "support"
    prompt: str = ""
    port: int | None = None
    data: Path | None = None
    is_real_endpoint: bool = False
    is_http: bool = False
    is_json: bool = False
    is_once: bool = False
    timeout_seconds: float = 120


async def play(options: Options) -> int:
    """Run the sandbox and give the exit code. Raises UsageError before anything is started."""
    files = [find_file(share) for share in options.shares]
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        endpoint = await _open_endpoint(stack, options)
        slack = await _open_slack(stack, options.port)
        data = options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dragoman-")))
        bot = BotProcess(slack, endpoint, data=data.absolute(), is_http=options.is_http)
        stack.push_async_callback(bot.stop)
        work = asyncio.ensure_future(_act(slack, bot, files, options))
        stop = asyncio.ensure_future(stopping.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            return DONE
        return work.result()


async def _act(slack: SlackSandbox, bot: BotProcess, files: Sequence[Path], options: Options) -> int:
    """Start the bot, act as a person, print what happens; end with the story where asked to."""
    try:
        await bot.start()
    except BotEndedError as error:
        _tell(str(error))
        return FAILED
    if not options.is_once:
        _welcome(slack, bot, options)
    channel = options.channel.removeprefix("#")
    if channel not in {one.name for one in slack.workspace.channels.values()}:
        slack.add_channel(channel)
    if options.prompt:
        await slack.command("/translate", f"prompt {options.prompt}", channel=channel)
    story = Story(slack.workspace, _print, is_json=options.is_json)
    telling = asyncio.ensure_future(_tell_story(slack, story, channel, files, is_once=options.is_once))
    ended = asyncio.ensure_future(bot.ended())
    limit = options.timeout_seconds if options.is_once else None
    await asyncio.wait({telling, ended}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if telling.done():
        story.tell_ending()
        return DONE if story.ending == TRANSLATED else FAILED
    telling.cancel()
    if ended.done() and not ended.cancelled():
        _tell(f"the bot ended with exit code {ended.result()}")
        return FAILED
    _tell(f"no ending within {options.timeout_seconds:g} s")
    return OUT_OF_TIME


async def _tell_story(
    slack: SlackSandbox, story: Story, channel: str, files: Sequence[Path], *, is_once: bool
) -> None:
    """Share the files and tell what comes of it; returns when the story is over and nobody stays."""
    changes = slack.changes
    for file in files:
        ts = await slack.share(file, channel=channel)
        story.expect(slack.thread(channel, ts)[0])
    if is_once and not files:
        return
    async for change in changes:
        story.tell(change)
        if is_once and story.is_over:
            return


def find_file(share: str) -> Path:
    """Give the file of a `--share`: a path, `sample` (the first) or `sample:NAME`."""
    kind, _, name = share.partition(":")
    if kind == SAMPLE and not Path(share).exists():
        shipped = {sample.name: sample.path for sample in samples.load()}
        name = name or next(iter(shipped))
        if name not in shipped:
            msg = f"--share {share}: there is no such sample; there are {', '.join(shipped)}"
            raise UsageError(msg)
        return Path(shipped[name])
    path = Path(share)
    if not path.is_file() or not os.access(path, os.R_OK):
        msg = f"--share {share}: no file to read there; give a recording, or sample[:NAME]"
        raise UsageError(msg)
    return path


async def _open_slack(stack: AsyncExitStack, port: int | None) -> SlackSandbox:
    try:
        return await stack.enter_async_context(SlackSandbox(port=DEFAULT_PORT if port is None else port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE or port is not None:
            reason = os.strerror(error.errno or 0)
            msg = f"--port {port} cannot be used ({reason}): leave it out or give another"
            raise UsageError(msg) from error
    return await stack.enter_async_context(SlackSandbox(port=0))


async def _open_endpoint(stack: AsyncExitStack, options: Options) -> Endpoint:
    if options.is_real_endpoint:
        return real_endpoint(os.environ)
    stand_in = await stack.enter_async_context(EndpointSandbox())
    return Endpoint(stand_in.base_url, stand_in.key)


def real_endpoint(environ: Mapping[str, str]) -> Endpoint:
    """Read where the real endpoint is; only ever used with `--endpoint real`."""
    key = environ.get("COMETAPI_KEY", "")
    if not key:
        msg = "--endpoint real needs COMETAPI_KEY: set it to your key of the translation endpoint"
        raise UsageError(msg)
    base_url = environ.get("TRANSLATION_BASE_URL") or "https://api.cometapi.com/v1"
    return Endpoint(base_url, key, environ.get("TRANSLATION_MODEL", ""))


def _welcome(slack: SlackSandbox, bot: BotProcess, options: Options) -> None:
    endpoint = "the real endpoint" if options.is_real_endpoint else "a stand-in endpoint"
    _tell(f"This is not Slack: an embedded workspace at {slack.url}, with {endpoint}. Ctrl-C ends it.")
    _tell("A bot started by hand joins it with these variables:")
    for name, value in bot.environ().items():
        _tell(f"  {name}={value}")


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201 -- the story is this command's output


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 -- to the person, beside the story
