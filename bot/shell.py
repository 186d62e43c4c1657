"""`dragoman translate`: recordings from the shell, over the same road without Slack."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from rich.console import Console

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

FORMATS = ("text", "json")
DONE, FAILED = 0, 1
# Requests are shared between workspaces; the shell is one.
TEAM_ID = "shell"


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line. `out` None: to stdout."""

    files: Sequence[Path]
    prompt: str = ""
    output_format: str = "text"
    out: Path | None = None


async def translate_files(config: Config, order: Order) -> int:
    """Translate each file and write what came; give the exit code. One that fails stops no other."""
    outcomes = []
    async with httpx.AsyncClient() as client:
        engine = TranslationsEngine(
            client,
            base_url=config.translation_base_url,
            key=config.cometapi_key.get_secret_value(),
            model=config.translation_model,
        )
        translator = Translator(engine, turns=FairTurns(config.endpoint_concurrency))
        decoders = Decoders(at_once=2)
        await decoders.start()
        try:
            for file in order.files:
                with Console(stderr=True).status(f"Translating {file.name} …"):
                    outcomes.append(await _translate_file(file, order, decoders, translator))
        finally:
            await decoders.close()
    return DONE if all(outcomes) else FAILED


async def _translate_file(file: Path, order: Order, decoders: Decoders, translator: Translator) -> bool:
    """Translate one file and write it; say on stderr why where that fails."""
    ask = Ask(prompt=order.prompt)
    with tempfile.TemporaryDirectory(prefix="dragoman-") as folder:
        try:
            pieces = [piece async for piece in decoders.prepare(file, Path(folder))]
            asked = (translator.translate(piece, ask, team_id=TEAM_ID) for piece in pieces)
            translation = join(await asyncio.gather(*asked), pieces)
        except BotError as error:
            _say(f"{file}: {error.text.replace('/translate LINK', 'dragoman translate')} [{error.reason}]")
            return False
    if judge(translation) is Verdict.NO_SPEECH:
        _say(f"{file}: no speech in this recording")
    _write(render(translation, order.output_format), order, file)
    return True


def render(translation: Translation, output_format: str) -> str:
    """Give a translation as it is written: the text, or JSON with the timed segments."""
    if output_format == "text":
        return translation.text + "\n"
    segments = [asdict(segment) for segment in translation.segments]
    return json.dumps({"text": translation.text, "segments": segments}, ensure_ascii=False) + "\n"


def _write(text: str, order: Order, file: Path) -> None:
    """Write to stdout, to the file `out`, or for several files into the folder `out`."""
    if order.out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    elif len(order.files) == 1 and not order.out.is_dir():
        order.out.write_text(text, encoding="utf-8")
    else:
        order.out.mkdir(parents=True, exist_ok=True)
        suffix = ".txt" if order.output_format == "text" else ".json"
        (order.out / (file.stem + suffix)).write_text(text, encoding="utf-8")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
