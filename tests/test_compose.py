"""What a reply says: whole, inert, numbered where one message does not hold it, and with its buttons."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.compose import (
    ALREADY_ENGLISH_TEXT,
    CONFIRM_BLOCK,
    CONFIRM_NO,
    CONFIRM_YES,
    MISSING_BLOCK,
    NO_SPEECH_TEXT,
    RETRY_MISSING,
    Reply,
    compose_notice,
    compose_reply,
    escape,
    spell_length,
)
from bot.ending import Ending, EndingName
from bot.engines import Segment
from bot.join import Gap, Whole
from bot.share import Job, Output, Share, SlackFile
from bot.terms import Terms
from replies import body, buttons, check_limits, shown, talk

TERMS = Terms()
TRANSLATED = Ending(EndingName.TRANSLATED)
JOB = Job(Share("T1", "C1", "1.1", SlackFile(id="F1", name="a.m4a")))
OF_TWO = replace(JOB, share=replace(JOB.share, of=2))


def translated(whole: Whole, job: Job = JOB) -> Reply:
    """Compose the reply to a recording that was translated."""
    return compose_reply(job, TRANSLATED, whole, terms=TERMS)


# --- short --------------------------------------------------------------------------------------


def test_a_short_text_is_one_message_without_decoration() -> None:
    """The text stands alone, in a block that applies no markup; no file goes along."""
    reply = translated(Whole("Hello *you*, <!channel> & <@U1>", seconds=180.0))
    (message,) = reply.messages
    assert shown(message) == "Hello *you*, <!channel> & <@U1>"
    assert message.text == "Hello *you*, &lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert reply.document is None


def test_the_file_is_named_where_there_are_several() -> None:
    """A reply to one of several files begins with the file's name, escaped in the fallback."""
    job = replace(OF_TWO, share=replace(OF_TWO.share, file=SlackFile(id="F1", name="a<b>.m4a")))
    (message,) = translated(Whole("Hello."), job).messages
    assert shown(message) == "a<b>.m4a\nHello."
    assert message.text == "a&lt;b&gt;.m4a\nHello."


def test_a_file_without_a_name_is_counted() -> None:
    """Of several files one without a name is called by its place; a single one needs no name."""
    share = Share("T1", "C1", "1.1", SlackFile(id="F1"), position=2, of=3)
    assert [one.text for one in translated(Whole("Hello."), Job(share)).messages] == [
        "recording 2 of 3\nHello."
    ]
    alone = replace(share, position=1, of=1)
    assert [one.text for one in translated(Whole("Hello."), Job(alone)).messages] == ["Hello."]


def test_subtitles_go_along_with_a_short_text() -> None:
    """The text is in a message although the channel asked for subtitles, and these are the file."""
    reply = translated(Whole("Hello.", (Segment(0, 2, "Hello."),), 2.0), replace(JOB, output=Output.SRT))
    assert [one.text for one in reply.messages] == ["Hello."]
    assert reply.document is not None
    assert reply.document.name == "a.en.srt"


# --- long ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whole", "job"),
    [
        pytest.param(Whole("Hi.", seconds=180.1), JOB, id="over three minutes"),
        pytest.param(Whole("x " * 1_501, seconds=170.0), JOB, id="over 3,000 characters"),
        pytest.param(Whole("Hi.", seconds=60.0, gaps=(Gap(30, 60),)), JOB, id="with a gap"),
        pytest.param(Whole("Hi.", seconds=60.0), replace(JOB, only=((300.0, 600.0),)), id="what was missing"),
    ],
)
def test_what_is_long(whole: Whole, job: Job) -> None:
    """Long is what needs times to find one's way; more than a message holds is a file, too."""
    reply = translated(whole, job)
    assert "0:00\n" in reply.messages[0].text
    assert (reply.document is not None) is (len(reply.messages) > 1) is (len(whole.text) > 3_000)


