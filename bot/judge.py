"""Is this text to be believed? Pure functions over what the engine gave back and what was measured."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.engines import Doubt, Segment
from bot.evidence.echo import is_echo, is_short_echo, without_prompt
from bot.evidence.loops import cut_loops
from bot.evidence.nothing_said import (
    DOUBTFUL_COMPRESSION,
    is_doubtful,
    is_given_away,
    is_invented,
    is_invented_loop,
    is_left_over,
    speech_in,
)
from bot.evidence.spoken import amount, said_in
from bot.join import SENTENCE_ENDS
from bot.language import has_english, is_english

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


def judge_piece(translation: Translation, piece: Piece, ask: Ask, *, is_second: bool = False) -> Judged:
    """Judge the translation of one piece: take out what nobody said, mark what is doubtful.

    Where that changes anything, the text is what the segments say, with a space between them.
    `is_second`: it was asked for without the prompt that `ask` has. Then only what is nearly all of that is
    an echo, and taken out of the rest; a part of it was said.
    """
    segments = _segments_of(translation, piece)
    heard = speech_in(segments, piece)
    told = _without_loops(heard, piece)
    no_speech = Judged(Verdict.NO_SPEECH, replace(translation, text="", segments=(), original=""))
    if not told or is_invented_loop(heard, told, piece) or is_left_over(told):
        return no_speech
    if is_second:
        told = _without_prompt(heard, piece, ask)
    if not told or _came_back(translation, heard, told, piece, ask, is_second=is_second):
        return Judged(Verdict.ECHO, translation)
    is_foreign = [is_english(segment.text) is False for segment in told]
    if _is_mostly_foreign(told, is_foreign):
        is_unsaid = is_invented(heard, told, piece)
        return no_speech if is_unsaid else Judged(Verdict.NOT_ENGLISH, translation)
    is_part = is_second and is_echo(_text_of(told), ask)
    marked = tuple(
        replace(
            segment,
            original=_original_of(segment.original, ask, is_second=is_second),
            doubt=segment.doubt or _doubt_of(segment, ask, is_foreign=foreign, is_part=is_part),
        )
        for segment, foreign in zip(told, is_foreign, strict=True)
    )
    original = _original_of_all(translation, segments, marked, piece, ask)
    if marked != segments or original != translation.original:
        translation = replace(translation, text=_text_of(marked), segments=marked, original=original)
    is_doubtful_echo = is_short_echo(translation.text, ask) or is_short_echo(translation.original, ask)
    return Judged(Verdict.MAYBE_ECHO if is_doubtful_echo else Verdict.GOOD, translation)


def judge_original(text: str, piece: Piece, ask: Ask) -> str:
    """Leave of words as they were said, which came by themselves, what somebody may have said.

    A part of the prompt goes, too, since nobody hears it a second time.
    """
    # It has no times: how fast somebody speaks says nothing of it.
    heard = speech_in((Segment(0.0, 0.0, text),), piece)
    left = _text_of(_without_prompt(heard, piece, ask))
    return "" if is_echo(left, ask) else left


def _segments_of(translation: Translation, piece: Piece) -> tuple[Segment, ...]:
    """Give segments that hold all of the text: where the engine's do not, one does."""
    segments = translation.segments
    if "".join(translation.text.split()) != "".join("".join(one.text for one in segments).split()):
        segments = (Segment(0.0, piece.seconds, translation.text),)
    return tuple(segment for segment in segments if segment.text)


def _text_of(segments: Sequence[Segment]) -> str:
    return " ".join(segment.text for segment in segments)


def _without_loops(segments: tuple[Segment, ...], piece: Piece) -> tuple[Segment, ...]:
    """Cut all loops; what is left of one may be a stock phrase."""
    while (shorter := speech_in(cut_loops(segments), piece)) != segments:
        segments = shorter
    return segments


