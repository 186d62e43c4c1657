"""Plain stand-ins for the stages of the road and for a run that keeps its steps."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from bot.download import AudioFile
from bot.engines import Translation
from bot.errors import BotError, BrokenError, OutcomeError
from bot.piece import Piece
from bot.share import Job, Share, SlackFile
from bot.stages import Stages
from bot.terms import Terms

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from bot.compose import Document, Message
    from bot.ending import Ending
    from bot.engines import Ask
    from bot.spool import Spool

T = TypeVar("T")

MEMO = SlackFile("F1", name="memo.m4a", mimetype="audio/mp4", duration_seconds=4.2)
JOB = Job(Share("T1", "C1", "1.000100", MEMO), prompt="Zanzibar", temperature=0.2)
PIECE_SECONDS = 20.0
NOTHING_SAID = Translation("")


class PowerCutError(BaseException):
    """The process ends here."""


@dataclass
class KeptRun:
    """A run that keeps its steps in a dictionary, in place of a database.

    `calls` are the names in the order of the calls, which give a step its number; `before` what they
    were in an earlier run. The power is cut once the step `cut_after` is kept.
    """

    kept: dict[str, Any] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    is_first: bool = True
    cut_after: str = ""
    calls: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    last_words: list[str] = field(default_factory=list)
    waited: int = 0
    is_lost: bool = False

    def keep(
        self, name: str, call: Callable[[], Awaitable[T]], kind: type[T], *, is_last_word: bool = False
    ) -> Awaitable[T]:
        """Run a step, or give what it gave before."""
        self.calls.append(name)
        place = len(self.calls) - 1
        assert self.before[place : place + 1] in ([], [name])  # else the job would be lost
        if is_last_word:
            self.last_words.append(name)

        async def outcome() -> T:
            if name not in self.kept:
                await asyncio.sleep(0)  # as a database does, let others go on meanwhile
                self.ran.append(name)
                try:
                    value: object = await call()
                    assert isinstance(value, kind)
                except (BotError, OutcomeError) as error:
                    value = error
                except Exception:  # noqa: BLE001 -- as the real one: whatever it is, it is no fault of the file
                    value = BrokenError(name)
                self.kept[name] = value
                if name == self.cut_after:
                    raise PowerCutError
            if isinstance(self.kept[name], Exception):
                raise self.kept[name]
            return cast("T", self.kept[name])

        return outcome()

    async def wait_for_turn(self) -> None:
        """Note that it was asked."""
        self.waited += 1

    def again(self) -> KeptRun:
        """Give the run of the next process."""
        return KeptRun(self.kept, max(self.calls, self.before, key=len), is_first=False)


@dataclass
class Props:
    """All stages in one: what each gives back or raises is set by the test; what was asked is noted.

    `said` is what is known of every piece beside its text, `languages` those of some, by their number.
    `faults` are what pieces end in, by their number; `gates` what their translations wait for;
    when piece `withdrawn_at` is asked for, the source is deleted, and the decoder is not far ahead.
    After `decoded_before` pieces the decoder meets its error, where there is one.
    `uploads` and `attaches` are what Slack does with a document each time, the last one for ever.
    """

    spool: Spool
    terms: Terms = field(default_factory=Terms)
    resolved: SlackFile = MEMO
    texts: tuple[str, ...] = ("Good morning.",)
    said: Translation = NOTHING_SAID
    languages: dict[int, str] = field(default_factory=dict)
    fetch_error: Exception | None = None
    piece_seconds: float = 15.0
    odd_seconds: dict[int, float] = field(default_factory=dict)
    decode_error: Exception | None = None
    decoded_before: int = 1
    source: str = ""
    sources: list[str] = field(default_factory=list)
    faults: dict[int, BaseException] = field(default_factory=dict)
    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    turn: asyncio.Event | None = None
    lanes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(100))
    withdrawn: bool = False
    withdrawn_at: int = -1
    withdrawal: asyncio.Event = field(default_factory=asyncio.Event)
    source_gone: bool = False
    reply_error: BaseException | None = None
    uploads: list[str | BaseException] = field(default_factory=lambda: ["F2"])
    attaches: list[bool] = field(default_factory=lambda: [True])
    fetched: int = 0
    decoded: int = 0
    closed: int = 0
    asked: list[tuple[int, Ask, str, str]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    replied: list[tuple[Ending, str, bool]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    attached: list[tuple[str, str, bool]] = field(default_factory=list)
    added: list[tuple[str, int, bool]] = field(default_factory=list)
    seconds_heard: list[float] = field(default_factory=list)
    seconds_expected: list[float] = field(default_factory=list)
    seconds_translated: list[float] = field(default_factory=list)
    stopped: int = 0
    waits: int = 0

    def stages(self) -> Stages:
        """Give them as the road takes them."""
        one = cast("Any", self)
        voice, board = cast("Any", Voice(self)), cast("Any", Board(self))
        return Stages(self.spool, one, one, voice, one, one, board, self.terms)

    @property
    def asked_pieces(self) -> list[int]:
        """The numbers of the pieces that were sent, in order."""
        return sorted(index for index, *_ in self.asked)

    async def resolve(self, _file: SlackFile) -> SlackFile:
        """Give what files.info knows."""
        return self.resolved

    async def fetch(self, _file: SlackFile, target: Path, *, source: str = "") -> AudioFile:
        """Write a file."""
        self.fetched += 1
        self.sources.append(source)
        if self.fetch_error:
            raise self.fetch_error
        await asyncio.to_thread(target.write_bytes, b"sound")
        return AudioFile(str(target), 5, source=self.source)

    async def prepare(self, source: Path, into: Path) -> AsyncGenerator[Piece, None]:
        """Cut as many pieces as there are texts."""
        assert await asyncio.to_thread(source.exists)
        self.decoded += 1
        try:
            for index in range(len(self.texts)):
                if self.decode_error and index == self.decoded_before:
                    raise self.decode_error
                if self.withdrawn_at >= 0 and index == self.withdrawn_at + 2:
                    await self.withdrawal.wait()
                path = into / f"piece-{index:04}.flac"
                path.write_bytes(b"piece")
                path.with_suffix(".mp3").write_bytes(b"piece")
                start, is_last = index * PIECE_SECONDS, index == len(self.texts) - 1
                seconds = self.odd_seconds.get(index, self.piece_seconds)
                yield Piece(index, str(path), start, seconds, 5, is_last, start + PIECE_SECONDS)
        finally:
            self.closed += 1

    async def reply(
        self, job: Job, ending: Ending, messages: Sequence[Message], *, progress: Props, is_first_run: bool
    ) -> Ending:
        """Note the reply."""
        assert progress is self
        if self.reply_error:
            raise self.reply_error
        self.names.append(job.share.file.name)
        self.replied.append((ending, "\n".join(message.text for message in messages), is_first_run))
        return ending

    async def add(
        self, _job: Job, _ending: Ending, messages: Sequence[Message], *, first_part: int, is_first_run: bool
    ) -> None:
        """Note further parts of the reply."""
        self.added.append(("\n".join(message.text for message in messages), first_part, is_first_run))

    async def is_withdrawn(self, _share: Share) -> bool:
        """Say whether Slack told of a deletion."""
        return self.withdrawn

    async def is_source_gone(self, _share: Share) -> bool:
        """Say whether the message still holds the file."""
        return self.source_gone

    async def send(self, document: Document, _share: Share) -> str:
        """Take a document."""
        self.documents.append(document.name)
        upload = self.uploads.pop(0) if len(self.uploads) > 1 else self.uploads[0]
        if isinstance(upload, BaseException):
            raise upload
        return upload

    async def attach(self, file_id: str, document: Document, _job: Job, *, is_first_run: bool) -> bool:
        """Share a document, or refuse to."""
        self.attached.append((file_id, document.name, is_first_run))
        return self.attaches.pop(0) if len(self.attaches) > 1 else self.attaches[0]

    def heard(self, seconds: float) -> None:
        """Note how much sound there is so far."""
        self.seconds_heard.append(seconds)

    def expect(self, seconds: float) -> None:
        """Note how much sound there is in all."""
        self.seconds_expected.append(seconds)

    def translated(self, seconds: float) -> None:
        """Note how much more is done."""
        self.seconds_translated.append(seconds)

    def wait_for_endpoint(self) -> None:
        """Note that a piece waits."""
        self.waits += 1

    async def stop(self) -> None:
        """Note that the progress ended."""
        self.stopped += 1


@dataclass
class Board:
    """Starts the progress."""

    props: Props

    def start(self, _job: Job, *, is_first_run: bool) -> Props:
        """Give the progress, which the props play as well."""
        assert isinstance(is_first_run, bool)
        return self.props


@dataclass
class Voice:
    """Translates."""

    props: Props

    def check_worth_it(self, job_id: str) -> None:
        """Find nothing against making a piece again."""
        assert job_id == JOB.id

    async def translate(  # noqa: PLR0913 -- as the real one: who asks, for what, and three hooks
        self,
        piece: Piece,
        ask: Ask,
        *,
        team_id: str,
        job_id: str,
        check: Callable[[], Awaitable[None]],
        on_wait: Callable[[], None],
    ) -> Translation:
        """Say the text of a piece once its turn has come and its gate is open, or fail as it is told."""
        props = self.props
        assert on_wait == props.wait_for_endpoint
        if props.turn:
            await props.turn.wait()
        async with props.lanes:
            return await self._send(piece, ask, team_id, job_id, check)

    async def _send(
        self, piece: Piece, ask: Ask, team_id: str, job_id: str, check: Callable[[], Awaitable[None]]
    ) -> Translation:
        props = self.props
        await check()
        if not await asyncio.to_thread(Path(piece.path).exists):
            raise FileNotFoundError
        props.asked.append((piece.index, ask, team_id, job_id))
        if piece.index == props.withdrawn_at:
            props.withdrawn = True
            props.withdrawal.set()
        try:
            if piece.index in props.gates:
                await props.gates[piece.index].wait()
        except asyncio.CancelledError:
            props.cancelled.append(piece.index)
            raise
        if piece.index in props.faults:
            raise props.faults[piece.index]
        language = props.languages.get(piece.index, props.said.source_language)
        return replace(props.said, text=props.texts[piece.index], source_language=language)


def left_over(props: Props) -> list[str]:
    """Give what lies in the spool."""
    folder = props.spool.folder("look").parent
    props.spool.clear("look")
    return [one.name for one in folder.iterdir()]


async def settle() -> None:
    """Let everything go on as far as it gets, the threads of file work included."""
    for _ in range(20):
        await asyncio.sleep(0)
        await asyncio.to_thread(int)
