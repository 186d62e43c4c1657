"""What is heard a second time, without the prompt: only the prompt itself goes, all else was said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engines import Ask, Doubt, Segment, Translation
from bot.evidence.echo import without_prompt
from bot.judge import Judged, Verdict, judge_original, judge_piece
from bot.prompts import join_prompt
from judging import answer, piece, timed
from sentences import ENGLISH, FOREIGN

HINT = (
    "Calls to the support desk of Acme, a maker of coffee machines. Callers speak about orders, "
    "invoices, deliveries and spare parts."
)
TERMS = ("Acme Pro", "Barista Mini", "Crema Cloud", "DripGuard")
ASK = Ask(prompt=join_prompt(HINT, TERMS), glossary=TERMS)
GERMAN = (
    "Anrufe beim Kundendienst von Acme. Die Anrufer sprechen über Bestellungen, Rechnungen und Ersatzteile."
)
SPEECH = "My coffee machine leaks and is cold."


def again(*segments: Segment, ask: Ask = ASK) -> Judged:
    """Judge what an engine answers without the prompt."""
    return judge_piece(replace(answer(*segments), original=""), piece(), ask, is_second=True)


def two_step(*pairs: tuple[str, str], original: str | None = None) -> Translation:
    """Give what comes in two steps: English, each with the words as they were said."""
    segments = [
        replace(one, original=said)
        for one, (_, said) in zip(timed(*(text for text, _ in pairs)), pairs, strict=True)
    ]
    whole = " ".join(said for _, said in pairs) if original is None else original
    return replace(answer(*segments), original=whole)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ASK.prompt, id="all of it"),
        pytest.param(HINT, id="without its terms"),
        pytest.param("Acme Pro, Barista Mini, Crema Cloud, DripGuard.", id="the terms alone"),
        pytest.param(f"{HINT} {HINT} {HINT}", id="again and again"),
        pytest.param(HINT.replace("of coffee machines", "of coffee makers").upper(), id="nearly"),
    ],
)
def test_the_whole_prompt_is_an_echo(text: str) -> None:
    """What comes back although it was not sent, nobody said: in one segment, or in several."""
    words = text.split()
    for segments in (timed(text), timed(" ".join(words[:3]), " ".join(words[3:])), timed(*text.split(". "))):
        assert again(*segments).verdict is Verdict.ECHO


@pytest.mark.parametrize(
    "text",
    [
        "Callers speak about orders, invoices, deliveries and spare parts.",
        "a maker of coffee machines",
        "This is the support desk of Acme, a maker of coffee machines.",
    ],
)
def test_a_part_of_the_prompt_was_said(text: str) -> None:
    """What comes again without the prompt is speech, with a mark where it looks like an echo."""
    words = text.split()
    for segments in (timed(text), timed(" ".join(words[:3]), " ".join(words[3:]))):
        found = again(*segments)
        assert (found.verdict, found.translation.text) == (Verdict.GOOD, text)
    assert again(*timed(text), ask=Ask(prompt=text)).verdict is Verdict.ECHO


def test_a_part_of_the_prompt_is_marked() -> None:
    """Whoever reads it knows that it may have come from the prompt, also where segments cut it."""
    for segments in (timed("a maker of coffee machines"), timed("a maker of", "coffee machines")):
        assert {one.doubt for one in again(*segments).translation.segments} == {Doubt.UNSURE}
    assert again(*timed(SPEECH)).translation.segments == timed(SPEECH)


def test_what_stands_beside_the_prompt_stays() -> None:
    """The prompt is taken out of a segment, or of several; other words are not thrown away with it."""
    sentences = HINT.split(". ")
    for segments in (
        timed(HINT, SPEECH),
        timed(f"{HINT} {SPEECH}"),
        timed(*sentences, SPEECH),
        timed(SPEECH, HINT),
        timed(sentences[0], f"{sentences[1]} {SPEECH} {HINT}", ASK.prompt),
    ):
        found = again(*segments)
        assert (found.verdict, found.translation.text) == (Verdict.GOOD, SPEECH)


def test_nothing_is_taken_out_where_nothing_came_back() -> None:
    """Segments without the prompt, or without words, stay as they are."""
    segments = timed(*ENGLISH, "...", *ENGLISH)
    assert without_prompt(segments, ASK) == segments
    assert without_prompt(segments, Ask()) == segments
    assert without_prompt(timed("Acme Pro."), Ask(prompt="Acme Pro")) == timed("Acme Pro.")


def test_a_talk_of_many_words_is_compared_in_no_time() -> None:
    """A long prompt and some thousand short segments are no burden: each is looked at a few times."""
    words = " ".join(ENGLISH).split()
    segments = timed(*(f"{word}." for word in words[150:]), *words[:120])
    assert without_prompt(segments, Ask(prompt=" ".join(words[:120]))) == segments[:-120]


def test_a_short_prompt_was_said() -> None:
    """A name that is all of the prompt may be all that somebody says, unless anything speaks against it."""
    short = Ask(prompt="Acme Pro")
    assert again(*timed("Acme Pro."), ask=short).verdict is Verdict.MAYBE_ECHO
    quiet = piece(rise_db=1.0)
    assert judge_piece(answer(*timed("Acme Pro.")), quiet, short, is_second=True).verdict is Verdict.ECHO


# --- a prompt in another language ---------------------------------------------------------------


@pytest.mark.parametrize("is_second", [False, True])
def test_the_echo_of_a_foreign_prompt_is_noticed(*, is_second: bool) -> None:
    """What was written down is the prompt, although its English is not."""
    ask = Ask(prompt=GERMAN)
    english = "Calls to Acme's customer service. The callers talk about orders, bills and parts."
    first, second = english.split(". ")
    one, other = GERMAN.split(". ")
    for told in (
        two_step((english, GERMAN)),
        two_step((first, one), (second, other)),
        two_step((english, ""), original=GERMAN),
    ):
        assert judge_piece(told, piece(), ask, is_second=is_second).verdict is Verdict.ECHO


def test_what_is_said_beside_a_foreign_prompt_stays() -> None:
    """The second time, the segments go whose words were the prompt; else they are marked."""
    pairs = [
        ("Calls to Acme and all about it.", GERMAN),
        (SPEECH, "Meine Maschine tropft."),
        *[(SPEECH, "Ja.")],
    ]
    found = judge_piece(two_step(*pairs), piece(), Ask(prompt=GERMAN), is_second=True)
    assert (found.verdict, found.translation.text) == (Verdict.GOOD, f"{SPEECH} {SPEECH}")
    assert found.translation.original == "Meine Maschine tropft. Ja."
    long = (
        "I have waited for my new machine for weeks.",
        "Ich warte seit Wochen auf meine neue Maschine. " * 2,
    )
    many = two_step(pairs[0], pairs[1], long, ("It is blue.", "Sie ist blau, und groß ist sie auch noch."))
    first = judge_piece(many, piece(), Ask(prompt=GERMAN)).translation
    assert [one.doubt.value for one in first.segments] == ["unsure", "", "", ""]


def test_a_short_foreign_prompt_is_heard_again() -> None:
    """A name that was written down may be the prompt."""
    told = two_step(("Acme for coffee", "Acme Kaffee"))
    assert judge_piece(told, piece(), Ask(prompt="Acme Kaffee")).verdict is Verdict.MAYBE_ECHO


# --- the words as they were said ----------------------------------------------------------------


def test_the_original_of_what_goes_goes_along() -> None:
    """Where each segment has its words, those of silence and of loops are left out of the whole."""
    silence = [("Thanks for watching!", "Vielen Dank fürs Zuschauen!")] * 2
    told = two_step((SPEECH, "Meine Maschine tropft."), *silence)
    bad = [
        told.segments[0],
        *(replace(one, no_speech_prob=0.9, avg_logprob=-0.4) for one in told.segments[1:]),
    ]
    left = judge_piece(replace(told, segments=tuple(bad)), piece(), Ask()).translation
    assert (left.text, left.original) == (SPEECH, "Meine Maschine tropft.")
    looped = two_step(("I am here now.", "Ich bin ja da."), *[("I am here now.", "Ich bin ja da.")] * 8)
    assert judge_piece(looped, piece(), Ask()).translation.original == "Ich bin ja da."
    inside = two_step((SPEECH, "Meine Maschine tropft. " * 8))
    assert judge_piece(inside, piece(), Ask()).translation.original == "Meine Maschine tropft."


def test_the_original_of_what_stays_stays() -> None:
    """Words as they were said are not touched where nothing goes, whatever stands between them."""
    told = two_step((SPEECH, "Meine Maschine tropft."), ("Yes.", ""), original="Meine Maschine\ntropft.")
    assert judge_piece(told, piece(), Ask()).translation is told
    unwanted = two_step((SPEECH, "Meine Maschine tropft. " * 8), original="")
    assert judge_piece(unwanted, piece(), Ask()).translation.original == ""


def test_the_prompt_is_taken_out_of_the_original_too() -> None:
    """English that is not translated stands in both, and so does the prompt before it."""
    told = two_step((f"{HINT} {SPEECH}", f"{HINT} {SPEECH}"))
    left = judge_piece(told, piece(), ASK, is_second=True).translation
    assert (left.text, left.original) == (SPEECH, SPEECH)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param(FOREIGN["de"], FOREIGN["de"], id="speech"),
        pytest.param("Zeile eins\nZeile zwei", "Zeile eins\nZeile zwei", id="its lines"),
        pytest.param("Ja.", "Ja.", id="a word"),
        pytest.param("Vielen Dank.", "Vielen Dank.", id="thanks"),
        pytest.param(GERMAN, "", id="the prompt"),
        pytest.param(f"{GERMAN} {FOREIGN['de']}", FOREIGN["de"], id="the prompt, and speech"),
        pytest.param("Die Anrufer sprechen über Bestellungen", "", id="a part of the prompt"),
        pytest.param("Vielen Dank fürs Zuschauen! " * 20, "", id="how videos end"),
        pytest.param("Ich bin ja noch da. " * 20, "Ich bin ja noch da.", id="a loop"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_words_that_come_by_themselves_are_judged(text: str, left: str) -> None:
    """A model that only writes down invents, too: the prompt, farewells and loops are not attached."""
    ask = Ask(prompt=GERMAN)
    assert judge_original(text, piece(), ask) == left
    told = replace(answer(*timed(SPEECH)), original=text)
    if left:
        assert judge_piece(told, piece(), Ask(prompt="Something else.")).translation.original == (
            text if GERMAN in text else left
        )
