"""Recordings → English, several at once: decoders, translator and judge as on the road, no Slack."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import structlog
from rich.console import Console

from bot.engines import Ask
from bot.errors import BotError, SilentError, TooLargeError
from bot.join import Whole, join
from bot.judge import Verdict, judge
from bot.lines import build_lines
from bot.paragraphs import gaps_of, span_mark
from bot.prepare import Decoders, Limits
from bot.shell import piped
from bot.shell.bars import Bars
from bot.shell.doubts import doubts_about
from bot.shell.order import STDIN, check, is_stream
from bot.shell.outcome import Outcome, Trouble
from bot.shell.printing import say
from bot.shell.targets import find_targets
from bot.shell.telling import tell, write
from bot.shell.words import NO_SPEECH, OWN_TROUBLE, WORDS, explain
from bot.translate import Translator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.config import Config
    from bot.engines import Translation
    from bot.piece import Piece
    from bot.shell.bars import Bar
    from bot.shell.order import Order
    from bot.terms import Terms

log = structlog.get_logger()

DONE, FAILED = 0, 1
# Requests are shared between workspaces; the shell is one.
TEAM_ID: Final = "shell"
# Short recordings one after the other would leave the endpoint idle; each long one takes room on the disk.
FILES_AT_ONCE: Final = 6


@dataclass(frozen=True, slots=True)
class Tools:
    """What every recording of an order goes through, and the folder where it lies meanwhile.

    `engine` is the last that is asked: where a recording fails, that is whose trouble is told.

    Of the terms only the limits hold: nobody is asked above CONFIRM_MINUTES, since whoever names a file
    in a shell has decided, and a script could not answer.
    """

    decoders: Decoders
    translator: Translator
    engine: str
    terms: Terms
    folder: Path
    bars: Bars


async def translate_files(config: Config, order: Order, console: Console | None = None) -> int:
    """Translate each file and write what came; give the exit code. One that fails stops no other.

    Raises UsageError before any request where something cannot be done at all. `console` shows how far
    it is, where that is a terminal.
    """
    check(order)
    targets = find_targets(order)
    for line in [] if order.is_json else doubts_about(order.prompt):
        say(line)
    terms = config.terms
    decoders = Decoders(at_once=2, limits=Limits.up_to(terms.max_seconds))
    # The folder goes last, when no child is left that could write into it.
    with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None)) as client:
            # A script must not stand still for an hour: who asked is there to ask again.
            lines = build_lines(config, client, decoders, waits=False)
            translator = Translator(lines, halve=decoders.halve)
            bars = Bars(console or Console(stderr=True))
            tools = Tools(decoders, translator, config.engines[-1], terms, Path(folder), bars)
            await decoders.start()
            try:
                return await _translate_all(order, targets, tools)
            finally:
                await decoders.close()


async def _translate_all(order: Order, targets: Sequence[Path | None], tools: Tools) -> int:
    """Translate some at once, tell of each in the order in which they were named."""
    room = asyncio.Semaphore(FILES_AT_ONCE)

    async def one(number: int) -> Outcome:
        async with room:
            return await _translate_file(number, order, targets[number], tools)

    works = [asyncio.create_task(one(number)) for number in range(len(targets))]
    code = DONE
    try:
        with tools.bars.shown():
            for work in works:
                outcome = await work
                with tools.bars.aside():
                    tell(outcome, order)
                if outcome.trouble:
                    code = FAILED
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
    return code


# --- one recording ------------------------------------------------------------------------------


async def _translate_file(number: int, order: Order, target: Path | None, tools: Tools) -> Outcome:
    """Translate one file and write it where it goes, if not to stdout. Whatever happens is its outcome."""
    file = order.files[number]
    outcome = Outcome(file, target=target)
    folder = tools.folder / str(number)
    try:
        with tools.bars.bar("stdin" if file == STDIN else file.name) as bar:
            source = _source(file, folder, tools.terms)
            if source != file:
                await piped.save(file, source, most_bytes=tools.terms.max_file_bytes)
            ask = Ask(prompt=order.prompt, temperature=order.temperature)
            whole, failed = await _translate(source, folder, ask, bar, tools)
    except BotError as error:
        words = explain(error, tools.terms, engine=tools.engine)
        return replace(outcome, trouble=Trouble(error.reason, words))
    except OSError as error:
        return replace(outcome, trouble=_own_trouble(error.strerror or str(error)))
    except Exception as error:
        # A fault of ours in one recording is no reason to give up the others.
        log.exception("file.broken", number=number)
        return replace(outcome, trouble=_own_trouble(type(error).__name__))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if judge(whole) is Verdict.NO_SPEECH:
        whole, outcome = Whole("", seconds=whole.seconds), replace(outcome, remark=NO_SPEECH)
    outcome = replace(outcome, whole=whole)
    if failed:
        times = ", ".join(map(span_mark, gaps_of(whole)))
        why = explain(failed, tools.terms, engine=tools.engine)
        words = f"{times} could not be translated: {why}"
        outcome = replace(outcome, trouble=Trouble(failed.reason, words))
    return write(outcome, order)


def _source(file: Path, folder: Path, terms: Terms) -> Path:
    """Give the file to decode, seen to be not too large; what is piped in has still to be saved there."""
    folder.mkdir()
    if is_stream(file):
        return folder / "source"
    if file.stat().st_size > terms.max_file_bytes:
        raise TooLargeError
    return file


async def _translate(
    source: Path, folder: Path, ask: Ask, bar: Bar, tools: Tools
) -> tuple[Whole, BotError | None]:
    """Translate the pieces, each as soon as it is cut; give the first error where some failed for good.

    Where nothing was said in the others, that error is raised.
    """
    pieces: list[Piece] = []
    works: list[asyncio.Task[Translation | BotError]] = []
    try:
        async with aclosing(tools.decoders.prepare(source, folder)) as cutting:
            async for piece in cutting:
                pieces.append(piece)
                works.append(asyncio.create_task(_translate_piece(piece, folder.name, ask, bar, tools)))
                if piece.is_last:
                    bar.expect(piece.ends_at(piece.seconds))
        outcomes = await asyncio.gather(*works)
    except SilentError:
        return Whole(""), None
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
    errors = [outcome for outcome in outcomes if isinstance(outcome, BotError)]
    whole = join([None if isinstance(outcome, BotError) else outcome for outcome in outcomes], pieces)
    if errors and judge(whole) is Verdict.UNHEARD:
        raise errors[0]
    return whole, errors[0] if errors else None


async def _translate_piece(
    piece: Piece, job_id: str, ask: Ask, bar: Bar, tools: Tools
) -> Translation | BotError:
    """Translate a piece, or give the error where it failed for good; its sound is not kept."""
    try:
        translation = await tools.translator.translate(piece, ask, team_id=TEAM_ID, job_id=job_id)
    except BotError as error:
        return error
    finally:
        _forget(Path(piece.path))
    bar.translated(piece.ends_at(piece.seconds) - piece.start_seconds)
    return translation


def _forget(sound: Path) -> None:
    for path in (sound, sound.with_suffix(".mp3")):
        path.unlink(missing_ok=True)


def _own_trouble(detail: str) -> Trouble:
    return Trouble(OWN_TROUBLE, f"{WORDS[OWN_TROUBLE]} ({detail})")
