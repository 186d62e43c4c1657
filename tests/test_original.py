"""The words as they were said: when people see them, how they are written down, and what language that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engines import Doubt, Segment
from bot.join import Gap, Whole
from bot.original import language_name, original_of, original_text
from bot.share import Job, Share, SlackFile

JOB = Job(Share("T1", "C1", "1.1", SlackFile("F1", name="a.m4a")), wants_original=True)
GERMAN = Whole("Good morning. Bye.", original="Guten Morgen.\nTschüss.", source_language="de")


@pytest.mark.parametrize(
    ("english", "original", "shown"),
    [
        pytest.param("Good morning.", " Guten Morgen.\n", "Guten Morgen.", id="other words"),
        pytest.param("Good morning.", "", "", id="nobody knows them"),
        pytest.param("Good morning, Ana!", "good  morning\nAna", "", id="the same words"),
        pytest.param(
            "I would like to return order 12345 please.",
            "I'd like to return order 12345, please.",
            "",
            id="nearly the same words",
        ),
        pytest.param("Yes.", "♪", "", id="no words"),
        pytest.param("こんにちは。", "こんにちは", "", id="the same words without spaces"),
        pytest.param(
            "Order 12345, Zendesk, Núñez.",
            "Pedido 12345 do Zendesk, da Núñez.",
            "Pedido 12345 do Zendesk, da Núñez.",
            id="names and numbers in common",
        ),
    ],
)
def test_the_words_are_shown_where_they_say_more(english: str, original: str, shown: str) -> None:
    """Where it was English that was said, nothing stands there twice."""
    whole = Whole(english, original=original)
    assert original_of(JOB, whole) == shown
    assert original_of(replace(JOB, wants_original=False), whole) == ""


@pytest.mark.parametrize(
    ("source_language", "locale", "name"),
    [
        pytest.param("de", "", "German", id="by the engine"),
        pytest.param("", "pt-BR", "Portuguese", id="by Slack"),
        pytest.param("de", "pt-BR", "German", id="the engine has listened better"),
        pytest.param("en", "pt-BR", "", id="English"),
        pytest.param("", "en-US", "", id="English by Slack"),
        pytest.param("", "", "", id="nobody knows"),
        pytest.param("xx", "yy-ZZ", "", id="nobody knows what that is"),
    ],
)
def test_the_language_has_a_name(source_language: str, locale: str, name: str) -> None:
    """Its English name, from who knows best; none for English, of which nothing need be said."""
    job = replace(JOB, share=replace(JOB.share, file=replace(JOB.share.file, locale=locale)))
    assert language_name(job, Whole("Hello.", source_language=source_language)) == name


def test_words_whose_times_are_known() -> None:
    """Where each segment knows its own words these have times, and the marks that are true of them, too."""
    whole = replace(
        GERMAN,
        segments=(
            Segment(0.0, 2.0, "Good morning.", original="Guten Morgen."),
            Segment(60.0, 61.0, "Bye.", original="Tschüss.", doubt=Doubt.UNSURE),
            Segment(62.0, 63.0, "Ciao.", original=" Ciao.", doubt=Doubt.FOREIGN),
        ),
        original="Guten Morgen. Tschüss.\nCiao.",
        gaps=(Gap(10.0, 50.0),),
    )
    assert original_text(whole) == (
        "0:00\nGuten Morgen.\n\n[0:10–0:50 could not be translated]\n\n"  # noqa: RUF001 -- from, to
        "1:00–1:01 · hard to hear, please listen\nTschüss.\n\n1:02\nCiao.\n"  # noqa: RUF001 -- from, to
    )


def test_words_whose_times_nobody_knows() -> None:
    """Each piece is a paragraph; what is missing is told all the same."""
    whole = replace(GERMAN, segments=(Segment(0.0, 2.0, "Good morning. Bye."),))
    assert original_text(whole) == "Guten Morgen.\n\nTschüss.\n"
    assert original_text(replace(whole, gaps=(Gap(10.0, 50.0),))) == (
        "[0:10–0:50 could not be translated]\n\nGuten Morgen.\n\nTschüss.\n"  # noqa: RUF001 -- from, to
    )
