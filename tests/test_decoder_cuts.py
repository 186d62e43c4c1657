"""Where long recordings are cut: in a pause, so that no word is lost or doubled, and never too late."""

from __future__ import annotations

import random
from array import array
from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING

import pytest

import recordings
from bot.decoder.cuts import SEARCHED, best_cut, target_samples
from bot.decoder.pieces import decode as lazily
from decoded import RATE, decode, hum, pieces_of, said, silence, sound_of, wav

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("The parcel is late", "Doctor Baxter kept it", "Egypt erupted abruptly", "a taped potato", "nobody")


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[array[int]]:
    """Give spoken words, full of stops, without the silence around them."""
    folder = tmp_path_factory.mktemp("words")
    return [array("h", (value // 2 for value in said(folder, word))) for word in WORDS]  # room for noise


def talk(words: list[array[int]], seconds: float) -> array[int]:
    """Give words without a pause for exactly so long."""
    sound = array("h")
    while len(sound) < seconds * RATE:
        sound += words[len(sound) % len(words)]
    return sound[: round(seconds * RATE)]


@pytest.fixture(scope="session")
def noise() -> array[int]:
    """Give a minute of pink noise: of its parts one changes at each second sample, one at each fourth …."""
    chance = random.Random(7)  # noqa: S311 -- noise, not a secret
    parts = [0] * 10
    values = array("h")
    for number in range(RATE * 2):
        parts[min((number & -number).bit_length(), 9)] = chance.randint(-300, 300)
        values.append(sum(parts) // 3)
    return values * 30


def mixed(one: array[int], other: array[int]) -> array[int]:
    """Add sounds."""
    return array("h", map(add, one, other))


# --- how long -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "target"),
    [
        pytest.param(0, 240, id="of unknown length"),
        pytest.param(6, 300, id="a clip"),
        pytest.param(239.9, 300, id="short enough for one piece"),
        pytest.param(240, 120, id="no longer short enough"),
        pytest.param(3600, 180, id="an hour"),
        pytest.param(6000, 300, id="long"),
        pytest.param(36_000, 300, id="very long"),
    ],
)
def test_length_of_pieces(declared: float, target: float) -> None:
    """Pieces are two to five minutes long: about twenty of them where that is possible."""
    assert target_samples(declared) == target * RATE


# --- where --------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_noisy", [False, True], ids=["in quiet", "in noise"])
@pytest.mark.parametrize("offset", [0, 1, 160, 319, 4_321])
def test_cut_lies_in_the_only_pause(
    words: list[array[int]],
    noise: array[int],
    offset: int,
    is_noisy: bool,  # noqa: FBT001 -- a parameter of the table
) -> None:
    """Where nobody pauses but once, for 0.3 s, that is the cut, wherever it begins and in noise, too."""
    before = talk(words, 33) + talk(words, 1)[:offset]
    sound = before + silence(0.3)
    sound += talk(words, 60 - len(sound) / RATE)
    if is_noisy:
        sound = mixed(sound, noise)
    assert len(sound) == SEARCHED
    assert len(before) < best_cut(sound.tobytes()) < len(before) + 0.3 * RATE


def test_a_stop_is_no_pause() -> None:
    """The stops before plosives, silent as they are, do not win over a pause in which somebody breathes."""
    stops = (hum(0.2) + silence(0.15)) * 80
    pause = hum(0.3, -55)
    sound = stops + pause + stops + stops
    assert len(stops) < best_cut(sound[:SEARCHED].tobytes()) < len(stops) + len(pause)


@pytest.mark.parametrize(
    ("pauses", "chosen"),
    [
        pytest.param((0.4, 0.9, 0.5), 1, id="the longest"),
        pytest.param((0.5, 0.5, 0.5), 2, id="the latest of equals"),
        pytest.param((0.3, 0.3, 0.31), 2, id="a little longer"),
    ],
)
def test_best_of_several_pauses(pauses: tuple[float, ...], chosen: int) -> None:
    """The longest pause is taken, in its middle, and the latest among equals."""
    sound, middles = array("h"), []
    for pause in pauses:
        sound += hum(10)
        middles.append(len(sound) + pause * RATE / 2)
        sound += silence(pause)
    sound += hum(60 - len(sound) / RATE)
    assert best_cut(sound.tobytes()) == pytest.approx(middles[chosen], abs=0.02 * RATE)


def test_nobody_pauses() -> None:
    """Without any pause the quietest stretch is taken."""
    sound = hum(25, -20) + hum(0.6, -26) + hum(34.4, -20)
    assert 25 * RATE < best_cut(sound.tobytes()) < 25.6 * RATE


@pytest.mark.parametrize("seed", range(5))
def test_there_is_always_a_cut(seed: int) -> None:
    """Whatever it sounds like, there is one cut, inside of what was searched."""
    sound = random.Random(seed).randbytes(RATE * 2)  # noqa: S311 -- noise, not a secret
    assert 0 < best_cut(sound) < RATE


# --- whole recordings ---------------------------------------------------------------------------


def test_no_word_is_lost_or_doubled(words: list[array[int]], tmp_path: Path) -> None:
    """Every cut of a long recording lies in a pause; its pieces together are the recording, bit by bit."""
    sound, pauses = array("h"), []
    for seconds in (71.0137, 40.00731, 33.3333, 47.1, 61.61803):  # at least one pause in every search
        sound += talk(words, seconds)
        pauses.append((len(sound), len(sound) + round(0.3 * RATE)))
        sound += silence(0.3)
    sound += talk(words, 20)
    pieces = pieces_of(wav(tmp_path / "long.wav", sound), tmp_path)
    assert len(pieces) > 2
    for piece, following in pairwise(pieces):
        assert piece["end_seconds"] == following["start_seconds"]
        cut = piece["end_seconds"] * RATE
        assert any(begin < cut < end for begin, end in pauses), piece
    assert b"".join(sound_of(tmp_path / piece["file"]) for piece in pieces) == sound.tobytes()
    assert sum(piece["seconds"] for piece in pieces) == pytest.approx(len(sound) / RATE, abs=1e-9)
    assert [piece["anchors"] for piece in pieces] == [[[0.0, piece["start_seconds"]]] for piece in pieces]
    assert [piece["file"] for piece in pieces] == [f"piece-{number:04}.flac" for number in range(len(pieces))]


@pytest.mark.parametrize(
    ("seconds", "lengths"),
    [
        pytest.param(239, [239], id="one piece"),
        pytest.param(314, [90, 90, 134], id="a tail that is not worth a cut"),
        pytest.param(316, [90, 90, 90, 46], id="one that is"),
    ],
)
def test_pieces_of_an_even_sound(seconds: int, lengths: list[int], tmp_path: Path) -> None:
    """A sound without a pause is cut in the middle of each search; the last piece is never a tail."""
    sound = hum(seconds)
    pieces = pieces_of(wav(tmp_path / "long.wav", sound), tmp_path)
    found = [piece["seconds"] for piece in pieces]
    assert sum(found) == seconds
    assert found == pytest.approx(lengths, abs=0.1)


def test_a_piece_is_whole_when_it_is_reported(tmp_path: Path) -> None:
    """A piece is whole when it is reported, and has its name only then; the rest is not decoded yet."""
    source = wav(tmp_path / "long.wav", hum(260))
    coming = lazily(str(source), tmp_path, 3600)
    for number in range(2):
        report = next(coming)
        assert len(list(tmp_path.glob("*.flac"))) == number + 1
        assert recordings.flac_seconds(tmp_path / report["file"]) == report["seconds"]


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        pytest.param(240, 2, id="lies"),
        pytest.param(260, 0, id="says so"),
        pytest.param(0, 0, id="says nothing"),
    ],
)
def test_too_long_for_us(
    declared: float, given: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a recording over the limit pieces are given only where it says that it is short enough."""
    monkeypatch.setattr("bot.decoder.sound._declared_seconds", lambda *_: declared)
    source = wav(tmp_path / "long.wav", hum(260))
    *pieces, closing = decode(source, folder=tmp_path, most_seconds=258)
    assert closing == {"ending": "too_long", "why": "decoded"}
    assert [piece["is_last"] for piece in pieces] == [False] * given
