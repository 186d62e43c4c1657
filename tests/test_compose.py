"""What a reply looks like: whole, inert, numbered where one message does not hold it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.compose import PART_CHARACTERS, compose_notice, compose_translation, escape, split


def shown(message: object) -> str:
    """Give what a person reads in the blocks of a message."""
    (block,) = message.blocks  # type: ignore[attr-defined]  # any message
    (section,) = block["elements"]
    return "".join(element["text"] for element in section["elements"])


def test_a_short_text_is_one_message_without_decoration() -> None:
    """The text stands alone, in a block that applies no markup."""
    (message,) = compose_translation("Hello *you*, <!channel> & <@U1>", file_name="")
    assert shown(message) == "Hello *you*, <!channel> & <@U1>"
    assert message.text == "Hello *you*, &lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert message.blocks[0]["type"] == "rich_text"


def test_the_file_is_named_where_there_are_several() -> None:
    """A reply to one of several files begins with the file's name, escaped in the fallback."""
    (message,) = compose_translation("Hello.", file_name="a<b>.m4a")
    assert shown(message) == "a<b>.m4a\nHello."
    assert message.text == "a&lt;b&gt;.m4a\nHello."


def test_a_long_text_is_cut_at_sentences_and_numbered() -> None:
    """Each part ends with a sentence and says which of how many it is."""
    sentence = "The parcel has not arrived yet, please look. "
    messages = compose_translation(sentence * 200, file_name="")
    assert len(messages) == 3
    for number, message in enumerate(messages, start=1):
        heading, _, body = shown(message).partition("\n")
        assert heading == f"{number}/3"
        assert body.endswith("look.")
        assert len(body) <= PART_CHARACTERS


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("a" * 40 + "\n" + "b" * 80, "a" * 40, id="a line end comes first"),
        pytest.param("Ab cd ef. " * 2 + "h" * 90, "Ab cd ef. " * 2 + "h" * 80, id="no short part"),
        pytest.param("Ab cd ef gh. " * 3 + "h" * 90, ("Ab cd ef gh. " * 3)[:-1], id="a sentence"),
        pytest.param("あ" * 50 + "。」 " + "い" * 60, "あ" * 50 + "。」", id="another script"),
        pytest.param("word " * 30, ("word " * 20).strip(), id="else a word"),
        pytest.param("x" * 150, "x" * 100, id="else the limit"),
        pytest.param("Hi. " + "y" * 150, "Hi. " + "y" * 96, id="no tiny first part"),
    ],
)  # fmt: skip
def test_where_it_is_cut(text: str, first: str) -> None:
    """A text is cut as late as possible: at a line, else a sentence, else a word, else anywhere."""
    assert split(text, 100)[0] == first


@given(st.text(max_size=2_000), st.integers(min_value=10, max_value=300))
def test_nothing_but_white_space_is_lost(text: str, limit: int) -> None:
    """All characters but white space at the cuts stand in the parts, in order, none too long."""
    parts = split(text, limit)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= limit for part in parts)


@given(st.text(alphabet="&<>;ampltg@!#|U1 ", max_size=60))
def test_escaping_leaves_nothing_to_parse(text: str) -> None:
    """After escaping no angle bracket is left, and Slack's own unescaping gives the text back."""
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


def test_our_own_words_show_code_as_code() -> None:
    """What stands in backticks is shown as code, since rich_text would show the backticks."""
    (message,) = compose_notice("Send `/translate help` now.", file_name="")
    (section,) = message.blocks[0]["elements"]
    assert [(one["text"], one.get("style")) for one in section["elements"]] == [
        ("Send ", None),
        ("/translate help", {"code": True}),
        (" now.", None),
    ]


@pytest.mark.parametrize("text", ["x", "`a`", "a `b` c", "😀" * 9_000])
def test_slack_sdk_takes_the_blocks(text: str) -> None:
    """slack_sdk's own models read the blocks and give them back unchanged."""
    for message in (*compose_translation(text, file_name="n"), *compose_notice(text, file_name="")):
        assert [block.to_dict() for block in Block.parse_all(list(message.blocks))] == list(message.blocks)
