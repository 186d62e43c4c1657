from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bot
from bot import logs
from bot.config import Config, ConfigFaults
from bot.engines import Ask
from bot.engines.local import HINT_TOKENS, LocalEngine, hint_of
from bot.engines.local_model import SIZES, fault_of, load, threads
from bot.errors import EndpointDownError, EndpointModelError, EndpointRefusedError, LocalModelError
from bot.piece import Piece
from recordings import encode, sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tiny_whisper import TinyModel

pytest_plugins = ("tiny_fixtures",)

RATE = 16_000
# What a base install does not have, and must not need.
OF_THE_EXTRA = ("faster_whisper", "ctranslate2", "tokenizers", "onnxruntime", "huggingface_hub", "numpy")


@pytest.fixture
async def engine(tiny: TinyModel) -> AsyncIterator[LocalEngine]:
    """Give an engine that has loaded nothing yet."""
    engine = LocalEngine(str(tiny.folder))
    yield engine
    await engine.close()


def piece_of(path: Path) -> Piece:
    """Give a piece whose sound lies there."""
    return Piece(0, str(path), 0.0, 6.0, 0, is_last=True)


def quiet(folder: Path, seconds: float, *, name: str = "quiet", rate: int = RATE) -> Piece:
    """Give a piece of so much silence: the tiny model is deaf, so it says its sentence all the same."""
    source = folder / "quiet.wav"
    with wave.open(str(source), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * round(seconds * RATE)))
    return piece_of(encode(source, folder / f"{name}.flac", "flac", rate=rate))


class Gate:
    """A piece whose sound is there only when it is let through: the thread that reads it waits till then."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gate"
        os.mkfifo(self.path)
        self.piece = piece_of(self.path)
        self._end: int | None = None

    async def reached(self) -> None:
        """Wait until the thread stands before it."""
        self._end = await asyncio.to_thread(os.open, self.path, os.O_WRONLY)

    async def open(self, sound: Piece | None = None) -> None:
        """Let a piece's sound through; without one it is nothing that can be read."""
        if self._end is None:
            await self.reached()
        await asyncio.to_thread(self._write, sound)

    def _write(self, sound: Piece | None) -> None:
        with os.fdopen(self._end or -1, "wb") as file:
            file.write(Path(sound.path).read_bytes() if sound else b"")


# --- what comes back ----------------------------------------------------------------------------


async def test_the_english_of_a_piece(engine: LocalEngine, tiny: TinyModel, tmp_path: Path) -> None:
    """A FLAC of ours comes back as English, with times, metrics and the language that was spoken."""
    path = encode(sample().path, tmp_path / "piece.flac", "flac", rate=RATE)
    translation = await engine.translate(piece_of(path), Ask())

    assert translation.text == tiny.english
    (segment,) = translation.segments
    assert (segment.text, segment.start_seconds, segment.end_seconds) == (tiny.english, 0.0, tiny.end_seconds)
    assert segment.avg_logprob is not None
    assert -0.1 < segment.avg_logprob < 0
    assert segment.no_speech_prob is not None
    assert 0 < segment.no_speech_prob < 0.1
    assert segment.compression_ratio is not None
    assert 0.5 < segment.compression_ratio < 1.5
    assert translation.source_language == "de"


async def test_the_words_as_they_were_said(engine: LocalEngine, tiny: TinyModel, tmp_path: Path) -> None:
    """A piece can be written down in its own language."""
    heard = await engine.transcribe(quiet(tmp_path, 1), Ask())
    assert (heard.text, heard.source_language) == (tiny.german, "de")


async def test_a_moment_of_sound(engine: LocalEngine, tiny: TinyModel, tmp_path: Path) -> None:
    """Sound of a twentieth of a second is no trouble."""
    assert (await engine.translate(quiet(tmp_path, 0.05), Ask())).text == tiny.english


