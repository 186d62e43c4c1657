from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.surfaces.links import FileLink, MessageLink, looks_like_link, read_link
from bot.surfaces.unescape import entities_undone, unescape, unnamed_people

ORIGIN = "http://127.0.0.1:3100/api/"
TS = st.from_regex(r"[0-9]{10}\.[0-9]{6}", fullmatch=True)
CHANNEL = st.from_regex(r"[CDG][A-Z0-9]{8,10}", fullmatch=True)
HOST = st.sampled_from(["acme.slack.com", "acme.enterprise.slack.com", "gov.slack-gov.com", "127.0.0.1:3100"])


def escaped(text: str) -> str:
    """Escape as Slack does."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- what people typed --------------------------------------------------------------------------


@given(st.text())
def test_typed_text_comes_back(text: str) -> None:
    """Whatever somebody types arrives as it was typed, character by character."""
    assert unescape(escaped(text), {}) == text
    assert entities_undone(escaped(text)) == text


@given(st.text(), st.text(), st.text(string.ascii_letters, min_size=1))
def test_text_around_a_mention_comes_back(before: str, after: str, name: str) -> None:
    """A mention becomes the name, and nothing around it changes."""
    sent = f"{escaped(before)}<@U0ANA|{escaped(name)}>{escaped(after)}"
    assert unescape(sent, {}) == f"{before}{name}{after}"
    assert unnamed_people(sent) == set()


@given(st.text("<>@#!|&;ampltgU0C^", max_size=30))
def test_any_junk_is_read(text: str) -> None:
    """No text that somebody makes up breaks the reading."""
    assert isinstance(unescape(text, {}), str)
    assert isinstance(looks_like_link(text), bool)
    read_link(text, slack_origin=ORIGIN)


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        pytest.param("<@U0ANA|ana>", "ana", id="person"),
        pytest.param("<@W0ANA|R&amp;D>", "R&D", id="person with an entity"),
        pytest.param("<@U0ANA>", "Ana Núñez", id="person without a name"),
        pytest.param("<@U0ANA|>", "Ana Núñez", id="person with an empty name"),
        pytest.param("<@U0BEN>", "U0BEN", id="person nobody knows"),
        pytest.param("<#C0SALES|sales>", "#sales", id="channel"),
        pytest.param("<#C0SECRET|>", "#C0SECRET", id="channel without a name"),
        pytest.param("<!here>", "@here", id="here"),
        pytest.param("<!channel|channel>", "@channel", id="labelled channel"),
        pytest.param("<!everyone>", "@everyone", id="everyone"),
        pytest.param("<!subteam^S0HELP|@helpers>", "@helpers", id="group"),
        pytest.param("<!subteam^S0HELP>", "@subteam", id="group without a name"),
        pytest.param("<!date^1392734382^{date}|18 Feb>", "18 Feb", id="date"),
        pytest.param("<https://x.org/?a=1&amp;b=2>", "https://x.org/?a=1&b=2", id="link"),
        pytest.param("<http://x.org|x.org>", "x.org", id="labelled link"),
        pytest.param("<mailto:a@x.org|a@x.org>", "a@x.org", id="address"),
        pytest.param("<mailto:a@x.org>", "a@x.org", id="address without a label"),
        pytest.param("<tel:+123>", "+123", id="telephone"),
        pytest.param("&amp;lt;", "&lt;", id="typed entity"),
        pytest.param("&lt;@U0ANA&gt;", "<@U0ANA>", id="typed mention"),
        pytest.param("a < b > c", "a < b > c", id="unescaped signs"),
        pytest.param("<b>&copy;", "<b>&copy;", id="markup of another kind"),
    ],
)
def test_marks(sent: str, typed: str) -> None:
    """Each of Slack's marks becomes what the person meant."""
    assert unescape(sent, {"U0ANA": "Ana Núñez"}) == typed


def test_names_are_not_read_again() -> None:
    """A person whose name looks like a mark is called by it."""
    assert unescape("<@U0ANA> <@U0ANA|&lt;!here&gt;>", {"U0ANA": "<!here>"}) == "<!here> <!here>"


def test_unnamed_people() -> None:
    """Only people whose name is not in the text have to be looked up."""
    assert unnamed_people("<@U0ANA> <@U0BEN|ben> <@W0EVA|> &lt;@U0X&gt;") == {"U0ANA", "W0EVA"}


# --- links --------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(HOST, CHANNEL, TS, st.sampled_from(["{}", "<{}>", "<{}|a label, with spaces>"]))
def test_message_links(host: str, channel_id: str, ts: str, form: str) -> None:
    """A message's link is understood in every form in which Slack sends it."""
    url = f"https://{host}/archives/{channel_id}/p{ts.replace('.', '')}"
    typed = form.format(url)
    assert looks_like_link(typed)
    assert read_link(typed, slack_origin=ORIGIN) == MessageLink(channel_id, ts, "", url)


