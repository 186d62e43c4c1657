"""Which formats an endpoint really gives: each is asked for once, and its shape looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.doctor.finding import Finding, State, fail, ok, warn
from bot.doctor.models import endpoint_of
from bot.engines.audio import FILES, TRANSLATIONS_PATH
from bot.engines.endpoint import Attachment
from bot.engines.reading import read_translation
from bot.errors import BotError, EndpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.doctor.patient import Patient
    from bot.engines.endpoint import Answer

SOUNDS: Final = {"FLAC": "flac", "MP3": "mp3"}
BUSY: Final = 429


async def sound_formats(patient: Patient) -> Finding:
    """Send the sample in each format that the bot sends."""
    results = {name: await _send(patient, "json", kind) for name, kind in SOUNDS.items()}
    patient.sound = next((SOUNDS[name] for name, result in results.items() if not result), "")
    said = _said(results)
    if not patient.sound:
        return fail(said, "docs/troubleshooting.md says what the answers mean; try another TRANSLATION_MODEL")
    if results["FLAC"]:
        return warn(said, "nothing has to be done: what is refused as FLAC is sent as MP3")
    return ok(said)


async def response_formats(patient: Patient) -> Finding:
    """Ask for each response format, and see whether what comes has its shape."""
    results = {name: await _send(patient, name, patient.sound or "flac") for name in SHAPES}
    said = _said(results)
    if not results["verbose_json"]:
        return Finding(State.OK, said)
    if not results["json"]:
        return warn(
            said, "nothing has to be done, but subtitles are timed by piece, and doubts are not marked"
        )
    return fail(said, "the bot needs json or verbose_json: try another TRANSLATION_BASE_URL or engine")


async def _send(patient: Patient, response_format: str, kind: str) -> str:
    """Ask once; say what is wrong with the answer, or nothing."""
    endpoint = endpoint_of(patient)
    fields = {"model": patient.config.translation_model, "response_format": response_format}
    path = Path(patient.heard.path)
    try:
        file = await patient.decoders.as_mp3(path) if kind == "mp3" else path
        answer = await endpoint.post_form(TRANSLATIONS_PATH, fields, Attachment(file, *FILES[kind]))
    except EndpointError as error:
        return error.detail
    except (BotError, OSError) as error:
        return f"not made here, {type(error).__name__}"
    if answer.is_good:
        return SHAPES[response_format](answer)
    return "busy, 429" if answer.status == BUSY else f"refused, {answer.status}"


def _said(results: Mapping[str, str]) -> str:
    """List what works, then what does not, with the reason."""
    good = ", ".join(name for name, result in results.items() if not result)
    bad = ", ".join(f"{name} ({result})" for name, result in results.items() if result)
    return "; ".join(filter(None, [good and f"work: {good}", bad and f"do not: {bad}"]))


# --- shapes: each says what is wrong with an answer, or nothing -----------------------------------


def json_shape(answer: Answer) -> str:
    """See whether this is an object with a text."""
    try:
        read_translation(answer.body, answer.headers)
    except EndpointError:
        return "another shape"
    return ""


def verbose_shape(answer: Answer) -> str:
    """See whether there are timed segments too, with the metrics that tell speech from invention."""
    if wrong := json_shape(answer):
        return wrong
    segments = read_translation(answer.body, answer.headers).segments
    if not segments:
        return "no segments"
    if any(one.no_speech_prob is None or one.avg_logprob is None for one in segments):
        return "no metrics"
    return ""


def text_shape(answer: Answer) -> str:
    """See whether this is bare text: no page, no object, no subtitles."""
    text = _text(answer)
    is_other = text.startswith(("<", "WEBVTT")) or "-->" in text or isinstance(_load(text), dict | list)
    return "another shape" if is_other or not text else ""


def srt_shape(answer: Answer) -> str:
    """See whether this begins as a SubRip file does: a number, then times."""
    first, second = _first_two(_text(answer).splitlines())
    return "" if first.isdecimal() and "-->" in second else "another shape"


def vtt_shape(answer: Answer) -> str:
    """See whether this begins as WebVTT does, and has times."""
    text = _text(answer)
    return "" if text.startswith("WEBVTT") and "-->" in text else "another shape"


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8-sig", "replace").strip()


def _first_two(lines: Iterable[str]) -> tuple[str, str]:
    first, second, *_ = [*lines, "", ""]
    return first.strip(), second


def _load(text: str) -> Any:  # noqa: ANN401 -- whatever stands in somebody's JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


SHAPES: Final[Mapping[str, Callable[[Answer], str]]] = {
    "json": json_shape,
    "text": text_shape,
    "srt": srt_shape,
    "vtt": vtt_shape,
    "verbose_json": verbose_shape,
}
