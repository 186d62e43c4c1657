"""Trouble with key, money or model → one message to whoever runs the bot, at most once a day each."""

from __future__ import annotations

import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from bot.errors import (
    EndpointCreditError,
    EndpointKeyError,
    EndpointModelError,
    LocalModelError,
    NotEnglishError,
    OriginalModelError,
)
from bot.notice import Notice
from bot.remedies import MODELS, is_retired, remedy_for
from bot.rich_text import SENTENCE_END

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.config import Config
    from bot.errors import EndpointError
    from bot.notice import NoticeState

log = structlog.get_logger()

MENDED_BY_AN_ADMIN = frozenset(
    {EndpointKeyError.reason, EndpointCreditError.reason, EndpointModelError.reason}
)
AT_MOST_EVERY = timedelta(hours=24)
# A message that Slack refused is tried again with trouble that comes so much later.
AGAIN_AFTER = timedelta(minutes=10)
# The end of an alert's key says when it was said.
MOMENT = "%Y%m%dT%H%M%SZ"

MODEL_TEXT = "{who} doesn't offer the model that it is asked for: {models}."
RETIRED_TEXT = (
    "{who} no longer offers `whisper-1`. Its maker ends it on 2027-02-26, together with the kind of request "
    "that the engine `translations` makes."
)
HAPPENED: Mapping[type[EndpointError], str] = {
    EndpointKeyError: "{who} doesn't accept the key, or the address is wrong.",
    EndpointCreditError: "{who} says that its credit is used up.",
    LocalModelError: "{who} can't load its model: {models}.",
    OriginalModelError: (
        "{who} doesn't offer the model that writes down the words as they were said: "
        "`TRANSCRIPTION_MODEL` is `{transcription}`."
    ),
    NotEnglishError: (
        "{who} gave a recording back in another language than English: the model can't translate ({models})."
    ),
}
# What is said behind the remedy.
TRY_MODEL_TEXT = "`dragoman doctor` tells which engines work."
NEEDS_TWO_TEXT = (
    "It needs two models that the service offers: `TRANSCRIPTION_MODEL` (now `{transcription}`) and "
    "`CHAT_MODEL` (now `{chat}`)."
)
BESIDES: Mapping[type[EndpointError], str] = {
    EndpointKeyError: "`dragoman doctor` tells whether they work.",
    LocalModelError: "The log says why it can't be loaded.",
    NotEnglishError: "",
}
NO_RESTART_TEXT = "Then it goes on by itself: nothing needs a restart."