@settings(max_examples=40)
@given(channel_id=CHANNEL, ts=TS, thread_ts=TS, is_escaped=st.booleans())
def test_thread_links(*, channel_id: str, ts: str, thread_ts: str, is_escaped: bool) -> None:
    """A reply's link names the thread; the link that is shown again says the same."""
    path = f"https://acme.slack.com/archives/{channel_id}/p{ts.replace('.', '')}"
    given_url = f"{path}?thread_ts={thread_ts}&cid={channel_id}"
    link = read_link(escaped(given_url) if is_escaped else given_url, slack_origin=ORIGIN)
    is_reply = thread_ts != ts
    assert link == MessageLink(channel_id, ts, thread_ts if is_reply else "", given_url if is_reply else path)


@pytest.mark.parametrize(
    "typed",
    [
        "https://acme.slack.com/archives/C0SUPPORT/p1795000000000100/",
        "https://ACME.Slack.com/archives/C0SUPPORT/p1795000000000100#top",
        "acme.slack.com/archives/C0SUPPORT/p1795000000000100",
        "<http://acme.slack.com/archives/C0SUPPORT/p1795000000000100|acme.slack.com/archives/C0SUPPORT/p1>",
        "https://acme.slack.com/archives/C0SUPPORT/p1795000000000100?thread_ts=%3Cscript%3E&cid=|x",
    ],
)
def test_links_in_other_spellings(typed: str) -> None:
    """What else browsers and people make of a link is understood, and shown without what came with it."""
    assert looks_like_link(typed)
    link = read_link(typed, slack_origin=ORIGIN)
    assert isinstance(link, MessageLink)
    assert (link.channel_id, link.ts, link.thread_ts) == ("C0SUPPORT", "1795000000.000100", "")
    assert link.url.endswith("://acme.slack.com/archives/C0SUPPORT/p1795000000000100")


@pytest.mark.parametrize(
    "typed",
    [
        "https://acme.slack.com/files/U0ANA/F0CLIP/clip.m4a",
        "<https://acme.slack.com/files/W0ANA/F0CLIP|clip>",
        "http://127.0.0.1:3100/files/USLACKBOT/F0CLIP/",
    ],
)
def test_file_links(typed: str) -> None:
    """A file's link is understood, with the file's name in it or without."""
    assert looks_like_link(typed)
    assert read_link(typed, slack_origin=ORIGIN) == FileLink("F0CLIP")


@pytest.mark.parametrize(
    "typed",
    [
        "https://example.com/archives/C0SUPPORT/p1795000000000100",
        "https://evilslack.com/archives/C0SUPPORT/p1795000000000100",
        "https://acme.slack.com.evil.com/archives/C0SUPPORT/p1795000000000100",
        "https://acme.slack.com@evil.com/archives/C0SUPPORT/p1795000000000100",
        "https://evil.com@acme.slack.com/archives/C0SUPPORT/p1795000000000100",
        "https://acme.slack.com:8443/archives/C0SUPPORT/p1795000000000100",
        "https://acme.slack.com:port/archives/C0SUPPORT/p1795000000000100",
        "https://[::1/archives/C0SUPPORT/p1795000000000100",
        "https://evil.com\\.slack.com/archives/C0SUPPORT/p1795000000000100",
        "ftp://acme.slack.com/archives/C0SUPPORT/p1795000000000100",
        "http://127.0.0.1:3101/archives/C0SUPPORT/p1795000000000100",
        "http://127.0.0.1/archives/C0SUPPORT/p1795000000000100",
        "https://acme.slack.com/archives/C0SUPPORT",
        "https://acme.slack.com/archives/C0SUPPORT/p17950000",
        "https://acme.slack.com/archives/c0support/p1795000000000100",
        "https://acme.slack.com/archives/C0SUPPORT/p1795000000000100/p1795000000000100",
        "https://acme.slack.com/archives/C0SUPPORT/p" + "\u0661" * 16,
        "https://acme.slack.com/files/F0CLIP",
        "https://files.slack.com/files-pri/T0SANDBOX-F0CLIP/clip.m4a",
        "<mailto:ana@acme.slack.com|ana>",
        "https://",
        "<https://acme.slack.com/archives/C0SUPPORT/p1795000000000100",
    ],
)
def test_links_to_elsewhere(typed: str) -> None:
    """A link that leads anywhere else is seen to be a link, and is not followed."""
    assert looks_like_link(typed)
    assert read_link(typed, slack_origin=ORIGIN) is None


@pytest.mark.parametrize(
    "typed", ["last", "PROMPT", "", "<@U0ANA|ana>", "<#C0SALES>", "<!here>", "e.g.", "and/or"]
)
def test_words_are_no_links(typed: str) -> None:
    """Words and mentions are not taken for links."""
    assert not looks_like_link(typed)
