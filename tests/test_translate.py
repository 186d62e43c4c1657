"""The translator over its lines: what is judged and asked again, who helps out, and the original words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.engines import Ask, Transcription, Translation
from bot.engines.turns import FairTurns
from bot.errors import (
    EndpointBusyError,
    EndpointCreditError,
    EndpointDownError,
    EndpointError,
    EndpointKeyError,
    EndpointRefusedError,
    NotEnglishError,
    WithdrawnError,
)
from bot.judge import may_be_speech
from bot.translate import Translator
from lines_props import ENGLISH, HEARD, Clock, ListEngine, line_of, open_up, piece_of, settled

if TYPE_CHECKING:
    from bot.line import Line
    from bot.piece import Piece

DOWN, KEY, CREDIT = EndpointDownError("503"), EndpointKeyError("401"), EndpointCreditError("402")
PROMPT = "Dragoman Zanzibar parcels, refunds and shipping labels."
ECHO = Translation(PROMPT, request_id="req_2")
GERMAN = Translation(
    "Guten Tag, ich warte seit drei Wochen auf meine Bestellung und niemand geht ans Telefon. "
    "Können Sie mir bitte sagen, wo das Paket geblieben ist und wann es endlich geliefert wird?",
    request_id="req_3",
    source_language="de",
)
# As loud as steady noise, which never rises above its own level.
NOISE = replace(piece_of(), loud_db=-30.0, rise_db=0.1)
WANTED = Ask(wants_original=True)


class Ears:
    """Hears of trouble."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, EndpointError]] = []

    async def hear(self, engine: str, error: EndpointError) -> None:
        """Note it."""
        self.heard.append((engine, error))


def lines_of(*engines: ListEngine, clock: Clock | None = None) -> list[Line]:
    """Give a line for each engine, with turns in common."""
    turns, clock = FairTurns(20), clock or Clock()
    return [line_of(engine, clock, turns=turns) for engine in engines]


async def translate(
    *lines: Line, piece: Piece | None = None, ask: Ask | None = None, ears: Ears | None = None
) -> Translation:
    """Translate one piece through these lines."""
    translator = Translator(lines, on_trouble=(ears or Ears()).hear)
    return await translator.translate(piece or piece_of(), ask or Ask(), team_id="T1", job_id="J1")


# --- judging ------------------------------------------------------------------------------------


async def test_what_is_good_says_who_made_it() -> None:
    """A translation carries the name of the engine that made it, and is else as it came."""
    engine = ListEngine(name="two-step")
    assert await translate(*lines_of(engine)) == replace(ENGLISH, engine="two-step")
    assert engine.asks == [Ask()]


async def test_sound_that_cannot_be_speech_is_not_sent() -> None:
    """Of steady noise nothing is sent, and nothing is said; not even its original words are asked for."""
    assert not may_be_speech(NOISE)
    engine = ListEngine()
    assert await translate(*lines_of(engine), piece=NOISE, ask=WANTED) == Translation("")
    assert (engine.asks, engine.hearings) == ([], 0)


async def test_an_echo_is_asked_again_without_the_prompt() -> None:
    """Where the prompt comes back instead of speech, the model listens once more without it."""
    engine = ListEngine([ECHO, ENGLISH])
    ask = Ask(prompt=PROMPT, temperature=0.4, glossary=("Zanzibar",))
    assert (await translate(*lines_of(engine), ask=ask)).text == ENGLISH.text
    assert engine.asks == [ask, replace(ask, prompt="")]


async def test_a_second_echo_is_no_speech() -> None:
    """The prompt that comes back even where it was not sent is nothing that anybody said."""
    engine, ears = ListEngine([ECHO]), Ears()
    translation = await translate(*lines_of(engine), ask=Ask(prompt=PROMPT), ears=ears)
    assert translation == Translation("", engine="translations")
    assert (len(engine.asks), ears.heard) == (2, [])


@pytest.mark.parametrize("second", ["Acme Pro!", "Hello, is this the support line?"])
async def test_a_word_of_the_prompt_is_heard_again(second: str) -> None:
    """A name that is all of the prompt may have come back, or been said: without it the model tells."""
    engine = ListEngine([Translation("Acme Pro."), Translation(second)])
    ask = Ask(prompt="Acme Pro", glossary=("Acme Pro",))
    assert (await translate(*lines_of(engine), ask=ask)).text == second
    assert engine.asks == [ask, replace(ask, prompt="")]


