"""A piece that takes too long is asked for in halves: what is sent, what comes of it, what is left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.engines import Ask, Doubt, Segment, Transcription, Translation
from bot.errors import (
    EndpointCreditError,
    EndpointDownError,
    EndpointError,
    EndpointSlowError,
    NotDecodableError,
    WithdrawnError,
)
from bot.halving import merge
from bot.join import join
from bot.line import LONGEST_RETRY_AFTER_SECONDS
from bot.piece import Piece
from bot.translate import Translator
from lines_props import ENGLISH, Clock, ListEngine, line_of, open_up, settled
from sentences import ENGLISH as SENTENCES

if TYPE_CHECKING:
    from bot.line import Line

SLOW = EndpointSlowError("524", request_id="req_slow", tries=2)
WANTED = Ask(wants_original=True)
STEP = 15.0  # seconds from one sentence of the recording to the next


@dataclass
class Scissors:
    """Cuts pieces in the middle, into files of one byte, and knows where in the whole each begins."""

    begins: dict[str, float] = field(default_factory=dict)
    cut: list[float] = field(default_factory=list)
    noisy: bool = False
    used: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, piece: Piece) -> tuple[Piece, Piece]:
        """Cut a piece in two."""
        self.cut.append(piece.seconds)
        self.used.set()
        whole, middle = Path(piece.path), piece.seconds / 2
        first, second = (self._half(whole, number, middle, piece) for number in (0, 1))
        return first, replace(second, rise_db=0.1 if self.noisy else None)

    def is_there(self, piece: Piece) -> bool:
        """Say whether the file of a piece is there."""
        return Path(piece.path).exists()

    def _half(self, whole: Path, number: int, seconds: float, piece: Piece) -> Piece:
        path = whole.with_name(f"{whole.stem}-{number}.flac")
        path.write_bytes(b"f")
        path.with_suffix(".mp3").write_bytes(b"m")
        self.begins[str(path)] = self.begins.get(piece.path, 0.0) + number * seconds
        return Piece(piece.index, str(path), number * seconds, seconds, 1, is_last=number == 1)


@dataclass
class SlowEngine(ListEngine):
    """Translates a sentence for each 15 seconds, and gives up on what lasts longer than `longest`."""

    scissors: Scissors = field(default_factory=Scissors)
    longest: float = 100.0
    longest_to_hear: float = 1000.0
    slow: EndpointError = SLOW
    sent: list[float] = field(default_factory=list)
    listened: list[float] = field(default_factory=list)
    broken_at: float | None = None
    stuck_at: float | None = None
    given_up: int = 0
    broken: EndpointError = field(default_factory=lambda: EndpointCreditError("402"))

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Answer with the sentences of a piece."""
        assert self.scissors.is_there(piece)
        self.sent.append(piece.seconds)
        await super().translate(piece, ask)
        if piece.seconds > self.longest:
            raise self.slow
        begin = self.scissors.begins.get(piece.path, 0.0)
        if begin == self.broken_at:
            raise self.broken
        if begin == self.stuck_at:
            try:
                await asyncio.Event().wait()
            finally:
                self.given_up += 1
        numbers = range(round(begin / STEP), round((begin + piece.seconds) / STEP))
        segments = tuple(
            Segment(number * STEP - begin, number * STEP - begin + 5, SENTENCES[number], avg_logprob=-0.2)
            for number in numbers
        )
        return Translation(" ".join(one.text for one in segments), segments, f"req_{begin:.0f}")

    async def transcribe(self, piece: Piece, ask: Ask) -> Transcription:
        """Say what was said in a piece: its place."""
        self.listened.append(piece.seconds)
        await super().transcribe(piece, ask)
        if piece.seconds > self.longest_to_hear:
            raise self.slow
        return Transcription(f"von {self.scissors.begins.get(piece.path, 0.0):.0f}", source_language="de")


