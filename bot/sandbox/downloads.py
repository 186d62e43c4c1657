"""Serve the bytes of files to who has the token, the sign-in page to others; take the app's uploads."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import aiofiles
from aiohttp import web

from bot.sandbox.files import is_visible
from bot.sandbox.traffic import Exchange
from bot.sandbox.web_api import Tokens, bearer, drop, error_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.sandbox.faults import Fault, Faults
    from bot.sandbox.records import StoredFile
    from bot.sandbox.workspace import Workspace

SIGN_IN_PAGE = """<!DOCTYPE html><html lang="en-US"><head><title>Sign in | Slack</title></head>
<body><h1>Sign in to sandbox.slack.com</h1><form action="/signin"><input name="email"></form></body></html>"""
BLOCK_BYTES = 256 * 1024
FREE_ATOM = b"\0\0\0\x08free"  # an empty MP4 box: players skip it, but the size is not the original's


class Downloads:
    """Takes requests for file addresses."""

    def __init__(
        self, workspace: Workspace, tokens: Tokens, faults: Faults, log: Callable[[Exchange], None]
    ) -> None:
        self._workspace = workspace
        self._tokens = tokens
        self._faults = faults
        self._log = log

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a file, or what Slack serves instead."""
        began, at = time.perf_counter(), self._workspace.clock() - self._workspace.began_at
        fault = self._faults.take("download")
        response, rule = await self._respond(request, fault)
        self._log(
            Exchange(
                at=at,
                kind="download",
                method=request.path,
                arguments={"file": request.match_info["key"].split("-")[1]},
                status=response.status,
                ok=response.status == web.HTTPOk.status_code and not rule,
                rule=f"fault {fault.kind}" if fault and not rule else rule,
                duration=time.perf_counter() - began,
            )
        )
        return response

    async def _respond(self, request: web.Request, fault: Fault | None) -> tuple[web.StreamResponse, str]:
        """Give the answer, and the rule when it is not the file."""
        if fault is not None:
            answer = await self._faulty(request, fault)
            if answer is not None:
                return answer, f"fault {fault.kind}"
        file = self._workspace.files.get(request.match_info["key"].split("-")[1])
        if file is None or file.is_deleted or file.shared.data_gone:
            return web.Response(status=404, text="File not found"), "the file is gone"
        refused = self._refused(request, file)
        if refused:
            return sign_in(request), refused
        return await self._serve(request, file, fault), ""

    def _refused(self, request: web.Request, file: StoredFile) -> str:
        """Say why the caller sees the sign-in page; empty when he may have the file."""
        if bearer(request) != self._tokens.bot:
            return "no Authorization header with the bot token"
        if "files:read" not in self._workspace.app.scopes:
            return "the manifest has no scope files:read"
        if self._workspace.clock() < file.ready_at:
            return "the file is not ready yet"
        if file.shared.external_url is not None or not is_visible(self._workspace, file):
            return "the file is in no conversation that the bot is in"
        return ""

    async def _faulty(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """Give the answer of a fault, or nothing where the file itself is served badly."""
        match fault.kind:
            case "sign_in_page":
                return sign_in(request)
            case "file_redirect_elsewhere":
                return web.Response(status=302, headers={"Location": fault.url})
            case "deleted_file":
                return web.Response(status=fault.status or 404, text="File not found")
            case "http_error":
                return error_page(fault.status or 500)
            case "rate_limited":
                return web.Response(status=429, headers={"Retry-After": f"{fault.retry_after:.0f}"})
            case "lost_before" | "lost_after":
                return drop(request)
            case "hang":
                await self._faults.hang()
            case "slow":
                await asyncio.sleep(fault.seconds)
        return None

    async def _serve(self, request: web.Request, file: StoredFile, fault: Fault | None) -> web.StreamResponse:
        is_variant = request.path.startswith("/files-tmb/")
        size = _size(file, is_variant=is_variant)
        ends_at = (
            size if fault is None or fault.kind not in {"cut_file", "short_file"} else min(fault.bytes, size)
        )
        announced = ends_at if fault is not None and fault.kind == "short_file" else size
        response = web.StreamResponse(headers=_headers(file, is_variant=is_variant, size=announced))
        pause = fault.seconds / 10 if fault is not None and fault.kind == "slow_file" else 0.0
        await response.prepare(request)
        sent = 0
        block = BLOCK_BYTES if not pause else max(1, size // 10)
        async for data in _blocks(file, block, is_variant=is_variant):
            await response.write(data[: ends_at - sent])
            sent += len(data)
            if sent >= ends_at:
                break
            if pause:
                await asyncio.sleep(pause)
        if ends_at < announced and request.transport is not None:
            request.transport.close()
            return response
        await response.write_eof()
        return response

    async def sign_in_page(self, _: web.Request) -> web.Response:
        """Show the page that people sign in at: 200, and HTML."""
        return web.Response(text=SIGN_IN_PAGE, content_type="text/html", charset="utf-8")

    async def take_upload(self, request: web.Request) -> web.Response:
        """Take the bytes of an upload: raw, or as a form's file. No token is asked for."""
        began, at = time.perf_counter(), self._workspace.clock() - self._workspace.began_at
        upload = self._workspace.uploads.get(request.match_info["token"])
        fault, data = self._faults.take("upload"), await _sent_bytes(request)
        status, rule = 200, ""
        if upload is None:
            status, rule = 404, "this address was not given out, or the upload is complete"
        elif len(data) != upload.length:
            status, rule = 400, f"{len(data)} bytes came, {upload.length} were announced"
        elif fault is None or fault.kind != "lost_before":
            upload.data = data
        if fault is not None:
            rule = f"fault {fault.kind}"
            status = fault.status or 500
        exchange = Exchange(at, "upload", "upload", {"size": len(data)}, status, not rule, "", rule)
        self._log(exchange)
        if fault is not None:
            return drop(request) if fault.kind.startswith("lost") else error_page(status)
        elapsed = time.perf_counter() - began
        return web.Response(
            status=status, text=f"OK - {len(data)}" if not rule else f"{rule} ({elapsed:.1f}s)"
        )


def sign_in(request: web.Request) -> web.Response:
    """Lead to the sign-in page, as Slack does with every download that it refuses."""
    headers = {"Location": f"/signin?redir={request.path}", "x-slack-meta": "?;acl_fail"}
    return web.Response(status=302, headers=headers)


def _headers(file: StoredFile, *, is_variant: bool, size: int) -> dict[str, str]:
    mimetype = "audio/mp4" if is_variant and file.kind == "audio" else file.mimetype
    return {
        "Content-Type": mimetype,
        "Content-Length": str(size),
        "Content-Disposition": "attachment",
        "Accept-Ranges": "none",
    }


def _size(file: StoredFile, *, is_variant: bool) -> int:
    if is_variant and file.shared.transcode is not None:
        return len(file.shared.transcode)
    path = file.shared.path
    size = len(file.shared.data) if file.shared.data is not None else path.stat().st_size if path else 0
    return size + len(FREE_ATOM) if is_variant else size


async def _blocks(file: StoredFile, block: int, *, is_variant: bool) -> AsyncIterator[bytes]:
    """Read a file block by block; large ones never stand in memory."""
    data = file.shared.transcode if is_variant and file.shared.transcode is not None else file.shared.data
    if data is not None:
        for start in range(0, len(data), block):
            yield data[start : start + block]
    elif file.shared.path is not None:
        async with aiofiles.open(file.shared.path, "rb") as source:
            while part := await source.read(block):
                yield part
    if is_variant and file.shared.transcode is None:
        yield FREE_ATOM


async def _sent_bytes(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    form: Any = await request.post()
    files = [value.file.read() for value in form.values() if isinstance(value, web.FileField)]
    return b"".join(files)