async def test_a_long_piece(engine: LocalEngine, tiny: TinyModel, tmp_path: Path) -> None:
    """Of a piece longer than Whisper hears at once, each half minute has the prompt, and its own times."""
    translation = await engine.translate(quiet(tmp_path, 65), Ask(prompt=f"The word is {tiny.hint}."))
    assert [segment.start_seconds for segment in translation.segments] == [0.0, 30.0, 60.0]
    assert translation.text == " ".join([tiny.hinted] * 3)


async def test_a_freer_choice(engine: LocalEngine, tiny: TinyModel, tmp_path: Path) -> None:
    """A channel's temperature is taken, up to its end; of a model that is sure it changes nothing."""
    translation = await engine.translate(quiet(tmp_path, 1), Ask(temperature=1.0))
    assert translation.text == tiny.english


@pytest.mark.parametrize(
    ("hears", "tag"), [pytest.param("", "", id="a guess"), pytest.param("jw", "jv", id="an old code")]
)
async def test_the_language(hears: str, tag: str, tmp_path: Path) -> None:
    """A language that was only guessed is not told, and one that has an old code gets its tag."""
    from tiny_whisper import make_model  # noqa: PLC0415 -- a second, which other tests need not wait for

    engine = LocalEngine(str(make_model(tmp_path / "model", hears=hears).folder))
    translation = await engine.translate(quiet(tmp_path, 1), Ask())
    assert translation.source_language == tag
    await engine.close()


def test_what_is_sent_of_a_prompt(tiny: TinyModel) -> None:
    """Of a prompt the end counts, where the terms stand; Whisper's own marks in it are no orders."""
    model = load(str(tiny.folder))
    hint = hint_of(model, "parcel " * 300 + "please<|translate|> another<|endoftext|>")
    assert hint is not None
    words = hint.split()
    assert words == ["parcel"] * (HINT_TOKENS - 2) + ["please", "another"]
    assert hint_of(model, "") is None


# --- when, and in what order --------------------------------------------------------------------


async def test_the_loop_goes_on(engine: LocalEngine, tiny: TinyModel, tmp_path: Path) -> None:
    """While a piece is worked on the loop turns, and the next piece waits for its turn."""
    gate = Gate(tmp_path)
    first = asyncio.create_task(engine.translate(gate.piece, Ask()))
    second = asyncio.create_task(engine.translate(quiet(tmp_path, 1), Ask()))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not first.done()
    assert not second.done()
    await gate.open()
    assert (await second).text == tiny.english
    with pytest.raises(EndpointRefusedError):
        await first


async def test_a_model_is_loaded_once(tiny: TinyModel, tmp_path: Path) -> None:
    """The model is loaded with the first piece, no sooner, and never again."""
    folder = tmp_path / "moved"
    engine = LocalEngine(str(folder))
    shutil.copytree(tiny.folder, folder)
    piece = quiet(tmp_path, 1)
    await engine.translate(piece, Ask())
    shutil.rmtree(folder)
    assert (await engine.translate(piece, Ask())).text == tiny.english
    await engine.close()


async def test_a_cancelled_piece(engine: LocalEngine, tiny: TinyModel, tmp_path: Path) -> None:
    """A piece that nobody waits for any more is left at the next segment, and the next one is heard."""
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    gate = Gate(tmp_path)
    work = asyncio.create_task(engine.translate(gate.piece, Ask()))
    await gate.reached()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await gate.open(quiet(tmp_path, 65, name="long"))
    assert (await engine.translate(quiet(tmp_path, 1), Ask())).text == tiny.english
    assert events(stream) == ["local_model.loading", "local_model.loaded", "local_model.interrupted"]