@dataclass
class Bench:
    """A piece of five minutes, and what translates it."""

    folder: Path
    scissors: Scissors = field(default_factory=Scissors)
    clock: Clock = field(default_factory=Clock)
    waited: list[str] = field(default_factory=list)
    troubles: list[EndpointError] = field(default_factory=list)

    def engine(self, *, longest: float = 100.0, name: str = "translations") -> SlowEngine:
        """Give an engine that is too slow for what lasts longer."""
        return SlowEngine(name=name, scissors=self.scissors, longest=longest)

    def line(self, engine: ListEngine) -> Line:
        """Give the line of an engine."""
        return line_of(engine, self.clock)

    def piece(self, seconds: float = 300.0) -> Piece:
        """Give a piece, whose file is there."""
        path = self.folder / "piece-0003.flac"
        path.write_bytes(b"fLaC")
        return Piece(3, str(path), 900.0, seconds, 4, is_last=False)

    async def translate(self, *lines: Line, seconds: float = 300.0, ask: Ask | None = None) -> Translation:
        """Translate a piece through these lines."""
        return await Translator(lines, halve=self.scissors, on_trouble=self._note).translate(
            self.piece(seconds),
            ask or Ask(),
            team_id="T1",
            job_id="J1",
            on_wait=lambda: self.waited.append("J1"),
        )

    async def fails(self, *lines: Line, seconds: float = 300.0, ask: Ask | None = None) -> EndpointError:
        """Give what a translation fails of, and see that no half is left."""
        with pytest.raises(EndpointError) as caught:
            await self.translate(*lines, seconds=seconds, ask=ask)
        self.see_tidy()
        return caught.value

    def see_tidy(self) -> None:
        """See that nothing but the piece itself is left."""
        assert [path.name for path in self.folder.iterdir()] == ["piece-0003.flac"]

    async def _note(self, _engine: str, error: EndpointError) -> None:
        self.troubles.append(error)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give an empty bench."""
    return Bench(tmp_path)


def see_all(translation: Translation, seconds: float = 300.0) -> None:
    """See that every sentence is there once, when it was said."""
    numbers = range(round(seconds / STEP))
    assert [(one.start_seconds, one.end_seconds, one.text) for one in translation.segments] == [
        (number * STEP, number * STEP + 5, SENTENCES[number]) for number in numbers
    ]
    assert translation.text == " ".join(SENTENCES[number] for number in numbers)


# --- what is sent -------------------------------------------------------------------------------


async def test_quarters_of_a_piece(bench: Bench) -> None:
    """What is too long whole and in halves goes through in quarters, each sent once, with its times."""
    engine = bench.engine(longest=100.0)
    translation = await bench.translate(bench.line(engine))
    see_all(translation)
    assert sorted(engine.sent, reverse=True) == [300, 150, 150, 75, 75, 75, 75]
    assert set(engine.asked) == {3}
    assert translation.request_id == "req_0 req_75 req_150 req_225"
    assert (translation.engine, bench.troubles) == ("translations", [])
    assert {one.avg_logprob for one in translation.segments} == {-0.2}
    bench.see_tidy()


async def test_halves_of_a_piece(bench: Bench) -> None:
    """Where halves go through, no quarter is made, and both are asked for at the same time."""
    engine = bench.engine(longest=150.0)
    see_all(await bench.translate(bench.line(engine)))
    assert engine.sent == [300, 150, 150]
    assert engine.most_at_once == 2
    assert bench.scissors.cut == [300]


async def test_what_goes_through_is_not_cut(bench: Bench) -> None:
    """A piece that is answered in time is sent once, whole."""
    engine = bench.engine(longest=300.0)
    see_all(await bench.translate(bench.line(engine)))
    assert (engine.sent, bench.scissors.cut) == ([300], [])


@pytest.mark.parametrize(("seconds", "sent"), [(59.9, [59.9, 59.9]), (60.0, [60, 30, 30])])
async def test_a_short_piece_is_tried_twice(bench: Bench, seconds: float, sent: list[float]) -> None:
    """What lasts less than a minute is slow for another reason: it is asked for again, not cut."""
    engine = bench.engine(longest=40.0)
    if seconds < 60:
        assert await bench.fails(bench.line(engine), seconds=seconds) is SLOW
    else:
        await bench.translate(bench.line(engine), seconds=seconds)
    assert engine.sent == sent


async def test_eighths_are_not_made(bench: Bench) -> None:
    """Where even a quarter takes too long, though it lasts more than a minute, the piece fails as before."""
    engine = bench.engine(longest=50.0)
    assert await bench.fails(bench.line(engine)) is SLOW
    assert set(engine.sent) == {300, 150, 75}
    assert max(engine.sent.count(seconds) for seconds in (300, 150, 75)) <= 2 * 4
    assert (engine.sent.count(300), bench.troubles) == (1, [SLOW])


async def test_another_fault_is_no_reason_to_cut(bench: Bench) -> None:
    """An endpoint that is out of order is asked again for the same."""
    engine = ListEngine([EndpointDownError("503"), ENGLISH])
    assert (await bench.translate(bench.line(engine))).text == ENGLISH.text
    assert (len(engine.asks), bench.scissors.cut) == (2, [])


async def test_without_scissors_all_is_as_before(bench: Bench) -> None:
    """A translator that cannot cut asks twice."""
    engine = ListEngine([SLOW])
    with pytest.raises(EndpointSlowError):
        await Translator([bench.line(engine)]).translate(bench.piece(), Ask(), team_id="T1", job_id="J1")
    assert len(engine.asks) == 2


async def test_a_pause_comes_before_the_halves(bench: Bench) -> None:
    """What Retry-After demands is granted; where that is too long, nothing more is sent."""
    engine = bench.engine(longest=150.0)
    engine.slow = EndpointSlowError("504", retry_after_seconds=7.0)
    await bench.translate(bench.line(engine))
    assert bench.clock.pauses == [7.5]
    engine.slow = EndpointSlowError("504", retry_after_seconds=LONGEST_RETRY_AFTER_SECONDS + 1)
    engine.sent.clear()
    assert await bench.fails(bench.line(engine)) is engine.slow
    assert engine.sent == [300]


# --- what fails ---------------------------------------------------------------------------------


async def test_a_half_that_fails_fails_the_piece(bench: Bench) -> None:
    """Where one half fails for good all of the piece does, with its error, and the other is given up."""
    engine = bench.engine(longest=150.0)
    engine.broken_at, engine.stuck_at = 150.0, 0.0
    error = await bench.fails(bench.line(engine))
    assert isinstance(error, EndpointCreditError)
    assert (bench.troubles, engine.given_up) == ([error], 1)


async def test_the_next_engine_gets_the_whole(bench: Bench) -> None:
    """What the first engine cannot do in halves either, the second is asked for in one piece."""
    first, second = bench.engine(longest=50.0), bench.engine(longest=300.0, name="local")
    translation = await bench.translate(bench.line(first), bench.line(second))
    see_all(translation)
    assert (translation.engine, second.sent, bench.troubles) == ("local", [300], [SLOW])


@pytest.mark.parametrize("trouble", [NotDecodableError("decoder ended early"), OSError("disk is full")])
async def test_a_piece_that_cannot_be_cut(bench: Bench, trouble: Exception) -> None:
    """Trouble with cutting is ours: people read that the endpoint is slow, the log says the rest."""

    async def halve(piece: Piece) -> tuple[Piece, Piece]:
        Path(piece.path).with_name("piece-0003-0.part").write_bytes(b"half of it")
        raise trouble

    engine = bench.engine()
    translator = Translator([bench.line(engine)], halve=halve)
    with capture_logs() as logs, pytest.raises(EndpointSlowError):
        await translator.translate(bench.piece(), Ask(), team_id="T1", job_id="J1")
    [log] = [log for log in logs if log["event"] == "piece.unhalved"]
    assert (log["job_id"], log["piece"], log["error"]) == ("J1", 3, type(trouble).__name__)
    assert engine.sent == [300]
    bench.see_tidy()


async def test_a_piece_that_is_gone_is_cut_anew(bench: Bench) -> None:
    """That the piece's file is gone passes: whoever cut it has to do so again."""

    async def halve(_piece: Piece) -> tuple[Piece, Piece]:
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        await Translator([bench.line(bench.engine())], halve=halve).translate(
            bench.piece(), Ask(), team_id="T1", job_id="J1"
        )


