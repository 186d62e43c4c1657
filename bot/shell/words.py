"""What the person at the shell reads; the errors' own texts speak of Slack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.errors import EndpointRetiredError, EndpointTooLargeError, NotEnglishError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.errors import BotError
    from bot.terms import Terms

NO_SPEECH: Final = "no speech in this recording"
OWN_TROUBLE: Final = "not_ready"

# By the error's reason.
WORDS: Final = {
    "download_forbidden": "this recording may not be read: check its permissions",
    OWN_TROUBLE: "something went wrong on this machine, not with the recording: try again",
    "deleted": "the recording is gone",
    "external": "this only links to a recording: give the recording itself",
    "too_large": "the recording is larger than {max_file_mb} MB: split it, or raise MAX_FILE_MB",
    "too_long": "the recording is longer than {max_minutes} min: split it, or raise MAX_MINUTES",
    "not_decodable": "this can't be read as a recording: it is empty, damaged or not audio at all",
    "no_sound": "there is no sound in this file",
    "endpoint_key": "the endpoint doesn't accept the key: check COMETAPI_KEY and TRANSLATION_BASE_URL",
    "endpoint_credit": "the endpoint says that the credit is used up: top it up",
    "endpoint_model": "the endpoint doesn't offer the model: check TRANSLATION_MODEL",
    "endpoint_down": "the endpoint isn't answering properly right now: try again in a few minutes",
    "endpoint_refused": "the endpoint refused this recording: try again later, or another TRANSLATION_MODEL",
    "budget": "the budget is used up",
}
# Where one reason has several remedies.
WORDS_BY_KIND: Final[Mapping[type[BotError], str]] = {
    EndpointTooLargeError: "the recording is too large for the endpoint: split it",
    EndpointRetiredError: (
        "whisper-1 is no longer offered (its maker ends it on 2027-02-26): set TRANSLATION_ENGINE to two-step"
    ),
    NotEnglishError: (
        "what came back is not English: choose a TRANSLATION_MODEL that can translate, "
        "or set TRANSLATION_ENGINE to two-step"
    ),
}


def explain(error: BotError, terms: Terms) -> str:
    """Say in one line what went wrong and what to do."""
    return terms.spell(WORDS_BY_KIND.get(type(error)) or WORDS[error.reason])
