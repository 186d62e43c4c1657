"""The hint that goes with the sound: a channel's prompt and its terms, and what is wrong with it.

Pure functions. Whisper takes the hint for what was said just before: it goes on in its style and with its
spellings, obeys nothing in it, and reads only its last 223 tokens.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.language import is_english

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Half of the model's 448, less one. What stands before them is dropped without a word.
MOST_TOKENS: Final = 223


class Flaw(StrEnum):
    """What may be wrong with a hint."""

    TOO_LONG = "too_long"
    NOT_ENGLISH = "not_english"
    ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a hint. Of one that is too long: our estimate, and what is likely lost."""

    flaw: Flaw
    tokens: int = 0
    cut: str = ""


def findings(prompt: str, glossary: Sequence[str]) -> tuple[Finding, ...]:
    """Say what is wrong with a prompt and its terms; nothing is bad enough to refuse it."""
    found = []
    whole = join_prompt(prompt, glossary)
    if (tokens := estimate_tokens(whole)) > MOST_TOKENS:
        found.append(Finding(Flaw.TOO_LONG, tokens, likely_cut(whole).strip()))
    # The terms are names, which have no language.
    if is_english(prompt) is False:
        found.append(Finding(Flaw.NOT_ENGLISH))
    if looks_like_orders(prompt):
        found.append(Finding(Flaw.ORDERS))
    return tuple(found)


def join_prompt(prompt: str, glossary: Iterable[str]) -> str:
    """Join the terms to the prompt, as its end: of a hint that is too long, Whisper drops the start."""
    prompt = prompt.strip()
    terms: dict[str, str] = {}
    for term in glossary:
        if term := " ".join(term.split()):
            terms.setdefault(term.casefold(), term)
    if not terms:
        return prompt
    listed = _with_full_stop(", ".join(terms.values()))
    return f"{_with_full_stop(prompt)} {listed}" if prompt else listed


def _with_full_stop(text: str) -> str:
    """End a text as a sentence, unless it ends with a mark of its own."""
    return text if text.endswith(tuple(".,;:!?…。！？、，；：")) else f"{text}."  # noqa: RUF001 -- full-width marks


# --- tokens -------------------------------------------------------------------------------------