async def test_an_echo_with_the_original_words() -> None:
    """The words as they were said are asked for once, although the translation is asked for twice."""
    engine = ListEngine([ECHO, ENGLISH])
    translation = await translate(*lines_of(engine), ask=replace(WANTED, prompt=PROMPT))
    assert (translation.text, translation.original) == (ENGLISH.text, HEARD.text)
    assert (len(engine.asks), engine.hearings) == (2, 1)


async def test_what_is_not_english_goes_to_the_next_engine() -> None:
    """Where a model writes down speech instead of translating it, the next engine may know English."""
    first, second, ears = ListEngine([GERMAN]), ListEngine(name="two-step"), Ears()
    translation = await translate(*lines_of(first, second), ears=ears)
    assert translation == replace(ENGLISH, engine="two-step")
    assert [(engine, type(error)) for engine, error in ears.heard] == [("translations", NotEnglishError)]


async def test_what_no_engine_says_in_english_fails() -> None:
    """Without another engine people are told that the model cannot translate."""
    engine, ears = ListEngine([GERMAN]), Ears()
    with pytest.raises(NotEnglishError) as caught:
        await translate(*lines_of(engine), ears=ears)
    assert caught.value.request_id == "req_3"
    assert ears.heard == [("translations", caught.value)]
    assert len(engine.asks) == 1


async def test_what_was_written_down_are_the_original_words() -> None:
    """What the first engine wrote down is what was said: it is not asked for a second time."""
    first, second = ListEngine([GERMAN]), ListEngine(name="two-step")
    first.ear.clear()
    translation = await translate(*lines_of(first, second), ask=WANTED)
    assert (translation.original, translation.source_language) == (GERMAN.text, "de")
    assert (first.cancelled, second.hearings) == (1, 0)


# --- the next engine ----------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KEY, CREDIT, DOWN], ids=lambda one: one.reason)
async def test_the_second_engine_helps(error: EndpointError) -> None:
    """Whatever the first engine fails of in the end, the second is asked, and whoever runs the bot told."""
    first, second, ears = ListEngine([error]), ListEngine(name="local"), Ears()
    translation = await translate(*lines_of(first, second), ears=ears)
    assert translation == replace(ENGLISH, engine="local")
    assert ears.heard == [("translations", error)]
    assert len(first.asks) == (5 if error.can_be_retried else 1)


async def test_where_none_helps_the_last_error_counts() -> None:
    """Both engines are told of, and people read of what the last one failed of."""
    first, second, ears = ListEngine([KEY]), ListEngine([CREDIT], name="local"), Ears()
    with pytest.raises(EndpointCreditError):
        await translate(*lines_of(first, second), ears=ears)
    assert ears.heard == [("translations", KEY), ("local", CREDIT)]


async def test_trouble_that_cannot_be_told_harms_nobody() -> None:
    """A fault in telling of trouble is logged, and the next engine is asked all the same."""

    async def tell(_engine: str, _error: EndpointError) -> None:
        raise ValueError

    lines = lines_of(ListEngine([KEY]), ListEngine(name="local"))
    translator = Translator(lines, on_trouble=tell)
    with capture_logs() as logs:
        translation = await translator.translate(piece_of(), Ask(), team_id="T1", job_id="J1")
    assert translation.engine == "local"
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["trouble.untold"]


async def test_what_is_no_fault_of_an_engine_ends_it() -> None:
    """A piece that is not wanted, or not there, any more is not sent to the second engine."""
    for error in (FileNotFoundError("gone"), WithdrawnError()):
        first, second, ears = ListEngine([error]), ListEngine(name="local"), Ears()
        with pytest.raises(type(error)):
            await translate(*lines_of(first, second), ears=ears)
        assert (second.asks, ears.heard) == ([], [])


async def test_trouble_is_told_to_nobody_where_nobody_listens() -> None:
    """A translator by itself, as in the shell, needs nobody to tell."""
    translator = Translator(lines_of(ListEngine([KEY])))
    with pytest.raises(EndpointKeyError):
        await translator.translate(piece_of(), Ask(), team_id="T1", job_id="J1")