def test_a_long_recording_begins_with_a_lead() -> None:
    """The first message is read at a glance, says how long the recording is, and that more comes."""
    whole = talk(2_400)
    lead, *rest = translated(whole, OF_TWO).messages
    assert lead.text.startswith(
        "a.m4a · 1/3\n"
        "This recording is 40 min long. The rest follows below.\n\n"
        "0:00\nThis is sentence 0 of the talk. This is sentence 1"
    )
    assert 600 < len(lead.text) < 1_400
    assert lead.text.endswith("of the talk.")
    assert [shown(one).split("\n")[0] for one in rest] == ["a.m4a · 2/3", "a.m4a · 3/3"]
    assert body(translated(whole)) == whole.text


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(JOB, id="whole"),
        pytest.param(replace(JOB, only=((300.0, 600.0),)), id="what was missing"),
    ],
)
def test_where_all_of_it_fits_there_is_one_message(job: Job) -> None:
    """Up to 3,000 characters, marks included, are one message, and for the text no file goes along."""
    said = Whole(" ".join(["All of this is said without a single pause in between."] * 51), seconds=424.0)
    reply = translated(said, job)
    (message,) = reply.messages
    opening = "What was missing:" if job.only else "This recording is 7 min long. Below is its English."
    assert message.text.startswith(f"{opening}\n\n0:00\n")
    assert len(message.text) > 2_800
    assert body(Reply((replace(message, blocks=message.blocks[1:]),))) == said.text
    assert reply.document is None
    assert translated(said, replace(job, output=Output.SRT)).document is not None
    longer = translated(replace(said, text=f"{said.text} {'And on.' * 30}"), job)
    assert len(longer.messages) == 2
    assert longer.document is not None


def test_a_message_has_not_too_many_paragraphs() -> None:
    """Hundreds of single words, each after a long pause, are few characters but no single message."""
    segments = tuple(Segment(number * 4.0, number * 4.0 + 0.5, "No.") for number in range(260))
    reply = translated(Whole(" ".join(["No."] * 260), segments, 1_040.0))
    assert len(reply.messages) > 1
    check_limits(reply)


def test_one_paragraph_gives_its_beginning_to_the_lead() -> None:
    """Speech without a pause, times or full stops is cut between words; the rest has its own time."""
    text = ", ".join(f"clause {number} goes on" for number in range(170))
    lead, rest = translated(Whole(text, seconds=200.0)).messages
    assert 1_000 < len(lead.text) < 1_400
    assert re.search(r" (goes|on,|clause|\d+)$", lead.text)
    assert re.match(r"2/2\s+1:1\d\n", shown(rest))
    assert body(translated(Whole(text, seconds=200.0))) == text


# --- whatever is said ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(talk(3 * 3600), id="three hours"),
        pytest.param(
            talk(3 * 3600, sentence="No.", every=9.0, said=1.0), id="three hours of a word now and then"
        ),
        pytest.param(Whole("word " * 40_000, seconds=9_000.0), id="200,000 characters in one segment"),
        pytest.param(Whole("x" * 100_000, seconds=9_000.0), id="no space at all"),
        pytest.param(Whole("&" * 40_000, seconds=9_000.0), id="all of it escaped"),
        pytest.param(Whole("😀" * 40_000, seconds=9_000.0), id="emoji"),
        pytest.param(Whole("😀" * 900 + ". " + "<!channel> " * 4_000, seconds=9_000.0), id="mentions"),
        pytest.param(Whole("שלום. " * 9_000, seconds=9_000.0), id="from right to left"),
    ],
)
def test_any_length_keeps_the_limits(whole: Whole) -> None:
    """Every word stands once, in order, in messages that Slack takes; the fallback has them all, too."""
    reply = translated(whole, OF_TWO)
    check_limits(reply)
    assert "".join(body(reply).split()) == "".join(whole.text.split())
    fallback = "".join("".join(one.text.split()) for one in reply.messages)
    assert len(fallback) >= len("".join(escape(whole.text).split()))
    for message in reply.messages:
        assert [one.to_dict() for one in Block.parse_all(list(message.blocks))] == list(message.blocks)


SPOKEN = st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=400)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 5),
            st.floats(0, 60),
            SPOKEN,
        ),
        max_size=40,
    )
)
def test_any_segments_keep_every_word(drawn: list[tuple[float, float, str]]) -> None:
    """Whatever a server says, at whatever times: every word once, in order."""
    at, segments = 0.0, []
    for pause, seconds, text in drawn:
        segments.append(Segment(at + pause, at + pause + seconds, text))
        at += pause + seconds
    text = " ".join(one.text for one in segments)
    reply = translated(Whole(text, tuple(segments), 600.0))
    check_limits(reply)
    assert "".join(body(reply).split()) == "".join(text.split())


# --- gaps ---------------------------------------------------------------------------------------

MISSING = Ending(EndingName.TRANSLATED, missing=((300.0, 600.0),))


