"""People press, choose and call shortcuts; the app hears of it in Slack's shapes, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bolt_app import Errands, actions, asked, button, errands, form, manifest, options, playground
from slack_calls import call, listening

from bot.sandbox.control_interactions import ControlInteractions
from bot.sandbox.installed_app import App
from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.server import Fault, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Json = dict[str, Any]
BOTH = pytest.mark.parametrize("is_http", [False, True], ids=["socket", "http"])
EVERY = {"type", "user", "api_app_id", "token", "trigger_id", "team", "enterprise", "is_enterprise_install"}
TEAM = {"id": "T0SANDBOX", "domain": "sandbox"}
ANA = {"id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0SANDBOX"}


@pytest.fixture
async def app() -> AsyncIterator[Errands]:
    """Run the app over Socket Mode in a sandbox of its own."""
    async with playground() as (_, running):
        yield running


@BOTH
async def test_a_button_opens_a_modal(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """A button reaches the app with its message, a trigger that opens a modal, and a response_url."""
    async with playground(is_http=is_http) as (slack, app):
        ts = await app.post(actions(button("open", value="7", style="primary")))
        result = await slack.act("open", ts=ts, block_id="acts")
        await slack.wait_for(lambda one: one.workspace.views)
        body = app.last
    assert (result.acked, result.error, result.payload) == (True, "", body)
    assert body.keys() == EVERY | {"container", "channel", "message", "state", "response_url", "actions"}
    assert (body["type"], body["user"], body["team"]) == ("block_actions", ANA, TEAM)
    assert (body["trigger_id"], body["response_url"]) == (result.trigger_id, result.response_url)
    place = {"type": "message", "message_ts": ts, "channel_id": "C0SUPPORT", "is_ephemeral": False}
    assert (body["container"], body["channel"]) == (place, {"id": "C0SUPPORT", "name": "support"})
    assert (body["message"]["ts"], body["state"]) == (ts, {"values": {}})
    (pressed,) = body["actions"]
    stamp = pressed.pop("action_ts")
    text = {"type": "plain_text", "text": "Open"}
    named = {"type": "button", "action_id": "open", "block_id": "acts", "text": text}
    assert pressed == {**named, "value": "7", "style": "primary"}
    assert stamp > ts


async def test_a_socket_envelope_takes_an_answer_only_for_submissions() -> None:
    """The envelope is `interactive`; what comes with the ack of an action is ignored, and the log says so."""
    async with SlackSandbox(manifest=manifest()) as slack, listening(slack, reply={"text": "no"}) as ear:
        ts = await Errands(slack).post(actions(button("x")))
        result = await slack.act("x", ts=ts)
        envelope = ear.envelopes[0]
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("interactive", False)
        assert (result.acked, result.ephemeral) == (True, [])
    (logged,) = slack.calls("interaction")
    assert (logged.ok, logged.method, logged.arguments["action_id"]) == (True, "block_actions", "x")
    assert "ignores" in logged.rule


MONDAY, TUESDAY = options("monday", "tuesday")
DAYS = [MONDAY, TUESDAY]
NAMED = {"placeholder": {"type": "plain_text", "text": "…"}}
CHOICES: list[tuple[Json, Any, Json]] = [
    ({"type": "static_select", "options": DAYS, **NAMED}, "monday", {"selected_option": MONDAY}),
    ({"type": "static_select", "options": DAYS}, None, {"selected_option": None}),
    ({"type": "radio_buttons", "options": DAYS}, "tuesday", {"selected_option": TUESDAY}),
    ({"type": "checkboxes", "options": DAYS}, ["tuesday"], {"selected_options": [TUESDAY]}),
    ({"type": "checkboxes", "options": DAYS, "initial_options": DAYS}, None, {"selected_options": []}),
    (
        {"type": "multi_static_select", "option_groups": [{"label": NAMED["placeholder"], "options": DAYS}]},
        ["tuesday", "monday"],
        {"selected_options": [TUESDAY, MONDAY]},
    ),
    ({"type": "users_select"}, "U0BEN", {"selected_user": "U0BEN"}),
    ({"type": "conversations_select"}, "C0LEADS", {"selected_conversation": "C0LEADS"}),
    ({"type": "channels_select"}, "C0SALES", {"selected_channel": "C0SALES"}),
    ({"type": "datepicker"}, "2026-11-21", {"selected_date": "2026-11-21"}),
]


@pytest.mark.parametrize(("element", "raw", "made"), CHOICES, ids=[f"{c[0]['type']}-{c[1]}" for c in CHOICES])
async def test_a_choice_is_told_and_kept(app: Errands, element: Json, raw: Any, made: Json) -> None:  # noqa: ANN401 -- raw
    """A choice comes in Slack's words, stands in the state, and still stands there at the next action."""
    ts = await app.post(actions({**element, "action_id": "pick"}, button("go")))
    assert (await app.slack.act("pick", raw, ts=ts)).acked
    (told,) = app.last["actions"]
    entry = {"type": element["type"], **made}
    assert told.items() >= entry.items()
    asides = {key: value for key, value in element.items() if key.startswith(("initial", "place"))}
    assert told.keys() == {"action_id", "block_id", "action_ts"} | entry.keys() | asides.keys()
    assert app.last["state"]["values"] == {"acts": {"pick": entry}}
    await app.slack.act("go", ts=ts)
    assert app.last["state"]["values"] == {"acts": {"pick": entry}}
    await app.slack.act("go", ts=ts, user="ben")
    assert app.last["state"]["values"]["acts"]["pick"].keys() == entry.keys()


