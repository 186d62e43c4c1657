"""What models write where nobody speaks: marks, names of sounds, stock phrases; and what gives it away."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from bot.evidence.spoken import said_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.engines import Segment
    from bot.piece import Piece

# Whisper's own rule: neither of the two says anything alone. A real, correct translation had 0.815.
SILENCE_NO_SPEECH, SILENCE_LOGPROB = 0.6, -1.0
# Endpoints refuse what is shorter: nobody says a word in it.
LEAST_SECONDS = 0.1
# "[speaking in a foreign language]", "(upbeat music playing)". What is longer may have been said.
MOST_WORDS_OF_A_SOUND = 5
# Of 500 recordings, a real "thank you" was never above.
STOCK_NO_SPEECH = 0.06
DOUBTFUL_LOGPROB, DOUBTFUL_COMPRESSION = -1.0, 2.4
# Slower than anybody speaks: a few words over the whole of a window of sound.
SLOW_SECONDS, SLOW_LETTERS_PER_SECOND = 10.0, 0.5
# Faster than anybody speaks.
FAST_LETTERS_PER_SECOND = 50.0
# Sound that is barely above nothing, and sound in which nothing stands out.
FAINT_DB, FLAT_DB = -65.0, 4.0

# How videos end. Nobody says this on the phone, but some say it in a recording, so evidence is needed.
FAREWELL = re.compile(
    r"(?:(?:thank you|thanks)(?: all| everyone| everybody| guys)?(?: so much| very much| a lot)?"
    r"(?: all| everyone| everybody| guys)?"
    r" for (?:watching|viewing|listening|tuning in|joining(?: us| me)|your (?:attention|viewing|support))"
    r"(?: (?:this|the|my|our) (?:videos?|episode|channel|show))?"
    r"|subscribe(?: (?:to|for) (?:my|our|the|this|more))?(?: (?:channel|videos?))?"
    r"|(?:(?:i|we)(?: ll| will) )?see you (?:all |guys )?"
    r"(?:next (?:time|week|video)|in the next (?:video|one))"
    r"|to be continued"
    r"|(?:subtitle[sd]?|subtitling|caption(?:s|ed)?|transcri(?:bed|ption)|translat(?:ed|ion))"
    r"(?: (?:and|text|made|provided|created|edited|corrected))? by .{1,80}"
    r"|.{0,40}amara org.{0,40}"
    r")(?: |$)"
)
# What stands between such phrases.
BETWEEN = re.compile(
    r"(?:and|so|bye|please|like|comment|share|don t forget to|be sure to|make sure to"
    r"|(?:hit|click|ring) the (?:like button|bell)(?: icon)?)(?: |$)"
)
# What people do say, all day long, and models say to silence.
COURTESY = re.compile(r"(?:thank you|thanks)(?: so much| very much| a lot)?|bye(?: bye)*|goodbye|you")
# No sentence of these has more characters.
MOST_OF_STOCK = 200
# So often nobody says it in a row.
FAREWELLS_IN_A_ROW, COURTESIES_IN_A_ROW = 2, 5

_SOUND = re.compile(
    r"\[[^\[\]]*\]|\([^()]*\)|（[^（）]*）|【[^【】]*】|\*[^*]*\*|[♪♫♬♩][^♪♫♬♩]*[♪♫♬♩]"  # noqa: RUF001 -- meant
)
_SENTENCE_END = re.compile(r"[.!?…\n]+")
_APOSTROPHE = re.compile(r"['\u2019]")


def speech_in(segments: Sequence[Segment], piece: Piece) -> tuple[Segment, ...]:
    """Leave out the segments in which nobody speaks. What has no metrics is kept, save it is stock."""
    if 0 < piece.seconds <= LEAST_SECONDS:
        return ()
    heard = [one for one in segments if not (_is_silence(one) or is_sound(one.text))]
    stock = [stock_phrases(one.text) for one in heard]
    often = Counter(phrase for phrases in stock for phrase in phrases)
    alone = all(stock)
    return tuple(
        one
        for one, phrases in zip(heard, stock, strict=True)
        if not phrases
        or not (is_given_away(one, piece, alone=alone) or any(_is_too_often(often, said) for said in phrases))
    )


def is_sound(text: str) -> bool:
    """Say whether a text is only marks, or names of sounds: "♪♪", "[Music]", "*coughs*"."""
    sounds = _SOUND.findall(text)
    if any(len(said_in(one)) > MOST_WORDS_OF_A_SOUND or any(map(str.isdigit, one)) for one in sounds):
        return False
    return not any(map(str.isalnum, _SOUND.sub(" ", text)))


def stock_phrases(text: str) -> list[str]:
    """Give the stock phrases of which a text consists, in order; nothing where there is anything else."""
    text = _APOSTROPHE.sub(" ", text)
    phrases: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        phrase = " ".join(said_in(sentence[:MOST_OF_STOCK]))
        if len(sentence) > MOST_OF_STOCK or (phrase and not _is_stock(phrase)):
            # "Subtitles by Amara.org" has a full stop in it.
            whole = " ".join(said_in(text)) if len(text) <= MOST_OF_STOCK else ""
            return [whole] if _is_stock(whole) else []
        phrases += [phrase] * bool(phrase)
    return phrases


def _is_stock(phrase: str) -> bool:
    return COURTESY.fullmatch(phrase) is not None or _is_farewell(phrase)


def _is_farewell(phrase: str) -> bool:
    """Say whether a phrase is nothing but farewells and what stands between them."""
    at, found = 0, 0
    while at < len(phrase):
        match = FAREWELL.match(phrase, at)
        found += match is not None
        match = match or BETWEEN.match(phrase, at)
        if match is None:
            return False
        at = match.end()
    return found > 0


def _is_too_often(often: Counter[str], phrase: str) -> bool:
    return often[phrase] >= (FAREWELLS_IN_A_ROW if _is_farewell(phrase) else COURTESIES_IN_A_ROW)


def _is_silence(segment: Segment) -> bool:
    """Apply Whisper's rule; -1.0 is what vLLM fills in for a metric that it does not know."""
    no_speech, logprob = segment.no_speech_prob, segment.avg_logprob
    return (
        no_speech is not None
        and logprob is not None
        and no_speech > SILENCE_NO_SPEECH
        and logprob < SILENCE_LOGPROB
    )