async def test_the_end(tiny: TinyModel, tmp_path: Path) -> None:
    """A closed engine ends its thread, begins nothing, and gives no half of a piece for a whole one."""
    engine, gate = LocalEngine(str(tiny.folder)), Gate(tmp_path)
    first = asyncio.create_task(engine.translate(gate.piece, Ask()))
    second = asyncio.create_task(engine.translate(quiet(tmp_path, 1), Ask()))
    await gate.reached()
    await engine.close()
    await gate.open(quiet(tmp_path, 1))
    with pytest.raises(EndpointDownError):
        await first
    with pytest.raises(asyncio.CancelledError):
        await second
    for thread in threading.enumerate():
        if thread.name.startswith("local-engine"):
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


def events(stream: io.StringIO) -> list[str]:
    """Give what happened, as the log tells it."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line["event"] for line in lines]


# --- what goes wrong ----------------------------------------------------------------------------


async def test_sound_that_is_none(engine: LocalEngine, tmp_path: Path) -> None:
    """Only a FLAC as we make them is read; all else is refused, once and for all."""
    quiet(tmp_path, 1)
    other = tmp_path / "piece.flac"
    shutil.copy(tmp_path / "quiet.wav", other)
    for piece in (piece_of(other), quiet(tmp_path, 1, name="other", rate=48_000)):
        with pytest.raises(EndpointRefusedError) as caught:
            await engine.translate(piece, Ask())
        assert not caught.value.can_be_retried


async def test_a_piece_that_is_gone(engine: LocalEngine, tmp_path: Path) -> None:
    """That a piece is no longer on this machine is told, so that it is cut again; no link is followed."""
    with pytest.raises(FileNotFoundError):
        await engine.translate(piece_of(tmp_path / "gone.flac"), Ask())
    link = tmp_path / "link.flac"
    link.symlink_to(quiet(tmp_path, 1).path)
    with pytest.raises(OSError, match=re.escape(os.strerror(errno.ELOOP))):
        await engine.translate(piece_of(link), Ask())


async def test_a_model_that_cannot_be_used(tmp_path: Path) -> None:
    """Trouble with the model is told as such, also by the name of whoever can mend it, and is final."""
    engine = LocalEngine("large-v3-turbo")
    with pytest.raises(LocalModelError) as caught:
        await engine.translate(quiet(tmp_path, 1), Ask())
    assert "cannot translate" in caught.value.detail
    assert caught.value.reason == EndpointModelError.reason
    assert "LOCAL_MODEL" in caught.value.text
    assert not caught.value.can_be_retried
    await engine.close()


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        *(pytest.param(size, "", id=size) for size in SIZES),
        pytest.param("turbo", "cannot translate", id="turbo"),
        pytest.param("large-v3-turbo", "cannot translate", id="large turbo"),
        pytest.param("small.en", "cannot translate", id="English only"),
        pytest.param("distil-large-v3", "cannot translate", id="distil"),
        pytest.param("/models/faster-distil-whisper-large-v3", "cannot translate", id="folder of such"),
        pytest.param("/models/Whisper-Medium.EN", "cannot translate", id="folder in capitals"),
        pytest.param("huge", "must be a folder with a model, or one of tiny, base, small", id="no size"),
        pytest.param("/nowhere/whisper", "a folder that is not there", id="no folder"),
        pytest.param("~nobody-at-all/whisper", "a folder that is not there", id="nobody's home"),
        pytest.param(".", "a folder without model.bin and tokenizer.json", id="another folder"),
    ],
)
def test_names_of_models(model: str, fault: str) -> None:
    """What can translate is taken, a size or a folder; the rest is refused with what to do instead."""
    said = fault_of(model)
    assert fault in said
    assert bool(said) is bool(fault)


def test_a_folder_is_taken(tiny: TinyModel, tmp_path: Path) -> None:
    """A folder that holds a model is taken, also by the name it has here; it lacks a tokenizer, it is not."""
    folder = shutil.copytree(tiny.folder, tmp_path / "my own model")
    assert not fault_of(str(folder))
    assert not fault_of(os.path.relpath(folder))
    (folder / "tokenizer.json").unlink()
    assert "without tokenizer.json" in fault_of(str(folder))


def test_a_torn_model(tiny: TinyModel, tmp_path: Path) -> None:
    """A model whose file is cut cannot be loaded, and that is said in our words."""
    folder = shutil.copytree(tiny.folder, tmp_path / "torn")
    (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:1000])
    with pytest.raises(LocalModelError) as caught:
        load(str(folder))
    assert "could not be loaded" in caught.value.detail


def test_a_model_that_is_not_here() -> None:
    """A size that cannot be downloaded is told as such, with the other way to get a model."""
    with pytest.raises(LocalModelError) as caught:
        load("large-v1")
    assert "could not be downloaded" in caught.value.detail


def test_a_model_of_english_alone(tmp_path: Path) -> None:
    """A model that knows one language is found out, whatever it is called."""
    from tiny_whisper import make_model  # noqa: PLC0415 -- a second, which other tests need not wait for

    folder = make_model(tmp_path / "small", is_english_only=True).folder
    with pytest.raises(LocalModelError) as caught:
        load(str(folder))
    assert "cannot translate" in caught.value.detail


@pytest.mark.parametrize(("cores", "count"), [(None, 1), (1, 1), (2, 1), (4, 3), (64, 8)])
def test_a_core_stays_free(cores: int | None, count: int) -> None:
    """One core is left to the bot, and no more are taken than help."""
    assert threads(cores) == count


def test_the_extra_is_imported_late() -> None:
    """No file of the bot imports a package of the extra before somebody translates with it."""
    at_once = re.compile(rf"^(?:from|import) (?:{'|'.join(OF_THE_EXTRA)})\b", re.MULTILINE)
    files = Path(bot.__file__).parent.rglob("*.py")
    assert [path.name for path in files if at_once.search(path.read_text(encoding="utf-8"))] == []


def test_without_the_extra(tmp_path: Path) -> None:
    """Who chooses `local` without its packages reads what to do, at the start and wherever it is tried."""
    program = f"""