async def test_an_overflow_menu_is_told_and_not_kept(app: Errands) -> None:
    """An entry of a menu is an action, but no state."""
    ts = await app.post(actions({"type": "overflow", "action_id": "more", "options": DAYS}))
    await app.slack.act("more", "monday", ts=ts)
    assert (app.last["actions"][0]["selected_option"], app.last["state"]["values"]) == (MONDAY, {})
    with pytest.raises(SandboxMisuseError, match="nothing was chosen"):
        await app.slack.act("more", ts=ts)


async def test_what_has_no_id_gets_one(app: Errands) -> None:
    """Slack names blocks and elements that the app did not name, and both ids come with the action."""
    text = {"type": "mrkdwn", "text": "x"}
    nameless = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    ts = await app.post({"type": "section", "text": text, "accessory": nameless})
    (block,) = app.slack.messages("support")[0].blocks
    await app.slack.act(block["accessory"]["action_id"], ts=ts, block_id=block["block_id"])
    (told,) = app.last["actions"]
    assert (told["action_id"], told["block_id"]) == (block["accessory"]["action_id"], block["block_id"])
    assert told["action_id"]
    assert told["block_id"]


async def test_an_action_names_its_thread(app: Errands) -> None:
    """The container of a reply says which thread it is in; that of a DM has Slack's name for DMs."""
    parent = await app.slack.say("hello")
    ts = await app.post(actions(button("x")), thread_ts=parent)
    await app.slack.act("x", ts=ts)
    assert app.last["container"]["thread_ts"] == parent
    ts = await app.post(actions(button("x")), channel="D0ANA")
    await app.slack.act("x", ts=ts, channel="D0ANA")
    assert app.last["channel"] == {"id": "D0ANA", "name": "directmessage"}


async def test_an_ephemeral_message_has_one_reader(app: Errands) -> None:
    """The button of an ephemeral message works for whom it was shown to; its payload has no message."""
    ts = await app.whisper(actions(button("x")))
    assert (await app.slack.act("x", ts=ts)).acked
    assert app.last.keys() == EVERY | {"container", "channel", "state", "response_url", "actions"}
    assert app.last["container"]["is_ephemeral"] is True
    with pytest.raises(SandboxMisuseError, match="ben does not see this message"):
        await app.slack.act("x", ts=ts, user="ben")


