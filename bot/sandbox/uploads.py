"""Take the bytes of the app's uploads, at the addresses that `files.getUploadURLExternal` gave out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aiohttp import web

from bot.sandbox.answers import refused
from bot.sandbox.faults import lose_answer
from bot.sandbox.refusals import RefusedError
from bot.sandbox.traffic import Exchange

if TYPE_CHECKING:
    from bot.sandbox.faults import Faults
    from bot.sandbox.traffic import Log
    from bot.sandbox.workspace import Workspace


class Uploads:
    """Takes POSTs of bytes: raw, or as the file of a form. No token is asked for."""

    def __init__(self, workspace: Workspace, faults: Faults, log: Log) -> None:
        self._workspace = workspace
        self._faults = faults
        self._log = log

    async def handle(self, request: web.Request) -> web.Response:
        """Keep the bytes until the upload is completed."""
        began, at = time.perf_counter(), self._workspace.clock() - self._workspace.began_at
        data, rule, code = await _sent_bytes(request), "", ""
        try:
            await self._take(request.match_info["token"], data)
            response = web.Response(text=f"OK - {len(data)}")
        except RefusedError as error:
            response, rule, code = refused(request, error), error.rule, error.code
        self._log(
            Exchange(
                at=at,
                kind="upload",
                method="upload",
                arguments={"size": len(data)},
                status=response.status,
                ok=not rule,
                error=code,
                rule=rule,
                duration=time.perf_counter() - began,
            )
        )
        return response

    async def _take(self, token: str, data: bytes) -> None:
        fault = self._faults.take("upload")
        await self._faults.suffer(fault)
        upload = self._workspace.uploads.get(token)
        if upload is None:
            rule = "this address was not given out, or the upload is complete"
            raise RefusedError(code="not_found", rule=rule, status=404)
        if len(data) != upload.length:
            rule = f"{len(data)} bytes came, {upload.length} were announced"
            raise RefusedError(code="wrong_length", rule=rule, status=400)
        upload.data = data
        lose_answer(fault)


async def _sent_bytes(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    form = await request.post()
    return b"".join(value.file.read() for value in form.values() if isinstance(value, web.FileField))
