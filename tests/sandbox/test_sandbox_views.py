"""Modals and the App Home: triggers, hashes, and what Slack refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_calls import call, listening, wide_manifest

from bot.sandbox.server import SlackSandbox
from bot.sandbox.views import new_trigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = {"type": "section", "text": {"type": "plain_text", "text": "x"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Settings"}, "blocks": [TEXT]}
HOME = {"type": "home", "blocks": [TEXT]}


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox whose app has a Home."""
    async with SlackSandbox(manifest=wide_manifest(home=True)) as running:
        yield running


async def test_a_commands_trigger_opens_one_modal(slack: SlackSandbox) -> None:
    """The trigger of a command opens a modal, once."""
    async with listening(slack):
        result = await slack.command("/translate", "settings")
    opened = await call(slack, "views.open", trigger_id=result.trigger_id, view=MODAL)
    assert (opened["view"]["title"]["text"], opened["view"]["type"]) == ("Settings", "modal")
    assert opened["view"]["id"] == opened["view"]["root_view_id"]
    again = await call(slack, "views.open", trigger_id=result.trigger_id, view=MODAL)
    assert again["error"] == "exchanged_trigger_id"


async def test_a_trigger_lives_three_seconds() -> None:
    """Later than that it is expired; one that was never given out is invalid."""
    now = [1795000000.0]
    async with SlackSandbox(clock=lambda: now[0]) as slack:
        trigger_id = new_trigger(slack.workspace, "U0ANA")
        now[0] += 3.1
        late = await call(slack, "views.open", trigger_id=trigger_id, view=MODAL)
        never = await call(slack, "views.open", trigger_id="1.2.3", view=MODAL)
        none = await call(slack, "views.open", view=MODAL)
    codes = [answer["error"] for answer in (late, never, none)]
    assert codes == ["expired_trigger_id", "invalid_trigger_id", "invalid_arguments"]


async def test_a_modal_is_updated_by_its_hash(slack: SlackSandbox) -> None:
    """An old hash is refused, so that two updates at once are noticed."""
    trigger_id = new_trigger(slack.workspace, "U0ANA")
    first = (await call(slack, "views.open", trigger_id=trigger_id, view=MODAL | {"external_id": "e"}))[
        "view"
    ]
    second = await call(slack, "views.update", view_id=first["id"], hash=first["hash"], view=MODAL)
    assert second["view"]["hash"] != first["hash"]
    stale = await call(slack, "views.update", view_id=first["id"], hash=first["hash"], view=MODAL)
    assert stale["error"] == "hash_conflict"
    lost = await call(slack, "views.update", external_id="e", view=MODAL)
    assert lost["error"] == "not_found"


async def test_at_most_three_modals_lie_on_each_other(slack: SlackSandbox) -> None:
    """A modal is pushed from inside another, up to three."""
    opened = await call(slack, "views.open", trigger_id=new_trigger(slack.workspace, "U0ANA"), view=MODAL)
    below: dict[str, Any] = opened["view"]
    for _ in range(2):
        trigger_id = new_trigger(slack.workspace, "U0ANA", below["id"])
        above = (await call(slack, "views.push", trigger_id=trigger_id, view=MODAL))["view"]
        assert (above["previous_view_id"], above["root_view_id"]) == (below["id"], opened["view"]["id"])
        below = above
    trigger_id = new_trigger(slack.workspace, "U0ANA", below["id"])
    fourth = await call(slack, "views.push", trigger_id=trigger_id, view=MODAL)
    outside = await call(slack, "views.push", trigger_id=new_trigger(slack.workspace, "U0ANA"), view=MODAL)
    assert [fourth["error"], outside["error"]] == ["push_limit_reached", "not_found"]


async def test_a_home_is_published_for_a_person(slack: SlackSandbox) -> None:
    """Each person has one Home; a stale hash, a stranger and a modal are refused."""
    first = (await call(slack, "views.publish", user_id="U0ANA", view=HOME))["view"]
    second = (await call(slack, "views.publish", user_id="U0ANA", view=HOME, hash=first["hash"]))["view"]
    assert first["id"] == second["id"]
    wrong = [
        await call(slack, "views.publish", user_id="U0ANA", view=HOME, hash=first["hash"]),
        await call(slack, "views.publish", user_id="U0X", view=HOME),
        await call(slack, "views.publish", user_id="U0ANA", view=MODAL),
        await call(slack, "views.publish", user_id="U0ANA", view="{"),
    ]
    assert [answer["error"] for answer in wrong] == ["hash_conflict"] + ["invalid_arguments"] * 3


async def test_no_home_without_the_tab() -> None:
    """An app whose manifest leaves the Home tab off cannot publish."""
    async with SlackSandbox() as slack:
        assert (await call(slack, "views.publish", user_id="U0ANA", view=HOME))["error"] == "not_enabled"