async def test_close_lets_go_of_all_engines() -> None:
    """Both engines are closed."""
    engines = ListEngine(), ListEngine(name="local")
    await Translator(lines_of(*engines)).close()
    assert [engine.is_closed for engine in engines] == [True, True]


# --- an engine that is down ---------------------------------------------------------------------


async def waiting(*lines: Line, job_id: str = "J1", began: list[str] | None = None) -> Translation:
    """Translate a piece of a job; note when it begins to wait."""
    said: list[str] = [] if began is None else began
    return await Translator(lines).translate(
        piece_of(), Ask(), team_id="T1", job_id=job_id, on_wait=lambda: said.append(job_id)
    )


async def test_an_engine_that_is_down_is_passed_by() -> None:
    """With a second engine nobody waits for the first, which is not even asked."""
    clock, began = Clock(), list[str]()
    first, second = ListEngine(), ListEngine(name="local")
    lines = lines_of(first, second, clock=clock)
    open_up(lines[0].breaker)
    translation = await waiting(*lines, began=began)
    assert (translation.engine, first.asks, clock.pauses, began) == ("local", [], [], [])


async def test_the_first_engine_is_taken_again_when_it_is_back() -> None:
    """When its next probe is due one piece looks in on its way; after an answer all take it again."""
    clock = Clock()
    first, second = ListEngine([DOWN, ENGLISH]), ListEngine(name="local")
    lines = lines_of(first, second, clock=clock)
    open_up(lines[0].breaker)
    made = []
    for now in (0.0, 1.0, 2.0, 3.0, 3.0):
        clock.now = now
        made.append((await waiting(*lines)).engine)
    assert made == ["local", "local", "local", "translations", "translations"]
    assert len(first.asks) == 3


async def test_where_all_are_down_the_last_is_waited_for() -> None:
    """Both engines down: the piece waits, says so once, and goes on with whichever answers first."""
    clock, began = Clock(), list[str]()
    first, second = ListEngine([DOWN]), ListEngine([DOWN, DOWN, DOWN, ENGLISH], name="local")
    lines = lines_of(first, second, clock=clock)
    for line in lines:
        open_up(line.breaker)
    assert (await waiting(*lines, began=began)).engine == "local"
    assert began == ["J1"]
    assert 1 <= len(first.asks) <= 5


async def test_the_first_one_may_be_back_before_the_last() -> None:
    """A piece that waits for the last engine takes the first as soon as that answers again."""
    clock, began = Clock(), list[str]()
    first, second = ListEngine([DOWN, DOWN, ENGLISH]), ListEngine([DOWN], name="local")
    lines = lines_of(first, second, clock=clock)
    for line in lines:
        open_up(line.breaker)
    several = [waiting(*lines, job_id=f"J{number}", began=began) for number in range(4)]
    made = await asyncio.gather(*several)
    assert {one.engine for one in made} == {"translations"}
    assert sorted(began) == ["J0", "J1", "J2", "J3"]


async def test_a_second_engine_that_cannot_help_does_not_end_the_wait() -> None:
    """Where the second engine's key is wrong, pieces wait for the first as if it were the only one."""
    clock, began, ears = Clock(), list[str](), Ears()
    first, second = ListEngine([DOWN, DOWN, ENGLISH]), ListEngine([KEY], name="local")
    lines = lines_of(first, second, clock=clock)
    open_up(lines[0].breaker)
    translator = Translator(lines, on_trouble=ears.hear)
    translation = await translator.translate(
        piece_of(), Ask(), team_id="T1", job_id="J1", on_wait=lambda: began.append("J1")
    )
    assert (translation.engine, began) == ("translations", ["J1"])
    assert ears.heard == [("local", KEY)]
    assert len(second.asks) == 1


# --- the words as they were said ----------------------------------------------------------------


async def test_original_words_come_along() -> None:
    """Where the channel wants them, the words as they were said are asked for, with their language."""
    engine = ListEngine()
    translation = await translate(*lines_of(engine), ask=WANTED)
    assert translation == replace(ENGLISH, engine="translations", original=HEARD.text, source_language="de")


