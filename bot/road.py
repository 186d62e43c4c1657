"""The road of one share, all endings on one screen: download, prepare, translate, judge, reply.

Nothing here knows how steps are kept over a crash (`jobs.py` does) or what Slack's answers look like.
Which step comes next may depend on the job and on kept results alone, never on what is ready first, on
the configuration or on the disk: after a crash the steps must come in the same order.
"""

from __future__ import annotations

import asyncio
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog

from bot.bench import Bench
from bot.compose import compose_reply
from bot.document import Document, as_messages, as_text
from bot.download import AudioFile
from bot.ending import QUESTION, Ending, EndingName
from bot.engines import Translation
from bot.errors import (
    AlreadyEnglishError,
    BotError,
    BrokenError,
    OutcomeError,
    SilentError,
    SkippedError,
    TooLongError,
    UnconfirmedError,
    WithdrawnError,
)
from bot.join import Gap, end_of, join, lies_in, rest_after
from bot.judge import Verdict, judge
from bot.piece import Piece
from bot.share import Output

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from bot.compose import Reply
    from bot.join import Whole
    from bot.progress import Progress
    from bot.share import Job
    from bot.stages import Stages
    from bot.terms import Terms

T = TypeVar("T")
log = structlog.get_logger()

# How the road ends where nothing failed, and yet there is nothing translated.
_ENDINGS: Mapping[type[OutcomeError], Ending] = {
    SilentError: Ending(EndingName.NO_SPEECH),
    AlreadyEnglishError: Ending(EndingName.ALREADY_ENGLISH),
    UnconfirmedError: QUESTION,
    SkippedError: Ending(EndingName.SKIPPED),
    WithdrawnError: Ending(EndingName.WITHDRAWN),
}


class Run(Protocol):
    """One run of a job; after a crash the same job runs again, with its finished steps kept."""

    is_first: bool  # False: an earlier run may have posted something already
    is_lost: bool  # True: its steps cannot be kept any more; what was raised then must pass

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


async def walk(job: Job, *, stages: Stages, run: Run) -> Ending:
    """Carry one share from download to reply, and say how it ended.

    Each stage is a kept step: after a crash the finished ones are not run again. An error that
    another try can heal never arrives here; its step took the tries.
    """
    progress = stages.progress.start(job, is_first_run=run.is_first)
    bench = Bench(job, stages, on_wait=progress.wait_for_endpoint)
    ending, said, why = await _come_to_an_end(bench, run, progress, stages.terms)

    def compose() -> Reply:
        return compose_reply(bench.job, ending, said, terms=stages.terms, why=why)

    async def reply() -> Ending:
        await run.wait_for_turn()
        return await stages.replier.reply(
            bench.job, ending, compose().messages, progress=progress, is_first_run=run.is_first
        )

    try:
        ended = await run.keep("reply", reply, Ending, is_last_word=True)
        if ended.name is EndingName.TRANSLATED:
            await _send_along(bench.job, ended, compose(), stages=stages, run=run)
    finally:
        await progress.stop()
        stages.spool.clear(job.id)
    log.info(
        "job.ended",
        job_id=job.id,
        ending=ended.name.value,
        reason=ended.reason,
        missing=len(ended.missing),
    )
    return ended


async def _come_to_an_end(
    bench: Bench, run: Run, progress: Progress, terms: Terms
) -> tuple[Ending, str | Whole, str]:
    """Translate, and say how it ended, what there is to say of it, and what its first gap failed of."""
    job = bench.job
    try:
        said, faults = await _translate(bench, run, progress)
    except OutcomeError as error:
        return _ENDINGS[type(error)], error.detail, ""
    except BotError as error:
        log.warning("job.failed", job_id=job.id, reason=error.reason, detail=error.detail)
        return Ending(EndingName.FAILED, error.reason, job.only), terms.spell(error.text), ""
    except Exception:  # a fault in the program must not end a share in silence
        if run.is_lost:
            raise
        log.exception("job.broke", job_id=job.id)
        return Ending(EndingName.FAILED, BrokenError.reason, job.only), BrokenError.text, ""
    return _ending_of(job, said), said, terms.spell(faults[0].text) if faults else ""


def _ending_of(job: Job, whole: Whole) -> Ending:
    """Say how a translation ends that could be had, at least in part."""
    if judge(whole) is Verdict.NO_SPEECH:
        return Ending(EndingName.NO_SPEECH)
    # An answer that stands in English is not left with a hole, whatever was said there; and of two
    # languages the one that people can't read is why they want it, however little of it there is.
    is_whole = not (whole.gaps or job.only)
    if job.skips_english and whole.is_english and is_whole:
        return Ending(EndingName.ALREADY_ENGLISH)
    return Ending(EndingName.TRANSLATED, missing=tuple(gap.span for gap in whole.gaps))


