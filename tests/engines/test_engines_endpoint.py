from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.engines.endpoint import LONGEST_ANSWER_BYTES, LONGEST_LIST_BYTES, Attachment, Endpoint
from bot.errors import EndpointDownError, EndpointKeyError, EndpointRetiredError
from wire import hangs, resets, says, serving

if TYPE_CHECKING:
    from pathlib import Path

    from wire import Answer

KEY = "sk-of-the-tests"


async def test_something_is_asked_for() -> None:
    """A GET carries the key and nothing that the client has learnt, and its answer comes whole."""
    async with (
        serving(says(200, b'{"data": []}', x_a="b")) as wire,
        httpx.AsyncClient(cookies={"a": "b"}, headers={"x-a": "b"}) as client,
    ):
        answer = await Endpoint(client, base_url=f"{wire.url}/v1/", key=f" {KEY}\n").get("/models")
        (received,) = wire.received
    assert (answer.status, answer.is_good, answer.headers["x-a"], answer.body) == (
        200,
        True,
        "b",
        b'{"data": []}',
    )
    assert (received.method, received.target, received.body) == ("GET", "/v1/models", b"")
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert not {"cookie", "x-a", "content-type", "transfer-encoding"} & set(received.headers)


async def test_an_object_is_sent_as_json() -> None:
    """A POST has its length said beforehand; text that no encoding can hold is sent as JSON spells it."""
    async with serving(says(201, b"{}")) as wire, httpx.AsyncClient() as client:
        answer = await Endpoint(client, base_url=wire.url, key=KEY).post_json("/chat", {"ü": "a\ud83d"})
        (received,) = wire.received
    assert answer.is_good
    assert (received.method, received.target) == ("POST", "/chat")
    assert (received.headers["content-type"], received.headers["content-length"]) == (
        "application/json",
        str(len(received.body)),
    )
    assert json.loads(received.body) == {"ü": "a\ud83d"}
    assert "transfer-encoding" not in received.headers


@pytest.mark.parametrize("answer", [resets(), hangs()], ids=["reset", "hang"])
async def test_a_broken_connection_is_our_error(answer: Answer, tmp_path: Path) -> None:
    """Whatever breaks on the wire is a fault that may heal, however the endpoint was asked."""
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    file = Attachment(tmp_path / "a.flac", "audio.flac", "audio/flac")
    async with serving(answer) as wire, httpx.AsyncClient() as client:
        endpoint = Endpoint(client, base_url=wire.url, key=KEY, request_seconds=0.2)
        with pytest.raises(EndpointDownError):
            await endpoint.get("/models")
        with pytest.raises(EndpointDownError):
            await endpoint.post_json("/chat", {})
        with pytest.raises(EndpointDownError):
            await endpoint.post_form("/audio", {}, file)


@pytest.mark.parametrize(
    ("base_url", "key"),
    [("api.example/v1", KEY), ("https://api.example:port/v1", KEY), ("https://api.example", "sk-\n-x")],
)
async def test_settings_that_cannot_be_right(base_url: str, key: str) -> None:
    """An address or key that no request can be made of is the admin's to mend."""
    async with httpx.AsyncClient() as client:
        with pytest.raises(EndpointKeyError) as caught:
            await Endpoint(client, base_url=base_url, key=key).get("/models")
    assert "sk-" not in str(caught.value) + str(caught.value.__cause__)


def over(status: int, body: bytes) -> Endpoint:
    """Give an endpoint that says the same to everything."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(status, content=body)))
    return Endpoint(client, base_url="https://api.example/v1", key=KEY)


async def test_an_answer_is_as_long_as_it_may_be(tmp_path: Path) -> None:
    """More than there can be to say of five minutes is no answer; a list of models may be longer."""
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    file = Attachment(tmp_path / "a.flac", "audio.flac", "audio/flac")
    longest, longer = b" " * LONGEST_ANSWER_BYTES, b" " * (LONGEST_ANSWER_BYTES + 1)
    assert (await over(200, longest).post_json("/chat", {})).body == longest
    for asking in (over(200, longer).post_json("/chat", {}), over(200, longer).post_form("/audio", {}, file)):
        with pytest.raises(EndpointDownError, match="answer without end") as caught:
            await asking
        assert caught.value.tries == 2
    assert (await over(200, longer).get("/models")).body == longer
    with pytest.raises(EndpointDownError, match="answer without end"):
        await over(200, b" " * (LONGEST_LIST_BYTES + 1)).get("/models")


async def test_a_long_refusal_stays_one() -> None:
    """What a refusal means is read from its status and beginning, however long it is."""
    said = json.dumps({"error": {"code": "x"}}).encode() + b" " * LONGEST_ANSWER_BYTES
    answer = await over(401, said).post_json("/chat", {})
    assert (answer.status, len(answer.body)) == (401, LONGEST_ANSWER_BYTES)


async def test_five_minutes_of_speech_are_no_long_answer() -> None:
    """The fullest answer there is to a piece, every token and word in it, is far below the limit."""
    words = [
        {"word": f" word{number}", "start": 0.1, "end": 0.2, "probability": 0.99} for number in range(1200)
    ]
    metrics = {"avg_logprob": -0.123456789, "compression_ratio": 1.23456789, "no_speech_prob": 0.0123456789}
    segment = {"seek": 0, "start": 1.0, "end": 2.0, "text": " so many words are said here", "temperature": 0}
    tokens = {"tokens": [*range(50_000, 50_030)]}
    segments = [{"id": number, **segment, **tokens, **metrics} for number in range(200)]
    said = json.dumps({"text": " word" * 1200, "segments": segments, "words": words}, indent=2).encode()
    assert len(said) < LONGEST_ANSWER_BYTES / 2
    assert (await over(200, said).post_json("/audio", {})).body == said


async def test_a_refusal_is_an_answer_with_a_meaning() -> None:
    """What is no success is handed over, and its meaning knows the model that was asked for."""
    said = b'{"error": {"code": "model_not_found"}}'
    async with serving(says(503, said)) as wire, httpx.AsyncClient() as client:
        endpoint = Endpoint(client, base_url=wire.url, key=KEY)
        answer = await endpoint.get("/models")
    assert (answer.status, answer.is_good, answer.body) == (503, False, said)
    assert isinstance(endpoint.error(answer, model="whisper-1"), EndpointRetiredError)
