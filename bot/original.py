"""The words as they were said, where people want them: under the English, or as a file; and their language.

Pure functions. Which language it was is worth a small label also where nobody wants the words.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.engines import Doubt
from bot.join import Gap
from bot.language import name_of, tag_of
from bot.paragraphs import gap_mark, gaps_of, paragraphs_of
from bot.rich_text import Message, escape, quote, small

if TYPE_CHECKING:
    from bot.join import Whole
    from bot.share import Job

ENGLISH = "en"
# So much of the words in common, and the English says it all: only names and numbers are translated so.
SAME_SHARE = 0.8
_WORD = re.compile(r"\w+")


def original_of(job: Job, whole: Whole) -> str:
    """Give the words as they were said, where the channel wants them and they are not the English again."""
    original = whole.original.strip()
    return "" if not job.wants_original or _is_the_same(original, whole.text) else original


def language_name(job: Job, whole: Whole) -> str:
    """Name the language of a recording, such as German; empty for English, and where nobody knows it.

    Of a clip Slack may know it where the engine does not.
    """
    tag = tag_of(whole.source_language) or tag_of(job.share.file.locale)
    return "" if tag == ENGLISH else name_of(tag)


def label(language: str) -> Message:
    """Say small what was translated from; a notification, which has room for little, does without."""
    return Message("", (small(f"From {language}"),))


def original_quote(original: str, language: str) -> Message:
    """Give the words as they were said as a quote."""
    heading = f"In {language}:" if language else "Original words:"
    return Message(escape(f"{heading}\n{original}"), (quote(heading, original),))


def original_text(whole: Whole) -> str:
    """Write the words as they were said as a text: with times where each segment knows its own words.

    Where only those of a piece are known, each piece is a paragraph, and what is missing stands above.
    """
    segments = tuple(
        replace(one, text=one.original, doubt=one.doubt if one.doubt is Doubt.UNSURE else Doubt.NONE)
        for one in whole.segments
    )
    if _letters("".join(one.text for one in segments)) == _letters(whole.original):
        items = paragraphs_of(replace(whole, segments=segments))
        lines = [gap_mark(item) if isinstance(item, Gap) else f"{item.mark}\n{item.text}" for item in items]
    else:
        lines = [gap_mark(gap) for gap in gaps_of(whole)]
        lines += [" ".join(said.split()) for said in whole.original.split("\n") if said.strip()]
    return "\n\n".join(lines) + "\n"


def _is_the_same(original: str, english: str) -> bool:
    """Say whether the original says no more: it has nearly the same words, for it was English that was said.

    Two engines never write the same speech down in quite the same way.
    """
    said, told = (Counter(_WORD.findall(text.casefold())) for text in (original, english))
    return not said or (said & told).total() >= SAME_SHARE * max(said.total(), told.total())


def _letters(text: str) -> str:
    return "".join(text.split())
