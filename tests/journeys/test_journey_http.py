"""What only HTTP mode has: signatures, junk, large bodies, forms."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio
from scenes import PARCEL, event_of, let_bot_in, new_room

from bot import logs
from bot.sandbox.events import envelope
from running import playing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scenes import Clock

    from running import Stage

pytest_plugins = ("journey_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "application/x-www-form-urlencoded"
CHALLENGE = {"type": "url_verification", "token": "old", "challenge": "3eZbrw1aBm2rZgRNFdxV"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> AsyncIterator[Stage]:
    """Play over HTTP."""
    async with playing(tmp_path_factory.mktemp("data"), is_http=True, sleep=clock.sleep) as stage:
        yield stage


async def post(
    stage: Stage, body: bytes, *, kind: str = "application/json", headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Send a body as Slack would, signed now; `headers` replace those of the signature. Give the answer."""
    address = f"http://127.0.0.1:{stage.bot.port}/slack/events"
    sent = signed(stage, body) | {"Content-Type": kind} if headers is None else headers
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=io.BytesIO(body), headers=sent) as answer,
    ):
        return answer.status, await answer.text()


def signed(stage: Stage, body: bytes, *, at: float | None = None) -> dict[str, str]:
    """Sign a body: docs.slack.dev/authentication/verifying-requests-from-slack."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(stage.slack.signing_secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest.hexdigest()}"}


async def test_the_challenge_is_answered(web: Stage) -> None:
    """Slack's url_verification gets its challenge back."""
    status, text = await post(web, json.dumps(CHALLENGE).encode())
    assert status == 200
    assert CHALLENGE["challenge"] in text


async def test_what_slack_has_not_signed_is_refused(web: Stage) -> None:
    """Without a signature of these very bytes, made now with our secret, there is 401 and nothing else."""
    body = json.dumps(CHALLENGE).encode()
    good = signed(web, body)
    stamp, signature = good.items()
    cases: dict[str, dict[str, str]] = {
        "none": {},
        "no signature": dict([stamp]),
        "no timestamp": dict([signature]),
        "empty": {"X-Slack-Request-Timestamp": "", "X-Slack-Signature": ""},
        "another body's": signed(web, b"{}"),
        "of yesterday": signed(web, body, at=time.time() - 86_400),
        "six minutes old": signed(web, body, at=time.time() - 360),
        "junk for a timestamp": good | {"X-Slack-Request-Timestamp": "yesterday"},
        "digits of another script": good | {"X-Slack-Request-Timestamp": "١٧٩٥"},
        "minus": good | {"X-Slack-Request-Timestamp": "-1"},
        "another secret": good | {"X-Slack-Signature": "v0=" + "0" * 64},
        "no ASCII": good | {"X-Slack-Signature": "v0=é"},
        "no version": good | {"X-Slack-Signature": good["X-Slack-Signature"][3:]},
        "five thousand digits": good | {"X-Slack-Request-Timestamp": "9" * 5000},
    }
    answers = {name: await post(web, body, headers=headers) for name, headers in cases.items()}
    answers["no text"] = await post(web, b"\xff\xfe", headers=good)
    assert {name: status for name, (status, _) in answers.items() if status != 401} == {}
    assert not any(CHALLENGE["challenge"] in text for _, text in answers.values())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"{", "application/json", id="broken JSON"),
        pytest.param(b"", "application/json", id="nothing"),
        pytest.param(b"[]", "application/json", id="a list"),
        pytest.param(b"payload=%7B", FORM, id="a broken payload"),
        pytest.param(b"", FORM, id="an empty form"),
        pytest.param(b"payload=[1]", FORM, id="a payload that is a list"),
        pytest.param(b"[" * 100_000, "application/json", id="lists in lists, 100,000 deep"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "application/json", id="as objects"),
        pytest.param(b"payload=" + b"[" * 100_000, FORM, id="in a payload"),
    ],
)
async def test_signed_junk_is_400(web: Stage, body: bytes, kind: str) -> None:
    """What is signed and yet no Slack body is 400, not a fault of ours."""
    assert (await post(web, body, kind=kind))[0] == 400


