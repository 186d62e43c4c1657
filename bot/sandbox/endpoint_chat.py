"""The chat of the embedded endpoint: strict about requests, and a translator of what it knows.

It knows the shipped samples' words in their languages. Of other words that are not English it says that
it is a stand-in. An instruction is not obeyed: it looks only for segments in the user's message.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from bot.language import is_english
from bot.sandbox import samples
from bot.sandbox.endpoint_answers import chatting, sentences
from bot.sandbox.endpoint_form import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bot.sandbox.endpoint_answers import Answer

FIELDS: Final = frozenset({"model", "messages", "response_format", "temperature"})
ROLES: Final = frozenset({"system", "developer", "user", "assistant"})
JSON_MODE: Final = {"type": "json_object"}
UNKNOWN: Final = "This is Dragoman's stand-in endpoint: it does not know the English of {} characters."


def check(body: Mapping[str, Any], models: Collection[str], *, knows_json_mode: bool) -> None:
    """Refuse what real endpoints refuse."""
    if rule := _broken_rule(body, knows_json_mode=knows_json_mode):
        raise RefusedError(400, "invalid_request", rule)
    if body["model"] not in models:
        message = f"No available channel for model {body['model']} (distributor)"
        raise RefusedError(503, "model_not_found", message)


def _broken_rule(body: Mapping[str, Any], *, knows_json_mode: bool) -> str:
    messages = body.get("messages")
    if unknown := sorted(body.keys() - FIELDS):
        return f"Unrecognized request argument supplied: {', '.join(unknown)}"
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "model is required"
    if not isinstance(messages, list) or not messages or not all(map(_is_message, messages)):
        return "messages must be a list of objects with a role and a content"
    if body.get("temperature", 1) != 1:
        return "Unsupported value: 'temperature' must be the default (1) with this model."
    return _broken_format(body, knows_json_mode=knows_json_mode) if "response_format" in body else ""


def _broken_format(body: Mapping[str, Any], *, knows_json_mode: bool) -> str:
    if not knows_json_mode:
        return "'response_format' of type 'json_object' is not supported with this model."
    if body["response_format"] != JSON_MODE:
        return "response_format must be json_object"
    if not any("json" in one["content"].lower() for one in body["messages"]):
        return "'messages' must contain the word 'json' to use 'response_format' of type 'json_object'."
    return ""


def _is_message(said: object) -> bool:
    return (
        isinstance(said, dict)
        and said.keys() == {"role", "content"}
        and said["role"] in ROLES
        and isinstance(said["content"], str)
    )


def answered(body: Mapping[str, Any], tongue: Callable[[str], str | None] | None) -> Answer:
    """Translate the segments in the last message, or say what this is where there are none."""
    said = body["messages"][-1]["content"]
    try:
        segments = json.loads(said)["segments"]
        english = [{"id": one["id"], "text": english_of(one["text"], tongue)} for one in segments]
    except (ValueError, TypeError, LookupError, RecursionError):
        return chatting(UNKNOWN.format(len(said)))
    return chatting({"segments": english})


def english_of(text: str, tongue: Callable[[str], str | None] | None) -> str:
    """Translate what is known; English stays as it is."""
    known = _known().get(text.strip()) or (tongue(text) if tongue else None)
    if known is not None:
        return known
    return text if is_english(text) else UNKNOWN.format(len(text))


@cache
def _known() -> dict[str, str]:
    """Give the samples' words with their English, whole and by sentence."""
    known: dict[str, str] = {}
    for sample in samples.load():
        known[sample.original] = sample.english
        known |= dict(zip(sentences(sample.original), sentences(sample.english), strict=True))
    return known
