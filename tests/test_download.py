from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.download import RESOLVE_PAUSES_SECONDS, AudioFile, Downloader
from bot.errors import (
    BotError,
    BrokenError,
    DeletedError,
    DownloadForbiddenError,
    EmptyFileError,
    ExternalFileError,
    ForeignHostError,
    HiddenByLimitError,
    NotReadyError,
    TooLargeError,
    WithdrawnError,
)
from bot.sandbox.objects import file_object
from bot.sandbox.server import Fault, SharedFile, SlackSandbox
from bot.share import SlackFile
from wire import hangs, resets, says, sends, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from wire import Answer

TOKEN = "xoxb-of-the-tests"  # noqa: S105 -- no real token
SOUND = bytes(range(256)) * 20
PAGE = b"\xef\xbb\xbf\n <!DOCTYPE html><html><body>Sign in to Slack</body></html>"
HOME = "https://files.slack.com"
ORIGINAL = f"{HOME}/files-pri/T1-F1/download/voice.mp3"

AUDIO = f"{HOME}/files-tmb/T1-F1-0a/film_audio.mp4"

READY = SlackFile(
    id="F1",
    name="voice.mp3",
    mimetype="audio/mpeg",
    size_bytes=len(SOUND),
    url_private=f"{HOME}/files-tmb/T1-F1/voice_audio.mp4",
    url_private_download=ORIGINAL,
)
STUB = SlackFile(id="F1", mode="file_access", file_access="check_file_info")

# A minute of it: four times what its sound would take are 4.8 MB.
FILM = replace(
    READY,
    name="film.mov",
    mimetype="video/quicktime",
    size_bytes=6_000_000,
    duration_seconds=60.0,
    url_audio=AUDIO,
)
PICTURE = bytes(6_000_000)


