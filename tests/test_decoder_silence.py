"""Long silences are left out, quiet words never, and every time stays that of the recording."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import pytest

from bot.decoder.silence import LONG_SAMPLES, Silence
from bot.decoder.sound import Block
from decoded import RATE, decode, hum, pieces_of, silence, sound_of, wav

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("sounds", "seconds", "anchors"),
    [
        pytest.param([hum(2), silence(10), hum(2)], 5.0, [[0.0, 0.0], [2.5, 11.5]], id="in the middle"),
        pytest.param([silence(5), hum(2)], 3.0, [[0.0, 0.0], [0.5, 4.5]], id="at the beginning"),
        pytest.param([hum(2), silence(5)], 3.0, [[0.0, 0.0], [2.5, 6.5]], id="at the end"),
        pytest.param([hum(2), silence(3), hum(2)], 5.0, [[0.0, 0.0], [2.5, 4.5]], id="just long"),
        pytest.param([hum(2), silence(2.9), hum(2)], 6.9, [[0.0, 0.0]], id="not long"),
        pytest.param(
            [hum(1), silence(4), hum(1), silence(6), hum(1)],
            5.0,
            [[0.0, 0.0], [1.5, 4.5], [3.5, 11.5]],
            id="two",
        ),
        pytest.param([hum(2), hum(9, -48), hum(2)], 13.0, [[0.0, 0.0]], id="a noisy room"),
        pytest.param([hum(9, -69), hum(2, -10)], 11.0, [[0.0, 0.0]], id="quiet words, then loud ones"),
        pytest.param([hum(9, -40), hum(9, -69), hum(2, -40)], 20.0, [[0.0, 0.0]], id="quiet all along"),
        pytest.param(
            [hum(4, -69), hum(0.5, -4), hum(9, -69)], 13.5, [[0.0, 0.0]], id="a door that is slammed"
        ),
        pytest.param([hum(9, -10), hum(9, -61), hum(2)], 12.0, [[0.0, 0.0], [9.5, 17.5]], id="a hush"),
        pytest.param(
            [hum(9, -22), hum(9, -59), hum(2)], 20.0, [[0.0, 0.0]], id="a far voice after a near one"
        ),
    ],
)
def test_what_is_left_out(
    sounds: list[array[int]], seconds: float, anchors: list[list[float]], tmp_path: Path
) -> None:
    """Of a silence from 3 s up half a second stays at each side, and anchors lead over what is left out."""
    whole = array("h")
    for sound in sounds:
        whole += sound
    [piece] = pieces_of(wav(tmp_path / "voice.wav", whole), tmp_path)
    assert (piece["seconds"], piece["anchors"]) == (seconds, anchors)
    assert (piece["start_seconds"], piece["end_seconds"]) == (0.0, len(whole) / RATE)
    kept = b""
    ends = [begin for begin, _ in anchors[1:]] + [seconds]
    for (begin, at), end in zip(anchors, ends, strict=True):
        first = round(at * RATE)
        kept += whole[first : first + round((end - begin) * RATE)].tobytes()
    assert sound_of(tmp_path / piece["file"]) == kept


def test_pieces_and_what_was_left_out_are_the_recording(tmp_path: Path) -> None:
    """Over all pieces of a long recording nothing is counted twice, and nothing lost."""
    whole = array("h")
    for number in range(22):
        whole += hum(13 + number % 3) + silence(4.03 + number / 7)
    pieces = pieces_of(wav(tmp_path / "long.wav", whole), tmp_path)
    assert len(pieces) > 2
    left_out = came = 0.0
    for piece in pieces:
        begins = [begin for begin, _ in piece["anchors"]]
        for (begin, at), end in zip(piece["anchors"], [*begins[1:], piece["seconds"]], strict=True):
            left_out += at - came
            came = at + end - begin
        assert piece["end_seconds"] == pytest.approx(came)
    assert left_out > 22 * 2
    assert sum(piece["seconds"] for piece in pieces) + left_out == pytest.approx(len(whole) / RATE)
    assert came == pytest.approx(len(whole) / RATE)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(silence(1), id="a short one"),
        pytest.param(silence(60), id="a long one"),
        pytest.param(array("h", [1, -1]) * (5 * RATE), id="the noise of a converter"),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_nothing_but_silence(sound: array[int], channels: int, tmp_path: Path) -> None:
    """A recording that is all silence ends as such, without a piece and without a file."""
    source = wav(tmp_path / "silence.wav", sound, channels=channels)
    assert decode(source) == [{"ending": "silent", "why": "silent"}]
    assert list(tmp_path.iterdir()) == [source]


def test_channels_that_cancel_each_other_out(tmp_path: Path) -> None:
    """Where one channel is the other upside down their mix is silent, so the first one alone is heard."""
    sound = array("h")
    for value in hum(3):
        sound.extend((value, -value))
    [piece] = pieces_of(wav(tmp_path / "twisted.wav", sound, channels=2), tmp_path)
    assert sound_of(tmp_path / piece["file"]) == hum(3).tobytes()


def test_a_silence_without_end_takes_no_memory() -> None:
    """Of a silence no more is held than could yet be needed."""
    silent = Silence()
    block = Block(bytes(3200), -90.0, 0)
    most = 0
    for _ in silent.shortened(block for _ in range(1000)):
        most = max(most, len(silent._held))  # noqa: SLF001 -- what it holds is the point
    assert silent.is_all
    assert len(silent._held) * block.samples < LONG_SAMPLES  # noqa: SLF001 -- as above
    assert most * block.samples < LONG_SAMPLES
