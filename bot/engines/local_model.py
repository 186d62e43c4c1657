"""Which models the engine `local` can use, and how one is loaded: a folder, or a size that is downloaded."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import LocalModelError

if TYPE_CHECKING:
    from faster_whisper import WhisperModel  # type: ignore[import-untyped]  # it ships no types

PACKAGE = "faster_whisper"
NO_PACKAGE = "is local, which needs a package that is not installed: run pip install 'dragoman[local]'"
SIZES = ("tiny", "base", "small", "medium", "large", "large-v1", "large-v2", "large-v3")
FILES = ("model.bin", "tokenizer.json")
# By their makers' words these write speech down in its own language, whatever they are asked for.
CANNOT_TRANSLATE = re.compile(r"turbo|distil|\.en\b", re.IGNORECASE)
REMEDY = "choose one that translates, such as small, medium or large-v3"
NOT_DOWNLOADED = "LOCAL_MODEL could not be downloaded: check the network, or set it to a folder with a model"
NOT_LOADED = "LOCAL_MODEL could not be loaded: its files may be torn, or the memory too little"
MOST_THREADS = 8  # more do not make Whisper quicker


def is_installed() -> bool:
    """Say whether the package is there, without the second that importing it takes."""
    return importlib.util.find_spec(PACKAGE) is not None


def fault_of(model: str) -> str:
    """Say what is wrong with a model and what to do, as the end of a sentence; nothing where all is well.

    The model itself is not repeated: what stands in a wrong variable may be a secret.
    """
    folder = _folder(model)
    name = folder.name if folder else model
    if CANNOT_TRANSLATE.search(name):
        return f"names a model that cannot translate (no turbo, distil-* or *.en can): {REMEDY}"
    if folder is None:
        return "" if model in SIZES else f"must be a folder with a model, or one of {', '.join(SIZES)}"
    if not folder.is_dir():
        return f"names a folder that is not there: give the whole path, or one of {', '.join(SIZES)}"
    # Without its tokenizer it would be looked for on the internet.
    missing = [file for file in FILES if not (folder / file).is_file()]
    if missing:
        return f"names a folder without {' and '.join(missing)}: it must hold a model as CTranslate2 reads it"
    return ""


def load(model: str) -> WhisperModel:
    """Load a model; a size is downloaded the first time. Takes seconds, or minutes.

    Raises LocalModelError whatever goes wrong, whose detail says what.
    """
    if fault := fault_of(model):
        raise LocalModelError(detail=f"LOCAL_MODEL {fault}")
    try:
        # Here, since it takes a second and is there only where the extra is installed.
        import faster_whisper  # noqa: PLC0415 -- see the line above
    except ImportError as error:
        raise LocalModelError(detail=f"TRANSLATION_ENGINE {NO_PACKAGE}") from error
    folder = _folder(model)
    try:
        place = str(folder) if folder else faster_whisper.download_model(model)
    except Exception as error:
        raise LocalModelError(detail=f"{NOT_DOWNLOADED} ({type(error).__name__})") from error
    try:
        loaded = faster_whisper.WhisperModel(
            place,
            device="cpu",
            # By default these models become 32-bit numbers on a processor: slower, and twice as much memory.
            compute_type="int8",
            cpu_threads=threads(os.cpu_count()),
            local_files_only=True,
        )
    except Exception as error:
        # A torn file, too little memory: the library says it in many classes.
        raise LocalModelError(detail=f"{NOT_LOADED} ({type(error).__name__})") from error
    if not loaded.model.is_multilingual:
        raise LocalModelError(detail=f"LOCAL_MODEL knows only English, so it cannot translate: {REMEDY}")
    return loaded


def threads(cores: int | None) -> int:
    """Say how many threads work on a piece: one core stays free, so that Slack is answered in time."""
    return min(MOST_THREADS, max(1, (cores or 1) - 1))


def _folder(model: str) -> Path | None:
    """Give the folder that a model is; None for a size, and for what is neither."""
    if model in SIZES or not ("/" in model or model.startswith(("~", ".")) or Path(model).is_dir()):
        return None
    # `.env` is read by no shell, so nobody else turns ~ into the home folder.
    return Path(os.path.expanduser(model)).absolute()  # noqa: PTH111 -- Path's raises where there is no home
