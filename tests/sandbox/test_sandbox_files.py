"""What file objects say in every case, files.info, uploads, and the bytes behind the addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from slack_calls import CLIP, SONG, SOUND, call, get, plain_client, wide_manifest, without_scope
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.refusals import SandboxMisuseError
from bot.sandbox.server import SharedFile, SlackSandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    """Run a sandbox."""
    async with SlackSandbox(manifest=wide_manifest()) as running:
        yield running


async def info(slack: SlackSandbox, ts: str, channel: str = "support") -> dict[str, Any]:
    """Give the file object of a message's first file, as files.info has it."""
    file_id = slack.thread(channel, ts)[0].files[0].id
    file: dict[str, Any] = (await call(slack, "files.info", file=file_id))["file"]
    return file


async def test_a_clip_looks_like_slacks(slack: SlackSandbox) -> None:
    """A recorded clip has its subtype, its player's fields, and an address that is only a transcode."""
    file = await info(slack, await slack.share(CLIP))
    assert (file["subtype"], file["mimetype"], file["media_display_type"]) == (
        "slack_audio",
        "audio/mp4",
        "audio",
    )
    assert (file["duration_ms"], file["size"], file["file_access"]) == (4200, len(SOUND), "visible")
    assert file["transcription"] == {"status": "processing", "locale": "pt-PT"}
    assert file["url_private"] == file["aac"] != file["url_private_download"]
    assert file["url_private_download"].startswith(
        f"{slack.url}/files-pri/{slack.team_id}-{file['id']}/download/"
    )


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        pytest.param(
            SONG, {"mimetype": "audio/mpeg", "filetype": "mp3", "pretty_type": "MP3"}, id="uploaded sound"
        ),
        pytest.param(
            replace(CLIP, name="audio_message.webm"),
            {"mimetype": "audio/webm", "filetype": "webm"},
            id="webm clip",
        ),
        pytest.param(
            replace(CLIP, name="clip.mp4", subtype="slack_video"),
            {"mimetype": "video/mp4", "media_display_type": "video", "subtype": "slack_video"},
            id="video clip",
        ),
        pytest.param(
            replace(CLIP, name="Audioclip.mp4", mimetype="video/mp4"),
            {"mimetype": "video/mp4", "media_display_type": "audio"},
            id="a clip called video",
        ),
        pytest.param(
            SharedFile("a.mov", data=b"x"),
            {"mimetype": "video/quicktime", "media_display_type": "video"},
            id="video",
        ),
        pytest.param(
            SharedFile("a.pdf", data=b"x"),
            {"mimetype": "application/pdf", "media_display_type": "unknown"},
            id="pdf",
        ),
        pytest.param(
            SharedFile("noext", data=b""), {"filetype": "noext", "size": 0}, id="no extension, empty"
        ),
        pytest.param(
            SharedFile("a.txt", data=b"one\ntwo", mode="snippet"),
            {"mode": "snippet", "preview": "one\ntwo", "lines": 2, "editable": True},
            id="snippet",
        ),
        pytest.param(
            replace(SONG, size=7, title="Order"), {"size": 7, "title": "Order"}, id="a lie about the size"
        ),
        pytest.param(
            SharedFile("a.mp3", external_url="https://drive.example/a"),
            {"mode": "external", "is_external": True, "url_private": "https://drive.example/a"},
            id="external",
        ),
    ],
)
async def test_each_sort_of_file_has_its_form(
    slack: SlackSandbox, shared: SharedFile, expected: dict[str, Any]
) -> None:
    """The file object says what Slack's would for this sort of file."""
    file = await info(slack, await slack.share(shared))
    assert {key: file[key] for key in expected} == expected
    assert ("url_private_download" in file) == (shared.external_url is None)


async def test_files_on_disk_are_shared_by_path(slack: SlackSandbox, tmp_path: Path) -> None:
    """A path is enough: name, type and size come from it; a path to nowhere is the caller's mistake."""
    path = tmp_path / "note.wav"
    path.write_bytes(SOUND)
    ts = await slack.share([path, str(path)])
    assert len(slack.thread("support", ts)[0].files) == 2
    file = await info(slack, ts)
    assert (file["mimetype"], file["size"]) == ("audio/wav", len(SOUND))
    assert (await get(slack, file["url_private_download"])).content == SOUND
    nowhere: list[Any] = [tmp_path / "nowhere.wav", []]
    for nothing in nowhere:
        with pytest.raises(SandboxMisuseError):
            await slack.share(nothing)