def test_a_gap_is_marked_where_it_is() -> None:
    """Between the paragraphs stands what is missing, and a button at the end tries it again."""
    segments = (Segment(0, 4, "Before."), Segment(600, 604, "After."))
    whole = Whole("Before. After.", segments, 900.0, (Gap(300, 600),))
    reply = compose_reply(JOB, MISSING, whole, terms=TERMS, why="It is down (again). Try later.")
    (message,) = reply.messages
    assert shown(message).endswith(
        "0:00\nBefore.\n\n[5:00–10:00 could not be translated]\n\n10:00\nAfter.\n\n"  # noqa: RUF001 -- from, to
        "5:00–10:00 could not be translated. It is down (again). "  # noqa: RUF001 -- from, to
        "Press the button and I try that part once more."
    )
    assert buttons(reply) == [(MISSING_BLOCK, RETRY_MISSING, JOB.id)]
    assert message.blocks[-1]["type"] == "actions"
    check_limits(reply)


def test_neighbouring_gaps_are_one_to_people() -> None:
    """What is one mark in the text is one span under it; the spans are counted as people see them."""
    gaps = tuple(Gap(number * 300.0, number * 300.0 + 300) for number in (1, 2, 4))
    whole = Whole("Before.", (Segment(0, 4, "Before."), Segment(1100, 1104, "After.")), 1_500.0, gaps)
    (message,) = compose_reply(JOB, MISSING, whole, terms=TERMS).messages
    assert "[5:00–15:00 could not be translated]" in message.text  # noqa: RUF001 -- from, to
    assert message.text.endswith(
        "\n\n5:00–15:00, 20:00–25:00 could not be translated. "  # noqa: RUF001 -- from, to
        "Press the button and I try these parts once more."
    )


def test_a_gap_whose_end_nobody_knows() -> None:
    """Where the rest could not be read neither the recording's length is told nor where the gap ends."""
    whole = Whole("Before.", (Segment(0, 4, "Before."),), 300.0, (Gap(300, 310, is_open=True),))
    (message,) = compose_reply(JOB, MISSING, whole, terms=TERMS).messages
    assert message.text == (
        "Below is the English of the first 5 min of this recording.\n\n0:00\nBefore.\n\n"
        "[from 5:00 on could not be translated]\n\n"
        "From 5:00 on could not be translated. Press the button and I try that part once more."
    )


def test_the_button_stands_in_a_short_message() -> None:
    """A message that loses its button is edited, and Slack refuses edits of long texts."""
    gaps = tuple(Gap(number * 300.0, number * 300.0 + 200) for number in range(7))
    reply = compose_reply(JOB, MISSING, replace(talk(2_400), gaps=gaps), terms=TERMS)
    assert buttons(reply) == [(MISSING_BLOCK, RETRY_MISSING, JOB.id)]
    assert reply.messages[-1].text == (
        "0:00–3:20, 5:00–8:20, 10:00–13:20, 15:00–18:20, 20:00–23:20 and 2 more could not be translated. "  # noqa: RUF001 -- from, to
        "Press the button and I try these parts once more."
    )
    assert len(reply.messages) > 2
    check_limits(reply)


def test_the_second_try_says_what_was_missing() -> None:
    """Only the missing stretch is told, under a heading and with its time."""
    job = replace(JOB, only=((300.0, 600.0),))
    reply = translated(Whole("Found.", (Segment(300, 302, "Found."),), 900.0), job)
    assert [one.text for one in reply.messages] == ["What was missing:\n\n5:00\nFound."]
    assert (reply.document, buttons(reply)) == (None, [])
    subtitled = translated(
        Whole("Found.", (Segment(300, 302, "Found."),), 900.0), replace(job, output=Output.SRT)
    )
    assert subtitled.document is not None
    assert subtitled.document.name == "a.missing.en.srt"


def test_a_second_try_that_hears_nothing() -> None:
    """It does not say that of the whole recording."""
    reply = compose_reply(replace(JOB, only=((300.0, 600.0),)), Ending(EndingName.NO_SPEECH), "", terms=TERMS)
    assert [one.text for one in reply.messages] == ["I heard no speech in what was missing."]


@pytest.mark.parametrize("said", ["It is down.", "It is down. Ask for all of it again."])
def test_a_second_try_that_fails_can_be_tried_again(said: str) -> None:
    """It speaks of what was missing alone, says why, and has the button in place of other advice."""
    ending = Ending(EndingName.FAILED, "endpoint_down", missing=((300.0, 600.0),))
    reply = compose_reply(replace(OF_TWO, only=((300.0, 600.0),)), ending, said, terms=TERMS)
    (message,) = reply.messages
    assert shown(message) == (
        "a.m4a\nWhat was missing could not be translated this time either. It is down. "
        "Press the button to try once more."
    )
    assert buttons(reply) == [(MISSING_BLOCK, RETRY_MISSING, JOB.id)]


