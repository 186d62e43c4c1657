"""What gives away that nobody speaks: measures of the model, of the sound, and of how fast words come.

A stock phrase (`stock.py`) takes such evidence; so does what a model said over and over, or in another
language than it was asked for.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import eq
from typing import TYPE_CHECKING

from bot.engines import Doubt
from bot.evidence.spoken import said_in
from bot.evidence.stock import is_elsewhere, is_farewell, is_sound, stock_phrases
from bot.language import is_english

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.engines import Segment
    from bot.piece import Piece

# Whisper's own rule: neither of the two says anything alone. A real, correct translation had 0.815.
SILENCE_NO_SPEECH, SILENCE_LOGPROB = 0.6, -1.0
# Endpoints refuse what is shorter: nobody says a word in it.
LEAST_SECONDS = 0.1
# Of 500 recordings, a real "thank you" was never above.
STOCK_NO_SPEECH = 0.06
DOUBTFUL_LOGPROB, DOUBTFUL_COMPRESSION = -1.0, 2.4
# Where the model thinks that nobody spoke, it is less to be believed.
UNSURE_LOGPROB = -0.5
# What vLLM fills in for a metric that it does not know.
UNKNOWN = frozenset({None, -1.0})
# Slower than anybody speaks: a few words over the whole of a window of sound.
SLOW_SECONDS, SLOW_LETTERS_PER_SECOND = 10.0, 0.5
# A segment with so much of its piece was timed by nobody.
UNTIMED = 0.95
# Faster than anybody speaks.
FAST_LETTERS_PER_SECOND = 50.0
# Sound that is barely above nothing, and sound in which nothing stands out, or little does: a voice in a
# quiet room rises by 20 or more.
FAINT_DB, FLAT_DB, LOW_DB = -65.0, 4.0, 8.0
# What people say again and again can be packed as small as a loop; then they are heard, though.
PACKED_NO_SPEECH = 0.3
# So often in a row, each lends its evidence to the others.
FAREWELLS_IN_A_ROW, COURTESIES_IN_A_ROW = 2, 5
# What comes less often in a row is no loop.
LEAST_OF_A_LOOP = 3


def speech_in(segments: Sequence[Segment], piece: Piece) -> tuple[Segment, ...]:
    """Leave out the segments in which nobody speaks. What has no metrics is kept, save it is stock."""
    if 0 < piece.seconds <= LEAST_SECONDS:
        return ()
    heard = [one for one in segments if not (_is_silence(one) or is_sound(one.text))]
    stock = [stock_phrases(one.text) for one in heard]
    alone = all(stock)
    unsaid = {*_repeated(heard, stock, piece), *(_farewells_again(heard, stock) if alone else ())}
    return tuple(
        one
        for number, one in enumerate(heard)
        if not stock[number] or not (number in unsaid or is_given_away(one, piece, alone=alone))
    )


def _repeated(heard: Sequence[Segment], stock: Sequence[list[str]], piece: Piece) -> Iterator[int]:
    """Find the segments that say one stock phrase again and again, where most of them are given away."""
    said = [(phrase, number) for number, phrases in enumerate(stock) for phrase in phrases or [""]]
    for phrase, row in groupby(said, key=lambda one: one[0]):
        numbers = [number for _, number in row]
        least = FAREWELLS_IN_A_ROW if is_farewell(phrase) else COURTESIES_IN_A_ROW
        if phrase and len(numbers) >= least:
            given_away = sum(is_given_away(heard[number], piece, alone=True) for number in numbers)
            yield from numbers if 2 * given_away > len(numbers) else ()


def _farewells_again(heard: Sequence[Segment], stock: Sequence[list[str]]) -> Iterator[int]:
    """Find the farewells that come again in a piece that has nothing else: nobody ends a video twice."""
    often = Counter(phrase for phrases in stock for phrase in phrases if is_farewell(phrase))
    for number, phrases in enumerate(stock):
        if not _has_metrics(heard[number]) and any(often[phrase] >= FAREWELLS_IN_A_ROW for phrase in phrases):
            yield number


def is_invented_loop(heard: Sequence[Segment], told: Sequence[Segment], piece: Piece) -> bool:
    """Say whether all that was heard is one loop, of which `told` is left, and something gives it away.

    Of its own loops a model is quite sure, so that Whisper's rule never meets them.
    """
    left, words = ([word for one in some for word in said_in(one.text)] for some in (told, heard))
    # The beginning of one more may be left, too.
    longest = min(len(left), len(words) // LEAST_OF_A_LOOP) if len(left) < len(words) else 0
    if not any(all(map(eq, words, words[size:])) for size in range(1, longest + 1)):
        return False
    return is_invented(heard, told, piece) or all(
        (one.no_speech_prob or 0.0) > SILENCE_NO_SPEECH for one in told
    )


def is_invented(heard: Sequence[Segment], told: Sequence[Segment], piece: Piece) -> bool:
    """Say whether something gives away all of a text that is doubtful already: a loop, or not English.

    `heard` is what came, `told` what is left of it. Other than of a stock phrase, of real speech the model
    may think that nobody spoke: that alone is not enough.
    """
    seconds = max([piece.seconds, *(one.end_seconds for one in heard)])
    letters = sum(map(_letters, heard))
    return (
        _has_no_voice(piece)
        or 0 < seconds * FAST_LETTERS_PER_SECOND < letters
        or all(is_doubtful(one) or _is_packed_silence(one) or _has_odd_pace(one, piece) for one in told)
    )


def is_left_over(told: Sequence[Segment]) -> bool:
    """Say whether there is nothing but stock phrases of other languages, and no metrics to believe them by.

    Nobody's speech becomes "Vielen Dank fürs Zuschauen" in English. Thanks in Latin letters may be said.
    """
    phrases = [phrase for one in told for phrase in stock_phrases(one.text) or [""]]
    return (
        not any(map(_has_metrics, told))
        and all(map(is_elsewhere, phrases))
        and (any(map(is_farewell, phrases)) or is_english(" ".join(one.text for one in told)) is False)
    )


def is_doubtful(segment: Segment) -> bool:
    """Say whether the model itself was not sure of what it wrote, or that anybody spoke."""
    logprob = segment.avg_logprob
    if logprob is None or logprob in UNKNOWN:
        return False
    is_quiet = (segment.no_speech_prob or 0.0) > SILENCE_NO_SPEECH
    return logprob < (UNSURE_LOGPROB if is_quiet else DOUBTFUL_LOGPROB)


def _is_silence(segment: Segment) -> bool:
    """Apply Whisper's rule; what vLLM fills in is not below it."""
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
        or (alone and _has_odd_pace(segment, piece))
        or _has_no_voice(piece)
    )


