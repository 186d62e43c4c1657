"""What the embedded endpoint says: texts in each format, refusals, and faults on demand.

Shapes and wording follow what CometAPI and OpenAI answer, so that a client meets here what it will
meet there.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final

from bot.language import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

REQUEST_ID: Final = "%REQUEST_ID%"  # stands for the id of the request that is answered
FORMATS: Final = ("json", "text", "srt", "verbose_json", "vtt")


class Fault(StrEnum):
    """What happens in place of an answer."""

    NONE = "none"
    HANG = "hang"  # nothing, until the client gives up
    DROP = "drop"  # the connection ends, nothing was done
    DROP_AFTER_WORK = "drop_after_work"  # done, and surely billed, but the answer is lost


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the endpoint."""

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = Fault.NONE


def failing(
    status: int, *, code: str = "", message: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """Refuse in CometAPI's envelope, whose message ends with the id to quote to its support."""
    message = f"{message or 'something is wrong'} (request id: {REQUEST_ID})"
    error = {"message": message, "type": "comet_api_error", "param": "", "code": code}
    return Answer(status, json.dumps({"error": error}), headers=headers or {})


def hang() -> Answer:
    """Say nothing until the client gives up."""
    return Answer(fault=Fault.HANG)


def drop() -> Answer:
    """End the connection without having worked."""
    return Answer(fault=Fault.DROP)


def drop_after_work() -> Answer:
    """Do the work, then end the connection: the client can't know whether it was done."""
    return Answer(fault=Fault.DROP_AFTER_WORK)


def html(status: int = 502) -> Answer:
    """Answer with a proxy's page."""
    page = "<html><head><title>Bad gateway</title></head><body>cloudflare</body></html>"
    return Answer(status, page, "text/html")


def redirect(location: str, status: int = 301) -> Answer:
    """Point elsewhere, as a wrong base address does."""
    return Answer(status, "", "text/html", {"Location": location})


def empty(status: int = 200) -> Answer:
    """Answer without a body."""
    return Answer(status)


def cut_json() -> Answer:
    """Answer with JSON that ends in the middle."""
    return Answer(200, '{"text": "Hello, my par')


def saying(body: str | Mapping[str, Any], status: int = 200) -> Answer:
    """Answer with exactly this: a text, or an object as JSON."""
    if isinstance(body, str):
        return Answer(status, body, "text/plain")
    return Answer(status, json.dumps(body))


def chatting(
    content: str | Mapping[str, Any] | None, *, finish_reason: str = "stop", refusal: str | None = None
) -> Answer:
    """Answer as a chat model, with this text, or with an object as JSON."""
    said = content if content is None or isinstance(content, str) else json.dumps(content)
    message = {"role": "assistant", "content": said, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return Answer(200, json.dumps({"object": "chat.completion", "choices": [choice]}))


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a recording says, in which language (a tag), and how long it is; `said` may have times.

    `is_original` tells the words as they were said from their English. Of a translation servers say
    `english`, so it never tells the source language.
    """

    said: str | Sequence[tuple[float, float, str]]
    seconds: float
    language: str = "en"
    is_original: bool = False


def translated(
    said: str | Sequence[tuple[float, float, str]], seconds: float, response_format: str, temperature: float
) -> Answer:
    """Answer a translation in the format that was asked for; `said` may have times: (start, end, text)."""
    return spoken(Spoken(said, seconds), response_format, temperature)


def spoken(
    told: Spoken, response_format: str, temperature: float, *, names_languages: bool = False
) -> Answer:
    """Answer in the format that was asked for; with `names_languages` JSON does so, as gpt-transcribe's."""
    content_type = "application/json" if "json" in response_format else "text/plain"
    said = told.said
    timed = _timed(said, told.seconds) if isinstance(said, str) else said
    text = said if isinstance(said, str) else " ".join(words.strip() for _, _, words in said)
    segments = [_segment(number, *one, temperature) for number, one in enumerate(timed)]
    if response_format == "verbose_json":
        body = _verbose(told, text, segments)
    elif response_format == "json":
        languages = {"languages": [{"code": told.language}] if text else []} if names_languages else {}
        body = json.dumps({"text": text, **languages})
    else:
        body = _RENDERERS[response_format](text, segments)
    return Answer(200, body, content_type)


def sentences(text: str) -> list[str]:
    """Cut at the ends of sentences."""
    return re.findall(r"\S.*?[.?!।](?=\s|$)|\S.+$", text)


def _timed(text: str, seconds: float) -> list[tuple[float, float, str]]:
    """Give each sentence its share of the time by its length."""
    said = sentences(text)
    total = sum(map(len, said))
    ends = [0.0, *(seconds * so_far / total for so_far in accumulate(map(len, said)))]
    return [(*times, sentence) for times, sentence in zip(pairwise(ends), said, strict=True)]


def _segment(number: int, start: float, end: float, text: str, temperature: float) -> dict[str, Any]:
    words = text.strip().encode()
    return {
        "id": number,
        "seek": 0,
        "start": round(start, 2),
        "end": round(end, 2),
        "text": f" {text.strip()}",
        "tokens": [],
        "temperature": temperature,
        "avg_logprob": -0.21,
        "compression_ratio": round(len(words) / len(zlib.compress(words)), 3),
        "no_speech_prob": 0.02,
    }


def _verbose(told: Spoken, text: str, segments: list[dict[str, Any]]) -> str:
    task = "transcribe" if told.is_original else "translate"
    language = name_of(told.language).lower()
    whole = {"task": task, "language": language, "duration": told.seconds, "text": text}
    return json.dumps({**whole, "segments": segments})


def _srt(_text: str, segments: list[dict[str, Any]]) -> str:
    return "".join(
        f"{segment['id'] + 1}\n{_clock(segment['start'], ',')} --> {_clock(segment['end'], ',')}\n"
        f"{segment['text'].strip()}\n\n"
        for segment in segments
    )


def _vtt(_text: str, segments: list[dict[str, Any]]) -> str:
    # Without hours, as openai/whisper writes it: a client that insists on them would fail there.
    return "WEBVTT\n\n" + "".join(
        f"{_clock(segment['start'], '.').removeprefix('00:')} --> "
        f"{_clock(segment['end'], '.').removeprefix('00:')}\n"
        f"{segment['text'].strip()}\n\n"
        for segment in segments
    )


def _clock(seconds: float, mark: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{milliseconds // 1000:02}{mark}{milliseconds % 1000:03}"


_RENDERERS: Final[Mapping[str, Callable[[str, list[dict[str, Any]]], str]]] = {
    "text": lambda text, _segments: f"{text}\n",
    "srt": _srt,
    "vtt": _vtt,
}