@pytest.mark.parametrize(
    ("choice", "match"),
    [
        pytest.param({"action_id": "nothing"}, "no element nothing", id="an unknown action"),
        pytest.param({"action_id": "pick", "block_id": "else"}, "in block else", id="an unknown block"),
        pytest.param({"action_id": "pick", "value": "sunday"}, "no option sunday", id="an unknown option"),
        pytest.param({"action_id": "pick", "value": 3}, "takes text", id="a number"),
        pytest.param({"action_id": "some", "value": "monday"}, "a list", id="no list"),
        pytest.param({"action_id": "some", "value": ["monday"] * 2}, "each once", id="twice"),
        pytest.param({"action_id": "some", "value": ["monday", "tuesday"]}, "at most 1", id="too many"),
        pytest.param({"action_id": "who", "value": "U0X"}, "nobody has the id", id="a stranger"),
        pytest.param({"action_id": "where", "value": "C0LEADS"}, "no conversation", id="a private channel"),
        pytest.param({"action_id": "when", "value": "20261121"}, "takes a date", id="no date"),
        pytest.param({"action_id": "when", "value": "soon"}, "takes a date", id="no date at all"),
        pytest.param({"action_id": "in", "value": "x"}, "waits for the submission", id="an input block"),
        pytest.param({"action_id": "pick", "user": "guest"}, "guest is not in", id="somebody outside"),
        pytest.param(
            {"action_id": "pick", "values": {"acts": {"no": 1}}}, "no element no", id="a wrong value"
        ),
    ],
)
async def test_nobody_can_press_what_is_not_there(app: Errands, choice: Json, match: str) -> None:
    """What Slack's client has no way to do is the person's mistake; the app hears nothing."""
    some = {"type": "multi_static_select", "action_id": "some", "options": DAYS, "max_selected_items": 1}
    ts = await app.post(
        actions(
            {"type": "static_select", "action_id": "pick", "options": DAYS},
            some,
            {"type": "users_select", "action_id": "who"},
            {"type": "channels_select", "action_id": "where"},
            {"type": "datepicker", "action_id": "when"},
        ),
        asked("ask", {"type": "plain_text_input"}),
        channel="C0SALES",
    )
    with pytest.raises(SandboxMisuseError, match=match):
        await app.slack.act(**{"ts": ts, "channel": "sales", **choice})
    assert app.payloads == []


async def test_messages_of_others_have_no_buttons(app: Errands) -> None:
    """A person's message, and one that never stood there, cannot be acted in."""
    ts = await app.slack.say("hello")
    with pytest.raises(SandboxMisuseError, match="not posted by the app"):
        await app.slack.act("x", ts=ts)
    with pytest.raises(RefusedError, match="message_not_found"):
        await app.slack.act("x", ts="1795000000.000100")


async def test_without_interactivity_nothing_is_sent() -> None:
    """Where the manifest leaves interactivity off, every press is refused, and the log says why."""
    async with SlackSandbox(manifest=manifest(is_interactive=False)) as slack, errands(slack) as app:
        ts = await app.post(actions(button("x")))
        for refused in (
            slack.act("x", ts=ts),
            slack.shortcut("new"),
            slack.shortcut("todo", channel="support", ts=ts),
        ):
            with pytest.raises(RefusedError, match=r"settings\.interactivity\.is_enabled") as caught:
                await refused
            assert caught.value.code == "interactivity_not_enabled"
        logged = [(one.method, one.ok, one.error) for one in slack.calls("interaction")]
    assert logged == [
        (what, False, "interactivity_not_enabled") for what in ("block_actions", "shortcut", "message_action")
    ]
    assert app.payloads == []


