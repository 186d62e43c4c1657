"""A Whisper model of a few megabytes, made on the spot, that says one sentence whatever it hears.

The files are what faster-whisper loads, with Whisper's own marks at their own places, so all of its code
runs. What is missing is hearing: each weight that could carry sound is zero. The word said last decides
the next one, which the last layer knows by heart. One word it takes from the prompt, if that has it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
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
# One word of the sentence, and the other one that is said instead where the prompt has it.
USUAL, HINTED = "parcel", "package"
END_SECONDS = 1.5  # of the English one; the other ends a little later

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

WIDTH = 32  # a number for each token that has another one to follow it; the last one tells of the hint
HIGHEST = (WIDTH - 1) ** 0.5  # what the last norm makes of a 1 among zeros
MELS, FRAMES, POSITIONS = 80, 1500, 448
CERTAINTY, NOT_AT_ALL = 6.0, 6.0  # of the next word, and of the end where there is none
SWAY, RELUCTANCE = 10.0, 40.0  # of the hint on the choice between two words; to say one anywhere else


@dataclass(frozen=True, slots=True)
class TinyModel:
    """Where the model lies, and what it says: the sentence in English, or as it was said."""

    folder: Path
    english: str = ENGLISH
    german: str = GERMAN
    hint: str = HINTED
    hinted: str = ENGLISH.replace(USUAL, HINTED)
    end_seconds: float = END_SECONDS


def make_model(folder: Path, *, hears: str = "de", is_english_only: bool = False) -> TinyModel:
    """Write a model that says `ENGLISH` when it is to translate, `GERMAN` when it is to write down.

    `hears` is the language that it makes out; where empty, it has no idea.
    """
    folder.mkdir(parents=True)
    tokenizer = _tokenizer()
    size = TEXTS + len(MARKS) + len(TIMES)
    spec = WhisperSpec(1, 1, 1, 1)
    _fill_encoder(spec.encoder)
    _fill_decoder(spec.decoder, _steps(tokenizer, hears), size)
    _fill_hint(spec.decoder, tokenizer)
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
    return TinyModel(folder)


@cache
def _tokenizer() -> Tokenizer:
    """Make a tokenizer that knows the words of the sentences, and Whisper's marks at their places."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words = [word for one in (ENGLISH, GERMAN, HINTED) for word, _ in split.pre_tokenize_str(f" {one}")]
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
    (after,) = [other for one, other in steps if one == _word(USUAL)]
    steps += [(_word(HINTED), after)]
    return [(numbers[one], numbers[other]) for one, other in steps]


def _word(text: str) -> str:
    """Write a word as it stands in the vocabulary, with the mark of the space before it."""
    return f"\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}{text}"


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
    spec.projection.bias[TEXTS] = NOT_AT_ALL
    _fill_common(spec, POSITIONS)
    _fill_attention(spec.layer[0].attention, [WIDTH, 2 * WIDTH, WIDTH])


def _fill_hint(spec: Any, tokenizer: Tokenizer) -> None:  # noqa: ANN401 -- the same
    """Let the decoder look out for the hint in all that stands before, and choose its word accordingly."""
    usual, hinted = (tokenizer.token_to_id(_word(word)) for word in (USUAL, HINTED))
    look, take = spec.layer[0].self_attention.linear
    (place,) = spec.embeddings.weight[hinted].nonzero()[0]
    look.weight[2 * WIDTH + WIDTH - 1, place] = 1.0  # of the values; the keys are all alike
    take.weight[WIDTH - 1, WIDTH - 1] = 1.0
    spec.projection.weight[hinted] = spec.projection.weight[usual] * (1 + RELUCTANCE / CERTAINTY / HIGHEST)
    spec.projection.weight[hinted, WIDTH - 1] = SWAY
    spec.projection.bias[hinted] = -RELUCTANCE


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