class Slack:
    """What stands around a downloader: answers of `files.info` in turn (the last again), and pauses."""

    def __init__(self, *infos: SlackFile | Exception) -> None:
        self.infos = list(infos)
        self.asked: list[str] = []
        self.pauses: list[float] = []
        self.requests: list[httpx.Request] = []

    async def files_info(self, file_id: str) -> SlackFile:
        """Answer as the next in the row."""
        self.asked.append(file_id)
        info = self.infos.pop(0) if len(self.infos) > 1 else self.infos[0]
        if isinstance(info, Exception):
            raise info
        return info

    async def sleep(self, seconds: float) -> None:
        """Note the pause instead of taking it."""
        self.pauses.append(seconds)

    def downloader(
        self,
        serve: Callable[[httpx.Request], httpx.Response] | None = None,
        *,
        api_url: str = "https://slack.com/api/",
        max_bytes: int = 1024**2,
        client: httpx.AsyncClient | None = None,
        most_seconds: float = 60.0,
    ) -> Downloader:
        """Give a downloader over `serve`, or over the real wire where there is none."""

        def note(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            assert serve is not None
            return serve(request)

        transport = httpx.MockTransport(note) if serve else None
        return Downloader(
            client or httpx.AsyncClient(transport=transport),
            token=TOKEN,
            api_url=api_url,
            files_info=self.files_info,
            sleep=self.sleep,
            max_bytes=max_bytes,
            timeout=httpx.Timeout(0.2),
            most_seconds=most_seconds,
        )

    def over(self, *answers: httpx.Response) -> Downloader:
        """Give a downloader that gets these answers in turn, the last one again and again."""
        row = list(answers)
        return self.downloader(lambda _: row.pop(0) if len(row) > 1 else row[0])


@pytest.fixture
def slack() -> Slack:
    """Give a Slack that knows the ready file."""
    return Slack(READY)


@pytest.fixture
def into(tmp_path: Path) -> Iterator[Path]:
    """Give the place to download to; at the end nothing unfinished may lie beside it."""
    yield tmp_path / "source"
    assert not list(tmp_path.glob("*.part"))


def held(path: Path) -> bytes | None:
    """Give what lies at `path`; None: nothing does."""
    return path.read_bytes() if path.exists() else None


async def fetch_over_wire(
    slack: Slack, into: Path, *answers: Answer, size_bytes: int | None = None
) -> AudioFile:
    """Download over a real connection."""
    async with serving(*answers) as wire, httpx.AsyncClient() as client:
        downloader = slack.downloader(api_url=f"{wire.url}/api/", client=client)
        file = replace(READY, url_private_download=f"{wire.url}/file", size_bytes=size_bytes)
        return await downloader.fetch(file, into)


# --- what arrives -------------------------------------------------------------------------------


async def test_the_original_is_fetched_with_the_token(slack: Slack, into: Path) -> None:
    """The original is downloaded, not Slack's transcode, and nothing but the token goes along."""

    def serve(request: httpx.Request) -> httpx.Response:
        slack.requests.append(request)
        return httpx.Response(200, content=SOUND)

    client = httpx.AsyncClient(
        transport=httpx.MockTransport(serve),
        headers={"x-learnt": "elsewhere"},
        cookies={"d": "somebody's session"},
    )
    audio = await slack.downloader(client=client).fetch(READY, into)
    assert audio == AudioFile(str(into), len(SOUND), source="original")
    assert held(into) == SOUND
    (request,) = slack.requests
    assert str(request.url) == ORIGINAL
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept-encoding"] == "identity"
    assert not {"cookie", "x-learnt"} & set(request.headers)


async def test_a_transcode_may_have_any_size(slack: Slack, into: Path) -> None:
    """Where Slack gives only its transcode, its size is not held against the original's."""
    file = replace(READY, url_private_download="")
    audio = await slack.over(httpx.Response(200, content=b"shorter")).fetch(file, into)
    assert audio.size_bytes == 7
    assert str(slack.requests[0].url) == READY.url_private


async def test_a_file_arrives_over_a_real_connection(slack: Slack, into: Path) -> None:
    """A body of many reads, slow but moving, arrives whole."""
    parts = [SOUND] * 8
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\n\r\n"
    answer = sends(head, *parts, seconds_between=0.03)
    audio = await fetch_over_wire(slack, into, answer, size_bytes=len(SOUND) * 8)
    assert audio.size_bytes == len(SOUND) * 8
    assert held(into) == SOUND * 8


async def test_a_packed_body_is_unpacked(slack: Slack, into: Path) -> None:
    """A server that packs the body although nobody asked for it does no harm."""
    answer = says(200, gzip.compress(SOUND), content_encoding="gzip")
    await fetch_over_wire(slack, into, answer, size_bytes=len(SOUND))
    assert held(into) == SOUND


async def test_an_older_file_is_replaced(slack: Slack, into: Path) -> None:
    """A download that is repeated after a crash takes the place of what was there."""
    await asyncio.to_thread(into.write_bytes, b"of the last run")
    await slack.over(httpx.Response(200, content=SOUND)).fetch(READY, into)
    assert held(into) == SOUND


# --- the token ----------------------------------------------------------------------------------


def redirects(*hosts: str) -> Callable[[httpx.Request], httpx.Response]:
    """Serve the sound at the end of a row of addresses."""
    row = [ORIGINAL, *hosts]

    def serve(request: httpx.Request) -> httpx.Response:
        place = row.index(str(request.url))
        if place == len(row) - 1:
            return httpx.Response(200, content=SOUND)
        return httpx.Response(302, headers={"location": row[place + 1]})

    return serve


async def test_redirects_inside_slack_keep_the_token(slack: Slack, into: Path) -> None:
    """Five redirects from one host of Slack's to another are followed, each with the token."""
    hops = [
        f"https://{name}/x" for name in ("a.slack.com", "slack.com", "b.slack-edge.com", "slack-files.com")
    ]
    await slack.downloader(redirects(*hops, "https://files.slack-gov.com/x")).fetch(READY, into)
    assert held(into) == SOUND
    assert len(slack.requests) == 6
    assert {request.headers["authorization"] for request in slack.requests} == {f"Bearer {TOKEN}"}


async def test_a_relative_redirect_is_followed(slack: Slack, into: Path) -> None:
    """An address without a host is meant on the host that sent it."""

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/elsewhere":
            return httpx.Response(200, content=SOUND)
        return httpx.Response(307, headers={"location": "/elsewhere"})

    await slack.downloader(serve).fetch(READY, into)
    assert slack.requests[-1].url.host == "files.slack.com"


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("https://storage.example/voice.mp3", id="elsewhere"),
        pytest.param("https://slack.com.evil.example/x", id="nearly Slack"),
        pytest.param("http://files.slack.com/x", id="Slack without encryption"),
        pytest.param("//evil.example/x", id="without a scheme"),
        pytest.param("https://[/x", id="not an address"),
        pytest.param("https://files.slack.com:8443/x", id="another port"),
    ],
)
async def test_strangers_are_not_even_asked(slack: Slack, into: Path, address: str) -> None:
    """An address outside Slack is refused before anything is sent, at first and after a redirect."""
    with pytest.raises(ForeignHostError):
        await slack.downloader(redirects(address)).fetch(READY, into)
    assert [request.url.host for request in slack.requests] == ["files.slack.com"]
    if not address.startswith("//"):
        with pytest.raises(ForeignHostError):
            await slack.downloader(redirects()).fetch(replace(READY, url_private_download=address), into)
        assert len(slack.requests) == 1


