"""The files of one job on this machine: made when first needed, made again after a crash, gone early.

A kept step says that something was done, not that its file is still here: the spool is emptied at every
start, and another machine never had it. Hours of sound need room, so a piece goes as soon as nobody
needs it any more.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engines import Ask
from bot.errors import BrokenError, DeletedError, SkippedError, TooLongError, UnconfirmedError, WithdrawnError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.download import AudioFile
    from bot.engines import Translation
    from bot.prepare import Piece
    from bot.share import Job, SlackFile
    from bot.stages import Stages


class Bench:
    """Where one job is worked on. `job` knows its file's name once somebody does."""

    def __init__(self, job: Job, stages: Stages) -> None:
        self.job = job
        self._stages = stages
        self._source = stages.spool.folder(job.id) / "source"
        self._has_source = False
        self._cutting: AsyncGenerator[Piece, None] | None = None
        self._pieces: list[Piece] = []
        self._known: dict[int, Piece] = {}
        self._is_cut_otherwise = False
        self._unneeded: set[int] = set()
        self._lock = asyncio.Lock()

    async def download(self) -> AudioFile:
        """Fetch the file from Slack, unless Slack's word is enough to see that it is not to be translated.

        Raises SkippedError when a stub turns out to be no recording, UnconfirmedError when somebody has
        to say yes first.
        """
        return await self._fetch(is_first=True)

    def learn_name(self, audio: AudioFile) -> None:
        """Take the name that Slack gave only when asked: the reply to one of several files says it."""
        share = self.job.share
        if audio.name and not share.file.name:
            self.job = replace(self.job, share=replace(share, file=replace(share.file, name=audio.name)))

    async def cut(self, number: int) -> Piece:
        """Give piece `number`. Raises WithdrawnError where the source was deleted: nobody waits for it."""
        await self._check_wanted()
        return await self._cut(number)

    def learn_piece(self, piece: Piece) -> None:
        """Take a piece as it is kept: after a crash it must be cut again just there."""
        self._known[piece.index] = piece

    async def translate(self, piece: Piece) -> Translation:
        """Translate a piece; its sound is made again first where it is not here any more."""
        await self._check_wanted()
        if not await asyncio.to_thread(Path(piece.path).exists):
            piece = await self._cut(piece.index)
        ask = Ask(prompt=self.job.prompt, temperature=self.job.temperature)
        return await self._stages.translator.translate(
            piece, ask, team_id=self.job.share.team_id, job_id=self.job.id, check=self._check_wanted
        )

    def let_go(self, piece: Piece) -> None:
        """Take away the sound of a piece, now or when it is made again on the way to a later one."""
        self._unneeded.add(piece.index)
        _remove(Path(piece.path))

    async def close(self) -> None:
        """Stop decoding."""
        if self._cutting is not None:
            await self._cutting.aclose()

    async def _check_wanted(self) -> None:
        """Raise WithdrawnError where the source was deleted meanwhile."""
        if await self._stages.replier.is_withdrawn(self.job.share):
            raise WithdrawnError

    async def _cut(self, number: int) -> Piece:
        """Decode on from where the last call stopped.

        Decoding again gives the same pieces again, unless the bot was updated in between, or Slack gives
        another rendition. Beside kept translations such a piece would double words, or lose some.
        """
        async with self._lock:
            while len(self._pieces) <= number:
                cutting = await self._decoder()
                piece = await anext(cutting)
                self._pieces.append(piece)
                known = self._known.get(piece.index, piece)
                if replace(piece, path=known.path) != known:
                    self._is_cut_otherwise = True
                if piece.index in self._unneeded:
                    _remove(Path(piece.path))
                if piece.is_last:
                    await cutting.aclose()
                    _remove(self._source)
        if self._is_cut_otherwise:
            raise BrokenError(detail="cut otherwise than before")
        return self._pieces[number]

    async def _decoder(self) -> AsyncGenerator[Piece, None]:
        if self._cutting is None:
            if not self._has_source:
                await self._fetch(is_first=False)
            self._cutting = self._stages.decoders.prepare(self._source, self._source.parent)
        return self._cutting

    async def _fetch(self, *, is_first: bool) -> AudioFile:
        """Download the file. What was found right at first is not doubted when it is fetched again."""
        share = self.job.share
        try:
            file = await self._stages.downloader.resolve(share.file)
            if is_first:
                self._refuse(file)
            audio = await self._stages.downloader.fetch(file, self._source)
        except DeletedError as error:
            if await self._stages.replier.is_source_gone(share):
                raise WithdrawnError from error
            raise
        self._has_source = True
        return replace(audio, name=file.name)

    def _refuse(self, file: SlackFile) -> None:
        """Raise why a file is not to be downloaded, as far as Slack's word says so."""
        if not (file.is_audio() or file.is_video()):
            raise SkippedError
        seconds = file.duration_seconds or 0.0
        if seconds > self._stages.terms.max_seconds:
            raise TooLongError(detail=f"{seconds:.0f} s by Slack's word")
        if 0 < self.job.confirm_above_seconds < seconds:
            raise UnconfirmedError(str(seconds))


def _remove(path: Path) -> None:
    """Take away a file, and the MP3 that was made of it where an endpoint wanted that."""
    path.unlink(missing_ok=True)
    path.with_suffix(".mp3").unlink(missing_ok=True)
