"""Where an outcome goes: to its file, to stdout, to stderr."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.shell.outcome import Outcome, Trouble, line_of, render
from bot.shell.printing import print_json, print_text, say
from bot.shell.words import OWN_TROUBLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bot.shell.order import Order


def write(outcome: Outcome, order: Order) -> Outcome:
    """Write a translation to its file, at once: who stops us later shall find what is done."""
    if outcome.whole is None or outcome.target is None:
        return outcome
    text = render(outcome.whole, order, outcome.file)
    try:
        outcome.target.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        words = f"{outcome.target} cannot be written ({error.strerror})"
        return replace(outcome, trouble=Trouble(OWN_TROUBLE, words), target=None)
    return outcome


def tell(outcome: Outcome, order: Order) -> None:
    """Say how a recording ended: its English on stdout, the rest on stderr; all of it as JSON, if wanted."""
    if order.is_json:
        print_json(line_of(outcome, order))
        return
    if outcome.whole and order.out is None:
        text = render(outcome.whole, order, outcome.file)
        is_headed = order.output_format == "text" and len(order.files) > 1
        print_text((f"== {_shown_name(outcome.file, order.files)} ==\n" if is_headed else "") + text)
    if outcome.trouble:
        say(f"{outcome.file}: {outcome.trouble.message}")
    elif outcome.remark:
        say(f"{outcome.file}: {outcome.remark}")


def _shown_name(file: Path, files: Sequence[Path]) -> str:
    is_unique = [one.name for one in files].count(file.name) == 1
    return file.name if is_unique else str(file)