async def test_a_redirect_to_nonsense_is_a_fault(slack: Slack, into: Path) -> None:
    """An address that cannot be read leads nowhere; another try may give a better one."""
    nonsense = httpx.Response(302, headers={"location": "https://a:b:c/"})
    await slack.over(nonsense, httpx.Response(200, content=SOUND)).fetch(READY, into)
    assert held(into) == SOUND


async def test_redirects_without_end_are_a_refusal(slack: Slack, into: Path) -> None:
    """Slack sending us round and round is its way to say no."""
    loop = httpx.Response(302, headers={"location": ORIGINAL})
    with pytest.raises(DownloadForbiddenError):
        await slack.over(loop).fetch(READY, into)
    assert len(slack.requests) == 5 * 6


# --- "no" in disguise ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(200, html="hello"), id="by its type"),
        pytest.param(httpx.Response(200, content=PAGE), id="by its first bytes"),
        pytest.param(
            httpx.Response(200, content=PAGE, headers={"content-type": "audio/mpeg"}), id="in disguise"
        ),
    ],
)
@pytest.mark.parametrize("has_size", [True, False])
async def test_a_sign_in_page_is_refused(
    slack: Slack, into: Path, answer: httpx.Response, *, has_size: bool
) -> None:
    """A sign-in page is refused, although its status is 200, after some tries in case it came too early."""
    file = READY if has_size else replace(READY, size_bytes=None)
    with pytest.raises(DownloadForbiddenError):
        await slack.over(answer).fetch(file, into)
    assert slack.pauses == [0.5, 1.0, 2.0, 4.0]
    assert len(slack.requests) == 5
    assert held(into) is None


async def test_a_sign_in_page_behind_a_redirect_is_refused(slack: Slack, into: Path) -> None:
    """The page is one redirect away, inside Slack, as it really is."""

    def serve(request: httpx.Request) -> httpx.Response:
        if "redir" in request.url.params:
            return httpx.Response(200, content=PAGE, headers={"content-type": "text/html; charset=utf-8"})
        return httpx.Response(302, headers={"location": "https://acme.slack.com/?redir=%2Ffiles-pri"})

    with pytest.raises(DownloadForbiddenError):
        await slack.downloader(serve).fetch(READY, into)


async def test_a_file_asked_for_too_early_arrives(slack: Slack, into: Path) -> None:
    """A sign-in page that goes away by itself only meant: not yet."""
    early = httpx.Response(200, html="sign in")
    await slack.over(early, early, httpx.Response(200, content=SOUND)).fetch(READY, into)
    assert held(into) == SOUND
    assert slack.pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"mimetype": "text/html"}, id="by mimetype"),
        pytest.param({"filetype": "html"}, id="by filetype"),
        pytest.param({"name": "page.HTM"}, id="by name"),
    ],
)
async def test_a_web_page_that_somebody_posted_is_no_sign_in_page(
    slack: Slack, into: Path, changed: dict[str, str]
) -> None:
    """A file that is itself a web page is downloaded like any other."""
    file = replace(READY, size_bytes=None, **changed)  # type: ignore[arg-type]  # only text fields
    await slack.over(httpx.Response(200, content=PAGE, headers={"content-type": "text/html"})).fetch(
        file, into
    )
    assert held(into) == PAGE


async def test_a_web_page_called_mp3_is_downloaded(slack: Slack, into: Path) -> None:
    """What begins like a page but has exactly the announced size is the file; decoding will tell."""
    file = replace(READY, size_bytes=len(PAGE))
    await slack.over(httpx.Response(200, content=PAGE)).fetch(file, into)
    assert held(into) == PAGE


