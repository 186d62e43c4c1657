"""Fixtures of the format tests; a file asks for them with `pytest_plugins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import voices

if TYPE_CHECKING:
    from voices import Voice


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> list[Voice]:
    """Give three voices: two people and a machine."""
    return [*voices.of_people(), voices.of_a_machine(tmp_path_factory.mktemp("speech"))]
