"""Turn what Slack made of a typed text back into what the person typed.

With `should_escape` Slack sends `<@U…>` for a person, `<#C…|name>` for a channel, `<url|label>` for a
link, and `&`, `<`, `>` as entities: docs.slack.dev/messaging/formatting-message-text#retrieving-messages.
Whatever else stands between `<` and `>` was typed by somebody and stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY = re.compile("|".join(_ENTITIES))
_EVERYBODY = frozenset({"here", "channel", "everyone"})
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^<>]*))?>")
# One pass over all of it: what comes out of a replacement is never read again.
_MARK = re.compile(
    r"<@(?P<person>[UW][A-Z0-9]+)(?:\|(?P<person_name>[^<>]*))?>"
    r"|<\#(?P<channel>[CDG][A-Z0-9]+)(?:\|(?P<channel_name>[^<>]*))?>"
    r"|<!(?P<special>[a-z]+)(?P<details>\^[^<>|]*)?(?:\|(?P<special_label>[^<>]*))?>"
    r"|<(?P<url>(?:https?://|mailto:|tel:)[^<>|]+)(?:\|(?P<label>[^<>]*))?>"
    r"|&(?:amp|lt|gt);"
)


def entities_undone(text: str) -> str:
    """Give `&`, `<` and `>` back, each once: `&amp;lt;` is a typed `&lt;`."""
    return _ENTITY.sub(lambda match: _ENTITIES[match[0]], text)


def unnamed_people(text: str) -> set[str]:
    """Find the ids of people whom the text mentions without saying their names."""
    return {match[1] for match in _PERSON.finditer(text) if not match[2]}


def unescape(text: str, names: Mapping[str, str]) -> str:
    """Give the text as it was typed; `names` has the names of `unnamed_people`, by id.

    Mentions become names: a model that listens for names can do nothing with an id.
    """

    def typed(match: re.Match[str]) -> str:
        if person := match["person"]:
            return entities_undone(match["person_name"] or names.get(person, person))
        if channel := match["channel"]:
            return "#" + entities_undone(match["channel_name"] or channel)
        if special := match["special"]:
            # The label of <!here|here> lacks the @ that was typed; a group's or a date's is all there is.
            label = "" if special in _EVERYBODY else match["special_label"]
            return entities_undone(label or f"@{special}")
        if url := match["url"]:
            return entities_undone(match["label"] or url.removeprefix("mailto:").removeprefix("tel:"))
        return _ENTITIES[match[0]]

    return _MARK.sub(typed, text)
