"""The command line: run, sandbox, translate, doctor, manifest, migrate; what each says and how it ends.

Exit codes: 0 done or stopped by a signal, 1 the work failed, 2 usage or configuration, 3 out of time.
Heavy parts are imported by the command that needs them, so that the others answer at once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from contextlib import suppress
from enum import IntEnum
from pathlib import Path  # noqa: TC003 -- typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import FrameType

    from bot.config import Config

# A platform that sent SIGTERM kills after 20 s or more.
STOP_SECONDS = 18
LONGEST_PROMPT = 900  # as in a channel; a test holds the two together
CONTEXT = {"help_option_names": ["-h", "--help"]}
# What is not in this version says so, whatever is typed after it.
ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}
app = typer.Typer(
    name="dragoman",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=CONTEXT,
    help="A voice message in any language, answered with its English text in the Slack thread.",
)


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    OUT_OF_TIME = 3


def main() -> None:
    """Start the command line (`dragoman` and `python -m bot`)."""
    # Importing takes a second. Until the command listens itself, there is nothing to be put in order.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    app()


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(Exit.DONE)  # no flush: the signal may have come in the middle of one


@app.callback(invoke_without_command=True)
def root(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False
) -> None:
    """Answer --version."""
    if version:
        from bot import __version__  # noqa: PLC0415 -- see the file's first lines

        typer.echo(f"dragoman {__version__}")
        raise typer.Exit(Exit.DONE)


@app.command()
def run() -> None:
    """Receive and work in one process: Socket Mode or HTTP, by what is set."""
    config = load_config()
    _configure_logs(config)
    _hide_variables(config)
    asyncio.run(_run(config))


async def _run(config: Config) -> NoReturn:
    """Run until SIGTERM or Ctrl-C. The second signal ends at once."""
    gc.disable()  # looking for garbage while everything is imported makes the start a tenth slower
    from bot.app import Bot  # noqa: PLC0415 -- see the file's first lines
    from bot.config import ConfigFaults  # noqa: PLC0415 -- the same
    from bot.store.lock import LockHeldError  # noqa: PLC0415 -- the same

    gc.enable()
    gc.freeze()

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop_or_end, stopping)
    bot = Bot(config)
    starting, stop = asyncio.ensure_future(bot.start()), asyncio.ensure_future(stopping.wait())
    await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        try:
            starting.result()
        except ConfigFaults as faults:
            _end(_say(str(faults), Exit.USAGE))
        except LockHeldError as error:
            _end(_say(str(error), Exit.FAILED))
        await stop
        with suppress(TimeoutError):  # what is not closed by then, the end of the process closes
            await asyncio.wait_for(bot.stop(), STOP_SECONDS)
    # Jobs that go on now could not be kept: the process ends here, without another turn of the loop.
    _end(Exit.DONE)


def _stop_or_end(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        _end(Exit.FAILED)
    stopping.set()


@app.command()
def migrate() -> None:
    """Bring the database to this version."""
    from bot.checks import WaitError, check_database  # noqa: PLC0415 -- see the file's first lines
    from bot.config import ConfigFaults  # noqa: PLC0415 -- the same

    async def upgrade() -> int:
        await check_database(config)
        typer.echo("The database is up to date.")
        return Exit.DONE

    config = load_config(needs_slack=False, needs_endpoint=False)
    try:
        raise typer.Exit(asyncio.run(_until_stopped(upgrade())))
    except ConfigFaults as faults:
        raise typer.Exit(_say(str(faults), Exit.USAGE)) from None
    except WaitError as error:
        raise typer.Exit(_say(str(error), Exit.FAILED)) from None


@app.command()
def manifest(
    url: Annotated[str, typer.Option(help="The bot's public https address: HTTP mode.")] = "",
    command: Annotated[str, typer.Option(help="Another name for /translate.")] = "",
) -> None:
    """Print the app manifest, to be pasted where Slack asks for it."""
    from bot import manifest as app_manifest  # noqa: PLC0415 -- see the file's first lines

    try:
        url = app_manifest.public_url(url) if url else ""
    except ValueError:
        message = "--url must be the public https address where Slack reaches the bot, such as https://bot.example.org"
        raise typer.Exit(_say(message, Exit.USAGE)) from None
    command = command or app_manifest.DEFAULT_COMMAND
    if not app_manifest.is_command(command):
        message = "--command must be a slash and up to 31 small letters, digits, - or _, such as /english"
        raise typer.Exit(_say(message, Exit.USAGE))
    typer.echo(app_manifest.as_yaml(url=url, command=command), nl=False)


@app.command()
def sandbox(  # noqa: PLR0913, PLR0917 -- as many options as the sandbox has; typer passes them by name
    share: Annotated[
        list[str] | None, typer.Option(metavar="FILE|sample[:NAME]", help="Share a recording; repeatable.")
    ] = None,
    channel: Annotated[str, typer.Option(help="Where it is shared.")] = "support",
    prompt: Annotated[str, typer.Option(help="Set that channel's prompt first.")] = "",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port of the embedded Slack.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Keep the bot's data here.")] = None,
    endpoint: Annotated[str, typer.Option(help="`real` uses COMETAPI_KEY.")] = "stand-in",
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds until --once gives up.")] = 120,
    *,
    once: Annotated[bool, typer.Option("--once", help="End with the last reply.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
    http: Annotated[bool, typer.Option("--http", help="Deliver over HTTP instead of Socket Mode.")] = False,
) -> None:
    """Run the bot against an embedded Slack: no account, no key."""
    from bot.sandbox import play  # noqa: PLC0415 -- see the file's first lines

    if endpoint not in {"stand-in", "real"}:
        raise typer.Exit(_say("--endpoint must be stand-in or real", Exit.USAGE))
    prompt = _checked_prompt(prompt)
    options = play.Options(
        shares=tuple(share or ()),
        channel=channel,
        prompt=prompt,
        port=port,
        data=data,
        is_real_endpoint=endpoint == "real",
        is_http=http,
        is_json=as_json,
        is_once=once,
        timeout_seconds=timeout,
    )
    try:
        raise typer.Exit(asyncio.run(play.play(options)))
    except play.UsageError as error:
        raise typer.Exit(_say(str(error), Exit.USAGE)) from None


@app.command()
def translate(  # noqa: PLR0913 -- as many options as a recording can have; typer passes them by name
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Recordings; - is one piped in.")],
    prompt: Annotated[str, typer.Option(help="Names, terms and tone, as a hint.")] = "",
    temperature: Annotated[float, typer.Option(help="0 to 1; more is freer.")] = 0,
    output_format: Annotated[str, typer.Option("--format", help="text, srt, vtt or json.")] = "text",
    out: Annotated[Path | None, typer.Option(help="A file, or a folder for several.")] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for every file, errors too.")
    ] = False,
) -> None:
    """Translate recordings into English, without Slack.

    Ends with 0 when all is translated, 1 when some of it could not be,
    2 when nothing was begun. MAX_FILE_MB and MAX_MINUTES hold here too.

    With --json every file gives one line on stdout, in the order named:
    file, text, seconds, segments, gaps (what could not be translated), and
    out, or the subtitles; where something failed, error (a fixed word) and
    message. Only why nothing was begun stands on stderr.
    """
    from bot.shell.order import Order, UsageError  # noqa: PLC0415 -- see the file's first lines
    from bot.shell.printing import OutputError  # noqa: PLC0415 -- the same
    from bot.shell.translating import translate_files  # noqa: PLC0415 -- the same

    order = Order(
        files=files,
        prompt=_checked_prompt(prompt),
        temperature=temperature,
        output_format=output_format,
        out=out,
        is_json=as_json,
    )
    config = load_config(needs_slack=False)
    _configure_logs(config, level="error")
    try:
        raise typer.Exit(asyncio.run(_until_stopped(translate_files(config, order))))
    except UsageError as error:
        raise typer.Exit(_say(str(error), Exit.USAGE)) from None
    except OutputError as error:
        raise typer.Exit(_say(str(error), Exit.FAILED) if str(error) else Exit.FAILED) from None


@app.command(context_settings=ANYTHING)
def web() -> None:
    """Receive only (not in this version)."""
    raise typer.Exit(_not_in_this_version("web"))


@app.command(context_settings=ANYTHING)
def worker() -> None:
    """Work only (not in this version)."""
    raise typer.Exit(_not_in_this_version("worker"))


@app.command()
def doctor(
    *,
    requests: Annotated[
        bool, typer.Option(help="Try the engines at the endpoint: a fraction of a cent.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for every check.")] = False,
) -> None:
    """Check all that the bot needs, and say what to do.

    One line each: ok, warn or fail, the check's name, what was found, the
    remedy. Nothing is changed, and a bot may run meanwhile. Ends with 0,
    with 1 when a check failed, with 2 when the configuration is at fault.

    With --json every check gives one line: check, state (ok, warn, fail),
    found, remedy (empty where there is nothing to do).
    """
    from bot.doctor.telling import report  # noqa: PLC0415 -- see the file's first lines
    from bot.sandbox import samples  # noqa: PLC0415 -- the same
    from bot.shell.printing import OutputError  # noqa: PLC0415 -- the same

    config = load_config()
    _configure_logs(config, level="error")
    sample, *_ = samples.load()
    work = report(config, sample.path, takes_requests=requests, is_json=as_json)
    try:
        raise typer.Exit(asyncio.run(_until_stopped(work)))
    except OutputError as error:
        raise typer.Exit(_say(str(error), Exit.FAILED) if str(error) else Exit.FAILED) from None


def load_config(*, needs_slack: bool = True, needs_endpoint: bool = True) -> Config:
    """Read the configuration, or end with its faults in one line."""
    from bot.config import Config, ConfigFaults  # noqa: PLC0415 -- see the file's first lines

    try:
        return Config.load(needs_slack=needs_slack, needs_endpoint=needs_endpoint)
    except ConfigFaults as faults:
        raise typer.Exit(_say(str(faults), Exit.USAGE)) from None


def _checked_prompt(prompt: str) -> str:
    """Take what the bot takes as a channel's prompt."""
    prompt = prompt.strip()
    if len(prompt) > LONGEST_PROMPT:
        message = f"--prompt has {len(prompt):,} characters; {LONGEST_PROMPT} are the most"
        raise typer.Exit(_say(message, Exit.USAGE))
    return prompt


