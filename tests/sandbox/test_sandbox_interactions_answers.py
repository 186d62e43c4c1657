"""What an app says to a response_url after a press: beside the message, in its place, or instead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bolt_app import Errands, actions, button, manifest, playground
from slack_calls import plain_client

from bot.sandbox import ephemerals
from bot.sandbox.bodies import MOST_BODY_BYTES
from bot.sandbox.response_urls import Answers
from bot.sandbox.server import Fault, SlackSandbox
from bot.sandbox.views import new_trigger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from bot.sandbox.records import Change

Json = dict[str, Any]
BOTH = pytest.mark.parametrize("is_http", [False, True], ids=["socket", "http"])


@pytest.fixture
async def app() -> AsyncIterator[Errands]:
    """Run the app over Socket Mode in a sandbox of its own."""
    async with playground() as (_, running):
        yield running


async def answer(url: str, /, **body: Any) -> httpx.Response:  # noqa: ANN401 -- JSON
    """Post to a response_url."""
    async with plain_client() as client:
        return await client.post(url, json=body)


def texts(slack: SlackSandbox) -> list[str]:
    """Give what stands in #support."""
    return [message.text for message in slack.messages("support")]


@BOTH
async def test_a_message_is_replaced(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """`replace_original` edits the message that the button stands on; its buttons are gone then."""
    async with playground(is_http=is_http) as (slack, app):
        app.said = {"text": "Done.", "replace_original": True}
        ts = await app.post(actions(button("answer")))
        assert (await slack.act("answer", ts=ts)).acked
        await slack.wait_for(lambda one: texts(one) == ["Done."])
        (message,) = slack.messages("support")
    assert (message.ts, message.blocks) == (ts, ())
    assert message.edited is not None


@BOTH
async def test_a_message_is_deleted(is_http: bool) -> None:  # noqa: FBT001 -- a case
    """`delete_original` takes the message away."""
    async with playground(is_http=is_http) as (slack, app):
        app.said = {"delete_original": True}
        ts = await app.post(actions(button("answer")))
        assert (await slack.act("answer", ts=ts)).acked
        await slack.wait_for(lambda one: texts(one) == [])


async def test_five_answers_are_taken(app: Errands) -> None:
    """Beside the message: to the person alone, in the channel, in a thread; in its place; five in all."""
    ts = await app.post(actions(button("x")))
    result = await app.slack.act("x", ts=ts)
    url = result.response_url
    assert url.startswith(f"{app.slack.url}/actions/")
    assert (await answer(url, text="for you")).text == "ok"
    await answer(url, text="for all", response_type="in_channel")
    await answer(url, text="below", response_type="in_channel", replace_original="false", thread_ts=ts)
    await answer(url, text="changed", replace_original="true")
    assert [seen["text"] for seen in result.ephemeral] == ["for you"]
    assert texts(app.slack) == ["changed", "for all", "below"]
    assert [one.text for one in app.slack.thread("support", ts)] == ["changed", "below"]
    await answer(url, text="instead", response_type="in_channel", delete_original=True)
    assert texts(app.slack) == ["This message was deleted.", "for all", "below", "instead"]
    sixth = await answer(url, text="six")
    assert (sixth.status_code, sixth.json()["error"]) == (404, "used_url")


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        pytest.param(b'{"text": "x", "attachments": 5}', 400, "invalid_attachments", id="no list"),
        pytest.param(b'{"text": "x", "attachments": "xyz"}', 400, "invalid_attachments", id="a word"),
        pytest.param(b'{"text": "x", "attachments": [1]}', 400, "invalid_attachments", id="of numbers"),
        pytest.param(b'{"text": "\xff"}', 400, "invalid_payload", id="no UTF-8"),
        pytest.param(b'{"text": NaN}', 400, "invalid_payload", id="no number"),
        pytest.param(b"[" * 100_000, 400, "invalid_payload", id="too deep"),
        pytest.param(b'{"text": "%s"}' % (b"x" * MOST_BODY_BYTES), 413, "too_large", id="too much"),
    ],
)
async def test_answers_that_cannot_be_read(
    app: Errands, caplog: pytest.LogCaptureFixture, body: bytes, status: int, error: str
) -> None:
    """An answer that is none is refused in words and counts for nothing; the terminal shows nothing of it."""
    ts = await app.post(actions(button("x")))
    url = (await app.slack.act("x", ts=ts)).response_url
    caplog.clear()
    async with plain_client() as client:
        for _ in range(6):
            refused = await client.post(url, content=body)
            assert (refused.status_code, refused.json()["error"]) == (status, error)
        packed = await client.post(url, content=body[:1000], headers={"Content-Encoding": "gzip"})
        assert (packed.status_code, packed.json()["error"]) == (400, "invalid_payload")
    assert [one for one in caplog.records if one.name.startswith("aiohttp")] == []


async def test_who_has_no_address_leaves_nothing(app: Errands) -> None:
    """What is posted to an address that was never given out is not kept, and spends no fault."""
    app.slack.faults.add(Fault("error", method="response_url"))
    never = await answer(f"{app.slack.url}/commands/T0/1/x", text="x" * 1000)
    assert (never.status_code, never.json()["error"]) == (404, "invalid_url")
    assert ([one.arguments for one in app.slack.calls("response_url")], len(app.slack.faults.armed)) == (
        [{}],
        1,
    )