@pytest.mark.parametrize("status", [401, 403])
async def test_a_plain_no_is_final(slack: Slack, into: Path, status: int) -> None:
    """A refusal by status is not tried again."""
    with pytest.raises(DownloadForbiddenError):
        await slack.over(httpx.Response(status, content=SOUND)).fetch(READY, into)
    assert len(slack.requests) == 1


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    ("info", "error"),
    [
        pytest.param(READY, DeletedError, id="files.info still has it"),
        pytest.param(WithdrawnError(), WithdrawnError, id="files.info says deleted"),
        pytest.param(DeletedError(), DeletedError, id="files.info knows nothing"),
        pytest.param(SlackFile(id="F1", mode="tombstone"), WithdrawnError, id="a tombstone"),
        pytest.param(SlackFile(id="F1", mode="hidden_by_limit"), HiddenByLimitError, id="hidden"),
    ],
)
async def test_a_file_that_is_gone(
    into: Path, status: int, info: SlackFile | Exception, error: type[Exception]
) -> None:
    """When the bytes are gone files.info is asked once what happened, and its word counts."""
    slack = Slack(info)
    with pytest.raises(error):
        await slack.over(httpx.Response(status)).fetch(READY, into)
    assert (slack.asked, len(slack.requests), slack.pauses) == (["F1"], 1, [])


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 408, 429, 500, 502, 503, 504, 204, 304])
async def test_a_fault_is_tried_again_for_a_while(slack: Slack, into: Path, status: int) -> None:
    """Trouble at Slack is waited out with growing pauses, then told as "not in time"."""
    with pytest.raises(NotReadyError):
        await slack.over(httpx.Response(status)).fetch(READY, into)
    assert slack.pauses == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert len(slack.requests) == 6


async def test_a_fault_that_passes_is_not_felt(slack: Slack, into: Path) -> None:
    """After two faults and a good answer the file is there; the log has ids and statuses only."""
    with capture_logs() as logs:
        fault = httpx.Response(502, html="<h1>a text of somebody's</h1>")
        await slack.over(fault, fault, httpx.Response(200, content=SOUND)).fetch(READY, into)
    assert held(into) == SOUND
    first = {"event": "download.failed", "file_id": "F1", "try_number": 1, "detail": "status 502"}
    assert logs == [{**first, "log_level": "info"}, {**first, "try_number": 2, "log_level": "info"}]


async def test_retry_after_is_obeyed(slack: Slack, into: Path) -> None:
    """Slack says how long to wait, and that is how long we wait; but not for ever."""
    busy = httpx.Response(429, headers={"retry-after": "17"})
    await slack.over(busy, httpx.Response(200, content=SOUND)).fetch(READY, into)
    assert slack.pauses == [17.0]
    with pytest.raises(NotReadyError):
        await slack.over(httpx.Response(429, headers={"retry-after": "601"})).fetch(READY, into)
    assert slack.pauses == [17.0]


HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 5120\r\n\r\n" + SOUND[:2000]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(sends(HALF), id="cut off"),
        pytest.param(resets(HALF), id="reset in the middle"),
        pytest.param(resets(), id="reset before the answer"),
        pytest.param(sends(), id="closed before the answer"),
        pytest.param(hangs(HALF), id="stalled in the middle"),
        pytest.param(hangs(), id="never answered"),
        pytest.param(sends(b"nonsense\r\n\r\n"), id="not HTTP"),
        pytest.param(says(200, b"not packed", content_encoding="gzip"), id="badly packed"),
        pytest.param(
            sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello"), id="a chunk lost"
        ),
    ],
)
async def test_half_a_file_is_no_file(slack: Slack, into: Path, answer: Answer) -> None:
    """A broken transfer is tried again, and what came of it never lies there as if it were whole."""
    whole = says(200, SOUND)
    audio = await fetch_over_wire(slack, into, answer, whole, size_bytes=None)
    assert audio.size_bytes == len(SOUND)
    assert slack.pauses == [0.5]


@pytest.mark.parametrize(
    "body", [pytest.param(SOUND[:-1], id="a byte less"), pytest.param(SOUND + b"x", id="a byte more"), b""]
)
async def test_a_wrong_size_is_no_file(slack: Slack, into: Path, body: bytes) -> None:
    """A body that ends properly but is not as long as Slack said is tried again, then given up."""
    with pytest.raises(NotReadyError):
        await slack.over(httpx.Response(200, content=body)).fetch(READY, into)
    assert len(slack.requests) == 6
    assert held(into) is None


async def test_nobody_at_home(slack: Slack, into: Path) -> None:
    """A connection that is refused is tried again, then told."""
    async with serving(says(200)) as wire:
        gone = wire.url
    async with httpx.AsyncClient() as client:
        downloader = slack.downloader(api_url=f"{gone}/api/", client=client)
        with pytest.raises(NotReadyError, match="ConnectError"):
            await downloader.fetch(replace(READY, url_private_download=f"{gone}/x"), into)
    assert len(slack.pauses) == 5


async def test_an_empty_file(slack: Slack, into: Path) -> None:
    """No bytes at all, where Slack named no size, is an empty file."""
    with pytest.raises(EmptyFileError):
        await slack.over(httpx.Response(200)).fetch(replace(READY, size_bytes=None), into)
    assert held(into) is None


