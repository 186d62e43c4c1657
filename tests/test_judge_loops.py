"""What is said over and over is shown once and marked; what people repeat themselves stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.engines import Ask, Doubt, Segment, Translation
from bot.evidence.loops import cut_loops
from bot.judge import judge_piece
from judging import judged, left_of, piece, timed


@pytest.mark.parametrize(
    ("texts", "once"),
    [
        pytest.param(["I am here."] * 3, ["I am here."], id="a segment three times"),
        pytest.param(["I am here. I am here. I am here."], ["I am here."], id="a sentence in one"),
        pytest.param(
            ["Hello. I am here.", "I am here.", "I am here. I am here. And now this."],
            ["Hello. I am here.", "And now this."],
            id="from the midst of one to the midst of another",
        ),
        pytest.param(
            ["Yes, I know.", "No, you don't."] * 3, ["Yes, I know.", "No, you don't."], id="by turns"
        ),
        pytest.param(
            ["we went to the shop and " * 5 + "we went"], ["we went to the shop and"], id="no stops"
        ),
        pytest.param(["so " + "you know " * 20 + "it broke"], ["so you know it broke"], id="two words"),
        pytest.param(["ha " * 40], ["ha"], id="one word"),
        pytest.param(["Okay."] * 15, ["Okay."], id="one word, in segments"),
        pytest.param(["1 " * 60], ["1"], id="a number far too often"),
        pytest.param(["もう一度お願いします" * 6], ["もう一度お願いします"], id="without spaces"),
        pytest.param(
            ["もう一度お願いします"] * 6, ["もう一度お願いします"], id="without spaces, in segments"
        ),
    ],
)
def test_a_loop_is_cut_to_one(texts: list[str], once: list[str]) -> None:
    """The same again and again stays once, with a mark on it, in any script."""
    left = cut_loops(timed(*texts))
    assert [one.text for one in left] == once
    assert Doubt.LOOP in {one.doubt for one in left}


@pytest.mark.parametrize(
    "texts", [["もう一度お願いします" * 6 + " Please say it again, I could not hear you."]]
)
def test_a_loop_without_spaces_is_cut(texts: list[str]) -> None:
    """Japanese is written without spaces, and loops all the same."""
    ((text, doubt),) = left_of(*timed(*texts))
    assert text == "もう一度お願いします Please say it again, I could not hear you."
    assert doubt is Doubt.LOOP


def test_the_one_has_the_time_of_all() -> None:
    """Whoever wants to hear what was said over and over finds all of it, and what follows keeps its time."""
    before, *loop, after = timed("Hello there.", *["I am here."] * 4, "And now this.")
    first, second, third = judged(before, *loop, after).translation.segments
    assert (first, third) == (before, after)
    assert (second.start_seconds, second.end_seconds) == (loop[0].start_seconds, loop[-1].end_seconds)


def test_the_time_ends_where_the_next_words_begin() -> None:
    """A segment in which the loop ends, and something else is said, keeps its time."""
    segments = timed("I am here.", "I am here.", "I am here. And now this.")
    loop, rest = judged(*segments).translation.segments
    assert (loop.text, loop.start_seconds, loop.end_seconds) == ("I am here.", 0.0, 6.0)
    assert (rest.text, rest.start_seconds, rest.end_seconds) == ("And now this.", 6.0, 9.0)


@pytest.mark.parametrize(
    "text",
    [
        "No, no, no.",
        "No! No! No! No!",
        "Thank you. Thank you. Thank you.",
        "Hold on, hold on, wait, wait, wait, let me check.",
        "It is very, very, very, very late.",
        "five five five five",
        "Zero zero zero zero, double oh, oh, oh, oh.",
        "0000 0000 0000 0000",
        "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        "One. Two. Three. Item one. Item two. Item three. Room 1, room 2, room 3, room 4, room 5.",
        "One two three. One two three. One two three.",
        "I know it. I know it. I know it was wrong.",
        "I came, I saw, I left. I came, I saw, I left.",
        "Happy birthday to you, happy birthday to you, happy birthday dear Maria.",
        "50 euros. 50 euros. 50 euros. 50 euros.",
        "Error E five. Error E five. Error E five. Error E five.",
        "Plan B failed. Plan B failed. Plan B failed. Plan B failed.",
        "Room 12, one night. Room 12, one night. Room 12, one night.",
    ],
)
def test_what_people_repeat_stays(text: str) -> None:
    """Short repetitions, numbers and lists are said in good faith."""
    assert judged(*timed(text)).translation.segments == timed(text)


def test_a_number_said_again_and_again_stays() -> None:
    """Whoever repeats a telephone number wants it to be written down."""
    segments = timed("555 0142, " * 8, "five five five oh one four two, " * 8)
    assert cut_loops(segments) == segments


def test_a_text_without_times_loops_too() -> None:
    """Where an endpoint tells no times, the one segment that is made stands for all of the piece."""
    looped = Translation("My parcel is lost. " + "I am here. " * 9 + "Goodbye then.", (), "req-1")
    left = judge_piece(looped, piece(seconds=30.0), Ask()).translation
    assert left.text == "My parcel is lost. I am here. Goodbye then."
    assert [(one.start_seconds, one.end_seconds, one.doubt) for one in left.segments] == [(0, 30, Doubt.LOOP)]


def test_a_long_loop_is_cut_in_one_go() -> None:
    """A loop of thousands of words leaves one."""
    assert judged(*timed(" ".join(["well"] * 5_000)), sound=piece(seconds=3_000.0)).translation.text == "well"


def metered(text: str, times: int, no_speech: float | None, logprob: float | None) -> tuple[Segment, ...]:
    """Give the same segment so often, with these metrics."""
    return tuple(
        replace(one, no_speech_prob=no_speech, avg_logprob=logprob) for one in timed(*[text] * times)
    )


def test_dictation_keeps_its_count() -> None:
    """Groups with numbers or letters in them are counted, up to thirty, unless the metrics are bad."""
    for text, times in (("50 euros.", 6), ("Error E five.", 4), ("Part XK9.", 20), ("Error E five.", 29)):
        for metrics in ((None, None), (0.01, -0.2), (0.02, -1.0)):
            segments = metered(text, times, *metrics)
            assert cut_loops(segments) == segments
    for metrics in ((0.7, -0.2), (0.01, -1.2)):
        assert len(cut_loops(metered("Error E five.", 5, *metrics))) == 1
    assert len(cut_loops(metered("Error E five.", 30, None, None))) == 1


def test_a_whole_sentence_with_a_number_loops() -> None:
    """What is longer than anybody dictates again and again is a loop, numbers or not."""
    assert len(cut_loops(timed(*["I have been waiting here for 2 hours."] * 4))) == 1


def test_short_words_that_are_heard_well_stay() -> None:
    """Three words are said a few times by people; of a sixth time, or of worse metrics, that is not sure."""
    good = metered("I am here.", 5, 0.01, -0.2)
    assert cut_loops(good) == good
    assert len(cut_loops(metered("I am here.", 6, 0.01, -0.2))) == 1
    for metrics in ((None, None), (0.02, -1.0), (0.7, -0.2), (0.01, -1.3)):
        assert len(cut_loops(metered("I am here.", 5, *metrics))) == 1
    assert len(cut_loops(metered("I am here now.", 5, 0.01, -0.2))) == 1


def test_letters_that_are_words_are_no_dictation() -> None:
    """Around words of one letter a loop is one as any other."""
    assert len(cut_loops(timed(*["I saw a dog."] * 4))) == 1
