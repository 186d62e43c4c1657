"""What answering a command needs, and what one person typed where: the words of `surfaces/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bot import __version__

if TYPE_CHECKING:
    import asyncio

    from bot.ending import JobState
    from bot.share import Job, Share
    from bot.store.settings import Mode, SettingsStore
    from bot.web_api import WebApi


class JobStore(Protocol):
    """The two things that surfaces want of `Jobs`."""

    async def start(self, job: Job) -> None:
        """Store a job; one that is known already is left alone."""
        ...

    async def latest(self, share: Share) -> JobState | None:
        """Find the newest job of a share."""
        ...


@dataclass(frozen=True, slots=True)
class CommandDesk:
    """What answering needs. `slack_origin` is the address of the Web API: links to it are Slack's too.

    Slack gives 3 s for an ack; an answer that is not there after `patience_seconds` follows later.
    `tasks` keeps the answers that are being worked on from being collected as garbage.
    """

    jobs: JobStore
    settings: SettingsStore
    web_api: WebApi
    default_mode: Mode
    slack_origin: str
    endpoint_url: str
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
