"""`dragoman sandbox`: embedded Slack, endpoint and the real bot, until Ctrl-C or the last ending."""

from __future__ import annotations

import asyncio
import errno
import html
import os
import re
import signal
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bot.sandbox import samples
from bot.sandbox.backstage import Props
from bot.sandbox.bot_process import BotProcess, BotStartError, Endpoint
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.server import SlackSandbox
from bot.sandbox.story import TRANSLATED, Story
from bot.surfaces import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.sandbox.traffic import Changes

DEFAULT_PORT = 3100
SAMPLE = "sample"
DONE, FAILED, USAGE, OUT_OF_TIME = 0, 1, 2, 3
ANSWER_SECONDS = 30
ENDING_TOLD_AFTER_SECONDS = 1.0
SHARED_WITHIN_SECONDS = 10.0
ENDING = "Ending … (Ctrl-C once more ends it at once)"
STAYS = "The sandbox stays: the page can start the bot again, Ctrl-C ends everything."
NO_PROMPT = "the prompt was not set; `/translate prompt …` on the page can do it"
PROMPT_TAKEN = (words.PROMPT_SET, words.PROMPT_SAME, words.PROMPT_CLEARED, words.PROMPT_CLEAR_ALREADY)


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
    """Run the sandbox and give the exit code. Raises UsageError before the bot is started."""
    files = [find_file(share) for share in options.shares]
    if options.is_once and not files:
        msg = "--once needs --share"
        raise UsageError(msg)
    async with AsyncExitStack() as stack:
        curtain = stack.enter_context(Curtain())
        endpoint, stand_in = await _open_endpoint(stack, options)
        slack = await _open_slack(stack, options.port)
        channel = find_channel(slack, options.channel)
        data = usable(
            options.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dragoman-")))
        )
        bot = BotProcess(slack, endpoint, data=data, is_http=options.is_http)
        curtain.bot = bot
        slack.use(
            Props(
                stand_in,
                real_url=endpoint.base_url if endpoint.is_real else "",
                bot=bot,
                is_data_ours=options.data is None,
                again=lambda: find_channel(slack, options.channel),
            )
        )
        stack.push_async_callback(slack.backstage.close)
        work = asyncio.ensure_future(_act_in_time(Act(slack, bot, channel, files, options)))
        stop = asyncio.ensure_future(curtain.falls.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
            return DONE
        return work.result()


class Curtain:
    """Falls at the first signal: `falls` is set, and where that takes long it is said.

    With the second the bot is given no more time.
    """

    def __init__(self) -> None:
        self.falls = asyncio.Event()
        self.bot: BotProcess | None = None
        self._telling: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Listen to SIGTERM and Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._fall)
        return self

    def __exit__(self, *_: object) -> None:
        """Say nothing any more: the end is there."""
        if self._telling is not None:
            self._telling.cancel()

    def _fall(self) -> None:
        if not self.falls.is_set():
            self.falls.set()
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(ENDING_TOLD_AFTER_SECONDS, _tell, ENDING)
        elif self.bot is not None:
            self.bot.kill()


@dataclass(frozen=True, slots=True)
class Act:
    """What is played: the parts on stage, and what is asked of them."""

    slack: SlackSandbox
    bot: BotProcess
    channel: str
    files: Sequence[Path]
    options: Options


async def _act_in_time(act: Act) -> int:
    """Play, the bot's start included, as long as `--once` allows."""
    seconds = act.options.timeout_seconds if act.options.is_once else None
    try:
        async with asyncio.timeout(seconds):
            return await (_act(act) if act.options.is_once else _stay(act))
    except TimeoutError:
        _tell(f"no ending within {seconds:g} s")
        return OUT_OF_TIME


