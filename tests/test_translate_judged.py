"""What the translator does with the judge's word: the second hearing, the original words, and the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.engines import Ask, Doubt, Segment, Transcription, Translation
from bot.engines.turns import FairTurns
from bot.errors import NotEnglishError
from bot.translate import LONG_TEXT, Translator
from judging import answer, timed
from lines_props import ENGLISH, Clock, ListEngine, line_of, piece_of
from sentences import FOREIGN

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

PROMPT = "Calls to the support desk of Acme, a maker of coffee machines and of spare parts for them."
PART = "the support desk of Acme, a maker of coffee machines"
ASK = Ask(prompt=PROMPT)
SPEECH = "Mine has leaked since Monday."


async def translate(engine: ListEngine, ask: Ask = ASK) -> Translation:
    """Translate one piece."""
    line = line_of(engine, Clock(), turns=FairTurns(20))
    return await Translator([line]).translate(piece_of(), ask, team_id="T1", job_id="J1")


async def test_a_part_of_the_prompt_that_comes_again_was_said() -> None:
    """A caller who uses the prompt's own words is not made silent: they are posted, with a mark."""
    engine = ListEngine([Translation(PART)])
    translation = await translate(engine)
    assert (translation.text, [one.doubt for one in translation.segments]) == (PART, [Doubt.UNSURE])
    assert [ask.prompt for ask in engine.asks] == [PROMPT, ""]


async def test_words_beside_a_prompt_that_comes_again_stay() -> None:
    """Only the prompt is left out of a second answer."""
    engine = ListEngine([answer(*timed(PROMPT, SPEECH))])
    assert (await translate(engine)).text == SPEECH


@pytest.mark.parametrize(
    ("heard", "original"),
    [
        pytest.param(PROMPT, "", id="the prompt"),
        pytest.param("Vielen Dank fürs Zuschauen! " * 20, "", id="how videos end"),
        pytest.param("Die Maschine tropft. " * 20, "Die Maschine tropft.", id="a loop"),
        pytest.param("Die Maschine tropft.", "Die Maschine tropft.", id="speech"),
        pytest.param(f"{FOREIGN['de']} " * (LONG_TEXT // 80), FOREIGN["de"], id="far too much"),
    ],
)
async def test_invented_original_words_are_not_added(heard: str, original: str) -> None:
    """A transcription that nobody said is no reason to show it under a translation."""
    engine = ListEngine(heard=[Transcription(heard, source_language="de")])
    translation = await translate(engine, Ask(prompt=PROMPT, wants_original=True))
    assert (translation.text, translation.original) == (ENGLISH.text, original)
    assert translation.source_language == "de"


# --- the log ------------------------------------------------------------------------------------


def told(logs: list[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    """Give what the judge is said to have done."""
    return [log for log in logs if log["event"] == "translation.judged"]


async def test_what_the_judge_did_is_logged() -> None:
    """Whoever asks where some words went, or where a mark is from, finds the counts and the request."""
    silence = Segment(3.0, 6.0, "The weather is nice.", 0.9, -1.4)
    unsure = Segment(6.0, 9.0, SPEECH, 0.1, -1.4)
    with capture_logs() as logs:
        await translate(ListEngine([answer(*timed(PROMPT)), answer(*timed(SPEECH), silence, unsure)]))
    first, second = told(logs)
    assert (first["verdict"], first["without_prompt"]) == ("echo", False)
    assert {name: value for name, value in second.items() if name != "event"} == {
        "verdict": "good",
        "engine": "translations",
        "dropped": 1,
        "marked": 1,
        "without_prompt": True,
        "job_id": "J1",
        "team_id": "T1",
        "piece": 0,
        "request_id": "req-1",
        "log_level": "info",
    }


async def test_of_what_stays_as_it_came_little_is_logged() -> None:
    """A good translation is told only to whoever wants to know everything."""
    with capture_logs() as logs:
        await translate(ListEngine())
    assert [(log["verdict"], log["log_level"]) for log in told(logs)] == [("good", "debug")]


async def test_no_text_is_logged() -> None:
    """Neither what was said, nor the prompt, nor what was taken out stands in the log."""
    answers = [answer(*timed(PROMPT)), answer(*timed(PROMPT, SPEECH, *["Thanks for watching!"] * 3))]
    foreign = ListEngine([Translation(FOREIGN["de"])])
    with capture_logs() as logs:
        await translate(ListEngine(answers))
        with pytest.raises(NotEnglishError):
            await translate(foreign)
    assert [log["verdict"] for log in told(logs)] == ["echo", "good", "not_english"]
    whole = json.dumps(logs, default=str, ensure_ascii=False)
    for text in (PROMPT, SPEECH, "Thanks for", FOREIGN["de"][:15]):
        assert text not in whole
