"""What stands around the English: where to listen, the words as they were said, and their language."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.compose import MISSING_BLOCK, RETRY_MISSING, Reply, compose_reply
from bot.ending import Ending, EndingName
from bot.engines import Doubt, Segment
from bot.join import Gap, Whole
from bot.share import Job, Output, Share, SlackFile
from bot.terms import Terms
from replies import body, buttons, check_limits, quotes, shown, talk

if TYPE_CHECKING:
    from bot.compose import Message

JOB = Job(Share("T1", "C1", "1.1", SlackFile(id="F1", name="a.m4a")), wants_original=True)
OF_TWO = replace(JOB, share=replace(JOB.share, of=2))
CLIP = replace(JOB, share=replace(JOB.share, file=replace(JOB.share.file, locale="pt-BR")))
MISSING = Ending(EndingName.TRANSLATED, missing=((300.0, 600.0),))
UNSURE = "hard to hear, please listen"


def translated(whole: Whole, job: Job = JOB, ending: Ending = MISSING) -> Reply:
    """Compose the reply to a recording that was translated."""
    return compose_reply(job, ending, whole, terms=Terms())


def doubtful(*segments: tuple[float, float, str, Doubt], seconds: float = 20.0) -> Whole:
    """Give a translation of such segments."""
    made = tuple(Segment(start, end, text, doubt=doubt) for start, end, text, doubt in segments)
    return Whole(" ".join(one.text for one in made), made, seconds)


# --- doubts -------------------------------------------------------------------------------------


def test_a_short_text_says_where_to_listen() -> None:
    """It is still one message: a mark stands above what is doubtful, and nothing else is said of it."""
    whole = doubtful((0, 4, "Hi there.", Doubt.NONE), (12, 15.2, "Order nine.", Doubt.UNSURE))
    (message,) = translated(whole, OF_TWO).messages
    assert shown(message) == f"a.m4a\n\n\n0:00\nHi there.\n\n0:12–0:15 · {UNSURE}\nOrder nine."  # noqa: RUF001 -- from, to
    assert message.text == f"a.m4a\n\n0:00\nHi there.\n\n0:12–0:15 · {UNSURE}\nOrder nine."  # noqa: RUF001 -- from, to
    assert translated(whole).document is None


def test_a_short_text_that_is_doubtful_throughout() -> None:
    """The mark stands above it all."""
    (message,) = translated(doubtful((0, 4, "Hi there.", Doubt.UNSURE))).messages
    assert shown(message) == f"0:00–0:04 · {UNSURE}\nHi there."  # noqa: RUF001 -- from, to
    (section,) = message.blocks[0]["elements"]
    assert [one.get("style") for one in section["elements"]] == [{"bold": True}, None]


def test_a_short_text_stays_short_with_many_marks() -> None:
    """What is short without its marks needs no second message and no file because of them."""
    doubts = (Doubt.NONE, Doubt.UNSURE, Doubt.FOREIGN, Doubt.LOOP)
    segments = [
        (number * 2.0, number * 2.0 + 2, "Yes, so it is.", doubts[number % 4]) for number in range(80)
    ]
    whole = doubtful(*segments, seconds=160.0)
    reply = translated(whole)
    assert (len(reply.messages), reply.document) == (1, None)
    assert len(reply.messages[0].text) > 3_000
    check_limits(reply)
    assert body(reply) == whole.text


def test_more_marks_than_a_message_holds() -> None:
    """Where hundreds of marks make a short text long it is told as a long one is, with a file."""
    doubts = (Doubt.NONE, Doubt.UNSURE)
    segments = [(number * 0.5, number * 0.5 + 0.5, "No.", doubts[number % 2]) for number in range(360)]
    reply = translated(doubtful(*segments, seconds=180.0))
    assert reply.messages[0].text.startswith(
        "1/3\nThis recording is 3 min long. The rest follows below.\n\n0:00\nNo."
    )
    assert reply.document is not None
    check_limits(reply)


def test_a_long_text_says_where_to_listen() -> None:
    """The mark stands between paragraphs of the messages and of the file; a cut one has it twice."""
    spoken = talk(2_400)
    segments = tuple(
        replace(one, doubt=Doubt.UNSURE if 60 <= one.start_seconds < 300 else Doubt.NONE)
        for one in spoken.segments
    )
    reply = translated(replace(spoken, segments=segments))
    assert f"\n\n1:00–2:55 · {UNSURE}\nThis is sentence 12 " in reply.messages[0].text  # noqa: RUF001 -- from, to
    assert reply.messages[1].text.startswith(f"2/3\n\n2:55–4:59 · {UNSURE}\nThis is sentence 35 ")  # noqa: RUF001 -- from, to
    assert sum(message.text.count(UNSURE) for message in reply.messages) == 2
    assert reply.document is not None
    assert f"\n\n1:00–4:59 · {UNSURE}\nThis is sentence 12 " in reply.document.content  # noqa: RUF001 -- from, to
    assert body(reply) == spoken.text


# --- the words as they were said ----------------------------------------------------------------

GERMAN = Whole("Hello, <you> & all.", seconds=4.0, original="Hallo <!channel> & @alle.", source_language="de")


def test_the_words_stand_under_the_english() -> None:
    """In a quote that pings nobody, under a heading that says the language, so that no label has to."""
    reply = translated(GERMAN, OF_TWO)
    (message,) = reply.messages
    assert shown(message) == "a.m4a\nHello, <you> & all.\n\nIn German:\n\nHallo <!channel> & @alle."
    assert message.text == (
        "a.m4a\nHello, &lt;you&gt; &amp; all.\n\nIn German:\nHallo &lt;!channel&gt; &amp; @alle."
    )
    assert quotes(reply) == [GERMAN.original]
    assert (reply.document, reply.original) == (None, None)
    unknown = translated(replace(GERMAN, source_language=""))
    assert "\n\nOriginal words:\n" in unknown.messages[0].text


@pytest.mark.parametrize(
    ("job", "whole"),
    [
        pytest.param(replace(JOB, wants_original=False), GERMAN, id="not wanted"),
        pytest.param(JOB, replace(GERMAN, original=GERMAN.text), id="the same words"),
        pytest.param(JOB, replace(GERMAN, original=""), id="nobody knows them"),
    ],
)
def test_no_words_where_they_say_nothing(job: Job, whole: Whole) -> None:
    """Neither quote nor file where nobody asked, or they say no more; a label says the language."""
    reply = translated(whole, job)
    assert (quotes(reply), reply.original) == ([], None)
    assert reply.messages[0].text == "Hello, &lt;you&gt; &amp; all."
    assert shown(reply.messages[0]) == "Hello, <you> & all.\n\nFrom German"


def test_many_words_are_a_file() -> None:
    """Where one message doesn't hold both, the words come as a file, and a label says the language."""
    whole = replace(GERMAN, text="Hello. " * 400, original="Guten Tag. " * 300)
    reply = translated(whole)
    (message,) = reply.messages
    assert shown(message).endswith("Hello. Hello.\n\nFrom German")
    assert reply.document is None
    assert reply.original is not None
    assert reply.original.name == "a.original.txt"
    assert reply.original.content == f"a.m4a, 0:04, in German\n\n{'Guten Tag. ' * 299}Guten Tag.\n"
    check_limits(reply)