_PIECE = re.compile(r"[^\W\d_]+|\d+|\s+|(?:[^\w\s]|_)+")
# From this character on, so many tokens a character, measured with Whisper's multilingual vocabulary on a
# few sentences of each script. It has whole words of English, pieces of words in other Latin, Cyrillic or
# Korean script, and where it knows little, two or three tokens for one character.
_WEIGHTS: Final = (
    ("\x00", 0.6),  # digits and marks; letters of ASCII are counted apart
    ("\x80", 1.0),  # Latin with accents
    ("\u0370", 0.65),  # Greek
    ("\u0400", 0.45),  # Cyrillic
    ("\u0530", 1.4),  # Armenian
    ("\u0590", 0.7),  # Hebrew, Arabic
    ("\u0700", 2.5),
    ("\u0900", 1.2),  # Devanagari
    ("\u0980", 2.5),
    ("\u0b80", 1.0),  # Tamil
    ("\u0c00", 2.5),
    ("\u0e00", 1.0),  # Thai
    ("\u0e80", 2.7),
    ("\u1e00", 1.0),  # more Latin with accents, and marks
    ("\u2e80", 1.5),
    ("\u3040", 0.9),  # Japanese syllables
    ("\u3100", 2.5),
    ("\u4e00", 1.4),  # Chinese
    ("\ua000", 2.7),
    ("\uac00", 0.65),  # Korean
    ("\ud7b0", 2.5),
    ("\U00010000", 3.0),  # emoji
)
_WORD_BEGINS = re.compile(r"(?<=\s)\S")
_LONGEST_WORD: Final = 40
_FIRSTS: Final = [first for first, _ in _WEIGHTS]
_SMALL, _CAPITAL = 0.2, 0.55
# A name is seldom a word of the vocabulary: it is put together from pieces.
_MORE_IN_NAMES: Final = 0.16


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens of Whisper's a text has: rather too many than too few.

    For English it comes out 10 to 25 % above the truth. The truth needs the vocabulary, which is a
    megabyte of somebody else's; a warning can live with less.
    """
    return math.ceil(sum(map(_tokens, _PIECE.findall(text.strip()))))


def _tokens(piece: str) -> float:
    """Estimate the tokens of one word, number, row of marks or space; a single space belongs to its word."""
    if piece.isspace():
        return 0 if piece == " " else 1
    is_name = piece[0].isupper() and not piece.isupper()
    return max(1, sum(map(_weight, piece)) + (_MORE_IN_NAMES * len(piece) if is_name else 0))


def _weight(character: str) -> float:
    if character.isascii() and character.isalpha():
        return _CAPITAL if character.isupper() else _SMALL
    return _WEIGHTS[bisect_right(_FIRSTS, character) - 1][1]


def likely_cut(text: str) -> str:
    """Give the start of a text that Whisper is likely not to read: whole words, where it has such."""
    if estimate_tokens(text) <= MOST_TOKENS:
        return ""
    too_early, fits = 0, len(text)
    while fits - too_early > 1:
        middle = (too_early + fits) // 2
        if estimate_tokens(text[middle:]) > MOST_TOKENS:
            too_early = middle
        else:
            fits = middle
    # Chinese, Thai and others write no spaces: there the next one may be far away.
    word = _WORD_BEGINS.search(text, fits, fits + _LONGEST_WORD)
    return text[: word.start() if word else fits]


# --- orders -------------------------------------------------------------------------------------

_CLAUSE_ENDS = re.compile(r"[.!?;:,\n()…–—]+|\s-\s|\b(?:and|but|then|or)\b")  # noqa: RUF001 -- dashes as typed
_OPENINGS = re.compile(
    r"(?:(?:please|kindly|also|just|only|always|never|do not|don't|you|we|must|should|shall|can|could|will"
    r"|not|have to|need to|are to|make sure (?:to|that|you)|be sure to|try to|remember to)\s+)+"
)
# Verbs that are an order wherever a clause begins with them and goes on in small letters: a clause that
# goes on with a capital is the name of a product, such as Translate Pro.
_PLAIN_ORDERS = re.compile(
    r"(?:translate|transcribe|ignore|rewrite|rephrase|paraphrase|summari[sz]e|omit|preserve|capitali[sz]e)"
    r"(?=\s+(?![A-Z])|\s.*\b(?:to|into|as|in) [A-Z])"
)
# These are an order only where the channel's people say so ("please …", "never …").
_ASKED_ORDERS = re.compile(
    r"(?:translate|transcribe|ignore|rewrite|rephrase|paraphrase|summari[sz]e|omit|preserve|capitali[sz]e"
    r"|output|respond|format|invent|guess|hallucinate|punctuate)\b"
)
# And these only where it is about the text: "keep names as they are", but not "keep in touch".
_ORDERS_ABOUT_TEXT = re.compile(
    r"(?:output|respond|reply|answer|return|format|use|write|spell|keep|leave|make|produce|provide|give|add"
    r"|include|exclude|insert|remove|drop|skip|avoid|ensure|convert|correct|fix|follow|focus|change|replace"
    r"|be|stay|sound|speak|note|remember|pay attention|make sure|act|pretend|mark|label)\b.*?"
    r"\b(?:translat\w+|transcri\w+|text|output|english|british|american|language|spellings?|names|words?"
    r"|sentences?|punctuation|style|formal\w*|informal|polite\w*|friendly|professional|neutral|casual"
    r"|concise\w*|brief\w*|literal\w*|accura\w+|verbatim|terms?|terminology|jargon|fillers?|slang"
    r"|contractions|digits|numerals|json|xml|html|markdown|plain|only the|anything|nothing else|speakers?"
    r"|timestamps?|instructions?|glossary|acronyms|abbreviations)\b"
)
_ROLES = re.compile(
    r"\byou(?: are|'re) (?:now |also )?(?:(?:a|an|the|my|our)\b(?:\W+\w+){0,4}?\W+(?:translators?"
    r"|interpreters?|assistants?|agents?|transcribers?|transcriptionists?|experts?|linguists?|editors?|bots?|models?|ai"
    r"|systems?|engines?|natives?|speakers?|professionals?|specialists?|secretar\w+)\b"
    r"|(?:translating|transcribing|interpreting|supposed to|expected to|to (?:translate|transcribe))\b)"
    r"|\byour (?:task|job|role|goal|instructions?) (?:is|are|will be)\b"
    r"|\bi (?:want|need|would like) you to\b|\b(?:act|pretend|behave) (?:as|like|to be)\b"
    r"|\bthe (?:output|translations?|transcripts?|transcriptions?|results?|text|english) "
    r"(?:must|should|shall|has to|have to|needs? to|is to|are to)\b"
)


def looks_like_orders(prompt: str) -> bool:
    """Say whether a prompt tells the model what to do; names, terms and samples of a style do not."""
    prompt = prompt.replace("’", "'")  # noqa: RUF001 -- as telephones type it
    if prompt.isupper():
        prompt = prompt.lower()
    if _ROLES.search(prompt.casefold()):
        return True
    return any(_is_order(clause.strip()) for clause in _CLAUSE_ENDS.split(prompt))


def _is_order(clause: str) -> bool:
    # Only the first letter of a clause may be large for no reason.
    clause = clause[:1].lower() + clause[1:]
    if opening := _OPENINGS.match(clause):
        clause = clause[opening.end() :]
        if _ASKED_ORDERS.match(clause):
            return True
    return bool(_PLAIN_ORDERS.match(clause) or _ORDERS_ABOUT_TEXT.match(clause.casefold()))
