"""Serve the bytes of files to who has the token, the sign-in page to others."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiofiles
from aiohttp import web

from bot.sandbox.answers import bearer, refused, to_sign_in
from bot.sandbox.files import is_visible
from bot.sandbox.objects import sound_name
from bot.sandbox.refusals import RefusedError
from bot.sandbox.traffic import Exchange

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from bot.sandbox.faults import Fault, Faults
    from bot.sandbox.records import StoredFile
    from bot.sandbox.traffic import Log
    from bot.sandbox.web_api import Tokens
    from bot.sandbox.workspace import Workspace

SOUND = "audio/mp4"
BLOCK_BYTES = 256 * 1024
SLOW_BLOCKS = 10
FREE_ATOM = b"\0\0\0\x08free"  # an empty MP4 box: players skip it, but the size is not the original's


class Downloads:
    """Takes requests for file addresses."""

    def __init__(self, workspace: Workspace, tokens: Tokens, faults: Faults, log: Log) -> None:
        self._workspace = workspace
        self._tokens = tokens
        self._faults = faults
        self._log = log

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a file, or what Slack serves instead, and log it with the reason."""
        began, at = time.perf_counter(), self._workspace.clock() - self._workspace.began_at
        file_id = request.match_info["key"].partition("-")[2].partition("-")[0]
        fault = self._faults.take("download")
        try:
            await self._faults.suffer(fault)
            file, refusal = self._found(request, file_id), ""
            response = _instead(request, fault) or await _serve(request, _asked_for(request, file), fault)
            note = f"fault {fault.kind}" if fault else ""
        except _NotSignedInError as error:
            response, refusal = to_sign_in(request), str(error)
        except RefusedError as error:
            response, refusal = refused(request, error), error.rule
        self._log(
            Exchange(
                at=at,
                kind="download",
                method=request.path,
                arguments={"file": file_id},
                status=response.status,
                ok=not refusal and response.status == web.HTTPOk.status_code,
                rule=refusal or note,
                duration=time.perf_counter() - began,
            )
        )
        return response

    def _found(self, request: web.Request, file_id: str) -> StoredFile:
        """Give the file that the caller may have now."""
        file = self._workspace.files.get(file_id)
        if file is None or file.is_deleted or file.shared.data_gone:
            raise RefusedError(code="file_not_found", rule="the file is gone", status=404)
        if bearer(request) != self._tokens.bot:
            raise _NotSignedInError(reason="no Authorization header with the bot token")
        if "files:read" not in self._workspace.app.scopes:
            raise _NotSignedInError(reason="the manifest has no scope files:read")
        if self._workspace.clock() < file.ready_at:
            raise _NotSignedInError(reason="the file is not ready yet")
        if not is_visible(self._workspace, file):
            raise _NotSignedInError(reason="the file is in no conversation that the bot is in")
        return file


class _NotSignedInError(Exception):
    """Slack shows the sign-in page; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


def _instead(request: web.Request, fault: Fault | None) -> web.Response | None:
    """Give what a fault serves instead of the file, if it does."""
    match fault.kind if fault else None:
        case "sign_in_page":
            return to_sign_in(request)
        case "file_redirect_elsewhere" if fault:
            return web.Response(status=302, headers={"Location": fault.url})
        case "deleted_file" if fault:
            return web.Response(status=fault.status or 404, text="File not found")
        case "lost_after":
            return refused(request, RefusedError(code="", rule="", form="cut"))
    return None


@dataclass(frozen=True, slots=True)
class _Body:
    """What is served at an address: bytes, or a file on disk, and what comes after them."""

    source: bytes | Path
    mimetype: str
    after: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes there are, in all."""
        whole = self.source
        return (len(whole) if isinstance(whole, bytes) else whole.stat().st_size) + len(self.after)

    async def blocks(self, most: int) -> AsyncGenerator[bytes]:
        """Read it block by block; large files never stand in memory."""
        if isinstance(self.source, bytes):
            for start in range(0, len(self.source), most):
                yield self.source[start : start + most]
        else:
            async with aiofiles.open(self.source, "rb") as source:
                while part := await source.read(most):
                    yield part
        if self.after:
            yield self.after


def _asked_for(request: web.Request, file: StoredFile) -> _Body:
    """Give what stands at this address of a file: the original, or another form that Slack made of it."""
    shared = file.shared
    original = shared.data if shared.data is not None else shared.path or b""
    if not request.path.startswith("/files-tmb/"):
        return _Body(original, file.mimetype)
    if file.kind == "audio":
        transcode = shared.transcode
        return _Body(original, SOUND, FREE_ATOM) if transcode is None else _Body(transcode, SOUND)
    if not request.path.endswith(f"/{sound_name(file)}"):
        return _Body(original, file.mimetype, FREE_ATOM)
    if shared.rendition is None:
        raise RefusedError(code="file_not_found", rule="Slack has made no rendition of it", status=404)
    return _Body(shared.rendition, SOUND)


async def _serve(request: web.Request, body: _Body, fault: Fault | None) -> web.StreamResponse:
    """Send the bytes; a fault may make them slow, too few, or end them before their time."""
    kind, size = fault.kind if fault else "", body.size
    ends_at = min(fault.bytes, size) if fault and kind in {"cut_file", "short_file"} else size
    response = web.StreamResponse(headers={"Content-Type": body.mimetype})
    response.content_length = ends_at if kind == "short_file" else size
    pause = fault.seconds / SLOW_BLOCKS if fault and kind == "slow_file" else 0.0
    block = max(1, size // SLOW_BLOCKS) if pause else BLOCK_BYTES
    await response.prepare(request)
    sent = 0
    async with aclosing(body.blocks(block)) as blocks:
        async for data in blocks:
            await response.write(data[: ends_at - sent])
            sent += len(data)
            if sent >= ends_at:
                break
            await asyncio.sleep(pause)
    if kind == "cut_file" and request.transport is not None:
        request.transport.close()
    else:
        await response.write_eof()
    return response
