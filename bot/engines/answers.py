"""Read why an endpoint gives no text: its refusals and troubles become our errors.

The decision is by status and body, because gateways say a 400 with a 500 and a wrong model with a
503. What a gateway says in words goes no further than this file: not to people, not to the log.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from bot.errors import (
    EndpointBusyError,
    EndpointCreditError,
    EndpointDownError,
    EndpointError,
    EndpointKeyError,
    EndpointModelError,
    EndpointRefusedError,
    EndpointRetiredError,
    EndpointSlowError,
    EndpointTooLargeError,
)

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

FEW = 5  # as many as line.py grants at all
TWICE = 2  # what was done without a usable answer may have been paid for: once more, no oftener
NEVER = 1

MESSAGE_LENGTH = 10_000  # more than any gateway has to say

RETIRED_MODEL = "whisper-1"  # its maker ends it on 2027-02-26

ANY = range(1000)
DONE = range(200, 300)
MOVED = range(300, 400)
REFUSED = range(400, 500)
# Money: the account's and the key's own, in the words of New-API, CometAPI and OpenAI.
NO_MONEY = (
    "insufficient_user_quota",
    "pre_consume_token_quota_failed",
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "*_spend_limit_exceeded",
    "*_usage_limit_exceeded",
)
NO_MONEY_IN_WORDS = ("quota", "insufficient balance", "credit")  # gateways leave the code out now and then
# OpenAI's sentence for an empty account; others say it of a rate, and then when to come back.
NO_QUOTA_IN_WORDS = ("exceeded your current quota", "plan and billing")
SLOW_DOWN_IN_WORDS = ("retry in", "try again in")
# Where a status tells of a key these codes do, too; this is for the 200 of gateways that have only one.
NO_KEY = ("invalid_api_key", "invalid_token")
NO_MODEL = (
    "model_not_found",
    "model_decommissioned",
    "model_deprecated",
    "unsupported_model",
    "deploymentnotfound",
    "param:model",
)
NO_MODEL_IN_WORDS = ("unsupported model", "unknown model", "model not found")
# A wrong address may speak of models as well, but not of one that is not there.
NO_MODEL_NEARBY = (
    "model … not found",
    "model … not exist",
    "model … no access",
    "model … not have access",
    "model … not supported",
    "model … not available",
    "model … no longer",
    "model … deprecated",
    "no such model",
    "invalid model",
)
# A 4xx that a gateway wrapped into a 500.
REALLY_A_REFUSAL = (
    "invalid_request",
    "invalid_request_error",
    "convert_request_failed",
    "count_token_failed",
    "request_error",
)
# What a server says of sound that it cannot read, while it could read the same as MP3: gateways measure
# the duration by the file's extension, and some decoders know only a few formats.
ABOUT_THE_SOUND = (
    "file format",
    "audio format",
    "media format",
    "format is not supported",
    "unsupported audio",
    "unsupported file",
    "unsupported format",
    "unsupported media",
    "duration",
    "decode",
    "conversion failed",
    "valid media",
    "count_token_failed",
)
# The same sound in another format would be as long.
ABOUT_THE_LENGTH = ("too short", "too long", "too_short", "too_long", "longer than", "shorter than")
# Whatever else is said then, it is no word about the recording.
TIMED_OUT = ("deadline exceeded", "timed out", "timeout")
ABOUT_THE_FILE = ("invalid file format", "duration", "unsupported", "is required")
CHANNELS_GONE = ("no available channel", "distributor")

NEARBY = " … "
# Between two words that belong together stands a name and little else, and they are in one sentence.
BETWEEN = r"(?:(?!\.\s|\b(?:page|path|url|route)\b)[^\n]){0,60}?"


class Row(NamedTuple):
    """One line of the table: the first line whose status and signal fit decides.

    `codes` are looked for as code, type or faulty parameter, and as whole words of the message;
    `words` anywhere in the message, those with an ellipsis near each other. With neither, the status alone
    decides.
    """

    statuses: Container[int]
    codes: tuple[str, ...]
    words: tuple[str, ...]
    error: type[EndpointError]
    tries: int


# fmt: off
TABLE = (
    #   status                codes                words               means                  tries
    Row(ANY,                  NO_MONEY,            (),                 EndpointCreditError,   NEVER),
    Row({402},                (),                  (),                 EndpointCreditError,   NEVER),
    Row({403},                ("access_denied",),  NO_MONEY_IN_WORDS,  EndpointCreditError,   NEVER),
    Row({429},                ("rate_limit_exceeded",), SLOW_DOWN_IN_WORDS, EndpointBusyError, FEW),
    Row({429},                (),                  NO_QUOTA_IN_WORDS,  EndpointCreditError,   NEVER),
    Row(ANY,                  NO_MODEL,            (),                 EndpointModelError,    NEVER),
    Row({400, 404, 422, 500}, (),                  NO_MODEL_IN_WORDS,  EndpointModelError,    NEVER),
    # Said alike when only all channels of the model are down; even then a further try finds none.
    Row({404, 503},           (),                  CHANNELS_GONE,      EndpointModelError,    NEVER),
    # A model taken away often has no code.
    Row({404},                (),                  NO_MODEL_NEARBY,    EndpointModelError,    NEVER),
    Row({410},                (),                  (),                 EndpointModelError,    NEVER),
    Row({401, 403},           (),                  (),                 EndpointKeyError,      NEVER),
    Row(DONE,                 NO_KEY,              (),                 EndpointKeyError,      NEVER),
    # A redirect is the sign of a wrong address: not followed, so the key stays where it belongs.
    Row({404, 405, *MOVED},   (),                  (),                 EndpointKeyError,      NEVER),
    Row({408, 409, 425, 429}, (),                  (),                 EndpointBusyError,     FEW),
    Row({413},                (),                  (),                 EndpointTooLargeError, NEVER),
    Row({499},                (),                  (),                 EndpointDownError,     NEVER),
    Row(REFUSED,              (),                  (),                 EndpointRefusedError,  NEVER),
    Row({500},                (),                  TIMED_OUT,          EndpointDownError,     FEW),
    Row({500},                REALLY_A_REFUSAL,    (),                 EndpointRefusedError,  NEVER),
    Row({500},                (),                  ABOUT_THE_FILE,     EndpointRefusedError,  NEVER),
    # A gateway waited for long. Of a proxy's hundred seconds the work may be done, and billed, by now. A
    # long piece is asked for in halves instead (`line.py`): the tries are those of a short one.
    Row({504},                (),                  (),                 EndpointSlowError,     FEW),
    Row({524},                (),                  (),                 EndpointSlowError,     TWICE),
    # Called a success, and yet no text in it: a web page, nothing, half of it, an error.
    Row(DONE,                 (),                  (),                 EndpointDownError,     TWICE),
    Row(ANY,                  (),                  (),                 EndpointDownError,     FEW),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Fault:
    """What a body says is wrong; empty where it says nothing that we can read."""

    codes: frozenset[str] = frozenset()
    message: str = ""

    def signal(self, row: Row) -> str | None:
        """Give what fits `row`: one of our own words, so it may stand in the log. None: nothing fits."""
        if not row.codes and not row.words:
            return ""
        for code in row.codes:
            if any(fnmatchcase(said, code) for said in self.codes):
                return code
        return next((word for word in row.words if _says(self.message.lower(), word)), None)


def _says(message: str, word: str) -> bool:
    """Say whether a word stands in a message; of two with an ellipsis between, whether they are near."""
    first, _, second = word.partition(NEARBY)
    if not second:
        return word in message
    # Not the name of a path: /v1/models.
    first = rf"(?<![\w/]){first}s?(?!\w)"
    return re.search(rf"{first}{BETWEEN}{second}|{second}{BETWEEN}{first}", message) is not None


def error_for(
    status: int, headers: Mapping[str, str], body: bytes, *, now: datetime, model: str = ""
) -> EndpointError:
    """Say what an answer that is no success means, and how often it is worth another try.

    `model` is the one that was asked for: of `whisper-1` it is known why no endpoint has it any more.
    """
    fault = read_fault(body)
    fits = ((row, fault.signal(row)) for row in TABLE if status in row.statuses)
    row, signal = next((row, signal) for row, signal in fits if signal is not None)
    is_retired = row.error is EndpointModelError and model == RETIRED_MODEL
    error = EndpointRetiredError if is_retired else row.error
    return error(
        f"{status} {signal}".rstrip(),
        retry_after_seconds=read_retry_after(headers, now=now),
        request_id=read_request_id(headers, fault.message),
        tries=row.tries,
    )


def read_fault(body: bytes) -> Fault:
    """Find codes and message in any of the shapes that gateways use; a web page says nothing."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = body.decode("utf-8", "replace").strip()
        if said.startswith("<"):
            return Fault()
    # {"error": {…}} at OpenAI, {"error": "…"} at whisper.cpp, bare fields at vLLM, {"detail": …} at FastAPI.
    error = (said.get("error") or said) if isinstance(said, dict) else said
    fields = error if isinstance(error, dict) else {"message": error}
    message = fields.get("message") or fields.get("detail") or ""
    text = (message if isinstance(message, str) else json.dumps(message))[:MESSAGE_LENGTH]
    # one-api, the ancestor, folds the upstream's own code into the message.
    folded = [word for word in re.findall(r"\w+", text) if "_" in word]
    codes = [fields.get("code"), fields.get("type"), f"param:{fields.get('param')}", *folded]
    return Fault(frozenset(code.lower() for code in codes if isinstance(code, str)), text)