async def test_too_large_by_slacks_word(slack: Slack, into: Path) -> None:
    """A file that Slack says is too large is not even asked for."""
    with pytest.raises(TooLargeError):
        await slack.over(httpx.Response(200)).fetch(replace(READY, size_bytes=1024**2 + 1), into)
    assert slack.requests == []


async def test_too_large_on_the_way(slack: Slack, into: Path) -> None:
    """A body that never ends is stopped at the limit, whatever size was announced."""
    with pytest.raises(TooLargeError):
        await slack.over(httpx.Response(200, content=b"x" * (1024**2 + 1))).fetch(READY, into)
    assert len(slack.requests) == 1
    assert held(into) is None


async def test_exactly_the_limit_is_taken(slack: Slack, into: Path) -> None:
    """The limit itself is still allowed."""
    file = replace(READY, size_bytes=1024**2)
    assert (
        await slack.over(httpx.Response(200, content=b"x" * 1024**2)).fetch(file, into)
    ).size_bytes == 1024**2


async def test_cancelled_in_the_middle(slack: Slack, into: Path) -> None:
    """A download that is stopped leaves nothing behind."""
    has_begun = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield SOUND
        has_begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(slack.over(httpx.Response(200, content=body())).fetch(READY, into))
    await has_begun.wait()
    assert held(into.with_name("source.part")) is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert held(into) is None


async def test_no_room_to_write(slack: Slack, tmp_path: Path) -> None:
    """A spool that cannot be written is our own trouble and not Slack's, with the reason in the log only."""
    missing = tmp_path / "missing" / "source"
    with pytest.raises(BrokenError, match="ENOENT"):
        await slack.over(httpx.Response(200, content=SOUND)).fetch(READY, missing)
    with pytest.raises(BrokenError, match="ENOENT"):
        await slack.over(httpx.Response(200, content=SOUND)).fetch(FILM, missing)
    assert len(slack.requests) == 2, "where sound has no room, a picture has none either"


async def test_a_file_without_address(slack: Slack, into: Path) -> None:
    """Fetching what was never resolved is "not ready", not a crash."""
    with pytest.raises(NotReadyError):
        await slack.over(httpx.Response(200)).fetch(STUB, into)