def test_words_under_many_marks_are_a_file() -> None:
    """Marks count as well: what Slack takes of one message is never near."""
    doubts = (Doubt.LOOP, Doubt.UNSURE)
    segments = [(number * 0.9, number * 0.9 + 0.9, "Yes.", doubts[number % 2]) for number in range(160)]
    whole = doubtful(*segments, seconds=144.0)
    reply = translated(replace(whole, original="Jawohl. " * 370))
    assert (len(reply.messages), quotes(reply), reply.document) == (1, [], None)
    assert reply.original is not None
    few = translated(replace(doubtful(*segments[:20], seconds=18.0), original="Jawohl. " * 370))
    assert (len(quotes(few)), few.original) == (1, None)


def test_the_words_of_a_long_text_are_a_file() -> None:
    """Of several messages none has the words; the English goes along as ever."""
    whole = replace(talk(2_400), original="Kurz.")
    reply = translated(whole, replace(JOB, output=Output.SRT))
    assert quotes(reply) == []
    assert [one and one.name for one in (reply.document, reply.original)] == ["a.en.srt", "a.original.txt"]
    assert reply.original is not None
    assert reply.original.content == "a.m4a, 40:00, as it was said\n\nKurz.\n"


def test_the_words_of_what_was_missing() -> None:
    """A second try brings only its own words, and its file must not pass for the whole."""
    job = replace(JOB, only=((300.0, 600.0),))
    found = Whole("Found.", (Segment(300, 302, "Found."),), 900.0, original="Da.", source_language="de")
    assert [one.text for one in translated(found, job).messages] == [
        "What was missing:\n\n5:00\nFound.\n\nIn German:\nDa."
    ]
    long = translated(replace(found, original="Da ist es. " * 500), job)
    assert long.original is not None
    assert long.original.name == "a.missing.original.txt"


def test_the_button_stands_under_the_words() -> None:
    """What is missing comes last, in a message that can still be edited."""
    whole = Whole(
        "Before.",
        (Segment(0, 4, "Before."),),
        900.0,
        (Gap(300, 600),),
        original="Davor.",
        source_language="de",
    )
    (message,) = translated(whole).messages
    assert message.text == (
        "This recording is 15 min long, in German. Below is its English.\n\n0:00\nBefore.\n\n"
        "[5:00–10:00 could not be translated]\n\nIn German:\nDavor.\n\n"  # noqa: RUF001 -- from, to
        "5:00–10:00 could not be translated. Press the button and I try that part once more."  # noqa: RUF001 -- from, to
    )
    text = "Before. " * 100
    longer = translated(replace(whole, segments=(Segment(0, 99, text),), original="Davor. " * 420))
    first, closing = longer.messages
    assert quotes(longer) == [("Davor. " * 420).strip()]
    assert len(first.text) > 3_000
    assert closing.text.startswith("5:00")
    assert buttons(longer) == [(MISSING_BLOCK, RETRY_MISSING, JOB.id)]


