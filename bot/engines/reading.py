"""Read what an endpoint answers where it did the work: the text, with its times and metrics."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.engines import Segment, Transcription, Translation
from bot.engines.answers import TWICE, error_for, number_in, read_request_id
from bot.errors import EndpointDownError
from bot.language import tag_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_translation(body: bytes, headers: Mapping[str, str]) -> Translation:
    """Read a success, in either JSON format, whatever its content type says.

    `duration` is a number or text and `language` may be anybody's: neither is used.
    """
    said = read_object(body, headers)
    return Translation(
        _read_text(said, headers), _read_segments(said.get("segments")), read_request_id(headers)
    )


def read_transcription(body: bytes, headers: Mapping[str, str]) -> Transcription:
    """Read a success likewise. Here the language is the one that was spoken."""
    said = read_object(body, headers)
    return Transcription(
        _read_text(said, headers),
        _read_segments(said.get("segments")),
        read_request_id(headers),
        _read_language(said),
    )


def read_object(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Read the object that every success is, or raise what says that this is none.

    Some gateways have only one status; that key, money or model is gone their codes say all the same.
    """
    request_id = read_request_id(headers)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        # From nowhere: the exception would carry the text.
        raise EndpointDownError(detail="200 not JSON", request_id=request_id, tries=TWICE) from None
    if isinstance(said, dict) and said.get("error"):
        error = error_for(HTTPStatus.OK, headers, body, now=datetime.now(UTC))
        if not error.can_be_retried:
            raise error
    if not isinstance(said, dict) or said.get("error"):
        raise EndpointDownError(detail="200 without text", request_id=request_id, tries=TWICE)
    return said


def clean(text: str) -> str:
    """Trim, and take out what no database or Slack message can hold: zero bytes, halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode().strip()


def _read_text(said: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    text = said.get("text")
    if not isinstance(text, str):
        raise EndpointDownError(detail="200 without text", request_id=read_request_id(headers), tries=TWICE)
    return clean(text)


def _read_language(said: Mapping[str, Any]) -> str:
    """Read the tag: Whisper's kin say one `language`, a word or a code, gpt-transcribe a list of codes."""
    language = said.get("language")
    listed = said.get("languages")
    if not language and isinstance(listed, list) and len(listed) == 1:  # of several, no one is the language
        language = listed[0].get("code") if isinstance(listed[0], dict) else listed[0]
    return tag_of(language) if isinstance(language, str) else ""


def _read_segments(said: object) -> tuple[Segment, ...]:
    """Read the timed parts; one that cannot be read makes all useless, for a gap in them loses text."""
    segments = [_read_segment(one) for one in said] if isinstance(said, list) else []
    if any(segment is None for segment in segments):
        return ()
    return tuple(segment for segment in segments if segment and segment.text)


def _read_segment(said: Any) -> Segment | None:  # noqa: ANN401 -- whatever stands in somebody's JSON
    if not isinstance(said, dict) or not isinstance(said.get("text"), str):
        return None
    start, end = number_in(said.get("start")), number_in(said.get("end"))
    if start is None or end is None:
        return None
    no_speech = number_in(said.get("no_speech_prob"))
    return Segment(
        start_seconds=max(0.0, start),
        end_seconds=max(0.0, start, end),
        text=clean(said["text"]),
        no_speech_prob=no_speech if no_speech is not None and no_speech >= 0 else None,
        avg_logprob=_metric(said.get("avg_logprob")),
        compression_ratio=_metric(said.get("compression_ratio")),
    )


def _metric(said: object) -> float | None:
    """Read a metric; vLLM fills in -1.0 for those it does not know."""
    number = number_in(said)
    return None if number == -1 else number
