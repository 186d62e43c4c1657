"""The embedded endpoint's transcriptions and chat: words as they were said, and the English of text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import recordings
from bot.engines.chat import INSTRUCTION
from bot.sandbox import endpoint_answers as answers
from bot.sandbox import samples
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.endpoint_answers import sentences
from bot.sandbox.hearing import Heard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

SAMPLES = samples.load()
PARCEL = recordings.sample("parcel")
SOUND = b"RIFF, as far as anybody looks"


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointSandbox]:
    """Run an endpoint that takes any sound for the parcel sample."""
    async with EndpointSandbox() as running:
        running.ears = lambda _: Heard(6.0, sample=PARCEL)
        yield running


@pytest.fixture
async def client(endpoint: EndpointSandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that has the key."""
    headers = {"Authorization": f"Bearer {endpoint.key}"}
    async with httpx.AsyncClient(base_url=endpoint.base_url, headers=headers, timeout=10) as opened:
        yield opened


async def hear(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    """Ask for a transcription."""
    data = {"model": "whisper-1"} | fields
    return await client.post("/audio/transcriptions", data=data, files={"file": ("a.wav", SOUND)})


def asked(*texts: str, **more: object) -> dict[str, Any]:
    """Give a chat that asks for the English of some texts."""
    data = {"segments": [{"id": number, "text": text} for number, text in enumerate(texts)]}
    messages = [
        {"role": "system", "content": INSTRUCTION},
        {"role": "user", "content": json.dumps(data)},
    ]
    request = {"model": "gpt-5-mini", "messages": messages, "response_format": {"type": "json_object"}}
    return request | more


async def translate(client: httpx.AsyncClient, *texts: str) -> list[str]:
    """Have texts translated."""
    response = await client.post("/chat/completions", json=asked(*texts))
    (choice,) = response.json()["choices"]
    assert (choice["finish_reason"], choice["message"]["refusal"]) == ("stop", None)
    segments = json.loads(choice["message"]["content"])["segments"]
    assert [one["id"] for one in segments] == [*range(len(texts))]
    return [one["text"] for one in segments]


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """Give status, code and words of a refusal."""
    error: Mapping[str, str] = response.json()["error"]
    return response.status_code, error["code"], error["message"]


# --- transcriptions -----------------------------------------------------------------------------


async def test_a_sample_in_its_own_words(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """A transcription has the words as they were said, and names their language."""
    assert (await hear(client)).json() == {"text": PARCEL.original}
    said = (await hear(client, response_format="verbose_json", language="es")).json()
    assert (said["task"], said["language"], said["text"]) == ("transcribe", "spanish", PARCEL.original)
    assert [one["text"].strip() for one in said["segments"]] == sentences(PARCEL.original)
    assert (await hear(client, response_format="text")).text == f"{PARCEL.original}\n"
    assert [one.status for one in endpoint.transcriptions] == [200] * 3
    assert endpoint.requests == []


async def test_a_model_that_knows_no_times(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """The newest model answers JSON or text only, and lists the languages that it heard."""
    said = (await hear(client, model="gpt-transcribe")).json()
    assert said == {"text": PARCEL.original, "languages": [{"code": "es"}]}
    status, code, message = refusal(
        await hear(client, model="gpt-transcribe", response_format="verbose_json")
    )
    assert (status, code) == (400, "unsupported_value")
    assert "response_format 'verbose_json' is not compatible with model 'gpt-transcribe'" in message
    endpoint.timeless_models = frozenset()
    assert (await hear(client, model="gpt-transcribe", response_format="verbose_json")).status_code == 200


async def test_other_sound_has_words_too(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """Ears tell what was said; sound that nobody knows is answered openly, and silence with nothing."""
    endpoint.ears = lambda _: Heard(2.0, ((0.0, 1.0, "One."), (1.0, 2.0, "Two.")))
    assert (await hear(client)).json() == {"text": "One. Two."}
    endpoint.ears = lambda _: Heard(2.0)
    assert "stand-in" in (await hear(client)).json()["text"]
    endpoint.hears_nothing = True
    assert (await hear(client, model="gpt-transcribe")).json() == {"text": "", "languages": []}


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        pytest.param({"model": "whisper-9"}, 503, "whisper-9", id="another model"),
        pytest.param({"stream": "true"}, 400, "stream", id="a field that it does not know"),
        pytest.param({"temperature": "2"}, 400, "temperature", id="too hot"),
    ],
)
async def test_it_is_strict(
    client: httpx.AsyncClient, fields: dict[str, str], status: int, words: str
) -> None:
    """What real endpoints refuse of a transcription is refused."""
    found, _, message = refusal(await hear(client, **fields))
    assert found == status
    assert words in message


# --- the chat -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.language)
async def test_samples_are_translated(client: httpx.AsyncClient, sample: samples.Sample) -> None:
    """The words of each sample are known, as a whole and by sentence."""
    assert await translate(client, sample.original) == [sample.english]
    parts = await translate(client, *sentences(sample.original))
    assert (len(parts), " ".join(parts)) == (2, sample.english)


async def test_other_text(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """English stays as it is; of other text it says what it is, unless somebody gave it a tongue."""
    english = "I would like to return the shoes, because they are too small for me."
    german = "Ich möchte die Schuhe zurückgeben, denn sie sind mir leider viel zu klein."
    kept, unknown = await translate(client, english, german)
    assert kept == english
    assert "stand-in" in unknown
    endpoint.tongue = {german: english}.get
    assert await translate(client, german, PARCEL.original) == [english, PARCEL.english]


async def test_an_instruction_is_not_obeyed(client: httpx.AsyncClient) -> None:
    """Where there are no segments to translate it says what it is."""
    for content in ("Say OK.", '{"segments": 5}', "[" * 100_000):
        messages = [{"role": "user", "content": content}]
        response = await client.post("/chat/completions", json={"model": "gpt-5-mini", "messages": messages})
        assert "stand-in" in response.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"max_tokens": 5}, "max_tokens", id="an unknown field"),
        pytest.param({"model": ""}, "model is required", id="no model"),
        pytest.param({"messages": []}, "messages", id="no messages"),
        pytest.param({"messages": ["Hallo"]}, "messages", id="a text for a message"),
        pytest.param({"messages": [{"role": "boss", "content": "JSON"}]}, "messages", id="another role"),
        pytest.param({"messages": [{"role": "user", "content": None}]}, "messages", id="no content"),
        pytest.param({"temperature": 0}, "temperature", id="a temperature"),
        pytest.param({"response_format": {"type": "xml"}}, "response_format", id="another format"),
        pytest.param({"messages": [{"role": "user", "content": "Hi"}]}, "'json'", id="JSON unspoken of"),
    ],
)
async def test_the_chat_is_strict(client: httpx.AsyncClient, change: dict[str, object], words: str) -> None:
    """What newer models refuse is refused."""
    status, code, message = refusal(await client.post("/chat/completions", json=asked("Hallo.", **change)))
    assert (status, code) == (400, "invalid_request")
    assert words in message


