"""Print what was found: a line each, in colours on a terminal, or as JSON. Secrets are masked last."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from bot.doctor.examine import admitted, checks_for, examine
from bot.doctor.finding import State
from bot.logs import mask
from bot.shell.printing import print_json, print_text, printable

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from bot.config import Config
    from bot.doctor.finding import Finding

DONE, FAILED = 0, 1
COLOURS: Final = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


async def report(config: Config, sample: Path, *, takes_requests: bool, is_json: bool) -> int:
    """Run every check and print each as soon as it is known; give the exit code."""
    tell = tell_json if is_json else tell_line
    secrets = secrets_of(config)
    code = DONE
    checks = checks_for(config, takes_requests=takes_requests)
    async with admitted(config, sample, takes_requests=takes_requests) as patient:
        async for name, finding in examine(patient, checks):
            tell(name, masked(finding, secrets))
            if finding.state is State.FAIL:
                code = FAILED
    return code


def secrets_of(config: Config) -> list[str]:
    """Give what must not be printed, whatever its shape."""
    hidden = (
        config.slack_bot_token,
        config.slack_app_token,
        config.slack_signing_secret,
        config.cometapi_key,
        config.given_database_url,
    )
    return [value for secret in hidden if (value := secret.get_secret_value())]


def masked(finding: Finding, secrets: Collection[str]) -> Finding:
    """Take secrets out of what a server or a library may have said, and line ends."""
    found, remedy = (
        " ".join(mask(text, secrets=secrets).split()) for text in (finding.found, finding.remedy)
    )
    return replace(finding, found=found, remedy=remedy)


def tell_json(name: str, finding: Finding) -> None:
    """Print one object on a line of its own."""
    state = finding.state.value
    print_json({"check": name, "state": state, "found": finding.found, "remedy": finding.remedy})


def tell_line(name: str, finding: Finding, console: Console | None = None) -> None:
    """Print `ok   name: what was found; remedy`."""
    rest = f" {name}: {finding.found}" + (f"; {finding.remedy}" if finding.remedy else "")
    console = console or Console(file=sys.stdout)
    if not console.is_terminal:
        print_text(f"{finding.state:<4}{rest}\n")
        return
    # No markup: [brackets] in a path would be taken for colours.
    line = Text(f"{finding.state:<4}", style=COLOURS[finding.state]).append(printable(rest), style="default")
    console.print(line, soft_wrap=True, highlight=False)
