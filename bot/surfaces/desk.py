"""What answering people needs, and what one person typed where: the words of `surfaces/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bot import __version__

if TYPE_CHECKING:
    import asyncio

    from bot.ending import JobState
    from bot.share import Job, Share
    from bot.store.settings import Mode, SettingsStore
    from bot.terms import Terms
    from bot.web_api import WebApi


class JobStore(Protocol):
    """What surfaces want of `Jobs`."""

    async def start(self, job: Job) -> None:
        """Store a job; one that is known already is left alone."""
        ...

    async def latest(self, share: Share) -> JobState | None:
        """Find the newest job of a share."""
        ...

    async def find(self, job_id: str) -> JobState | None:
        """Find one job by its id; None where it is not known any more."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering needs. `slack_origin` is the address of the Web API: links to it are Slack's too.

    `disclosure` says to people where the sound goes.

    Slack gives 3 s for an ack; an answer that is not there after `patience_seconds` follows later.
    `tasks` keeps the answers that are being worked on from being collected as garbage.
    """

    jobs: JobStore
    settings: SettingsStore
    web_api: WebApi
    default_mode: Mode
    terms: Terms
    slack_origin: str
    disclosure: str
    bot_name: str = "Dragoman"
    version: str = __version__
    patience_seconds: float = 1.0
    tasks: set[asyncio.Task[Any]] = field(default_factory=set, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """One command: who typed which words where. `rest` is as Slack escaped it."""

    command: str
    word: str
    rest: str
    team_id: str
    channel_id: str
    user_id: str
    response_url: str
    bot_user_id: str
    bot_id: str