async def _translate(bench: Bench, run: Run, progress: Progress) -> tuple[Whole, list[BotError]]:
    """Fetch the file and translate its pieces, each as soon as it is cut; give the errors of gaps, too.

    A piece that cannot be translated is a gap, and so is all that comes after a cut that failed; where
    nothing but gaps came, the first one's error is raised.
    """
    bench.learn_file(await run.keep("download", bench.download, AudioFile))
    pieces: list[Piece] = []
    steps: list[asyncio.Future[Translation]] = []
    outcomes: list[asyncio.Future[Translation | BotError]] = []
    uncut: list[BotError] = []
    try:
        async for piece in _cut(bench, run, progress):
            if isinstance(piece, BotError):
                uncut.append(piece)
                continue
            pieces.append(piece)
            steps.append(asyncio.ensure_future(_begin(piece, bench, run)))
            outcomes.append(asyncio.ensure_future(_outcome(piece, steps[-1], bench, progress)))
        told = await asyncio.gather(*outcomes)
    finally:
        begun: list[asyncio.Future[Any]] = [*steps, *outcomes]
        for one in begun:
            one.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        await bench.close()
    job, rest = bench.job, tuple[Gap, ...]()
    if uncut:
        rest = rest_after(pieces[-1], seconds=job.share.file.duration_seconds or 0.0, only=job.only)
    faults = [one for one in (*told, *(uncut if rest else ())) if isinstance(one, BotError)]
    whole = join([None if isinstance(one, BotError) else one for one in told], pieces, rest)
    if judge(whole) is Verdict.UNHEARD:
        raise faults[0]
    if job.only and not any(lies_in(piece, job.only) for piece in pieces):
        raise BrokenError(detail="nothing there of what was missing")
    return whole, faults


async def _cut(bench: Bench, run: Run, progress: Progress) -> AsyncGenerator[Piece | BotError, None]:
    """Give the pieces as they are cut; those of a recording that has to be measured first, after the last.

    Where cutting fails behind the first piece, its error comes last: what was translated so far is paid
    for. A recording that turns out to be too long is refused as a whole. Raises UnconfirmedError where
    somebody has to say yes first to one so long.
    """
    job = bench.job
    is_measured = job.confirm_above_seconds > 0 and job.share.file.duration_seconds is None
    pieces: list[Piece] = []
    fault: BotError | None = None
    while not (pieces and pieces[-1].is_last):
        number = len(pieces)
        try:
            piece = await run.keep(f"prepare-{number}", partial(bench.cut, number), Piece)
        except BotError as error:
            if not pieces or isinstance(error, TooLongError):
                raise
            log.warning("cut.failed", job_id=job.id, piece=number, reason=error.reason, detail=error.detail)
            fault = error
            break
        pieces.append(piece)
        bench.learn_piece(piece)
        if not is_measured:
            progress.heard(end_of(piece))
            yield piece
    seconds = end_of(pieces[-1])
    if is_measured and seconds > job.confirm_above_seconds:
        raise UnconfirmedError(str(seconds))
    progress.expect(seconds)
    for piece in pieces if is_measured else ():
        yield piece
    if fault is not None:
        yield fault


def _begin(piece: Piece, bench: Bench, run: Run) -> Awaitable[Translation]:
    """Start the step of a piece; no coroutine, so that the step gets its number now."""
    if bench.job.only and not lies_in(piece, bench.job.only):
        return _nothing()
    return run.keep(f"translate-{piece.index}", partial(bench.translate, piece), Translation)


async def _nothing() -> Translation:
    """Say nothing for a piece that an earlier attempt has translated."""
    return Translation("")


async def _outcome(
    piece: Piece, step: Awaitable[Translation], bench: Bench, progress: Progress
) -> Translation | BotError:
    """Wait for a piece's translation, or the error that makes it a gap: kept either way, its sound can go."""
    outcome: Translation | BotError
    try:
        outcome = await step
    except BotError as error:
        log.warning("piece.failed", job_id=bench.job.id, piece=piece.index, reason=error.reason)
        outcome = error
    bench.let_go(piece)
    progress.translated(end_of(piece) - piece.start_seconds)
    return outcome


async def _send_along(job: Job, ending: Ending, reply: Reply, *, stages: Stages, run: Run) -> None:
    """Put the files that go along into the thread, one after the other; refused, their words.

    A translation whose text stands in the messages anyway needs no more words.
    """
    parts = len(reply.messages)

    async def say(step: str, document: Document) -> int:
        messages = as_messages(document)
        add = partial(
            stages.replier.add, job, ending, messages, first_part=parts + 1, is_first_run=run.is_first
        )
        await run.keep(step, add, NoneType, is_last_word=True)
        return len(messages)

    try:
        if (
            reply.document
            and not await _upload_somehow(job, reply.document, stages=stages, run=run)
            and job.output is not Output.TEXT
        ):
            parts += await say("reply-text", reply.document)
        if reply.original and not await _upload(job, reply.original, "original", stages=stages, run=run):
            await say("reply-original", reply.original)
    except WithdrawnError:
        return


async def _upload_somehow(job: Job, document: Document, *, stages: Stages, run: Run) -> bool:
    """Upload a document; refused, as a text file, unless it is one."""
    forms = [document] if document.name.endswith(".txt") else [document, as_text(document)]
    for number, form in enumerate(forms, start=1):
        if await _upload(job, form, str(number), stages=stages, run=run):
            return True
    return False


async def _upload(job: Job, document: Document, mark: str, *, stages: Stages, run: Run) -> bool:
    """Upload a document and then share it: its id is kept in between, for only that tells after a crash.

    `mark` tells the steps of each apart.
    """

    async def send() -> str:
        if await stages.replier.is_withdrawn(job.share):
            raise WithdrawnError
        return await stages.uploader.send(document, job.share)

    async def attach() -> bool:
        return await stages.uploader.attach(file_id, document, job, is_first_run=run.is_first)

    try:
        file_id = await run.keep(f"upload-{mark}", send, str)
        return bool(file_id) and await run.keep(f"attach-{mark}", attach, bool)
    except BotError as error:  # something of ours broke: people get the words another way
        log.warning("document.failed", job_id=job.id, detail=error.detail)
        return False