# --- the language -------------------------------------------------------------------------------


def test_a_short_text_has_a_small_label() -> None:
    """The language stands under it, small; nothing where it is English or nobody knows."""
    (message,) = translated(Whole("Hello.", source_language="de")).messages
    assert shown(message) == "Hello.\n\nFrom German"
    assert message.blocks[1]["type"] == "context"
    assert message.text == "Hello."  # a notification has room for little
    assert [shown(one) for one in translated(Whole("Hello."), CLIP).messages] == ["Hello.\n\nFrom Portuguese"]
    for whole in (Whole("Hello.", source_language="en"), Whole("Hello.")):
        assert [shown(one) for one in translated(whole).messages] == ["Hello."]
    doubted = replace(doubtful((0, 4, "Hi.", Doubt.UNSURE)), source_language="de")
    assert shown(translated(doubted).messages[0]).endswith("Hi.\n\nFrom German")


@pytest.mark.parametrize(
    ("gaps", "opening"),
    [
        pytest.param(
            (),
            "1/3\nThis recording is 40 min long, in German. The rest follows below.\n\n0:00\n",
            id="all of it",
        ),
        pytest.param(
            (Gap(2_400, 2_410, is_open=True),),
            "1/3\nBelow is the English of the first 40 min of this recording, which is in German.\n\n0:00\n",
            id="the beginning",
        ),
    ],
)
def test_a_long_text_says_the_language_first(gaps: tuple[Gap, ...], opening: str) -> None:
    """It stands in what the first message opens with, and in the first line of the file."""
    reply = translated(replace(talk(2_400), gaps=gaps, source_language="de"))
    assert reply.messages[0].text.startswith(opening)
    assert sum(message.text.count("German") for message in reply.messages) == 1
    assert reply.document is not None
    assert reply.document.content.split("\n")[0].endswith(", in English, from German")


# --- whatever is said ---------------------------------------------------------------------------

SPOKEN = st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=300)
DRAWN = st.lists(st.tuples(st.floats(0, 5), st.floats(0, 60), SPOKEN, st.sampled_from([*Doubt])), max_size=40)
ORIGINAL = st.one_of(
    SPOKEN,
    st.integers(1, 4_000).map(lambda count: "&" * count),
    st.integers(1, 3_000).map(lambda count: "😀" * count),
)


@settings(max_examples=80)
@given(DRAWN, ORIGINAL, st.sampled_from(["", "de", "en"]), st.floats(0, 400), st.none() | st.floats(0, 900))
def test_whatever_is_said_and_doubted(
    drawn: list[tuple[float, float, str, Doubt]],
    original: str,
    language: str,
    seconds: float,
    gap_at: float | None,
) -> None:
    """Every word once, in order; marks between paragraphs only; nothing pings; the limits hold."""
    at, segments = 0.0, []
    for pause, lasts, text, doubt in drawn:
        segments.append(Segment(at + pause, at + pause + lasts, text, doubt=doubt))
        at += pause + lasts
    text = " ".join(one.text for one in segments)
    assume(text.strip())
    gaps = () if gap_at is None else (Gap(gap_at, gap_at + 20),)
    whole = Whole(text, tuple(segments), seconds, gaps, original, language)
    reply = translated(whole, OF_TWO)
    check_limits(reply)
    assert "".join(body(without_closing(reply)).split()) == "".join(text.split())
    for message in reply.messages:
        check_inert(message)
        assert [one.to_dict() for one in Block.parse_all(list(message.blocks))] == list(message.blocks)
    said = "".join("".join(quotes(reply)).split())
    assert said in {"", "".join(original.split())}
    assert not (said and reply.original)
    assert (reply.original is None) or "".join(original.split()) in "".join(reply.original.content.split())


def without_closing(reply: Reply) -> Reply:
    """Give a reply without what is said above its button."""
    return Reply(
        tuple(
            replace(one, blocks=one.blocks[:-2]) if one.blocks[-1]["type"] == "actions" else one
            for one in reply.messages
        )
    )


def check_inert(message: Message) -> None:
    """Assert that nothing in a message pings or is marked up, and that marks stand before paragraphs only."""
    assert not {"<", ">"} & set(message.text)
    for block in message.blocks:
        for part in block["elements"] if block["type"] == "rich_text" else ():
            before = "\n\n"
            for element in part["elements"]:
                assert element["type"] == "text"
                is_mark = "bold" in element.get("style", {})
                assert not is_mark or before.endswith("\n")
                before = element["text"]
