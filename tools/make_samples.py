"""Make the shipped samples: speech by espeak-ng, each language in a container of its own.

Run by hand when a sample is added or changed (`python tools/make_samples.py`); the results are
committed. Needs espeak-ng. Another version of it speaks a little differently, which does no harm:
the list is written together with the files.
"""

# ruff: noqa: INP001 -- run by its path, never imported

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, from anywhere

from bot.sandbox.samples import FOLDER, LIST
from bot.sandbox.samples.listen import levels

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

MOST_BYTES = 60_000
FRAMES_PER_SECOND = 5


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said, and how it is recorded: codec, rate in Hz, bits a second (0: the codec decides)."""

    name: str
    language: str
    suffix: str
    codec: str
    rate: int
    bit_rate: int
    original: str
    english: str


SPOKEN = (
    Spoken(
        "parcel",
        "es",
        "m4a",
        "aac",
        22050,
        48000,
        "Hola, pedí un paquete hace dos semanas y todavía no ha llegado. ¿Podrían decirme dónde está?",
        "Hello, I ordered a parcel two weeks ago and it still hasn't arrived. Could you tell me where it is?",
    ),
    Spoken(
        "login",
        "fr",
        "ogg",
        "libopus",
        48000,
        32000,
        "Bonjour, je n'arrive plus à me connecter à mon compte depuis ce matin. Mon mot de passe est refusé.",
        "Hello, I haven't been able to log in to my account since this morning. My password is rejected.",
    ),
    Spoken(
        "invoice",
        "de",
        "mp3",
        "libmp3lame",
        22050,
        48000,
        "Guten Tag, auf meiner Rechnung für Oktober steht ein falscher Betrag. Bitte prüfen Sie das.",
        "Good afternoon, there is a wrong amount on my invoice for October. Please check it.",
    ),
    Spoken(
        "crash",
        "pt-BR",
        "webm",
        "libopus",
        48000,
        32000,
        "Oi, o aplicativo fecha sozinho quando eu tento enviar uma foto. O que eu posso fazer?",
        "Hi, the app closes by itself when I try to send a photo. What can I do?",
    ),
    Spoken(
        "shoes",
        "it",
        "flac",
        "flac",
        8000,
        0,
        "Buongiorno, vorrei restituire le scarpe. Sono troppo piccole.",
        "Good morning, I would like to return the shoes. They are too small.",
    ),
    Spoken(
        "payment",
        "hi",
        "wav",
        "pcm_mulaw",
        8000,
        0,
        "नमस्ते, मेरा भुगतान दो बार कट गया है। कृपया एक वापस कर दीजिए।",
        "Hello, my payment was taken twice. Please refund one of them.",
    ),
    Spoken(
        "printer",
        "uk",
        "mp4",
        "aac",
        22050,
        48000,
        "Добрий день, принтер не друкує після оновлення. Допоможіть, будь ласка.",
        "Good afternoon, the printer does not print since the update. Please help.",
    ),
)


def speak(spoken: Spoken, into: Path) -> Path:
    """Let espeak-ng say it into a WAV file."""
    wav = into / f"{spoken.name}.wav"
    command = ["espeak-ng", "-v", spoken.language.lower(), "-s", "160", "-w", str(wav), spoken.original]
    subprocess.run(command, check=True)  # noqa: S603 -- our own words
    return wav


def record(wav: Path, spoken: Spoken, target: Path) -> None:
    """Encode the speech; an .mp4 gets a picture too, as a clip made with the camera has one."""
    with av.open(str(wav), "r") as source, av.open(str(target), "w") as sink:
        sound = cast("AudioStream", sink.add_stream(spoken.codec, rate=spoken.rate, layout="mono"))
        if spoken.bit_rate:
            sound.bit_rate = spoken.bit_rate
        seconds = float(Fraction(source.duration or 0, av.time_base))
        if spoken.suffix == "mp4":
            show(sink, seconds)
        resampler = av.AudioResampler(sound.codec_context.format, "mono", spoken.rate)
        samples = 0
        for frame in (*source.decode(audio=0), None):
            for part in resampler.resample(frame):
                part.pts, part.time_base = samples, Fraction(1, spoken.rate)
                samples += part.samples
                sink.mux(sound.encode(part))
        sink.mux(sound.encode(None))


def show(sink: av.container.OutputContainer, seconds: float) -> None:
    """Add a small grey picture that lasts as long as the sound."""
    picture = sink.add_stream("mpeg4", rate=FRAMES_PER_SECOND, width=64, height=48, pix_fmt="yuv420p")
    for number in range(int(seconds * FRAMES_PER_SECOND)):
        frame = av.VideoFrame(64, 48, "gray")
        frame.planes[0].update(b"\x80" * frame.planes[0].buffer_size)
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        sink.mux(picture.encode(frame.reformat(format="yuv420p")))
    sink.mux(picture.encode(None))


def make(spoken: Spoken) -> dict[str, object]:
    """Make one sample and its entry in the list."""
    target = FOLDER / f"{spoken.name}.{spoken.suffix}"
    with tempfile.TemporaryDirectory() as folder:
        record(speak(spoken, Path(folder)), spoken, target)
    if target.stat().st_size > MOST_BYTES:
        sys.exit(f"{target.name} has {target.stat().st_size} bytes, more than {MOST_BYTES}")
    seconds, heard = levels(str(target))
    return {
        "name": spoken.name,
        "file": target.name,
        "language": spoken.language,
        "original": spoken.original,
        "english": spoken.english,
        "seconds": round(seconds, 2),
        "levels": heard,
    }


def main() -> None:
    """Make them all and write the list."""
    entries = [make(spoken) for spoken in SPOKEN]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    LIST.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