async def test_a_withdrawn_piece_sends_no_halves(bench: Bench) -> None:
    """The check is made before each half, too."""
    engine, checks = bench.engine(longest=150.0), 0

    async def check() -> None:
        nonlocal checks
        checks += 1
        if checks > 1:
            raise WithdrawnError

    with pytest.raises(WithdrawnError):
        await Translator([bench.line(engine)], halve=bench.scissors).translate(
            bench.piece(), Ask(), team_id="T1", job_id="J1", check=check
        )
    assert engine.sent == [300]
    bench.see_tidy()


async def test_cancelled_in_halves(bench: Bench) -> None:
    """A job that ends while halves are under way leaves neither requests nor files."""
    engine = bench.engine(longest=150.0)
    task = asyncio.create_task(bench.translate(bench.line(engine)))
    await bench.scissors.used.wait()
    engine.gate.clear()
    await engine.begun(3)
    await settled()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.cancelled == 2
    bench.see_tidy()


@pytest.mark.parametrize("tries", [2, 5])
async def test_halves_of_an_endpoint_that_is_down_wait(bench: Bench, tries: int) -> None:
    """A piece that is too slow a second time as a probe waits in halves, says so once, and goes on."""
    engine = bench.engine(longest=150.0)
    engine.slow = EndpointSlowError("504", tries=tries)
    line = bench.line(engine)
    open_up(line.breaker)
    see_all(await bench.translate(line))
    assert (engine.sent, bench.waited) == ([300, 300, 150, 150], ["J1"])
    assert not line.breaker.is_open


