"""The shipped samples: what they are, and that they are known again by their sound alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import recordings
from bot.decoder.refusal import Refusal
from bot.sandbox import samples
from bot.sandbox.samples.listen import hear, levels

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = samples.load()
NAMES = [sample.name for sample in SAMPLES]


def recognised(file: Path) -> str | None:
    """Give the name of the sample that a file is taken for."""
    seconds, heard = levels(str(file))
    sample = samples.recognise(SAMPLES, seconds, heard)
    return sample.name if sample else None


def test_what_is_shipped() -> None:
    """Seven languages in as many containers, small, with original and English words."""
    assert len({sample.language for sample in SAMPLES}) == 7
    assert len({sample.path.suffix for sample in SAMPLES}) == 7
    assert len(set(NAMES)) == 7
    for sample in SAMPLES:
        assert 1000 < sample.path.stat().st_size <= 60_000
        assert 3 < sample.seconds < 8
        assert sample.original != sample.english


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_list_fits_the_files(sample: samples.Sample) -> None:
    """Length and loudness in the list are those of the file."""
    seconds, heard = levels(str(sample.path))
    assert round(seconds, 2) == sample.seconds
    assert samples.likeness(heard, sample.levels) > 0.999


# Each sample in two containers other than its own: all 49 would only take longer.
@pytest.mark.parametrize(
    ("name", "container"),
    [
        (name, recordings.CONTAINERS[(number + step) % len(recordings.CONTAINERS)])
        for number, name in enumerate(NAMES)
        for step in (0, 3)
    ],
)
def test_known_in_any_container(name: str, container: str, tmp_path: Path) -> None:
    """A sample is known again after it was re-encoded, at telephone quality too."""
    rate = 8000 if container in {"wav", "flac"} else 16_000
    assert recognised(recordings.recorded(tmp_path, container, name=name, rate=rate)) == name


def test_nobody_else_is_known(tmp_path: Path) -> None:
    """Other speech is no sample, be it as long as one."""
    assert recognised(recordings.tone(tmp_path / "tone.wav", SAMPLES[0].seconds)) is None
    backwards = [sample.levels[::-1] for sample in SAMPLES]
    others = [one.levels for one in SAMPLES]
    for number, sample in enumerate(SAMPLES):
        assert samples.recognise(SAMPLES, sample.seconds, backwards[number]) is None
        assert max(samples.likeness(sample.levels, other) for other in others if other != sample.levels) < 0.7


def test_people_are_no_samples() -> None:
    """Human voices are no samples."""
    assert {recognised(voice) for voice in recordings.human_voices()} == {None}


def test_same_words_of_another_length() -> None:
    """A sample that was cut, or repeated, is another recording."""
    sample = SAMPLES[0]
    assert samples.recognise(SAMPLES, sample.seconds - 1, sample.levels[:-10]) is None
    assert samples.recognise(SAMPLES, sample.seconds * 2, sample.levels * 2) is None


@pytest.mark.parametrize("heard", [[], [0] * 60, [100] * 60], ids=["nothing", "silence", "a hum"])
def test_no_course_of_loudness(heard: list[int]) -> None:
    """Where nothing rises or falls there is nothing to know."""
    assert samples.recognise(SAMPLES, SAMPLES[0].seconds, heard) is None


def test_long_recordings_are_counted(tmp_path: Path) -> None:
    """Loudness is kept for the first twenty seconds only, the length is counted to the end."""
    seconds, heard = levels(str(recordings.tone(tmp_path / "tone.wav", 21, rate=4000)))
    assert (seconds, len(heard)) == (21, 200)


def test_listening_too_long(tmp_path: Path) -> None:
    """The listener keeps to the limits of its job, and writes down what it heard."""
    source = str(recordings.tone(tmp_path / "tone.wav", 2))
    [report] = hear(source, tmp_path, 2)
    assert (report["file"], report["seconds"]) == ("heard.json", 2)
    with pytest.raises(Refusal, match="too_long"):
        list(hear(source, tmp_path, 1))
