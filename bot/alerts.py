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
    EndpointRetiredError,
    LocalModelError,
    NotEnglishError,
    OriginalModelError,
)
from bot.notice import Notice
from bot.rich_text import SENTENCE_END

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.config import Config
    from bot.errors import EndpointError

log = structlog.get_logger()

MENDED_BY_AN_ADMIN = frozenset(
    {EndpointKeyError.reason, EndpointCreditError.reason, EndpointModelError.reason}
)
AT_MOST_EVERY = timedelta(hours=24)

KEY_TEXT = "{who} doesn't accept the key, or the address is wrong."
KEY_REMEDY = (
    "Check `COMETAPI_KEY` and `TRANSLATION_BASE_URL`, and restart Dragoman. "
    "`dragoman doctor` tells whether they work."
)
CREDIT_TEXT = "{who} says that its credit is used up."
CREDIT_REMEDY = (
    "Top up the account, and look whether the key has a limit of its own, which is separate. "
    "Then it goes on by itself: nothing needs a restart."
)
MODEL_TEXT = "{who} doesn't offer the model that it is asked for: {models}."
MODEL_REMEDY = "Choose one that is offered, and restart Dragoman. `dragoman doctor` tells which engines work."
LOCAL_MODEL_TEXT = "{who} can't load its model: {models}."
LOCAL_MODEL_REMEDY = (
    "Look into the log, which says why. `LOCAL_MODEL` is a size, such as `small`, or the folder of a model; "
    "then restart Dragoman."
)
ORIGINAL_MODEL_TEXT = (
    "{who} doesn't offer the model that writes down the words as they were said: "
    "`TRANSCRIPTION_MODEL` is `{transcription}`."
)
WITHOUT_ORIGINAL_TEXT = "Translations come without the words as they were said."
RETIRED_TEXT = (
    "{who} no longer offers `whisper-1`. Its maker ends it on 2027-02-26, together with the kind of request "
    "that the engine `translations` makes."
)
RETIRED_REMEDY = (
    "Set `TRANSLATION_ENGINE` to `two-step` and restart Dragoman. It needs two models that the service "
    "offers: `TRANSCRIPTION_MODEL` (now `{transcription}`) and `CHAT_MODEL` (now `{chat}`)."
)
NOT_ENGLISH_TEXT = (
    "{who} gave a recording back in another language than English: the model can't translate ({models})."
)
NOT_ENGLISH_REMEDIES = {
    "translations": (
        "Set `TRANSLATION_MODEL` to one that translates, such as `whisper-large-v3` (no model named turbo, "
        "distil or .en does), or `TRANSLATION_ENGINE` to `two-step`, and restart Dragoman."
    ),
    "two-step": "Set `CHAT_MODEL` to one that translates into English, and restart Dragoman.",
    "local": (
        "Set `LOCAL_MODEL` to one that translates, such as `small`, `medium` or `large-v3` (no model named "
        "turbo, distil or .en does), and restart Dragoman."
    ),
}
ALIKE_FOR_ALL: Mapping[type[EndpointError], tuple[str, str]] = {
    EndpointKeyError: (KEY_TEXT, KEY_REMEDY),
    EndpointCreditError: (CREDIT_TEXT, CREDIT_REMEDY),
    LocalModelError: (LOCAL_MODEL_TEXT, LOCAL_MODEL_REMEDY),
    OriginalModelError: (ORIGINAL_MODEL_TEXT, MODEL_REMEDY),
}
ANSWERED_TEXT = "People read in the thread: “{text}”"
STANDS_IN_TEXT = "The second engine, `{second}`, stands in; people are told only where it fails too."
ONCE_TEXT = "I tell you of this at most once a day."


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Alerts:
    """Tells ALERT_CHANNEL (a channel or a person; empty: only the log) what only an admin can mend.

    `say` posts once per key, over restarts and for all processes on one database.
    """

    def __init__(
        self,
        config: Config,
        *,
        say: Callable[[Notice], Awaitable[None]],
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._config = config
        self._say = say
        self._now = now
        self._told_at: dict[str, datetime] = {}

    async def tell(self, engine: str, error: EndpointError) -> None:
        """Tell of a final error of an engine, where it is one that an admin has to mend; never raises."""
        reason, now = error.reason, self._now()
        if (
            reason not in MENDED_BY_AN_ADMIN
            or now - self._told_at.get(reason, now - AT_MOST_EVERY) < AT_MOST_EVERY
        ):
            return
        self._told_at[reason] = now
        channel = self._config.alert_channel
        if not channel:
            log.warning(
                "alert.unsent", reason=reason, engine=engine, remedy="set ALERT_CHANNEL to hear of this"
            )
            return
        # With the channel, so that a corrected ALERT_CHANNEL hears of it on the same day.
        key = f"alert:{channel}:{reason}:{now:%Y-%m-%d}"
        notice = Notice(key, channel, compose_alert(engine, error, config=self._config, at=now))
        is_said = False
        try:
            # In a context of its own: the job's says that one of its steps runs, and a step starts nothing.
            await asyncio.get_running_loop().create_task(self._saying(notice), context=Context())
            is_said = True
        except Exception as fault:  # noqa: BLE001 -- whatever it is, the share must go on without it
            log.warning("alert.failed", reason=reason, engine=engine, kind=type(fault).__name__)
        finally:
            if not is_said:
                del self._told_at[reason]

    async def _saying(self, notice: Notice) -> None:
        await self._say(notice)


def compose_alert(engine: str, error: EndpointError, *, config: Config, at: datetime) -> str:
    """Say what happened, what to do, and what people see meanwhile; no texts, keys or ids of anybody."""
    happened, remedy = _words_for(engine, error)
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
            f"{happened.format(**facts)} {seen}",
            f"What to do: {remedy.format(**facts)}",
            f"Meanwhile: {_meanwhile(engine, error, config)} {ONCE_TEXT}",
        ]
    )