async def test_an_action_is_sent_once() -> None:
    """No connection, no ack in time, or a lost ack: operation_timeout is shown, and nothing comes again."""
    async with SlackSandbox(manifest=manifest()) as slack:
        ts = await Errands(slack).post(actions(button("silent"), button("x")))
        slack.retry_delays = (0.0, 0.0, 0.0)
        slack.ack_seconds = 0.2
        alone = await slack.act("x", ts=ts)
        async with errands(slack) as app:
            late = await slack.act("silent", ts=ts)
            slack.ack_seconds = 3.0
            slack.faults.add(Fault("missed_ack", method="interaction"))
            lost = await slack.act("x", ts=ts)
            well = await slack.act("x", ts=ts)
    results = [(one.acked, one.error) for one in (alone, late, lost, well)]
    assert results == [(False, "operation_timeout")] * 3 + [(True, "")]
    assert [body["actions"][0]["action_id"] for body in app.payloads] == ["silent", "x", "x"]


async def test_an_app_that_answers_badly_is_an_error() -> None:
    """Over HTTP an unhandled action is the app's error, not a timeout."""
    async with playground(is_http=True) as (slack, app):
        view_id = await app.open(form(callback_id="unknown"))
        result = await slack.submit_view(view_id)
    assert (result.acked, result.error, result.rule) == (False, "app_error", "the app answered 404")


async def test_a_trigger_expires() -> None:
    """Three seconds after the press its trigger opens nothing; used once it opens nothing either."""
    now = [1795000000.0]
    async with playground(clock=lambda: now[0]) as (slack, app):
        ts = await app.post(actions(button("x")))
        late, used = await slack.act("x", ts=ts), await slack.act("x", ts=ts)
        opened = await call(slack, "views.open", trigger_id=used.trigger_id, view=form())
        again = await call(slack, "views.open", trigger_id=used.trigger_id, view=form())
        now[0] += 3.5
        expired = await call(slack, "views.open", trigger_id=late.trigger_id, view=form())
    assert opened["ok"]
    assert (again["error"], expired["error"]) == ("exchanged_trigger_id", "expired_trigger_id")


# --- shortcuts ----------------------------------------------------------------------------------


