"""The files of one job on this machine: made when first needed, made again after a crash, gone early.

A kept step says that something was done, not that its file is still here: the spool is emptied at every
start, and another machine never had it. Hours of sound need room, so a piece goes as soon as nobody
needs it any more.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engines import Ask
from bot.errors import (
    AlreadyEnglishError,
    BrokenError,
    DeletedError,
    SkippedError,
    TooLongError,
    UnconfirmedError,
    WithdrawnError,
)
from bot.join import end_of
from bot.prompts import join_prompt

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from bot.download import AudioFile
    from bot.engines import Translation
    from bot.piece import Piece
    from bot.share import Job, SlackFile
    from bot.stages import Stages

# Cuts of the same sound by two versions of FFmpeg, or with other starts of a codec, differ by less.
TOLERANCE_SECONDS = 0.05


class Bench:
    """Where one job is worked on. `job` knows its file's name once somebody does.

    Making one touches no disk: that may fail, and only a step says so to people.
    """

    def __init__(self, job: Job, stages: Stages, *, on_wait: Callable[[], None]) -> None:
        """`on_wait` is called where a piece has to wait for an endpoint that is down."""
        self.job = job
        self._on_wait = on_wait
        self._stages = stages
        self._source_taken = ""
        self._cutting: AsyncGenerator[Piece, None] | None = None
        self._pieces: list[Piece] = []
        self._known: dict[int, Piece] = {}
        self._cut_otherwise: set[int] = set()
        self._unneeded: set[int] = set()
        self._lock = asyncio.Lock()

    async def download(self) -> AudioFile:
        """Fetch the file from Slack, unless Slack's word is enough to see that it is not to be translated.

        Raises SkippedError when a stub turns out to be no recording, AlreadyEnglishError when Slack says so
        of its clip and the channel wants no translation of such, UnconfirmedError when somebody has to say
        yes first.
        """
        return await self._fetch(is_first=True)

    def learn_file(self, audio: AudioFile) -> None:
        """Take what was downloaded as it is kept: after a crash the same of Slack's two files is fetched.

        With it comes the name that Slack gave only when asked: the reply to one of several files says it.
        """
        self._source_taken = audio.source
        share = self.job.share
        if audio.name and not share.file.name:
            self.job = replace(self.job, share=replace(share, file=replace(share.file, name=audio.name)))

    async def cut(self, number: int) -> Piece:
        """Give piece `number`. Raises WithdrawnError where the source was deleted: nobody waits for it."""
        if number:  # a clip's one piece is cut the moment that it is here
            await self._check_wanted()
        return await self._cut(number)

    def learn_piece(self, piece: Piece) -> None:
        """Take a piece as it is kept: after a crash it must be cut again just there."""
        self._known[piece.index] = piece

    async def translate(self, piece: Piece) -> Translation:
        """Translate a piece; its sound is made again, once, where it is not here any more.

        Where another piece has met what no piece of this job will get past, nothing is sent.
        """
        if not await asyncio.to_thread(Path(piece.path).exists):
            await self._check_wanted()
            self._stages.translator.check_worth_it(self.job.id)
            return await self._send(await self._cut_again(piece.index))
        try:
            return await self._send(piece)
        except FileNotFoundError:
            return await self._send(await self._cut_again(piece.index))

    def let_go(self, piece: Piece) -> None:
        """Take away the sound of a piece, now or when it is made again on the way to a later one."""
        self._unneeded.add(piece.index)
        _remove(Path(piece.path))

    async def close(self) -> None:
        """Stop decoding."""
        if self._cutting is not None:
            await self._cutting.aclose()

    async def _send(self, piece: Piece) -> Translation:
        job = self.job
        ask = Ask(
            prompt=join_prompt(job.prompt, job.glossary),
            temperature=job.temperature,
            glossary=job.glossary,
            wants_original=job.wants_original,
        )
        return await self._stages.translator.translate(
            piece,
            ask,
            team_id=job.share.team_id,
            job_id=job.id,
            check=self._check_wanted,
            on_wait=self._on_wait,
        )

    async def _check_wanted(self) -> None:
        """Raise WithdrawnError where the source was deleted meanwhile."""
        if await self._stages.replier.is_withdrawn(self.job.share):
            raise WithdrawnError

    async def _cut(self, number: int) -> Piece:
        """Decode on from where the last call stopped.

        Decoding again gives the same pieces again, unless the bot was updated in between. Beside kept
        translations a piece that is cut otherwise would double words, or lose some.
        """
        async with self._lock:
            while len(self._pieces) <= number:
                cutting = await self._decoder()
                piece = await anext(cutting, None)
                if piece is None:  # there were more pieces before
                    raise BrokenError(detail="cut otherwise than before")
                self._pieces.append(piece)
                if not self._is_cut_as_before(piece):
                    self._cut_otherwise.add(piece.index)
                if piece.index in self._unneeded:
                    _remove(Path(piece.path))
                if piece.is_last:
                    await cutting.aclose()
                    _remove(self._source())
        if number in self._cut_otherwise:
            raise BrokenError(detail="cut otherwise than before")
        return self._pieces[number]

    async def _cut_again(self, number: int) -> Piece:
        """Make the sound of a piece anew: after a crash, or where its file vanished under our hands."""
        async with self._lock:
            is_cut = number < len(self._pieces)
            if is_cut and not await asyncio.to_thread(Path(self._pieces[number].path).exists):
                await self.close()
                self._cutting, self._pieces = None, []
                self._cut_otherwise.clear()
        return await self._cut(number)

    def _is_cut_as_before(self, piece: Piece) -> bool:
        """Say whether a piece is the one that is kept, or one that nobody knows behind such a one."""
        known = self._known.get(piece.index)
        if known is None:
            return piece.index - 1 not in self._cut_otherwise
        ours, theirs = _times(piece), _times(known)
        if not known.end_seconds:
            # An older version kept less, and cut otherwise. Only a recording in one piece is still the same.
            ours, theirs = (piece.seconds,), (known.seconds,)
        is_one = piece.index == 0 and piece.is_last
        return (
            (known.end_seconds > 0 or is_one)
            and piece.is_last == known.is_last
            and len(ours) == len(theirs)
            and all(abs(one - other) <= TOLERANCE_SECONDS for one, other in zip(ours, theirs, strict=True))
        )

    async def _decoder(self) -> AsyncGenerator[Piece, None]:
        if self._cutting is None:
            source = self._source()
            if not await asyncio.to_thread(source.exists):
                await self._fetch(is_first=False)
            self._cutting = self._stages.decoders.prepare(source, source.parent)
        return self._cutting

    def _source(self) -> Path:
        """Give the place of the downloaded file, and make its folder: for steps only."""
        return self._stages.spool.folder(self.job.id) / "source"

    async def _fetch(self, *, is_first: bool) -> AudioFile:
        """Download the file. What was found right at first is not doubted when it is fetched again."""
        share = self.job.share
        try:
            file = await self._stages.downloader.resolve(share.file)
            if is_first:
                self._refuse(file)
            audio = await self._stages.downloader.fetch(file, self._source(), source=self._source_taken)
        except DeletedError as error:
            if await self._stages.replier.is_source_gone(share):
                raise WithdrawnError from error
            raise
        return replace(audio, name=file.name)

    def _refuse(self, file: SlackFile) -> None:
        """Raise why a file is not to be downloaded, as far as Slack's word says so."""
        if not (file.is_audio() or file.is_video()):
            raise SkippedError
        # The rest of an answer that stands is wanted, whatever Slack has found out meanwhile.
        is_whole = not self.job.only
        if is_whole and self.job.skips_english and file.locale.partition("-")[0].lower() == "en":
            raise AlreadyEnglishError
        seconds = file.duration_seconds or 0.0
        if seconds > self._stages.terms.max_seconds:
            raise TooLongError(detail=f"{seconds:.0f} s by Slack's word")
        if 0 < self.job.confirm_above_seconds < seconds:
            raise UnconfirmedError(str(seconds))


def _remove(path: Path) -> None:
    """Take away a file, and the MP3 that was made of it where an endpoint wanted that.

    What the disk refuses now goes with the folder, at the end of the job.
    """
    for unneeded in (path, path.with_suffix(".mp3")):
        with suppress(OSError):
            unneeded.unlink(missing_ok=True)


def _times(piece: Piece) -> Sequence[float]:
    """Give all moments that must be the same when a piece is cut again."""
    return (piece.start_seconds, end_of(piece), piece.seconds, *chain.from_iterable(piece.anchors))