async def test_an_outage_that_hangs_cuts_nothing(bench: Bench) -> None:
    """Where all who ask at once get no answer, their pieces wait whole: halves would be more requests."""
    engine = bench.engine(longest=0.0)
    engine.slow = EndpointSlowError("ReadTimeout")
    line = bench.line(engine)
    translator = Translator([line], halve=bench.scissors)
    engine.gate.clear()
    works = [
        asyncio.create_task(translator.translate(bench.piece(), Ask(), team_id="T1", job_id=f"J{number}"))
        for number in range(8)
    ]
    await engine.begun(8)
    engine.gate.set()
    await engine.begun(9)
    engine.longest = 300.0
    for translation in await asyncio.gather(*works):
        see_all(translation)
    assert (set(engine.sent), bench.scissors.cut) == ({300.0}, [])


# --- the words as they were said, and what nobody said -------------------------------------------


async def test_words_that_are_known_are_not_asked_for_again(bench: Bench) -> None:
    """The original words of the whole stay where only its translation took too long."""
    engine = bench.engine(longest=150.0)
    translation = await bench.translate(bench.line(engine), ask=WANTED)
    see_all(translation)
    assert (translation.original, translation.source_language) == ("von 0", "de")
    assert engine.listened == [300]


async def test_words_that_took_too_long_come_in_halves(bench: Bench) -> None:
    """Where the original words took too long as well, each half brings its own, in their order."""
    engine = bench.engine(longest=150.0)
    engine.longest_to_hear = 150.0
    translation = await bench.translate(bench.line(engine), ask=WANTED)
    assert (translation.original, translation.source_language) == ("von 0 von 150", "de")


async def test_the_next_engine_needs_no_words_that_are_known(bench: Bench) -> None:
    """What one line has heard is not asked of the next."""
    first, second = bench.engine(longest=50.0), ListEngine(name="local")
    translation = await bench.translate(bench.line(first), bench.line(second), ask=WANTED)
    assert (translation.engine, translation.original) == ("local", "von 0")
    assert second.hearings == 0


