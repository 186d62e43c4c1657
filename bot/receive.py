"""A Slack message with files → jobs. Payload dictionaries end here.

A listener returns only when the job is stored, and Bolt acks only then (`process_before_response`):
what Slack heard "received" for is never lost, and what was not stored comes again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from bot.notice import Notice
from bot.share import Job, Output, Share, SlackFile
from bot.store.settings import ChannelSettings, Mode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slack_bolt.async_app import AsyncApp

    from bot.jobs import Jobs
    from bot.store.settings import SettingsStore
    from bot.store.withdrawals import WithdrawalStore
    from bot.terms import Terms
    from bot.web_api import Identity

log = structlog.get_logger()

DIRECT_CHANNEL_TYPES = frozenset({"im", "mpim"})
HELP_LINE = "{what} `/translate help` shows what else I can do."
HELP_BY_MODE = {
    Mode.ON: "Send me a voice message, or an audio or video file, and I answer with its English text.",
    Mode.ASK: "I translate what you post here when you send `/translate last`.",
    Mode.OFF: "I am switched off here; `/translate on` switches me on again.",
}
INTRODUCTION = (
    "Hi, I'm Dragoman. {what} {disclosure} I keep the text for a week and the sound not at all. "
    "`/translate prompt` teaches me your names and terms, `/translate off` stops me here."
)
INTRODUCTION_BY_MODE = {
    Mode.ON: (
        "Post a voice message, or an audio or video file, in any language, "
        "and I answer in its thread with the English text."
    ),
    Mode.ASK: "Post a recording in any language and ask for its English text with `/translate last`.",
    Mode.OFF: "I stay silent here until somebody sends `/translate on`; `/translate last` works right away.",
}


@dataclass(frozen=True, slots=True)
class Intake:
    """What receiving needs: where to put jobs, and what the channel's people have set.

    `disclosure` says to people where the sound goes.
    """

    jobs: Jobs
    settings: SettingsStore
    withdrawals: WithdrawalStore
    default_mode: Mode
    terms: Terms
    disclosure: str

    async def message(self, event: Mapping[str, Any], *, team_id: str) -> None:
        """Store a job for every recording in a new message; note what was deleted from an old one."""
        subtype = event.get("subtype")
        if subtype == "message_deleted":
            await self._note_deleted_message(event, team_id)
        elif subtype == "message_changed":
            await self._note_deleted_files(event, team_id)
        elif event.get("hidden"):
            return
        elif files := recordings(event):
            await self._take(event, files, team_id)
        elif is_small_talk(event):
            await self._help(event["channel"], event["ts"], team_id)

    async def introduce(self, channel_id: str, *, team_id: str) -> None:
        """Say once ever in a channel what the bot does, where audio goes and how to stop it."""
        mode = mode_of(await self.settings.get(team_id, channel_id), "channel", self.default_mode)
        text = INTRODUCTION.format(what=INTRODUCTION_BY_MODE[mode], disclosure=self.disclosure)
        key = f"{team_id}:{channel_id}:introduction"
        notice = Notice(key=key, channel_id=channel_id, text=text, is_once_ever=True)
        await self.jobs.say_once(notice)

    async def _help(self, channel_id: str, ts: str, team_id: str) -> None:
        """Answer small talk with one line of help."""
        mode = mode_of(await self.settings.get(team_id, channel_id), "im", self.default_mode)
        text = HELP_LINE.format(what=HELP_BY_MODE[mode])
        await self.jobs.say_once(
            Notice(key=f"{team_id}:{channel_id}:{ts}:help", channel_id=channel_id, text=text)
        )

    async def _take(self, event: Mapping[str, Any], files: Sequence[SlackFile], team_id: str) -> None:
        settings = await self.settings.get(team_id, event["channel"])
        if mode_of(settings, channel_type(event), self.default_mode) is not Mode.ON:
            return
        shares = shares_of(event, files, team_id=team_id)
        for job in jobs_of(shares, settings, terms=self.terms):
            await self.jobs.start(job)

    async def _note_deleted_message(self, event: Mapping[str, Any], team_id: str) -> None:
        await self._withdraw(team_id, event["channel"], str(event.get("deleted_ts") or ""), None)

    async def _note_deleted_files(self, event: Mapping[str, Any], team_id: str) -> None:
        message, previous = event.get("message") or {}, event.get("previous_message") or {}
        ts = str(message.get("ts") or previous.get("ts") or "")
        if message.get("subtype") == "tombstone":
            await self._withdraw(team_id, event["channel"], ts, None)
            return
        before, now = all_files(previous), all_files(message)
        standing = {file.id for file in now if not file.is_tombstone}
        # A message that tells nothing of files has not lost any: a deleted one leaves a tombstone.
        gone = {file.id for file in (*before, *now)} - standing if now else set()
        if gone:
            await self._withdraw(team_id, event["channel"], ts, gone)

    async def _withdraw(self, team_id: str, channel_id: str, ts: str, file_ids: set[str] | None) -> None:
        """Note a deletion, where a job could answer what was deleted."""
        if ts and await self.jobs.knows(team_id, channel_id, ts):
            await self.withdrawals.add(team_id, channel_id, ts, file_ids)


def register(app: AsyncApp, intake: Intake, identity: Identity) -> None:
    """Hang the listeners in, the narrow ones first: Bolt runs the first that matches."""

    async def on_message(event: dict[str, Any], context: dict[str, Any]) -> None:
        await intake.message(event, team_id=context.get("team_id") or identity.team_id)

    async def on_member_joined(event: dict[str, Any], context: dict[str, Any]) -> None:
        if event.get("user") == identity.user_id:
            await intake.introduce(event["channel"], team_id=context.get("team_id") or identity.team_id)

    async def on_other_event(event: dict[str, Any]) -> None:
        # An event nobody listens to is answered 404, and Slack sends it again: so all are received.
        log.debug("event.ignored", type=event.get("type"))

    async def on_error(error: Exception, body: dict[str, Any]) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            # Not every delivery has an event inside: `app_rate_limited` has none. It would come again, too.
            log.debug("request.ignored", type=body.get("type"))
            return BoltResponse(status=200)
        # Not acked, so Slack sends it again. Only its kind: a database error repeats what was to be stored.
        log.error("listener.failed", kind=type(error).__name__)
        return None

    app.error(on_error)
    app.event("message")(on_message)
    app.event("member_joined_channel")(on_member_joined)
    app.event(re.compile(".*"))(on_other_event)


def mode_of(settings: ChannelSettings | None, channel_type: str, default: Mode) -> Mode:
    """Give a conversation's mode: as set, else on between people and the bot, else the default."""
    if settings is not None and settings.mode is not None:
        return settings.mode
    return Mode.ON if channel_type in DIRECT_CHANNEL_TYPES else default


