"""Serve the sandbox's page: its own files, and the bytes of shared ones for the player."""

from __future__ import annotations

import re
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import aiofiles
from aiohttp import web

from bot.sandbox.guard import not_here

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.sandbox.guard import Guard
    from bot.sandbox.records import StoredFile
    from bot.sandbox.workspace import Workspace

FOLDER: Final = Path(__file__).with_name("page")
INDEX: Final = "index.html"
TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}
TEXTS: Final = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt"})
PLAYED: Final = re.compile(r"(?:audio|video)/[\w.+-]+", re.ASCII)
RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
BLOCK_BYTES: Final = 256 * 1024


class Page:
    """The addresses below `/page/TOKEN/` that give files; which there are is read once, at the start."""

    def __init__(self, workspace: Workspace, guard: Guard, folder: Path = FOLDER) -> None:
        self._workspace = workspace
        self._guard = guard
        self._files = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in TYPES}

    @property
    def names(self) -> list[str]:
        """What can be asked for."""
        return list(self._files)

    def routes(self) -> list[web.RouteDef]:
        """Give every address; the last ones take whatever stands below and is nothing."""
        opened = self._guard.by_address
        return [
            web.get("/page/{token}/", opened(self._index)),
            web.get("/page/{token}", opened(self._with_slash)),
            web.get("/page/{token}/files/{file_id}", opened(self._bytes)),
            web.get("/page/{token}/{name}", opened(self._static)),
            web.route("*", "/page/{rest:.*}", _nothing),
            web.get("/page", _nothing),
            web.get("/", _nothing),
        ]

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return await self._sent(INDEX)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return await self._sent(request.match_info["name"])

    async def _with_slash(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"{request.path}/"})

    async def _sent(self, name: str) -> web.StreamResponse:
        path = self._files.get(name)
        if path is None:
            return not_here()
        async with aiofiles.open(path, "rb") as file:
            body = await file.read()
        charset = "utf-8" if path.suffix in TEXTS else None
        return web.Response(body=body, content_type=TYPES[path.suffix], charset=charset)

    async def _bytes(self, request: web.Request) -> web.StreamResponse:
        """Send a shared file, or the part of it that a player asks for."""
        file = self._workspace.files.get(request.match_info["file_id"])
        if file is None or not has_bytes(file):
            return web.Response(status=404, text="This file is gone.\n")
        size = file.shared.actual_bytes()
        headers = {"Accept-Ranges": "bytes", **_shown_as(file)}
        wanted, response = _wanted(request.headers.get("Range", ""), size), web.StreamResponse()
        if wanted is not None:
            if not wanted:
                return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
            response.set_status(206)
            headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
        else:
            wanted = range(size)
        response.headers.update(headers)
        response.content_length = len(wanted)
        await response.prepare(request)
        if request.method != "HEAD":
            async with aclosing(_blocks(file, wanted)) as blocks:
                async for block in blocks:
                    await response.write(block)
        await response.write_eof()
        return response


async def _nothing(_: web.Request) -> web.StreamResponse:
    return not_here()


def has_bytes(file: StoredFile) -> bool:
    """Say whether there is something of a file to play or to save."""
    shared = file.shared
    is_whole = not (file.is_deleted or shared.data_gone or shared.external_url)
    return is_whole and (shared.data is not None or (shared.path is not None and shared.path.is_file()))


def _shown_as(file: StoredFile) -> dict[str, str]:
    """Sound and film play on the page; all else is only ever saved, whatever it claims to be."""
    if PLAYED.fullmatch(file.mimetype):
        return {"Content-Type": file.mimetype}
    name = quote(file.name, safe="")
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
    }


def _wanted(header: str, size: int) -> range | None:
    """Give which bytes are asked for: none where they lie outside; None where no range is given."""
    found = RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    return range(int(first), min(int(last) + 1, size) if last else size)


async def _blocks(file: StoredFile, wanted: range) -> AsyncGenerator[bytes]:
    """Read a part of a file, block by block; what was shared by a program is in memory."""
    if file.data is not None:
        yield file.data[wanted.start : wanted.stop]
        return
    if file.shared.path is None:
        return
    left = len(wanted)
    async with aiofiles.open(file.shared.path, "rb") as source:
        await source.seek(wanted.start)
        while left and (block := await source.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            yield block
