"""Serve the bytes of files to who has the token, the sign-in page to others."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import aiofiles
from aiohttp import web

from bot.sandbox.answers import bearer, refused, to_sign_in
from bot.sandbox.files import is_visible
from bot.sandbox.refusals import RefusedError
from bot.sandbox.traffic import Exchange

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.sandbox.faults import Fault, Faults
    from bot.sandbox.records import StoredFile
    from bot.sandbox.traffic import Log
    from bot.sandbox.web_api import Tokens
    from bot.sandbox.workspace import Workspace

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
            response = _instead(request, fault) or await _serve(request, file, fault)
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


async def _serve(request: web.Request, file: StoredFile, fault: Fault | None) -> web.StreamResponse:
    """Send the bytes; a fault may make them slow, too few, or end them before their time."""
    kind = fault.kind if fault else ""
    is_variant = request.path.startswith("/files-tmb/")
    size = _size(file, is_variant=is_variant)
    ends_at = min(fault.bytes, size) if fault and kind in {"cut_file", "short_file"} else size
    response = web.StreamResponse(headers={"Content-Type": _mimetype(file, is_variant=is_variant)})
    response.content_length = ends_at if kind == "short_file" else size
    pause = fault.seconds / SLOW_BLOCKS if fault and kind == "slow_file" else 0.0
    block = max(1, size // SLOW_BLOCKS) if pause else BLOCK_BYTES
    await response.prepare(request)
    sent = 0
    async with aclosing(_blocks(file, block, is_variant=is_variant)) as blocks:
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


def _mimetype(file: StoredFile, *, is_variant: bool) -> str:
    return "audio/mp4" if is_variant and file.kind == "audio" else file.mimetype


def _size(file: StoredFile, *, is_variant: bool) -> int:
    if is_variant and file.shared.transcode is not None:
        return len(file.shared.transcode)
    return file.shared.actual_bytes() + (len(FREE_ATOM) if is_variant else 0)


async def _blocks(file: StoredFile, block: int, *, is_variant: bool) -> AsyncGenerator[bytes]:
    """Read a file block by block; large ones never stand in memory."""
    shared = file.shared
    data = shared.transcode if is_variant and shared.transcode is not None else shared.data
    if data is not None:
        for start in range(0, len(data), block):
            yield data[start : start + block]
    elif shared.path is not None:
        async with aiofiles.open(shared.path, "rb") as source:
            while part := await source.read(block):
                yield part
    if is_variant and shared.transcode is None:
        yield FREE_ATOM