ANSWERED_TEXT = "People read in the thread: “{text}”"
STANDS_IN_TEXT = "The second engine, `{second}`, stands in; people are told only where it fails too."
# A second engine at the same endpoint has the same trouble.
SHARES_TEXT = (
    "The second engine, `{second}`, uses the same key and account, so it will hardly help. "
    "Where it fails too, people read in the thread: “{text}”"
)
OF_THE_ACCOUNT = (EndpointKeyError, EndpointCreditError)
WITHOUT_ORIGINAL_TEXT = "Translations come without the words as they were said."
ONCE_TEXT = "I tell you of this at most once a day."


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Alerts:
    """Tells ALERT_CHANNEL (a channel or a person; empty: only the log) what only an admin can mend.

    Each kind of trouble of each engine is told at most once in 24 hours, whatever else is told. `say` posts
    once per key; `latest` finds the newest notice whose key begins so, from before a restart too.
    """

    def __init__(
        self,
        config: Config,
        *,
        say: Callable[[Notice], Awaitable[None]],
        latest: Callable[[str], Awaitable[NoticeState | None]],
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._config = config
        self._say = say
        self._latest = latest
        self._now = now
        self._quiet_until: dict[str, datetime] = {}

    async def tell(self, engine: str, error: EndpointError) -> None:
        """Tell of a final error of an engine, where it is one that an admin has to mend; never raises."""
        reason, now = error.reason, self._now()
        trouble = f"{engine}:{type(error).__name__}"
        if reason not in MENDED_BY_AN_ADMIN or now < self._quiet_until.get(trouble, now):
            return
        channel = self._config.alert_channel
        if not channel:
            self._quiet_until[trouble] = now + AT_MOST_EVERY
            log.warning(
                "alert.unsent", reason=reason, engine=engine, remedy="set ALERT_CHANNEL to hear of this"
            )
            return
        # With the channel, so that a corrected ALERT_CHANNEL hears of it on the same day.
        prefix = f"alert:{channel}:{trouble}:"
        text = compose_alert(engine, error, config=self._config, at=now)
        notice = Notice(f"{prefix}{now.strftime(MOMENT)}", channel, text)
        # Others that fail of it while it is told, or shortly after, need no look into the database.
        self._quiet_until[trouble] = now + AGAIN_AFTER
        is_told = False
        try:
            # In a context of its own: the job's says that one of its steps runs, and a step starts nothing.
            telling = asyncio.get_running_loop().create_task(self._tell(notice, prefix), context=Context())
            self._quiet_until[trouble] = await telling
            is_told = True
        except Exception as fault:  # noqa: BLE001 -- whatever it is, the share must go on without it
            log.warning("alert.failed", reason=reason, engine=engine, kind=type(fault).__name__)
        finally:
            if not is_told:
                del self._quiet_until[trouble]

    async def _tell(self, notice: Notice, prefix: str) -> datetime:
        """Say it unless it was said within a day; give until when nothing more of this is to be said.

        What Slack refused was not said: once the app is invited, people hear of it with the next trouble.
        """
        now, before = self._now(), await self._latest(prefix)
        if before is not None:
            at = datetime.strptime(before.key.removeprefix(prefix), MOMENT).replace(tzinfo=UTC)
            quiet_until = at + (AT_MOST_EVERY if before.is_posted else AGAIN_AFTER)
            if now < quiet_until:
                return quiet_until
        await self._say(notice)
        return now + AGAIN_AFTER  # by then it is known whether Slack took it


def compose_alert(engine: str, error: EndpointError, *, config: Config, at: datetime) -> str:
    """Say what happened, what to do, and what people see meanwhile; no texts, keys or ids of anybody."""
    host = urlsplit(config.translation_base_url).netloc
    who = "The engine on this machine" if engine == "local" else f"The translation service at `{host}`"
    facts = {
        "who": who,
        "models": _models_of(engine, config),
        "transcription": config.transcription_model,
        "chat": config.chat_model,
    }
    seen = f"Seen with the engine `{engine}` at {at:%H:%M} UTC on {at:%Y-%m-%d}."
    return "\n\n".join(
        [
            f"{_happened(engine, error).format(**facts)} {seen}",
            f"What to do: {_what_to_do(engine, error).format(**facts)}",
            f"Meanwhile: {_meanwhile(engine, error, config)} {ONCE_TEXT}",
        ]
    )


def _happened(engine: str, error: EndpointError) -> str:
    if type(error) in HAPPENED:
        return HAPPENED[type(error)]
    return RETIRED_TEXT if is_retired(engine, error) else MODEL_TEXT


def _what_to_do(engine: str, error: EndpointError) -> str:
    remedy = remedy_for(engine, error)
    remedy = remedy[0].upper() + remedy[1:]
    if isinstance(error, EndpointCreditError):
        return f"{remedy}. {NO_RESTART_TEXT}"
    besides = NEEDS_TWO_TEXT if is_retired(engine, error) else BESIDES.get(type(error), TRY_MODEL_TEXT)
    return f"{remedy}, and restart Dragoman. {besides}".rstrip()


def _models_of(engine: str, config: Config) -> str:
    """Name the variables that choose the engine's models, and what they are."""
    return ", ".join(f"`{name}` is `{getattr(config, name.lower())}`" for name in MODELS[engine])


def _meanwhile(engine: str, error: EndpointError, config: Config) -> str:
    """Say what people see until it is mended."""
    if isinstance(error, OriginalModelError):
        return WITHOUT_ORIGINAL_TEXT
    end = SENTENCE_END.search(error.text)  # what to do comes after it, and is said to admins in other words
    text = error.text[: end.end()].rstrip() if end else error.text
    second = config.engines[-1]
    if engine == second:
        return ANSWERED_TEXT.format(text=text)
    if isinstance(error, OF_THE_ACCOUNT) and second != "local":
        return SHARES_TEXT.format(second=second, text=text)
    return STANDS_IN_TEXT.format(second=second)