async def test_junk_leaves_no_traceback(web: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever junk strangers send, nothing of it ends in a traceback: neither in the log nor on stderr."""
    stream = io.StringIO()
    logs.configure("debug", "json", stream)
    deep = b"[" * 100_000
    zipped = signed(web, deep) | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await post(web, b"this is not gzip", headers=zipped))[0] in {400, 401}
    late = signed(web, b"{}") | {"X-Slack-Request-Timestamp": "9" * 5000}
    assert (await post(web, b"{}", headers=late))[0] == 401
    assert (await post(web, deep))[0] == 400
    said = stream.getvalue() + "".join(capfd.readouterr())
    assert "Traceback" not in said
    assert "Error" not in said


@pytest.mark.parametrize("text", ["prompt our payload words", "prompt payload", "payload"])
async def test_the_word_payload_does_no_harm(web: Stage, text: str) -> None:
    """A command that holds the word "payload" is answered like any other, and kept as it was typed."""
    room = new_room(web)
    result = await web.slack.command("/translate", text, channel=room.channel)
    assert result.acked
    (answer,) = await result.answers()
    assert "payload" in json.dumps(answer)
    if text.startswith("prompt "):
        await room.replies(await room.share())
        assert web.endpoint.requests[-1].prompt == text.removeprefix("prompt ")


async def test_large_events_are_taken(web: Stage) -> None:
    """An event of 1.5 MiB is answered: Slack sends them, and many servers stop at one."""
    room = new_room(web, bot_is_member=False)
    ts = await room.share()
    let_bot_in(room)
    event = event_of(room, ts) | {"blocks": [{"type": "rich_text", "filler": "x" * (3 * 512 * 1024)}]}
    assert (await post(web, json.dumps(envelope(web.slack.workspace, event)).encode()))[0] == 200
    assert await room.text(ts) == PARCEL.english


async def test_a_ssl_check_is_answered(web: Stage) -> None:
    """Slack's look at our certificate is answered 200."""
    assert (await post(web, b"ssl_check=1&token=old", kind=FORM))[0] == 200


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions", "actions": [{"action_id": "a", "block_id": "b", "type": "button"}]},
        {"type": "view_submission", "view": {"callback_id": "old", "type": "modal"}},
        {"type": "message_action", "callback_id": "old"},
    ],
    ids=lambda payload: str(payload["type"]),
)
async def test_interactions_are_acked(web: Stage, payload: dict[str, Any]) -> None:
    """A press on something that nobody listens to any more is received, so that nobody sees an error."""
    user, team = {"id": "U0ANA", "team_id": web.slack.team_id}, {"id": web.slack.team_id}
    body = {"payload": json.dumps(payload | {"user": user, "team": team, "api_app_id": "A0"})}
    assert (await post(web, urlencode(body).encode(), kind=FORM))[0] == 200


async def test_what_could_not_be_stored_is_not_acked(web: Stage) -> None:
    """An event of which no job could be made is answered 500: Slack sends it again, and the log says why."""
    room, stream = new_room(web), io.StringIO()
    ts = await room.share()
    logs.configure("debug", "json", stream)
    event = {key: value for key, value in event_of(room, ts).items() if key != "ts"}
    assert (await post(web, json.dumps(envelope(web.slack.workspace, event)).encode()))[0] == 500
    assert '"kind": "KeyError", "event": "listener.failed"' in stream.getvalue()
    assert await room.text(ts) == PARCEL.english


async def test_the_next_recording_is_answered(web: Stage) -> None:
    """After all that junk the bot works as before."""
    room = new_room(web)
    assert await room.text(await room.share()) == PARCEL.english
