"""Modals: what is filled in, what Slack's client checks, what the ack may say, and how they go away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from bolt_app import EVERYTHING, Errands, actions, asked, button, form, manifest, options, plain, playground
from slack_calls import call, listening

from bot.sandbox.refusals import RefusedError, SandboxMisuseError
from bot.sandbox.server import Fault, SlackSandbox
from bot.sandbox.views import new_trigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.records import Change

Json = dict[str, Any]
BOTH = pytest.mark.parametrize("is_http", [False, True], ids=["socket", "http"])
EVERY = {"type", "user", "api_app_id", "token", "team", "enterprise", "is_enterprise_install"}
TEXT = {"type": "plain_text_input"}
DAYS = options("monday", "tuesday")


@pytest.fixture
async def app() -> AsyncIterator[Errands]:
    """Run the app over Socket Mode in a sandbox of its own."""
    async with playground() as (_, running):
        yield running


def open_views(slack: SlackSandbox) -> list[str]:
    """Give the titles of the modals that are open, the lowest first."""
    return [view.view["title"]["text"] for view in slack.workspace.views.values()]


@BOTH
async def test_a_form_is_submitted(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """A submission brings every element's value in Slack's words, untouched ones as the app set them."""
    blocks = [
        asked("text", TEXT),
        asked("number", {"type": "number_input", "is_decimal_allowed": False, "initial_value": "3"}),
        asked("boxes", {"type": "checkboxes", "options": DAYS, "initial_options": DAYS[:1]}),
        asked("radio", {"type": "radio_buttons", "options": DAYS}, optional=True),
        asked("who", {"type": "users_select", "initial_user": "U0BEN"}),
        asked("date", {"type": "datepicker", "initial_date": "2026-11-21"}),
        actions(
            {"type": "static_select", "action_id": "pick", "options": DAYS, "initial_option": DAYS[1]},
            button("push me"),
        ),
    ]
    async with playground(is_http=is_http) as (slack, app):
        view_id = await app.open(form(*blocks, private_metadata="secret", external_id="mine"))
        result = await slack.submit_view(view_id, {"text": {"in": "Bread"}})
        body = app.last
    assert (result.acked, result.errors, result.error) == (True, {}, "")
    assert body.keys() == EVERY | {"trigger_id", "view", "response_urls"}
    assert (body["type"], body["response_urls"]) == ("view_submission", [])
    assert (body["view"]["id"], body["view"]["private_metadata"]) == (view_id, "secret")
    assert body["view"]["state"]["values"] == {
        "text": {"in": {"type": "plain_text_input", "value": "Bread"}},
        "number": {"in": {"type": "number_input", "value": "3"}},
        "boxes": {"in": {"type": "checkboxes", "selected_options": DAYS[:1]}},
        "radio": {"in": {"type": "radio_buttons", "selected_option": None}},
        "who": {"in": {"type": "users_select", "selected_user": "U0BEN"}},
        "date": {"in": {"type": "datepicker", "selected_date": "2026-11-21"}},
        "acts": {"pick": {"type": "static_select", "selected_option": DAYS[1]}},
    }
    assert slack.workspace.views == {}


NUMBER = {"type": "number_input", "is_decimal_allowed": False}


@pytest.mark.parametrize(
    ("element", "raw", "words"),
    [
        pytest.param(TEXT, "", "required", id="nothing"),
        pytest.param(TEXT, None, "required", id="null"),
        pytest.param({"type": "checkboxes", "options": DAYS}, [], "required", id="no box"),
        pytest.param({"type": "users_select"}, None, "required", id="nobody"),
        pytest.param(TEXT | {"min_length": 3}, "ab", "at least 3 characters", id="too short"),
        pytest.param(TEXT | {"max_length": 3}, "abcd", "at most 3 characters", id="too long"),
        pytest.param(TEXT, "x" * 3001, "at most 3000 characters", id="too long for any"),
        pytest.param(NUMBER, "x", "whole number", id="no number"),
        pytest.param(NUMBER, "1.5", "whole number", id="a fraction"),
        pytest.param(NUMBER | {"is_decimal_allowed": True}, "x", "enter a number", id="no number at all"),
        pytest.param(NUMBER | {"min_value": "2"}, "1", "at least 2", id="too small"),
        pytest.param(NUMBER | {"max_value": "2"}, "3", "at most 2", id="too large"),
    ],
)
async def test_slacks_client_checks_first(app: Errands, element: Json, raw: Any, words: str) -> None:  # noqa: ANN401 -- raw
    """What is missing, too short, too long or no number is said at once; the app hears nothing of it."""
    view_id = await app.open(form(asked("ask", element), asked("note", TEXT, optional=True)))
    heard = len(app.payloads)
    result = await app.slack.submit_view(view_id, {"ask": {"in": raw}})
    assert (result.acked, list(result.errors), len(app.payloads)) == (False, ["ask"], heard)
    assert words in result.errors["ask"]
    assert open_views(app.slack) == ["Form"]


@pytest.mark.parametrize(
    ("element", "raw"),
    [
        pytest.param(TEXT | {"min_length": 3, "max_length": 3}, "abc", id="text"),
        pytest.param(NUMBER | {"min_value": "2", "max_value": "2"}, "2", id="a number"),
        pytest.param(NUMBER | {"is_decimal_allowed": True}, "1.5", id="a fraction"),
    ],
)
async def test_what_just_fits_is_sent(app: Errands, element: Json, raw: str) -> None:
    """A value at the limit passes, and so does an optional input that is left empty."""
    view_id = await app.open(
        form(asked("ask", element), asked("note", TEXT | {"min_length": 5}, optional=True))
    )
    assert (await app.slack.submit_view(view_id, {"ask": {"in": raw}})).acked
    values = app.last["view"]["state"]["values"]
    assert (values["ask"]["in"]["value"], values["note"]["in"]["value"]) == (raw, None)


@BOTH
async def test_the_app_answers_with_errors(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """Errors stand at their blocks, the modal stays open, and what was typed is still there."""
    async with playground(is_http=is_http) as (slack, app):
        view_id = await app.open(form(asked("name", TEXT)))
        app.answer = {"response_action": "errors", "errors": {"name": "Taken."}}
        result = await slack.submit_view(view_id, {"name": {"in": "Bread"}})
        assert (result.acked, result.errors, open_views(slack)) == (True, {"name": "Taken."}, ["Form"])
        app.answer = {}
        assert (await slack.submit_view(view_id)).acked
        assert app.last["view"]["state"]["values"]["name"]["in"]["value"] == "Bread"
        assert open_views(slack) == []


@BOTH
async def test_the_app_answers_with_views(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """An update takes the modal's place, a push lies on it, at most three; clear takes all away."""
    async with playground(is_http=is_http) as (slack, app):
        view_id = await app.open(form())
        before = slack.workspace.views[view_id].hash
        app.answer = {"response_action": "update", "view": form(title="New")}
        assert (await slack.submit_view(view_id)).acked
        assert (open_views(slack), list(slack.workspace.views)) == (["New"], [view_id])
        assert slack.workspace.views[view_id].hash != before
        for depth in (2, 3):
            top = list(slack.workspace.views)[-1]
            app.answer = {"response_action": "push", "view": form(title=f"No. {depth}")}
            assert (await slack.submit_view(top)).error == ""
        assert open_views(slack) == ["New", "No. 2", "No. 3"]
        with pytest.raises(SandboxMisuseError, match="another modal lies on"):
            await slack.submit_view(view_id)
        top = list(slack.workspace.views)[-1]
        assert (await slack.submit_view(top)).error == "push_limit_reached"
        app.answer = EVERYTHING
        assert (await slack.submit_view(top)).acked
        assert open_views(slack) == []