async def test_original_words_are_not_asked_for_unwanted() -> None:
    """A channel that wants none costs no second request."""
    engine = ListEngine()
    assert (await translate(*lines_of(engine))).original == ""
    assert engine.hearings == 0


async def test_an_engine_that_brings_them_is_not_asked_for_them() -> None:
    """What comes with the translation stays as it came."""
    brought = replace(ENGLISH, original="O pacote ainda não chegou.", source_language="pt")
    engine = ListEngine([brought], name="two-step", brings_original=True)
    assert await translate(*lines_of(engine), ask=WANTED) == replace(brought, engine="two-step")
    assert engine.hearings == 0


async def test_both_are_asked_for_at_the_same_time() -> None:
    """Neither request waits for the other, each has a turn of its own."""
    engine, turns = ListEngine(), FairTurns(2)
    engine.gate.clear()
    engine.ear.clear()
    task = asyncio.create_task(translate(line_of(engine, Clock(), turns=turns), ask=WANTED))
    await settled()
    assert engine.at_once == 2
    engine.gate.set()
    await settled()
    assert not task.done()
    engine.ear.set()
    assert (await task).original == HEARD.text


async def test_all_requests_share_the_turns() -> None:
    """With one request at a time the words wait until the translation is there."""
    engine, turns = ListEngine(), FairTurns(1)
    assert (await translate(line_of(engine, Clock(), turns=turns), ask=WANTED)).original == HEARD.text
    assert engine.most_at_once == 1


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EndpointRefusedError("400"), id="refused"),
        pytest.param(DOWN, id="down"),
        pytest.param(EndpointBusyError("429", retry_after_seconds=300.0), id="busy"),
        pytest.param(ValueError("a fault of ours"), id="broken"),
    ],
)
async def test_words_that_cannot_be_had_cost_no_translation(error: Exception) -> None:
    """Where the second request fails, the translation comes without the original words."""
    engine, ears, clock = ListEngine(heard=[error]), Ears(), Clock()
    translation = await translate(*lines_of(engine, clock=clock), ask=WANTED, ears=ears)
    assert translation == replace(ENGLISH, engine="translations")
    assert ears.heard == []
    assert clock.now <= 120


async def test_of_no_speech_no_words_are_asked_for() -> None:
    """Where nobody speaks the other request is given up, and nothing is invented by it."""
    engine = ListEngine([Translation("")])
    engine.ear.clear()
    assert await translate(*lines_of(engine), ask=WANTED) == Translation("", engine="translations")
    assert engine.cancelled == 1


async def test_where_the_translation_fails_the_words_are_given_up() -> None:
    """No request outlives the translation that it belongs to."""
    engine = ListEngine([KEY])
    engine.ear.clear()
    with pytest.raises(EndpointKeyError):
        await translate(*lines_of(engine), ask=WANTED)
    assert engine.cancelled == 1


async def test_where_the_translation_is_cancelled_the_words_are_given_up() -> None:
    """Stopping the bot leaves no request behind."""
    engine = ListEngine()
    engine.gate.clear()
    engine.ear.clear()
    task = asyncio.create_task(translate(*lines_of(engine), ask=WANTED))
    await settled()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (engine.cancelled, engine.at_once) == (2, 0)


async def test_a_breaker_that_opens_meanwhile_delays_no_translation() -> None:
    """A translation that is there does not wait for words until an endpoint is back."""
    engine = ListEngine(heard=[EndpointBusyError("429", retry_after_seconds=5.0), HEARD])
    engine.ear.clear()
    (line,) = lines_of(engine)
    task = asyncio.create_task(translate(line, ask=WANTED))
    await settled()
    open_up(line.breaker)
    engine.ear.set()
    assert (await task).original == ""
    assert engine.hearings == 1


async def test_words_of_the_second_engine() -> None:
    """Where the second engine translates, it is the one that is asked for the words."""
    heard = Transcription("Ainda não chegou.", source_language="pt")
    first, second = ListEngine([KEY]), ListEngine(heard=[heard], name="local")
    first.ear.clear()
    translation = await translate(*lines_of(first, second), ask=WANTED)
    assert (translation.original, translation.source_language) == ("Ainda não chegou.", "pt")
    assert first.cancelled == 1