import sys
for name in {OF_THE_EXTRA}:
    sys.modules[name] = None  # as if it were not installed
from bot.config import Config, ConfigFaults
from bot.engines.local_model import load
from bot.errors import LocalModelError
try:
    Config.load({{"TRANSLATION_ENGINE": "local"}}, env_file=None, needs_slack=False)
except ConfigFaults as faults:
    print(faults)
try:
    load("small")
except LocalModelError as error:
    print(error.detail)
"""
    said = subprocess.check_output([sys.executable, "-c", program], text=True, cwd=tmp_path)  # noqa: S603 -- this very Python
    first, second = said.splitlines()
    assert first == second
    assert first.startswith("TRANSLATION_ENGINE is local, which needs a package that is not installed: ")
    assert first.endswith("pip install 'dragoman[local]'")


def test_faults_at_the_start(tiny: TinyModel) -> None:
    """A model that `local` cannot use is a fault of its variable, where the engine is one of ours."""
    for engine in ({"TRANSLATION_ENGINE": "local"}, {"TRANSLATION_FALLBACK": "Local"}):
        environ = {"COMETAPI_KEY": "key", "LOCAL_MODEL": "turbo", **engine}
        with pytest.raises(ConfigFaults, match=r"^LOCAL_MODEL names a model that cannot translate"):
            Config.load(environ, env_file=None, needs_slack=False)
        environ["LOCAL_MODEL"] = str(tiny.folder)
        config = Config.load(environ, env_file=None, needs_slack=False)
        assert config.local_model == str(tiny.folder)
    Config.load({"COMETAPI_KEY": "key", "LOCAL_MODEL": "turbo"}, env_file=None, needs_slack=False)
    with pytest.raises(ConfigFaults) as caught:
        Config.load(environ | {"LOCAL_MODEL": '"small"'}, env_file=None, needs_slack=False)
    assert caught.value.faults == ["LOCAL_MODEL stands in quotes: remove them"]
