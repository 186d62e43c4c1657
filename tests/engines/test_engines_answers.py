from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines import Segment, Translation
from bot.engines.answers import (
    FEW,
    NEVER,
    NO_MONEY,
    TWICE,
    error_for,
    names_the_format,
    names_the_sound,
    read_fault,
    read_request_id,
    read_retry_after,
)
from bot.engines.reading import read_translation
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
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
NOTHING = httpx.Headers()


def read(said: object, **headers: str) -> Translation:
    """Read `said` as the body of a success."""
    return read_translation(json.dumps(said).encode(), httpx.Headers(headers))


def fault(status: int, body: object = b"", **headers: str) -> EndpointError:
    """Read an answer that is no success."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_for(status, httpx.Headers(headers), data, now=NOW)


# --- successes ----------------------------------------------------------------------------------


def test_a_full_answer_is_read() -> None:
    """Text, times and metrics of verbose_json arrive, with the spaces around them gone."""
    said = {
        "task": "translate",
        "language": "german",
        "duration": "17.653125",
        "text": " Good morning.\nBye. ",
        "segments": [
            {"id": 0, "seek": 0, "start": 0, "end": 2.5, "text": " Good morning.", "no_speech_prob": 0.1,
             "avg_logprob": -0.3, "compression_ratio": 1.2, "tokens": [1], "temperature": 0.0},
            {"id": 1, "start": "2.5", "end": "17.6", "text": " Bye."},
        ],
    }  # fmt: skip
    assert read(said, **{"x-request-id": "req_1"}) == Translation(
        "Good morning.\nBye.",
        (Segment(0.0, 2.5, "Good morning.", 0.1, -0.3, 1.2), Segment(2.5, 17.6, "Bye.")),
        "req_1",
    )


@pytest.mark.parametrize("duration", [17.6, "17.6", None, "long", []])
def test_duration_may_be_anything(duration: object) -> None:
    """Servers disagree on how a duration is written, and nothing hangs on it."""
    assert read({"text": "hi", "duration": duration}).text == "hi"


@pytest.mark.parametrize(
    "segments",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="none"),
        pytest.param("no list", id="text"),
        pytest.param({"start": 0}, id="an object"),
        pytest.param(["no object"], id="texts"),
        pytest.param([{"start": 0, "end": 1}], id="without text"),
        pytest.param([{"start": 0, "end": 1, "text": None}], id="text null"),
        pytest.param([{"end": 1, "text": "a"}], id="without a start"),
        pytest.param([{"start": 0, "end": "soon", "text": "a"}], id="an end in words"),
        pytest.param([{"start": 0, "end": float("nan"), "text": "a"}], id="an end that is no number"),
        pytest.param([{"start": 0, "end": 10**400, "text": "a"}], id="an end beyond numbers"),
        pytest.param([{"start": 0, "end": True, "text": "a"}], id="an end that is a yes"),
        pytest.param(
            [{"start": 0, "end": 1, "text": "a"}, {"text": "b"}], id="one without times spoils the others"
        ),
        pytest.param([{"start": 0, "end": 1, "text": " "}], id="empty ones"),
    ],
)
def test_segments_that_tell_nothing_leave_the_text(segments: object) -> None:
    """Without usable times the text still counts, and no part of it is timed alone."""
    assert read({"text": "hi", "segments": segments}) == Translation("hi")


@pytest.mark.parametrize("placeholder", [-1.0, -1, None, "unknown", float("inf"), True])
def test_metrics_that_mean_nothing_are_none(placeholder: object) -> None:
    """A placeholder, or what is no number, is as good as a metric left out."""
    metrics = dict.fromkeys(("no_speech_prob", "avg_logprob", "compression_ratio"), placeholder)
    (segment,) = read({"text": "a", "segments": [{"start": 0, "end": 1, "text": "a", **metrics}]}).segments
    assert segment == Segment(0.0, 1.0, "a")


def test_times_out_of_order_are_straightened() -> None:
    """A segment neither begins before the sound nor ends before it begins."""
    said = [{"start": -1, "end": 1, "text": "a"}, {"start": 3, "end": 2, "text": "b"}]
    first, second = read({"text": "a b", "segments": said}).segments
    assert (first.start_seconds, first.end_seconds) == (0.0, 1.0)
    assert (second.start_seconds, second.end_seconds) == (3.0, 3.0)


def test_no_speech_is_a_success() -> None:
    """An empty text is an answer."""
    assert read({"text": ""}) == Translation("")


def test_characters_that_nobody_can_store_are_taken_out() -> None:
    """A zero byte or half a character would break the database and the reply later."""
    body = b'{"text": "a\\u0000b\\ud83dc \\ud83d\\ude00"}'
    assert read_translation(body, NOTHING).text == "ab?c 😀"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"text": "half a sen', id="cut"),
        pytest.param(b"<!doctype html><p>text</p>", id="a web page"),
        pytest.param(b"Good morning.", id="bare text"),
        pytest.param(b'"Good morning."', id="text as JSON"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="no text"),
        pytest.param(b'{"text": null}', id="text null"),
        pytest.param(b'{"text": 7}', id="a number"),
        pytest.param(b'{"text": ["a"]}', id="a list of texts"),
        pytest.param(b'{"error": {"message": "no"}, "text": "ignore me"}', id="an error beside a text"),
        pytest.param(b'{"error": "no"}', id="an error"),
        pytest.param(b'{"text": "\xff"}', id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
def test_nonsense_is_a_fault(body: bytes) -> None:
    """What is not the asked shape is no translation; it is worth one more try, and its text stays here."""
    with pytest.raises(EndpointDownError) as caught:
        read_translation(body, httpx.Headers({"x-request-id": "req_1"}))
    assert (caught.value.tries, caught.value.request_id) == (2, "req_1")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps({"text": text}).encode()))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No body brings the reader down."""
    try:
        text = read_translation(body, NOTHING).text
    except EndpointDownError:
        return
    assert text.encode() == text.strip().replace("\0", "").encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["text", "segments", "start", "end", "error", "code", "type", "param", "message", "detail"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(JSON, st.integers(100, 999))
def test_any_json_is_read_or_refused(said: Any, status: int) -> None:  # noqa: ANN401 -- whatever JSON holds
    """No shape brings the readers down, be it a success or a fault."""
    assert isinstance(fault(status, said), EndpointError)
    with contextlib.suppress(EndpointDownError):
        assert isinstance(read(said), Translation)


# --- faults -------------------------------------------------------------------------------------


NO_QUOTA = "You exceeded your current quota, please check your plan and billing details."
GONE, WRONG = EndpointModelError, EndpointKeyError


def in_words(message: str, code: str = "") -> bytes:
    """Refuse as CometAPI does."""
    error = {"message": f"{message} (request id: 20261121aB)", "type": "comet_api_error", "code": code}
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        pytest.param(
            503, {"error": {"code": "MODEL_NOT_FOUND"}}, EndpointModelError, id="a code in capitals"
        ),
        pytest.param(503, {"error": "no available channel for x"}, EndpointModelError, id="an error of text"),
        pytest.param(503, b"(distributor)", EndpointModelError, id="bare text"),
        pytest.param(404, {"detail": "Not Found"}, EndpointKeyError, id="FastAPI's wrong path"),
        pytest.param(
            404,
            {
                "object": "error",
                "message": "The model `x` does not exist.",
                "type": "NotFoundError",
                "code": 404,
            },
            EndpointModelError,
            id="vLLM's fields at the top",
        ),
        pytest.param(
            400, {"error": {"message": "Invalid", "param": "model"}}, EndpointModelError, id="the parameter"
        ),
        pytest.param(422, {"detail": [{"loc": ["body", "file"]}]}, EndpointRefusedError, id="FastAPI's list"),
        pytest.param(
            500,
            {"error": {"message": "type invalid_request_error, code invalid_value, message bad"}},
            EndpointRefusedError,
            id="one-api's folded message",
        ),
        pytest.param(
            500, {"error": {"message": "code insufficient_quota"}}, EndpointCreditError, id="money folded in"
        ),
        pytest.param(
            500, {"error": {"message": None, "code": {"a": 1}, "type": []}}, EndpointDownError, id="odd types"
        ),
        pytest.param(500, {"error": {"message": {"a": "is required"}}}, EndpointRefusedError, id="an object"),
        pytest.param(500, {"error": None, "code": "request_error"}, EndpointRefusedError, id="error is null"),
        pytest.param(
            500, b"<p>unsupported browser</p>", EndpointDownError, id="words of a page do not count"
        ),
        pytest.param(500, [1], EndpointDownError, id="a list"),
        pytest.param(200, b"", EndpointDownError, id="no fault at all"),
        pytest.param(
            403, in_words("用户额度不足, quota left 0"), EndpointCreditError, id="money without a code"
        ),
        pytest.param(403, in_words("invalid credentials"), EndpointKeyError, id="a 403 about the key"),
        pytest.param(500, in_words("unsupported model x"), EndpointModelError, id="a 500 about the model"),
        pytest.param(400, in_words("Model not found: x"), EndpointModelError, id="a 400 about the model"),
        pytest.param(429, in_words("", code="slow_down"), EndpointBusyError, id="a rate"),
        pytest.param(429, in_words(NO_QUOTA), EndpointCreditError, id="OpenAI's words without its code"),
        pytest.param(
            429, in_words(f"{NO_QUOTA} Please retry in 39s."), EndpointBusyError, id="the words of a rate"
        ),
        pytest.param(
            429, in_words(NO_QUOTA, code="rate_limit_exceeded"), EndpointBusyError, id="the code of a rate"
        ),
        pytest.param(
            500,
            in_words("context deadline exceeded after duration 60s"),
            EndpointDownError,
            id="a deadline is no duration",
        ),
        pytest.param(
            500, in_words("Upstream timeout: unsupported"), EndpointDownError, id="a timeout is no refusal"
        ),
        pytest.param(
            500, in_words("request timed out", code="request_error"), EndpointDownError, id="nor by its code"
        ),
        pytest.param(425, b"", EndpointBusyError, id="too early"),
        pytest.param(503, b"busy", EndpointDownError, id="an outage that says busy"),
    ],
)
def test_faults_come_in_many_shapes(status: int, body: object, error: type[EndpointError]) -> None:
    """Wherever a gateway puts its words, they are found."""
    assert type(fault(status, body)) is error


