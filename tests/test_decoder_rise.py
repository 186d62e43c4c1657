"""What the decoder measures of each piece: how loud it is, and how far it rises above its usual level."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decoder.level import level_of
from bot.decoder.pieces import Cutter
from bot.decoder.rise import FRAME, Rise
from bot.decoder.sound import Block
from bot.judge import LEAST_RISE_DB
from decoded import RATE, hum, pieces_of, said, silence, wav
from sounds import brown, louder, pink, rise_of, white, with_burst

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOISES = {noise.__name__: [noise(3.0, -30.0, seed) for seed in range(3)] for noise in (white, pink, brown)}
BLOCK = RATE // 10


def steady() -> st.SearchStrategy[array[int]]:
    """Give a stretch of noise of some colour, loud or faint."""
    return st.builds(
        lambda kind, seed, seconds, level: louder(NOISES[kind][seed][: round(seconds * RATE)], level),
        st.sampled_from(sorted(NOISES)),
        st.integers(0, 2),
        st.floats(0.3, 3.0),
        st.floats(-30, 10),
    )


@given(st.lists(st.binary(max_size=4 * FRAME).map(lambda some: some[: len(some) // 2 * 2]), max_size=40))
def test_any_sound_is_measured(parts: list[bytes]) -> None:
    """Of whatever bits a sound consists, and however it comes, its rise is a number not below 0, or none."""
    rise = Rise()
    for part in parts:
        rise.hear(part)
    assert rise.decibels is None or 0 <= rise.decibels <= 300


@settings(max_examples=15)
@given(steady(), st.floats(0, 1), st.floats(12, 20))
def test_a_burst_makes_it_rise(noise: array[int], place: float, decibels: float) -> None:
    """Whatever the noise, a quarter of a second that is much louder makes it rise to what may be speech."""
    before = rise_of(noise)
    assert before is not None
    assert before < LEAST_RISE_DB
    long = noise * math.ceil(1.5 * RATE / len(noise))
    burst = with_burst(louder(long, -20), place * (len(long) / RATE - 0.25), 0.25, decibels)
    assert (rise_of(burst) or 0) > LEAST_RISE_DB


@settings(max_examples=8)
@given(st.integers(0, 2), st.floats(0, 2.5), st.floats(-25, 6))
def test_volume_is_all_the_same(seed: int, place: float, decibels: float) -> None:
    """How far a sound rises does not depend on how loud the whole of it is."""
    sound = with_burst(NOISES["pink"][seed], place, 0.4, 12)
    assert rise_of(louder(sound, decibels)) == pytest.approx(rise_of(sound), abs=1)


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        pytest.param(array("h"), None, id="nothing"),
        pytest.param(silence(5), None, id="silence"),
        pytest.param(white(0.199, -20), None, id="too little to tell"),
        pytest.param(silence(2) + white(0.15, -20) + silence(2), None, id="too little in silence"),
        pytest.param(hum(2), 0.0, id="a tone"),
        pytest.param(hum(2, -30) + hum(1, -20), 10 * math.sqrt(8), id="a louder tone, which lasts"),
        pytest.param(hum(5, -30) + hum(0.1, -10) + hum(5, -30), 0.0, id="a click"),
        pytest.param(hum(0.5, -30) + hum(0.1, -10), 20 * math.sqrt(2), id="a click in little"),
    ],
)
def test_known_sounds(sound: array[int], expected: float | None) -> None:
    """Of sounds that are known, the rise is known."""
    found = rise_of(sound)
    assert found == (expected if expected is None else pytest.approx(expected, abs=0.2))


def test_what_comes_after_enough_is_not_measured() -> None:
    """Whatever follows ten seconds of speech does not make it noise, and costs no time."""
    rise = Rise()
    talk = (hum(0.4, -20) + hum(0.6, -50)) * 10
    rise.hear(talk.tobytes())
    spoken = rise.decibels
    assert spoken is not None
    for _ in range(60):
        rise.hear(hum(1).tobytes())
    assert rise.decibels == spoken


def test_a_word_after_much_noise() -> None:
    """After much noise, a word is still noticed."""
    noise = pink(5, -40)
    assert (rise_of(noise * 5) or 0) < LEAST_RISE_DB
    assert (rise_of(with_burst(noise * 5, 21, 0.3, 10)) or 0) > LEAST_RISE_DB


# --- what is reported ---------------------------------------------------------------------------


def test_a_piece_says_what_was_measured(tmp_path: Path) -> None:
    """A spoken word is reported with how loud its loudest tenth of a second is, and how far it rises."""
    sound = said(tmp_path, "seven")
    [piece] = pieces_of(wav(tmp_path / "word.wav", sound), tmp_path)
    assert piece["rise_db"] == rise_of(sound)
    assert piece["rise_db"] > LEAST_RISE_DB
    tenths = [sound[begin : begin + BLOCK] for begin in range(0, len(sound), BLOCK)]
    assert piece["loud_db"] == pytest.approx(max(level_of(tenth.tobytes()) for tenth in tenths))


def test_a_moment_is_too_short_to_tell(tmp_path: Path) -> None:
    """Of 0.15 s nobody knows whether it rises, but how loud it is."""
    [piece] = pieces_of(wav(tmp_path / "moment.wav", hum(0.15, -20)), tmp_path)
    assert piece["rise_db"] is None
    assert piece["loud_db"] == pytest.approx(-20, abs=0.2)


def test_each_piece_is_measured_by_itself(tmp_path: Path) -> None:
    """Noise before a cut is noise although somebody speaks after it, and not as loud as the voice."""
    cutter = Cutter(tmp_path, 61 * RATE)
    noise = pink(2, -40)
    talk = hum(0.4, -10) + hum(0.6, -50)
    [first] = [report for block in blocks(noise * 52 + talk * 18) for report in cutter.add(block)]
    last = cutter.finish()
    assert first["end_seconds"] < 64
    assert first["rise_db"] < LEAST_RISE_DB < last["rise_db"]
    assert first["loud_db"] == pytest.approx(-39, abs=2)
    assert last["loud_db"] == pytest.approx(-10, abs=0.5)


def test_a_piece_in_which_nothing_sounds(tmp_path: Path) -> None:
    """Of digital silence there is no level that JSON could say."""
    cutter = Cutter(tmp_path, 61 * RATE)
    for block in blocks(silence(1)):
        assert cutter.add(block) == ()
    report = cutter.finish()
    assert (report["loud_db"], report["rise_db"]) == (None, None)


def blocks(sound: array[int]) -> Iterator[Block]:
    """Give a sound as the decoder has it."""
    for at in range(0, len(sound), BLOCK):
        part = sound[at : at + BLOCK].tobytes()
        yield Block(part, level_of(part), at)
