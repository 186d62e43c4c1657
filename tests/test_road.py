"""The road on plain stand-ins for its stages: every ending, and what happens after a crash in between."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest

from bot import errors
from bot.download import AudioFile
from bot.ending import Ending, EndingName
from bot.engines import Translation
from bot.prepare import Piece
from bot.road import Stages, walk
from bot.share import Job, Share, SlackFile
from bot.spool import Spool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from bot.engines import Ask

T = TypeVar("T")

MEMO = SlackFile("F1", name="memo.m4a", mimetype="audio/mp4", duration_seconds=4.2)
JOB = Job(Share("T1", "C1", "1.000100", MEMO), prompt="Zanzibar")


class PowerCutError(BaseException):
    """The process ends here."""


@dataclass
class KeptRun:
    """A run that keeps its steps in a dictionary, in place of a database."""

    kept: dict[str, Any] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    is_first: bool = True
    waited: int = 0

    last_words: list[str] = field(default_factory=list)

    def keep(
        self, name: str, call: Callable[[], Awaitable[T]], kind: type[T], *, is_last_word: bool = False
    ) -> Awaitable[T]:
        """Run a step, or give what it gave before."""
        if is_last_word:
            self.last_words.append(name)

        async def outcome() -> T:
            if name not in self.kept:
                self.ran.append(name)
                value = await call()
                assert isinstance(value, kind)
                self.kept[name] = value
            return cast("T", self.kept[name])

        return outcome()

    async def wait_for_turn(self) -> None:
        """Note that it was asked."""
        self.waited += 1

    def again(self) -> KeptRun:
        """Give the run of the next process."""
        return KeptRun(self.kept, is_first=False)


@dataclass
class Props:
    """All stages in one: what each gives back or raises is set by the test; what was asked is noted."""

    spool: Spool
    resolved: SlackFile = MEMO
    fetch_error: Exception | None = None
    texts: tuple[str, ...] = ("Good morning.",)
    decode_error: Exception | None = None
    translate_error: BaseException | None = None
    withdrawn: bool = False
    source_gone: bool = False
    bad_piece: int = -1
    closed: int = 0
    reply_error: BaseException | None = None
    names: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    fetched: int = 0
    decoded: int = 0
    asked: list[tuple[int, str, str]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    replied: list[tuple[Ending, str, bool]] = field(default_factory=list)
    seconds_heard: list[float] = field(default_factory=list)
    stopped: int = 0

    def stages(self) -> Stages:
        """Give them as the road takes them."""
        one = cast("Any", self)
        board = cast("Any", Board(self))
        translator = cast("Any", Voice(self))
        return Stages(self.spool, one, one, translator, one, board)

    async def resolve(self, _file: SlackFile) -> SlackFile:
        """Give what files.info knows."""
        return self.resolved

    async def fetch(self, _file: SlackFile, target: Path) -> AudioFile:
        """Write a file."""
        self.fetched += 1
        if self.fetch_error:
            raise self.fetch_error
        await asyncio.to_thread(target.write_bytes, b"sound")
        return AudioFile(str(target), 5)

    async def prepare(self, source: Path, into: Path) -> AsyncGenerator[Piece, None]:
        """Cut as many pieces as there are texts."""
        assert await asyncio.to_thread(source.exists)
        self.decoded += 1
        try:
            for index in range(len(self.texts)):
                path = into / f"{index}.flac"
                path.write_bytes(b"piece")
                yield Piece(index, str(path), index * 20.0, 20.0, 5, is_last=index == len(self.texts) - 1)
                if self.decode_error:
                    raise self.decode_error
        finally:
            self.closed += 1

    async def reply(
        self, job: Job, ending: Ending, text: str, *, progress: Props, is_first_run: bool
    ) -> Ending:
        """Note the reply."""
        assert progress is self
        if self.reply_error:
            raise self.reply_error
        self.names.append(job.share.file.name)
        self.replied.append((ending, text, is_first_run))
        return ending

    async def is_withdrawn(self, _share: Share) -> bool:
        """Say whether Slack told of a deletion."""
        return self.withdrawn

    async def is_source_gone(self, _share: Share) -> bool:
        """Say whether the message still holds the file."""
        return self.source_gone

    def heard(self, seconds: float) -> None:
        """Note how much sound there is so far."""
        self.seconds_heard.append(seconds)

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

    async def translate(self, piece: Piece, ask: Ask, *, team_id: str) -> Translation:
        """Say the text of a piece; the last one first, where there is a gate."""
        props = self.props
        props.asked.append((piece.index, ask.prompt, team_id))
        try:
            if props.gate and piece.index == 0:
                await props.gate.wait()
        except asyncio.CancelledError:
            props.cancelled.append(piece.index)
            raise
        if props.gate:
            props.gate.set()
        if props.translate_error and piece.index == props.bad_piece % len(props.texts):
            raise props.translate_error
        return Translation(props.texts[piece.index])


@pytest.fixture
def props(tmp_path: Path) -> Props:
    """Give stages on which all goes well."""
    return Props(Spool(tmp_path / "spool"))


def left_over(props: Props) -> list[str]:
    """Give what lies in the spool."""
    folder = props.spool.folder("look").parent
    props.spool.clear("look")
    return [one.name for one in folder.iterdir()]


async def test_a_translation(props: Props) -> None:
    """All stages in their order, the channel's prompt with the sound, the reply in its turn, nothing left."""
    run = KeptRun()
    assert await walk(JOB, stages=props.stages(), run=run) == Ending(EndingName.TRANSLATED)
    assert run.ran == ["download", "prepare-0", "translate-0", "reply"]
    assert props.asked == [(0, "Zanzibar", "T1")]
    assert props.replied == [(Ending(EndingName.TRANSLATED), "Good morning.", True)]
    assert (run.waited, props.stopped, props.seconds_heard) == (1, 1, [20.0])
    assert left_over(props) == []