@pytest.mark.parametrize(
    ("message", "error"),
    [
        pytest.param("The model `x-2.5` does not exist or you do not have access to it.", GONE, id="OpenAI"),
        pytest.param('model "x" not found, try pulling it first', GONE, id="Ollama"),
        pytest.param("models/x is not found for API version v1beta", GONE, id="Google"),
        pytest.param("You do not have access to the model x", GONE, id="access first"),
        pytest.param("The model x has been deprecated", GONE, id="deprecated"),
        pytest.param("The model 'x' is no longer offered", GONE, id="ended"),
        pytest.param("This model is not supported here", GONE, id="not supported"),
        pytest.param("No such model: x", GONE, id="no such"),
        pytest.param("The page for this model path does not exist", WRONG, id="a page"),
        pytest.param("Not found: POST /v1/audio/translations. See the list of models.", WRONG, id="a hint"),
        pytest.param("/v1/models/x was not found", WRONG, id="a path"),
        pytest.param("Unknown route; the model was x", WRONG, id="a model in passing"),
        pytest.param(f"The model{' of somebody' * 9} is here; not found", WRONG, id="far apart"),
    ],
)
def test_a_404_speaks_of_the_model_or_of_the_address(message: str, error: type[EndpointError]) -> None:
    """Only where a 404 says near the model that it is not there it is about the model."""
    assert type(fault(404, in_words(message))) is error


