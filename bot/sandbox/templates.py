"""Fill the payload templates of `payloads/`: one JSON file per case of what Slack sends.

A template fixes the keys. Filling one with a key that it doesn't have is a fault of ours, so that
the JSON files stay the truth about the shape.
"""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any, Final

OMIT: Final = object()
"""Given as a value: Slack leaves this key out."""


class Templates:
    """All templates, read once when a sandbox is built."""

    def __init__(self) -> None:
        folder = resources.files("bot.sandbox").joinpath("payloads")
        self._by_name = {
            entry.name.removesuffix(".json"): json.loads(entry.read_text(encoding="utf-8"))
            for entry in folder.iterdir()
            if entry.name.endswith(".json")
        }

    def fill(self, name: str, /, **values: object) -> dict[str, Any]:
        """Give the payload `name` with these values in place of the template's."""
        filled: dict[str, Any] = copy.deepcopy(self._by_name[name])
        unknown = values.keys() - filled.keys()
        if unknown:
            message = f"{name}.json has no {', '.join(sorted(unknown))}"
            raise KeyError(message)
        filled.update(values)
        return {key: value for key, value in filled.items() if value is not OMIT}

    def fit(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        """Give the payload `name` with those of the values that it has a place for."""
        return self.fill(name, **{key: value for key, value in values.items() if key in self._by_name[name]})
