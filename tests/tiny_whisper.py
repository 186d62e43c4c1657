"""A Whisper model of a few megabytes, made on the spot, that says one sentence whatever it hears.

The files are what faster-whisper loads, with Whisper's own marks at their own places, so all of its code
runs. What is missing is hearing: each weight that could carry sound is zero. The word said last decides
the next one, which the last layer knows by heart; so a prompt in front of it changes nothing.
"""

from __future__ import annotations

import json
import os
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

# Read when the library is imported: no test is to look for a model on the internet.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
from ctranslate2.specs.whisper_spec import (  # type: ignore[import-untyped]  # it ships no types
    WhisperConfig,
    WhisperSpec,
)
from faster_whisper import tokenizer as whisper_tokenizer  # type: ignore[import-untyped]  # the same
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

if TYPE_CHECKING:
    from pathlib import Path

# No word may come twice, in one or in both: each has one that follows it.
ENGLISH = "The parcel arrived broken, please send another one."
GERMAN = "Das Paket kam kaputt an!"
END_SECONDS = 1.5  # of either sentence, as the model says it

TEXTS = 50257  # so many tokens of text stand before the marks
# CTranslate2 knows a model of many languages by this token of no characters, the last one of its text.
MANY = ""
MARKS = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{code}|>" for code in whisper_tokenizer._LANGUAGE_CODES[:99]),  # noqa: SLF001 -- in their order
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMES = tuple(f"<|{number * 0.02:.2f}|>" for number in range(1501))
UNKNOWN = "<unknown>"
END, START, LANGUAGES = MARKS[0], MARKS[1], MARKS[2:101]

WIDTH = 32  # a number for each token that has another one to follow it
MELS, FRAMES, POSITIONS = 80, 1500, 448
CERTAINTY = 3.0


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the model once for all tests."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny-whisper")


def make_model(folder: Path, *, hears: str = "de", is_english_only: bool = False) -> Path:
    """Write a model that says `ENGLISH` when it is to translate, `GERMAN` when it is to write down.

    `hears` is the language that it makes out; where empty, it has no idea.
    """
    folder.mkdir(parents=True)
    tokenizer = _tokenizer()
    size = TEXTS + len(MARKS) + len(TIMES)
    spec = WhisperSpec(1, 1, 1, 1)
    _fill_encoder(spec.encoder)
    _fill_decoder(spec.decoder, _steps(tokenizer, hears), size)
    tokens = [tokenizer.id_to_token(number) for number in range(size)]
    if is_english_only:
        tokens[tokens.index(MANY)] = "<not many>"
    spec.register_vocabulary(tokens)
    config: WhisperConfig = spec.config
    config.suppress_ids, config.suppress_ids_begin = [], [tokenizer.token_to_id(END)]
    config.lang_ids = [tokenizer.token_to_id(mark) for mark in LANGUAGES]
    config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": MELS}), encoding="utf-8")
    return folder


@cache
def _tokenizer() -> Tokenizer:
    """Make a tokenizer that knows the words of the sentences, and Whisper's marks at their places."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words = [word for one in (ENGLISH, GERMAN) for word, _ in split.pre_tokenize_str(f" {one}")]
    known = [UNKNOWN, *words]
    known += [*(f"<unused {number}>" for number in range(len(known) + 1, TEXTS)), MANY]
    tokenizer = Tokenizer(
        models.WordLevel({word: number for number, word in enumerate(known)}, unk_token=UNKNOWN)
    )
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in MARKS])
    tokenizer.add_tokens([AddedToken(time) for time in TIMES])
    return tokenizer


def _steps(tokenizer: Tokenizer, hears: str) -> list[tuple[int, int]]:
    """Say of each token that has another one to follow it, which one."""
    steps = [(START, f"<|{hears}|>")] if hears else []
    end = round(END_SECONDS / 0.02)
    # The second sentence begins and ends at other times than the first: else the times would lead astray.
    for late, (task, sentence) in enumerate((("translate", ENGLISH), ("transcribe", GERMAN))):
        words = tokenizer.encode(f" {sentence}").tokens
        steps += pairwise([f"<|{task}|>", TIMES[late], *words, TIMES[end + late], END])
    numbers = tokenizer.get_vocab()
    return [(numbers[one], numbers[other]) for one, other in steps]


# --- weights ------------------------------------------------------------------------------------


def _zeros(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.zeros(shape, dtype=np.float32)


def _fill_encoder(spec: Any) -> None:  # noqa: ANN401 -- a layer of CTranslate2's, which has no types
    for conv, channels in ((spec.conv1, MELS), (spec.conv2, WIDTH)):
        conv.weight, conv.bias = _zeros(WIDTH, channels, 3), _zeros(WIDTH)
    _fill_common(spec, FRAMES)


def _fill_decoder(spec: Any, steps: list[tuple[int, int]], size: int) -> None:  # noqa: ANN401 -- the same
    spec.embeddings.weight, spec.projection.weight = _zeros(size, WIDTH), _zeros(size, WIDTH)
    for number, (one, following) in enumerate(steps):
        spec.embeddings.weight[one, number] = 1.0
        spec.projection.weight[following, number] = CERTAINTY
    # What nothing follows is the end: beam search also follows what is not likely, and would find none.
    spec.projection.bias = _zeros(size)
    spec.projection.bias[TEXTS] = 2 * CERTAINTY
    _fill_common(spec, POSITIONS)
    _fill_attention(spec.layer[0].attention, [WIDTH, 2 * WIDTH, WIDTH])


def _fill_common(spec: Any, positions: int) -> None:  # noqa: ANN401 -- the same
    spec.position_encodings.encodings = _zeros(positions, WIDTH)
    _fill_norm(spec.layer_norm)
    (layer,) = spec.layer
    _fill_attention(layer.self_attention, [3 * WIDTH, WIDTH])
    _fill_norm(layer.ffn.layer_norm)
    _fill_linear(layer.ffn.linear_0, WIDTH)
    _fill_linear(layer.ffn.linear_1, WIDTH)


def _fill_attention(spec: Any, widths: list[int]) -> None:  # noqa: ANN401 -- the same
    _fill_norm(spec.layer_norm)
    for linear, width in zip(spec.linear, widths, strict=True):
        _fill_linear(linear, width)


def _fill_linear(spec: Any, width: int) -> None:  # noqa: ANN401 -- the same
    spec.weight, spec.bias = _zeros(width, WIDTH), _zeros(width)


def _fill_norm(spec: Any) -> None:  # noqa: ANN401 -- the same
    spec.gamma, spec.beta = _zeros(WIDTH) + 1, _zeros(WIDTH)
