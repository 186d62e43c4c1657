"""What is allowed for one recording, in the units that the road reckons in and in words."""

from __future__ import annotations

from bot import errors
from bot.terms import Terms


def test_limits_in_bytes_and_seconds() -> None:
    """Megabytes and minutes, as people set them, become bytes and seconds; 0 minutes is never a question."""
    terms = Terms(max_file_mb=2, max_minutes=90, confirm_minutes=30)
    assert (terms.max_file_bytes, terms.max_seconds, terms.confirm_above_seconds) == (2_097_152, 5400, 1800)
    assert Terms().confirm_above_seconds == 0


def test_limits_are_spelt_where_a_text_names_them() -> None:
    """A text that names a limit says its number, readably; any other braces stay what they are."""
    terms = Terms(max_file_mb=2048, max_minutes=90)
    assert "the 2,048 MB I take" in terms.spell(errors.TooLargeError.text)
    assert "longer than I take (90 min)." in terms.spell(errors.TooLongError.text)
    assert terms.spell("{other} {}") == "{other} {}"