async def test_done_is_one_modal_less(app: Errands) -> None:
    """An empty ack closes the modal that was submitted; the one below comes to light."""
    view_id = await app.open(form())
    app.answer = {"response_action": "push", "view": form(title="Upper")}
    await app.slack.submit_view(view_id)
    app.answer = {}
    await app.slack.submit_view(list(app.slack.workspace.views)[-1])
    assert list(app.slack.workspace.views) == [view_id]


@pytest.mark.parametrize(
    ("reply", "error", "rule"),
    [
        pytest.param({"text": "x"}, "invalid_response_action", "must be one of", id="a message"),
        pytest.param({"response_action": "close"}, "invalid_response_action", "must be one of", id="unknown"),
        pytest.param(
            {"response_action": ["clear"]}, "invalid_response_action", "must be one of", id="a list"
        ),
        pytest.param(
            {"response_action": "clear", "x": 1}, "invalid_response_action", "nothing else", id="more"
        ),
        pytest.param(
            {"response_action": "update"}, "invalid_response_action", "goes with view", id="no view"
        ),
        pytest.param(
            {"response_action": "errors", "errors": {"acts": "x"}},
            "invalid_response_action",
            "acts, which are no block_ids of input blocks",
            id="not an input block",
        ),
        pytest.param(
            {"response_action": "errors", "errors": {}}, "invalid_response_action", "at least one", id="none"
        ),
        pytest.param(
            {"response_action": "errors", "errors": {"title": 1}},
            "invalid_response_action",
            "must be a text",
            id="no text",
        ),
        pytest.param(
            {"response_action": "update", "view": {"type": "modal"}},
            "invalid_arguments",
            "missing required field: title",
            id="a bad view",
        ),
        pytest.param(
            {"response_action": "push", "view": {"type": "home", "blocks": [actions(button("x"))]}},
            "invalid_arguments",
            "of type modal",
            id="a Home",
        ),
    ],
)
async def test_a_wrong_answer_is_refused_loudly(reply: Json, error: str, rule: str) -> None:
    """What Slack would not take as the answer of a submission leaves the modal open; the log says why."""
    async with SlackSandbox(manifest=manifest()) as slack, listening(slack, reply=reply) as ear:
        trigger_id = new_trigger(slack.workspace, "U0ANA")
        view = form(asked("title", TEXT, optional=True), actions(button("x")))
        view_id = (await call(slack, "views.open", trigger_id=trigger_id, view=view))["view"]["id"]
        result = await slack.submit_view(view_id)
        assert ear.envelopes[0]["accepts_response_payload"] is True
    assert (result.acked, result.error, result.errors) == (True, error, {})
    assert list(slack.workspace.views) == [view_id]
    assert rule in result.rule
    assert rule in slack.calls("view_submission")[-1].rule


