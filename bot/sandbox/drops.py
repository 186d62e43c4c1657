"""Take the files that people share through the page or the control API: streamed to disk, and bounded."""

from __future__ import annotations

import asyncio
import re
import secrets
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiofiles
from aiohttp import BodyPartReader

from bot.sandbox.bodies import is_count, reading, strict_json, visible
from bot.sandbox.records import SharedFile
from bot.sandbox.refusals import RefusedError, SandboxMisuseError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

    from bot.sandbox.records import Json

MOST_BYTES: Final = 1024**3  # Slack takes files up to 1 GB
MOST_KEPT_BYTES: Final = 2 * 1024**3  # of all that was shared since the start, or the last reset
MOST_FILES: Final = 10  # in one message, as Slack has it
MOST_BYTES_OF_A_FIELD: Final = 200_000
FORM_BYTES: Final = 1024**2  # what the form may need around its files
BLOCK_BYTES: Final = 256 * 1024
MOST_LETTERS_OF_A_NAME: Final = 255
WORDS: Final = frozenset({"channel", "user", "text", "thread_ts", "as_bot"})
FIELDS: Final = WORDS | {"options"}
FILE_FIELD: Final = "file"
MIMETYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
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
        options = strict_json(self.fields.get("options", "{}"))
        if not isinstance(options, dict):
            message = "options must be a JSON object"
            raise TypeError(message)
        for name, value in options.items():
            if name not in OPTIONS or not (value is None or _is_option(name, value)):
                message = f"options: {name} cannot be {value!r}; there are {', '.join(OPTIONS)}"
                raise ValueError(message)
        return options


class Drops:
    """A folder of the sandbox that holds what was shared, until a reset or the end.

    `beat` is called when a file begins to come, and when files have gone. Files are made in the loop, in
    the folder of the moment: so none comes to a folder that is being removed in a thread.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: dict[Path, int] = {}  # what lies in the folder, with its size
        self._removals: set[asyncio.Future[None]] = set()

    def forget(self) -> None:
        """Empty the folder; what happens on disk meanwhile, and how long it takes, matters to nobody."""
        folder, self._folder = self._folder, None
        self._kept.clear()
        if folder is not None:
            removal = asyncio.get_running_loop().run_in_executor(None, folder.cleanup)
            self._removals.add(removal)
            removal.add_done_callback(self._removed)

    def _removed(self, removal: asyncio.Future[None]) -> None:
        self._removals.discard(removal)
        self._beat()

    async def close(self) -> None:
        """Empty the folder, and wait until that is done."""
        self.forget()
        await asyncio.gather(*self._removals, return_exceptions=True)

    def free(self, path: Path | None) -> None:
        """Remove a file, if it lies in the folder."""
        if path is not None and self._kept.pop(path, None) is not None:
            path.unlink(missing_ok=True)
            self._beat()

    @asynccontextmanager
    async def received(
        self, request: web.Request, most_bytes: int, most_kept_bytes: int
    ) -> AsyncIterator[Drop]:
        """Read a form; its files stay if the block ends well, and go if anything fails."""
        paths: list[Path] = []
        try:
            with reading(request):
                drop = await self._read(request, _Room(most_bytes, most_kept_bytes), paths)
            self._check_kept(paths)
            yield drop
        except BaseException:
            for path in paths:
                self._kept.pop(path, None)
                with suppress(OSError):
                    path.unlink()
            self._beat()
            raise

    def _check_kept(self, paths: list[Path]) -> None:
        if not self._kept.keys() >= set(paths):
            message = "the sandbox was reset while the files were on their way: share them again"
            raise SandboxMisuseError(message)

    async def _read(self, request: web.Request, room: _Room, paths: list[Path]) -> Drop:
        if request.content_type != "multipart/form-data":
            message = "files come as multipart/form-data"
            raise ValueError(message)
        room.check((request.content_length or 0) - FORM_BYTES, self._kept)
        drop, names = Drop(), []
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                message = "a form in a form is not read"
                raise TypeError(message)
            if part.filename is None:
                await _add_field(part, drop)
                continue
            if part.name != FILE_FIELD:
                message = f"files come in the field {FILE_FIELD}, not {visible(part.name or '')}"
                raise ValueError(message)
            if len(paths) == MOST_FILES:
                rule = f"one message takes at most {MOST_FILES} files"
                raise RefusedError(code="too_many_files", rule=rule)
            names.append(clean_name(part.filename))
            await self._keep(part, names[-1], room, paths)
        options = drop.options()
        drop.files = [
            SharedFile(name=name, path=path, **options) for name, path in zip(names, paths, strict=True)
        ]
        return drop

    async def _keep(self, part: BodyPartReader, name: str, room: _Room, paths: list[Path]) -> None:
        """Write one file down."""
        size = 0
        try:
            path = self._new_file()
            paths.append(path)
            async with aiofiles.open(path, "r+b") as file:
                self._beat()
                while block := await part.read_chunk(BLOCK_BYTES):
                    self._check_kept(paths)
                    room.check(len(block), self._kept)
                    room.used += len(block)
                    size += len(block)
                    self._kept[path] = size
                    await file.write(block)
        except ConnectionError:
            raise
        except OSError as error:
            self._check_kept(paths)
            rule = f"{name} cannot be kept on this machine: {error.strerror}"
            raise RefusedError(code="cannot_be_kept", rule=rule, status=507) from error
        if not size:
            raise RefusedError(code="file_empty", rule=f"{name} is empty, so there is nothing to share")

    def _new_file(self) -> Path:
        """Make an empty file whose name has nothing to do with what it is called."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dragoman-shared-", ignore_cleanup_errors=True)
        path = Path(self._folder.name, secrets.token_hex(8))
        path.touch(exist_ok=False)
        self._kept[path] = 0
        return path


