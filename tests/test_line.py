from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.engines import Ask, Translation
from bot.engines.translations import TranslationsEngine
from bot.engines.turns import FairTurns
from bot.errors import (
    EndpointBusyError,
    EndpointCreditError,
    EndpointDownError,
    EndpointError,
    EndpointKeyError,
    EndpointModelError,
    EndpointRefusedError,
    EndpointSlowError,
    EndpointTooLargeError,
    WithdrawnError,
)
from bot.line import Line
from bot.piece import Piece

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

GOOD = httpx.Response(200, json={"text": "Hello."}, headers={"x-request-id": "req_1"})
PAGE = "<!DOCTYPE html><html><body>a page</body></html>"


def piece_of(index: int = 0, *, start: float = 0.0, seconds: float = 6.0, path: str = "") -> Piece:
    """Give a piece of the recording."""
    return Piece(index, path, start, seconds, 4, is_last=True)


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    """Give a piece whose file lies there."""
    path = tmp_path / "piece.flac"
    path.write_bytes(b"fLaC")
    return piece_of(path=str(path))


class Clock:
    """A clock that only pauses and requests move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        """Say the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Note the pause, and let the clock go on without waiting."""
        self.pauses.append(seconds)
        self.now += seconds


class Endpoint:
    """Answers in turn, the last one again and again; each request takes `seconds` of the clock."""

    def __init__(self, *answers: httpx.Response | Exception, seconds: float = 0.0) -> None:
        self.answers = list(answers)
        self.seconds = seconds
        self.requests = 0
        self.clock = Clock()

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests += 1
        self.clock.now += self.seconds
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=answer.content, request=request
        )

    def translator(
        self,
        *,
        turns: FairTurns | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        chance: Callable[[], float] = lambda: 1.0,
    ) -> Line:
        """Give a translator through the real engine."""
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.serve))
        return Line(
            TranslationsEngine(
                client, base_url="https://api.example/v1", key="sk-x", model="whisper-large-v3"
            ),
            turns=turns or FairTurns(1),
            sleep=sleep or self.clock.sleep,
            clock=self.clock,
            chance=chance,
        )

    async def translate(self, piece: Piece) -> Translation:
        """Translate one piece."""
        return await self.translator().translate(piece, Ask(), team_id="T1", job_id="J1")


def says(status: int, code: str = "", message: str = "", **fields: str) -> httpx.Response:
    """Answer as CometAPI does."""
    said = f"{message} (request id: 20261121aB)"
    error = {"message": said, "type": "comet_api_error", "param": "", "code": code, **fields}
    return httpx.Response(status, json={"error": error})


# --- the table ----------------------------------------------------------------------------------


def row(answer: httpx.Response, error: type[EndpointError], requests: int, name: str) -> Any:  # noqa: ANN401 -- pytest's own type has no public name
    """Give one row of the table."""
    return pytest.param(answer, error, requests, id=name)


@pytest.mark.parametrize(
    ("answer", "error", "requests"),
    [
        row(says(400), EndpointRefusedError, 1, "400"),
        row(says(400, "audio_too_short", param="file"), EndpointRefusedError, 1, "400 too short"),
        row(says(422), EndpointRefusedError, 1, "422"),
        row(says(400, "invalid_value", param="model"), EndpointModelError, 1, "400 about the model"),
        row(says(401, message="invalid token"), EndpointKeyError, 1, "401"),
        row(httpx.Response(401, html=PAGE), EndpointKeyError, 1, "401 as a page"),
        row(says(402), EndpointCreditError, 1, "402"),
        row(says(402, "insufficient_user_quota"), EndpointCreditError, 1, "402 quota"),
        row(says(403, "insufficient_user_quota"), EndpointCreditError, 1, "403 quota"),
        row(says(403, "pre_consume_token_quota_failed"), EndpointCreditError, 1, "403 the key's own quota"),
        row(says(403, "access_denied"), EndpointCreditError, 1, "403 access denied"),
        row(says(403), EndpointKeyError, 1, "403 for another reason"),
        row(says(404), EndpointKeyError, 1, "404"),
        row(httpx.Response(404, html=PAGE), EndpointKeyError, 1, "404 as a page"),
        row(httpx.Response(405), EndpointKeyError, 1, "405"),
        row(says(404, "model_not_found"), EndpointModelError, 1, "404 about the model"),
        row(
            says(404, message="The model `whisper-1` has been deprecated"),
            EndpointModelError,
            1,
            "404 in words",
        ),
        row(httpx.Response(410), EndpointModelError, 1, "410"),
        row(httpx.Response(301, headers={"location": "https://example.com"}), EndpointKeyError, 1, "301"),
        row(httpx.Response(302, headers={"location": "/login"}), EndpointKeyError, 1, "302"),
        row(httpx.Response(304), EndpointKeyError, 1, "304"),
        row(says(408), EndpointBusyError, 5, "408"),
        row(says(409), EndpointBusyError, 5, "409"),
        row(says(413), EndpointTooLargeError, 1, "413"),
        row(httpx.Response(413, html=PAGE), EndpointTooLargeError, 1, "413 as a page"),
        row(says(413, "read_request_body_failed"), EndpointTooLargeError, 1, "413 of the gateway"),
        row(says(415), EndpointRefusedError, 1, "another 4xx"),
        row(says(429, "insufficient_quota"), EndpointCreditError, 1, "429 no money"),
        row(says(429, "", type="insufficient_quota"), EndpointCreditError, 1, "429 no money by type"),
        row(says(429, "credit_balance_exhausted"), EndpointCreditError, 1, "429 balance"),
        row(says(429, "project_spend_limit_exceeded"), EndpointCreditError, 1, "429 spend limit"),
        row(says(429, "monthly_usage_limit_exceeded"), EndpointCreditError, 1, "429 usage limit"),
        row(says(429, "rate_limit_exceeded"), EndpointBusyError, 5, "429 rate"),
        row(says(429, "slow_down"), EndpointBusyError, 5, "429 slow down"),
        row(httpx.Response(429), EndpointBusyError, 5, "429 without a word"),
        row(says(499), EndpointDownError, 1, "499"),
        row(says(500, "invalid_request"), EndpointRefusedError, 1, "500 really a 400"),
        row(says(500, "convert_request_failed"), EndpointRefusedError, 1, "500 not converted"),
        row(says(500, "count_token_failed"), EndpointRefusedError, 1, "500 not measured"),
        row(says(500, "request_error"), EndpointRefusedError, 1, "500 of one-api"),
        row(says(500, message="Invalid file format. Supported: …"), EndpointRefusedError, 1, "500 format"),
        row(says(500, message="webm duration parsing"), EndpointRefusedError, 1, "500 duration"),
        row(says(500, message="Unsupported audio"), EndpointRefusedError, 1, "500 unsupported"),
        row(says(500, message="field model is required"), EndpointRefusedError, 1, "500 required"),
        row(says(500), EndpointDownError, 5, "500"),
        row(httpx.Response(500, html=PAGE), EndpointDownError, 5, "500 as a page"),
        row(says(503, "model_not_found"), EndpointModelError, 1, "503 model"),
        row(
            says(503, message="no available channels for model whisper-1"),
            EndpointModelError,
            1,
            "503 channels",
        ),
        row(says(503, message="under group default (distributor)"), EndpointModelError, 1, "503 distributor"),
        row(says(503), EndpointDownError, 5, "503"),
        row(httpx.Response(502, html=PAGE), EndpointDownError, 5, "502 as a page"),
        row(httpx.Response(504, html=PAGE), EndpointSlowError, 5, "504 as a page"),
        row(httpx.Response(520), EndpointDownError, 5, "520"),
        row(httpx.Response(524, html=PAGE), EndpointSlowError, 2, "524"),
        row(httpx.Response(200, html=PAGE), EndpointDownError, 2, "200 a page"),
        row(httpx.Response(200), EndpointDownError, 2, "200 empty"),
        row(httpx.Response(200, json={"error": {"code": "x"}}), EndpointDownError, 2, "200 an error"),
        row(httpx.Response(200, json={"text": None}), EndpointDownError, 2, "200 no text"),
        row(httpx.Response(200, content=b'{"text": "half'), EndpointDownError, 2, "200 cut"),
    ],
)
async def test_the_table(
    piece: Piece, answer: httpx.Response, error: type[EndpointError], requests: int
) -> None:
    """Each answer has one meaning and its own number of requests, by status and body together."""
    endpoint = Endpoint(answer)
    with pytest.raises(EndpointError) as caught:
        await endpoint.translate(piece)
    assert type(caught.value) is error
    assert endpoint.requests == requests


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(httpx.ConnectError("no"), id="no connection"),
        pytest.param(httpx.ReadTimeout("no"), id="no answer in time"),
        pytest.param(httpx.RemoteProtocolError("no"), id="closed without an answer"),
    ],
)
async def test_faults_of_the_wire_are_tried_five_times(piece: Piece, fault: Exception) -> None:
    """A connection that breaks every time is given up after five tries."""
    endpoint = Endpoint(fault)
    with pytest.raises(EndpointDownError):
        await endpoint.translate(piece)
    assert endpoint.requests == 5


# --- tries and pauses ---------------------------------------------------------------------------


async def test_a_fault_that_passes_is_not_felt(piece: Piece) -> None:
    """Four faults of all kinds and then an answer: the answer counts."""
    endpoint = Endpoint(says(500), httpx.ConnectError("no"), says(429), httpx.Response(200, html=PAGE), GOOD)
    assert await endpoint.translate(piece) == Translation("Hello.", request_id="req_1")
    assert endpoint.requests == 5


async def test_pauses_grow(piece: Piece) -> None:
    """Each pause is three times the one before, and chance takes up to half of it away."""
    endpoint = Endpoint(says(500))
    with pytest.raises(EndpointDownError):
        await endpoint.translate(piece)
    with pytest.raises(EndpointDownError):
        await endpoint.translator(chance=lambda: 0.0).translate(piece, Ask(), team_id="T1", job_id="J1")
    assert endpoint.clock.pauses == [0.5, 1.5, 4.5, 13.5, 0.25, 0.75, 2.25, 6.75]


async def test_nonsense_after_other_faults_has_its_own_count(piece: Piece) -> None:
    """An answer of nonsense may have been paid for: it is asked for twice, whatever came between."""
    nonsense = httpx.Response(200)
    endpoint = Endpoint(nonsense, says(500), nonsense, GOOD)
    with pytest.raises(EndpointDownError, match="200"):
        await endpoint.translate(piece)
    assert endpoint.requests == 3


async def test_no_new_try_after_two_minutes(piece: Piece) -> None:
    """A slow endpoint is left when 120 seconds of our own are spent, before five tries are made.

    The second one is made all the same, but for what only took too long.
    """
    endpoint = Endpoint(says(500), seconds=40.0)
    with pytest.raises(EndpointDownError):
        await endpoint.translate(piece)
    assert endpoint.requests == 3
    endpoint = Endpoint(says(500), GOOD, seconds=125.0)
    assert (await endpoint.translate(piece)).text == "Hello."
    for fault, requests in ((says(500), 2), (says(504), 1), (httpx.ReadTimeout("no"), 1)):
        endpoint = Endpoint(fault, seconds=120.0)
        with pytest.raises(EndpointDownError):
            await endpoint.translate(piece)
        assert (endpoint.requests, len(endpoint.clock.pauses)) == (requests, requests - 1)


async def test_retry_after_is_obeyed_and_costs_no_patience(piece: Piece) -> None:
    """Waiting as told, even for ten minutes a time, does not use up our own two."""
    busy = says(429)
    busy.headers["retry-after"] = "600"
    endpoint = Endpoint(busy, busy, busy, busy, GOOD)
    await endpoint.translate(piece)
    assert all(600 <= pause <= 601 for pause in endpoint.clock.pauses)
    assert endpoint.requests == 5


async def test_a_retry_after_of_nothing_does_not_make_us_hurry(piece: Piece) -> None:
    """A server that says "at once" while it fails still gets our own pauses."""
    busy = says(503)
    busy.headers["retry-after"] = "0"
    endpoint = Endpoint(busy, busy, GOOD)
    await endpoint.translate(piece)
    assert endpoint.clock.pauses == [0.5, 1.5]


async def test_a_wait_that_nobody_would_wait_is_a_failure(piece: Piece) -> None:
    """Told to come back in more than ten minutes, we say so at once."""
    busy = says(429)
    busy.headers["retry-after"] = "601"
    endpoint = Endpoint(busy)
    with pytest.raises(EndpointDownError):
        await endpoint.translate(piece)
    assert (endpoint.requests, endpoint.clock.pauses) == (1, [])


async def test_waiting_for_a_turn_costs_no_patience(piece: Piece) -> None:
    """A piece that waited long for its turn still gets all its tries."""
    endpoint, turns = Endpoint(says(500)), FairTurns(1)
    async with turns.of("T2", "J2"):
        task = asyncio.create_task(
            endpoint.translator(turns=turns).translate(piece, Ask(), team_id="T1", job_id="J1")
        )
        await asyncio.sleep(0)
        endpoint.clock.now += 1000
        assert endpoint.requests == 0
    with pytest.raises(EndpointDownError):
        await task
    assert endpoint.requests == 5


async def test_the_turn_is_given_back_during_a_pause(piece: Piece) -> None:
    """While one piece waits for its next try, another one may ask."""
    endpoint, turns = Endpoint(says(500), GOOD), FairTurns(1)
    was_free = []

    async def sleep(_: float) -> None:
        async with asyncio.timeout(10), turns.of("T2", "J2"):
            was_free.append(True)

    await endpoint.translator(turns=turns, sleep=sleep).translate(piece, Ask(), team_id="T1", job_id="J1")
    assert was_free == [True]


async def test_nothing_is_sent_that_is_not_wanted_any_more(piece: Piece) -> None:
    """Before each try it is asked whether the piece is still wanted; what that raises ends the tries."""
    endpoint, turns, checks = Endpoint(says(500)), FairTurns(1), 0

    async def check() -> None:
        nonlocal checks
        checks += 1
        if checks == 3:
            raise WithdrawnError

    with pytest.raises(WithdrawnError):
        await endpoint.translator(turns=turns).translate(piece, Ask(), team_id="T1", job_id="J1", check=check)
    assert endpoint.requests == 2
    async with asyncio.timeout(10), turns.of("T2", "J2"):
        pass


async def test_a_piece_that_is_gone_is_no_fault_of_the_endpoint() -> None:
    """A missing file is for the job to make again; it is not tried again here."""
    endpoint = Endpoint(GOOD)
    with pytest.raises(FileNotFoundError):
        await endpoint.translate(piece_of(path="/nowhere/piece.flac"))
    assert endpoint.requests == 0


async def test_the_log_has_ids_and_no_texts(piece: Piece) -> None:
    """Every try is told with ids, status and seconds, and never with what was said or asked."""
    endpoint = Endpoint(says(500, message="a text of somebody's"), GOOD, seconds=1.5)
    with capture_logs() as logs:
        await endpoint.translator().translate(piece, Ask(prompt="a secret prompt"), team_id="T1", job_id="J1")
    assert [(log["event"], log["try_number"], log["outcome"], log["request_id"]) for log in logs] == [
        ("translation.tried", 1, "endpoint_down", "20261121aB"),
        ("translation.tried", 2, "translated", "req_1"),
    ]
    assert logs[0]["detail"] == "500"
    assert logs[0]["seconds"] == 1.5
    told = json.dumps(logs)
    assert not [word for word in ("Hello", "secret", "somebody", "sk-x") if word in told]


async def test_closing_closes_the_engine() -> None:
    """After close no request goes out."""
    translator = Endpoint(GOOD).translator()
    await translator.close()
    with pytest.raises(RuntimeError, match="closed"):
        await translator.translate(piece_of(path=__file__), Ask(), team_id="T1", job_id="J1")