async def test_without_an_ack_the_modal_stays(app: Errands) -> None:
    """A submission that nobody acks in time leaves the modal open, and the person may try again."""
    view_id = await app.open(form())
    app.slack.faults.add(Fault("missed_ack", method="interaction"))
    lost = await app.slack.submit_view(view_id)
    assert (lost.acked, lost.error, open_views(app.slack)) == (False, "operation_timeout", ["Form"])
    assert (await app.slack.submit_view(view_id)).acked
    silent = await app.open(form(callback_id="silent"))
    app.slack.ack_seconds = 0.1
    late = await app.slack.submit_view(silent)
    assert (late.acked, late.error, list(app.slack.workspace.views)) == (False, "operation_timeout", [silent])


async def test_a_modal_is_submitted_once_at_a_time(app: Errands) -> None:
    """While a submission waits for its ack there is no second one; a reset meanwhile makes it idle."""
    view_id = await app.open(form(callback_id="late"))
    app.answer = {"response_action": "update", "view": form(title="Too late")}
    app.heard.clear()
    first = asyncio.create_task(app.slack.submit_view(view_id))
    await app.heard.wait()
    with pytest.raises(SandboxMisuseError, match="is being submitted"):
        await app.slack.submit_view(view_id)
    app.slack.reset()
    told: list[Change] = []
    app.slack.workspace.listeners.append(told.append)
    app.may_ack.set()
    assert (await first).acked
    assert (told, app.slack.workspace.views) == ([], {})
    with pytest.raises(SandboxMisuseError, match="no view"):
        await app.slack.submit_view(view_id)


async def test_what_cannot_be_submitted(app: Errands) -> None:
    """A modal without a button to submit it, with that button off, or of somebody else stays as it is."""
    bare = await app.open(form(actions(button("x"))) | {"submit": plain("Send"), "submit_disabled": True})
    with pytest.raises(SandboxMisuseError, match="no button to submit"):
        await app.slack.submit_view(bare)
    with pytest.raises(SandboxMisuseError, match="ben does not see this view"):
        await app.slack.submit_view(bare, user="ben")
    with pytest.raises(SandboxMisuseError, match="no element in stands in block else"):
        await app.slack.submit_view(await app.open(form()), {"else": {"in": "x"}})


# --- acting inside, closing ---------------------------------------------------------------------


async def test_acting_in_a_modal_brings_its_state(app: Errands) -> None:
    """An action in a modal has the view with all that stands in it, and a trigger that pushes."""
    select = {"type": "static_select", "action_id": "pick", "options": DAYS}
    dispatching = asked("loud", TEXT, optional=True, dispatch_action=True)
    view_id = await app.open(form(asked("name", TEXT), dispatching, actions(select, button("go"))))
    result = await app.slack.act("pick", "monday", view_id=view_id, values={"name": {"in": "Bread"}})
    body = app.last
    assert body.keys() == EVERY | {"trigger_id", "container", "view", "actions"}
    assert body["view"]["state"]["values"]["name"]["in"]["value"] == "Bread"
    assert body["view"]["state"]["values"]["acts"]["pick"]["selected_option"] == DAYS[0]
    pushed = await call(app.slack, "views.push", trigger_id=result.trigger_id, view=form(title="Upper"))
    assert pushed["view"]["previous_view_id"] == view_id
    await app.slack.close_view(pushed["view"]["id"])
    await app.slack.act("in", "aloud", view_id=view_id, block_id="loud")
    (told,) = app.last["actions"]
    assert (told["type"], told["value"], told["block_id"]) == ("plain_text_input", "aloud", "loud")


