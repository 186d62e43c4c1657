"""Times are those that a player shows, although files lie about them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import pytest

from bot.decoder.clock import Clock
from decoded import RATE, hum, pieces_of, sound_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def stretched(target: Path, stretches: Iterable[tuple[float, float]], *, has_picture: bool = False) -> Path:
    """Write tones of so many seconds at such times; a picture begins at 0."""
    with av.open(str(target), "w") as sink:
        track = sink.add_stream("pcm_s16le", rate=RATE, layout="mono")
        film = (
            sink.add_stream("mpeg4", rate=5, width=64, height=48, pix_fmt="yuv420p") if has_picture else None
        )
        if film:
            for number in range(10):
                picture = av.VideoFrame(64, 48, "yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, 5)
                sink.mux(film.encode(picture))
            sink.mux(film.encode(None))
        for at, seconds in stretches:
            sound = hum(seconds)
            for begin in range(0, len(sound), 1600):
                part = sound[begin : begin + 1600]
                frame = av.AudioFrame("s16", "mono", samples=len(part))
                frame.planes[0].update(part.tobytes())
                frame.sample_rate = RATE
                frame.pts, frame.time_base = round(at * RATE) + begin, Fraction(1, RATE)
                sink.mux(track.encode(frame))
        sink.mux(track.encode(None))
    return target


def test_a_hole_in_the_recording(tmp_path: Path) -> None:
    """Where the timestamps leap, the sound goes on and the anchors say when."""
    source = stretched(tmp_path / "hole.mka", [(0, 2.25), (22.25, 2)])
    [piece] = pieces_of(source, tmp_path)
    assert (piece["seconds"], piece["end_seconds"]) == (4.25, 24.25)
    assert piece["anchors"] == [[0.0, 0.0], [2.25, 22.25]]
    assert len(sound_of(tmp_path / piece["file"])) == 4.25 * RATE * 2


def test_sound_that_begins_after_the_picture(tmp_path: Path) -> None:
    """A track that starts five seconds into a film has the times of the film."""
    [piece] = pieces_of(stretched(tmp_path / "film.mkv", [(5, 2)], has_picture=True), tmp_path)
    assert (piece["start_seconds"], piece["end_seconds"], piece["seconds"]) == (5.0, 7.0, 2.0)
    assert piece["anchors"] == [[0.0, 5.0]]


def test_a_file_that_does_not_begin_at_zero(tmp_path: Path) -> None:
    """Where all of a file starts late, as broadcasts do, players count from its start, and so do we."""
    source = stretched(tmp_path / "voice.mka", [(3600, 2)])
    with av.open(str(source)) as opened:
        assert opened.start_time == 3600 * av.time_base
    [piece] = pieces_of(source, tmp_path)
    assert (piece["start_seconds"], piece["end_seconds"]) == (0.0, 2.0)
    assert piece["anchors"] == [[0.0, 0.0]]


class Frame:
    """A frame of 20 ms that claims to lie at `time`."""

    samples, sample_rate = 320, RATE

    def __init__(self, time: float | None) -> None:
        self.time = time


def anchors_of(times: Iterable[float | None], *, declared: float, begins_at: float = 0.0) -> list[float]:
    """Give by how many seconds the recording is ahead of its sound, each time that this changes."""
    clock = Clock(begins_at, declared)
    frames = 0
    for time in times:
        clock.hear(Frame(time))  # type: ignore[arg-type]  # all that a clock looks at
        frames += 1
    found, sound = [], 0
    for samples, at in clock.place(frames * 320):
        found.append((at - sound) / RATE)
        sound += samples
    assert sound == frames * 320
    return found


STEADY = [number * 0.02 for number in range(50)]


@pytest.mark.parametrize(
    ("times", "declared", "found"),
    [
        pytest.param(STEADY, 60, [0.0], id="none"),
        pytest.param([*STEADY, *(time + 21 for time in STEADY)], 22, [0.0, 20.0], id="a hole"),
        pytest.param([*STEADY, *(time + 21 for time in STEADY)], 20, [0.0], id="beyond the declared end"),
        pytest.param([*STEADY, *(time + 21 for time in STEADY)], 0, [0.0], id="no declared end"),
        pytest.param([*STEADY, *(time + 21 for time in STEADY)], 1e9, [0.0], id="an incredible end"),
        pytest.param([*STEADY, 25_200.0, *(time + 1.02 for time in STEADY)], 60, [0.0], id="a slip"),
        pytest.param([*STEADY, *(time + 1.4 for time in STEADY)], 60, [0.0], id="wandering"),
        pytest.param([*STEADY, *STEADY], 60, [0.0], id="backwards"),
        pytest.param([None, *STEADY, None], 60, [0.0], id="untold"),
        pytest.param([time + 0.3 for time in STEADY], 60, [0.3], id="late from the start"),
        pytest.param([time + 0.02 for time in STEADY], 60, [0.0], id="a codec's delay"),
        pytest.param([number * 5.0 for number in range(50)], 300, [0.0, 124.5], id="nothing but holes"),
    ],
)
def test_which_timestamps_are_believed(
    times: list[float | None], declared: float, found: list[float]
) -> None:
    """A leap counts only ahead, by more than half a second, up to the declared end, and not at each frame."""
    assert anchors_of(times, declared=declared) == pytest.approx(found, abs=0.001)
