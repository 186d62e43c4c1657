"""Files that people share through the page: streamed to disk, bounded, and gone when nobody needs them."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from page_calls import do, drop, page_client

from bot.sandbox.drops import clean_name
from bot.sandbox.server import SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.sandbox.records import StoredFile


@pytest.fixture
async def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSandbox]:
    """Run a sandbox whose temporary folders lie in the test's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with SlackSandbox() as running:
        yield running
    assert kept(tmp_path) == []


def kept(folder: Path) -> list[Path]:
    """Give the files that lie there, also while a folder is being removed."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def files(slack: SlackSandbox) -> list[StoredFile]:
    """Give the files of the only message."""
    [message] = slack.messages("support")
    return list(message.files)


async def test_files_are_kept_on_disk(slack: SlackSandbox, tmp_path: Path) -> None:
    """Several files of one message lie in a folder of the sandbox; a reset empties it."""
    sound = bytes(range(256)) * 4096
    answer = await drop(
        slack, ("a.mp3", sound), ("ü b.wav", b"two"), channel="support", user="ben", text="two"
    )
    assert answer.json()["ok"]
    [message] = slack.messages("support")
    assert (message.name, message.text, message.ts) == ("ben", "two", answer.json()["ts"])
    one, two = files(slack)
    assert (one.name, one.size_bytes, two.name, two.size_bytes) == ("a.mp3", len(sound), "ü b.wav", 3)
    assert (one.data, two.data) == (None, None)
    assert sorted(path.read_bytes() for path in kept(tmp_path)) == sorted([sound, b"two"])
    assert not {path.name for path in kept(tmp_path)} & {"a.mp3", "ü b.wav"}
    assert (await do(slack, "reset")).json()["ok"]
    await slack.wait_for(lambda _: kept(tmp_path) == [])
    assert (await drop(slack, ("a.mp3", b"again"))).json()["ok"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param("a.mp3", "a.mp3", id="as it is"),
        pytest.param("../../etc/passwd", "passwd", id="a path"),
        pytest.param("C:\\Users\\ana\\a.mp3", "a.mp3", id="a path of Windows"),
        pytest.param("a\r\n\x00b\u202e.mp3", "ab.mp3", id="what cannot be seen"),
        pytest.param("..", "file", id="dots"),
        pytest.param("/", "file", id="a folder"),
        pytest.param("", "file", id="nothing"),
        pytest.param("x" * 300 + ".mp3", "x" * 251 + ".mp3", id="too long"),
    ],
)
def test_names_are_names_only(given: str, name: str) -> None:
    """A name has no folders and nothing invisible, keeps its extension, and is never empty."""
    assert clean_name(given) == name


async def test_a_name_on_the_way_is_cleaned(slack: SlackSandbox, tmp_path: Path) -> None:
    """A path in the form leads nowhere."""
    await drop(slack, ("../../../a.mp3", b"x"))
    assert [file.name for file in files(slack)] == ["a.mp3"]
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    ("sent", "status", "error", "rule"),
    [
        pytest.param([("a.mp3", b"")], 409, "file_empty", "a.mp3 is empty", id="empty"),
        pytest.param([("a.mp3", b"x"), ("b", b"")], 409, "file_empty", "b is empty", id="one of two empty"),
        pytest.param([("a", b"x")] * 11, 409, "too_many_files", "at most 10 files", id="too many"),
        pytest.param([("a", b"x" * 1500)], 413, "file_too_large", "at most 1000 bytes", id="too large"),
        pytest.param(
            [("a", b"x" * 501)] * 2, 413, "file_too_large", "at most 1000 bytes", id="both together"
        ),
        pytest.param([], 400, "a message without files is `say`", "`say`", id="no file"),
    ],
)
async def test_what_is_not_taken(  # noqa: PLR0913, PLR0917 -- a table's columns
    slack: SlackSandbox, tmp_path: Path, sent: list[tuple[str, bytes]], status: int, error: str, rule: str
) -> None:
    """What Slack would not take is refused with the reason in words, and leaves nothing behind."""
    slack.most_upload_bytes = 1000
    if sent:
        answer = await drop(slack, *sent)
    else:
        answer = await post(slack, form({"channel": "support"}))
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert rule in answer.json()["rule"]
    assert (slack.messages("support"), kept(tmp_path)) == ([], [])


async def test_exactly_as_much_as_is_allowed(slack: SlackSandbox) -> None:
    """The limit itself is taken; the form around the file does not count."""
    slack.most_upload_bytes = 1000
    assert (await drop(slack, ("a.mp3", b"x" * 1000))).status_code == 200
    assert files(slack)[0].size_bytes == 1000


async def test_too_large_by_its_header(slack: SlackSandbox, tmp_path: Path) -> None:
    """An upload that announces too much is refused before a byte of it is read, with a line of JSON."""
    head = f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {3 * 1024**3}"
    reader, writer = await half_a_request(slack, head, b"")
    answer = await reader.readuntil(b"\r\n\r\n")
    body = json.loads(await reader.readuntil(b"}"))
    writer.close()
    assert b" 413 " in answer.splitlines()[0]
    assert b"Connection: close" in answer  # or the browser's next request would run into the rest of this one
    assert body == {
        "ok": False,
        "error": "file_too_large",
        "rule": "Slack takes at most 1 GB in one go",
    }
    assert kept(tmp_path) == []


async def test_too_large_by_its_stream(slack: SlackSandbox, tmp_path: Path) -> None:
    """An upload without a length is refused as soon as too much has come, while it still goes on."""
    slack.most_upload_bytes = 1000
    head = "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked"
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n' + b"x" * 300_000
    reader, writer = await half_a_request(slack, head, b"%x\r\n%s\r\n" % (len(start), start))
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert b" 413 " in answer.splitlines()[0]
    assert kept(tmp_path) == []


async def test_an_aborted_upload_leaves_nothing(
    slack: SlackSandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Who goes away in the middle leaves no message, no file and no traceback; what others share stays."""
    await drop(slack, ("a.mp3", b"mine"))
    head = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000"
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="b.mp3"\r\n\r\n' + b"x" * 600_000
    _, writer = await half_a_request(slack, head, start)
    await slack.wait_for(lambda _: len(kept(tmp_path)) == 2)
    writer.transport.abort()
    await slack.wait_for(lambda _: len(kept(tmp_path)) == 1)
    assert len(slack.messages("support")) == 1
    await do(slack, "release")  # one more turn for the server
    assert caplog.records == []


