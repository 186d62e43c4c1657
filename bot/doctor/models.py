"""Read the endpoint's list of models: whether the key works, ours are on it, and until when."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bot.doctor.finding import fail, ok, warn
from bot.engines.answers import RETIRED_MODEL
from bot.engines.endpoint import Endpoint
from bot.errors import EndpointDownError, EndpointKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.config import Config
    from bot.doctor.finding import Finding
    from bot.doctor.patient import Patient
    from bot.engines.endpoint import Answer

MODELS_PATH: Final = "/models"
# What is known of a model where the list says nothing.
KNOWN_ENDS: Final[Mapping[str, date]] = {RETIRED_MODEL: date(2027, 2, 26)}
SOON: Final = timedelta(days=180)
UNAUTHORIZED: Final = 401

TO_CHECK_KEY: Final = "check COMETAPI_KEY and TRANSLATION_BASE_URL"
REMEDIES: Final = {
    "TRANSLATION_MODEL": "set TRANSLATION_ENGINE=two-step, or TRANSLATION_MODEL to another that translates",
    "TRANSCRIPTION_MODEL": "set TRANSCRIPTION_MODEL to another, such as gpt-transcribe",
    "CHAT_MODEL": "set CHAT_MODEL to another",
}


def endpoint_of(patient: Patient) -> Endpoint:
    """Give the endpoint of the configuration; its connections are the patient's."""
    config = patient.config
    return Endpoint(
        patient.client, base_url=config.translation_base_url, key=config.cometapi_key.get_secret_value()
    )


def models_of(config: Config) -> dict[str, str]:
    """Give the models that are asked for at the endpoint, by their variables."""
    engines = config.engines
    models = {}
    if "translations" in engines:
        models["TRANSLATION_MODEL"] = config.translation_model
    if set(engines) & {"translations", "two-step"}:
        models["TRANSCRIPTION_MODEL"] = config.transcription_model
    if "two-step" in engines:
        models["CHAT_MODEL"] = config.chat_model
    return models


async def endpoint(patient: Patient) -> Finding:
    """Ask for the list of models: the way to prove a key without cost. Not every server has one."""
    host = urlsplit(patient.config.translation_base_url).hostname or ""
    try:
        answer = await endpoint_of(patient).get(MODELS_PATH)
    except EndpointKeyError as error:
        return fail(f"TRANSLATION_BASE_URL or COMETAPI_KEY cannot be used ({error.detail})", TO_CHECK_KEY)
    except EndpointDownError as error:
        remedy = "check TRANSLATION_BASE_URL, the network and HTTPS_PROXY, or try again later"
        return fail(f"{host} does not answer ({error.detail})", remedy)
    if answer.status == UNAUTHORIZED:
        return fail(f"{host} does not accept the key (401)", TO_CHECK_KEY)
    listed = read_list(answer)
    if not listed:
        found = f"{host} answers, but gives no list of models ({answer.status})"
        return warn(found, f"whether the engines work, their own lines tell; else {TO_CHECK_KEY}")
    patient.models = listed
    return ok(f"{host} accepts the key and lists {len(listed)} model{'s' if len(listed) > 1 else ''}")


def read_list(answer: Answer) -> dict[str, date | None]:
    """Read the models with the day on which each ends, where that is said; empty where this is no list."""
    if not answer.is_good:
        return {}
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    listed = said.get("data") if isinstance(said, dict) else said
    models = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {name: _day(one.get("shutdown_date")) for one in models if isinstance(name := one.get("id"), str)}


def _day(said: Any) -> date | None:  # noqa: ANN401 -- whatever stands in somebody's JSON
    """Read a day, written as text or as seconds; None where it is none."""
    try:
        if isinstance(said, int | float) and not isinstance(said, bool):
            return datetime.fromtimestamp(said, UTC).date()
        return date.fromisoformat(said[:10]) if isinstance(said, str) else None
    except (ValueError, OverflowError, OSError):
        return None


def model(patient: Patient, variable: str) -> Finding:
    """Say whether a model is on the list, and when it ends."""
    name = models_of(patient.config)[variable]
    is_listed = name in patient.models
    told = patient.models.get(name)
    end = told or KNOWN_ENDS.get(name)
    remedy = REMEDIES[variable]
    if patient.models and not is_listed:
        gone = f", and ended on {end}" if end and end <= patient.today else ""
        found = f"{name} is not on the endpoint's list{gone}"
        return fail(found, remedy) if gone else warn(found, f"look whether its engine works, else {remedy}")
    listed = "is on the endpoint's list" if is_listed else "could not be looked up"
    if end and end <= patient.today:
        # A server of one's own may go on with what its maker has ended.
        found = f"{name} {listed}; its maker ended it on {end}"
        return warn(found, remedy) if is_listed and not told else fail(found, remedy)
    if end and end - patient.today <= SOON:
        days = (end - patient.today).days
        return warn(f"{name} {listed}, but ends on {end}, in {days} days", f"{remedy}, before then")
    return ok(f"{name} {listed}") if is_listed else warn(f"{name} {listed}")
