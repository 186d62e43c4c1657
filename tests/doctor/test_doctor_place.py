"""What the doctor finds on this machine: database, folder, decoder."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from ward import open_ward, told

from bot.doctor.place import of_fence, of_room
from bot.sandbox.samples import FOLDER
from bot.store import database
from bot.store.migrations import HEAD

if TYPE_CHECKING:
    from pathlib import Path

    from bot.doctor.finding import Finding
    from bot.doctor.patient import Patient
    from postgres import PostgresServer


async def look(tmp_path: Path, name: str, **variables: Any) -> Finding:  # noqa: ANN401 -- texts; mypy takes them for any argument
    """Run one check with a folder of its own."""
    async with open_ward(tmp_path / "data") as ward:
        return (await ward.look(name, **variables))[name]


def url_for_us(url: str) -> str:
    """Write a database's address as people do."""
    parsed = make_url(url)
    return parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=False)


async def test_a_database_of_this_version(tmp_path: Path, database_url: str) -> None:
    """A database that the bot has made is fine on either kind of server."""
    await database.upgrade(database_url)
    found = await look(tmp_path, "database", DATABASE_URL=url_for_us(database_url))
    assert told(found)[0] == "ok"
    assert HEAD in found.found


@pytest.mark.parametrize(
    ("version", "state", "words"),
    [
        pytest.param("0001", "warn", "dragoman migrate", id="older"),
        pytest.param("9999", "fail", "update Dragoman", id="newer"),
        pytest.param("", "warn", "dragoman migrate", id="none"),
    ],
)
async def test_a_database_of_another_version(
    tmp_path: Path, database_url: str, version: str, state: str, words: str
) -> None:
    """Tables of another version are named with what helps, and not touched."""
    await database.upgrade(database_url)
    engine = database.open_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE dragoman_version SET version_num = :it"), {"it": version})
    found = await look(tmp_path, "database", DATABASE_URL=url_for_us(database_url))
    assert told(found)[0] == state
    assert words in found.remedy
    async with engine.connect() as connection:
        assert await connection.run_sync(database.version_of) == version
    await engine.dispose()


async def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Before the first start there is no database, and the doctor makes neither it nor its folder."""
    found = await look(tmp_path, "database")
    folder = await look(tmp_path, "data folder")
    assert told(found)[0] == "warn"
    assert "not there yet" in found.found
    assert (told(folder)[0], "can be made" in folder.found) == ("ok", True)
    assert not (tmp_path / "data").exists()


async def test_another_programs_file_is_left_as_it_is(tmp_path: Path) -> None:
    """A file of another program keeps every byte."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    found = await look(tmp_path, "database", DATABASE_URL=f"sqlite:///{path}")
    assert told(found)[0] == "warn"
    assert path.read_bytes() == before
    assert not path.with_name("other.db-wal").exists()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A file with anything else in it is red, and the remedy says to name another."""
    path = tmp_path / "notes.db"
    path.write_text("no database, but long enough to be taken for one at first sight" * 20)
    found = await look(tmp_path, "database", DATABASE_URL=f"sqlite:///{path}")
    assert told(found)[0] == "fail"
    assert "is no SQLite database" in found.found
    assert "name another file" in found.remedy


async def test_a_database_that_somebody_writes_to_for_long(tmp_path: Path) -> None:
    """A SQLite file that another program holds locked is red."""
    path = tmp_path / "held.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE theirs (x)")
    holder.execute("BEGIN EXCLUSIVE")
    found = await look(tmp_path, "database", DATABASE_URL=f"sqlite:///{path}")
    holder.close()
    assert told(found)[0] == "fail"
    assert "right now" in found.found


async def test_a_server_that_is_away(tmp_path: Path) -> None:
    """A PostgreSQL server that does not answer is red, without its password."""
    found = await look(tmp_path, "database", DATABASE_URL="postgresql://me:hidden-word@127.0.0.1:9/none")
    assert told(found)[0] == "fail"
    assert "does not answer" in found.found
    assert "hidden-word" not in told(found)[1]


async def test_a_server_that_takes_no_writes(tmp_path: Path, postgres: PostgresServer) -> None:
    """A database that can only be read, as a standby's, is red."""
    name = postgres.create_database()
    url = make_url(postgres.url(name)).set(drivername="postgresql+psycopg")
    await database.upgrade(url.render_as_string(hide_password=False))
    engine = database.open_engine(url.render_as_string(hide_password=False))
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    await engine.dispose()
    found = await look(tmp_path, "database", DATABASE_URL=postgres.url(name))
    postgres.drop_database(name)
    assert told(found)[0] == "fail"
    assert found.found == "the database takes no writes"


async def test_a_refused_login(tmp_path: Path) -> None:
    """An option that PostgreSQL does not know is told with its remedy."""
    found = await look(tmp_path, "database", DATABASE_URL="postgresql://me@127.0.0.1:9/none?dance=1")
    assert told(found)[0] == "fail"
    assert (found.found.partition(" ")[0], found.remedy) == ("DATABASE_URL", "remove it")


async def test_a_folder_that_is_none(tmp_path: Path) -> None:
    """A file in place of the folder, or of one above it, is red with the remedy."""
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        found = await look(tmp_path, "data folder", DATA_DIR=str(path))
        assert told(found)[0] == "fail"
        assert found.remedy == "choose a folder that this user may write to"


async def test_a_folder_that_is_used(tmp_path: Path) -> None:
    """A folder that the bot has used is green with its room, and nothing is left in it."""
    (tmp_path / "data" / "spool").mkdir(parents=True)
    found = await look(tmp_path, "data folder", MAX_FILE_MB="1")
    assert "can be written" in found.found
    assert list((tmp_path / "data" / "spool").iterdir()) == []


@pytest.mark.parametrize(("free_mb", "state"), [(99, "fail"), (100, "warn"), (1999, "warn"), (2000, "ok")])
def test_room_on_the_disk(free_mb: int, state: str) -> None:
    """Room for two of the largest recordings is enough; nearly none is red."""
    assert of_room("free", free_mb, 1000).state.value == state


async def test_the_decoder_reads_the_sample(tmp_path: Path) -> None:
    """The shipped sample is read in a real child, and its length told."""
    found = await look(tmp_path, "decoder")
    assert told(found)[0] == "ok"
    assert "s of parcel.m4a read" in found.found


async def test_a_decoder_that_cannot_read(tmp_path: Path) -> None:
    """What cannot be decoded is red, and the engines are not tried without sound."""

    def no_sound(patient: Patient) -> None:
        patient.sample = FOLDER / "samples.json"

    async with open_ward(tmp_path / "data") as ward:
        names = ("decoder", "engine translations", "sound formats", "response formats")
        found = await ward.look(*names, change=no_sound)
        assert not ward.endpoint.requests
    assert [one.state.value for one in found.values()] == ["fail", "warn", "warn", "warn"]
    assert {one.remedy for one in list(found.values())[1:]} == {"mend “decoder” first"}


def test_a_kernel_without_a_fence() -> None:
    """A kernel that cannot fence the decoder in is yellow; one that can is green."""
    assert told(of_fence(0))[0] == "warn"
    assert "Linux 5.13" in of_fence(0).remedy
    assert told(of_fence(1)) == ("ok", "the decoder is fenced in by the kernel (Landlock 1); ")