async def test_an_update_keeps_what_still_fits(app: Errands) -> None:
    """After views.update what was filled in stays where its element still stands and has that option."""
    select = {"type": "static_select", "action_id": "pick", "options": DAYS}
    view_id = await app.open(form(asked("name", TEXT), asked("gone", TEXT), actions(select, button("go"))))
    values = {"name": {"in": "Bread"}, "gone": {"in": "x"}, "acts": {"pick": "monday"}}
    await app.slack.act("go", view_id=view_id, values=values | {"acts": {"pick": "monday", "go": None}})
    later = form(asked("name", TEXT), actions(select | {"options": DAYS[1:]}, button("go")))
    assert (await call(app.slack, "views.update", view_id=view_id, view=later))["ok"]
    await app.slack.act("go", view_id=view_id)
    assert app.last["view"]["state"]["values"] == {
        "name": {"in": {"type": "plain_text_input", "value": "Bread"}},
        "acts": {"pick": {"type": "static_select", "selected_option": None}},
    }


@BOTH
async def test_closing_is_told_where_it_was_asked_for(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """The app hears of a closed modal only with notify_on_close, without what stood in input blocks."""
    select = {"type": "static_select", "action_id": "pick", "options": DAYS, "initial_option": DAYS[0]}
    async with playground(is_http=is_http) as (slack, app):
        quiet = await app.open(form())
        heard = len(app.payloads)
        assert (await slack.close_view(quiet)).acked
        assert len(app.payloads) == heard
        view_id = await app.open(form(asked("name", TEXT), actions(select), notify_on_close=True))
        result = await slack.close_view(view_id)
        body = app.last
    assert (result.acked, result.error, slack.workspace.views) == (True, "", {})
    assert body.keys() == EVERY | {"view", "is_cleared"}
    assert (body["type"], body["is_cleared"], body["view"]["id"]) == ("view_closed", False, view_id)
    assert body["view"]["state"]["values"].keys() == {"acts"}


@pytest.mark.parametrize("everything", [True, False], ids=["the cross", "clear_on_close"])
async def test_a_whole_stack_is_closed(app: Errands, everything: bool) -> None:  # noqa: FBT001 -- a case
    """All modals go at once, the uppermost first, and the app hears of each that it asked for."""
    view_id = await app.open(form(notify_on_close=True))
    upper = form(title="Upper", notify_on_close=True, clear_on_close=not everything)
    app.answer = {"response_action": "push", "view": upper}
    await app.slack.submit_view(view_id)
    top = list(app.slack.workspace.views)[-1]
    changes = app.slack.changes
    await app.slack.close_view(top, everything=everything)
    told = [
        (body["view"]["id"], body["is_cleared"]) for body in app.payloads if body["type"] == "view_closed"
    ]
    assert told == [(top, True), (view_id, True)]
    gone = [await anext(changes), await anext(changes)]
    assert [(one.kind, one.user, one.detail) for one in gone] == [
        ("view_gone", "U0ANA", top),
        ("view_gone", "U0ANA", view_id),
    ]


async def test_closing_without_interactivity_is_in_the_log() -> None:
    """A modal closes also where the app cannot hear of it; the log says why it did not."""
    async with SlackSandbox(manifest=manifest(is_interactive=False)) as slack:
        trigger_id = new_trigger(slack.workspace, "U0ANA")
        view = form(notify_on_close=True)
        view_id = (await call(slack, "views.open", trigger_id=trigger_id, view=view))["view"]["id"]
        with pytest.raises(RefusedError, match="interactivity"):
            await slack.submit_view(view_id)
        assert (await slack.close_view(view_id)).error == "interactivity_not_enabled"
        assert slack.workspace.views == {}
        assert [one.method for one in slack.calls("interaction")] == ["view_submission", "view_closed"]


async def test_a_modal_can_ask_where_to_answer(app: Errands) -> None:
    """A conversation chosen with response_url_enabled comes with an address that posts there."""
    where = {"type": "conversations_select", "response_url_enabled": True}
    view_id = await app.open(form(asked("where", where), asked("also", where, optional=True)))
    await app.slack.submit_view(view_id, {"where": {"in": "C0RANDOM"}})
    (address,) = app.last["response_urls"]
    assert address.keys() == {"block_id", "action_id", "channel_id", "response_url"}
    assert (address["block_id"], address["channel_id"]) == ("where", "C0RANDOM")
    assert address["response_url"].startswith(f"{app.slack.url}/app/")
