"""Look at this machine: the database, the folder, and the child that reads recordings."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bot.decoder import fence
from bot.doctor.finding import fail, ok, warn
from bot.errors import BotError, SilentError
from bot.store import database
from bot.store.database import version_of
from bot.store.migrations import HEAD
from bot.store.trouble import DatabaseRefusedError, DatabaseUnreachableError, translated

if TYPE_CHECKING:
    from pathlib import Path

    from bot.doctor.finding import Finding
    from bot.doctor.patient import Patient

MB = 1_000_000
LEAST_FREE_MB = 100
SQLITE_WAIT_SECONDS = 1
TO_MIGRATE = "run `dragoman migrate`; `dragoman run` does it by itself at its start"
TO_INSTALL_ANEW = "install Dragoman anew: the packages that it comes with decode sound"


async def check_database(patient: Patient) -> Finding:
    """Log in, read the version of our tables, and see whether a write would be taken. Nothing is written."""
    config = patient.config
    path = config.sqlite_path
    if path is not None and not path.exists():
        return warn(f"{path} is not there yet", TO_MIGRATE)
    try:
        version = await (asyncio.to_thread(_look_into, path) if path else _ask_postgres(config.database_url))
    except DatabaseRefusedError as error:
        found, _, remedy = str(error).rpartition(": ")
        return fail(found or str(error), remedy if found else "check DATABASE_URL")
    except DatabaseUnreachableError as error:
        return fail(str(error), "start it, or check the host and the port in DATABASE_URL")
    if version is None:
        return fail("the database takes no writes", "let this user write to it; a standby cannot be used")
    return _of_version(version, "SQLite" if path else "PostgreSQL")


def _of_version(version: str, kind: str) -> Finding:
    if version == HEAD:
        return ok(f"{kind}, tables of version {HEAD}, can be written")
    if not version:
        return warn(f"{kind}, without Dragoman's tables yet", TO_MIGRATE)
    if version > HEAD:
        return fail(f"{kind}, tables of a newer version ({version} instead of {HEAD})", "update Dragoman")
    return warn(f"{kind}, tables of an older version ({version} instead of {HEAD})", TO_MIGRATE)


def _look_into(path: Path) -> str:
    """Read the version in a SQLite file, and begin a write. Opened as it is: our own way would change it."""
    address = f"file:{quote(str(path))}?mode=rw"
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, timeout=SQLITE_WAIT_SECONDS),
        poolclass=NullPool,
    )
    with translated(f"sqlite:///{path}"), engine.connect() as connection:
        version = version_of(connection)
        connection.rollback()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("ROLLBACK")
    return version


async def _ask_postgres(url: str) -> str | None:
    """Read the version on a server; None where it takes no writes."""
    engine = database.open_engine(url)
    try:
        with translated(url):
            async with engine.connect() as connection:
                version = await connection.run_sync(version_of)
        return version if await database.is_writable(engine) else None
    finally:
        await engine.dispose()


async def data_folder(patient: Patient) -> Finding:
    """See whether recordings can be kept while they are worked on."""
    return await asyncio.to_thread(_data_folder, patient)


def _data_folder(patient: Patient) -> Finding:
    config = patient.config
    folder = config.data_dir
    place = next(one for one in (config.spool_dir, folder, *folder.parents) if one.exists())
    try:
        if place.is_relative_to(folder):
            with tempfile.TemporaryFile(dir=place) as probe:
                probe.write(b"probe")
        elif not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
            return fail(f"DATA_DIR {folder} cannot be made", "choose a folder that this user may write to")
        free = shutil.disk_usage(place).free // MB
    except OSError as error:
        found = f"DATA_DIR {folder} cannot be written ({error.strerror})"
        return fail(found, "choose a folder that this user may write to")
    can = "can be written" if folder.exists() else "can be made"
    return of_room(f"DATA_DIR {folder} {can}, {free:,} MB are free", free, config.max_file_mb)


def of_room(found: str, free_mb: int, max_file_mb: int) -> Finding:
    """Say whether so much room is enough for recordings of that size."""
    if free_mb < LEAST_FREE_MB:
        return fail(found, "make room, or move DATA_DIR to another disk")
    if free_mb < 2 * max_file_mb:
        return warn(found, "make room, or lower MAX_FILE_MB: a large recording and its parts lie there")
    return ok(found)


async def decoder(patient: Patient) -> Finding:
    """Read the sample in a child, as every recording is read."""
    started = time.monotonic()
    try:
        async for piece in patient.decoders.prepare(patient.sample, patient.folder):
            patient.piece = piece
    except (BotError, SilentError, OSError) as error:
        return fail(f"{patient.sample.name} could not be read ({error})", TO_INSTALL_ANEW)
    seconds = time.monotonic() - started
    return ok(f"{patient.heard.seconds:.1f} s of {patient.sample.name} read in {seconds:.1f} s")


async def decoder_fence(patient: Patient) -> Finding:
    """Say whether the child that reads hostile files is kept from everything else."""
    del patient
    return of_fence(fence.version())


def of_fence(version: int) -> Finding:
    """Say it of a version of the kernel's Landlock; 0 stands for none."""
    if version:
        return ok(f"the decoder is fenced in by the kernel (Landlock {version})")
    return warn(
        "the kernel has no Landlock, so a hostile recording could reach this user's files",
        "use Linux 5.13 or newer, or run Dragoman in a container of its own",
    )