async def test_a_half_of_noise_is_not_sent(bench: Bench) -> None:
    """Of two halves the one that cannot be speech costs nothing, and the other has its times."""
    bench.scissors.noisy = True
    engine = bench.engine(longest=150.0)
    translation = await bench.translate(bench.line(engine), ask=WANTED)
    see_all(translation, 150.0)
    assert (engine.sent, translation.engine) == ([300, 150], "translations")


async def test_halves_without_speech_have_no_original(bench: Bench) -> None:
    """Where nothing was said, nothing stands beside it, though the whole was listened to."""
    engine = ListEngine([SLOW, Translation("")])
    translation = await bench.translate(bench.line(engine), ask=WANTED)
    assert (translation.text, translation.original) == ("", "")


# --- one of two ---------------------------------------------------------------------------------

lengths = st.floats(1.0, 200.0)
times = st.floats(-1.0, 400.0)
words = st.text("ab .é", max_size=8)


def _segment(one: float, other: float, text: str, doubt: Doubt) -> Segment:
    return Segment(min(one, other), max(one, other), text, doubt=doubt)


@st.composite
def told(draw: st.DrawFn) -> Translation:
    """Draw an answer whose segments hold its text, or do not, in and beyond its time."""
    segments = tuple(
        _segment(draw(times), draw(times), draw(words), draw(st.sampled_from(Doubt)))
        for _ in range(draw(st.integers(0, 4)))
    )
    text = draw(words) if draw(st.booleans()) else " ".join(one.text for one in segments)
    return Translation(
        text, segments, draw(words).strip(), draw(words), draw(st.sampled_from(["", "de", "pt"]))
    )


@given(st.tuples(lengths, lengths), st.tuples(told(), told()))
def test_one_of_two_has_all_of_both(
    seconds: tuple[float, float], both: tuple[Translation, Translation]
) -> None:
    """All words, doubts and originals are there in their order, each in the time of its half."""
    first, second = (
        Piece(0, f"half-{number}", 0.0, one, 1, is_last=False) for number, one in enumerate(seconds)
    )
    merged = merge((first, second), both)
    assert merged.text.split() == [word for one in both for word in one.text.split()]
    assert merged.original.split() == [word for one in both for word in one.original.split()]
    letters = "".join("".join(one.text.split()) for one in both)
    assert "".join("".join(one.text.split()) for one in merged.segments) == letters
    assert all(0 <= one.start_seconds <= one.end_seconds <= sum(seconds) for one in merged.segments)
    assert merged.source_language in {one.source_language for one in both}
    assert bool(merged.source_language) == any(one.source_language for one in both)
    whole = replace(first, seconds=sum(seconds))
    assert "".join(join([merged], [whole]).text.split()) == letters


def test_one_of_two_keeps_what_is_known_of_each_segment() -> None:
    """Metrics and doubts stay; a half without times is one segment; the longer half names the language."""
    halves = (
        Piece(0, "piece-0-0.flac", 0.0, 90.0, 1, is_last=False),
        Piece(0, "piece-0-1.flac", 90.0, 60.0, 1, is_last=True),
    )
    segment = Segment(10.0, 61.5, "Hello.", 0.1, -0.9, 1.2, original="Hallo.", doubt=Doubt.UNSURE)
    merged = merge(
        halves,
        (
            Translation("Bom dia.", (), "req_1", "Good morning?", "pt"),
            Translation("Hello.", (segment,), "req_2", "Hallo.", "de", "two-step"),
        ),
    )
    assert merged == Translation(
        "Bom dia. Hello.",
        (
            Segment(0.0, 90.0, "Bom dia.", original="Good morning?"),
            replace(segment, start_seconds=100.0, end_seconds=150.0),
        ),
        "req_1 req_2",
        "Good morning? Hallo.",
        "pt",
        "two-step",
    )