async def test_a_reset_while_files_come(slack: SlackSandbox, tmp_path: Path) -> None:
    """Files that were on their way during a reset are not shared, and that is said."""
    head = "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked"
    start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n' + b"x" * 300_000
    reader, writer = await half_a_request(slack, head, b"%x\r\n%s\r\n" % (len(start), start))
    await slack.wait_for(lambda _: len(kept(tmp_path)) == 1)
    slack.reset()
    end = b"\r\n--b--\r\n"
    writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(end), end))
    await reader.readuntil(b"\r\n\r\n")
    assert b"the sandbox was reset while the files were on their way" in await reader.readuntil(b"}")
    writer.close()
    await slack.wait_for(lambda _: kept(tmp_path) == [])
    assert slack.messages("support") == []


async def test_a_reset_whatever_the_disk_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be emptied, as something is still written there, hinders no reset."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with SlackSandbox() as slack:
        await drop(slack, ("a.mp3", b"x"))
        folder = kept(tmp_path)[0].parent
        is_full, is_over = threading.Event(), threading.Event()
        writing = asyncio.create_task(asyncio.to_thread(write_on, folder, is_full, is_over))
        try:
            await asyncio.to_thread(is_full.wait)
            slack.reset()
            assert (await drop(slack, ("b.mp3", b"again"))).json()["ok"]
        finally:
            is_over.set()
            await writing
        assert (slack.generation, slack.messages("support")[0].files[0].name) == (1, "b.mp3")


async def test_deleted_files_make_room(slack: SlackSandbox, tmp_path: Path) -> None:
    """All files together are bounded, said in words; the bytes of a deleted one are gone at once."""
    slack.most_kept_bytes = 1000
    assert (await drop(slack, ("a.mp3", b"x" * 600))).is_success
    rule = "the sandbox keeps at most 1000 bytes of shared files: delete some, or reset it"
    for several in ([("b.mp3", b"x" * 401)], [("b.mp3", b"x" * 201), ("c.mp3", b"x" * 200)]):
        answer = await drop(slack, *several)
        assert (answer.status_code, answer.json()["rule"]) == (507, rule)
    announced = await drop(slack, ("b.mp3", b"x" * 1_100_000))
    assert (announced.status_code, announced.headers["Connection"]) == (507, "close")
    assert len(kept(tmp_path)) == 1
    [file] = files(slack)
    assert (await do(slack, "delete", file=file.id)).is_success
    assert kept(tmp_path) == []
    assert (await drop(slack, ("b.mp3", b"x" * 1000))).is_success
    await do(slack, "reset")
    assert (await drop(slack, ("c.mp3", b"x" * 1000))).is_success


async def test_files_of_others_are_never_removed(slack: SlackSandbox, tmp_path: Path) -> None:
    """A file that a program shared from its own place stays there when it is deleted in Slack."""
    mine = tmp_path / "mine.mp3"
    mine.write_bytes(b"x")
    await slack.share(mine)
    await slack.delete_file(files(slack)[0].id)
    assert mine.exists()
    mine.unlink()


async def test_a_share_that_slack_refuses_leaves_nothing(slack: SlackSandbox, tmp_path: Path) -> None:
    """Where the message cannot be posted, its files go too."""
    answer = await drop(slack, ("a.mp3", b"x"), channel="leads", user="guest")
    assert (answer.status_code, answer.json()["rule"]) == (400, "guest is not in leads")
    assert kept(tmp_path) == []


