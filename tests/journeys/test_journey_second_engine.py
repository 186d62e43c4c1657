"""A second engine stands in where the first one fails for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes import PARCEL, Clock, new_room

from running import playing

if TYPE_CHECKING:
    from pathlib import Path


async def test_two_step_stands_in(tmp_path: Path) -> None:
    """Where the first engine's model is gone `two-step` answers, with the models that it has by itself."""
    async with playing(tmp_path, sleep=Clock().sleep, TRANSLATION_FALLBACK="two-step") as stage:
        stage.endpoint.models = ()
        room = new_room(stage)
        assert await room.text(await room.share()) == PARCEL.english
        assert [(one.model, one.response_format, one.status) for one in stage.endpoint.transcriptions] == [
            ("gpt-transcribe", "json", 200),
        ]
        assert [(one.model, one.status) for one in stage.endpoint.chats] == [("gpt-5-mini", 200)]
