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

if TYPE_CHECKING:
    from bot.piece import Piece


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
    "Please subscribe to our channel and hit the notification bell.",
    "If you enjoyed this video, please like and subscribe.",
    "I hope you enjoyed this video.",
    "www.mooji.org",
    "Silence.",
    "(I need help)",
    "*thank you*",
]
STOCK_ELSEWHERE = ["Vielen Dank fürs Zuschauen!", "Untertitelung des ZDF, 2020"]


@pytest.mark.parametrize("text", [*STOCK, *STOCK_ELSEWHERE])
@pytest.mark.parametrize(
    ("segment", "sound"),
    [
        pytest.param({"no_speech": 0.06, "logprob": -0.4}, piece(), id="not quite speech"),
        pytest.param({"logprob": -1.2}, piece(), id="the model unsure"),
        pytest.param({"ratio": 3.1}, piece(), id="over and over"),
        pytest.param({"seconds": 120.0}, piece(seconds=180.0), id="far too slow"),
        pytest.param({"seconds": 120.0}, piece(seconds=120.0, rise_db=6.0), id="far too slow over music"),
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


@pytest.mark.parametrize("text", [*STOCK, "[My name is Ana Souza]", "No.", "7", "0176 555 0142", "はい"])
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
        "[speaks German]",
        "[BLANK_AUDIO]",
        "(upbeat music playing)",
        "[Phone ringing]",
        "(audience laughing)",
        "[Musique]",
        "(笑)",
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
        "(I need help)",
        "[My name is Ana Souza]",
        "*thank you*",
        "[Music] [I cannot hear you]",
        "♪ thank you ♪",
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
    assert judge_piece(only, piece(rise_db=6.0), Ask()).verdict is Verdict.NO_SPEECH


def test_no_text_is_no_speech() -> None:
    """An empty answer stays empty."""
    assert judge_piece(Translation(""), piece(), Ask()).verdict is Verdict.NO_SPEECH


def metered(text: str, at: int, no_speech: float, logprob: float, ratio: float = 1.4) -> Segment:
    """Give a segment of three seconds, so many after the beginning, with these metrics."""
    return Segment(3.0 * at, 3.0 * at + 3.0, text, no_speech, logprob, ratio)


def test_thanks_all_over_a_call_stay() -> None:
    """Whoever says "Thank you." five times in a call, and is heard well, keeps all five."""
    texts = ["Where is it?", "Thank you.", "And when?", "Thank you.", "Who?", "Thank you.", "Why so?"]
    call = [metered(text, at, 0.01, -0.2) for at, text in enumerate([*texts, *["Thank you."] * 5])]
    assert judged(*call).translation.segments == tuple(call)
    assert judged(*timed(*texts, "Thank you.", "Bye.", "Thank you.")).verdict is Verdict.GOOD


def test_thanks_in_a_row_stay() -> None:
    """Five in a row, heard well or without metrics, do not make a piece silent."""
    sure = [metered("Thank you.", at, 0.01, -0.2) for at in range(5)]
    assert judged(*sure).translation.segments == tuple(sure)
    for many in (5, 20):
        assert left_of(*timed(*["Thank you."] * many)) == [("Thank you.", Doubt.LOOP)]
    assert left_of(Segment(0.0, 30.0, "Thank you. " * 12)) == [("Thank you.", Doubt.LOOP)]


def test_a_row_lends_its_evidence() -> None:
    """What is said again and again goes together, where most of it is given away."""
    row = [metered("Thank you.", at, 0.3 if at else 0.01, -0.2) for at in range(5)]
    other = metered("I need a new part for it.", 6, 0.01, -0.2)
    assert judged(*row, other).translation.segments == (other,)
    good = [metered("Thank you.", at, 0.01 if at else 0.3, -0.2) for at in range(5)]
    assert judged(*good, other).translation.segments == (*good, other)


LOOPS = [
    pytest.param(
        [metered("I am going home.", at, 0.9, -0.1, 9.0) for at in range(9)], piece(), id="segments"
    ),
    pytest.param([said("I am going home. " * 9 + "I am", no_speech=0.7, logprob=-0.1)], piece(), id="one"),
    pytest.param(timed(*["I am going home."] * 9), piece(rise_db=3.2), id="flat sound"),
    pytest.param(timed(*["I am going home."] * 9), piece(loud_db=-70.0), id="faint sound"),
]


@pytest.mark.parametrize(("segments", "sound"), LOOPS)
def test_a_loop_that_is_given_away_is_no_speech(segments: list[Segment], sound: Piece) -> None:
    """A model is sure of its own loops: that it thinks nobody spoke, or that the sound is flat, is enough."""
    assert judged(*segments, sound=sound).verdict is Verdict.NO_SPEECH


@pytest.mark.parametrize(("segments", "sound"), LOOPS)
def test_words_beside_a_loop_keep_it(segments: list[Segment], sound: Piece) -> None:
    """Where anything else is said, the loop stays once, and so it does where nothing speaks against it."""
    more = Segment(40.0, 43.0, "Where is my order?", 0.01, -0.2, 1.2)
    assert [doubt for _, doubt in left_of(*segments, more, sound=sound)] == [Doubt.LOOP, Doubt.NONE]
    fine = [replace(one, no_speech_prob=0.1) for one in segments]
    assert [doubt for _, doubt in left_of(*fine)] == [Doubt.LOOP]


@pytest.mark.parametrize(
    "text",
    [
        "Please like, share and subscribe to our channel!",
        "Thank you for watching until the end.",
        "Untertitel der Amara.org-Community",
        "Untertitel im Auftrag des ZDF für funk, 2017",
        "Das war's für heute. Bis zum nächsten Mal!",
        "¡Gracias por ver el video!",
        "Subtítulos realizados por la comunidad de Amara.org",
        "Obrigado por assistir!",
        "Legendas pela comunidade Amara.org",
        "Merci d'avoir regardé cette vidéo !",
        "Sous-titrage ST' 501",
        "Субтитры создавал DimaTorzok",
        "Продолжение следует...",
        "ご視聴ありがとうございました。",
        "시청해주셔서 감사합니다.",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "字幕by索兰娅",
        "İzlediğiniz için teşekkür ederim.",
        "Altyazı M.K.",  # noqa: RUF001 -- Turkish
    ],
)
def test_how_videos_end_is_known_in_many_languages(text: str) -> None:
    """An engine that writes down instead of translating says those; without evidence they stay."""
    phrases = stock_phrases(text)
    assert phrases
    assert all(map(is_farewell, phrases))
    assert judged(said(text, no_speech=0.3, logprob=-0.4)).verdict is Verdict.NO_SPEECH


@pytest.mark.parametrize("text", ["Vielen Dank.", "Gracias", "Merci !", "Спасибо.", "谢谢。", "Teşekkürler"])
def test_courtesies_are_known_in_many_languages(text: str) -> None:
    """Thanks are what models say to silence, and people to each other, in any language."""
    assert stock_phrases(text)
    assert not any(map(is_farewell, stock_phrases(text)))


@pytest.mark.parametrize(
    "text",
    [
        "I want to subscribe to the newsletter of your shop.",
        "Untertitel fehlen in meinem Film.",
        "Copyright is my question.",
        "I hope you can help me.",
        "Please hit the button.",
        "The music is too loud.",
        "(the music is too loud on hold)",
    ],
)
def test_what_only_begins_like_a_stock_phrase_is_none(text: str) -> None:
    """Words of videos are words of people, too."""
    assert stock_phrases(text) == []
    assert not is_sound(text)
