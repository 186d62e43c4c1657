"""Which texts are speech."""

from __future__ import annotations

import pytest

from bot.join import Gap, Whole
from bot.judge import Verdict, judge


@pytest.mark.parametrize("text", ["", "  \n", ".", "…", "♪ ♪", "- -"])
def test_text_without_a_word_is_no_speech(text: str) -> None:
    """An empty answer, or marks alone, is what servers give for a recording in which nobody speaks."""
    assert judge(Whole(text)) is Verdict.NO_SPEECH


@pytest.mark.parametrize("text", ["No", "7", "Thank you.", "はい", "é"])
def test_a_single_word_is_speech(text: str) -> None:
    """Short speech is never swallowed."""
    assert judge(Whole(text)) is Verdict.GOOD


def test_a_gap_may_hide_speech() -> None:
    """Silence around a piece that could not be translated is not called a recording without speech."""
    gap = Gap(300.0, 600.0)
    assert judge(Whole("♪", gaps=(gap,))) is Verdict.UNHEARD
    assert judge(Whole("No.", gaps=(gap,))) is Verdict.GOOD
