"""Take the files that people share through the page or the control API: streamed to disk, and bounded."""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiofiles
from aiohttp import BodyPartReader

from bot.sandbox.records import SharedFile
from bot.sandbox.refusals import RefusedError, SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

    from bot.sandbox.records import Json

MOST_BYTES: Final = 1024**3  # Slack takes files up to 1 GB
MOST_FILES: Final = 10  # in one message, as Slack has it
MOST_BYTES_OF_A_FIELD: Final = 200_000
FORM_BYTES: Final = 1024**2  # what the form may need around its files
BLOCK_BYTES: Final = 256 * 1024
MOST_LETTERS_OF_A_NAME: Final = 255
WORDS: Final = frozenset({"channel", "user", "text", "thread_ts", "as_bot"})
# The oddities of `SharedFile` that another process may ask for; never where its bytes lie.
OPTIONS: Final[dict[str, type | tuple[type, ...]]] = {
    "mimetype": str,
    "subtype": str,
    "duration_ms": int,
    "mode": str,
    "file_access": str,
    "as_stub": bool,
    "size": int,
    "ready_after": (int, float),
    "external_url": str,
    "data_gone": bool,
    "locale": str,
    "title": str,
}


@dataclass(slots=True)
class Drop:
    """What one form brought: files on disk, and the words around them."""

    files: list[SharedFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, str]:
        """Give what `share` takes besides the files."""
        return {name: said for name, said in self.fields.items() if name in WORDS}

    def options(self) -> Json:
        """Give the checked options of the files."""
        options = json.loads(self.fields.get("options", "{}"))
        if not isinstance(options, dict):
            message = "options must be a JSON object"
            raise TypeError(message)
        for name, value in options.items():
            if name not in OPTIONS or not (value is None or isinstance(value, OPTIONS[name])):
                message = f"options: {name} cannot be {value!r}; there are {', '.join(OPTIONS)}"
                raise ValueError(message)
        return options


class Drops:
    """A folder of the sandbox that holds what was shared, until a reset or the end.

    `beat` is called when a file begins to come, and when it goes because its upload failed.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def forget(self) -> None:
        """Empty the folder."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @asynccontextmanager
    async def received(self, request: web.Request, most_bytes: int) -> AsyncIterator[Drop]:
        """Read a form; its files stay if the block ends well, and go if anything fails."""
        paths: list[Path] = []
        try:
            drop = await self._read(request, most_bytes, paths)
            if not all(path.exists() for path in paths):
                message = "the sandbox was reset while the files were on their way: share them again"
                raise SandboxMisuseError(message)  # noqa: TRY301 -- what came must go here too
            yield drop
        except BaseException:
            for path in paths:
                path.unlink(missing_ok=True)
            self._beat()
            raise

    async def _read(self, request: web.Request, most_bytes: int, paths: list[Path]) -> Drop:
        if request.content_type != "multipart/form-data":
            message = "files come as multipart/form-data"
            raise ValueError(message)
        if (request.content_length or 0) > most_bytes + FORM_BYTES:
            raise _too_large(most_bytes)
        drop, names = Drop(), []
        left = most_bytes
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                message = "a form in a form is not read"
                raise TypeError(message)
            if part.filename is None:
                drop.fields[part.name or ""] = await _text(part)
                continue
            if len(paths) == MOST_FILES:
                rule = f"one message takes at most {MOST_FILES} files"
                raise RefusedError(code="too_many_files", rule=rule)
            names.append(clean_name(part.filename))
            size = await self._keep(part, names[-1], left, most_bytes, paths)
            left -= size
        options = drop.options()
        drop.files = [
            SharedFile(name=name, path=path, **options) for name, path in zip(names, paths, strict=True)
        ]
        return drop

    async def _keep(
        self, part: BodyPartReader, name: str, left: int, most_bytes: int, paths: list[Path]
    ) -> int:
        """Write one file down; give its size."""
        size = 0
        try:
            path = self._new_path()
            paths.append(path)
            async with aiofiles.open(path, "wb") as file:
                self._beat()
                while block := await part.read_chunk(BLOCK_BYTES):
                    size += len(block)
                    if size > left:
                        raise _too_large(most_bytes)
                    await file.write(block)
        except ConnectionError:
            raise
        except OSError as error:
            rule = f"{name} cannot be kept on this machine: {error.strerror}"
            raise RefusedError(code="cannot_be_kept", rule=rule, status=507) from error
        if not size:
            raise RefusedError(code="file_empty", rule=f"{name} is empty, so there is nothing to share")
        return size

    def _new_path(self) -> Path:
        """Give a place whose name has nothing to do with what the file is called."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dragoman-shared-")
        return Path(self._folder.name, secrets.token_hex(8))


def clean_name(given: str) -> str:
    """Give a file's name without folders and control characters, as Slack keeps it."""
    name = re.split(r"[/\\]", given)[-1]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    return name[-MOST_LETTERS_OF_A_NAME:] if name.strip(".") else "file"


async def _text(part: BodyPartReader) -> str:
    """Read a field that is no file."""
    said = bytearray()
    while block := await part.read_chunk(BLOCK_BYTES):
        said += block
        if len(said) > MOST_BYTES_OF_A_FIELD:
            message = f"the field {part.name} has over {MOST_BYTES_OF_A_FIELD} bytes"
            raise ValueError(message)
    return said.decode()


def _too_large(most_bytes: int) -> RefusedError:
    rule = f"Slack takes at most {_readable(most_bytes)} in one go"
    return RefusedError(code="file_too_large", rule=rule, status=413)


def _readable(size: int) -> str:
    for name, unit in (("GB", 1024**3), ("MB", 1024**2)):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"
