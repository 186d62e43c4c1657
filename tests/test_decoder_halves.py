"""Halves of a piece: where they are cut, that no sample is lost, and what a child can't make us believe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.decoder.child import reports
from bot.engines import Ask, Segment, Translation
from bot.errors import EndpointSlowError, NotDecodableError
from bot.piece import Piece
from bot.prepare import Decoders, Limits
from bot.translate import Translator
from decoded import RATE, hum, pieces_of, silence, sound_of, wav
from lines_props import Clock, ListEngine, line_of
from sentences import ENGLISH
from stand_ins import command_of

if TYPE_CHECKING:
    from array import array
    from collections.abc import AsyncIterator


SLOW = EndpointSlowError("524", tries=2)
PIECE = "piece-0000.flac"


@pytest.fixture
async def decoders() -> AsyncIterator[Decoders]:
    """Run the real decoders."""
    running = Decoders(at_once=2)
    yield running
    await running.close()


def piece_of(folder: Path, sound: array[int]) -> Piece:
    """Write a recording of one piece, and cut it."""
    source = wav(folder / "source.wav", sound)
    [report] = pieces_of(source, folder)
    source.unlink()
    return Piece(7, str(folder / report["file"]), 600.0, report["seconds"], 1, is_last=True)


def halved(folder: Path, *, most_seconds: float = 3600) -> list[dict[str, Any]]:
    """Let the decoder cut a piece in two in this process."""
    job = {"work": "halves", "source": str(folder / PIECE), "folder": str(folder)}
    return list(reports(job | {"limits": {"decoded_seconds": most_seconds}}))


def names_in(folder: Path) -> list[str]:
    """List a folder."""
    return sorted(file.name for file in folder.iterdir())


def test_cut_in_the_pause_near_the_middle(tmp_path: Path) -> None:
    """A piece is cut in the pause of its middle third, not in longer ones elsewhere; all samples stay."""
    sound = hum(15) + silence(2) + hum(19) + silence(1) + hum(30) + silence(2) + hum(21)
    piece = piece_of(tmp_path, sound)
    first, second, closing = halved(tmp_path)
    assert closing == {"ending": "done"}
    assert [half["file"] for half in (first, second)] == ["piece-0000-0.flac", "piece-0000-1.flac"]
    assert first["seconds"] == pytest.approx(36.5, abs=0.1)
    assert first["seconds"] + second["seconds"] == piece.seconds == 90
    assert second["start_seconds"] == first["seconds"]
    whole = b"".join(sound_of(tmp_path / half["file"]) for half in (first, second))
    assert whole == sound_of(tmp_path / PIECE) == sound.tobytes()
    assert [half["loud_db"] for half in (first, second)] == pytest.approx([-20, -20], abs=0.1)


@pytest.mark.parametrize("seconds", [60, 61.23456, 150])
def test_where_nobody_pauses(tmp_path: Path, seconds: float) -> None:
    """Without any pause there are two halves all the same, neither less than a third."""
    piece = piece_of(tmp_path, hum(seconds))
    halves = halved(tmp_path)[:-1]
    assert sum(half["seconds"] for half in halves) == pytest.approx(piece.seconds, abs=1e-6)
    assert [half["is_last"] for half in halves] == [False, True]
    assert min(half["seconds"] for half in halves) >= seconds / 3 - 0.001


def test_limits_hold_for_halves(tmp_path: Path) -> None:
    """What is longer than any recording may be is not decoded to its end, and what is none is not cut."""
    piece_of(tmp_path, hum(60))
    assert halved(tmp_path, most_seconds=59)[-1] == {"ending": "too_long", "why": "decoded"}
    (tmp_path / PIECE).write_bytes(b"The parcel is late.")
    [refused] = halved(tmp_path)
    assert refused["ending"] == "not_decodable"


async def test_halves_by_a_child(decoders: Decoders, tmp_path: Path) -> None:
    """The child cuts a piece, and a half of it once more; the files have names of their own."""
    piece = piece_of(tmp_path, hum(62) + silence(1) + hum(67))
    first, second = await decoders.halve(piece)
    assert (first.index, second.index, first.is_last, second.is_last) == (7, 7, False, True)
    assert first.seconds == pytest.approx(62.5, abs=0.1)
    assert first.seconds + second.seconds == piece.seconds == 130
    third, fourth = await decoders.halve(second)
    assert third.seconds + fourth.seconds == pytest.approx(second.seconds, abs=1e-6)
    assert fourth.rise_db is not None
    assert names_in(tmp_path) == [
        "piece-0000-0.flac",
        "piece-0000-1-0.flac",
        "piece-0000-1-1.flac",
        "piece-0000-1.flac",
        PIECE,
    ]
    assert sound_of(Path(fourth.path)) == sound_of(Path(second.path))[-round(fourth.seconds * RATE) * 2 :]


async def test_a_piece_through_the_child_to_its_translation(decoders: Decoders, tmp_path: Path) -> None:
    """What an endpoint takes too long for comes back with the times of the piece, and no half stays."""
    syllable = hum(0.3, -20) + hum(0.7, -45)
    piece = piece_of(tmp_path, syllable * 39 + silence(2) + syllable * 49)

    class Slow(ListEngine):
        async def translate(self, piece: Piece, ask: Ask) -> Translation:
            await super().translate(piece, ask)
            if piece.seconds > 60:
                raise SLOW
            text = ENGLISH[2 + round(piece.seconds > 45)]
            return Translation(text, (Segment(1.0, piece.seconds + 3, text),))

    engine = Slow()
    translation = await Translator([line_of(engine, Clock())], halve=decoders.halve).translate(
        piece, Ask(), team_id="T1", job_id="J1"
    )
    assert translation.text == f"{ENGLISH[2]} {ENGLISH[3]}"
    assert [one.start_seconds for one in translation.segments] == pytest.approx([1, 41], abs=0.1)
    assert [one.end_seconds for one in translation.segments] == pytest.approx([40, 90], abs=0.1)
    assert names_in(tmp_path) == [PIECE]


# What every stand-in for the decoder begins with: `half` writes a file and reports it.
STAND_IN = """
import json, os, sys
line = sys.stdin.readline()
if not line: sys.exit()
job = json.loads(line)
def half(number, seconds=30.0, is_last=False):
    name = f"piece-0000-{number}.flac"
    with open(os.path.join(job["folder"], name), "w") as file: file.write("sound")
    told = {"file": name, "start_seconds": number * 30.0, "end_seconds": number * 30.0 + seconds}
    told |= {"seconds": seconds, "anchors": [[0.0, number * 30.0]], "is_last": is_last}
    print(json.dumps(told), flush=True)
