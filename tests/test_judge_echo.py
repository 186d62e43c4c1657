"""The prompt that comes back is noticed; speech that uses its words is not taken for it."""

from __future__ import annotations

import pytest

from bot.engines import Ask
from bot.evidence.echo import is_echo
from bot.judge import Verdict
from bot.prompts import join_prompt
from judging import judged, left_of, piece, timed
from sentences import ENGLISH

HINT = (
    "Calls to the support desk of Acme, a maker of coffee machines. Callers speak about orders, "
    "invoices, deliveries and spare parts."
)
TERMS = ("Acme Pro", "Barista Mini", "Crema Cloud", "DripGuard")
PROMPT = join_prompt(HINT, TERMS)
JAPANESE = "アクメのコーヒーメーカーに関するお問い合わせの電話です。"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PROMPT, id="all of it"),
        pytest.param(HINT, id="without its terms"),
        pytest.param("Acme Pro, Barista Mini, Crema Cloud, DripGuard.", id="the terms alone"),
        pytest.param("a maker of coffee machines", id="a part"),
        pytest.param(HINT.upper().replace(",", ""), id="in capitals, without marks"),
        pytest.param("Callers speak about the orders, invoices, delivery and spare parts", id="nearly"),
        pytest.param(f"{HINT} {HINT} {HINT}", id="again and again"),
    ],
)
def test_an_echo_is_noticed(text: str) -> None:
    """The prompt, or a part of it, in one segment or in several, is an echo, and stays as it was."""
    words = text.split()
    whole, halves = timed(text), timed(" ".join(words[:3]), " ".join(words[3:]))
    for segments in (whole, halves):
        found = judged(*segments, prompt=PROMPT, glossary=TERMS)
        assert found.verdict is Verdict.ECHO
        assert found.translation.segments == segments


def test_an_echo_in_a_script_without_spaces() -> None:
    """A foreign prompt that comes back is an echo, not foreign text."""
    assert judged(*timed(JAPANESE), prompt=JAPANESE).verdict is Verdict.ECHO
    assert judged(*timed("コーヒーメーカーに関する"), prompt=JAPANESE).verdict is Verdict.ECHO


@pytest.mark.parametrize(
    "text",
    [
        "My Acme Pro leaks and the Barista Mini never arrived.",
        "I ordered spare parts for a coffee machine.",
        "The invoices are wrong, and about the deliveries nobody could tell me anything at all.",
        "Hello, is this the support desk of Acme? My coffee machine is broken.",
        "Coffee machines.",
        "Acme Pro.",
    ],
)
def test_speech_with_the_words_of_the_prompt_is_speech(text: str) -> None:
    """Callers use the terms, too; that is what the prompt is for."""
    found = judged(*timed(text), prompt=PROMPT, glossary=TERMS)
    assert found.verdict is Verdict.GOOD
    assert found.translation.segments == timed(text)


@pytest.mark.parametrize(("prompt", "glossary"), [("Acme Pro.", ()), ("", ("Acme Pro",))])
def test_a_short_prompt_may_be_said(prompt: str, glossary: tuple[str, ...]) -> None:
    """Of a prompt of a word or two it takes evidence that it came back by itself; else it is heard again."""
    whole = join_prompt(prompt, glossary)
    found = judged(*timed("Acme pro"), prompt=whole, glossary=glossary)
    assert (found.verdict, found.translation.text) == (Verdict.MAYBE_ECHO, "Acme pro")
    quiet = piece(rise_db=1.0)
    assert judged(*timed("Acme pro"), sound=quiet, prompt=whole, glossary=glossary).verdict is Verdict.ECHO


def test_most_of_the_text_is_an_echo() -> None:
    """Few words beside a prompt that came back do not hide it; many do, and then it is marked."""
    assert judged(*timed(HINT, "Thank you."), prompt=PROMPT).verdict is Verdict.ECHO
    assert judged(*timed(HINT, "My coffee machine leaks and is cold"), prompt=PROMPT).verdict is Verdict.ECHO
    others = ("My coffee machine leaks.", "It was delivered last week and I want another one now, please.")
    speech = (*others, *others[::-1], "Callers speak about orders")
    assert [doubt.value for _, doubt in left_of(*timed(*speech), prompt=PROMPT)] == ["", "", "", "", "unsure"]


def test_words_from_all_over_the_prompt_are_no_echo() -> None:
    """A long prompt has the words of many a sentence, in their order, but far from each other."""
    long = " ".join(ENGLISH)
    spread = " ".join(long.split()[::9][:30])
    assert not is_echo(spread, Ask(prompt=long))
    assert is_echo(" ".join(long.split()[40:70]), Ask(prompt=long))


def test_a_prompt_that_repeats_itself_comes_back() -> None:
    """What would be cut as a loop is compared before that."""
    again = "Acme support line. Acme support line. Acme support line."
    assert judged(*timed(again), prompt=again).verdict is Verdict.ECHO


def test_without_a_prompt_nothing_is_an_echo() -> None:
    """No hint was sent, so nothing can come back."""
    assert judged(*timed(HINT)).verdict is Verdict.GOOD
