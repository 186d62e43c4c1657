"""Words as they are compared: by what is said, in any script, and where they stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.spoken import amount, said_in, words_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("Don't, DON’T!", ("dont", "dont"), id="apostrophes"),  # noqa: RUF001 -- both kinds
        pytest.param("Straße STRASSE", ("strasse", "strasse"), id="capitals"),
        pytest.param("cafe\u0301 café ｃａｆé", ("café",) * 3, id="forms of letters"),
        pytest.param("' ’ ¨ _ -- ♪", (), id="marks alone"),  # noqa: RUF001 -- marks are meant
        pytest.param("はい。OK", ("は", "い", "ok"), id="without spaces"),
        pytest.param("नमस्ते जी", ("नमस्ते", "जी"), id="vowels above and below"),
        pytest.param("24-7", ("24", "7"), id="numbers"),
    ],
)
def test_what_is_compared(text: str, said: tuple[str, ...]) -> None:
    """Case, punctuation and the form of letters count for nothing."""
    assert said_in(text) == said
    assert tuple(word.said for word in words_of(text)) == said


def test_where_words_and_sentences_begin() -> None:
    """Each word says where it stands, and whether a sentence begins with it."""
    text = "Well, yes. No! はい。え"
    assert [text[word.start : word.end] for word in words_of(text)] == [
        "Well", "yes", "No", "は", "い", "え",
    ]  # fmt: skip
    assert [word.begins for word in words_of(text)] == [True, False, True, True, False, True]


def test_two_letters_without_spaces_are_about_a_word() -> None:
    """What is enough of English is enough of Japanese."""
    assert amount(said_in("yes, I know")) == amount(said_in("わかります。た")) == 3


@given(st.text(st.characters()))
def test_any_text_has_words(text: str) -> None:
    """Words stand in their order, none within another."""
    words = words_of(text)
    assert tuple(word.said for word in words) == said_in(text)
    assert all(one.end <= other.start for one, other in pairwise(words))