async def test_what_else_the_chat_refuses(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """A model that is not offered, a body that is no object, a wrong key, JSON mode where there is none."""
    path = "/chat/completions"
    status, code, _ = refusal(await client.post(path, json=asked("Hallo.", model="gpt-0")))
    assert (status, code) == (503, "model_not_found")
    for content, kind in ((b"{", "application/json"), (b"[]", "application/json"), (b"{}", "text/plain")):
        response = await client.post(path, content=content, headers={"Content-Type": kind})
        assert refusal(response)[:2] == (400, "invalid_request")
    response = await client.post(path, json=asked("Hallo."), headers={"Authorization": "Bearer other"})
    assert refusal(response)[:2] == (401, "invalid_api_key")
    assert (endpoint.chats[-1].authorization_ok, endpoint.chats[-1].model) == (False, None)
    endpoint.knows_json_mode = False
    status, _, message = refusal(await client.post(path, json=asked("Hallo.")))
    assert (status, "response_format" in message) == (400, True)


# --- what it keeps, and what is planned ---------------------------------------------------------


async def test_each_path_has_its_own_plan(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """A script is for one path; `always` is for all sound, `always_chat` for all chats."""
    endpoint.script(answers.saying({"text": "Translation."}))
    endpoint.script_transcription(answers.failing(429), None)
    endpoint.script_chat(answers.chatting("OK", finish_reason="length"))
    assert (await hear(client)).status_code == 429
    assert (await hear(client)).json() == {"text": PARCEL.original}
    (choice,) = (await client.post("/chat/completions", json=asked("Hallo."))).json()["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("OK", "length")
    data, file = {"model": "whisper-1"}, {"file": ("a.wav", SOUND)}
    assert (await client.post("/audio/translations", data=data, files=file)).json() == {
        "text": "Translation."
    }
    endpoint.always = answers.failing(500)
    assert (await hear(client)).status_code == 500
    assert (await client.post("/audio/translations", data=data, files=file)).status_code == 500
    assert await translate(client, PARCEL.original) == [PARCEL.english]
    endpoint.always_chat = answers.failing(502)
    assert (await client.post("/chat/completions", json=asked("Hallo."))).status_code == 502


async def test_everything_is_kept_and_forgotten(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """Requests are kept by path, and forgotten together with all that was planned."""
    await hear(client, prompt="Acme")
    await translate(client, "Hallo.")
    (heard,), (chat,) = endpoint.transcriptions, endpoint.chats
    assert (heard.prompt, heard.seconds, heard.status, heard.answered) == ("Acme", 6.0, 200, True)
    assert (chat.model, chat.status, chat.answered) == ("gpt-5-mini", 200, True)
    assert chat.data == {"segments": [{"id": 0, "text": "Hallo."}]}
    assert (chat.said("system"), chat.said("assistant")) == (INSTRUCTION, "")
    endpoint.script_chat(answers.failing(500))
    endpoint.always_chat = answers.failing(500)
    endpoint.forget()
    assert (endpoint.transcriptions, endpoint.chats) == ([], [])
    assert await translate(client, PARCEL.original) == [PARCEL.english]


async def test_every_request_is_in_flight(client: httpx.AsyncClient, endpoint: EndpointSandbox) -> None:
    """However different the paths, those under way are counted together, and all are slowed down."""
    endpoint.delay_seconds = 0.01
    await translate(client, "Hallo.")
    assert endpoint.chats[0].duration >= 0.01
    endpoint.delay_seconds = lambda _: 60.0
    await translate(client, "Hallo.")
    assert (endpoint.in_flight, endpoint.max_in_flight) == (0, 1)
