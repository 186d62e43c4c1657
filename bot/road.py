"""The road of one share, all endings on one screen: download, prepare, translate, judge, reply.

Nothing here knows how steps are kept over a crash (`jobs.py` does) or what Slack's answers look like.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from bot.download import AudioFile
from bot.ending import Ending, EndingName
from bot.engines import Ask, Translation
from bot.errors import BotError, DeletedError, SkippedError, WithdrawnError
from bot.judge import Verdict, judge
from bot.prepare import Piece
from bot.translate import join

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from bot.download import Downloader
    from bot.prepare import Decoders
    from bot.progress import Progress, ProgressBoard
    from bot.reply import Replier
    from bot.share import Job
    from bot.spool import Spool
    from bot.translate import Translator

T = TypeVar("T")
log = structlog.get_logger()


class Run(Protocol):
    """One run of a job; after a crash the same job runs again, with its finished steps kept."""

    is_first: bool  # False: an earlier run may have posted something already

    def keep(
        self, name: str, call: Callable[[], Awaitable[T]], kind: type[T], *, is_last_word: bool = False
    ) -> Awaitable[T]:
        """Run a step, or give its kept result. An unforeseen exception in it becomes BrokenError.

        Nobody would hear of an error in the last word, the reply: that step is run again until it is done.

        The step gets its number when this is called, not when it is awaited: the calls must come in
        the same order in every run.
        """
        ...

    async def wait_for_turn(self) -> None:
        """Wait until the reply that comes first in the thread stands, or long enough for it."""
        ...


@dataclass(frozen=True, slots=True)
class Stages:
    """What the road is made of; `app.py` builds it, tests hand in others."""

    spool: Spool
    downloader: Downloader
    decoders: Decoders
    translator: Translator
    replier: Replier
    progress: ProgressBoard


async def walk(job: Job, *, stages: Stages, run: Run) -> Ending:
    """Carry one share from download to reply, and say how it ended.

    Each stage is a kept step: after a crash the finished ones are not run again. An error that
    another try can heal never arrives here; its step took the tries.
    """
    progress = stages.progress.start(job, is_first_run=run.is_first)
    bench, text = Bench(job, stages), ""
    try:
        translation = await _translate(bench, run, progress)
        if judge(translation) is Verdict.NO_SPEECH:
            ending = Ending(EndingName.NO_SPEECH)
        else:
            ending, text = Ending(EndingName.TRANSLATED), translation.text
    except SkippedError:
        ending = Ending(EndingName.SKIPPED)
    except WithdrawnError:
        ending = Ending(EndingName.WITHDRAWN)
    except BotError as error:
        ending, text = Ending(EndingName.FAILED, error.reason), error.text
        log.warning("job.failed", job_id=job.id, reason=error.reason, detail=error.detail)

    async def reply() -> Ending:
        await run.wait_for_turn()
        return await stages.replier.reply(
            bench.job, ending, text, progress=progress, is_first_run=run.is_first
        )

    try:
        ending = await run.keep("reply", reply, Ending, is_last_word=True)
    finally:
        await progress.stop()
        stages.spool.clear(job.id)
    log.info("job.ended", job_id=job.id, ending=ending.name.value, reason=ending.reason)
    return ending


async def _translate(bench: Bench, run: Run, progress: Progress) -> Translation:
    """Fetch the file and translate its pieces, each as soon as it is cut."""
    bench.learn_name(await run.keep("download", bench.download, AudioFile))
    pieces: list[Piece] = []
    translations: list[asyncio.Future[Translation]] = []
    try:
        while not (pieces and pieces[-1].is_last):
            number = len(pieces)
            cut = partial(bench.cut, number)
            piece = await run.keep(f"prepare-{number}", cut, Piece)
            pieces.append(piece)
            progress.heard(piece.start_seconds + piece.seconds)
            ask = partial(bench.translate, piece)
            step = run.keep(f"translate-{number}", ask, Translation)
            translations.append(asyncio.ensure_future(step))
        return join(await asyncio.gather(*translations), pieces)
    finally:
        for translation in translations:
            translation.cancel()
        await asyncio.gather(*translations, return_exceptions=True)
        await bench.close()


class Bench:
    """The files of one job on this machine: made when first needed, and made again after a crash.

    A kept step says that something was done, not that its file is still here: the spool is emptied
    at every start, and another machine never had it.
    """

    def __init__(self, job: Job, stages: Stages) -> None:
        self.job = job
        self._stages = stages
        self._source: Path | None = None
        self._cutting: AsyncGenerator[Piece, None] | None = None
        self._pieces: list[Piece] = []
        self._lock = asyncio.Lock()

    async def download(self) -> AudioFile:
        """Fetch the file from Slack. Raises SkippedError when a stub turns out to be no recording."""
        share = self.job.share
        folder = self._stages.spool.folder(self.job.id)
        try:
            file = await self._stages.downloader.resolve(share.file)
            if not (file.is_audio() or file.is_video()):
                raise SkippedError
            audio = await self._stages.downloader.fetch(file, folder / "source")
        except DeletedError as error:
            if await self._stages.replier.is_source_gone(share):
                raise WithdrawnError from error
            raise
        self._source = Path(audio.path)
        return replace(audio, name=file.name)

    def learn_name(self, audio: AudioFile) -> None:
        """Take the name that Slack gave only when asked: the reply to one of several files says it."""
        share = self.job.share
        if audio.name and not share.file.name:
            self.job = replace(self.job, share=replace(share, file=replace(share.file, name=audio.name)))

    async def cut(self, number: int) -> Piece:
        """Give piece `number`, decoding on from where the last call stopped."""
        async with self._lock:
            while len(self._pieces) <= number:
                self._pieces.append(await anext(await self._decoder()))
        return self._pieces[number]

    async def translate(self, piece: Piece) -> Translation:
        """Translate a piece; its sound is made again first where it is not here any more."""
        if await self._stages.replier.is_withdrawn(self.job.share):
            raise WithdrawnError
        if not await asyncio.to_thread(Path(piece.path).exists):
            piece = await self.cut(piece.index)
        ask = Ask(prompt=self.job.prompt)
        return await self._stages.translator.translate(piece, ask, team_id=self.job.share.team_id)

    async def close(self) -> None:
        """Stop decoding."""
        if self._cutting is not None:
            await self._cutting.aclose()

    async def _decoder(self) -> AsyncGenerator[Piece, None]:
        if self._cutting is None:
            folder = self._stages.spool.folder(self.job.id)
            source = self._source or Path((await self.download()).path)
            self._cutting = self._stages.decoders.prepare(source, folder)
        return self._cutting
