"""What the person at the shell reads; the errors' own texts speak of Slack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.errors import (
    EndpointRefusedError,
    EndpointTooLargeError,
    LocalModelError,
    NotEnglishError,
)
from bot.remedies import MODELS, is_retired, remedy_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.errors import BotError
    from bot.terms import Terms

NO_SPEECH: Final = "no speech in this recording"
OWN_TROUBLE: Final = "not_ready"

# By the error's reason; where the remedy depends on the engine, it follows.
WORDS: Final = {
    "download_forbidden": "this recording may not be read: check its permissions",
    OWN_TROUBLE: "something went wrong on this machine, not with the recording: try again",
    "deleted": "the recording is gone",
    "external": "this only links to a recording: give the recording itself",
    "too_large": "the recording is larger than {max_file_mb} MB: split it, or raise MAX_FILE_MB",
    "too_long": "the recording is longer than {max_minutes} min: split it, or raise MAX_MINUTES",
    "not_decodable": "this can't be read as a recording: it is empty, damaged or not audio at all",
    "no_sound": "there is no sound in this file",
    "endpoint_key": "the endpoint doesn't accept the key",
    "endpoint_credit": "the endpoint says that the credit is used up",
    "endpoint_model": "the endpoint doesn't offer the model",
    "endpoint_down": "the endpoint isn't answering properly right now: try again in a few minutes",
    "endpoint_refused": "the endpoint refused this recording",
    "budget": "the budget is used up",
}
# Where one reason means several things.
WORDS_BY_KIND: Final[Mapping[type[BotError], str]] = {
    EndpointTooLargeError: "the recording is too large for the endpoint: split it",
    LocalModelError: "the model on this machine can't be loaded",
    NotEnglishError: "what came back is not English",
}
RETIRED: Final = "whisper-1 is no longer offered (its maker ends it on 2027-02-26)"
REFUSED_HERE: Final = "the model on this machine can't work on this recording"


def explain(error: BotError, terms: Terms, *, engine: str) -> str:
    """Say in one line what went wrong and what to do; `engine` is the one that was asked last."""
    happened = WORDS_BY_KIND.get(type(error)) or WORDS[error.reason]
    remedy = remedy_for(engine, error)
    if is_retired(engine, error):
        happened = RETIRED
    elif isinstance(error, EndpointRefusedError):
        happened = REFUSED_HERE if engine == "local" else happened
        remedy = f"try again later, or with another {' or '.join(MODELS[engine])}"
    # In a shell nothing is shown as code.
    return terms.spell(f"{happened}: {remedy.replace('`', '')}" if remedy else happened)
