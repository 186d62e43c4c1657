"""The control API's verbs for interactions: action, submit, close, shortcut, home. JSON in, JSON out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.acting import Acting
    from bot.sandbox.interactions import InteractionResult
    from bot.sandbox.records import Json


class ControlInteractions:
    """Does each verb as the method of the sandbox that it is named after."""

    def __init__(self, slack: Acting) -> None:
        self._slack = slack

    def verbs(self) -> dict[str, Callable[[Json], Awaitable[Json]]]:
        """Give every verb with what does it."""
        return {
            "action": self.action,
            "submit": self.submit,
            "close": self.close,
            "shortcut": self.shortcut,
            "home": self.home,
        }

    async def action(self, body: Json) -> Json:
        """Use an element: user, channel and ts or view_id, block_id, action_id, value, values."""
        return _seen(await self._slack.act(**body))

    async def submit(self, body: Json) -> Json:
        """Submit a modal: user, view_id, values. `errors` stand at blocks, whoever raised them."""
        result = await self._slack.submit_view(**body)
        return _seen(result) | {"errors": result.errors}

    async def close(self, body: Json) -> Json:
        """Close a modal: user, view_id; with `everything` all that lie on each other."""
        return _seen(await self._slack.close_view(**body))

    async def shortcut(self, body: Json) -> Json:
        """Use a shortcut: user, callback_id; channel and ts of the message that it is used on."""
        return _seen(await self._slack.shortcut(**body))

    async def home(self, body: Json) -> Json:
        """Open the app at a tab: user, tab."""
        await self._slack.open_home(**body)
        return {}


def _seen(result: InteractionResult) -> Json:
    said = {"error": result.error, "rule": result.rule}
    return {"acked": result.acked, **said, "ephemeral": result.ephemeral}
