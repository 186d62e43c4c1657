"""The sound of a recording → its pieces, each reported as soon as its file is whole."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from bot.decoder.clock import SAMPLE_RATE
from bot.decoder.cuts import LOOK_AHEAD, SEARCHED, best_cut, target_samples
from bot.decoder.piece_file import FLAC, MP3, PieceFile
from bot.decoder.refusal import Ending, Refusal, Report
from bot.decoder.rise import Rise
from bot.decoder.silence import Silence
from bot.decoder.sound import listen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bot.decoder.sound import Block, Sound

_PIECE: Final = "piece-{index:04}.flac"
_WRITTEN_AT_ONCE: Final = SAMPLE_RATE  # encoding little by little would take longer


def decode(source: str, folder: Path, most_seconds: float) -> Iterator[Report]:
    """Decode one file into pieces and report each when its file is whole."""
    channels = 1
    try:
        with listen(source) as sound:
            yield from _believed(_cut(sound, folder, most_seconds), sound, most_seconds)
    except Refusal as refusal:
        channels = sound.channels if refusal.ending == Ending.SILENT else 1
        if channels == 1:
            raise
    if channels > 1:
        # Two channels of which one is the other upside down cancel each other out in the mix.
        with listen(source, is_first_channel_only=True) as sound:
            yield from _cut(sound, folder, most_seconds)


def _cut(sound: Sound, folder: Path, most_seconds: float) -> Iterator[Report]:
    silence = Silence()
    cutter = Cutter(folder, target_samples(sound.declared_seconds))
    for block in silence.shortened(_bounded(sound, most_seconds)):
        for report in cutter.add(block):
            sound.judge()
            yield report
    sound.judge()
    if silence.is_all:
        cutter.drop()
        raise Refusal(Ending.SILENT, "silent")
    yield cutter.finish()


def _believed(reports: Iterator[Report], sound: Sound, most_seconds: float) -> Iterable[Report]:
    """Hold the pieces of what may turn out to be too long until that is known: each would be paid for.

    Passed on at once are those of a recording that declares a length we take. One that declares none, as
    what a browser records, is decoded to its end first: that is quick beside its translation.
    """
    return reports if 0 < sound.declared_seconds <= most_seconds else list(reports)


def _bounded(sound: Sound, most_seconds: float) -> Iterator[Block]:
    for block in sound:
        if sound.seconds > most_seconds:
            raise Refusal(Ending.TOO_LONG, "decoded")
        yield block


def to_mp3(source: str, folder: Path, most_seconds: float) -> Iterator[Report]:
    """Write a piece once more as MP3, beside it."""
    with listen(source) as sound:
        number = _number(source)
        file = PieceFile(folder / f"{number}.mp3", MP3)
        for block in _bounded(sound, most_seconds):
            file.write(block.sound)
        sound.judge()
        file.close()
    yield whole_file(f"{number}.mp3", file.samples / SAMPLE_RATE)


def to_halves(source: str, folder: Path, most_seconds: float) -> Iterator[Report]:
    """Cut a piece in two, in the longest pause of its middle third, and write both beside it."""
    with listen(source) as sound:
        third = round(sound.declared_seconds * SAMPLE_RATE / 3)
        names = f"{_number(source)}-{{index}}.flac"
        cutter = Cutter(folder, 2 * third, searched=third, look_ahead=0, names=names)
        for block in _bounded(sound, most_seconds):
            yield from cutter.add(block)
        sound.judge()
    yield cutter.finish()


def _number(source: str) -> str:
    """Give the name of a piece without its ending."""
    return source.rpartition("/")[2].rpartition(".")[0]


def whole_file(name: str, seconds: float) -> Report:
    """Report a file that holds all of the recording."""
    return {
        "file": name,
        "start_seconds": 0.0,
        "end_seconds": seconds,
        "seconds": seconds,
        "anchors": [[0.0, 0.0]],
        "is_last": True,
    }


class Cutter:
    """Writes sound into pieces; of the piece it is at, it holds only the stretch in which the cut may lie.

    Places are counted in samples: those of the sound that is written, over all pieces, and those of the
    recording, which has more where something was left out.
    """

    def __init__(
        self,
        folder: Path,
        target: int,
        *,
        searched: int = SEARCHED,
        look_ahead: int = LOOK_AHEAD,
        names: str = _PIECE,
    ) -> None:
        """Begin the first piece. A cut lies in what is `searched` before the target.

        What ends within `look_ahead` after the target is not cut again.
        """
        self._folder = folder
        self._target = target
        self._searched = searched
        self._look_ahead = look_ahead
        self._names = names
        self._index = 0
        self._begin = 0  # of the piece
        self._written = 0  # so far, to files
        self._end = 0  # of what came
        self._held = bytearray()  # from `_written` to `_end`
        self._sound_at: list[int] = []  # anchors: at this sample of the sound …
        self._recording_at: list[int] = []  # … the recording is at this one
        self._levels: list[tuple[int, float]] = []  # of the blocks, each with the sample that it ends before
        self._rise = Rise()
        self._file = self._next_file()

    def add(self, block: Block) -> Iterable[Report]:
        """Take a block, and report the piece that it made complete, if any."""
        if not self._sound_at or self._place(self._end) != block.at:
            self._sound_at.append(self._end)
            self._recording_at.append(block.at)
        self._held += block.sound
        self._end += block.samples
        self._levels.append((self._end, block.level))
        certain = self._begin + self._target - self._searched
        if min(certain, self._end) - self._written >= _WRITTEN_AT_ONCE:
            self._write_to(min(certain, self._end))
        if self._end < self._begin + self._target + self._look_ahead:
            return ()
        self._write_to(certain)
        cut = certain + best_cut(bytes(self._held[: self._searched * 2]))
        return (self._finish_piece(cut),)

    def finish(self) -> Report:
        """Report the last piece."""
        return self._finish_piece(self._end, is_last=True)

    def drop(self) -> None:
        """Leave nothing behind."""
        self._file.drop()

    def _finish_piece(self, cut: int, *, is_last: bool = False) -> Report:
        self._write_to(cut)
        self._file.close()
        name, start = self._name(), self._place(self._begin)
        within = [
            (sound, recording)
            for sound, recording in zip(self._sound_at, self._recording_at, strict=True)
            if self._begin < sound < cut
        ]
        report: Report = {
            "file": name,
            "start_seconds": start / SAMPLE_RATE,
            # Of the last sample, and one more: what was left out after it lies between the pieces.
            "end_seconds": (self._place(cut - 1) + 1) / SAMPLE_RATE,
            "seconds": self._file.samples / SAMPLE_RATE,
            "anchors": [
                [(sound - self._begin) / SAMPLE_RATE, recording / SAMPLE_RATE]
                for sound, recording in [(self._begin, start), *within]
            ],
            "is_last": is_last,
            "loud_db": self._loudest(cut),
            "rise_db": self._rise.decibels,
        }
        if not is_last:
            self._begin_piece(cut)
        return report

    def _begin_piece(self, cut: int) -> None:
        at = self._place(cut)
        later = bisect_right(self._sound_at, cut)
        self._sound_at = [cut, *self._sound_at[later:]]
        self._recording_at = [at, *self._recording_at[later:]]
        self._levels = [(end, level) for end, level in self._levels if end > cut]
        self._rise = Rise()
        self._index += 1
        self._begin = cut
        self._file = self._next_file()

    def _write_to(self, end: int) -> None:
        length = (end - self._written) * 2
        sound = bytes(self._held[:length])
        self._file.write(sound)
        self._rise.hear(sound)
        del self._held[:length]
        self._written = end

    def _loudest(self, cut: int) -> float | None:
        """Give the level of the loudest block before the cut; None where nothing sounds."""
        loudest = max((level for end, level in self._levels if end <= cut), default=-math.inf)
        return loudest if loudest > -math.inf else None

    def _place(self, sample: int) -> int:
        """Say which sample of the recording this one of the sound is."""
        found = bisect_right(self._sound_at, sample) - 1
        return self._recording_at[found] + sample - self._sound_at[found]

    def _name(self) -> str:
        return self._names.format(index=self._index)

    def _next_file(self) -> PieceFile:
        return PieceFile(self._folder / self._name(), FLAC)