async def _until_stopped(work: Coroutine[object, object, int]) -> int:
    """Do the work and give its exit code; a signal ends it, orderly and with 0."""
    task = asyncio.ensure_future(work)
    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is under nohup
        numbers.append(signal.SIGHUP)  # the terminal was closed: nobody's voice is left in a folder

    def stop() -> None:
        if not task.cancelling():  # a second signal must not stop the tidying up
            task.cancel()

    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return Exit.DONE


def _hide_variables(config: Config) -> None:
    """Take our variables out of the environment: Bolt acts on some by itself, and children inherit all."""
    for name in config.variables():
        os.environ.pop(name, None)


def _configure_logs(config: Config, *, level: str = "") -> None:
    from bot import logs  # noqa: PLC0415 -- see the file's first lines

    secrets = (
        config.slack_bot_token,
        config.slack_app_token,
        config.slack_signing_secret,
        config.cometapi_key,
        config.given_database_url,
    )
    logs.configure(
        level or config.log_level,
        config.log_format,
        secrets=[secret.get_secret_value() for secret in secrets],
    )


def _not_in_this_version(command: str) -> int:
    return _say(f"`dragoman {command}` is not in this version", Exit.USAGE)


def _say(message: str, code: Exit) -> int:
    typer.echo(message, err=True)
    return code


def _end(code: int) -> NoReturn:
    """End the process now: threads and tasks that are left have nothing to keep any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
