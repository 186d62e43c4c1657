"""Direct messages with the app: they begin when somebody opens it."""

from __future__ import annotations

from bot.sandbox.server import SlackSandbox


async def test_opening_the_app_begins_the_conversation_with_it() -> None:
    """Somebody who never wrote to the app has a conversation with it once they open it."""
    slack = SlackSandbox()
    before = {channel.id for channel in slack.workspace.channels.values() if channel.kind == "im"}
    await slack.open_home("messages", user="ben")
    [direct] = [one for one in slack.workspace.channels.values() if one.kind == "im" and one.id not in before]
    assert direct.members == ["U0BEN", slack.bot_user_id]