async def test_one_file_in_two_channels_is_one_file(slack: SlackSandbox) -> None:
    """A file shared again keeps its id and lists both shares, the private one apart."""
    first = await slack.share(SONG)
    file_id = slack.thread("support", first)[0].files[0].id
    second = await slack.share(file_id, channel="leads")
    file = await info(slack, second, "leads")
    assert file["id"] == file_id
    assert file["shares"]["public"]["C0SUPPORT"][0]["ts"] == first
    assert file["shares"]["private"]["C0LEADS"][0]["ts"] == second
    assert (file["channels"], file["groups"], file["ims"]) == (["C0SUPPORT"], ["C0LEADS"], [])


@pytest.mark.parametrize(
    ("shared", "channel", "error"),
    [
        pytest.param(SharedFile("a.mp3", mode="tombstone"), "support", "file_deleted", id="tombstone"),
        pytest.param(
            SharedFile("a.mp3", file_access="access_denied"), "support", "access_denied", id="denied"
        ),
        pytest.param(
            SharedFile("a.mp3", file_access="file_not_found"), "support", "file_not_found", id="not found"
        ),
        pytest.param(SONG, "random", "not_visible", id="where the bot is not"),
    ],
)
async def test_files_that_cannot_be_described(
    slack: SlackSandbox, shared: SharedFile, channel: str, error: str
) -> None:
    """files.info refuses what is deleted, denied or out of sight."""
    ts = await slack.share(shared, channel=channel)
    file_id = slack.thread(channel, ts)[0].files[0].id
    assert (await call(slack, "files.info", file=file_id))["error"] == error


async def test_a_hidden_file_is_only_id_and_mode(slack: SlackSandbox) -> None:
    """Beyond a free workspace's limit nothing else is told."""
    file = await info(slack, await slack.share(SharedFile("a.mp3", mode="hidden_by_limit")))
    assert file.keys() == {"id", "mode"}


async def test_a_deleted_file_leaves_a_tombstone(slack: SlackSandbox) -> None:
    """After its deletion a file's messages show only its id; its bytes are 404."""
    ts = await slack.share(SONG)
    file = await info(slack, ts)
    await slack.delete_file(file["id"])
    history = await call(slack, "conversations.history", channel="C0SUPPORT")
    assert history["messages"][0]["files"] == [{"id": file["id"], "mode": "tombstone"}]
    assert (await get(slack, file["url_private_download"])).status_code == 404
    assert (await call(slack, "files.info", file=file["id"]))["error"] == "file_deleted"


async def test_a_file_becomes_ready_in_its_time() -> None:
    """Before it is ready a file has no addresses and its download is the sign-in page."""
    now = [1795000000.0]
    async with SlackSandbox(clock=lambda: now[0]) as slack:
        ts = await slack.share(replace(SONG, ready_after=2.0))
        early = await info(slack, ts)
        address = f"{slack.url}/files-pri/{slack.team_id}-{early['id']}/download/a.mp3"
        assert "url_private_download" not in early
        assert (await get(slack, address)).status_code == 302
        assert "not ready" in slack.traffic[-1].rule
        now[0] += 2.0
        late = await info(slack, ts)
        assert (await get(slack, late["url_private_download"])).content == SOUND


async def test_bytes_are_for_the_bot_alone(slack: SlackSandbox) -> None:
    """With another token Slack leads to its sign-in page, which is HTML with status 200."""
    file = await info(slack, await slack.share(SONG))
    assert (await get(slack, file["url_private_download"])).content == SOUND
    answer = await get(slack, file["url_private_download"], token="xoxb-wrong")  # noqa: S106 -- no secret
    assert answer.status_code == 302
    async with plain_client() as client:
        page = await client.get(f"{slack.url}{answer.headers['Location']}")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "token" in slack.traffic[-1].rule


async def test_bytes_need_scope_and_membership() -> None:
    """Without files:read, or from a channel the bot is not in, there is only the sign-in page."""
    async with SlackSandbox(manifest=without_scope("files:read")) as slack:
        await slack.share(SONG)
        (file,) = slack.workspace.files.values()
        address = f"{slack.url}/files-pri/{slack.team_id}-{file.id}/download/a.mp3"
        assert (await get(slack, address)).status_code == 302
        assert "files:read" in slack.traffic[-1].rule
    async with SlackSandbox() as slack:
        await slack.share(SONG, channel="random")
        (file,) = slack.workspace.files.values()
        address = f"{slack.url}/files-pri/{slack.team_id}-{file.id}/download/a.mp3"
        assert (await get(slack, address)).status_code == 302


