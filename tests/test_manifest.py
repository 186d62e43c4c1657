"""The manifest and the code hold together, both ways: nothing missing, nothing asked for without need."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from slack_sdk.web.async_client import AsyncWebClient

import bot
from bot import manifest
from bot.sandbox.methods import METHODS
from bot.sandbox.server import SlackSandbox
from bot.surfaces import command

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(bot.__file__).parents[1]

HISTORY = {"channels:history", "groups:history", "im:history", "mpim:history"}
READ = {"channels:read", "groups:read", "im:read", "mpim:read"}

# What Slack's documentation asks for, of a bot that works in every kind of conversation.
SCOPES_OF_METHODS: dict[str, set[str]] = {
    "apps.connections.open": set(),  # the app token's own connections:write
    "assistant.threads.setStatus": {"chat:write"},
    "auth.test": set(),
    "chat.delete": {"chat:write"},
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": HISTORY,
    "conversations.info": READ,
    "conversations.members": READ,
    "conversations.open": {"im:write"},
    "conversations.replies": HISTORY,
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "files.info": {"files:read"},
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
    "users.conversations": {"channels:read", "groups:read"},
    "users.info": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
    "views.update": set(),
}
SCOPES_OF_EVENTS: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
    "reaction_added": {"reactions:read"},
}


def _nodes() -> Iterator[ast.AST]:
    """Give every node of the bot's own source; the sandbox plays Slack and is left out."""
    package = ROOT / "bot"
    for path in sorted(package.rglob("*.py")):
        if "sandbox" not in path.relative_to(package).parts:
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _methods_called() -> set[str]:
    """Find the Web API methods in the source: any text that slack_sdk has a method for."""
    return {
        node.value
        for node in _nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_method(node.value)
    }


def _is_method(text: str) -> bool:
    return "." in text and hasattr(AsyncWebClient, text.replace(".", "_"))


def _registered(kind: str) -> set[str]:
    """Find what Bolt is told to listen for (`app.event("message")` …); `*` stands for a pattern."""
    return {
        str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else "*"
        for node in _nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
        if node.func.attr == kind and isinstance(node.func.value, ast.Name) and node.func.value.id == "app"
    }


def _urls(value: object) -> Iterator[str]:
    """Give every address that stands anywhere in a manifest."""
    if isinstance(value, dict):
        yield from (url for key, one in value.items() if key in {"url", "request_url"} for url in [str(one)])
        yield from (url for one in value.values() for url in _urls(one))
    elif isinstance(value, list):
        yield from (url for one in value for url in _urls(one))


def test_the_file_is_what_the_command_prints() -> None:
    """`manifest.yml` is, to the byte, what `dragoman manifest` prints."""
    assert (ROOT / "manifest.yml").read_text(encoding="utf-8") == manifest.as_yaml()


def test_the_printed_manifest_says_what_was_built() -> None:
    """Printing as YAML loses and changes nothing."""
    assert yaml.safe_load(manifest.as_yaml()) == manifest.build()


def test_every_scope_has_a_call_or_an_event_and_every_call_and_event_its_scopes() -> None:
    """The scopes are exactly those of the methods called, of the events, of downloads and the command."""
    needed = {"commands", "files:read"}
    for method in _methods_called():
        needed |= SCOPES_OF_METHODS[method]
    for event in manifest.EVENTS:
        needed |= SCOPES_OF_EVENTS[event]
    assert set(manifest.SCOPES) == needed
    assert len(manifest.SCOPES) == len(set(manifest.SCOPES))


def test_the_source_is_searched_well() -> None:
    """The search for called methods finds those that no bot can do without."""
    assert {"auth.test", "chat.postMessage", "files.info", "conversations.replies"} <= _methods_called()


def test_the_web_client_is_called_in_one_place_only() -> None:
    """No method of slack_sdk's client is called past `WebApi`, where a search for its name would miss it."""
    called = {
        node.func.attr
        for node in _nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and "_" in node.func.attr
        if hasattr(AsyncWebClient, node.func.attr) and not node.func.attr.startswith("_")
    }
    # Our own, named after the method that it calls.
    assert called <= {"files_info"}


def test_the_embedded_slack_knows_every_method_and_agrees_about_its_scope() -> None:
    """What the bot calls can be tried in the sandbox, which asks for the same scope."""
    for method in _methods_called():
        known = METHODS[method]
        if known.scope in manifest.SCOPES or method in {"chat.postMessage", "files.info"}:
            assert SCOPES_OF_METHODS[method] == {known.scope}, method


def test_every_subscribed_event_is_listened_for_and_every_listener_is_told() -> None:
    """Subscribed events and narrow listeners are the same; a wide listener takes what else may come."""
    registered = _registered("event")
    assert registered - {"*"} == {event.partition(".")[0] for event in manifest.EVENTS}
    assert "*" in registered


def test_the_command_is_there_because_it_is_listened_for() -> None:
    """One slash command is in the manifest, and one listener takes it under whatever name."""
    assert [one["command"] for one in manifest.build()["features"]["slash_commands"]] == ["/translate"]
    assert _registered("command") == {"*"}


@pytest.mark.parametrize("kind", ["action", "view", "shortcut", "options"])
def test_no_button_without_interactivity(kind: str) -> None:
    """Buttons, modals and shortcuts are listened for only where the manifest switches them on."""
    settings = manifest.build()["settings"]
    assert not _registered(kind) or settings.get("interactivity", {}).get("is_enabled") is True


