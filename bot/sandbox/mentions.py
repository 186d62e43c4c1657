"""Notice whom a message of the app's would notify: what comes from a recording must ping nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.records import Json

MENTION = re.compile(r"<(?:!(?:channel|here|everyone|subteam\^\w+)|@[UW]\w+)(?:\|[^>]*)?>")
BARE = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b")
RICH = frozenset({"user", "usergroup", "broadcast"})


def notified(text: str, blocks: list[Json], *, link_names: bool = False) -> list[str]:
    """Give every mention that Slack would act on, as it stands in the text or in the blocks.

    Markup counts in `text` and in mrkdwn. A bare `@here` counts in mrkdwn without `verbatim`, where
    Slack parses it by itself, and in `text` with `link_names`.
    """
    found = MENTION.findall(text) + (BARE.findall(text) if link_names else [])
    for part in _parts(blocks):
        if part.get("type") == "mrkdwn":
            found += MENTION.findall(part["text"])
            found += [] if part.get("verbatim") else BARE.findall(part["text"])
        elif part.get("type") in RICH:
            found.append(str(part.get("user_id") or part.get("usergroup_id") or part.get("range")))
    return found


def _parts(value: Any) -> Iterator[Json]:  # noqa: ANN401 -- JSON from outside
    """Give every object inside."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _parts(entry)
