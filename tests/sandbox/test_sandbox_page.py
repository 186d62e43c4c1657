"""What the page's addresses give: its own files, and shared ones for the player, as what they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from page_calls import page_client

from bot.sandbox.guard import Guard
from bot.sandbox.page import FOLDER, TYPES, Page
from bot.sandbox.records import SharedFile
from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SOUND = bytes(range(256)) * 4


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox() as running:
        yield running


async def shared(slack: SlackSandbox, file: SharedFile) -> str:
    """Share a file; give its address on the page."""
    [message] = slack.thread("support", await slack.share(file))
    return f"files/{message.files[0].id}"


async def test_every_file_of_the_page_is_served(slack: SlackSandbox) -> None:
    """Each file of the folder comes whole and as what it is; the address itself gives the page."""
    types = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    async with page_client(slack) as client:
        for path in FOLDER.iterdir():
            answer = await client.get(path.name)
            assert answer.content == path.read_bytes(), path.name
            assert answer.headers["Content-Type"].startswith(types[path.suffix])
        index = await client.get("")
    assert (index.headers["Content-Type"], index.content) == (
        "text/html; charset=utf-8",
        (FOLDER / "index.html").read_bytes(),
    )


async def test_nothing_else_is_served(slack: SlackSandbox) -> None:
    """What is no file of the page's folder is not there, however it is asked for."""
    async with page_client(slack) as client:
        for name in ("page.py", "..%2Fpage.py", "%2e%2e%2fseed.py", "..\\seed.py", "live.js", "files", "%00"):
            assert (await client.get(name)).status_code == 404, name


def test_only_files_of_a_known_kind_are_listed(tmp_path: Path) -> None:
    """Backups and the like that lie in the folder are not served."""
    for name in ("a.js", "a.js.orig", "b.py", "c"):
        (tmp_path / name).touch()
    slack = SlackSandbox()
    page = Page(slack.workspace, Guard("token", lambda: 0), tmp_path)
    assert page.names == ["a.js"]
    assert ".py" not in TYPES


@pytest.mark.parametrize(
    ("asked", "status", "told", "part"),
    [
        pytest.param("bytes=0-", 206, "bytes 0-1023/1024", slice(0, 1024), id="all, as a player asks first"),
        pytest.param("bytes=0-0", 206, "bytes 0-0/1024", slice(0, 1), id="one byte"),
        pytest.param("bytes=1000-9999", 206, "bytes 1000-1023/1024", slice(1000, 1024), id="over the end"),
        pytest.param("bytes=-24", 206, "bytes 1000-1023/1024", slice(1000, 1024), id="the last ones"),
        pytest.param("bytes=-9999", 206, "bytes 0-1023/1024", slice(0, 1024), id="more than there are"),
        pytest.param("bytes=1024-", 416, "bytes */1024", slice(0, 0), id="behind the end"),
        pytest.param("bytes=-0", 416, "bytes */1024", slice(0, 0), id="the last none"),
        pytest.param("bytes=9-3", 416, "bytes */1024", slice(0, 0), id="backwards"),
        pytest.param("bytes=0-1,5-6", 200, None, slice(0, 1024), id="several parts"),
        pytest.param("bytes=-", 200, None, slice(0, 1024), id="nothing named"),
        pytest.param("seconds=1-2", 200, None, slice(0, 1024), id="another unit"),
        pytest.param(None, 200, None, slice(0, 1024), id="not asked"),
    ],
)
@pytest.mark.parametrize("is_on_disk", [True, False], ids=["on disk", "in memory"])
async def test_a_player_gets_the_part_it_asks_for(  # noqa: PLR0913, PLR0917 -- a table's columns
    slack: SlackSandbox,
    tmp_path: Path,
    asked: str | None,
    status: int,
    told: str | None,
    part: slice,
    *,
    is_on_disk: bool,
) -> None:
    """Bytes come by range, so that one can seek; one that lies outside is refused, a strange one ignored."""
    (tmp_path / "a").write_bytes(SOUND)
    bytes_of = {"path": tmp_path / "a"} if is_on_disk else {"data": SOUND}
    address = await shared(slack, SharedFile("a.mp3", **bytes_of))
    async with page_client(slack) as client:
        headers = {} if asked is None else {"Range": asked}
        answer = await client.get(address, headers=headers)
        head = await client.head(address, headers=headers)
    assert (answer.status_code, answer.headers.get("Content-Range")) == (status, told)
    assert (head.status_code, head.content) == (status, b"")
    if status != 416:
        assert answer.content == SOUND[part]
        assert (answer.headers["Content-Type"], answer.headers["Accept-Ranges"]) == ("audio/mpeg", "bytes")
        assert head.headers["Content-Length"] == str(len(SOUND[part]))


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        pytest.param(SharedFile("a.m4a", data=SOUND), "audio/mp4", id="sound"),
        pytest.param(SharedFile("a.webm", data=SOUND, subtype="slack_audio"), "audio/webm", id="recorded"),
        pytest.param(SharedFile("a.mp4", data=SOUND), "video/mp4", id="film"),
        pytest.param(SharedFile("a.html", data=b"<script>alert(1)</script>"), None, id="a page"),
        pytest.param(SharedFile("a.svg", data=b"<svg onload='alert(1)'/>"), None, id="a drawing with code"),
        pytest.param(SharedFile("a.png", data=SOUND), None, id="an image"),
        pytest.param(SharedFile("a.mp3", data=SOUND, mimetype="text/html"), None, id="a type that lies"),
        pytest.param(SharedFile("a.mp3", data=SOUND, mimetype="audio/x; a=b"), None, id="a type with more"),
        pytest.param(SharedFile('größe\n".html', data=SOUND), None, id="a strange name"),
    ],
)
async def test_only_sound_and_film_are_shown(
    slack: SlackSandbox, file: SharedFile, content_type: str | None
) -> None:
    """Sound and film play; everything else can only be saved, so that nothing of it runs on the page."""
    address = await shared(slack, file)
    async with page_client(slack) as client:
        answer = await client.get(address)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content == file.data
    if content_type:
        assert answer.headers["Content-Type"] == content_type
        assert "Content-Disposition" not in answer.headers
    else:
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")


async def test_files_without_bytes(slack: SlackSandbox, tmp_path: Path) -> None:
    """A file that is deleted, lies elsewhere or never was has no bytes here, and that is said in words."""
    gone = [
        await shared(slack, SharedFile("a.mp3", data=SOUND, data_gone=True)),
        await shared(slack, SharedFile("a.mp3", external_url="https://drive.example/a")),
        await shared(slack, SharedFile("a.mp3", data=SOUND)),
        "files/F0NOWHERE",
    ]
    (tmp_path / "a.mp3").write_bytes(SOUND)
    gone.append(await shared(slack, SharedFile("a.mp3", path=tmp_path / "a.mp3")))
    (tmp_path / "a.mp3").unlink()
    await slack.delete_file(gone[2].removeprefix("files/"))
    async with page_client(slack) as client:
        for address in gone:
            answer = await client.get(address)
            assert (answer.status_code, answer.text) == (404, "This file is gone.\n")


async def test_an_empty_file(slack: SlackSandbox) -> None:
    """A file of no bytes comes as such; a part of it there is not."""
    address = await shared(slack, SharedFile("a.mp3", data=b""))
    async with page_client(slack) as client:
        assert (await client.get(address)).status_code == 200
        assert (await client.get(address, headers={"Range": "bytes=0-"})).status_code == 416