async def test_lost_bytes_are_404(slack: SlackSandbox) -> None:
    """A file whose bytes are gone still has its object."""
    file = await info(slack, await slack.share(replace(SONG, data_gone=True)))
    assert (await get(slack, file["url_private_download"])).status_code == 404
    assert (await get(slack, f"{slack.url}/files-pri/T0SANDBOX-F0X/x")).status_code == 404


async def test_a_transcode_is_not_the_original(slack: SlackSandbox, tmp_path: Path) -> None:
    """url_private of sound serves other bytes than were uploaded, so that their size betrays the mix-up."""
    path = tmp_path / "a.mp3"
    path.write_bytes(SOUND)
    for shared in (SONG, SharedFile("a.mp3", path=path)):
        file = await info(slack, await slack.share(shared))
        answer = await get(slack, file["url_private"])
        assert len(answer.content) != file["size"]
        assert answer.headers["Content-Type"] == "audio/mp4"
    file = await info(slack, await slack.share(replace(SONG, transcode=b"aac")))
    assert (await get(slack, file["url_private"])).content == b"aac"


async def test_the_sound_of_a_video_may_stand_by_itself(slack: SlackSandbox, tmp_path: Path) -> None:
    """A video has no `aac` unless it was shared with a rendition, which is for the bot alone as well."""
    film = SharedFile("My film.mov", data=b"picture and sound", duration_ms=60_000)
    plain = await info(slack, await slack.share(film))
    assert "aac" not in plain
    assert plain["duration_ms"] == 60_000
    guessed = plain["mp4"].replace("my_film.mp4", "my_film_audio.mp4")
    assert (await get(slack, guessed)).status_code == 404
    path = tmp_path / "sound"
    path.write_bytes(SOUND)
    for rendition in (SOUND, path):
        file = await info(slack, await slack.share(replace(film, rendition=rendition)))
        answer = await get(slack, file["aac"])
        assert (answer.content, answer.headers["Content-Type"]) == (SOUND, "audio/mp4")
        assert (await get(slack, file["aac"], token="xoxb-wrong")).status_code == 302  # noqa: S106 -- no secret
        assert (await get(slack, file["url_private_download"])).content == b"picture and sound"
        assert (await get(slack, file["mp4"])).content.startswith(b"picture and sound")


async def test_an_upload_appears_a_moment_later(slack: SlackSandbox) -> None:
    """slack_sdk's upload ends as a message of the bot's in the thread; files.info then lists the share."""
    ts = await slack.say("hello")
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    slack.share_gate.clear()
    answer = await client.files_upload_v2(
        channel="C0SUPPORT",
        thread_ts=ts,
        content="WEBVTT",
        filename="order.vtt",
        title="Order",
        initial_comment="Here",
    )
    file_id = answer["files"][0]["id"]
    assert (await call(slack, "files.info", file=file_id))["file"]["shares"] == {}
    slack.share_gate.set()
    await slack.wait_for(lambda s: len(s.thread("support", ts)) == 2)
    message = slack.thread("support", ts)[1]
    assert (message.text, message.name, message.files[0].data) == ("Here", "dragoman", b"WEBVTT")
    shares = (await call(slack, "files.info", file=file_id))["file"]["shares"]
    assert shares["public"]["C0SUPPORT"][0]["thread_ts"] == ts


async def test_an_upload_may_stay_unshared_or_be_deleted(slack: SlackSandbox) -> None:
    """Without a channel an upload stays the bot's own; deleted before its share it never appears."""
    file_id = await uploaded(slack, b"12345")
    assert (await call(slack, "files.completeUploadExternal", files=[{"id": file_id}]))["ok"]
    assert (await call(slack, "files.info", file=file_id))["ok"]
    slack.share_gate.clear()
    deleted, other = await uploaded(slack, b"12345"), await uploaded(slack, b"67890")
    for each in (deleted, other):
        files = [{"id": each, "title": "a"}]
        assert (await call(slack, "files.completeUploadExternal", files=files, channel_id="C0SUPPORT"))["ok"]
    await slack.delete_file(deleted)
    slack.share_gate.set()
    await slack.wait_for(lambda s: s.messages("support"))
    assert [[file.data for file in message.files] for message in slack.messages("support")] == [[b"67890"]]


