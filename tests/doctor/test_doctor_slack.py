"""What the doctor finds in Slack: tokens, scopes, channels, and who hears of trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ward import open_ward, told

from bot import manifest
from bot.sandbox.faults import Fault
from bot.web_api import WebApi

if TYPE_CHECKING:
    from pathlib import Path

    from bot.doctor.patient import Patient


async def test_all_is_well_with_slack(tmp_path: Path) -> None:
    """A bot that is set up well has four green lines, which name workspace, bot and number of channels."""
    names = ("bot token", "scopes", "app token", "membership")
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look(*names)
    assert {one.state.value for one in found.values()} == {"ok"}
    assert "@dragoman in the workspace Sandbox" in found["bot token"].found
    assert found["membership"].found == "the bot is in 3 channels"
    assert not any(one.remedy for one in found.values())


async def test_http_mode_has_a_signing_secret_instead(tmp_path: Path) -> None:
    """In HTTP mode nothing is asked about a websocket; that the secret cannot be proven is said."""
    async with open_ward(tmp_path / "data") as ward:
        config: dict[str, Any] = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": ward.slack.signing_secret}
        found = await ward.look("signing secret", **config)
        assert told(found["signing secret"])[0] == "ok"
        assert not ward.slack.calls("apps.connections.open")


@pytest.mark.parametrize(
    ("name", "fault", "variables", "state", "words"),
    [
        pytest.param(
            "bot token",
            None,
            {"SLACK_BOT_TOKEN": "xoxb-1-old"},
            "fail",
            ("SLACK_BOT_TOKEN", "invalid_auth", "copy the Bot User OAuth Token anew"),
            id="a wrong bot token",
        ),
        pytest.param(
            "bot token",
            Fault("lost_before", "auth.test", times=None),
            {},
            "fail",
            ("does not answer", "HTTPS_PROXY"),
            id="no way to Slack",
        ),
        pytest.param(
            "bot token",
            Fault("lost_before", "auth.test", times=None, after=1),
            {},
            "fail",
            ("does not answer", "HTTPS_PROXY"),
            id="Slack stumbles",
        ),
        pytest.param(
            "app token",
            None,
            {"SLACK_APP_TOKEN": "xapp-1-A0-1-old"},
            "fail",
            ("SLACK_APP_TOKEN", "invalid_auth", "connections:write"),
            id="a wrong app token",
        ),
        pytest.param(
            "app token",
            Fault("http_error", "apps.connections.open", times=None),
            {},
            "fail",
            ("does not answer", "HTTPS_PROXY"),
            id="no websocket",
        ),
        pytest.param(
            "membership",
            Fault("missing_scope", "users.conversations", scope="groups:read"),
            {},
            "warn",
            ("missing_scope", "reinstall"),
            id="the channels may not be listed",
        ),
        pytest.param(
            "membership",
            Fault("lost_before", "users.conversations", times=None),
            {},
            "fail",
            ("does not answer", "HTTPS_PROXY"),
            id="the channels are not listed",
        ),
        pytest.param(
            "alert channel", None, {}, "warn", ("ALERT_CHANNEL is not set", "set it"), id="nobody hears"
        ),
        pytest.param(
            "alert channel", None, {"ALERT_CHANNEL": "C0SUPPORT"}, "ok", ("can be reached",), id="a channel"
        ),
        pytest.param("alert channel", None, {"ALERT_CHANNEL": "U0ANA"}, "ok", ("a person",), id="a person"),
        pytest.param(
            "alert channel",
            None,
            {"ALERT_CHANNEL": "C0RANDOM"},
            "fail",
            ("not in ALERT_CHANNEL C0RANDOM", "/invite @dragoman"),
            id="a channel without the bot",
        ),
        pytest.param(
            "alert channel",
            None,
            {"ALERT_CHANNEL": "C0NOWHERE"},
            "fail",
            ("channel_not_found", "has to invite @dragoman"),
            id="no such channel",
        ),
        pytest.param(
            "alert channel",
            None,
            {"ALERT_CHANNEL": "U0NOBODY"},
            "fail",
            ("user_not_found", "of a person"),
            id="no such person",
        ),
        pytest.param(
            "alert channel",
            Fault("lost_before", "conversations.info", times=None),
            {"ALERT_CHANNEL": "C0SUPPORT"},
            "fail",
            ("does not answer", "HTTPS_PROXY"),
            id="Slack does not say",
        ),
    ],
)
async def test_what_is_wrong_is_named_with_its_remedy(  # noqa: PLR0913, PLR0917 -- a table with so many columns
    tmp_path: Path,
    name: str,
    fault: Fault | None,
    variables: dict[str, Any],
    state: str,
    words: tuple[str, ...],
) -> None:
    """Each trouble with Slack has its line, its colour and its remedy."""
    async with open_ward(tmp_path / "data") as ward:
        if fault:
            ward.slack.faults.add(fault)
        found = (await ward.look(name, **variables))[name]
    assert told(found)[0] == state
    assert all(word in told(found)[1] for word in words), told(found)


async def test_missing_scopes_are_named(tmp_path: Path) -> None:
    """An app of an older manifest is told which scopes it lacks, and how it gets them."""
    narrow = manifest.build()
    narrow["oauth_config"]["scopes"]["bot"] = [one for one in manifest.SCOPES if one != "files:write"]
    async with open_ward(tmp_path / "data", narrow) as ward:
        found = await ward.look("bot token", "scopes")
    state, words = told(found["scopes"])
    assert (state, words.partition(";")[0]) == ("fail", "not granted: files:write")
    assert "dragoman manifest" in words


async def test_scopes_that_nobody_tells(tmp_path: Path) -> None:
    """Where Slack says nothing of scopes, that is no alarm."""
    async with open_ward(tmp_path / "data") as ward:
        found = await ward.look("scopes")
    assert told(found["scopes"])[0] == "warn"


async def test_a_refused_token_leaves_its_other_checks_untried(tmp_path: Path) -> None:
    """What needs the bot token says so, instead of failing too; the app token is checked all the same."""
    async with open_ward(tmp_path / "data") as ward:
        names = ("bot token", "scopes", "app token", "membership", "alert channel")
        found = await ward.look(*names, SLACK_BOT_TOKEN="xoxb-1-old", ALERT_CHANNEL="C0SUPPORT")  # noqa: S106 -- no secret
        assert not ward.slack.calls("users.conversations")
    assert [one.state.value for one in found.values()] == ["fail", "warn", "ok", "warn", "warn"]
    assert found["membership"].remedy == "mend “bot token” first"


async def test_a_bot_that_is_nowhere(tmp_path: Path) -> None:
    """A bot in no channel is told how it gets into one; archived channels do not count."""
    async with open_ward(tmp_path / "data") as ward:
        for channel in ward.slack.workspace.channels.values():
            channel.is_archived = True
        found = (await ward.look("membership"))["membership"]
        alert = (await ward.look("alert channel", ALERT_CHANNEL="C0SUPPORT"))["alert channel"]
    assert told(found) == ("warn", "the bot is in no channel; /invite @dragoman in a channel")
    assert (alert.state.value, alert.found) == ("fail", "ALERT_CHANNEL C0SUPPORT is archived")


async def test_many_channels_are_counted_page_by_page(tmp_path: Path) -> None:
    """More channels than a page holds are counted to the end, and where there is no end, up to a limit."""
    async with open_ward(tmp_path / "data") as ward:
        bot = ward.slack.bot_user_id
        for number in range(247):
            ward.slack.workspace.add_channel(f"room-{number}", "channel", [bot])
        assert (await ward.look("membership"))["membership"].found == "the bot is in 250 channels"
        for number in range(247, 2100):
            ward.slack.workspace.add_channel(f"room-{number}", "channel", [bot])
        found = (await ward.look("membership"))["membership"].found
    assert found == "the bot is in more than 2000 channels"


class LeftWebApi(WebApi):
    """A Slack whose people have all left: the embedded one deletes nobody."""

    async def call(self, method: str, **_: Any) -> dict[str, Any]:  # noqa: ANN401 -- as in the class itself
        """Say so of whoever is asked for."""
        assert method == "users.info"
        return {"ok": True, "user": {"deleted": True}}


async def test_a_person_who_has_left(tmp_path: Path) -> None:
    """A person who has left the workspace reads no alerts any more."""

    def leave(patient: Patient) -> None:
        patient.web_api = LeftWebApi(patient.web_api.client)

    async with open_ward(tmp_path / "data") as ward:
        found = (await ward.look("alert channel", change=leave, ALERT_CHANNEL="U0ANA"))["alert channel"]
    assert (found.state.value, found.found) == ("fail", "ALERT_CHANNEL U0ANA is a person who has left")