async def test_pieces_are_translated_side_by_side(props: Props) -> None:
    """A piece is asked for as soon as it is cut, and the text keeps the order of the sound."""
    props.texts, props.gate = ("One.", "Two.", "Three."), asyncio.Event()
    run = KeptRun()
    await walk(JOB, stages=props.stages(), run=run)
    assert props.replied[0][1].split() == ["One.", "Two.", "Three."]
    assert props.seconds_heard == [20.0, 40.0, 60.0]
    assert props.decoded == 1


async def test_no_speech(props: Props) -> None:
    """Text without a word is no translation, and is not posted as one."""
    props.texts = ("♪",)
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == Ending(EndingName.NO_SPEECH)
    assert props.replied == [(Ending(EndingName.NO_SPEECH), "", True)]


FAILURES = [
    pytest.param(
        {"fetch_error": errors.DownloadForbiddenError()}, errors.DownloadForbiddenError, id="download"
    ),
    pytest.param({"fetch_error": errors.DeletedError()}, errors.DeletedError, id="deleted, message stands"),
    pytest.param(
        {"decode_error": errors.NotDecodableError(), "texts": ("a", "b")},
        errors.NotDecodableError,
        id="prepare",
    ),
    pytest.param({"translate_error": errors.EndpointKeyError()}, errors.EndpointKeyError, id="translate"),
]


@pytest.mark.parametrize(("trouble", "error"), FAILURES)
async def test_failures(props: Props, trouble: dict[str, Any], error: type[errors.BotError]) -> None:
    """Whatever a stage fails of stands in the thread in its words, and the files are gone."""
    for name, value in trouble.items():
        setattr(props, name, value)
    ending = Ending(EndingName.FAILED, error.reason)
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == ending
    assert props.replied == [(ending, error.text, True)]
    assert left_over(props) == []


async def test_one_bad_piece_ends_the_others(props: Props) -> None:
    """When one piece fails for good, the others are not waited for."""
    props.texts, props.gate = ("One.", "Two."), asyncio.Event()
    props.translate_error = errors.EndpointCreditError()

    class Closed(asyncio.Event):
        def set(self) -> None:
            """Stay closed."""

    props.gate = Closed()
    ending = await walk(JOB, stages=props.stages(), run=KeptRun())
    assert ending == Ending(EndingName.FAILED, "endpoint_credit")
    await asyncio.sleep(0)
    assert props.cancelled == [0]