async def test_an_upload_to_a_lost_thread_never_appears(slack: SlackSandbox) -> None:
    """When the thread's parent goes before the share, the answer was ok all the same; the log knows why."""
    ts = await slack.say("hello")
    files = [{"id": await uploaded(slack, b"12345")}]
    where = {"channel_id": "C0SUPPORT", "thread_ts": ts}
    slack.share_gate.clear()
    assert (await call(slack, "files.completeUploadExternal", files=files, **where))["ok"]
    await slack.delete_message("support", ts)
    slack.share_gate.set()
    await slack.wait_for(lambda s: s.calls("share"))
    assert (slack.calls("share")[0].error, slack.messages("support")) == ("thread_not_found", [])


async def uploaded(slack: SlackSandbox, data: bytes, *, sent: bytes | None = None) -> str:
    """Ask for an upload address and send bytes there."""
    answer = await call(slack, "files.getUploadURLExternal", filename="a.txt", length=len(data))
    async with plain_client() as client:
        await client.post(answer["upload_url"], content=data if sent is None else sent)
    return str(answer["file_id"])


async def test_wrong_uploads_are_refused(slack: SlackSandbox) -> None:
    """Each step of an upload refuses what does not fit the step before."""

    async def complete(**arguments: Any) -> str:  # noqa: ANN401 -- JSON
        answer = await call(slack, "files.completeUploadExternal", **arguments)
        return str(answer.get("error", "ok"))

    empty = await call(slack, "files.getUploadURLExternal", filename="a.txt", length=0)
    assert empty["error"] == "invalid_arguments"
    good, short = await uploaded(slack, b"12345"), await uploaded(slack, b"12345", sent=b"123")
    assert "3 bytes came, 5 were announced" in slack.calls("upload")[-1].rule
    assert await complete() == "invalid_arguments"
    assert await complete(files="nonsense") == "invalid_arguments"
    assert await complete(files=[{"id": "F0X"}]) == "file_not_found"
    assert await complete(files=[{"id": short}]) == "file_not_found"
    assert await complete(files=[{"id": good}], channels="C0SUPPORT") == "invalid_arguments"
    assert await complete(files=[{"id": good}], channel_id="C0RANDOM") == "not_in_channel"
    assert await complete(files=[{"id": good}], thread_ts="1.000001") == "invalid_arguments"
    wrong = {"channel_id": "C0SUPPORT", "thread_ts": "1795000000.000001"}
    assert await complete(files=[{"id": good}], **wrong) == "thread_not_found"
    assert await complete(files=[{"id": good}]) == "ok"
    assert await complete(files=[{"id": good}]) == "file_not_found"
    async with plain_client() as client:
        assert (await client.post(f"{slack.url}/upload/v1/none", content=b"x")).status_code == 404


async def test_uploads_are_refused_by_extension(slack: SlackSandbox) -> None:
    """Slack Connect refuses some files when they are shared, a workspace when they are announced."""
    slack.refuse_uploads(".txt")
    file_id = await uploaded(slack, b"12345")
    share: dict[str, Any] = {"files": [{"id": file_id}], "channel_id": "C0SUPPORT"}
    answer = await call(slack, "files.completeUploadExternal", **share)
    assert answer["error"] == "slack_connect_blocked_file_type"
    assert (await call(slack, "files.completeUploadExternal", files=share["files"]))["ok"]
    slack.refuse_uploads("SRT", error="file_type_not_allowed")
    answer = await call(slack, "files.getUploadURLExternal", filename="a.srt", length=5)
    assert answer["error"] == "file_type_not_allowed"
    assert (await call(slack, "files.getUploadURLExternal", filename="a.vtt", length=5))["ok"]
    with pytest.raises(SandboxMisuseError, match="slack_connect_blocked_file_type"):
        slack.refuse_uploads(".vtt", error="no_mood")


async def test_uploads_come_as_forms_too(slack: SlackSandbox) -> None:
    """The bytes may be the file of a form."""
    answer = await call(slack, "files.getUploadURLExternal", filename="a.vtt", length=3)
    async with plain_client() as client:
        sent = await client.post(answer["upload_url"], files={"file": b"abc"}, data={"filename": "a.vtt"})
    assert (sent.status_code, sent.text) == (200, "OK - 3")