@BOTH
async def test_a_message_shortcut_brings_the_message(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """A message shortcut works on anybody's message, also where the bot is not, and can answer."""
    async with playground(is_http=is_http) as (slack, app):
        app.said = {"text": "Noted."}
        ts = await slack.say("Buy bread", channel="random")
        result = await slack.shortcut("todo", channel="random", ts=ts)
        (seen,) = await result.answers()
        body = app.last
    assert body.keys() == {
        *("type", "token", "action_ts", "team", "user", "channel", "callback_id", "trigger_id", "message_ts"),
        *("message", "response_url", "enterprise", "is_enterprise_install"),
    }
    assert (body["type"], body["callback_id"], body["message_ts"]) == ("message_action", "todo", ts)
    assert (body["user"], body["channel"]) == (
        {"id": "U0ANA", "name": "ana"},
        {"id": "C0RANDOM", "name": "random"},
    )
    assert (body["message"]["text"], body["message"]["ts"]) == ("Buy bread", ts)
    assert (seen["text"], seen["channel"], seen["is_ephemeral"]) == ("Noted.", "C0RANDOM", True)


@BOTH
async def test_a_global_shortcut_opens_a_modal(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """A global shortcut has a trigger, and neither channel nor response_url."""
    async with playground(is_http=is_http) as (slack, app):
        assert (await slack.shortcut("new", user="ben")).acked
        await slack.wait_for(lambda one: one.workspace.views)
        body = app.last
    assert body.keys() == {
        *("type", "token", "action_ts", "team", "user", "callback_id", "trigger_id"),
        *("enterprise", "is_enterprise_install"),
    }
    assert body["user"] == {"id": "U0BEN", "username": "ben", "team_id": "T0SANDBOX"}
    assert [view.user for view in slack.workspace.views.values()] == ["U0BEN"]


async def test_a_shortcut_must_be_in_the_manifest(app: Errands) -> None:
    """Neither an unknown shortcut, nor one of the other kind, nor one on a message out of sight is there."""
    ts = await app.slack.say("x", channel="leads")
    for callback_id, place in (("none", {}), ("todo", {}), ("new", {"channel": "leads", "ts": ts})):
        with pytest.raises(SandboxMisuseError, match="shortcut"):
            await app.slack.shortcut(callback_id, **place)
    with pytest.raises(SandboxMisuseError, match="guest is not in leads"):
        await app.slack.shortcut("todo", channel="leads", ts=ts, user="guest")
    async with SlackSandbox(manifest=manifest(scopes=("chat:write",))) as slack:
        with pytest.raises(SandboxMisuseError, match="no scope commands"):
            await slack.shortcut("new")


# --- Home ---------------------------------------------------------------------------------------


@BOTH
async def test_the_home_is_opened_and_its_button_pressed(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """Opening the Home is an event, with the view once there is one; its button opens a modal."""
    async with playground(is_http=is_http) as (slack, app):
        await slack.open_home()
        await slack.wait_for(lambda one: "U0ANA" in one.workspace.homes)
        first = app.last["event"]
        await slack.open_home()
        await slack.wait_for(lambda _: len(app.payloads) > 1)
        home = slack.workspace.homes["U0ANA"]
        second = app.last["event"]
        assert (await slack.act("open", view_id=home.id)).acked
        await slack.wait_for(lambda one: one.workspace.views)
        body = app.last
        with pytest.raises(SandboxMisuseError, match="ben does not see this view"):
            await slack.act("open", view_id=home.id, user="ben")
        with pytest.raises(SandboxMisuseError, match="is no modal"):
            await slack.submit_view(home.id)
    assert first.keys() == {"type", "user", "channel", "tab", "event_ts"}
    assert (first["user"], first["channel"], first["tab"]) == ("U0ANA", "D0ANA", "home")
    assert (second["view"]["id"], second["view"]["type"]) == (home.id, "home")
    assert body.keys() == EVERY | {"container", "view", "actions"}
    assert (body["container"], body["view"]["id"]) == ({"type": "view", "view_id": home.id}, home.id)


async def test_a_tab_that_is_off_cannot_be_opened(app: Errands) -> None:
    """The manifest says which tabs there are; without the subscription opening one is no event."""
    with pytest.raises(SandboxMisuseError, match="no tab messages"):
        await app.slack.open_home("messages")
    with pytest.raises(SandboxMisuseError, match="no tab about"):
        await app.slack.open_home("about")
    async with SlackSandbox() as slack:
        await slack.open_home("messages")
        assert slack.calls("event") == []
        assert not slack.workspace.app.has_home
        assert slack.workspace.app.has_messages_tab
    assert App.from_manifest({}).has_messages_tab


# --- over the control API -----------------------------------------------------------------------


async def test_the_verbs_do_as_the_methods(app: Errands) -> None:
    """The control API's verbs take JSON and give JSON; errors of a form stand at its blocks."""
    verbs = ControlInteractions(app.slack).verbs()
    assert verbs.keys() == {"action", "submit", "close", "shortcut", "home"}
    app.view = form(asked("name", {"type": "plain_text_input"}))
    ts = await app.post(actions(button("open")))
    place = {"channel": "C0SUPPORT", "ts": ts, "block_id": "acts", "action_id": "open"}
    pressed = await verbs["action"]({"user": "U0ANA", **place, "value": None, "values": {}})
    assert pressed == {"acked": True, "error": "", "rule": "", "ephemeral": []}
    await app.slack.wait_for(lambda one: one.workspace.views)
    (view_id,) = app.slack.workspace.views
    empty = await verbs["submit"]({"user": "U0ANA", "view_id": view_id, "values": {"name": {"in": ""}}})
    assert (empty["acked"], empty["errors"].keys()) == (False, {"name"})
    assert (await verbs["close"]({"user": "U0ANA", "view_id": view_id}))["acked"]
    assert (await verbs["shortcut"]({"user": "U0ANA", "callback_id": "new"}))["acked"]
    assert await verbs["home"]({"user": "U0ANA", "tab": "home"}) == {}
