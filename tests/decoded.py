"""What the decoder makes of a file, without its process; and sounds whose every sample is known."""

from __future__ import annotations

import math
import wave
from array import array
from typing import TYPE_CHECKING, Any

import av

import recordings
from bot.decoder.child import reports

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def decode(source: Path, *, folder: Path | None = None, most_seconds: float = 3600) -> list[dict[str, Any]]:
    """Let the decoder do a job, and give all its reports."""
    job = {
        "work": "pieces",
        "source": str(source),
        "folder": str(folder or source.parent),
        "limits": {"decoded_seconds": most_seconds},
    }
    return list(reports(job))


def pieces_of(source: Path, folder: Path) -> list[dict[str, Any]]:
    """Decode a file that can be decoded, and give what was reported of its pieces."""
    *pieces, closing = decode(source, folder=folder)
    assert closing == {"ending": "done"}
    assert [piece["is_last"] for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    return pieces


def sound_of(file: Path) -> bytes:
    """Give the samples of a file that is 16 kHz mono."""
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in recordings.frames_of(file))


def wav(target: Path, sound: array[int], *, channels: int = 1) -> Path:
    """Write samples into a WAV file."""
    with wave.open(str(target), "wb") as file:
        file.setparams((channels, 2, RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return target


def silence(seconds: float) -> array[int]:
    """Give digital silence."""
    return array("h", bytes(2 * round(seconds * RATE)))


def hum(seconds: float, level: float = -20.0) -> array[int]:
    """Give a tone of so many decibels (root mean square, of the loudest there can be)."""
    loudest = math.sqrt(2) * 32_768 * 10 ** (level / 20)
    cycle = [round(loudest * math.sin(2 * math.pi * number / 80)) for number in range(80)]
    samples = round(seconds * RATE)
    return array("h", (cycle * (samples // 80 + 1))[:samples])


def said(folder: Path, word: str) -> array[int]:
    """Give what espeak-ng says, 16 kHz mono, from its first sound to its last."""
    spoken = recordings.spoken(folder, word)
    resampler = av.AudioResampler("s16", "mono", RATE)
    values = array("h")
    for frame in (*recordings.frames_of(spoken), None):
        for part in resampler.resample(frame):
            values.frombytes(bytes(part.planes[0])[: part.samples * 2])
    heard = [number for number, value in enumerate(values) if abs(value) > 100]
    return values[heard[0] : heard[-1] + 1]
