"""Where nobody speaks, nothing is posted; where somebody does, not a word is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.engines import Ask, Doubt, Segment, Translation
from bot.evidence.stock import is_farewell, is_sound, stock_phrases
from bot.judge import Verdict, judge_piece
from judging import answer, judged, left_of, piece, timed
from sentences import ENGLISH


def said(
    text: str,
    seconds: float = 2.0,
    *,
    no_speech: float | None = None,
    logprob: float | None = None,
    ratio: float | None = None,
) -> Segment:
    """Give one segment with these metrics."""
    return Segment(0.0, seconds, text, no_speech, logprob, ratio)


STOCK = [
    "Thank you for watching!",
    "Thanks for watching.",
    "Thank you so much for watching, and see you in the next video!",
    "Please subscribe.",
    "Please like and subscribe to my channel!",
    "Like, share and subscribe!",
    "Don't forget to subscribe!",
    "Don’t forget to like and subscribe and hit the bell.",  # noqa: RUF001 -- the apostrophe is meant
    "See you next time. Bye!",
    "I'll see you in the next video.",
    "Subtitles by the Amara.org community",
    "Captions by John Smith",
    "Translated by Jane Doe",
    "To be continued...",
    "Thank you.",
    "THANK YOU VERY MUCH!",
    "Bye.",
    "Bye-bye.",
    "you",
]


@pytest.mark.parametrize("text", STOCK)
@pytest.mark.parametrize(
    ("segment", "sound"),
    [
        pytest.param({"no_speech": 0.06, "logprob": -0.4}, piece(), id="not quite speech"),
        pytest.param({"logprob": -1.2}, piece(), id="the model unsure"),
        pytest.param({"ratio": 3.1}, piece(), id="over and over"),
        pytest.param({"seconds": 120.0}, piece(seconds=120.0), id="far too slow"),
        pytest.param({"seconds": 0.03}, piece(), id="far too fast"),
        pytest.param({}, piece(rise_db=2.0, loud_db=-30.0), id="nothing stands out"),
        pytest.param({}, piece(loud_db=-69.0, rise_db=20.0), id="hardly any sound"),
    ],
)
def test_stock_phrases_with_evidence_are_no_speech(
    text: str, segment: dict[str, float], sound: object
) -> None:
    """What models say to silence is dropped where anything else says so, too."""
    found = judge_piece(answer(said(text, **segment)), sound, Ask())  # type: ignore[arg-type]  # a piece
    assert found.verdict is Verdict.NO_SPEECH
    assert found.translation == Translation("", (), "req-1", "", "de", "translations")


@pytest.mark.parametrize("text", [*STOCK, "No.", "Yes", "7", "0176 555 0142", "はい"])
@pytest.mark.parametrize(
    "segment",
    [
        pytest.param({}, id="no metrics"),
        pytest.param({"no_speech": 0.02, "logprob": -0.3, "ratio": 0.9}, id="good metrics"),
        pytest.param({"no_speech": 0.02, "logprob": -1.0, "ratio": -1.0}, id="placeholders"),
        pytest.param({"no_speech": 0.9, "logprob": -1.0}, id="a placeholder beside a number"),
    ],
)
def test_without_evidence_short_speech_is_kept(text: str, segment: dict[str, float]) -> None:
    """A real "thank you", "no" or number stays, and unmarked."""
    spoken = answer(said(text, **segment))
    assert judge_piece(spoken, piece(seconds=2.0, loud_db=-45.0, rise_db=14.0), Ask()).translation is spoken


def test_a_real_answer_that_looks_like_silence_is_kept() -> None:
    """The one real segment with no_speech_prob 0.815 and avg_logprob -0.34 stays, unmarked."""
    spoken = answer(said("They say it comes from the old town.", no_speech=0.815, logprob=-0.34, ratio=1.3))
    found = judge_piece(spoken, piece(), Ask())
    assert found.verdict is Verdict.GOOD
    assert found.translation is spoken


def test_whispers_own_rule() -> None:
    """What Whisper would have dropped is dropped, and the rest stays with its times."""
    real, none = said("My parcel is lost."), said("The weather is nice.", no_speech=0.7, logprob=-1.3)
    left = judged(real, none).translation
    assert (left.text, left.segments) == ("My parcel is lost.", (real,))
    assert (left.original, left.source_language, left.request_id) == ("wie gesagt", "de", "req-1")


@pytest.mark.parametrize(
    "text",
    [
        "[Music]",
        "(applause)",
        "♪♪",
        "♪ la la la ♪",
        "*coughs*",
        ".",
        "…",
        "[Music] (laughs) ...",
        "（拍手）",  # noqa: RUF001 -- full-width brackets are meant
        "【音楽】",
        "(speaking in foreign language)",
    ],
)
def test_names_of_sounds_are_no_speech(text: str) -> None:
    """Marks alone, and what stands in brackets, stars or notes, was not said."""
    assert judged(*timed(text)).verdict is Verdict.NO_SPEECH
    assert judged(*timed("It makes a noise.", text)).translation.text == "It makes a noise."


@pytest.mark.parametrize(
    "text",
    [
        "(555)",
        "[Music] Hello",
        "5 * 3 * 2",
        "(I have been waiting for my parcel for two weeks)",
        "♪ I have been waiting for you all of my life ♪",
    ],
)
def test_words_in_brackets_may_be_said(text: str) -> None:
    """Numbers, whole sentences and what stands beside the brackets stay."""
    assert judged(*timed(text)).translation.text == text


@pytest.mark.parametrize("sentence", ENGLISH)
def test_speech_is_kept_whole(sentence: str) -> None:
    """Whatever people say to a support desk is kept to the letter, without metrics and with good ones."""
    for spoken in (said(sentence, 6.0), said(sentence, 6.0, no_speech=0.05, logprob=-0.5, ratio=1.4)):
        assert judged(spoken).translation.segments == (spoken,)
    assert judge_piece(Translation(sentence), piece(seconds=6.0), Ask()).translation == Translation(sentence)


def test_a_thank_you_after_a_pause_stays() -> None:
    """At the end of real speech a pause raises the metric; only a farewell of videos is dropped by it."""
    real = said("I will call back tomorrow.", no_speech=0.1, logprob=-0.3)
    thanks = said("Thank you.", no_speech=0.2, logprob=-0.3)
    video = said("Thanks for watching!", no_speech=0.7, logprob=-0.3)
    assert judged(real, thanks, video).translation.text == "I will call back tomorrow. Thank you."


def test_slow_words_among_others_stay() -> None:
    """A lone "thank you" in a long stretch stays where something else is said."""
    slow = Segment(3.0, 40.0, "Thank you.")
    assert judged(*timed("My name is Ana."), slow).translation.text == "My name is Ana. Thank you."


def test_a_farewell_again_is_no_speech() -> None:
    """Nobody says the end of a video twice, and nothing else; beside other words it takes evidence."""
    again = timed("Thanks for watching!", "Thanks for watching!")
    assert judged(*again).verdict is Verdict.NO_SPEECH
    assert judged(*timed("Thanks for watching! Thanks for watching!")).verdict is Verdict.NO_SPEECH
    assert left_of(*again, *timed("The film is over."))[0][0] == "Thanks for watching!"
    sure = [replace(one, no_speech_prob=0.01, avg_logprob=-0.2) for one in again]
    assert judged(*sure).translation.segments == tuple(sure)


@pytest.mark.parametrize("text", ["Thank you for watching!", "Guten Tag, wie geht es?", "no", "Acme Pro."])
def test_nobody_speaks_in_a_moment(text: str) -> None:
    """In 0.05 s nothing can be said, whatever the endpoint writes."""
    assert judged(*timed(text), sound=piece(seconds=0.05)).verdict is Verdict.NO_SPEECH
    assert judged(*timed("No."), sound=piece(seconds=0.3)).verdict is Verdict.GOOD


def test_a_text_that_its_segments_lack_is_judged_as_one() -> None:
    """Where a gateway dropped segments, no word of the text is lost."""
    half = Translation("My parcel is lost. Thank you.", timed("Thank you."))
    assert judge_piece(half, piece(rise_db=1.0), Ask()).translation is half
    only = Translation("Thanks for watching!", timed("Thanks"))
    assert judge_piece(only, piece(), Ask()).verdict is Verdict.NO_SPEECH


def test_no_text_is_no_speech() -> None:
    """An empty answer stays empty."""
    assert judge_piece(Translation(""), piece(), Ask()).verdict is Verdict.NO_SPEECH
