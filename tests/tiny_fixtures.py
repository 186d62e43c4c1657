"""The tiny model of the engine `local`, for all tests that ask for one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tiny_whisper import TinyModel

# Read when the library is imported: no test is to look for a model on the internet.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """Make the model, once for all tests of a process."""
    from tiny_whisper import make_model  # noqa: PLC0415 -- a second, which other tests need not wait for

    return make_model(tmp_path_factory.mktemp("models") / "tiny-whisper")