async def test_a_disk_that_takes_nothing(slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine cannot keep a file, the answer says why in its own words."""
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    answer = await drop(slack, ("a.mp3", b"x"))
    assert (answer.status_code, answer.json()["error"]) == (507, "cannot_be_kept")
    assert "a.mp3 cannot be kept on this machine: No such file or directory" in answer.json()["rule"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param('{"path": "/etc/passwd"}', "options: path cannot be", id="somebody else's file"),
        pytest.param('{"data": "x"}', "options: data cannot be", id="the bytes"),
        pytest.param('{"duration_ms": -1}', "options: duration_ms cannot be -1", id="less than nothing"),
        pytest.param('{"duration_ms": true}', "options: duration_ms cannot be True", id="no number"),
        pytest.param('{"ready_after": 1e999}', "not JSON compliant", id="endless"),
        pytest.param('{"ready_after": NaN}', "not JSON compliant", id="not a number"),
        pytest.param('{"mimetype": "audio"}', "options: mimetype cannot be", id="half a type"),
        pytest.param('{"mimetype": "a/b\\r\\nX: y"}', "options: mimetype cannot be", id="a header"),
        pytest.param('{"duration_ms": "long"}', "options: duration_ms cannot be 'long'", id="a wrong kind"),
        pytest.param("[]", "options must be a JSON object", id="no object"),
        pytest.param("{", "Expecting", id="no JSON"),
    ],
)
async def test_options_that_are_none(slack: SlackSandbox, tmp_path: Path, options: str, words: str) -> None:
    """Options say what a file is like, never where its bytes are; a wrong one is named."""
    answer = await drop(slack, ("a.mp3", b"x"), options=options)
    assert (answer.status_code, words in answer.json()["rule"]) == (400, True)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        pytest.param("application/json", b"{}", "multipart/form-data", id="no form"),
        pytest.param("multipart/form-data; boundary=b", b"nothing", "boundary", id="no part"),
        pytest.param(
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
            "a form in a form",
            id="a form inside",
        ),
        pytest.param(
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"x" * 200_001 + b"\r\n--b--\r\n",
            "the field text has over 200000 bytes",
            id="an endless field",
        ),
        pytest.param(
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x\x1b"\r\n\r\ny\r\n--b--\r\n',
            "",
            id="a field of no known name",
        ),
        pytest.param(
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n' * 2 + b"--b--\r\n",
            "the field text comes twice",
            id="a field twice",
        ),
        pytest.param(
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"; filename="a"\r\n\r\nx\r\n--b--\r\n',
            "files come in the field file, not x",
            id="a file elsewhere",
        ),
        pytest.param(
            "multipart/form-data; boundary=b",
            b"--b\r\nbad header\r\n\r\nx\r\n--b--\r\n",
            "cannot be read: Invalid HTTP header",
            id="a bad header",
        ),
    ],
)
async def test_forms_that_cannot_be_read(
    slack: SlackSandbox, caplog: pytest.LogCaptureFixture, content_type: str, body: bytes, words: str
) -> None:
    """What is no form of files is refused in words, and without a traceback; compressed as well."""
    answer = await post(slack, body, content_type)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert words in answer.json()["rule"]
    packed = await post(slack, body, content_type, **{"Content-Encoding": "gzip"})
    assert (packed.status_code, packed.json()["ok"]) == (400, False)
    assert caplog.records == []


def form(fields: dict[str, str]) -> bytes:
    """Write a form without files."""
    parts = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{said}\r\n'
        for name, said in fields.items()
    )
    return "".join([*parts, "--b--\r\n"]).encode()


async def post(
    slack: SlackSandbox, body: bytes, content_type: str = "multipart/form-data; boundary=b", **more: str
) -> Any:  # noqa: ANN401 -- an answer
    """Send a body to `share`."""
    async with page_client(slack) as client:
        return await client.post("do/share", content=body, headers={"Content-Type": content_type, **more})


def write_on(folder: Path, is_full: threading.Event, is_over: threading.Event) -> None:
    """Write files into a folder, faster than anybody can remove them, until it is gone or all is over."""
    number = 0
    with suppress(OSError):
        while not is_over.is_set():
            (folder / str(number)).touch()
            number += 1
            if number == 200:
                is_full.set()


async def half_a_request(
    slack: SlackSandbox, head: str, body: bytes
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin to share files and do not end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", slack.port)
    path = slack.page_url.removeprefix(slack.url)
    host = f"Host: 127.0.0.1:{slack.port}\r\nOrigin: {slack.url}"
    writer.write(f"POST {path}do/share HTTP/1.1\r\n{host}\r\n{head}\r\n\r\n".encode() + body)
    await writer.drain()
    return reader, writer