@pytest.mark.parametrize("error", [asyncio.CancelledError, PowerCutError])
async def test_a_reply_that_is_broken_off(props: Props, error: type[BaseException]) -> None:
    """Whatever ends the reply, progress ends with it and the files are gone."""
    props.reply_error = error()
    with pytest.raises(error):
        await walk(JOB, stages=props.stages(), run=KeptRun())
    assert props.stopped == 1
    assert left_over(props) == []


async def test_the_reply_is_the_last_word(props: Props) -> None:
    """Only the reply is run until it is done: nobody would hear of its failure."""
    run = KeptRun()
    await walk(JOB, stages=props.stages(), run=run)
    assert run.last_words == ["reply"]


async def test_a_name_learnt_from_slack(props: Props) -> None:
    """The name that only files.info knew is told with the reply, after a crash too; a known one stays."""
    nameless = replace(JOB, share=replace(JOB.share, file=SlackFile("F1")))
    run = KeptRun()
    await walk(nameless, stages=props.stages(), run=run)
    del run.kept["reply"]
    await walk(nameless, stages=props.stages(), run=run.again())
    props.resolved = replace(MEMO, name="other.m4a")
    await walk(JOB, stages=props.stages(), run=KeptRun())
    assert props.names == ["memo.m4a"] * 3


async def test_a_stub_that_is_no_recording(props: Props) -> None:
    """A Slack Connect stub that turns out to be a picture is skipped, without a download."""
    props.resolved = SlackFile("F1", name="cat.png", mimetype="image/png")
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == Ending(EndingName.SKIPPED)
    assert props.fetched == 0


async def test_a_stub_that_is_a_video(props: Props) -> None:
    """A stub that turns out to be a video is translated like a recording."""
    props.resolved = SlackFile("F1", name="cat.mp4", mimetype="video/mp4")
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == Ending(EndingName.TRANSLATED)


async def test_withdrawn_before_the_download(props: Props) -> None:
    """A file that is gone together with its message was withdrawn: that is no failure."""
    props.fetch_error, props.source_gone = errors.DeletedError(), True
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == Ending(EndingName.WITHDRAWN)


async def test_withdrawn_before_the_endpoint_is_asked(props: Props) -> None:
    """What was deleted meanwhile is not sent to the endpoint any more."""
    props.withdrawn = True
    assert await walk(JOB, stages=props.stages(), run=KeptRun()) == Ending(EndingName.WITHDRAWN)
    assert props.asked == []


async def test_a_power_cut_before_the_answer(props: Props) -> None:
    """After a crash the sound is made again where it is missing, and what is kept is not done again."""
    props.texts, props.translate_error = ("One.", "Two."), PowerCutError()
    run = KeptRun()
    with pytest.raises(PowerCutError):
        await walk(JOB, stages=props.stages(), run=run)
    assert "translate-0" in run.kept
    props.spool.clear_all()
    props.translate_error = None
    run = run.again()
    assert await walk(JOB, stages=props.stages(), run=run) == Ending(EndingName.TRANSLATED)
    assert run.ran == ["translate-1", "reply"]
    *before, after = [index for index, _, _ in props.asked]
    assert (sorted(before), after) == ([0, 1], 1)
    assert (props.fetched, props.decoded) == (2, 2)
    assert props.replied == [(Ending(EndingName.TRANSLATED), "One.\nTwo.", False)]


async def test_a_power_cut_before_the_reply(props: Props) -> None:
    """With all pieces translated, a crash costs neither download nor decoding nor endpoint."""
    run = KeptRun()
    await walk(JOB, stages=props.stages(), run=run)
    del run.kept["reply"]
    run = run.again()
    await walk(JOB, stages=props.stages(), run=run)
    assert run.ran == ["reply"]
    assert (props.fetched, props.decoded, len(props.asked)) == (1, 1, 1)
