"""What the embedded endpoint says: translations in each format, refusals, and faults on demand.

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


def translated(
    said: str | Sequence[tuple[float, float, str]], seconds: float, response_format: str, temperature: float
) -> Answer:
    """Answer a translation in the format that was asked for; `said` may have times: (start, end, text)."""
    content_type = "application/json" if "json" in response_format else "text/plain"
    timed = _sentences(said, seconds) if isinstance(said, str) else said
    text = said if isinstance(said, str) else " ".join(words.strip() for _, _, words in said)
    segments = [_segment(number, *one, temperature) for number, one in enumerate(timed)]
    return Answer(200, _RENDERERS[response_format](text, seconds, segments), content_type)


def _sentences(text: str, seconds: float) -> list[tuple[float, float, str]]:
    """Cut at the ends of sentences; each takes its share of the time by its length."""
    sentences = re.findall(r"\S.*?[.?!](?=\s|$)|\S.+$", text)
    total = sum(map(len, sentences))
    ends = [0.0, *(seconds * so_far / total for so_far in accumulate(map(len, sentences)))]
    return [(*times, sentence) for times, sentence in zip(pairwise(ends), sentences, strict=True)]


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


def _verbose(text: str, seconds: float, segments: list[dict[str, Any]]) -> str:
    # OpenAI says the language of the output here, so it never tells the source language.
    whole = {"task": "translate", "language": "english", "duration": seconds, "text": text}
    return json.dumps({**whole, "segments": segments})


def _srt(_text: str, _seconds: float, segments: list[dict[str, Any]]) -> str:
    return "".join(
        f"{segment['id'] + 1}\n{_clock(segment['start'], ',')} --> {_clock(segment['end'], ',')}\n"
        f"{segment['text'].strip()}\n\n"
        for segment in segments
    )


def _vtt(_text: str, _seconds: float, segments: list[dict[str, Any]]) -> str:
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


_RENDERERS: Final[Mapping[str, Callable[[str, float, list[dict[str, Any]]], str]]] = {
    "json": lambda text, _seconds, _segments: json.dumps({"text": text}),
    "text": lambda text, _seconds, _segments: f"{text}\n",
    "srt": _srt,
    "vtt": _vtt,
    "verbose_json": _verbose,
}