async def test_a_trickle_ends(slack: Slack, into: Path) -> None:
    """A body that moves, but never comes to its end, is given up, and not begun anew."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\n\r\n"
    trickle = sends(head, *[b"x"] * 1000, seconds_between=0.02)
    async with serving(trickle) as wire, httpx.AsyncClient() as client:
        downloader = slack.downloader(api_url=f"{wire.url}/api/", client=client, most_seconds=0.3)
        with pytest.raises(NotReadyError, match="not whole after"):
            await downloader.fetch(
                replace(READY, url_private_download=f"{wire.url}/x", size_bytes=None), into
            )
    assert slack.pauses == []
    assert held(into) is None


# --- the rendition of a video's sound -------------------------------------------------------------


def gives(rendition: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """Serve this at the rendition's address, and the picture at the original's."""

    def serve(request: httpx.Request) -> httpx.Response:
        return rendition if str(request.url) == AUDIO else httpx.Response(200, content=PICTURE)

    return serve


async def megabytes(count: int) -> AsyncIterator[bytes]:
    """Send so many, without saying so beforehand."""
    for _ in range(count):
        yield bytes(2**20)


async def test_the_sound_of_a_video_is_fetched_alone(slack: Slack, into: Path) -> None:
    """Where Slack has a rendition of the sound, the picture stays where it is; the token rule is the same."""
    sound = httpx.Response(200, content=SOUND, headers={"content-type": "audio/mp4"})
    audio = await slack.downloader(gives(sound), max_bytes=2**30).fetch(FILM, into)
    assert audio == AudioFile(str(into), len(SOUND), source="rendition")
    assert held(into) == SOUND
    (request,) = slack.requests
    assert str(request.url) == AUDIO
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"url_audio": ""}, id="none is there"),
        pytest.param({"size_bytes": None}, id="no size"),
        pytest.param({"size_bytes": 2_000_000, "duration_seconds": None}, id="a small video"),
        pytest.param({"size_bytes": 4_800_000}, id="hardly a picture"),
        pytest.param({"name": "a.m4a", "mimetype": "audio/mp4"}, id="sound by itself"),
    ],
)
async def test_an_original_that_is_no_burden_is_fetched(
    slack: Slack, into: Path, changed: dict[str, Any]
) -> None:
    """Nothing is won by the rendition of sound, or of a video not much larger than its sound."""
    film = replace(FILM, **changed)
    whole = httpx.Response(200, content=bytes(film.size_bytes or 5))
    await slack.downloader(lambda _: whole, max_bytes=2**30).fetch(film, into)
    assert [str(request.url) for request in slack.requests] == [ORIGINAL]


@pytest.mark.parametrize(
    "rendition",
    [
        pytest.param(httpx.Response(404), id="missing"),
        pytest.param(httpx.Response(202), id="late"),
        pytest.param(httpx.Response(403, content=SOUND), id="forbidden"),
        pytest.param(httpx.Response(429, headers={"retry-after": "17"}), id="busy"),
        pytest.param(httpx.Response(302, headers={"location": "https://evil.example/x"}), id="elsewhere"),
        pytest.param(httpx.Response(302, headers={"location": AUDIO}), id="round and round"),
        pytest.param(httpx.Response(200, html="sign in"), id="a page by its type"),
        pytest.param(
            httpx.Response(200, content=PAGE, headers={"content-type": "audio/mp4"}), id="a page in disguise"
        ),
        pytest.param(httpx.Response(200, json={"ok": False}), id="JSON"),
        pytest.param(httpx.Response(200, content=b'{"ok": false}'), id="JSON in disguise"),
        pytest.param(httpx.Response(200), id="empty"),
        pytest.param(httpx.Response(200, headers={"content-length": "3000000"}), id="not much smaller"),
        pytest.param(httpx.Response(200, content=megabytes(3)), id="larger than it may be"),
    ],
)
async def test_a_bad_rendition_costs_one_request(slack: Slack, into: Path, rendition: httpx.Response) -> None:
    """Whatever is wrong with the rendition, the original comes at once, without a pause or a question."""
    with capture_logs() as logs:
        audio = await slack.downloader(gives(rendition), max_bytes=2**30).fetch(FILM, into)
    assert audio == AudioFile(str(into), len(PICTURE), source="original")
    assert held(into) == PICTURE
    assert (slack.pauses, slack.asked) == ([], [])
    assert str(slack.requests[-1].url) == ORIGINAL
    assert "evil.example" not in {request.url.host for request in slack.requests}
    assert [line["event"] for line in logs] == ["rendition.refused"]


async def test_a_rendition_on_a_foreign_host_never_sees_the_token(slack: Slack, into: Path) -> None:
    """An address that is not Slack's is not even asked."""
    film = replace(FILM, url_audio="https://evil.example/a.mp4")
    await slack.downloader(gives(httpx.Response(500)), max_bytes=2**30).fetch(film, into)
    assert [request.url.host for request in slack.requests] == ["files.slack.com"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(sends(HALF), id="cut off"),
        pytest.param(resets(HALF), id="reset in the middle"),
        pytest.param(hangs(HALF), id="stalled in the middle"),
        pytest.param(hangs(), id="never answered"),
    ],
)
async def test_a_broken_rendition_is_left_alone(slack: Slack, into: Path, answer: Answer) -> None:
    """A transfer of the rendition that breaks is not repeated; half of it never passes for the whole."""
    whole = says(200, PICTURE)
    async with serving(answer, whole) as wire, httpx.AsyncClient() as client:
        downloader = slack.downloader(api_url=f"{wire.url}/api/", client=client, max_bytes=2**30)
        film = replace(FILM, url_private_download=f"{wire.url}/file", url_audio=f"{wire.url}/audio")
        await downloader.fetch(film, into)
    assert slack.pauses == []
    assert held(into) == PICTURE


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        pytest.param(b"", "RENDITION_UNKNOWN_SECONDS", id="without a length"),
        pytest.param(b"content-length: 5120\r\n", "RENDITION_START_SECONDS", id="with a length"),
    ],
)
async def test_a_rendition_that_trickles_is_left(
    slack: Slack, into: Path, headers: bytes, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rendition that moves, but comes far too slowly, is given up for the original at once."""
    monkeypatch.setattr(f"bot.download.{limit}", 0.3)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mp4\r\n" + headers + b"\r\n"
    trickle = sends(head, *[b"\0"] * 1000, seconds_between=0.02)
    async with serving(trickle, says(200, PICTURE)) as wire, httpx.AsyncClient() as client:
        downloader = slack.downloader(api_url=f"{wire.url}/api/", client=client, max_bytes=2**30)
        film = replace(FILM, url_private_download=f"{wire.url}/file", url_audio=f"{wire.url}/audio")
        with capture_logs() as logs:
            audio = await downloader.fetch(film, into)
    assert (audio.source, slack.pauses) == ("original", [])
    assert [line["detail"] for line in logs] == ["not whole after 0 s"]


async def test_a_large_rendition_may_take_longer(
    slack: Slack, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a rendition announces of its length is time that it has, from the figures for the start on."""
    monkeypatch.setattr("bot.download.RENDITION_START_SECONDS", 0.0)
    monkeypatch.setattr("bot.download.RENDITION_UNKNOWN_SECONDS", 5.0)
    monkeypatch.setattr("bot.download.RENDITION_BYTES_PER_SECOND", len(SOUND) / 20)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: audio/mp4\r\ncontent-length: {len(SOUND)}\r\n\r\n"
    slowly = sends(head.encode(), SOUND[:2000], SOUND[2000:], seconds_between=0.1)
    async with serving(slowly) as wire, httpx.AsyncClient() as client:
        downloader = slack.downloader(api_url=f"{wire.url}/api/", client=client, max_bytes=2**30)
        audio = await downloader.fetch(replace(FILM, url_audio=f"{wire.url}/audio"), into)
    assert (audio.source, held(into)) == ("rendition", SOUND)


def in_turn(*renditions: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
    """Serve these at the rendition's address, the last one again and again, and the picture at the other."""
    row = list(renditions)

    def serve(request: httpx.Request) -> httpx.Response:
        if str(request.url) != AUDIO:
            return httpx.Response(200, content=PICTURE)
        return row.pop(0) if len(row) > 1 else row[0]

    return serve


RENDITION = httpx.Response(200, content=SOUND, headers={"content-type": "audio/mp4"})


@pytest.mark.parametrize("changed", [{}, {"size_bytes": None}, {"size_bytes": 100_000}])
@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        pytest.param(httpx.Response(503), 0.5, id="down"),
        pytest.param(httpx.Response(429, headers={"retry-after": "17"}), 17.0, id="busy"),
        pytest.param(httpx.Response(200, html="sign in"), 0.5, id="a page by its type"),
        pytest.param(
            httpx.Response(200, content=PAGE, headers={"content-type": "audio/mp4"}),
            0.5,
            id="a page in disguise",
        ),
    ],
)
async def test_a_rendition_taken_before_is_waited_for(
    slack: Slack, into: Path, fault: httpx.Response, pause: float, changed: dict[str, Any]
) -> None:
    """Who needs the very sound that he had gets it, with as many tries as any file and whatever its size."""
    downloader = slack.downloader(in_turn(fault, RENDITION), max_bytes=2**30)
    audio = await downloader.fetch(replace(FILM, **changed), into, source="rendition")
    assert (audio.source, held(into), slack.pauses) == ("rendition", SOUND, [pause])


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        pytest.param(httpx.Response(404), 1, id="missing"),
        pytest.param(httpx.Response(410), 1, id="gone"),
        pytest.param(httpx.Response(403), 1, id="forbidden"),
        pytest.param(httpx.Response(200, json={}), 1, id="something else"),
        pytest.param(httpx.Response(500), 6, id="broken for good"),
    ],
)
async def test_a_rendition_taken_before_and_gone(
    slack: Slack, into: Path, fault: httpx.Response, tries: int
) -> None:
    """Only where the rendition is gone for good does the original stand in for it."""
    audio = await slack.downloader(in_turn(fault), max_bytes=2**30).fetch(FILM, into, source="rendition")
    assert audio.source == "original"
    assert [str(request.url) for request in slack.requests] == [AUDIO] * tries + [ORIGINAL]


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        pytest.param("original", {}, id="taken before"),
        pytest.param("rendition", {"url_audio": ""}, id="no rendition any more"),
    ],
)
async def test_the_original_again(slack: Slack, into: Path, source: str, changed: dict[str, Any]) -> None:
    """Who had the original gets it again, though there is a rendition by now."""
    downloader = slack.downloader(in_turn(RENDITION), max_bytes=2**30)
    audio = await downloader.fetch(replace(FILM, **changed), into, source=source)
    assert (audio.source, [str(request.url) for request in slack.requests]) == ("original", [ORIGINAL])


