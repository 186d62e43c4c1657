"""Every kind of answer of an endpoint, through the whole bot: requests, words in the thread, alerts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from scenes import PARCEL, Clock, Room, blocks_text, new_room, payload_of

from bot import errors
from bot.alerts import MENDED_BY_AN_ADMIN
from bot.engines.answers import TABLE, Row, read_fault
from bot.sandbox.endpoint_answers import (
    Answer,
    cut_json,
    drop,
    empty,
    failing,
    html,
    redirect,
    saying,
)
from bot.sandbox.endpoint_answers import Fault as EndpointFault
from bot.terms import Terms
from running import Stage, playing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.records import Message
    from bot.sandbox.server import SlackSandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADMINS = "C0SALES"  # one of the channels that the embedded Slack begins with
KEY, CREDIT = errors.EndpointKeyError, errors.EndpointCreditError
GONE = errors.EndpointRetiredError  # the model that is asked for is whisper-1
REFUSED, TOO_LARGE = errors.EndpointRefusedError, errors.EndpointTooLargeError
DOWN, BUSY = errors.EndpointDownError, errors.EndpointBusyError
# Nothing of this may be shown to people: statuses, addresses, web pages, secrets, names of our own.
NOT_FOR_PEOPLE = re.compile(r"\b[1-5]\d\d\b|https?:|127\.0\.0\.1|localhost|[<>]|xoxb|Bearer|Error|None")
ELSEWHERE = "https://elsewhere.example/"
NO_CHANNELS = "no available channels for model whisper-1 under group default"
NO_QUOTA = "You exceeded your current quota, please check your plan and billing details."
WRONG_FORMAT = "Invalid file format. Supported formats: ['flac', 'm4a', 'mp3']"
GERMAN = (
    "Guten Morgen, ich habe gestern ein Paket bei Ihnen bestellt, aber es ist noch nicht angekommen. "
    "Können Sie mir bitte sagen, wann ich damit rechnen kann?"
)
FOLDED = "type invalid_request_error, code invalid_value, message bad value"


@dataclass(frozen=True, slots=True)
class Case:
    """What the endpoint answers to everything, what it means, and how many requests one clip is worth."""

    name: str
    answer: Answer
    error: type[errors.EndpointError]
    requests: int


def coded(status: int, code: str, error: type[errors.EndpointError], requests: int = 1) -> Case:
    """Refuse with a code."""
    return Case(f"{status} {code}".strip(), failing(status, code=code), error, requests)


def worded(status: int, message: str, error: type[errors.EndpointError], requests: int = 1) -> Case:
    """Refuse in words."""
    return Case(f"{status} {message[:24]}", failing(status, message=message), error, requests)


def paged(status: int, error: type[errors.EndpointError], requests: int = 1) -> Case:
    """Answer with a web page."""
    return Case(f"{status} as a page", html(status), error, requests)


CASES = (
    coded(400, "", REFUSED),
    worded(400, WRONG_FORMAT, REFUSED, 2),
    worded(400, "Unsupported model x", GONE),
    worded(401, "invalid token", KEY),
    coded(402, "", CREDIT),
    coded(403, "insufficient_user_quota", CREDIT),
    coded(403, "access_denied", CREDIT),
    coded(403, "", KEY),
    coded(404, "", KEY),
    worded(404, "The model whisper-1 does not exist", GONE),
    Case("301", redirect(ELSEWHERE, 301), KEY, 1),
    coded(408, "", BUSY, 5),
    coded(410, "", GONE),
    coded(413, "", TOO_LARGE, 2),
    coded(429, "insufficient_quota", CREDIT),
    coded(429, "rate_limit_exceeded", BUSY, 5),
    worded(429, NO_QUOTA, CREDIT),
    coded(429, "", BUSY, 5),
    Case("429 for an hour", failing(429, headers={"Retry-After": "3600"}), BUSY, 1),
    coded(499, "", DOWN),
    coded(500, "invalid_request", REFUSED),
    coded(500, "count_token_failed", REFUSED, 2),
    worded(500, FOLDED, REFUSED),
    worded(500, "field file is required", REFUSED),
    worded(500, "context deadline exceeded after duration 60s", DOWN, 5),
    coded(500, "", DOWN, 5),
    paged(502, DOWN, 5),
    coded(503, "", DOWN, 5),
    coded(503, "model_not_found", GONE),
    worded(503, NO_CHANNELS, GONE),
    paged(504, DOWN, 5),
    paged(524, DOWN, 2),
    paged(200, DOWN, 2),
    Case("200 empty", empty(), DOWN, 2),
    Case("200 cut", cut_json(), DOWN, 2),
    Case("200 an error", saying({"error": {"message": "no", "code": "x"}}), DOWN, 2),
    Case("200 without money", saying({"error": {"message": "no", "code": "insufficient_quota"}}), CREDIT, 1),
    Case("200 without a key", saying({"error": {"message": "no", "code": "invalid_api_key"}}), KEY, 1),
    Case("200 in German", saying({"text": GERMAN}), errors.NotEnglishError, 1),
    Case("reset", drop(), DOWN, 5),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Play with a channel for admins."""
    folder = tmp_path_factory.mktemp("data")
    async with playing(folder, sleep=Clock().sleep, ALERT_CHANNEL=ADMINS) as stage:
        yield stage