def _without_prompt(segments: tuple[Segment, ...], piece: Piece, ask: Ask) -> tuple[Segment, ...]:
    """Take out the prompt, also where it is all of a loop, or repeats itself, and the loops of the rest."""
    segments = without_prompt(segments, ask)
    while (shorter := without_prompt(_without_loops(segments, piece), ask)) != segments:
        segments = shorter
    return segments


def _came_back(  # noqa: PLR0913 -- what is judged, before and after the cuts, and by what
    translation: Translation,
    heard: Sequence[Segment],
    told: Sequence[Segment],
    piece: Piece,
    ask: Ask,
    *,
    is_second: bool,
) -> bool:
    """Say whether the prompt came back, in English or as it was said, and nearly nothing else."""
    originals: Sequence[Segment] = [replace(one, text=one.original) for one in told if one.original]
    if translation.original and not originals:
        originals = [Segment(0.0, piece.seconds, translation.original)]
    if is_second:
        is_original = bool(originals) and not without_prompt(originals, ask)
        return is_original or _is_given_away_echo(told, piece, ask)
    return any(_is_all_echo(some, piece, ask) for some in (heard, told, originals) if some)


def _is_all_echo(segments: Sequence[Segment], piece: Piece, ask: Ask) -> bool:
    """Say whether the prompt came back, in all of the text or in most of it."""
    text = _text_of(segments)
    if is_echo(text, ask) or _is_given_away_echo(segments, piece, ask):
        return True
    most = MOST_OF_ALL * amount(said_in(text))
    return any(amount(said_in(one.text)) >= most and is_echo(one.text, ask) for one in segments)


def _is_given_away_echo(segments: Sequence[Segment], piece: Piece, ask: Ask) -> bool:
    """Say whether all there is is a short prompt, that somebody may well have said, but did not."""
    return is_short_echo(_text_of(segments), ask) and all(
        is_given_away(segment, piece, alone=True) for segment in segments
    )


def _is_mostly_foreign(segments: Sequence[Segment], is_foreign: Sequence[bool]) -> bool:
    """Say whether more than half of the letters are not English; short segments are judged together.

    Somebody who quotes or spells something says it in English: that segment may be marked, but counts as
    English.
    """
    letters = [sum(map(str.isalpha, segment.text)) for segment in segments]
    foreign, before = 0, ""
    for segment, count, yes in zip(segments, letters, is_foreign, strict=True):
        foreign += count if yes and not has_english(f"{before} {segment.text}") else 0
        # A sentence goes on in the next segment.
        before = "" if segment.text.endswith(tuple(SENTENCE_ENDS)) else segment.text
    if 2 * foreign > sum(letters):
        return True
    text = _text_of(segments)
    rest = [one.text for one, yes in zip(segments, is_foreign, strict=True) if not yes]
    return is_english(text) is False and is_english(" ".join(rest)) is not True and not has_english(text)


def _doubt_of(segment: Segment, ask: Ask, *, is_foreign: bool, is_part: bool) -> Doubt:
    """Say why a segment is doubtful; `is_part`: it is a part of the prompt together with the others."""
    if is_foreign:
        return Doubt.FOREIGN
    # In the midst of speech the prompt may come back over a pause, or somebody may have said it.
    is_echoing = is_part or is_echo(segment.text, ask) or is_echo(segment.original, ask)
    return Doubt.UNSURE if is_echoing or is_doubtful(segment) or _is_packed(segment) else Doubt.NONE


def _original_of(text: str, ask: Ask, *, is_second: bool) -> str:
    """Cut what was said over and over in the words as they were said, and the prompt as in the English."""
    segments = cut_loops((Segment(0.0, 0.0, text),))
    return _text_of(without_prompt(segments, ask) if is_second else segments)


def _original_of_all(
    translation: Translation, before: Sequence[Segment], after: Sequence[Segment], piece: Piece, ask: Ask
) -> str:
    """Give the words as they were said that belong to what stays."""
    told, left = ([one.original for one in some if one.original] for some in (before, after))
    if not translation.original or told == left != []:
        return translation.original
    return " ".join(left) if told else judge_original(translation.original, piece, ask)


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
