"""Shared by the tests of the doctor: the embedded Slack and endpoint, and some checks run on them."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.config import Config
from bot.doctor.examine import admitted, checks_for, examine
from bot.piece import Piece
from bot.sandbox.endpoint import EndpointSandbox
from bot.sandbox.server import SlackSandbox
from running import SAMPLES, environ
from sample_ears import sample_by_length

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import date
    from pathlib import Path
    from typing import Any

    import httpx

    from bot.doctor.finding import Finding
    from bot.doctor.patient import Patient

TODAY = datetime(2026, 5, 1, tzinfo=UTC).date()  # long before any model ends


@dataclass(frozen=True, slots=True)
class Ward:
    """An embedded Slack and endpoint, with the folder of a bot that may have run there."""

    slack: SlackSandbox
    endpoint: EndpointSandbox
    data: Path

    def config(self, *, is_http: bool = False, **more: str) -> Config:
        """Give the configuration of a bot here; `more` are further variables."""
        given = environ(self.slack, self.endpoint, self.data, is_http=is_http) | more
        return Config.load(given, env_file=None)

    async def look(
        self,
        *names: str,
        today: date = TODAY,
        client: httpx.AsyncClient | None = None,
        change: Callable[[Patient], object] = lambda _: None,
        **more: str,
    ) -> dict[str, Finding]:
        """Run some checks; what others would have found for them is there already."""
        config = self.config(is_http=False, **more)
        checks = [one for one in checks_for(config) if one.name in names]
        assert [one.name for one in checks] == list(names)
        checks = [replace(one, needs=tuple(need for need in one.needs if need in names)) for one in checks]
        async with admitted(config, SAMPLES["parcel"].path) as patient:
            patient.today, patient.bot_name = today, "dragoman"
            patient.piece = piece(patient.folder)
            patient.client = client or patient.client
            change(patient)
            return {name: finding async for name, finding in examine(patient, checks)}


def piece(folder: Path) -> Piece:
    """Give a sample as a piece of a recording: it is FLAC already."""
    sample = SAMPLES["shoes"]
    path = folder / "piece.flac"
    shutil.copyfile(sample.path, path)
    return Piece(0, str(path), 0.0, sample.seconds, path.stat().st_size, is_last=True)


@asynccontextmanager
async def open_ward(data: Path, manifest: Mapping[str, Any] | None = None) -> AsyncIterator[Ward]:
    """Run Slack and the endpoint, which knows the sample by its length."""
    async with SlackSandbox(manifest=manifest) as slack, EndpointSandbox() as endpoint:
        endpoint.ears = sample_by_length
        yield Ward(slack, endpoint, data)


def told(finding: Finding) -> tuple[str, str]:
    """Give the state with all the words."""
    return finding.state.value, f"{finding.found}; {finding.remedy}"