"""


@pytest.mark.parametrize(
    ("then", "is_good"),
    [
        pytest.param("half(0); half(1, is_last=True)", True, id="two"),
        pytest.param("half(0, 20.0); half(1, is_last=True)", True, id="a third and more"),
        pytest.param("half(0, 18.0); half(1, is_last=True)", False, id="less than a third"),
        pytest.param("half(0, is_last=True)", False, id="one"),
        pytest.param("half(0); half(1); half(2, is_last=True)", False, id="three"),
        pytest.param("half(0)", False, id="no last one"),
    ],
)
async def test_only_two_halves_are_believed(tmp_path: Path, then: str, *, is_good: bool) -> None:
    """A child that was taken over can't make other than two halves of a piece."""
    script = f"{STAND_IN}{then}\nprint(json.dumps({{'ending': 'done'}}), flush=True)"
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / PIECE).write_bytes(b"fLaC")
    decoders = Decoders(at_once=1, limits=Limits(), command=command_of(script, tmp_path))
    piece = Piece(0, str(folder / PIECE), 0.0, 60.0, 4, is_last=True)
    if is_good:
        assert [Path(half.path).name for half in await decoders.halve(piece)] == [
            "piece-0000-0.flac",
            "piece-0000-1.flac",
        ]
    else:
        with pytest.raises(NotDecodableError):
            await decoders.halve(piece)
    await decoders.close()
