"""`dragoman translate`: recordings from the shell, over the same road without Slack."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.engines import Ask, Translation
from bot.engines.translations import TranslationsEngine
from bot.engines.turns import FairTurns
from bot.errors import BotError
from bot.judge import Verdict, judge
from bot.prepare import Decoders
from bot.translate import Translator, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.config import Config
    from bot.prepare import Piece

FORMATS = ("text", "json")
DONE, FAILED = 0, 1
# Requests are shared between workspaces; the shell is one.
TEAM_ID = "shell"

# What the person at the shell reads, by the error's reason; the errors' own texts speak of Slack.
WORDS = {
    "download_forbidden": "this recording may not be read: check its permissions",
    "not_ready": "something went wrong on this machine, not with the recording: try again",
    "deleted": "the recording is gone",
    "external": "this only links to a recording: give the recording itself",
    "too_large": "the recording is too large: split it",
    "too_long": "the recording is too long: split it",
    "not_decodable": "this can't be read as a recording: it is empty, damaged or not audio at all",
    "no_sound": "there is no sound in this file",
    "endpoint_key": "the endpoint doesn't accept the key: check COMETAPI_KEY and TRANSLATION_BASE_URL",
    "endpoint_credit": "the endpoint says that the credit is used up: top it up",
    "endpoint_model": "the endpoint doesn't offer the model: check TRANSLATION_MODEL",
    "endpoint_down": "the endpoint isn't answering properly right now: try again in a few minutes",
    "endpoint_refused": "the endpoint refused this recording: try it as MP3 or M4A",
    "budget": "the budget is used up",
}


class UsageError(Exception):
    """What was asked for cannot be done; the message says why, and what can."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line. `out` None: to stdout."""

    files: Sequence[Path]
    prompt: str = ""
    output_format: str = "text"
    out: Path | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What every file of an order goes through."""

    decoders: Decoders
    translator: Translator
    console: Console


async def translate_files(config: Config, order: Order, console: Console | None = None) -> int:
    """Translate each file and write what came; give the exit code. One that fails stops no other.

    Raises UsageError before any request where there is no place for the outcome. `console` shows how
    far it is, where that is a terminal.
    """
    targets = find_targets(order)
    outcomes = []
    async with httpx.AsyncClient() as client:
        engine = TranslationsEngine(
            client,
            base_url=config.translation_base_url,
            key=config.cometapi_key.get_secret_value(),
            model=config.translation_model,
        )
        translator = Translator(engine, turns=FairTurns(config.endpoint_concurrency))
        tools = Tools(Decoders(at_once=2), translator, console or Console(stderr=True))
        await tools.decoders.start()
        try:
            for file, target in zip(order.files, targets, strict=True):
                translation = await _translate_file(file, order, tools)
                outcomes.append(translation is not None and _write(translation, order, file, target))
        finally:
            await tools.decoders.close()
    return DONE if all(outcomes) else FAILED


async def _translate_file(file: Path, order: Order, tools: Tools) -> Translation | None:
    """Translate one file; say on stderr why where that fails."""
    try:
        with tempfile.TemporaryDirectory(prefix="dragoman-") as folder, _progress(tools.console) as progress:
            bar = progress.add_task(file.name, total=None, done="reading")
            pieces = [piece async for piece in tools.decoders.prepare(file, Path(folder))]
            total = sum(piece.seconds for piece in pieces)
            progress.update(bar, total=total, done=f"0 of {total:.0f} s")
            heard = 0.0

            async def translate(piece: Piece) -> Translation:
                nonlocal heard
                translation = await tools.translator.translate(
                    piece, Ask(prompt=order.prompt), team_id=TEAM_ID, job_id=TEAM_ID
                )
                heard += piece.seconds
                progress.update(bar, completed=heard, done=f"{heard:.0f} of {total:.0f} s")
                return translation

            translation = join(await asyncio.gather(*map(translate, pieces)), pieces)
    except BotError as error:
        _say(f"{file}: {WORDS[error.reason]} [{error.reason}]")
        return None
    except OSError as error:
        _say(f"{file}: {WORDS['not_ready']} ({error.strerror or error})")
        return None
    if judge(translation) is Verdict.NO_SPEECH:
        _say(f"{file}: no speech in this recording")
    return translation


def _progress(console: Console) -> Progress:
    """Make the bar: on a terminal only, gone when the file is done, and never in the way of stdout."""
    words = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[done]}"))
    return Progress(
        *words,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=not console.is_terminal,
    )


# --- where it is written ------------------------------------------------------------------------


def find_targets(order: Order) -> list[Path | None]:
    """Give the file that each outcome is written to, None for stdout, having tried that it can be.

    A folder takes `a.txt` of `a.mp3`; where that would be one file for two, `a.mp3.txt`.
    """
    out = order.out
    if out is None:
        return [None] * len(order.files)
    is_alone = len(order.files) == 1
    if not is_alone and out.exists() and not out.is_dir():
        msg = f"--out {out} is a file: for several recordings name a folder"
        raise UsageError(msg)
    try:
        if is_alone and not out.is_dir():
            _try_file(out, order.files[0])
            return [out]
        out.mkdir(exist_ok=True)
        _try_folder(out)
    except OSError as error:
        msg = f"--out {out} cannot be written ({error.strerror})"
        raise UsageError(msg) from error
    return _names_in(out, order)


def _try_file(out: Path, source: Path) -> None:
    if not out.exists():
        _try_folder(out.parent)
    elif out.samefile(source):
        msg = f"--out {out} is the recording itself: name another file"
        raise UsageError(msg)
    elif out.is_file():  # anything else, such as a pipe, might wait for a reader
        with out.open("ab"):
            pass


def _try_folder(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder):
        pass


def _names_in(folder: Path, order: Order) -> list[Path | None]:
    """Give each recording a name of its own, that of no recording among them."""
    suffix = ".txt" if order.output_format == "text" else ".json"
    stems = Counter(file.stem.casefold() for file in order.files)
    taken = {_spelling(file) for file in order.files}
    targets: list[Path | None] = []
    for file in order.files:
        names = [file.stem] if stems[file.stem.casefold()] == 1 else []
        names += [file.name, *(f"{file.name}.{number}" for number in range(2, len(taken) + 3))]
        free = (folder / (name + suffix) for name in names)
        target = next(one for one in free if _spelling(one) not in taken)
        taken.add(_spelling(target))
        targets.append(target)
    return targets


def _spelling(path: Path) -> str:
    """Give the one spelling by which files are told apart, also where case makes no difference."""
    return str(path.resolve()).casefold()


def _write(translation: Translation, order: Order, file: Path, target: Path | None) -> bool:
    """Write to stdout or to the target, and say whether that went well."""
    if target is None:
        name = _shown_name(file, order.files) if len(order.files) > 1 else ""
        sys.stdout.write(render(translation, order.output_format, name=name))
        sys.stdout.flush()
        return True
    try:
        target.write_text(render(translation, order.output_format), encoding="utf-8")
    except OSError as error:
        _say(f"{file}: {target} cannot be written ({error.strerror})")
        return False
    return True


def _shown_name(file: Path, files: Sequence[Path]) -> str:
    is_unique = [one.name for one in files].count(file.name) == 1
    return file.name if is_unique else str(file)


def render(translation: Translation, output_format: str, *, name: str = "") -> str:
    """Give a translation as it is written, the text or JSON with the timed segments, under its name."""
    if output_format == "text":
        return (f"== {name} ==\n" if name else "") + translation.text + "\n"
    segments = [asdict(segment) for segment in translation.segments]
    told = ({"file": name} if name else {}) | {"text": translation.text, "segments": segments}
    return json.dumps(told, ensure_ascii=False) + "\n"


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
