"""What whoever runs the bot can do about trouble with an engine: the same in an alert and in the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.errors import (
    EndpointCreditError,
    EndpointKeyError,
    EndpointModelError,
    EndpointRetiredError,
    LocalModelError,
    NotEnglishError,
    OriginalModelError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.errors import BotError

# Which variables choose the models of an engine.
MODELS: Final[Mapping[str, tuple[str, ...]]] = {
    "translations": ("TRANSLATION_MODEL",),
    "two-step": ("TRANSCRIPTION_MODEL", "CHAT_MODEL"),
    "local": ("LOCAL_MODEL",),
}

USE_TWO_STEPS: Final = "set `TRANSLATION_ENGINE` to `two-step`"
CHOOSE_LOCAL_MODEL: Final = (
    "set `LOCAL_MODEL` to a size, such as `small`, or to the folder of a model "
    "(docs/local-engine.md tells more)"
)
ALIKE_FOR_ALL: Final[Mapping[type[BotError], str]] = {
    EndpointKeyError: "check `COMETAPI_KEY` and `TRANSLATION_BASE_URL`",
    EndpointCreditError: (
        "top up the account, and look whether the key has a limit of its own, which is separate"
    ),
    LocalModelError: CHOOSE_LOCAL_MODEL,
    OriginalModelError: "set `TRANSCRIPTION_MODEL` to one that is offered",
}
CHOOSE_MODEL: Final[Mapping[str, str]] = {
    "translations": "set `TRANSLATION_MODEL` to one that is offered",
    "two-step": "set `TRANSCRIPTION_MODEL` and `CHAT_MODEL` to such as are offered",
    "local": CHOOSE_LOCAL_MODEL,
}
CHOOSE_TRANSLATING_MODEL: Final[Mapping[str, str]] = {
    "translations": (
        "set `TRANSLATION_MODEL` to one that translates, such as `whisper-large-v3` (no model named turbo, "
        "distil or .en does), or `TRANSLATION_ENGINE` to `two-step`"
    ),
    "two-step": "set `CHAT_MODEL` to one that translates into English",
    "local": (
        "set `LOCAL_MODEL` to one that translates, such as `small`, `medium` or `large-v3` (no model named "
        "turbo, distil or .en does)"
    ),
}


def remedy_for(engine: str, error: BotError) -> str:
    """Say what to do, as a clause without capital and full stop; empty where it is nothing that one sets."""
    if type(error) in ALIKE_FOR_ALL:
        return ALIKE_FOR_ALL[type(error)]
    if is_retired(engine, error):
        return USE_TWO_STEPS
    match error:
        case NotEnglishError():
            return CHOOSE_TRANSLATING_MODEL[engine]
        case EndpointModelError() | EndpointRetiredError():
            return CHOOSE_MODEL[engine]
        case _:
            return ""


def is_retired(engine: str, error: BotError) -> bool:
    """Say whether the engine itself is past its end; another asks whisper-1 only where it was told to."""
    return engine == "translations" and isinstance(error, EndpointRetiredError)