@dataclass(slots=True)
class _Room:
    """How much one upload may bring, and all of them together."""

    most_bytes: int
    most_kept_bytes: int
    used: int = 0

    def check(self, size: int, kept: dict[Path, int]) -> None:
        """Refuse what is too much."""
        if self.used + size > self.most_bytes:
            rule = f"Slack takes at most {_readable(self.most_bytes)} in one go"
            raise RefusedError(code="file_too_large", rule=rule, status=413)
        if sum(kept.values()) + size > self.most_kept_bytes:
            rule = (
                f"the sandbox keeps at most {_readable(self.most_kept_bytes)} of shared files: "
                "delete some, or reset it"
            )
            raise RefusedError(code="cannot_be_kept", rule=rule, status=507)


def clean_name(given: str) -> str:
    """Give a file's name without folders and control characters, as Slack keeps it."""
    name = re.split(r"[/\\]", given)[-1]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    return name[-MOST_LETTERS_OF_A_NAME:] if name.strip(".") else "file"


def _is_option(name: str, value: object) -> bool:
    kind = OPTIONS[name]
    if kind in {str, bool}:
        return isinstance(value, kind) and (name != "mimetype" or bool(MIMETYPE.fullmatch(str(value))))
    return isinstance(value, kind) and is_count(value)


async def _add_field(part: BodyPartReader, drop: Drop) -> None:
    """Take a field that is no file: a known one, once."""
    name = part.name or ""
    if name not in FIELDS:
        message = f"the form has no field {visible(name)}; there are {', '.join(sorted(FIELDS))}"
        raise ValueError(message)
    if name in drop.fields:
        message = f"the field {name} comes twice"
        raise ValueError(message)
    drop.fields[name] = await _text(part)


async def _text(part: BodyPartReader) -> str:
    """Read a field that is no file."""
    said = bytearray()
    while block := await part.read_chunk(BLOCK_BYTES):
        said += block
        if len(said) > MOST_BYTES_OF_A_FIELD:
            message = f"the field {part.name} has over {MOST_BYTES_OF_A_FIELD} bytes"
            raise ValueError(message)
    return said.decode()


def _readable(size: int) -> str:
    for name, unit in (("GB", 1024**3), ("MB", 1024**2)):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} bytes"