async def _act(act: Act) -> int:
    """Start the bot, act as a person, print what happens; end with the story, or with the bot: `--once`."""
    try:
        await act.bot.start()
    except BotStartError as error:
        _tell(str(error))
        return USAGE if error.code == USAGE else FAILED
    story = Story(act.slack.workspace, _print, is_json=act.options.is_json)
    telling = asyncio.ensure_future(_tell_story(act, story))
    ended = asyncio.ensure_future(act.bot.ended())
    try:
        await asyncio.wait({telling, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done() and not (telling.done() and telling.result()):
            _tell(f"the bot ended with exit code {ended.result()}")
            return FAILED
        if not telling.result():
            return FAILED
        story.tell_ending()
        return DONE if story.ending == TRANSLATED else FAILED
    finally:
        telling.cancel()
        ended.cancel()


async def _stay(act: Act) -> int:
    """Act as a person and print what happens for as long as the sandbox runs, whatever becomes of the bot."""
    _welcome(act)
    act.bot.listeners.append(lambda: _tell_of_death(act.bot))
    try:
        await act.slack.backstage.work_bot("start")
    except RefusedError as error:
        _tell(f"{error.rule}. {STAYS}")
    story = Story(act.slack.workspace, _print, is_json=act.options.is_json)
    await _tell_story(act, story)
    return FAILED


def _tell_of_death(bot: BotProcess) -> None:
    if bot.has_died:
        _tell(f"the bot ended with exit code {bot.exit_code}. {STAYS}")


async def _tell_story(act: Act, story: Story) -> bool:
    """Set the prompt, share the files, tell what comes of it, until that is over and nobody stays.

    Where nobody stays, a prompt that was not taken ends it at once, with False.
    """
    if act.options.prompt and not await _set_prompt_asked_for(act):
        if act.options.is_once:
            return False
        _tell(NO_PROMPT)
    changes = act.slack.changes
    for file in act.files:
        ts = await act.slack.share(file, channel=act.channel)
        story.expect(act.slack.thread(act.channel, ts)[0])
    ending: asyncio.Future[None] | None = None
    try:
        async for change in changes:
            story.tell(change)
            if act.options.is_once and story.is_over and ending is None:
                ending = asyncio.ensure_future(_end_story(act, changes))
    finally:
        if ending is not None:
            ending.cancel()
    return True


async def _end_story(act: Act, changes: Changes) -> None:
    """End the changes when the bot is through: after a reply a file may come, or the words instead of it."""
    await act.bot.idle()
    # Slack shows a file a moment after it took it.
    with suppress(TimeoutError):
        await act.slack.wait_for(_has_shared_all, timeout=SHARED_WITHIN_SECONDS)
    changes.tell(None)


def _has_shared_all(slack: SlackSandbox) -> bool:
    """Say whether every file that the bot completed stands somewhere."""
    workspace = slack.workspace
    files = [file for file in workspace.files.values() if file.user == slack.bot_user_id]
    return all(file.is_deleted or workspace.shares.get(file.id) for file in files)


async def _set_prompt_asked_for(act: Act) -> bool:
    if act.bot.state != "running":
        return False
    return await set_prompt(act.slack, act.options.prompt, act.channel)


async def set_prompt(
    slack: SlackSandbox, prompt: str, channel: str, *, patience_seconds: float = ANSWER_SECONDS
) -> bool:
    """Type the command for the prompt, print what the bot answers, and say whether it took it."""
    result = await slack.command("/translate", f"prompt {prompt}", channel=channel)
    if not result.acked:
        _tell(f"the bot did not take the prompt ({result.error})")
        return False
    try:
        [answer, *_] = await result.answers(timeout_seconds=patience_seconds)
    except TimeoutError:
        _tell(f"the bot gave no answer to the prompt within {patience_seconds:g} s")
        return False
    text = html.unescape(answer["text"])
    _tell(f"dragoman: {text}")
    return text.startswith(PROMPT_TAKEN)


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


def find_channel(slack: SlackSandbox, wanted: str) -> str:
    """Give the conversation of `--channel`: one that the bot is in, else a new one with the bot in it."""
    try:
        channel = slack.workspace.channel(wanted)
    except SandboxMisuseError:
        name = wanted.removeprefix("#")
        if not re.fullmatch(r"[\w-]{1,80}", name) or name != name.lower():
            msg = "--channel must be lower case letters, digits, - or _, at most 80, as Slack wants it"
            raise UsageError(msg) from None
        slack.add_channel(name)
        return name
    if slack.bot_user_id not in channel.members:
        msg = f"dragoman is not in #{channel.name}, so nothing would be answered: choose another --channel"
        raise UsageError(msg)
    return channel.name


def usable(folder: Path) -> Path:
    """Give the folder for the bot's data, made and tried. The bot works elsewhere, so its path is whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder.absolute()
    except OSError as error:
        msg = f"--data {folder} cannot be used ({error.strerror}): name a folder that can be written"
        raise UsageError(msg) from error


async def _open_slack(stack: AsyncExitStack, port: int | None) -> SlackSandbox:
    try:
        return await stack.enter_async_context(SlackSandbox(port=DEFAULT_PORT if port is None else port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE or port is not None:
            raise cannot_listen(port, error) from error
    return await stack.enter_async_context(SlackSandbox(port=0))


def cannot_listen(port: int | None, error: OSError) -> UsageError:
    """Say which port fails, and what would help."""
    reason = os.strerror(error.errno or 0)
    if port is None:
        return UsageError(f"port {DEFAULT_PORT} cannot be used ({reason}): give another with --port")
    return UsageError(f"--port {port} cannot be used ({reason}): leave it out or give another")


async def _open_endpoint(stack: AsyncExitStack, options: Options) -> tuple[Endpoint, EndpointSandbox | None]:
    if options.is_real_endpoint:
        return real_endpoint(os.environ), None
    stand_in = await stack.enter_async_context(EndpointSandbox())
    return Endpoint(stand_in.base_url, stand_in.key), stand_in


def real_endpoint(environ: Mapping[str, str]) -> Endpoint:
    """Read where the real endpoint is; only ever used with `--endpoint real`."""
    key = environ.get("COMETAPI_KEY", "")
    if not key:
        msg = (
            "--endpoint real needs COMETAPI_KEY: export your key of the translation endpoint "
            "(the sandbox reads the environment and not .env)"
        )
        raise UsageError(msg)
    base_url = environ.get("TRANSLATION_BASE_URL") or "https://api.cometapi.com/v1"
    return Endpoint(base_url, key, environ.get("TRANSLATION_MODEL", ""), is_real=True)


def _welcome(act: Act) -> None:
    endpoint = "the real endpoint" if act.options.is_real_endpoint else "a stand-in endpoint"
    url, token = act.slack.url, act.slack.control_token
    _tell(f"Open {act.slack.page_url} in your browser")
    _tell("")
    _tell(f"This is not Slack: an embedded workspace with {endpoint}, on this machine only. Ctrl-C ends it.")
    _tell("Without a browser, share a recording like this:")
    form = f"-F channel={act.channel} -F file=@recording.m4a"
    _tell(f"  curl -H 'Authorization: Bearer {token}' {form} {url}/control/share")


def _print(line: str) -> None:
    # Slack's texts may hold halves of characters, which no terminal takes.
    encoding = sys.stdout.encoding
    line = line.encode(encoding, "backslashreplace").decode(encoding)
    print(line, flush=True)  # noqa: T201 -- the story is this command's output


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 -- to the person, beside the story
