"""What may be wrong with `--prompt`, in lines for the person at the shell; none of it stops anything."""

from __future__ import annotations

from typing import Final

from bot.prompts import MOST_TOKENS, Flaw, findings

WORDS: Final = {
    Flaw.TOO_LONG: (
        "about {tokens} tokens by our estimate; Whisper reads only the last {most} and will probably never "
        "see its start: “{cut}”"
    ),
    Flaw.NOT_ENGLISH: "it does not look like English, and the translation may come out in its language",
    Flaw.ORDERS: (
        "it reads like instructions; Whisper continues text, it does not follow orders: "
        "give names, terms, or a sentence in the style that you want"
    ),
}


def doubts_about(prompt: str) -> list[str]:
    """Say what may be wrong with a prompt, a line for each; nothing where all is well."""
    return [
        "--prompt: " + WORDS[finding.flaw].format(tokens=finding.tokens, most=MOST_TOKENS, cut=finding.cut)
        for finding in findings(prompt, ())
    ]