async def test_an_ephemeral_message_is_replaced_in_its_place(app: Errands) -> None:
    """An ephemeral original keeps its ts and its one reader; deleted, it is told to be gone."""
    ts = await app.whisper(actions(button("x")))
    changes = app.slack.changes
    result = await app.slack.act("x", ts=ts)
    url = result.response_url
    await answer(url, text="for you")
    await answer(url, text="changed", replace_original=True, response_type="in_channel")
    assert app.slack.workspace.ephemerals[ts].message.text == "changed"
    assert [(seen["text"], seen["ts"] == ts) for seen in result.ephemeral] == [
        ("for you", False),
        ("changed", True),
    ]
    await answer(url, delete_original=True)
    assert ts not in app.slack.workspace.ephemerals
    assert (texts(app.slack), [seen["text"] for seen in result.ephemeral]) == ([], ["for you"])
    told = [await anext(changes) for _ in range(3)]
    assert [_told(one) for one in told] == [
        ("ephemeral", "U0ANA", "for you"),
        ("ephemeral", "U0ANA", "changed"),
        ("ephemeral_gone", "U0ANA", "changed"),
    ]
    assert told[2].detail == ts


def _told(change: Change) -> tuple[str, str, str]:
    return change.kind, change.user, change.message.text if change.message else ""


async def test_a_whispered_answer_can_have_buttons(app: Errands) -> None:
    """What an app whispers through a response_url can be acted in, and replaced from there."""
    result = await app.slack.command("/errand")
    assert result.acked is False  # the app has no such command, yet the address was given out
    await answer(result.response_url, text="Choose", blocks=[actions(button("answer"))])
    (seen,) = await result.answers()
    app.said = {"text": "Chosen.", "replace_original": True}
    pressed = await app.slack.act("answer", ts=seen["ts"])
    assert [(one["text"], one["ts"]) for one in await pressed.answers()] == [("Chosen.", seen["ts"])]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param({"thread_ts": "TS", "text": "x"}, "invalid_payload", id="a thread, ephemeral"),
        pytest.param(
            {"thread_ts": "TS", "text": "x", "response_type": "in_channel"}, "invalid_payload", id="unsaid"
        ),
        pytest.param(
            {"thread_ts": "1.2", "text": "x", "response_type": "in_channel", "replace_original": False},
            "invalid_thread_ts",
            id="no thread",
        ),
        pytest.param({"replace_original": True}, "no_text", id="nothing in its place"),
        pytest.param({"delete_original": True, "text": "x" * 40_001}, "msg_too_long", id="too long instead"),
    ],
)
async def test_wrong_answers_change_nothing(app: Errands, body: Json, error: str) -> None:
    """An answer that breaks a rule is refused by its status too, costs no try, and the message stays."""
    ts = await app.post(actions(button("x")))
    url = (await app.slack.act("x", ts=ts)).response_url
    whole = {key: ts if value == "TS" else value for key, value in body.items()}
    for _ in range(6):
        refused = await answer(url, **whole)
        assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert texts(app.slack) == ["Errand"]
    assert (await answer(url, text="well")).status_code == 200


async def test_what_is_gone_cannot_be_replaced(app: Errands) -> None:
    """Once the original was deleted, nothing can be put in its place."""
    ts, whispered = await app.post(actions(button("x"))), await app.whisper(actions(button("x")))
    urls = [(await app.slack.act("x", ts=one)).response_url for one in (ts, whispered)]
    await app.slack.delete_message("support", ts)
    ephemerals.remove(app.slack.workspace, whispered)
    for url in urls:
        for body in ({"text": "x", "replace_original": True}, {"delete_original": True}):
            refused = await answer(url, **body)
            assert refused.json()["error"] == "message_not_found"


async def test_a_reset_forgets_what_was_given_out(app: Errands) -> None:
    """After a reset old addresses, triggers and ephemeral messages are worth nothing."""
    ts = await app.whisper(actions(button("x")))
    url = (await app.slack.act("x", ts=ts)).response_url
    app.slack.reset()
    assert (await answer(url, text="x")).json()["error"] == "invalid_url"
    workspace = app.slack.workspace
    kept = (workspace.ephemerals, workspace.triggers, workspace.filled, workspace.response_urls)
    assert kept == ({}, {}, {}, {})


async def test_old_addresses_triggers_and_choices_go() -> None:
    """Of what is given out or chosen the last thousand are kept, so that a long day costs no memory."""
    async with SlackSandbox(manifest=manifest(), clock=lambda: 1795000000.0) as slack:
        workspace = slack.workspace
        where, who = workspace.channel("support"), workspace.user("ana")
        for _ in range(1001):
            slack._response_urls.give("actions", where, who, Answers(acked=True))  # noqa: SLF001 -- no app can be as quick
            new_trigger(workspace, who.id)
        ts = [await Errands(slack).post(actions(button("x"))) for _ in range(2)]
        workspace.filled = {("U0ANA", str(number)): {} for number in range(1000)}
        for one in ts:
            await slack.act("x", ts=one)
        assert [len(kept) for kept in (workspace.response_urls, workspace.triggers, workspace.filled)] == [
            1000
        ] * 3


async def test_what_is_kept_has_bounds() -> None:
    """The oldest ephemeral message goes where there are too many, and that is told."""
    told: list[Change] = []
    async with SlackSandbox() as slack:
        slack.workspace.listeners.append(told.append)
        where = slack.workspace.channel("support")
        first = ephemerals.show(slack.workspace, where, "U0ANA", {"text": "first"})
        for _ in range(ephemerals.MOST_KEPT):
            ephemerals.show(slack.workspace, where, "U0ANA", {"text": "later"})
        assert len(slack.workspace.ephemerals) == ephemerals.MOST_KEPT
        assert first.ts not in slack.workspace.ephemerals
    assert [one.detail for one in told if one.kind == "ephemeral_gone"] == [first.ts]