def is_given_away(segment: Segment, piece: Piece, *, alone: bool) -> bool:
    """Say whether something speaks against words that models say to silence, and people to each other.

    `alone`: nothing else is said in the piece.
    """
    return (
        _has_bad_metrics(segment, alone=alone)
        or (alone and _has_odd_pace(segment))
        or (piece.rise_db is not None and piece.rise_db < FLAT_DB)
        or (piece.loud_db is not None and piece.loud_db < FAINT_DB)
    )


def _has_bad_metrics(segment: Segment, *, alone: bool) -> bool:
    no_speech, logprob, ratio = segment.no_speech_prob, segment.avg_logprob, segment.compression_ratio
    if logprob is not None and logprob < DOUBTFUL_LOGPROB:
        return True
    if ratio is not None and ratio > DOUBTFUL_COMPRESSION:
        return True
    if no_speech is None or logprob in {None, -1.0}:
        return False
    # A pause before a real "thank you" raises this for it, too.
    return no_speech >= (STOCK_NO_SPEECH if alone else SILENCE_NO_SPEECH)


def _has_odd_pace(segment: Segment) -> bool:
    """Say whether nobody speaks so slowly, or so fast; what has good metrics is believed."""
    if segment.no_speech_prob is not None and segment.avg_logprob not in {None, -1.0}:
        return False
    seconds = segment.end_seconds - segment.start_seconds
    letters = sum(map(str.isalnum, segment.text))
    is_slow = seconds >= SLOW_SECONDS and letters < SLOW_LETTERS_PER_SECOND * seconds
    return is_slow or 0 < seconds * FAST_LETTERS_PER_SECOND < letters
