"""Is this text to be believed? Pure functions over what the engine gave back and what was measured."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.engines import Doubt, Segment
from bot.evidence.echo import is_echo, is_short_echo
from bot.evidence.loops import cut_loops
from bot.evidence.nothing_said import DOUBTFUL_COMPRESSION, DOUBTFUL_LOGPROB, is_given_away, speech_in
from bot.evidence.spoken import amount, said_in
from bot.language import is_english

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.engines import Ask, Translation
    from bot.join import Whole
    from bot.piece import Piece


# Steady noise of any colour and hum rise by less: by 2.3 at most in a short piece, by 2.9 in one of five
# minutes, sometimes more after a codec that saves much. Of 3552 recordings of people none rises by less
# than 3.6, and over noise as loud as the voice no sentence does; a single letter may.
LEAST_RISE_DB = 3.0
# A segment with so much of the words speaks for all of them.
MOST_OF_ALL = 2 / 3
# Short text says nothing by how well it can be packed; Whisper reckons over about so much.
LEAST_TO_PACK, MOST_TO_PACK = 50, 400


class Verdict(StrEnum):
    """What may be posted of a translation."""

    GOOD = "good"
    NO_SPEECH = "no_speech"
    UNHEARD = "unheard"  # what was heard has no words, and not all was
    ECHO = "echo"  # of the prompt
    MAYBE_ECHO = "maybe_echo"  # so short that people may well have said it: to be heard without the prompt
    NOT_ENGLISH = "not_english"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be thought of a piece's translation, and what is left of it: all of it, where it is good.

    Of a translation that is no speech nothing is left; one that is an echo or not English stays as it was.
    """

    verdict: Verdict
    translation: Translation


def may_be_speech(piece: Piece) -> bool:
    """Say whether what was measured of a piece's sound can be speech; steady noise and hum cannot."""
    return piece.rise_db is None or piece.rise_db >= LEAST_RISE_DB


def judge_piece(translation: Translation, piece: Piece, ask: Ask) -> Judged:
    """Judge the translation of one piece: take out what nobody said, mark what is doubtful.

    Where that changes anything, the text is what the segments say, with a space between them.
    """
    segments = _segments_of(translation, piece)
    heard = speech_in(segments, piece)
    told = heard
    while (shorter := speech_in(cut_loops(told), piece)) != told:
        told = shorter
    if not told:
        return Judged(Verdict.NO_SPEECH, replace(translation, text="", segments=(), original=""))
    if _is_all_echo(heard, piece, ask) or _is_all_echo(told, piece, ask):
        return Judged(Verdict.ECHO, translation)
    is_foreign = [is_english(segment.text) is False for segment in told]
    if _is_mostly_foreign(told, is_foreign):
        return Judged(Verdict.NOT_ENGLISH, translation)
    marked = tuple(
        replace(segment, doubt=segment.doubt or _doubt_of(segment, ask, is_foreign=foreign))
        for segment, foreign in zip(told, is_foreign, strict=True)
    )
    if marked != segments:
        text = " ".join(segment.text for segment in marked)
        translation = replace(translation, text=text, segments=marked)
    is_doubtful = is_short_echo(translation.text, ask)
    return Judged(Verdict.MAYBE_ECHO if is_doubtful else Verdict.GOOD, translation)


def _segments_of(translation: Translation, piece: Piece) -> tuple[Segment, ...]:
    """Give segments that hold all of the text: where the engine's do not, one does."""
    segments = translation.segments
    if "".join(translation.text.split()) != "".join("".join(one.text for one in segments).split()):
        segments = (Segment(0.0, piece.seconds, translation.text),)
    return tuple(segment for segment in segments if segment.text)


def _is_all_echo(segments: Sequence[Segment], piece: Piece, ask: Ask) -> bool:
    """Say whether the prompt came back, in all of the text or in most of it."""
    text = " ".join(segment.text for segment in segments)
    if is_echo(text, ask):
        return True
    if is_short_echo(text, ask):
        # "Acme Pro." may be what somebody said, and all that the prompt holds.
        return all(is_given_away(segment, piece, alone=True) for segment in segments)
    most = MOST_OF_ALL * amount(said_in(text))
    return any(amount(said_in(one.text)) >= most and is_echo(one.text, ask) for one in segments)


def _is_mostly_foreign(segments: Sequence[Segment], is_foreign: Sequence[bool]) -> bool:
    """Say whether more than half of the letters are not English; short segments are judged together."""
    letters = [sum(map(str.isalpha, segment.text)) for segment in segments]
    foreign = sum(count for count, yes in zip(letters, is_foreign, strict=True) if yes)
    if 2 * foreign > sum(letters):
        return True
    rest = [one.text for one, yes in zip(segments, is_foreign, strict=True) if not yes]
    return (
        is_english(" ".join(one.text for one in segments)) is False and is_english(" ".join(rest)) is not True
    )


def _doubt_of(segment: Segment, ask: Ask, *, is_foreign: bool) -> Doubt:
    if is_foreign:
        return Doubt.FOREIGN
    logprob = segment.avg_logprob
    is_unsure = (logprob is not None and logprob < DOUBTFUL_LOGPROB) or _is_packed(segment)
    # In the midst of speech the prompt may come back over a pause, or somebody may have said it.
    return Doubt.UNSURE if is_unsure or is_echo(segment.text, ask) else Doubt.NONE


def _is_packed(segment: Segment) -> bool:
    """Say whether a text repeats itself so much that it can be packed small, as Whisper reckons it."""
    if len(segment.text) < LEAST_TO_PACK:
        return False
    if segment.compression_ratio not in {None, -1.0}:
        return (segment.compression_ratio or 0.0) > DOUBTFUL_COMPRESSION
    starts = range(0, len(segment.text), MOST_TO_PACK)
    stretches = [segment.text[start : start + MOST_TO_PACK].encode("utf-8", "replace") for start in starts]
    return any(
        len(one) / len(zlib.compress(one)) > DOUBTFUL_COMPRESSION
        for one in stretches
        if len(one) >= LEAST_TO_PACK
    )


def judge(whole: Whole) -> Verdict:
    """Say whether the text is speech. Text without a single letter or digit is none.

    Servers answer an empty text, or a lone "." or "♪", for a recording in which nobody speaks. Whether
    somebody does in a piece that could not be translated, nobody knows.
    """
    if any(character.isalnum() for character in whole.text):
        return Verdict.GOOD
    return Verdict.UNHEARD if whole.gaps else Verdict.NO_SPEECH
