from __future__ import annotations

from typing import Any

import pytest
from command_office import fixed_slack

from bot.surfaces.conversations import Conversation, find_conversation, may_see, name_of
from bot.web_api import SlackRefusedError

PUBLIC = Conversation("C1", "channel", "support", is_member=True, is_archived=False)
PRIVATE = Conversation("C1", "group", "support", is_member=True, is_archived=False)
MEMBER = {"id": "U1", "team_id": "T1"}


@pytest.mark.parametrize(
    ("user", "is_allowed"),
    [
        pytest.param(MEMBER, True, id="full member"),
        pytest.param(MEMBER | {"is_restricted": True}, False, id="guest"),
        pytest.param(MEMBER | {"is_ultra_restricted": True}, False, id="guest of one channel"),
        pytest.param(MEMBER | {"is_stranger": True}, False, id="stranger"),
        pytest.param(MEMBER | {"deleted": True}, False, id="deactivated"),
        pytest.param(MEMBER | {"team_id": "T2"}, False, id="another company"),
        pytest.param({}, False, id="nothing known"),
    ],
)
async def test_who_may_see_a_public_channel(user: dict[str, Any], *, is_allowed: bool) -> None:
    """A public channel is open to full members of the workspace, and to nobody else who is not in it."""
    async with fixed_slack(users_info={"user": user}, conversations_members={"members": ["U2"]}) as web_api:
        assert await may_see(web_api, PUBLIC, "U1", team_id="T1") is is_allowed
        assert await may_see(web_api, PRIVATE, "U1", team_id="T1") is False


async def test_members_may_see() -> None:
    """Who is in a conversation may see it, whoever that is."""
    in_it = {"members": ["U2", "U1"]}
    async with fixed_slack(users_info={}, conversations_members=in_it) as web_api:
        assert await may_see(web_api, PUBLIC, "U1", team_id="T1")
        assert await may_see(web_api, PRIVATE, "U1", team_id="T1")


@pytest.mark.parametrize(
    ("channel", "kind", "is_member"),
    [
        pytest.param(
            {"is_channel": True, "is_private": False, "is_member": True}, "channel", True, id="public"
        ),
        pytest.param({"is_channel": True, "is_private": False}, "channel", False, id="public, not said"),
        pytest.param(
            {"is_channel": True, "is_private": True, "is_member": True}, "group", True, id="private"
        ),
        pytest.param(
            {"is_group": True, "is_private": False, "is_member": True}, "group", True, id="old group"
        ),
        pytest.param({"is_channel": True, "is_member": True}, "group", True, id="privacy not said"),
        pytest.param({"is_im": True}, "im", True, id="direct message"),
        pytest.param({"is_mpim": True, "is_private": True}, "mpim", True, id="group message"),
        pytest.param({"is_mpim": True, "is_member": False}, "mpim", False, id="group message of others"),
        pytest.param({}, "group", False, id="nothing"),
    ],
)
async def test_kinds(channel: dict[str, Any], kind: str, *, is_member: bool) -> None:
    """What is not clearly public counts as private, and only direct messages need not say that we are in."""
    async with fixed_slack(conversations_info={"channel": channel}) as web_api:
        found = await find_conversation(web_api, "C1")
    assert found is not None
    assert (found.kind, found.is_member) == (kind, is_member)
    assert found.is_public is (kind == "channel")


@pytest.mark.parametrize(
    ("user", "name"),
    [
        pytest.param({"profile": {"display_name": "ana", "real_name": "Ana N."}}, "ana", id="display name"),
        pytest.param({"profile": {"display_name": "", "real_name": "Ana N."}}, "Ana N.", id="real name"),
        pytest.param({"real_name": "Ana N.", "name": "an"}, "Ana N.", id="no profile"),
        pytest.param({"name": "an"}, "an", id="handle"),
        pytest.param({}, "", id="nothing"),
    ],
)
async def test_names(user: dict[str, Any], name: str) -> None:
    """A person is called as Slack shows them."""
    async with fixed_slack(users_info={"user": user}) as web_api:
        assert await name_of(web_api, "U1") == name


async def test_other_refusals() -> None:
    """A refusal that is ours to mend is not taken for something that is not there."""
    async with fixed_slack(conversations_info={"ok": False, "error": "token_revoked"}) as web_api:
        with pytest.raises(SlackRefusedError, match="token_revoked"):
            await find_conversation(web_api, "C1")
