"""The body of a request to the embedded endpoint: what real endpoints insist on, with their refusals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from aiohttp import BodyPartReader, web

from bot.sandbox.endpoint_answers import FORMATS, failing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

MOST_BYTES: Final = 25 * 1024 * 1024  # of the whole request, not of the file
# Judged by the name, as OpenAI does: the same bytes are refused as x.opus and taken as x.ogg.
EXTENSIONS: Final = (".flac", ".m4a", ".mp3", ".mp4", ".mpeg", ".mpga", ".oga", ".ogg", ".wav", ".webm")
FIELDS: Final = frozenset({"model", "prompt", "response_format", "temperature"})
TRANSCRIPTION_FIELDS: Final = FIELDS | {"language", "timestamp_granularities[]"}
# A gateway of this sort measures a file, by its name, before it sends it on.
UNMEASURED: Final = "invalid audio input: error getting audio duration: unsupported audio format: "
TIMELESS_FORMATS: Final = ("json", "text")
TIMELESS: Final = "response_format '{}' is not compatible with model '{}'. Use 'json' or 'text' instead."
MP3_FRAMES: Final = (0xE2, 0xE3, 0xF2, 0xF3, 0xFA, 0xFB)  # layer III of MPEG 2.5, 2 and 1
# How files begin whose name has to fit what is in them. An MP3 without tags begins with a frame.
BEGINNINGS: Final = {".flac": (b"fLaC",), ".mp3": (b"ID3", *(b"\xff" + bytes([byte]) for byte in MP3_FRAMES))}


class RefusedError(Exception):
    """The request breaks a rule; `answer` says which."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = failing(status, code=code, message=message)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a path takes: `models`, of which the `timeless` know no times; `refused` extensions it takes not.

    `is_measured`: it says so as a gateway that can't measure them.
    """

    models: Collection[str]
    fields: frozenset[str] = FIELDS
    timeless: Collection[str] = ()
    refused: Collection[str] = ()
    is_measured: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: the fields, and the file."""

    fields: Mapping[str, str]
    file_name: str
    content: bytes

    @property
    def response_format(self) -> str:
        """The format asked for; json where none was."""
        return self.fields.get("response_format", "json")

    @property
    def temperature(self) -> float:
        """The temperature asked for; 0 where none was. Raises `ValueError` for what is no number."""
        return float(self.fields.get("temperature", "0"))

    @property
    def prompt(self) -> str | None:
        """The prompt, where one was sent."""
        return self.fields.get("prompt")

    @property
    def extension(self) -> str:
        """The end of the file's name, with its dot."""
        return PurePath(self.file_name.lower()).suffix

    def check(self, rules: Rules) -> None:
        """Refuse what real endpoints refuse, and what these rules do."""
        if rule := self._broken_rule(rules.fields):
            raise RefusedError(400, "invalid_request", rule)
        if self.extension in rules.refused and rules.is_measured:
            raise RefusedError(500, "count_token_failed", UNMEASURED + self.extension)
        if self.extension in rules.refused or not self.content.startswith(
            BEGINNINGS.get(self.extension, b"")
        ):
            taken = [name for name in EXTENSIONS if name not in rules.refused]
            raise RefusedError(400, "invalid_request", _invalid_format(taken))
        if self.fields["model"] not in rules.models:
            # The gateway says it with 503, as if it were an outage; only the body tells.
            message = f"No available channel for model {self.fields['model']} (distributor)"
            raise RefusedError(503, "model_not_found", message)
        if self.fields["model"] in rules.timeless and self.response_format not in TIMELESS_FORMATS:
            raise RefusedError(
                400, "unsupported_value", TIMELESS.format(self.response_format, self.fields["model"])
            )

    def _broken_rule(self, fields: frozenset[str]) -> str:
        if unknown := sorted(self.fields.keys() - fields):
            return f"Unrecognized request argument supplied: {', '.join(unknown)}"
        if not self.fields.get("model"):
            return "model is required"
        if self.response_format not in FORMATS:
            return f"response_format must be one of {', '.join(FORMATS)}"
        if not self._is_temperature_good():
            return "temperature must be a number from 0 to 1"
        if not self.file_name.lower().endswith(EXTENSIONS):
            return _invalid_format(EXTENSIONS)
        return "" if self.content else "The audio file is empty"

    def _is_temperature_good(self) -> bool:
        try:
            return 0 <= self.temperature <= 1
        except ValueError:
            return False


def _invalid_format(taken: Iterable[str]) -> str:
    return f"Invalid file format. Supported formats: {[name[1:] for name in taken]}"


async def read_form(request: web.Request) -> Form:
    """Read the form, whole; refuse what is no form, too large, or of unknown length."""
    if request.content_length is None:
        # Some servers refuse, others see an empty body: a client has to know the length beforehand.
        raise RefusedError(411, "", "Length Required")
    if request.content_length > MOST_BYTES:
        message = f"Maximum content size limit ({MOST_BYTES}) exceeded ({MOST_BYTES + 8192} bytes read)"
        raise RefusedError(413, "", message)
    parts = await _read_parts(request)
    files = [part for part in parts if part.file_name]
    if rule := _broken_rule(parts, files):
        raise RefusedError(400, "invalid_request", rule)
    fields = {part.name: part.content.decode(errors="replace") for part in parts if not part.file_name}
    return Form(fields, files[0].file_name, files[0].content)


async def read_json(request: web.Request) -> Mapping[str, Any]:
    """Read the object that the body is; refuse what is none."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        rule = "the body is not JSON"
        raise RefusedError(400, "invalid_request", rule) from error
    if request.content_type != "application/json" or not isinstance(body, dict):
        rule = "the body must be an object, called application/json"
        raise RefusedError(400, "invalid_request", rule)
    return body


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the form; a field has no file name."""

    name: str
    file_name: str
    content: bytes


def _broken_rule(parts: Sequence[_Part], files: Sequence[_Part]) -> str:
    if "file" not in {file.name for file in files}:
        return "file is required"
    if len(parts) != len({part.name for part in parts}):
        return "a field was sent twice"
    return "only one file is taken" if len(files) > 1 else ""


async def _read_parts(request: web.Request) -> list[_Part]:
    """Read all into memory; aiohttp's own form leaves a file open when the client goes meanwhile."""
    if not request.content_type.startswith("multipart/"):
        return []
    try:
        return [
            _Part(part.name or "", part.filename or "", bytes(await part.read()))
            async for part in await request.multipart()
            if isinstance(part, BodyPartReader)
        ]
    except ValueError as error:
        rule = "the form can't be read"
        raise RefusedError(400, "invalid_request", rule) from error