def test_a_second_try_that_is_given_up() -> None:
    """Where nothing can be tried again the words name no button, and there is none."""
    ending = Ending(EndingName.FAILED, "not_decodable")
    reply = compose_reply(
        replace(JOB, only=((300.0, 600.0),)), ending, "I can't read it. Post it again.", terms=TERMS
    )
    assert [one.text for one in reply.messages] == [
        "What was missing could not be translated this time either. I can't read it."
    ]
    assert buttons(reply) == []


# --- the question -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "price", "text"),
    [
        (7_800.0, 0.0, "This recording is 2 h 10 min long. Translate it?"),
        (7_800.0, 0.006, "This recording is 2 h 10 min long. Translate it? That costs about $0.78."),
        (7_801.0, 0.006, "This recording is 2 h 10 min long. Translate it? That costs about $0.79."),
        (600.0, 0.0001, "This recording is 10 min long. Translate it? That costs about $0.01."),
        (14_400.0, 50.0, "This recording is 4 h long. Translate it? That costs about $12,000.00."),
    ],
)
def test_the_question(seconds: float, price: float, text: str) -> None:
    """It names the length, and the cost where it is known, rounded up to a cent."""
    ending = Ending(EndingName.SKIPPED, "too_long")
    reply = compose_reply(JOB, ending, str(seconds), terms=Terms(price_per_minute=price))
    assert [one.text for one in reply.messages] == [text]
    assert buttons(reply) == [(CONFIRM_BLOCK, CONFIRM_YES, JOB.id), (CONFIRM_BLOCK, CONFIRM_NO, JOB.id)]
    styles = [one.get("style") for one in reply.messages[0].blocks[-1]["elements"]]
    assert styles == ["primary", None]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (45.4, "45 s"), (59.6, "1 min"), (90, "2 min"), (3_570, "1 h"), (3_660, "1 h 1 min")],
)
def test_lengths_as_people_say_them(seconds: float, text: str) -> None:
    """Rounded as people do, never 60 of anything."""
    assert spell_length(seconds) == text


# --- what is said -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "said", "of", "texts"),
    [
        (Ending(EndingName.NO_SPEECH), "", 1, [NO_SPEECH_TEXT]),
        (Ending(EndingName.NO_SPEECH), "", 2, [f"a.m4a\n{NO_SPEECH_TEXT}"]),
        (Ending(EndingName.FAILED, "budget"), "It broke.", 2, ["a.m4a\nIt broke."]),
        (Ending(EndingName.SKIPPED), "", 1, []),
        (Ending(EndingName.WITHDRAWN), Whole("Hello."), 1, []),
        (Ending(EndingName.ALREADY_ENGLISH), "", 1, [ALREADY_ENGLISH_TEXT]),
        (Ending(EndingName.ALREADY_ENGLISH), Whole("Hello."), 2, [f"a.m4a\n{ALREADY_ENGLISH_TEXT}"]),
    ],
)
def test_each_ending_has_its_words(ending: Ending, said: str | Whole, of: int, texts: list[str]) -> None:
    """What stands in the thread follows from the ending; with several files each reply names its own."""
    job = replace(JOB, share=replace(JOB.share, of=of))
    reply = compose_reply(job, ending, said, terms=TERMS)
    assert [message.text for message in reply.messages] == texts
    assert (reply.document, buttons(reply)) == (None, [])


def test_there_is_a_way_past_what_passed_for_english() -> None:
    """Whoever knows better than the guess reads what to do."""
    (message,) = compose_reply(JOB, Ending(EndingName.ALREADY_ENGLISH), "", terms=TERMS).messages
    assert message.text.endswith("If that is wrong, copy the message's link and send `/translate LINK`.")


def test_our_own_words_show_code_as_code() -> None:
    """What stands in backticks is shown as code, since rich_text would show the backticks."""
    (message,) = compose_notice("Send `/translate help` now.", file_name="")
    (section,) = message.blocks[0]["elements"]
    assert [(one["text"], one.get("style")) for one in section["elements"]] == [
        ("Send ", None),
        ("/translate help", {"code": True}),
        (" now.", None),
    ]


@pytest.mark.parametrize("text", ["x", "`a`", "a `b` c"])
def test_slack_sdk_takes_the_blocks(text: str) -> None:
    """slack_sdk's own models read the blocks and give them back unchanged."""
    for message in (*translated(Whole(text), OF_TWO).messages, *compose_notice(text, file_name="")):
        assert [block.to_dict() for block in Block.parse_all(list(message.blocks))] == list(message.blocks)