@pytest.mark.parametrize(
    ("code", "error"),
    [
        pytest.param("insufficient_quota", EndpointCreditError, id="money"),
        pytest.param("model_not_found", EndpointModelError, id="model"),
        pytest.param("invalid_api_key", EndpointKeyError, id="key"),
        pytest.param("rate_limit_exceeded", EndpointDownError, id="anything else"),
    ],
)
def test_trouble_that_is_called_a_success(code: str, error: type[EndpointError]) -> None:
    """Gateways that answer 200 to everything are understood where their code is one that we know."""
    body = {"text": "ignore me", "error": {"message": "no (request id: 2026A)", "code": code}}
    with pytest.raises(EndpointError) as caught:
        read(body)
    assert type(caught.value) is error
    assert caught.value.tries == (TWICE if error is EndpointDownError else NEVER)


def test_what_an_endpoint_says_stays_here() -> None:
    """The log gets the status and our own word for the fault; the gateway's message goes nowhere."""
    body = {
        "error": {"message": "sk-secret and a prompt: is required", "code": "sk-secret", "type": "a text"}
    }
    error = fault(500, body)
    assert (error.detail, str(error), error.tries) == ("500 is required", "500 is required", NEVER)
    assert (fault(502).detail, fault(502).tries) == ("502", FEW)


