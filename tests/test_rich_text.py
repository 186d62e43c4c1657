"""Cutting, counting and escaping of what stands in messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rich_text import escape, split, weight


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("a" * 40 + "\n" + "b" * 80, "a" * 40, id="a line end comes first"),
        pytest.param("Ab cd ef. " * 2 + "h" * 90, "Ab cd ef. " * 2 + "h" * 80, id="no short part"),
        pytest.param("Ab cd ef gh. " * 3 + "h" * 90, ("Ab cd ef gh. " * 3)[:-1], id="a sentence"),
        pytest.param("あ" * 50 + "。」 " + "い" * 60, "あ" * 50 + "。」", id="another script"),
        pytest.param("word " * 30, ("word " * 20).strip(), id="else a word"),
        pytest.param("x" * 150, "x" * 100, id="else the limit"),
        pytest.param("Hi. " + "y" * 150, "Hi. " + "y" * 96, id="no tiny first part"),
    ],
)  # fmt: skip
def test_where_it_is_cut(text: str, first: str) -> None:
    """A text is cut as late as possible: at a line, else a sentence, else a word, else anywhere."""
    assert split(text, 100)[0] == first


@given(st.text(max_size=2_000), st.integers(min_value=10, max_value=300))
def test_nothing_but_white_space_is_lost(text: str, limit: int) -> None:
    """All characters but white space at the cuts stand in the parts, in order, none too long."""
    parts = split(text, limit)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= limit for part in parts)


@given(st.text(alphabet="&<>;ampltg@!#|U1 ", max_size=60))
def test_escaping_leaves_nothing_to_parse(text: str) -> None:
    """After escaping no angle bracket is left, and Slack's own unescaping gives the text back."""
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@pytest.mark.parametrize(("text", "count"), [("", 0), ("aé한", 3), ("😀", 2), ("\ud83d", 1)])
def test_an_emoji_weighs_two(text: str, count: int) -> None:
    """Characters are counted as a program of JavaScript or Java would, to be on the safe side."""
    assert weight(text) == count
