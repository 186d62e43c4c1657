"""The engine on this machine, end to end: a clip is answered, and nothing leaves; or it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes import Clock, new_room

from bot.sandbox.endpoint_answers import failing
from running import playing

if TYPE_CHECKING:
    from pathlib import Path

    from tiny_whisper import TinyModel

pytest_plugins = ("tiny_fixtures",)


async def test_a_clip_is_answered_by_this_machine(tmp_path: Path, tiny: TinyModel) -> None:
    """With the engine `local` a clip has its English in the thread, without a key and without a request."""
    async with playing(
        tmp_path,
        sleep=Clock().sleep,
        TRANSLATION_ENGINE="local",
        LOCAL_MODEL=str(tiny.folder),
        COMETAPI_KEY="",
    ) as stage:
        room = new_room(stage)
        assert tiny.english in await room.text(await room.share())
        assert not stage.endpoint.requests


async def test_this_machine_stands_in(tmp_path: Path, tiny: TinyModel) -> None:
    """Where the endpoint has lost its model, `local` as the second engine answers instead."""
    async with playing(
        tmp_path,
        sleep=Clock().sleep,
        TRANSLATION_FALLBACK="local",
        LOCAL_MODEL=str(tiny.folder),
    ) as stage:
        stage.endpoint.always = failing(404, code="model_not_found")
        room = new_room(stage)
        assert tiny.english in await room.text(await room.share())
        assert stage.endpoint.requests
