from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ForeignHostError
from bot.hosts import allowed

SLACK = "https://slack.com/api/"
SANDBOX = "http://127.0.0.1:3100/api/"


@pytest.mark.parametrize(
    ("address", "host"),
    [
        pytest.param(
            "https://files.slack.com/files-pri/T1-F1/x.mp3", "files.slack.com", id="where files lie"
        ),
        pytest.param("https://slack.com/files-pri/T1-F1/x.mp3", "slack.com", id="the domain itself"),
        pytest.param("https://a.b.slack-edge.com/x", "a.b.slack-edge.com", id="the edge"),
        pytest.param("https://slack-files.com/x", "slack-files.com", id="public files"),
        pytest.param("https://files.slack-gov.com/x", "files.slack-gov.com", id="government"),
        pytest.param("https://files.slack.com:443/x", "files.slack.com", id="the port said"),
        pytest.param("https://FILES.Slack.COM/x", "files.slack.com", id="capitals"),
        pytest.param("https://files.slack.com./x", "files.slack.com", id="the root's dot"),
        pytest.param("https://files.slack。com/x", "files.slack.com", id="an ideographic dot"),
    ],
)
def test_slack_may_see_the_token(address: str, host: str) -> None:
    """The token goes to Slack's domains and their subdomains, however they are spelt."""
    url = allowed(address, api_url=SANDBOX)
    assert (url.scheme, url.host, url.port) == ("https", host, None)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://example.com/slack.com", id="elsewhere"),
        pytest.param("https://evilslack.com/x", id="no dot before"),
        pytest.param("https://slack.com.evil.example/x", id="Slack as a subdomain"),
        pytest.param("https://slack.com@evil.example/x", id="Slack as a user"),
        pytest.param("https://evil.example@slack.com/x", id="a user at Slack"),
        pytest.param("https://slack.com:pw@evil.example/x", id="Slack as user with a password"),
        pytest.param("https://evil.example\\@slack.com/x", id="a backslash"),
        pytest.param("https://evil.example%2f.slack.com/x", id="a slash in disguise"),
        pytest.param("https://evil.example#.slack.com/x", id="a fragment"),
        pytest.param("https://evil.example?.slack.com/x", id="a query"),
        pytest.param("https://.slack.com/x", id="an empty label"),
        pytest.param("https://files..slack.com/x", id="an empty label inside"),
        pytest.param("https://slack.com../x", id="two dots"),
        pytest.param("https://slаck.com/x", id="a Cyrillic letter"),  # noqa: RUF001 -- the point of it
        pytest.param("https://files.slack.com:8443/x", id="another port"),
        pytest.param("https://files.slack.com:80/x", id="the port of http"),
        pytest.param("http://files.slack.com/x", id="not encrypted"),
        pytest.param("ftp://files.slack.com/x", id="another scheme"),
        pytest.param("//files.slack.com/x", id="no scheme"),
        pytest.param("/files-pri/x", id="no host"),
        pytest.param("", id="nothing"),
        pytest.param("https://127.0.0.1/x", id="a number"),
        pytest.param("https://[::1]/x", id="a longer number"),
        pytest.param("https://[::1/x", id="half a bracket"),
        pytest.param("https://files.slack.com:99999/x", id="an impossible port"),
        pytest.param("https://files.slack.com/\n", id="a line end"),
        pytest.param("https://-.xn--\u2024/x", id="no name at all"),
    ],
)
def test_strangers_do_not(address: str) -> None:
    """No other host sees the token, whatever its address pretends."""
    with pytest.raises(ForeignHostError):
        allowed(address, api_url=SLACK)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://127.0.0.1:3100/x", id="another scheme"),
        pytest.param("http://localhost:3100/x", id="another name"),
        pytest.param("http://127.0.0.1:3101/x", id="another port"),
        pytest.param("http://127.0.0.1/x", id="no port"),
        pytest.param("http://user@127.0.0.1:3100/x", id="a user"),
    ],
)
def test_only_the_exact_origin_of_the_api_is_slack_too(address: str) -> None:
    """A sandbox may see the token, but only under its very scheme, host and port."""
    assert str(allowed("http://127.0.0.1:3100/files/x", api_url=SANDBOX)) == "http://127.0.0.1:3100/files/x"
    with pytest.raises(ForeignHostError):
        allowed(address, api_url=SANDBOX)


def test_the_origin_may_be_a_long_number() -> None:
    """A sandbox that listens on IPv6 serves files too."""
    assert str(allowed("http://[::1]:3100/x", api_url="http://[::1]:3100/api/")) == "http://[::1]:3100/x"


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_but_slack_ever_gets_through(before: str, after: str) -> None:
    """Whatever is written around a name of Slack's, what is allowed is Slack."""
    for address in (f"https://{before}slack.com{after}", f"{before}//slack.com{after}"):
        try:
            url = allowed(address, api_url=SLACK)
        except ForeignHostError:
            continue
        assert url.scheme == "https"
        assert url.port is None
        assert not url.userinfo
        assert f".{url.raw_host.decode()}".endswith(".slack.com")
