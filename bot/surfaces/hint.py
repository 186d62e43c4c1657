"""What may be wrong with a channel's prompt and terms, in words for the person who sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.prompts import MOST_TOKENS, Flaw, findings
from bot.surfaces.words import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.prompts import Finding

PROMPT_TOO_LONG = (
    "By my estimate this prompt has about {tokens} tokens, which are words and pieces of words. Whisper "
    "reads only the last {most} and drops what stands before them. This is what it will probably never see:"
)
PROMPT_AND_TERMS_TOO_LONG = (
    "By my estimate the prompt and the terms together have about {tokens} tokens, which are words and pieces "
    "of words. Whisper reads only the last {most}, terms last, and drops what stands before them. "
    "This is what it will probably never see:"
)
TERMS_TOO_LONG = (
    "By my estimate the terms have about {tokens} tokens, which are words and pieces of words. Whisper reads "
    "only the last {most} and drops what stands before them. These it will probably never see:"
)
NOT_ENGLISH = (
    "This prompt does not look like English. Whisper goes on in the language of its prompt, so that the "
    "translation may come out in that language, too. Write the prompt in English; names stay as they are."
)
ORDERS = (
    "This prompt reads like instructions. Whisper continues text, it does not follow orders: it takes the "
    "prompt for what was said just before, and goes on with the same words and in the same style. "
    "So write what could have been said, with your names and in your tone, for example:"
)
GOOD_PROMPT = (
    "Good morning, this is Ms Núñez. I am calling about my Acme Pro, which I ordered through Zendesk. "
    "Could you kindly help me?"
)


def doubts_about(prompt: str, glossary: Sequence[str]) -> tuple[Note, ...]:
    """Say what may be wrong with the whole hint; none of it is a reason to refuse it."""
    return tuple(_note(finding, prompt, glossary) for finding in findings(prompt, glossary))


def doubts_about_length(prompt: str, glossary: Sequence[str]) -> tuple[Note, ...]:
    """Say whether it is too long, to somebody who changes or reads its terms."""
    return tuple(
        _note(finding, prompt, glossary)
        for finding in findings(prompt, glossary)
        if finding.flaw is Flaw.TOO_LONG
    )


def _note(finding: Finding, prompt: str, glossary: Sequence[str]) -> Note:
    match finding.flaw:
        case Flaw.TOO_LONG:
            text = PROMPT_TOO_LONG
            if glossary:
                text = PROMPT_AND_TERMS_TOO_LONG if prompt else TERMS_TOO_LONG
            return Note(text.format(tokens=finding.tokens, most=MOST_TOKENS), quoted=finding.cut)
        case Flaw.NOT_ENGLISH:
            return Note(NOT_ENGLISH)
        case Flaw.ORDERS:
            return Note(ORDERS, quoted=GOOD_PROMPT)