def channel_type(event: Mapping[str, Any]) -> str:
    """Give the kind of conversation of an event; the ids of direct messages begin with D."""
    kind = str(event.get("channel_type") or "")
    return kind or ("im" if str(event.get("channel", "")).startswith("D") else "")


def is_small_talk(event: Mapping[str, Any]) -> bool:
    """Say whether a person wrote to the bot alone, outside a thread."""
    is_person = event.get("user") and not event.get("bot_id") and not event.get("subtype")
    is_top_level = not event.get("thread_ts")
    return bool(is_person and is_top_level and channel_type(event) == "im" and event.get("text"))


def recordings(message: Mapping[str, Any]) -> list[SlackFile]:
    """Give the files of a message that people would call audio or video, in its order, each once.

    A Slack Connect stub has no type yet; it is taken, and the road finds out what it is.
    """
    taken = {
        file.id: file
        for file in all_files(message)
        if file.id and (file.is_stub or file.is_audio() or file.is_video())
    }
    return list(taken.values())


def all_files(message: Mapping[str, Any]) -> list[SlackFile]:
    """Read the files of a message, those of a forwarded message among them.

    A forwarded message has no `files` of its own: they sit in an attachment with `is_share`.
    """
    raw = list(message.get("files") or [])
    for attachment in message.get("attachments") or []:
        if isinstance(attachment, dict) and attachment.get("is_share"):
            raw += attachment.get("files") or []
    return [SlackFile.from_payload(file) for file in raw if isinstance(file, dict)]


def shares_of(message: Mapping[str, Any], files: Sequence[SlackFile], *, team_id: str) -> list[Share]:
    """Make a share of each taken file; `message` is an event or, with `channel` added, from history."""
    ts = str(message["ts"])
    thread_ts = str(message.get("thread_ts") or "")
    return [
        Share(
            team_id=team_id,
            channel_id=str(message["channel"]),
            ts=ts,
            file=file,
            thread_ts=thread_ts if thread_ts != ts else "",
            position=position,
            of=len(files),
        )
        for position, file in enumerate(files, start=1)
    ]


def jobs_of(shares: Sequence[Share], settings: ChannelSettings | None, *, terms: Terms) -> list[Job]:
    """Make the first job of each share; each waits for the one before, so replies keep the order."""
    jobs: list[Job] = []
    for share in shares:
        jobs.append(job_of(share, settings, terms=terms, after=jobs[-1].id if jobs else ""))
    return jobs


def job_of(share: Share, settings: ChannelSettings | None, *, terms: Terms, after: str = "") -> Job:
    """Make the first job of a share: what its channel has set is decided now, and stays so."""
    settings = settings or ChannelSettings()
    return Job(
        share,
        prompt=settings.prompt,
        after=after,
        output=settings.output or Output.TEXT,
        temperature=settings.temperature or 0.0,
        confirm_above_seconds=terms.confirm_above_seconds,
        glossary=settings.glossary,
        wants_original=bool(settings.wants_original),
        skips_english=bool(settings.skips_english),
    )