def alerts(slack: SlackSandbox, channel: str = ADMINS) -> list[Message]:
    """Give the alerts that stand in a conversation."""
    return [one for one in slack.messages(channel) if alert_key(one).startswith("alert:")]


def alert_key(message: Message) -> str:
    """Give under which key a message of our own was posted once."""
    metadata: dict[str, Any] = message.metadata or {}
    return str(metadata.get("event_payload", {}).get("key", ""))


def kinds_told(slack: SlackSandbox, channel: str = ADMINS) -> list[str]:
    """Give the kinds of trouble that admins were told of, in order."""
    return [alert_key(one).split(":")[3] for one in alerts(slack, channel)]


async def see_failed(room: Room, error: type[errors.EndpointError]) -> None:
    """Share a clip, and see the one reply that says in the words of `error` why it failed."""
    (reply,) = await room.replies(await room.share())
    payload = payload_of(reply)
    assert (payload["ending"], payload["reason"]) == ("failed", error.reason)
    assert reply.text == Terms().spell(error.text)
    said = blocks_text(reply)
    assert said == reply.text.replace("`", "")
    assert NOT_FOR_PEOPLE.search(said) is None, said
    assert len(re.findall(r"[.!?](?= |$)", said)) == (1 if error is GONE else 2), said


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
async def test_an_answer_of_the_endpoint_and_what_comes_of_it(stage: Stage, case: Case) -> None:
    """Each answer has its number of requests, its words for people, its alert or none; the bot goes on."""
    room, endpoint = new_room(stage), stage.endpoint
    before, told = len(endpoint.requests), kinds_told(stage.slack)
    endpoint.always = case.answer
    await see_failed(room, case.error)
    assert len(endpoint.requests) - before == case.requests
    endpoint.always = None
    kind, is_for_admins = case.error.__name__, case.error.reason in MENDED_BY_AN_ADMIN
    wanted = [*told, kind] if is_for_admins and kind not in told else told
    assert kinds_told(stage.slack) == wanted
    if case.error is DOWN:  # without an answer between them, five would open the breaker
        assert await room.text(await room.share()) == PARCEL.english


async def test_every_row_of_the_table_is_played() -> None:
    """No row of the table of errors is without a case here."""
    answers = [case.answer for case in CASES if case.answer.fault is EndpointFault.NONE]
    assert {TABLE.index(row_of(answer)) for answer in answers} == set(range(len(TABLE)))


def row_of(answer: Answer) -> Row:
    """Find the row that decides about an answer."""
    fault = read_fault(answer.body.encode())
    return next(row for row in TABLE if answer.status in row.statuses and fault.signal(row) is not None)
