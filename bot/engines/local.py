"""Translate on this machine with faster-whisper: the sound goes nowhere, and nothing is paid.

All that it does it does in a thread of its own, one piece after the other: each takes all the cores it
gets, and meanwhile Slack has to be answered.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, BinaryIO

import structlog

from bot.engines import Segment, Transcription, Translation
from bot.engines.local_model import load
from bot.errors import EndpointDownError, EndpointRefusedError

if TYPE_CHECKING:
    import numpy as np
    from faster_whisper import WhisperModel  # type: ignore[import-untyped]  # it ships no types
    from faster_whisper.transcribe import TranscriptionInfo  # type: ignore[import-untyped]  # the same

    from bot.engines import Ask
    from bot.piece import Piece

log = structlog.get_logger()

SAMPLE_RATE, FULL_SCALE = 16_000, 32_768
# Whisper reads so many tokens of a hint; faster-whisper would keep the first of them, we keep the last.
HINT_TOKENS = 223
# What looks like a loop or a wild guess is tried again, each time a little freer, as Whisper itself does.
FREER = (0.2, 0.4, 0.6, 0.8, 1.0)
SURE_OF_LANGUAGE = 0.5
TAGS = {"jw": "jv"}  # the one code of Whisper's that is no tag: Javanese


class LocalEngine:
    """The engine `local`. The model is loaded with the first piece, and then stays."""

    name = "local"
    brings_original = False

    def __init__(self, model: str) -> None:
        """`model` is a size or a folder, as in LOCAL_MODEL."""
        self._name_of_model = model
        self._model: WhisperModel | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-engine")
        self._is_closed = threading.Event()

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Give the English of one piece.

        FileNotFoundError passes: the piece is gone from this machine and has to be cut again.
        """
        heard = await self._hear("translate", piece, ask)
        return Translation(heard.text, heard.segments, source_language=heard.source_language)

    async def transcribe(self, piece: Piece, ask: Ask) -> Transcription:
        """Give the words of one piece as they were said. Raises as `translate` does."""
        return await self._hear("transcribe", piece, ask)

    async def close(self) -> None:
        """Let the thread end with the stretch that it is at; nothing else is begun."""
        self._is_closed.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _hear(self, task: str, piece: Piece, ask: Ask) -> Transcription:
        is_unwanted = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._work, task, piece.path, ask, is_unwanted)
        finally:
            # Nobody can stop a thread from outside: where we were cancelled it stops by itself, soon.
            is_unwanted.set()

    # --- in the thread --------------------------------------------------------------------------

    def _work(self, task: str, path: str, ask: Ask, is_unwanted: threading.Event) -> Transcription:
        """Listen to one piece: load the model before the first."""
        with open(path, "rb", opener=_no_link) as sound:
            model = self._model = self._model or self._loaded()
            try:
                return self._listen(model, task, sound, ask, is_unwanted)
            except EndpointDownError:
                raise
            except Exception as error:
                # Whatever libraries of C++ have to say of our own FLAC: another try would say the same.
                raise EndpointRefusedError(detail=type(error).__name__) from error

    def _loaded(self) -> WhisperModel:
        started = time.monotonic()
        log.info("local_model.loading", model=self._name_of_model)
        model = load(self._name_of_model)
        log.info("local_model.loaded", seconds=round(time.monotonic() - started, 3))
        return model

    def _listen(
        self, model: WhisperModel, task: str, sound: BinaryIO, ask: Ask, is_unwanted: threading.Event
    ) -> Transcription:
        """Let the model listen, half a minute of sound at a time."""
        parts, about = model.transcribe(
            _samples(sound),
            task=task,
            temperature=[ask.temperature, *(freer for freer in FREER if freer > ask.temperature)],
            # As `initial_prompt` a hint would hold for the first half minute only.
            hotwords=hint_of(model, ask.prompt),
            # A loop would lead to the next one.
            condition_on_previous_text=False,
            # Whether anybody speaks, `judge.py` decides, for all engines alike: a filter here would leave
            # out low voices and short words before anybody has seen them.
            vad_filter=False,
        )
        segments = []
        for part in parts:
            if is_unwanted.is_set() or self._is_closed.is_set():
                log.info("local_model.interrupted", task=task)
                # Half of a piece must not pass for the whole of it.
                raise EndpointDownError(detail="interrupted")
            segments.append(
                Segment(
                    start_seconds=part.start,
                    end_seconds=part.end,
                    text=part.text.replace("\0", "").strip(),
                    no_speech_prob=part.no_speech_prob,
                    avg_logprob=part.avg_logprob,
                    compression_ratio=part.compression_ratio,
                )
            )
        return Transcription(
            " ".join(segment.text for segment in segments),
            tuple(segments),
            source_language=_tag(about),
        )


def _samples(sound: BinaryIO) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Read a FLAC of ours. Any other format is refused: faster-whisper would let FFmpeg try all it knows.

    What a piece is was said by the child that read a hostile file, and this is the bot's own process.
    """
    import av  # noqa: PLC0415 -- only who uses this engine needs FFmpeg in this process
    import numpy as np  # noqa: PLC0415 -- there only where the extra is installed

    with av.open(sound, "r", format="flac") as opened:
        stream = opened.streams.audio[0]
        if (stream.rate, stream.channels, stream.format.name) != (SAMPLE_RATE, 1, "s16"):
            raise ValueError(stream.format.name)
        frames = [bytes(frame.planes[0])[: frame.samples * 2] for frame in opened.decode(stream)]
    samples = np.frombuffer(b"".join(frames), dtype=np.int16).astype(np.float32)
    samples /= FULL_SCALE
    return samples


def hint_of(model: WhisperModel, prompt: str) -> str | None:
    """Give the end of a prompt, as much as Whisper reads; its glossary stands there.

    Whisper's own marks are taken out: it would obey them.
    """
    if not prompt:
        return None
    tokens = model.hf_tokenizer.encode(" " + re.sub(r"<\|.*?\|>", "", prompt), add_special_tokens=False)
    hint: str = model.hf_tokenizer.decode(tokens.ids[-HINT_TOKENS:])
    return hint.strip() or None


def _tag(about: TranscriptionInfo) -> str:
    """Give the tag of the language that was made out; nothing where it was a guess."""
    language: str = about.language
    return TAGS.get(language, language) if about.language_probability >= SURE_OF_LANGUAGE else ""


def _no_link(path: str, flags: int) -> int:
    # A link in place of the piece would lead to what is none of the recording's.
    return os.open(path, flags | os.O_NOFOLLOW)