async def test_the_limit_is_about_what_is_downloaded(slack: Slack, into: Path) -> None:
    """A video over the limit is fine while its sound is under it; without the rendition it is too large."""
    film = replace(FILM, size_bytes=3 * 1024**3, duration_seconds=7200.0)
    sound = httpx.Response(200, content=SOUND, headers={"content-type": "audio/mp4"})
    assert (await slack.downloader(gives(sound)).fetch(film, into)).size_bytes == len(SOUND)
    too_much = httpx.Response(200, content=bytes(1024**2 + 1))
    for rendition in (httpx.Response(404), too_much):
        slack.requests.clear()
        with pytest.raises(TooLargeError):
            await slack.downloader(gives(rendition)).fetch(film, into)
        assert [str(request.url) for request in slack.requests] == [AUDIO]


@pytest.mark.parametrize("is_late", [False, True])
async def test_the_embedded_slack_gives_the_sound(slack: Slack, into: Path, *, is_late: bool) -> None:
    """In a real file object the rendition is found; while it leads to the sign-in page, the picture comes."""
    film = SharedFile("film.mov", data=PICTURE, duration_ms=60_000, rendition=SOUND)
    async with SlackSandbox() as sandbox, httpx.AsyncClient() as client:
        ts = await sandbox.share(film)
        shared = sandbox.thread("support", ts)[0].files[0]
        if is_late:
            sandbox.faults.add(Fault("sign_in_page", method="download"))
        downloader = Downloader(
            client, token=sandbox.bot_token, api_url=sandbox.api_url, files_info=slack.files_info
        )
        file = SlackFile.from_payload(file_object(sandbox.workspace, shared, pushed=True))
        await downloader.fetch(file, into)
    assert held(into) == (PICTURE if is_late else SOUND)


