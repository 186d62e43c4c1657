"""All checks in their order: run side by side, each in its time, told one after the other."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import httpx
import structlog

from bot.doctor import engines, formats, models, place, slack
from bot.doctor.finding import Finding, State, blocked, fail
from bot.doctor.patient import Patient
from bot.prepare import Decoders
from bot.web_api import WebApi, build_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from bot.config import Config

log = structlog.get_logger()

QUICK_SECONDS: Final = 30.0
REQUEST_SECONDS: Final = 130.0  # an engine gives up by itself after 120
FORMATS_SECONDS: Final = 300.0
LOCAL_SECONDS: Final = 900.0  # the model may have to be downloaded


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report. It is not tried while one of its `needs` has failed."""

    name: str
    look: Callable[[Patient], Awaitable[Finding]]
    needs: tuple[str, ...] = ()
    seconds: float = QUICK_SECONDS


def checks_for(config: Config, *, takes_requests: bool = True) -> list[Check]:
    """List the checks that this configuration needs, in the order in which they are told."""
    by_mode = (
        Check("app token", slack.app_token)
        if config.is_socket_mode
        else Check("signing secret", slack.signing_secret)
    )
    checks = [
        Check("bot token", slack.bot_token),
        Check("scopes", slack.scopes, ("bot token",)),
        by_mode,
        Check("membership", slack.membership, ("bot token",)),
        Check("alert channel", slack.alert_channel, ("bot token",)),
        Check("database", place.check_database),
        Check("data folder", place.data_folder),
        Check("decoder", place.decoder),
        Check("decoder fence", place.decoder_fence),
    ]
    if variables := models.models_of(config):
        checks.append(Check("endpoint", models.endpoint, seconds=REQUEST_SECONDS))
        checks += [Check(name, partial(_model, variable=name), ("endpoint",)) for name in variables]
    for name in config.engines:
        checks += _checks_of_engine(name, takes_requests=takes_requests)
    return checks


def _checks_of_engine(name: str, *, takes_requests: bool) -> list[Check]:
    own, needs = f"engine {name}", ("decoder",) if name == "local" else ("decoder", "endpoint")
    look = partial(engines.engine, name=name)
    if name == "local":
        return [Check(own, look, needs, LOCAL_SECONDS)]
    if not takes_requests:
        return []
    # Two of its requests each have as long as they may.
    checks = [Check(own, look, needs, 2 * REQUEST_SECONDS)]
    if name == "translations":
        checks.append(Check("sound formats", formats.sound_formats, (own,), FORMATS_SECONDS))
        checks.append(
            Check("response formats", formats.response_formats, (own, "sound formats"), FORMATS_SECONDS)
        )
    return checks


async def _model(patient: Patient, variable: str) -> Finding:
    return models.model(patient, variable)


@asynccontextmanager
async def admitted(config: Config, sample: Path, *, takes_requests: bool = True) -> AsyncIterator[Patient]:
    """Give what the checks look at, and let go of it again."""
    web_api = WebApi(
        build_client(api_url=config.slack_api_url, token=config.slack_bot_token.get_secret_value())
    )
    decoders = Decoders(at_once=1)
    # The folder goes last, when no child is left that could write into it.
    with TemporaryDirectory(prefix="dragoman-") as folder:
        try:
            async with httpx.AsyncClient() as client:
                yield Patient(
                    config=config,
                    web_api=web_api,
                    client=client,
                    decoders=decoders,
                    sample=sample,
                    folder=Path(folder),
                    today=datetime.now(UTC).date(),
                    takes_requests=takes_requests,
                )
        finally:
            await decoders.close()
            await web_api.close()


async def examine(patient: Patient, checks: Sequence[Check]) -> AsyncGenerator[tuple[str, Finding], None]:
    """Run all checks at once, and give what each found as soon as those before it are told."""
    tasks: dict[str, asyncio.Task[Finding]] = {}
    # In order: who needs another finds its task there.
    for check in checks:
        tasks[check.name] = asyncio.create_task(_run(check, patient, dict(tasks)))
    try:
        for name, task in tasks.items():
            yield name, await task
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _run(check: Check, patient: Patient, earlier: Mapping[str, asyncio.Task[Finding]]) -> Finding:
    """Run one check in its time; whatever goes wrong in it is what it found."""
    for need in check.needs:
        found = await earlier[need]
        if found.blocked_by or found.state is State.FAIL:
            return blocked(found.blocked_by or need)
    try:
        async with asyncio.timeout(check.seconds):
            return await check.look(patient)
    except TimeoutError:
        return fail(f"no result after {check.seconds:.0f} s", "try again; look for what is slow or hangs")
    except Exception as error:
        # One check that breaks is no reason to say nothing of the others.
        log.exception("check.broken", check=check.name)
        return fail(f"the check itself broke ({type(error).__name__})", "tell Dragoman's makers")
