"""A piece of sound → a translation that can be believed, through the engine, and where it fails the second.

Each engine stands at the end of a line (`line.py`) that knows turns, tries, patience and breaker; what
comes back is judged here, since an echo of the prompt is asked for again, and the next engine may know
English.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.engines import Doubt, Transcription, Translation
from bot.errors import (
    EndpointError,
    EndpointModelError,
    EndpointRetiredError,
    EndpointSlowError,
    NotEnglishError,
    OriginalModelError,
)
from bot.halving import can_be_halved, in_halves
from bot.hopeless import HOPELESS, Hopeless
from bot.judge import Verdict, judge_original, judge_piece, may_be_speech
from bot.line import LONGEST_RETRY_AFTER_SECONDS, ShutError, Tries, Wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bot.engines import Ask
    from bot.halving import Halve
    from bot.judge import Judged
    from bot.line import Line
    from bot.piece import Piece

log = structlog.get_logger()

NO_SPEECH = Translation("")
# So long an English that is there waits for the words as they were said.
ORIGINAL_SECONDS = 10.0
# What is longer takes so long to judge that nothing else would be answered meanwhile.
LONG_TEXT = 6_000


async def _go_on() -> None:
    """Find nothing against a further try."""


async def _tell_nobody(_engine: str, _error: EndpointError) -> None:
    """Have nobody to tell."""


def _wait() -> None:
    """Wait in silence."""


@dataclass(slots=True)
class _Errand:
    """A piece on its way through the lines, itself made by so many `halvings` of one.

    `halve` cuts it in two, None where it cannot be cut. `said` are the words as they were said, once they are
    known: heard by a line that then failed, or what an engine wrote down in another language.
    """

    piece: Piece
    ask: Ask
    team_id: str
    job_id: str
    check: Callable[[], Awaitable[None]]
    wait: Wait
    may_wait: Callable[[], bool] = field(default=lambda: True)
    said: Transcription | Translation | None = None
    halve: Halve | None = None
    halvings: int = 0
    tries: dict[str, Tries] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Cut nothing that is too short."""
        if not can_be_halved(self.piece, self.halvings):
            self.halve = None


class Translator:
    """Translates pieces, through lines in the order in which they are to be tried.

    `on_trouble` hears of every final error of a line, also where the next one helps: whoever runs the bot
    has to know that a key or a model is gone. `halve` cuts a piece that takes too long; without it, that is
    final.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        *,
        halve: Halve | None = None,
        on_trouble: Callable[[str, EndpointError], Awaitable[None]] = _tell_nobody,
        original_seconds: float = ORIGINAL_SECONDS,
    ) -> None:
        self.lines = tuple(lines)
        self._halve = halve
        self._on_trouble = on_trouble
        self._original_seconds = original_seconds
        self._hopeless = Hopeless()

    async def translate(  # noqa: PLR0913 -- who asks, for what, and three hooks
        self,
        piece: Piece,
        ask: Ask,
        *,
        team_id: str,
        job_id: str,
        check: Callable[[], Awaitable[None]] = _go_on,
        on_wait: Callable[[], None] = _wait,
    ) -> Translation:
        """Give the English of one piece, judged, or raise the last `EndpointError`.

        Nothing is sent of sound that cannot be speech. `check` is called before each try, and may raise:
        minutes may have passed since the piece was cut. `on_wait` is called when the piece begins to wait
        for an endpoint that is down.
        """
        if not may_be_speech(piece):
            return NO_SPEECH
        errand = _Errand(piece, ask, team_id, job_id, check, Wait(on_wait), halve=self._halve)
        left = list(self.lines)
        while True:
            for line in tuple(left):
                errand.may_wait = _stay_until_another_helps(line, left, piece)
                try:
                    self._hopeless.check(job_id, line.name)
                    return await self._ask(line, errand)
                except ShutError:
                    continue  # the next one may help at once; if none does, this one is waited for
                except EndpointError as error:
                    left.remove(line)
                    await self._tell(job_id, line.name, line, error)
                    if not left:
                        raise

    def check_worth_it(self, job_id: str) -> None:
        """Raise what no piece of a job gets past, where that is known of every line."""
        if all(self._hopeless.is_known(job_id, line.name) for line in self.lines):
            self._hopeless.check(job_id, self.lines[-1].name)

    async def close(self) -> None:
        """Let go of the engines' connections."""
        for line in self.lines:
            await line.close()

    async def _ask(self, line: Line, errand: _Errand) -> Translation:
        """Give what one line makes of a piece, or of its halves where the whole takes too long."""
        try:
            return await self._ask_at_once(line, errand)
        except EndpointSlowError as error:
            if errand.halve is None or (error.retry_after_seconds or 0.0) > LONGEST_RETRY_AFTER_SECONDS:
                raise
            slow = error
        log.info("piece.halved", job_id=errand.job_id, piece=errand.piece.index, engine=line.name)
        # Words that are known are not asked for a second time, in halves.
        ask = replace(errand.ask, wants_original=errand.ask.wants_original and errand.said is None)

        async def translate(half: Piece) -> Translation:
            if not may_be_speech(half):
                return NO_SPEECH
            halvings = errand.halvings + 1
            of_half = replace(errand, piece=half, ask=ask, said=None, halvings=halvings, tries={})
            return await self._ask(line, of_half)

        translation = await in_halves(
            errand.piece, slow, errand.job_id, halve=errand.halve, translate=translate
        )
        wants_more = errand.ask.wants_original and translation.text
        return await _with_original(translation, errand) if wants_more else translation

    async def _ask_at_once(self, line: Line, errand: _Errand) -> Translation:
        """Give what one line makes of a piece, with the words as they were said where those are wanted."""
        wants_original = errand.ask.wants_original
        is_done, said = False, None
        if wants_original and not (line.brings_original or errand.said):
            said = asyncio.ensure_future(self._transcribe(line, errand, may_wait=lambda: not is_done))
        try:
            translation = replace(await self._believe(line, errand), engine=line.name)
            is_done = True
            if not (wants_original and translation.text):
                return translation
            if said is not None:
                await asyncio.wait([said], timeout=self._original_seconds)
            return await _with_original(translation, errand)
        finally:
            if said is not None:
                said.cancel()
                await asyncio.gather(said, return_exceptions=True)

    async def _believe(self, line: Line, errand: _Errand) -> Translation:
        """Give what is to be believed of a line's answer. Raises NotEnglishError where it is not English.

        A prompt that comes back instead of speech is left out, once: without it the model may listen. A part
        of it that comes again then was said.
        """
        judged = await _judge(await self._translate(line, errand, errand.ask), line, errand)
        if judged.verdict in {Verdict.ECHO, Verdict.MAYBE_ECHO}:
            again = await self._translate(line, errand, replace(errand.ask, prompt=""))
            judged = await _judge(again, line, errand, is_second=True)
        if judged.verdict is Verdict.ECHO:
            return NO_SPEECH
        if judged.verdict is Verdict.NOT_ENGLISH:
            errand.said = _said_of(judged.translation)
            raise NotEnglishError(request_id=judged.translation.request_id)
        return judged.translation

    async def _translate(self, line: Line, errand: _Errand, ask: Ask) -> Translation:
        """Ask a line, unless another piece of the job has met there what this one will not get past."""

        async def check() -> None:
            await errand.check()
            self._hopeless.check(errand.job_id, line.name)

        tries = errand.tries.pop(line.name, None) or Tries()
        try:
            return await line.translate(
                errand.piece,
                ask,
                team_id=errand.team_id,
                job_id=errand.job_id,
                check=check,
                wait=errand.wait,
                may_wait=errand.may_wait,
                can_be_halved=errand.halve is not None,
                tries=tries,
            )
        except ShutError:
            errand.tries[line.name] = tries  # this line may be asked again
            raise

    async def _transcribe(self, line: Line, errand: _Errand, *, may_wait: Callable[[], bool]) -> None:
        """Ask a line for the words as they were said; what stands in their way costs no translation."""
        work = f"{line.name} original"

        async def check() -> None:
            await errand.check()
            self._hopeless.check(errand.job_id, work)

        try:
            self._hopeless.check(errand.job_id, work)
            heard = await line.transcribe(
                errand.piece,
                errand.ask,
                team_id=errand.team_id,
                job_id=errand.job_id,
                check=check,
                may_wait=may_wait,
            )
            errand.said = heard or errand.said
        except HOPELESS as error:
            await self._tell(errand.job_id, work, line, _of_original(error))
        except EndpointError:
            return  # the log has told of each try; it may be better with the next piece

    async def _tell(self, job_id: str, work: str, line: Line, error: EndpointError) -> None:
        """Tell of a line's final error, once in a job where that is all that its pieces will meet.

        That this fails must not cost people their translation.
        """
        if not self._hopeless.learn(job_id, work, error):
            return
        try:
            await self._on_trouble(line.name, error)
        except Exception:
            log.exception("trouble.untold", engine=line.name, reason=error.reason)


