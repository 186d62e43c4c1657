"""The log remarks on messages that would ping somebody."""

from __future__ import annotations

from typing import Any

import pytest
from slack_calls import call

from bot.sandbox.mentions import notified
from bot.sandbox.server import SlackSandbox


def mrkdwn(text: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- JSON
    """Give a section of mrkdwn."""
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text, **more}}]


def rich(**leaf: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- JSON
    """Give rich text of one leaf."""
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}]


@pytest.mark.parametrize(
    ("text", "blocks", "found"),
    [
        pytest.param("hi <@U0ANA> and <!here>", [], ["<@U0ANA>", "<!here>"], id="markup in the text"),
        pytest.param(
            "&lt;!channel&gt; @here <#C0X|x> <https://a.example>", [], [], id="escaped, bare, links"
        ),
        pytest.param("", mrkdwn("<!subteam^S1|@team>"), ["<!subteam^S1|@team>"], id="a group in mrkdwn"),
        pytest.param("", mrkdwn("ask @here"), ["@here"], id="bare in mrkdwn"),
        pytest.param("", mrkdwn("ask @here me@channel.example", verbatim=True), [], id="bare, verbatim"),
        pytest.param("", rich(type="text", text="<!channel> @here"), [], id="rich text is only text"),
        pytest.param("", rich(type="broadcast", range="here"), ["here"], id="a broadcast element"),
        pytest.param("", rich(type="user", user_id="U0ANA"), ["U0ANA"], id="a user element"),
    ],
)
def test_mentions_are_found_where_slack_acts_on_them(text: str, blocks: list[Any], found: list[str]) -> None:
    """A mention counts where Slack would notify somebody, and only there."""
    assert notified(text, blocks) == found


def test_bare_names_count_with_link_names() -> None:
    """With link_names Slack parses bare names in the text as well."""
    assert notified("ask @everyone", [], link_names=True) == ["@everyone"]


async def test_the_log_says_who_would_be_notified() -> None:
    """A post that pings passes, with a remark."""
    async with SlackSandbox() as slack:
        assert (await call(slack, "chat.postMessage", channel="C0SUPPORT", text="<!here> hello"))["ok"]
        assert "notifies <!here>" in slack.calls("chat.postMessage")[0].rule
