"""What is tried before anything is received: the tokens and the database.

A wrong variable ends the start with all faults in one line. A service that cannot be reached is no
fault of a variable: it is tried again until it answers. The endpoint is not called at start.
"""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.config import ConfigFaults
from bot.store import database
from bot.store.trouble import DatabaseRefusedError, DatabaseUnreachableError
from bot.web_api import TOKEN_ERRORS, Identity, SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.config import Config
    from bot.web_api import WebApi

log = structlog.get_logger()

BOT_TOKEN, APP_TOKEN = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"
PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 15, 30)


class WaitError(Exception):
    """A service cannot be reached yet; the message says which."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks found: who the bot is, and in Socket Mode the first address to connect to."""

    identity: Identity
    socket_url: str = ""


async def check(
    config: Config,
    web_api: WebApi,
    *,
    faults: Sequence[str] = (),
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Checked:
    """Check all at once, and again what could not be reached.

    Raises ConfigFaults with all that is wrong, the `faults` found earlier among it.
    """
    waiting: dict[str, Callable[[], Awaitable[object]]] = {
        "folder": lambda: check_folder(config),
        "database": lambda: check_database(config),
        "identity": lambda: check_bot_token(web_api),
    }
    if config.is_socket_mode:
        waiting["socket_url"] = lambda: check_app_token(web_api, config.slack_app_token.get_secret_value())
    found: dict[str, object] = {}
    tries = 0
    while True:
        outcomes = await asyncio.gather(*(call() for call in waiting.values()), return_exceptions=True)
        found_now = [str(outcome) for outcome in outcomes if isinstance(outcome, ConfigFaults)]
        if all_faults := [*faults, *found_now]:
            raise ConfigFaults(all_faults)
        for name, outcome in zip(list(waiting), outcomes, strict=True):
            if isinstance(outcome, WaitError):
                log.warning("start.waiting", detail=str(outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                found[name] = outcome
                del waiting[name]
        if not waiting:
            break
        await sleep(PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS) - 1)])
        tries += 1
    identity = found["identity"]
    if not isinstance(identity, Identity):  # pragma: no cover -- says to mypy what the dictionary holds
        raise TypeError
    return Checked(identity, str(found.get("socket_url", "")))


async def check_folder(config: Config) -> None:
    """Make sure that recordings can be written; where the database is in the folder, it says so itself."""
    if config.sqlite_path is not None and config.sqlite_path.is_relative_to(config.data_dir):
        return
    try:
        config.spool_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=config.spool_dir) as probe:
            probe.write(b"probe")
    except OSError as error:
        clause = f"DATA_DIR: {config.data_dir} cannot be written ({error.strerror})"
        raise ConfigFaults([f"{clause}: choose a folder that this user may write to"]) from error


def listen_fault(config: Config, error: OSError) -> str:
    """Say which of HOST and PORT keeps us from listening."""
    is_port = error.errno in {errno.EADDRINUSE, errno.EACCES}
    variable = f"PORT {config.port}" if is_port else f"HOST {config.host}"
    remedy = "choose another" if is_port else "name an address of this machine, such as 127.0.0.1"
    # asyncio puts a sentence of its own into `strerror`; an unknown name has a number that is no errno.
    why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return f"{variable} cannot be used ({why}): {remedy}"


async def check_database(config: Config) -> None:
    """Log in and bring our tables to this version."""
    try:
        await database.upgrade(config.database_url)
    except DatabaseRefusedError as error:
        raise ConfigFaults([str(error)]) from error
    except DatabaseUnreachableError as error:
        raise WaitError(str(error)) from error


async def check_bot_token(web_api: WebApi) -> Identity:
    """Ask Slack who we are."""
    try:
        return await web_api.identify()
    except SlackRefusedError as error:
        raise _refusal(BOT_TOKEN, error, "copy the Bot User OAuth Token anew") from error
    except SlackUnreachableError as error:
        raise WaitError(str(error)) from error


async def check_app_token(web_api: WebApi, app_token: str) -> str:
    """Ask for a websocket address: slack_sdk itself would try a wrong app token for ever, in silence."""
    try:
        answer = await web_api.call("apps.connections.open", longest_wait_seconds=60, app_token=app_token)
    except SlackRefusedError as error:
        remedy = "create an app-level token with the scope connections:write, and switch Socket Mode on"
        raise _refusal(APP_TOKEN, error, remedy) from error
    except SlackUnreachableError as error:
        raise WaitError(str(error)) from error
    return str(answer.get("url", ""))


def _refusal(variable: str, error: SlackRefusedError, remedy: str) -> Exception:
    """Say that Slack refuses a token; other refusals may pass, so they are waited for."""
    is_lasting = error.error in TOKEN_ERRORS or error.error in {"missing_scope", "not_allowed"}
    if is_lasting or error.method == "apps.connections.open":
        return ConfigFaults([f"{variable} is refused by Slack ({error.error}): {remedy}"])
    return WaitError(str(error))