def _stay_until_another_helps(line: Line, left: Sequence[Line], piece: Piece) -> Callable[[], bool]:
    """Say when to wait for a line that is down: for the last one only, and while no other is worth asking."""
    others = [one for one in left if one is not line]
    is_last = line is left[-1]
    return lambda: is_last and not any(one.is_worth_asking(piece) for one in others)


async def _judge(translation: Translation, line: Line, errand: _Errand, *, is_second: bool = False) -> Judged:
    """Judge a translation; what is long, beside everything else that the bot does meanwhile."""
    judge = partial(judge_piece, translation, errand.piece, errand.ask, is_second=is_second)
    is_long = len(translation.text) + len(translation.original) >= LONG_TEXT
    judged = await asyncio.to_thread(judge) if is_long else judge()
    left = judged.translation.segments
    dropped = max(0, len(translation.segments) - len(left))
    marked = sum(segment.doubt is not Doubt.NONE for segment in left)
    is_as_it_came = judged.verdict is Verdict.GOOD and judged.translation is translation
    (log.debug if is_as_it_came else log.info)(
        "translation.judged",
        verdict=judged.verdict.value,
        engine=line.name,
        dropped=dropped,
        marked=marked,
        without_prompt=is_second,
        job_id=errand.job_id,
        team_id=errand.team_id,
        piece=errand.piece.index,
        request_id=translation.request_id,
    )
    return judged


def _said_of(translation: Translation) -> Transcription:
    """Give the words as they were said: where none came along, an answer in another language is they."""
    said = translation.original or translation.text
    return Transcription(said, (), translation.request_id, translation.source_language)


def _of_original(error: EndpointError) -> EndpointError:
    """Say of which model that is true; the engine on this machine has but one."""
    if type(error) in {EndpointModelError, EndpointRetiredError}:
        return OriginalModelError(error.detail, request_id=error.request_id)
    return error


async def _with_original(translation: Translation, errand: _Errand) -> Translation:
    """Add the words as they were said, and their language, where the translation came without them.

    Who only writes down invents words, too: of those nothing is added.
    """
    heard = errand.said
    if heard is None:
        return translation
    judge = partial(judge_original, heard.text, errand.piece, errand.ask)
    original = await asyncio.to_thread(judge) if len(heard.text) >= LONG_TEXT else judge()
    return replace(
        translation,
        original=translation.original or original,
        source_language=translation.source_language or heard.source_language,
    )
