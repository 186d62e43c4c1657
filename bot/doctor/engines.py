"""Try an engine with the sample, built as the bot builds it, and word what comes of it for who runs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from bot.doctor.finding import fail, ok, warn
from bot.doctor.models import TO_CHECK_KEY, models_of
from bot.engines import Ask
from bot.engines.local_model import SIZES
from bot.errors import (
    EndpointBusyError,
    EndpointCreditError,
    EndpointDownError,
    EndpointError,
    EndpointKeyError,
    EndpointModelError,
    EndpointRetiredError,
    EndpointTooLargeError,
    LocalModelError,
    NotEnglishError,
)
from bot.language import is_english
from bot.lines import build_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.doctor.finding import Finding
    from bot.doctor.patient import Patient

OF_ENGINE: Final[Mapping[str, tuple[str, ...]]] = {
    "translations": ("TRANSLATION_MODEL",),
    "two-step": ("TRANSCRIPTION_MODEL", "CHAT_MODEL"),
    "local": ("LOCAL_MODEL",),
}
THE_PAGE: Final = "docs/troubleshooting.md says what the answers mean"
TO_TRANSLATE: Final[Mapping[str, str]] = {
    "translations": "set TRANSLATION_MODEL to one that can translate, or TRANSLATION_ENGINE=two-step",
    "two-step": "set CHAT_MODEL to one that translates into English",
    "local": "set LOCAL_MODEL to one that can translate, such as small, medium or large-v3",
}
RETIRED: Final = "the endpoint no longer offers whisper-1, which its maker ends on 2027-02-26"


async def engine(patient: Patient, name: str) -> Finding:
    """Translate the sample. It costs what a few seconds of sound do, or nothing on this machine."""
    if name == "local" and not patient.takes_requests and patient.config.local_model in SIZES:
        return ok("the package and the name of the model are fine; not loaded, as it may not be here yet")
    values = models_of(patient.config) | {"LOCAL_MODEL": patient.config.local_model}
    named = [f"{variable} {values[variable]}" for variable in OF_ENGINE[name]]
    models = ", ".join(named)
    built = build_engine(name, patient.config, patient.client, patient.decoders)
    ask, asked, started = Ask(), models, time.monotonic()
    try:
        if name == "two-step":
            # Apart first, so that a refusal names the right one of the two models.
            asked = named[0]
            await built.transcribe(patient.heard, ask)
            asked = named[1]
        translation = await built.translate(patient.heard, ask)
        if translation.text and is_english(translation.text) is False:
            raise NotEnglishError
    except EndpointError as error:
        return word(error, name, asked)
    except OSError as error:
        return fail(f"the sample cannot be read any more ({error.strerror})", "run it again")
    finally:
        if name == "local":  # the others' connections are shared
            await built.close()
    if not translation.text:
        return warn(f"{models} answered, but heard nothing in the sample", TO_TRANSLATE[name])
    return ok(f"the sample came back in English after {time.monotonic() - started:.1f} s ({models})")


def word(error: EndpointError, name: str, models: str) -> Finding:
    """Say what an error of an engine means, and what to do about it; `models` are those it is about."""
    detail = f" ({error.detail})" if error.detail else ""
    match error:
        case LocalModelError():
            found, _, remedy = error.detail.partition(": ")
            return fail(found, remedy or "check LOCAL_MODEL")
        case EndpointRetiredError() if name == "translations":
            return fail(f"{RETIRED}{detail}", "set TRANSLATION_ENGINE=two-step")
        case EndpointBusyError():
            return warn(
                f"the endpoint takes no more right now{detail}",
                "run it again later, or lower ENDPOINT_CONCURRENCY",
            )
        case NotEnglishError():
            return fail(f"what came back is not English ({models})", TO_TRANSLATE[name])
        case _:
            found, remedy = next(words for kind, words in WORDS.items() if isinstance(error, kind))
            return fail(found.format(models=models) + detail, remedy.format(models=models))


# The last one is what all others are.
WORDS: Final[Mapping[type[EndpointError], tuple[str, str]]] = {
    EndpointKeyError: ("the endpoint does not accept the key, or the address is wrong", TO_CHECK_KEY),
    EndpointCreditError: (
        "the endpoint says that the credit is used up",
        "top up the account, and look whether the key has a limit of its own",
    ),
    EndpointModelError: ("the endpoint does not offer {models}", "choose a model from the endpoint's list"),
    EndpointRetiredError: ("the endpoint does not offer {models}", "choose a model from the endpoint's list"),
    EndpointDownError: (
        "the endpoint does not answer properly",
        f"try again later, and check TRANSLATION_BASE_URL; {THE_PAGE}",
    ),
    EndpointTooLargeError: ("the endpoint says that a few seconds of sound are too large", THE_PAGE),
    EndpointError: ("the endpoint refused the sample of {models}", f"{THE_PAGE}; try another model"),
}