def names_the_format(status: int, body: bytes) -> bool:
    """Say whether a server refuses the response format, and not the recording."""
    said = body[:MESSAGE_LENGTH].lower()
    return status in {400, 422, 500} and any(
        word in said for word in (b"response_format", b"response format", b"verbose_json")
    )


def names_the_sound(status: int, body: bytes) -> bool:
    """Say whether a server refuses the format that the sound is in, its size, or could not measure it.

    MP3 is four times smaller than FLAC, so it may cure a 413 as well.
    """
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return True
    if status not in {400, 415, 422, 500} or names_the_format(status, body):
        return False
    fault = read_fault(body)
    said = f"{fault.message} {' '.join(fault.codes)}".lower()
    if any(word in said for word in (*ABOUT_THE_LENGTH, *TIMED_OUT)):
        return False
    return status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE or any(word in said for word in ABOUT_THE_SOUND)


def read_retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Read how long to wait: milliseconds, seconds or an HTTP date; None where nothing usable is said."""
    milliseconds = number_in(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    said = headers.get("retry-after", "")
    seconds = number_in(said)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    # "-0000" says UTC and comes without a zone.
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def read_request_id(headers: Mapping[str, str], message: str = "") -> str:
    """Find the endpoint's own id of the request, for the log; gateways hide it in the message."""
    hidden = re.search(r"\(request id: ([^)\s]+)\)", message, re.IGNORECASE)
    said = (
        headers.get("x-oneapi-request-id"),
        headers.get("x-request-id"),
        headers.get("request-id"),
        hidden and hidden[1],
        headers.get("cf-ray"),
    )
    return next((one for one in said if one and re.fullmatch(r"[A-Za-z0-9_.:-]{1,128}", one)), "")


def number_in(said: object) -> float | None:
    """Read a finite number that may be written as text; None where none stands there."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
