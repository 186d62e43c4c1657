"""What `/translate last` and `/translate LINK` do: find a message, and start the jobs of its recordings.

Whoever may not see a message gets the answer of one that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.ending import EndingName, JobState
from bot.errors import HiddenByLimitError
from bot.receive import all_files, job_of, recordings, shares_of
from bot.share import Job
from bot.surfaces import words
from bot.surfaces.attempts import next_job
from bot.surfaces.conversations import ask, find_conversation, may_see
from bot.surfaces.links import MessageLink
from bot.surfaces.words import Answer
from bot.web_api import SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.share import Share, SlackFile
    from bot.store.settings import ChannelSettings
    from bot.surfaces.desk import Asked, Desk
    from bot.surfaces.links import FileLink

LAST_MESSAGES = 100
# A file can be shared many times over; each conversation costs calls while somebody waits.
MOST_CONVERSATIONS = 10
TEXTS = {
    EndingName.TRANSLATED: words.DONE,
    EndingName.NO_SPEECH: words.NO_SPEECH,
}


@dataclass(frozen=True, slots=True)
class Source:
    """The message that was asked about, `channel` added to it; its link and the one file, where known."""

    message: Mapping[str, Any]
    url: str = ""
    file_id: str = ""


async def translate_last(desk: Desk, asked: Asked) -> Answer:
    """Translate the newest top-level message with recordings among the last 100 of this conversation."""
    page = await ask(desk.web_api, "conversations.history", channel=asked.channel_id, limit=LAST_MESSAGES)
    found = [
        message
        for message in ((page or {}).get("messages") or [])[:LAST_MESSAGES]
        if _is_top_level(message) and not _is_own(message, asked) and recordings(message)
    ]
    if not found:
        return Answer(words.NO_LAST.format(command=asked.command))
    newest = max(found, key=lambda message: str(message["ts"]))
    return await _translate(desk, asked, Source({**newest, "channel": asked.channel_id}))


async def translate_message(desk: Desk, asked: Asked, link: MessageLink) -> Answer:
    """Translate the recordings of the message behind a link."""
    if refusal := await _refusal(desk, asked, link.channel_id):
        return refusal
    message = await _find_message(desk, link)
    if message is None:
        return _not_found(desk)
    return await _translate(desk, asked, Source(message, url=link.url))


async def translate_file(desk: Desk, asked: Asked, link: FileLink) -> Answer:
    """Translate a file where it was shared last, as far as the bot and the person can both see it."""
    answer = await ask(desk.web_api, "files.info", file=link.file_id)
    refusals: dict[str, Answer | None] = {}
    for share in _shares((answer or {}).get("file") or {}):
        if share.channel_id not in refusals:
            if len(refusals) == MOST_CONVERSATIONS:
                break
            refusals[share.channel_id] = await _refusal(desk, asked, share.channel_id)
        if refusals[share.channel_id] is None and (message := await _find_message(desk, share)):
            return await _translate(desk, asked, Source(message, file_id=link.file_id))
    # Where the person may see the file, and I could answer if I were invited, that helps more.
    helpful = (refusal for refusal in refusals.values() if refusal not in {None, _not_found(desk)})
    return next(helpful, None) or Answer(words.FILE_NOT_FOUND.format(command=asked.command))


def invitation(desk: Desk, asked: Asked) -> Answer:
    """Ask to be invited into the conversation where the command was typed."""
    text = words.INVITE_NOT_HERE if asked.channel_id.startswith("D") else words.INVITE
    return Answer(text.format(bot_name=desk.bot_name))


async def _refusal(desk: Desk, asked: Asked, channel_id: str) -> Answer | None:
    """Say why nothing of this conversation can be translated for this person; None where it can."""
    is_here = channel_id == asked.channel_id
    conversation = await find_conversation(desk.web_api, channel_id)
    if is_here and (conversation is None or not conversation.is_member):
        return invitation(desk, asked)
    # Whoever could type the command in a conversation is in it, so only other ones are asked about.
    if conversation is None or not (
        is_here or await may_see(desk.web_api, conversation, asked.user_id, team_id=asked.team_id)
    ):
        return _not_found(desk)
    channel = f"#{conversation.name}"
    if not conversation.is_member:
        return Answer(words.INVITE_THERE.format(channel=channel, bot_name=desk.bot_name))
    if conversation.is_archived:
        return Answer(words.ARCHIVED.format(channel=channel))
    return None


async def _find_message(desk: Desk, link: MessageLink) -> dict[str, Any] | None:
    """Read one message. A reply is found by its own ts, or else among the replies to its parent.

    Slack's pages contradict each other on the first, so the answer is searched for the ts.
    """
    only = {"oldest": link.ts, "latest": link.ts, "inclusive": True, "limit": LAST_MESSAGES}
    second: tuple[str, dict[str, str]] = ("conversations.history", {})
    if link.thread_ts:
        second = ("conversations.replies", {"ts": link.thread_ts})
    for method, thread in (("conversations.replies", {"ts": link.ts}), second):
        page = await ask(desk.web_api, method, channel=link.channel_id, **only, **thread)
        for message in (page or {}).get("messages") or ():
            if message.get("ts") == link.ts:
                return {**message, "channel": link.channel_id}
    return None


async def _translate(desk: Desk, asked: Asked, source: Source) -> Answer:
    """Start what is to be started of a message, and say what happens with it."""
    message = source.message
    if message.get("subtype") == "tombstone":
        return Answer(words.MESSAGE_DELETED)
    files = [] if _is_own(message, asked) else recordings(message)
    shares = [
        share
        for share in shares_of(message, files, team_id=asked.team_id)
        if source.file_id in {"", share.file.id}
    ]
    if not shares:
        return Answer(_why_nothing(all_files(message)))
    # Before anything is started: what Slack fails at here must not hide that it was.
    url = source.url or await _permalink(desk, shares[0])
    settings = await desk.settings.get(asked.team_id, shares[0].channel_id)
    return Answer(_what_happens(await _start_jobs(desk, shares, settings)), link=url)


async def _start_jobs(
    desk: Desk, shares: Sequence[Share], settings: ChannelSettings | None
) -> list[Job | JobState]:
    """Start the next job of each share that needs one; give it, or the state that is good enough.

    What somebody asks for is translated whatever its language seems to be: Slack guesses that of a clip.
    """
    outcomes: list[Job | JobState] = []
    before = ""
    for share in shares:
        state = await desk.jobs.latest(share)
        wish = replace(job_of(share, settings, terms=desk.terms, after=before), skips_english=False)
        outcome = (next_job(state, wish) or state) if state else wish
        if isinstance(outcome, Job):
            await desk.jobs.start(outcome)
        outcomes.append(outcome)
        before = outcome.id if isinstance(outcome, Job) else outcome.job.id
    return outcomes


def _what_happens(outcomes: Sequence[Job | JobState]) -> str:
    started = [one for one in outcomes if isinstance(one, Job)]
    if started and len(started) < len(outcomes):
        return words.ON_SOME.format(started=len(started), of=len(outcomes))
    if started:
        if all(job.only for job in started):
            return words.ON_MISSING
        return words.ASKING_FIRST if all(_is_asked_first(job) for job in started) else words.ON_IT
    endings = {one.ending.name if one.ending else None for one in outcomes if isinstance(one, JobState)}
    if None in endings:
        return words.RUNNING
    texts = {TEXTS[ending] for ending in endings if ending}
    return texts.pop() if len(texts) == 1 else words.DONE


def _is_asked_first(job: Job) -> bool:
    """Say whether it is known already that a question comes before the work."""
    return 0 < job.confirm_above_seconds < (job.share.file.duration_seconds or 0.0)


def _why_nothing(files: Sequence[SlackFile]) -> str:
    """Say why a message has no recording that could be translated."""
    if any(file.is_tombstone for file in files):
        return words.RECORDING_DELETED
    if any(file.mode == "hidden_by_limit" for file in files):
        return HiddenByLimitError.text
    return words.NO_RECORDING


async def _permalink(desk: Desk, share: Share) -> str:
    """Ask for the address of a message; empty where there is none to be had, the answer works without."""
    try:
        answer = await ask(desk.web_api, "chat.getPermalink", channel=share.channel_id, message_ts=share.ts)
    except (SlackRefusedError, SlackUnreachableError):
        return ""
    return str((answer or {}).get("permalink") or "")


def _shares(file: Mapping[str, Any]) -> list[MessageLink]:
    """Read where a file was shared, the newest place first."""
    by_channel = [
        (channel_id, entry)
        for places in (file.get("shares") or {}).values()
        for channel_id, entries in places.items()
        for entry in entries
    ]
    shares = [
        MessageLink(channel_id, str(entry.get("ts") or ""), str(entry.get("thread_ts") or ""), "")
        for channel_id, entry in by_channel
    ]
    return sorted(shares, key=lambda share: share.ts, reverse=True)


def _is_top_level(message: Mapping[str, Any]) -> bool:
    return message.get("thread_ts") in {None, "", message.get("ts")}


def _is_own(message: Mapping[str, Any], asked: Asked) -> bool:
    """Say whether the bot itself posted this: what it uploads is its answer, no recording."""
    return (message.get("user") or "-") == asked.bot_user_id or (message.get("bot_id") or "-") == asked.bot_id


def _not_found(desk: Desk) -> Answer:
    return Answer(words.NOT_FOUND.format(bot_name=desk.bot_name))
