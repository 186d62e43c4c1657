"""Text that is not English is not posted as English; parts that are doubtful are marked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engines import Ask, Doubt, Segment, Translation
from bot.judge import Verdict, judge_piece
from judging import answer, judged, left_of, piece, timed
from sentences import ENGLISH, FOREIGN

LONG = "I ordered a coffee machine in March, and it still has not arrived."


@pytest.mark.parametrize("language", FOREIGN)
def test_untranslated_text_is_noticed(language: str) -> None:
    """A model that cannot translate gives back what was said; that is no English, and stays as it was."""
    for given in (answer(*timed(FOREIGN[language])), Translation(FOREIGN[language])):
        found = judge_piece(given, piece(), Ask())
        assert found.verdict is Verdict.NOT_ENGLISH
        assert found.translation is given


def test_short_segments_are_judged_together() -> None:
    """A few words say nothing alone, but the text that they make does."""
    words = FOREIGN["de"].split()
    parts = [" ".join(words[at : at + 4]) for at in range(0, len(words), 4)]
    assert judged(*timed(*parts)).verdict is Verdict.NOT_ENGLISH


def test_most_of_it_decides() -> None:
    """Where more than half of the letters are foreign, all of it is called so; else that part is marked."""
    assert judged(*timed(FOREIGN["de"], FOREIGN["de"], LONG)).verdict is Verdict.NOT_ENGLISH
    assert left_of(*timed(LONG, FOREIGN["de"], LONG, LONG)) == [
        (LONG, Doubt.NONE),
        (FOREIGN["de"], Doubt.FOREIGN),
        (LONG, Doubt.NONE),
        (LONG, Doubt.NONE),
    ]


SPOKEN_FOR = [
    "The customer wrote: no puedo entrar en mi cuenta desde el lunes.",
    "The customer wrote no puedo entrar en mi cuenta desde el lunes.",
    "Please change the greeting to: Herzlich willkommen, schön dass Sie da sind, wir freuen uns auf Sie.",
    "My name is Дмитрий Иванов",
    "The address is 東京都千代田区丸の内1-9-1",
    "w w w dot m u e l l e r dash b a u dot d e slash k o n t a k t",
    "croissant, pain au chocolat, baguette, éclair, tarte tatin, macaron, crème brûlée",
]


@pytest.mark.parametrize("text", SPOKEN_FOR)
def test_english_that_quotes_or_spells_is_posted(text: str) -> None:
    """Whoever says in English what somebody wrote, or spells a name, has said it: a mark at most."""
    words = text.split()
    for segments in (timed(text), timed(" ".join(words[:3]), " ".join(words[3:])), timed(text, LONG)):
        found = judged(*segments)
        assert found.verdict is Verdict.GOOD
        assert found.translation.text == " ".join(one.text for one in segments)
        assert {one.doubt for one in found.translation.segments} <= {Doubt.NONE, Doubt.FOREIGN}


@pytest.mark.parametrize(
    "text",
    [
        "Ich habe ein Problem mit The North Face und warte seit drei Wochen auf meine neue Jacke.",
        'Ich habe "Lord of the Rings" gesehen und fand den Film wirklich sehr gut gemacht.',
        "Я купил куртку The North Face в магазине Game of Thrones вчера",
        "iPhone の The North Face アプリが動きません",
        "J'ai vu le film The Lord of the Rings et je voudrais un remboursement pour mon billet.",
    ],
)
def test_an_english_name_makes_no_english(text: str) -> None:
    """A brand or a title in an untranslated answer does not hide it."""
    assert judged(*timed(text)).verdict is Verdict.NOT_ENGLISH


def test_all_of_the_english_is_english() -> None:
    """A long talk with names, lists and foreign words in it is not marked anywhere."""
    assert judged(*timed(*ENGLISH)).translation.segments == timed(*ENGLISH)


def test_silence_in_another_language_is_silence() -> None:
    """What the metrics call silence is not called foreign."""
    none = replace(timed(FOREIGN["de"])[0], no_speech_prob=0.9, avg_logprob=-1.4)
    assert judged(none).verdict is Verdict.NO_SPEECH


@pytest.mark.parametrize(
    ("metrics", "doubt"),
    [
        pytest.param((None, None, None), Doubt.NONE, id="no metrics"),
        pytest.param((0.1, -0.9, 2.3), Doubt.NONE, id="good enough"),
        pytest.param((0.1, -1.0, -1.0), Doubt.NONE, id="placeholders"),
        pytest.param((0.1, -1.01, 1.5), Doubt.UNSURE, id="the model unsure"),
        pytest.param((0.1, -0.3, 2.5), Doubt.UNSURE, id="too much of the same"),
        pytest.param((0.7, -0.51, 1.5), Doubt.UNSURE, id="maybe nobody spoke"),
        pytest.param((0.6, -0.9, 1.5), Doubt.NONE, id="somebody spoke"),
        pytest.param((0.9, -1.0, 1.5), Doubt.NONE, id="a placeholder beside a number"),
        pytest.param((0.815, -0.34, 1.3), Doubt.NONE, id="the real one"),
    ],
)
def test_doubtful_parts_are_marked(
    metrics: tuple[float | None, float | None, float | None], doubt: Doubt
) -> None:
    """What the model itself was not sure of is kept, with a mark."""
    doubtful = Segment(3.0, 6.0, LONG, *metrics)
    assert left_of(*timed(LONG), doubtful) == [(LONG, Doubt.NONE), (LONG, doubt)]


def test_of_short_text_the_ratio_says_nothing() -> None:
    """Under fifty characters a text cannot be packed, and the metric is of what stood around it."""
    assert left_of(Segment(0.0, 3.0, "It leaks.", 0.1, -0.3, 3.0)) == [("It leaks.", Doubt.NONE)]


def test_without_metrics_the_ratio_is_reckoned() -> None:
    """Where the endpoint tells none, text that can be packed small is doubtful; a long talk is not."""
    odd = "".join(f"a{'b' * (number % 7)}" for number in range(200))
    assert left_of(*timed(odd)) == [(odd, Doubt.UNSURE)]
    talk = " ".join(ENGLISH)
    assert judge_piece(Translation(talk), piece(), Ask()).translation == Translation(talk)


def test_a_changed_text_is_what_its_segments_say() -> None:
    """Servers join their segments in their own ways; a judged text has one space between them."""
    segments = (*timed(LONG), Segment(3.0, 6.0, LONG, 0.1, -1.5, 1.5))
    left = judge_piece(Translation(f"{LONG}\n{LONG}", segments), piece(), Ask()).translation
    assert left.text == f"{LONG} {LONG}"
    kept = judge_piece(Translation(f"{LONG}\n{LONG}", timed(LONG, LONG)), piece(), Ask()).translation
    assert kept.text == f"{LONG}\n{LONG}"
