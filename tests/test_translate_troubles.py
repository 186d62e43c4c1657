"""What trouble of one engine, one piece or one model costs the others, and who hears of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.engines import Ask, Transcription, Translation
from bot.engines.turns import FairTurns
from bot.errors import (
    EndpointCreditError,
    EndpointDownError,
    EndpointError,
    EndpointKeyError,
    EndpointModelError,
    EndpointRefusedError,
    EndpointRetiredError,
    LocalModelError,
    NotEnglishError,
    OriginalModelError,
    WithdrawnError,
)
from bot.translate import LONG_TEXT, Translator
from lines_props import ENGLISH, HEARD, Clock, ListEngine, line_of, piece_of, settled

if TYPE_CHECKING:
    from bot.line import Line

KEY, CREDIT, MODEL = EndpointKeyError("401"), EndpointCreditError("402"), EndpointModelError("404")
REFUSED = EndpointRefusedError("400")
WANTED = Ask(wants_original=True)
RUSSIAN = "Здравствуйте, моя посылка до сих пор не пришла."
GERMAN = (
    "Guten Tag, ich warte seit drei Wochen auf meine Bestellung und niemand geht ans Telefon. "
    "Können Sie mir bitte sagen, wo das Paket geblieben ist und wann es endlich geliefert wird?"
)


class Office:
    """Translates pieces of jobs, and hears of trouble."""

    def __init__(self, *engines: ListEngine, at_once: int = 20, original_seconds: float = 10.0) -> None:
        turns, clock = FairTurns(at_once), Clock()
        self.lines: list[Line] = [line_of(engine, clock, turns=turns) for engine in engines]
        self.heard: list[tuple[str, EndpointError]] = []
        self.translator = Translator(self.lines, on_trouble=self.hear, original_seconds=original_seconds)

    async def hear(self, engine: str, error: EndpointError) -> None:
        """Note trouble."""
        self.heard.append((engine, error))

    async def translate(self, index: int = 0, *, job_id: str = "J1", ask: Ask | None = None) -> Translation:
        """Translate a piece of a job."""
        return await self.translator.translate(piece_of(index), ask or Ask(), team_id="T1", job_id=job_id)

    async def outcomes(self, *, job_id: str = "J1", ask: Ask | None = None) -> list[str]:
        """Translate five pieces at once, and give the engine of each, or what it fails of."""
        works = [self.translate(index, job_id=job_id, ask=ask) for index in range(5)]
        done = await asyncio.gather(*works, return_exceptions=True)
        return [one.engine if isinstance(one, Translation) else type(one).__name__ for one in done]


# --- what no piece gets past ---------------------------------------------------------------------


async def test_a_first_engine_without_hope_is_passed_by() -> None:
    """One refused upload of a job is enough: its other pieces go to the second engine at once."""
    first, second = ListEngine([KEY]), ListEngine(name="local")
    office = Office(first, second, at_once=1)
    assert await office.outcomes() == ["local"] * 5
    assert (len(first.asks), len(second.asks)) == (1, 5)
    assert office.heard == [("translations", KEY)]


async def test_who_passes_by_needs_no_turn() -> None:
    """A piece does not wait for its turn at an engine only to hear that there is no hope."""
    first, turns = ListEngine([KEY]), FairTurns(1)
    lines = [line_of(first, Clock(), turns=turns), line_of(ListEngine(name="local"), Clock())]
    translator = Translator(lines)
    await translator.translate(piece_of(), WANTED, team_id="T1", job_id="J1")
    async with asyncio.timeout(10), turns.of("T2", "J2"):
        translation = await translator.translate(piece_of(1), WANTED, team_id="T1", job_id="J1")
    assert (translation.engine, len(first.asks)) == ("local", 1)


async def test_a_second_engine_without_hope_costs_no_piece_of_the_first() -> None:
    """A piece that the first refuses fails of the second's key; the others are translated by the first."""
    first = ListEngine([ENGLISH, REFUSED, REFUSED, ENGLISH])
    second = ListEngine([CREDIT], name="two-step")
    office = Office(first, second, at_once=1)
    assert sorted(await office.outcomes()) == [*["EndpointCreditError"] * 2, *["translations"] * 3]
    assert (len(first.asks), len(second.asks)) == (5, 1)
    assert office.heard.count(("two-step", CREDIT)) == 1
    office.translator.check_worth_it("J1")


async def test_without_any_hope_nothing_is_sent() -> None:
    """Where both engines are hopeless, one upload each is all, and every piece says why."""
    first, second = ListEngine([KEY]), ListEngine([CREDIT], name="local")
    office = Office(first, second, at_once=1)
    office.translator.check_worth_it("J1")
    assert await office.outcomes() == ["EndpointCreditError"] * 5
    assert (len(first.asks), len(second.asks)) == (1, 1)
    assert office.heard == [("translations", KEY), ("local", CREDIT)]
    with pytest.raises(EndpointCreditError, match="402"):
        office.translator.check_worth_it("J1")
    office.translator.check_worth_it("J2")


async def test_pieces_under_way_are_told_of_once() -> None:
    """However many are refused at the same time, it is one trouble."""
    engine = ListEngine([KEY])
    office = Office(engine)
    assert await office.outcomes() == ["EndpointKeyError"] * 5
    assert (len(engine.asks), office.heard) == (5, [("translations", KEY)])


