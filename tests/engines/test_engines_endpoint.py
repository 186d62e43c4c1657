from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from bot.engines.endpoint import Attachment, Endpoint
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


async def test_a_refusal_is_an_answer_with_a_meaning() -> None:
    """What is no success is handed over, and its meaning knows the model that was asked for."""
    said = b'{"error": {"code": "model_not_found"}}'
    async with serving(says(503, said)) as wire, httpx.AsyncClient() as client:
        endpoint = Endpoint(client, base_url=wire.url, key=KEY)
        answer = await endpoint.get("/models")
    assert (answer.status, answer.is_good, answer.body) == (503, False, said)
    assert isinstance(endpoint.error(answer, model="whisper-1"), EndpointRetiredError)