def _words_for(engine: str, error: EndpointError) -> tuple[str, str]:
    """Choose what happened and the remedy."""
    if type(error) in ALIKE_FOR_ALL:
        return ALIKE_FOR_ALL[type(error)]
    match error:
        case NotEnglishError():
            return NOT_ENGLISH_TEXT, NOT_ENGLISH_REMEDIES.get(engine, NOT_ENGLISH_REMEDIES["translations"])
        # Any other engine asks whisper-1 only where it was told so: there the model is to be changed.
        case EndpointRetiredError() if engine == "translations":
            return RETIRED_TEXT, RETIRED_REMEDY
        case _:
            return MODEL_TEXT, MODEL_REMEDY


def _models_of(engine: str, config: Config) -> str:
    """Name the variables that choose the engine's models, and what they are."""
    values = {
        "TRANSLATION_MODEL": config.translation_model,
        "TRANSCRIPTION_MODEL": config.transcription_model,
        "CHAT_MODEL": config.chat_model,
        "LOCAL_MODEL": config.local_model,
    }
    names = {"two-step": ("TRANSCRIPTION_MODEL", "CHAT_MODEL"), "local": ("LOCAL_MODEL",)}
    return ", ".join(f"`{name}` is `{values[name]}`" for name in names.get(engine, ("TRANSLATION_MODEL",)))


def _meanwhile(engine: str, error: EndpointError, config: Config) -> str:
    """Say what people see until it is mended."""
    if isinstance(error, OriginalModelError):
        return WITHOUT_ORIGINAL_TEXT
    if engine != config.engines[-1]:
        return STANDS_IN_TEXT.format(second=config.engines[-1])
    end = SENTENCE_END.search(error.text)  # what to do comes after it, and is said to admins in other words
    return ANSWERED_TEXT.format(text=error.text[: end.end()].rstrip() if end else error.text)