# --- resolve ------------------------------------------------------------------------------------


async def test_a_ready_file_is_taken_as_it_is(slack: Slack) -> None:
    """Slack is not asked about a file that has all it needs."""
    assert await slack.downloader().resolve(READY) is READY
    assert (slack.asked, slack.pauses) == ([], [])


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(STUB, id="a stub"),
        pytest.param(SlackFile(id="F1", mimetype="audio/mp4"), id="no address"),
    ],
)
async def test_half_a_file_object_is_asked_about(slack: Slack, file: SlackFile) -> None:
    """A stub of Slack Connect, or a file without addresses, is completed by files.info, at once."""
    assert await slack.downloader().resolve(file) == READY
    assert (slack.asked, slack.pauses) == (["F1"], [0.0])


async def test_a_file_that_becomes_ready(into: Path) -> None:
    """files.info is asked again while it too has only half, and while Slack cannot be reached."""
    slack = Slack(STUB, NotReadyError("Slack is away"), READY)
    assert await slack.downloader().resolve(STUB) == READY
    assert slack.pauses == [0.0, 0.5, 1.0]
    assert held(into) is None


async def test_a_file_that_becomes_ready_at_the_last_moment() -> None:
    """What the last question brings still counts."""
    slack = Slack(*[STUB] * (len(RESOLVE_PAUSES_SECONDS) - 1), READY)
    assert await slack.downloader().resolve(STUB) == READY


async def test_a_file_that_never_becomes_ready() -> None:
    """After half a minute of asking it is given up."""
    slack = Slack(STUB)
    with pytest.raises(NotReadyError):
        await slack.downloader().resolve(STUB)
    assert slack.pauses == list(RESOLVE_PAUSES_SECONDS)
    assert 29 <= sum(slack.pauses) <= 31


@pytest.mark.parametrize("is_pushed", [True, False], ids=["in the message", "by files.info"])
@pytest.mark.parametrize(
    ("file", "error"),
    [
        pytest.param(SlackFile(id="F1", mode="tombstone"), WithdrawnError, id="deleted"),
        pytest.param(SlackFile(id="F1", mode="hidden_by_limit"), HiddenByLimitError, id="hidden"),
        pytest.param(replace(READY, mode="external"), ExternalFileError, id="external by mode"),
        pytest.param(replace(READY, is_external=True), ExternalFileError, id="external by flag"),
        pytest.param(replace(READY, file_access="access_denied"), DownloadForbiddenError, id="denied"),
        pytest.param(replace(READY, file_access="file_not_found"), DownloadForbiddenError, id="not found"),
    ],
)
async def test_files_that_can_never_be_fetched(
    file: SlackFile, error: type[BotError], *, is_pushed: bool
) -> None:
    """What will never be fetched is said at once, each in its own words."""
    slack = Slack(file)
    with pytest.raises(error):
        await slack.downloader().resolve(file if is_pushed else STUB)
    assert len(slack.asked) == (not is_pushed)


@pytest.mark.parametrize("error", [WithdrawnError(), DeletedError(), DownloadForbiddenError()])
async def test_what_files_info_raises_counts(error: Exception) -> None:
    """What Slack says about a file is not asked twice."""
    slack = Slack(error)
    with pytest.raises(type(error)):
        await slack.downloader().resolve(STUB)
    assert slack.asked == ["F1"]
