"""Whether what a chat model says can be the English of what was said, and not a word of its own.

A model that will not translate, or obeys what it should translate, answers in the same form as one that does.
"""

from __future__ import annotations

import re

# Letters of English for one of a text. Digits may be words in the other language, and marks that stand for
# syllables or words say more than a letter; both the least and the most that they can be are known.
DIGIT, SYLLABLE, WORD = (1, 6), (1, 3), (2, 5)
_SYLLABLES = re.compile(r"[ぁ-ヿ]")
_WORDS = re.compile(r"[㐀-鿿豈-﫿가-힣]")
# Of a text with more letters the English has so many times as many; a short one may be anything short.
FEW_LETTERS, SHORTEST, LONGEST = 12, 0.3, 4
LONGEST_OF_FEW = 60

# Where a model thinks aloud.
THOUGHT = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
# That, or the form of its answer: in nobody's words.
FORM = re.compile(rf'"segments"|{THOUGHT.pattern}', re.IGNORECASE)
# How a model begins when it will not, in words that people say as well …
OPENING = re.compile(
    r"\W*(?:(?:i(?: a|['\u2019]?)m )?(?:so |very |really )?(?:sorry|afraid)\b,? (?:but )?"
    r"|unfortunately,? )?i(?: can(?:not|['\u2019]?t| not)| am unable to|['\u2019]m (?:unable|not able) to"
    r"| won['\u2019]?t)\b"
    r"|\W*i(?: a|['\u2019]?)m sorry,? but\b",
    re.IGNORECASE,
)
# … and in words that hardly anybody else says.
OWN_WORDS = re.compile(
    r"\bas an? (?:ai|(?:large )?language model)\b"
    r"|\b(?:can(?:not|['\u2019]?t| not)|unable to) "
    r"(?:(?:assist|comply|help(?: you)?) with|translate|fulfill?) (?:that|this|your)\b",
    re.IGNORECASE,
)
# "No", "not" and "sorry" in languages with many speakers: somebody may have said just what the model says.
DENIAL = re.compile(
    r"\b(?:not|cannot|can['\u2019]?t|afraid|sorry|nicht|kein\w*|leider|leid|entschuld\w*|niet|geen|helaas|"
    r"ne|pas|non|désol\w*|regrett\w*|excus\w*|no|nunca|siento|lament\w*|perd[oó]n\w*|disculp\w*|"
    r"não|desculp\w*|scus\w*|dispiac\w*|purtroppo|ikke|inte|tyvärr|desværre|beklag\w*|förlåt|"
    r"ursäkta|en voi|ei|valitettavasti|"
    r"nie|przepraszam|niestety|nem\w*|není|nelze|bohužel|nu|scuze|sajn\w*|değil|üzgün\w*|maalesef|\w+amam|"
    r"\w+emem|\w+m[iu]yor\w*|không|xin lỗi|tidak|maaf|hindi|paumanhin|hapana|siwezi|samahani|"
    r"не|нет|нельзя|извин\w*|прост\w*|сожал\w*|вибач\w*|няма|لا|ما|لن|ليس|آسف|عذرا|نمی\w*|متأسف\w*|"
    r"نہیں|معذرت|לא|אין|סליחה|מצטער\w*)\b"
    r"|δεν|όχι|συγγν|नहीं|माफ|क्षमा|না|দুঃখ|இல்லை|முடிய|மன்னி|లేదు|లేను|ไม่|ขอโทษ"  # noqa: RUF001 -- Greek
    r"|ない|ません|申し訳|すみません|ごめん|不|没|沒|抱歉|对不起|對不起|못|않|없|죄송|미안",
    re.IGNORECASE,
)


def is_plausible(text: str, source: str) -> bool:
    """Say whether a text may be the English of another, by its length, its form and how it begins."""
    return _is_as_long(text, source) and not FORM.search(text) and not declines(text, source)


def declines(text: str, source: str) -> bool:
    """Say whether a model seems to tell that it will not; people who do say "not" or "sorry"."""
    return bool(OPENING.match(text) or OWN_WORDS.search(text)) and not DENIAL.search(source)


def declines_for_sure(text: str, source: str) -> bool:
    """Say whether a model tells that it will not, in words that people hardly use."""
    return bool(OWN_WORDS.search(text)) and not DENIAL.search(source)


def _is_as_long(text: str, source: str) -> bool:
    (least, most), (source_least, source_most) = _letters(text), _letters(source)
    if source_least <= FEW_LETTERS:
        return least <= max(LONGEST_OF_FEW, LONGEST * source_most)
    return most >= SHORTEST * source_least and least <= LONGEST * source_most


def _letters(text: str) -> tuple[int, int]:
    """Count the letters that a text has in English, the least and the most."""
    digits, syllables, words = (
        sum(map(str.isdecimal, text)),
        len(_SYLLABLES.findall(text)),
        len(_WORDS.findall(text)),
    )
    letters = sum(map(str.isalpha, text)) - syllables - words
    weights = ((digits, DIGIT), (syllables, SYLLABLE), (words, WORD))
    return (
        letters + sum(count * least for count, (least, _) in weights),
        letters + sum(count * most for count, (_, most) in weights),
    )