def _has_no_voice(piece: Piece) -> bool:
    """Say whether a piece's sound is flat or faint."""
    return (piece.rise_db is not None and piece.rise_db < FLAT_DB) or (
        piece.loud_db is not None and piece.loud_db < FAINT_DB
    )


def _has_bad_metrics(segment: Segment, *, alone: bool) -> bool:
    no_speech, logprob, ratio = segment.no_speech_prob, segment.avg_logprob, segment.compression_ratio
    if logprob is not None and logprob < DOUBTFUL_LOGPROB:
        return True
    if ratio is not None and ratio > DOUBTFUL_COMPRESSION:
        return True
    if no_speech is None or logprob in UNKNOWN:
        return False
    # A pause before a real "thank you" raises this for it, too.
    return no_speech >= (STOCK_NO_SPEECH if alone else SILENCE_NO_SPEECH)


def _is_packed_silence(segment: Segment) -> bool:
    ratio, no_speech = segment.compression_ratio or 0.0, segment.no_speech_prob or 0.0
    return ratio > DOUBTFUL_COMPRESSION and no_speech > PACKED_NO_SPEECH


def _has_odd_pace(segment: Segment, piece: Piece) -> bool:
    """Say whether nobody speaks so slowly, or so fast; what has good metrics is believed.

    What is left of a loop has the time of all of it. A segment as long as its piece was timed by nobody:
    there somebody may say two words in a minute, if anything stands out from the rest.
    """
    if _has_metrics(segment) or segment.doubt is Doubt.LOOP:
        return False
    seconds = segment.end_seconds - segment.start_seconds
    letters = _letters(segment)
    is_slow = seconds >= SLOW_SECONDS and letters < SLOW_LETTERS_PER_SECOND * seconds
    is_low = piece.rise_db is not None and piece.rise_db < LOW_DB
    is_timed = seconds < UNTIMED * piece.seconds
    return (is_slow and (is_timed or is_low)) or 0 < seconds * FAST_LETTERS_PER_SECOND < letters


def _has_metrics(segment: Segment) -> bool:
    return segment.no_speech_prob is not None and segment.avg_logprob not in UNKNOWN


def _letters(segment: Segment) -> int:
    return sum(map(str.isalnum, segment.text))