def test_work_that_may_be_paid_for_is_asked_for_once_more_only() -> None:
    """A success without a text and a proxy's 524 come after the work: both are worth two requests."""
    with pytest.raises(EndpointDownError) as caught:
        read_translation(b"{}", NOTHING)
    unread = caught.value
    for error in (unread, fault(200), fault(524)):
        assert isinstance(error, EndpointDownError)
        assert error.tries == TWICE


@pytest.mark.parametrize("status", [504, 524])
def test_a_gateway_that_gave_up_says_that_it_took_too_long(status: int) -> None:
    """What took a gateway too long is known from an outage: less at once may go through."""
    error = fault(status)
    assert isinstance(error, EndpointSlowError)
    assert (error.reason, error.text) == (EndpointDownError.reason, EndpointDownError.text)
    assert not isinstance(fault(503), EndpointSlowError)


MODEL_GONE = {"error": {"code": "model_not_found"}}


@pytest.mark.parametrize(
    ("status", "body", "model", "error"),
    [
        pytest.param(503, MODEL_GONE, "whisper-1", EndpointRetiredError, id="whisper-1"),
        pytest.param(410, b"", "whisper-1", EndpointRetiredError, id="whisper-1, without a word"),
        pytest.param(503, MODEL_GONE, "whisper-large-v3", EndpointModelError, id="another model"),
        pytest.param(503, MODEL_GONE, "", EndpointModelError, id="a model that is not told"),
        pytest.param(503, b"", "whisper-1", EndpointDownError, id="an outage under whisper-1"),
        pytest.param(401, b"", "whisper-1", EndpointKeyError, id="a key under whisper-1"),
    ],
)
def test_whisper_1_that_is_gone_is_retired(
    status: int, body: object, model: str, error: type[EndpointError]
) -> None:
    """Where an endpoint has no `whisper-1` the reason is known; of no other model or trouble it is."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = error_for(status, NOTHING, data, now=NOW, model=model)
    assert type(found) is error
    assert found.tries == (FEW if error is EndpointDownError else NEVER)


@pytest.mark.parametrize("code", sorted(NO_MONEY))
@pytest.mark.parametrize("status", [400, 402, 403, 429, 500, 503])
def test_no_money_is_no_rate_and_no_outage(status: int, code: str) -> None:
    """Every word for an empty account counts, whatever the status, and is never tried again."""
    error = fault(status, {"error": {"message": "no", "code": code.replace("*", "project")}})
    assert (type(error), error.tries) == (EndpointCreditError, NEVER)


@pytest.mark.parametrize(
    ("status", "body", "is_named"),
    [
        pytest.param(400, b'{"error": "response_format must be json or text"}', True, id="the field"),
        pytest.param(422, b'{"detail":[{"loc":["body","response_format"]}]}', True, id="FastAPI"),
        pytest.param(500, b"Response format verbose_json is not supported", True, id="in words"),
        pytest.param(400, b"unknown value 'verbose_json'", True, id="the value"),
        pytest.param(400, b"Invalid file format", False, id="the format of the file"),
        pytest.param(503, b"response_format", False, id="another status"),
        pytest.param(200, b"response_format", False, id="a success"),
    ],
)
def test_only_the_format_is_refused(status: int, body: bytes, *, is_named: bool) -> None:
    """A server that minds only the response format is told from one that minds the recording."""
    assert names_the_format(status, body) is is_named


SUPPORTED = "Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']"


@pytest.mark.parametrize(
    ("status", "body", "is_named"),
    [
        pytest.param(400, in_words(f"Invalid file format. {SUPPORTED}"), True, id="OpenAI"),
        pytest.param(500, in_words(f"Invalid file format. {SUPPORTED}"), True, id="OpenAI behind a gateway"),
        pytest.param(
            400,
            in_words("The audio file could not be decoded or its format is not supported."),
            True,
            id="not decoded",
        ),
        pytest.param(500, in_words("unsupported audio format"), True, id="New-API"),
        pytest.param(500, in_words("flac duration parsing failed"), True, id="the duration"),
        pytest.param(500, in_words("", code="count_token_failed"), True, id="not measured"),
        pytest.param(500, b'{"error":"FFmpeg conversion failed."}', True, id="whisper.cpp"),
        pytest.param(422, b'{"detail": "Unsupported media"}', True, id="FastAPI"),
        pytest.param(415, b"", True, id="415 without a word"),
        pytest.param(415, b"<html>a page</html>", True, id="415 as a page"),
        pytest.param(
            400,
            in_words("Audio file is too short. Minimum duration is 0.1 seconds.", code="audio_too_short"),
            False,
            id="too short",
        ),
        pytest.param(400, in_words("bad duration", code="audio_too_short"), False, id="too short by code"),
        pytest.param(
            400,
            in_words("audio duration 1800 seconds is longer than 1400 seconds, the maximum for this model"),
            False,
            id="too long",
        ),
        pytest.param(500, in_words("context deadline exceeded after duration 60s"), False, id="a deadline"),
        pytest.param(500, in_words("timeout while trying to decode"), False, id="a timeout"),
        pytest.param(415, in_words("the recording is too long"), False, id="415 about the length"),
        pytest.param(400, in_words("unsupported format for response_format"), False, id="the other format"),
        pytest.param(400, in_words("field model is required"), False, id="something else"),
        pytest.param(400, b"", False, id="without a word"),
        pytest.param(503, in_words("unsupported audio format"), False, id="another status"),
        pytest.param(500, b"<p>unsupported audio format</p>", False, id="words of a page do not count"),
        pytest.param(200, b'{"text": "duration"}', False, id="a success"),
        pytest.param(413, b"", True, id="413 without a word"),
        pytest.param(413, b"<html>too large</html>", True, id="413 as a page"),
        pytest.param(413, in_words("", code="read_request_body_failed"), True, id="413 of the gateway"),
    ],
)
def test_only_the_sound_is_refused(status: int, body: bytes, *, is_named: bool) -> None:
    """A refusal that MP3 may cure is told from one about the length, or about anything else."""
    assert names_the_sound(status, body) is is_named


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": " 1.5 "}, 1.5, id="a fraction"),
        pytest.param({"retry-after": "0"}, 0.0, id="at once"),
        pytest.param({"retry-after": "-3"}, 0.0, id="in the past"),
        pytest.param({"retry-after-ms": "250", "retry-after": "7"}, 0.25, id="milliseconds first"),
        pytest.param({"retry-after-ms": "-1"}, 0.0, id="negative milliseconds"),
        pytest.param({"retry-after-ms": "soon", "retry-after": "7"}, 7.0, id="bad milliseconds"),
        pytest.param({"retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, 90.0, id="a date"),
        pytest.param({"retry-after": "Sat, 21 Nov 2026 12:01:30 -0000"}, 90.0, id="a date without a zone"),
        pytest.param({"retry-after": "Sat, 21 Nov 2026 13:01:30 +0100"}, 90.0, id="a date elsewhere"),
        pytest.param({"retry-after": "Sat, 21 Nov 2020 12:00:00 GMT"}, 0.0, id="a date gone by"),
        pytest.param({"retry-after": "Sat, 99 Nov 2026 12:00:00 GMT"}, None, id="no day of any month"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({"retry-after": "nan"}, None, id="not a number"),
        pytest.param({"retry-after": "inf"}, None, id="for ever"),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """However a server says when to come back, it is understood or ignored."""
    assert read_retry_after(httpx.Headers(headers), now=NOW) == seconds
    assert fault(429, **headers).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("headers", "message", "request_id"),
    [
        pytest.param({"x-request-id": "req_1"}, "no (request id: 2026A)", "req_1", id="a header first"),
        pytest.param({"x-oneapi-request-id": "2026B"}, "", "2026B", id="New-API's header"),
        pytest.param({}, "It failed (Request ID: 20261121aB3)", "20261121aB3", id="in the message"),
        pytest.param(
            {"cf-ray": "8f-FRA"}, "no (request id: 2026A)", "2026A", id="the message before Cloudflare"
        ),
        pytest.param({"cf-ray": "8f-FRA"}, "", "8f-FRA", id="Cloudflare's"),
        pytest.param({"x-request-id": "a b\tc"}, "", "", id="no id at all"),
        pytest.param({"x-request-id": "x" * 200}, "", "", id="too long"),
        pytest.param({}, "", "", id="none"),
    ],
)
def test_the_request_id_is_kept(headers: dict[str, str], message: str, request_id: str) -> None:
    """The endpoint's own id, which its support asks for, is kept; anything that is no id is not."""
    assert read_request_id(httpx.Headers(headers), message) == request_id
    assert fault(500, {"error": {"message": message}}, **headers).request_id == request_id


def test_a_message_without_end_is_cut() -> None:
    """A gateway that sends a book is read to the first pages only."""
    assert len(read_fault(b"word " * 100_000).message) == 10_000