def test_the_home_tab_is_on_only_where_somebody_fills_it() -> None:
    """The Home tab is on where `app_home_opened` is subscribed; the Messages tab can be written in."""
    home = manifest.build()["features"]["app_home"]
    assert home["home_tab_enabled"] is ("app_home_opened" in manifest.EVENTS)
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False


def test_socket_mode_names_no_address() -> None:
    """In Socket Mode Slack wants no address, and gets none."""
    built = manifest.build()
    assert built["settings"]["socket_mode_enabled"] is True
    assert list(_urls(built)) == []


@pytest.mark.parametrize("url", ["https://bot.example.org", "https://bot.example.org/"])
def test_http_mode_names_the_address_wherever_slack_wants_it(url: str) -> None:
    """In HTTP mode events and every command carry the request address."""
    built = manifest.build(url=url)
    wanted = "https://bot.example.org/slack/events"
    assert built["settings"]["socket_mode_enabled"] is False
    assert built["settings"]["event_subscriptions"]["request_url"] == wanted
    assert [one["url"] for one in built["features"]["slash_commands"]] == [wanted]
    assert built["settings"]["interactivity"] == {"is_enabled": True, "request_url": wanted}


def test_one_manifest_does_not_change_the_next() -> None:
    """Building for HTTP and another command leaves nothing behind."""
    manifest.build(url="https://bot.example.org", command="/english")
    assert yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8")) == manifest.build()


def test_the_command_can_be_called_otherwise() -> None:
    """Where another app owns `/translate`, only the name changes, wherever people read it."""
    text = manifest.as_yaml(command="/english")
    assert "/translate" not in text
    assert (
        "Use /english to set" in manifest.build(command="/english")["display_information"]["long_description"]
    )
    assert text.replace("/english", "/translate").split() == manifest.as_yaml().split()


@pytest.mark.parametrize("url", ["https://bot.example", "HTTPS://bot.example:8443/", "https://a.b/in/front"])
def test_an_address_that_slack_reaches(url: str) -> None:
    """The address is taken with a port and with the path of a proxy in front, and without a last slash."""
    assert manifest.public_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://bot.example", id="no TLS"),
        pytest.param("https://", id="no host"),
        pytest.param("https://.", id="no name"),
        pytest.param("bot.example", id="no scheme"),
        pytest.param("https://bot.example/a?z=1", id="a query"),
        pytest.param("https://bot.example/#a", id="a fragment"),
        pytest.param("https://bot .example", id="a space"),
        pytest.param("https://bot.example/a b", id="a space in the path"),
        pytest.param("https://bot.example/a//b", id="an empty step"),
        pytest.param("https://bot.example/slack/events", id="our own path"),
        pytest.param("https://me:secret@bot.example", id="a password"),
        pytest.param("https://bot.example:x", id="no port"),
    ],
)
def test_what_is_no_address_for_slack(url: str) -> None:
    """Anything else would make a manifest that Slack refuses, or requests that go nowhere."""
    with pytest.raises(ValueError, match="must "):
        manifest.public_url(url)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        pytest.param("/translate", True, id="ours"),
        pytest.param("/a", True, id="shortest"),
        pytest.param("/" + "x" * 31, True, id="longest"),
        pytest.param("/" + "x" * 32, False, id="too long"),
        pytest.param("translate", False, id="no slash"),
        pytest.param("/", False, id="slash only"),
        pytest.param("/Translate", False, id="capital"),
        pytest.param("/two words", False, id="space"),
        pytest.param("/translate\n", False, id="line end"),
        pytest.param("//x", False, id="two slashes"),
    ],
)
def test_what_slack_takes_as_a_command(name: str, is_one: bool) -> None:  # noqa: FBT001 -- pytest passes it
    """A command is a slash and up to 31 small letters, digits, - or _."""
    assert manifest.is_command(name) is is_one


@pytest.mark.parametrize("url", ["", "https://bot.example.org"])
def test_slacks_limits_are_kept(url: str) -> None:
    """Names, descriptions and counts are within what Slack's form takes."""
    built: dict[str, Any] = manifest.build(url=url)
    shown = built["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 175 <= len(shown["long_description"]) <= 4000
    assert len(shown["background_color"]) == 7
    assert len(built["features"]["bot_user"]["display_name"]) <= 80
    commands = built["features"]["slash_commands"]
    assert len(commands) <= 50
    for one in commands:
        assert manifest.is_command(one["command"])
        assert 0 < len(one["description"]) <= 2000
        assert 0 < len(one["usage_hint"]) <= 1000
        assert one["should_escape"] is True
    assert len(built["settings"]["event_subscriptions"]["bot_events"]) <= 100


def test_the_usage_hint_names_what_the_help_names() -> None:
    """Whoever types the command sees first words that it knows."""
    hint = manifest.build()["features"]["slash_commands"][0]["usage_hint"]
    assert {word for word in hint.strip("[]").split() if word.islower()} == {
        *command.ALONE,
        *command.SET_HERE,
        "help",
    }


def test_the_sandbox_is_an_app_of_this_manifest() -> None:
    """The embedded Slack reads the very same manifest, so what it grants is what Slack will grant."""
    assert set(SlackSandbox().workspace.app.scopes) == set(manifest.SCOPES)