async def test_the_next_job_asks_anew() -> None:
    """A key that was mended works for whoever asks again."""
    engine = ListEngine([KEY, ENGLISH])
    office = Office(engine)
    with pytest.raises(EndpointKeyError):
        await office.translate()
    with pytest.raises(EndpointKeyError):
        await office.translate(1)
    assert (await office.translate(job_id="J2")).text == ENGLISH.text
    assert len(engine.asks) == 2


async def test_what_is_not_wanted_any_more_says_so_first() -> None:
    """A piece of a withdrawn job ends as withdrawn, whatever else stands in its way."""
    office, turns = Office(ListEngine([KEY]), at_once=1), asyncio.Event()

    async def check() -> None:
        await turns.wait()
        raise WithdrawnError

    work = asyncio.create_task(
        office.translator.translate(piece_of(), Ask(), team_id="T1", job_id="J1", check=check)
    )
    await settled()
    other = asyncio.create_task(office.translate(1))
    turns.set()
    with pytest.raises(WithdrawnError):
        await work
    with pytest.raises(EndpointKeyError):
        await other


# --- the words as they were said ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(MODEL, OriginalModelError, id="model"),
        pytest.param(EndpointRetiredError("410"), OriginalModelError, id="retired"),
        pytest.param(KEY, EndpointKeyError, id="key"),
        pytest.param(CREDIT, EndpointCreditError, id="credit"),
        pytest.param(LocalModelError("none"), LocalModelError, id="of this machine"),
    ],
)
async def test_original_words_without_hope_are_not_asked_for(
    error: EndpointError, told: type[EndpointError]
) -> None:
    """Each piece comes in English; their model is tried once in a job, and whoever runs the bot told."""
    engine = ListEngine(heard=[error])
    office = Office(engine, at_once=1)
    assert await office.outcomes(ask=WANTED) == ["translations"] * 5
    assert (await office.translate(5, ask=WANTED)).original == ""
    assert (engine.hearings, len(engine.asks)) == (1, 6)
    assert [(name, type(one), one.detail) for name, one in office.heard] == [
        ("translations", told, error.detail)
    ]
    assert await office.outcomes(job_id="J2", ask=WANTED) == ["translations"] * 5
    assert engine.hearings == 2


@pytest.mark.parametrize("error", [EndpointDownError("503"), REFUSED], ids=["down", "refused"])
async def test_original_words_of_the_next_piece_may_be_had(error: EndpointError) -> None:
    """A fault that may be one piece's own is told to nobody, and the next piece asks again."""
    engine = ListEngine(heard=[*[error] * (3 if error.can_be_retried else 1), HEARD])
    office = Office(engine)
    originals = [(await office.translate(index, ask=WANTED)).original for index in range(2)]
    assert (originals, office.heard) == (["", HEARD.text], [])


async def test_english_does_not_wait_long_for_the_original_words() -> None:
    """Once the English is there, it comes without the words where those do not come soon."""
    engine = ListEngine()
    engine.ear.clear()
    office = Office(engine, original_seconds=0.0)
    async with asyncio.timeout(10):
        translation = await office.translate(ask=WANTED)
    assert translation == replace(ENGLISH, engine="translations")
    assert (engine.hearings, engine.cancelled) == (1, 1)


async def test_original_words_that_are_there_first_come_along() -> None:
    """What was heard before the English was there needs no waiting."""
    engine = ListEngine()
    engine.gate.clear()
    office = Office(engine, original_seconds=0.0)
    work = asyncio.create_task(office.translate(ask=WANTED))
    await settled()
    engine.gate.set()
    assert (await work).original == HEARD.text


async def test_an_answer_that_is_not_english_is_not_what_was_said() -> None:
    """Where an engine brought the original words, these go on to the next one, not its German for them."""
    wrong = Translation(GERMAN, original=RUSSIAN, source_language="ru")
    first = ListEngine([wrong], name="two-step", brings_original=True)
    second = ListEngine(heard=[Transcription("…")])
    office = Office(first, second)
    translation = await office.translate(ask=WANTED)
    assert (translation.original, translation.source_language) == (RUSSIAN, "ru")
    assert (translation.text, second.hearings) == (ENGLISH.text, 0)
    assert [type(error) for _, error in office.heard] == [NotEnglishError]


# --- long answers -------------------------------------------------------------------------------


async def test_a_long_answer_is_judged_beside_everything_else() -> None:
    """While a long text is judged the bot goes on with other things; a short one is not worth a thread."""
    sentence = "The parcel number {} has not arrived yet, and nobody knows where it is now. "
    long = "".join(sentence.format(number) for number in range(LONG_TEXT // 50))
    assert len(long) > LONG_TEXT
    turns = []
    for text in (sentence.format(1), sentence.format(2), long):
        work = asyncio.create_task(Office(ListEngine([Translation(text)])).translate())
        turns.append(0)
        while not work.done():
            turns[-1] += 1
            await asyncio.sleep(0)
        assert work.result().text.strip() == text.strip()
    assert turns[0] == turns[1] < turns[2]
