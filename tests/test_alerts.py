"""Whoever runs the bot hears of key, money and model trouble, once a day, and nobody is harmed by it."""

from __future__ import annotations

import asyncio
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import structlog

from bot import errors
from bot.alerts import Alerts
from bot.config import Config
from bot.notice import NoticeState

if TYPE_CHECKING:
    from bot.notice import Notice

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY, CREDIT, MODEL = errors.EndpointKeyError, errors.EndpointCreditError, errors.EndpointModelError
MODELS = {
    "TRANSLATION_MODEL": "large-v3-turbo",
    "TRANSCRIPTION_MODEL": "gpt-transcribe",
    "CHAT_MODEL": "gpt-5-mini",
    "LOCAL_MODEL": "small",
}
IN_A_STEP: ContextVar[bool] = ContextVar("in_a_step", default=False)


@dataclass
class Office:
    """Alerts for a channel, the time, and what was said; `fault` is what saying raises.

    What is said while the app is not `invited` is refused by Slack, which is known a little later.
    """

    engines: tuple[str, ...] = ("translations",)
    channel: str = "C0ADMIN"
    now: datetime = NOON
    fault: Exception | None = None
    said: list[Notice] = field(default_factory=list)
    tried: int = 0
    looked: int = 0
    invited: bool = True
    refused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Start."""
        self.restart()

    def restart(self) -> None:
        """Build the alerts from a configuration; what was said before is kept."""
        names = ("TRANSLATION_ENGINE", "TRANSLATION_FALLBACK")
        values = {
            "COMETAPI_KEY": "sk-secret",
            "TRANSLATION_BASE_URL": "https://api.example.org/secret-path/v1",
            "ALERT_CHANNEL": self.channel,
            **MODELS,
            **dict(zip(names, self.engines, strict=False)),
        }
        config = Config.load(values, env_file=None, needs_slack=False)
        self.alerts = Alerts(config, say=self.say, latest=self.latest, now=lambda: self.now)

    async def say(self, notice: Notice) -> None:
        """Note what is said, as `jobs.say_once` would store it: never from within a step."""
        assert not IN_A_STEP.get()
        self.tried += 1
        if self.fault is not None:
            raise self.fault
        self.said.append(notice)
        if not self.invited:
            self.refused.add(notice.key)

    async def latest(self, prefix: str) -> NoticeState | None:
        """Find what was said last, as `jobs.latest_notice` would."""
        assert not IN_A_STEP.get()
        self.looked += 1
        keys = [notice.key for notice in self.said if notice.key.startswith(prefix)]
        return NoticeState(keys[-1], keys[-1] not in self.refused) if keys else None

    async def told_after(self, *pauses: timedelta, error: errors.EndpointError | None = None) -> list[bool]:
        """Tell of the same trouble after each pause; give whether anything was said."""
        told = []
        for pause in pauses:
            self.now += pause
            before = len(self.said)
            await self.alerts.tell("translations", error or errors.EndpointKeyError())
            told.append(len(self.said) > before)
        return told

    async def text(self, error: errors.EndpointError, engine: str = "translations") -> str:
        """Tell of an error and give the words."""
        await self.alerts.tell(engine, error)
        (notice,) = self.said
        return notice.text


# --- how often ----------------------------------------------------------------------------------


async def test_each_kind_of_trouble_is_told_once() -> None:
    """However many shares fail of it, each kind is one message: what is told of one uses up no other's."""
    office = Office()
    kinds = (KEY, CREDIT, MODEL, errors.NotEnglishError, errors.EndpointRetiredError)
    for kind in (*kinds, *kinds):
        await office.alerts.tell("translations", kind())
    keys = [notice.key for notice in office.said]
    assert keys == [f"alert:C0ADMIN:translations:{kind.__name__}:20261121T120000Z" for kind in kinds]
    assert {notice.channel_id for notice in office.said} == {"C0ADMIN"}


async def test_the_second_engines_own_trouble_is_told() -> None:
    """What the first engine has met is no reason to keep quiet about the second."""
    office = Office(engines=("translations", "two-step"))
    for engine in ("translations", "two-step", "translations", "two-step"):
        await office.alerts.tell(engine, MODEL())
    first, second = office.said
    assert "`TRANSLATION_MODEL` is" in first.text
    assert "`CHAT_MODEL` is" in second.text


async def test_shares_that_fail_together_are_told_once() -> None:
    """Those that fail while the first is still being told of are not told again."""
    office = Office()
    await asyncio.gather(*(office.alerts.tell("translations", KEY()) for _ in range(30)))
    assert office.tried == 1


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_it_is_told_again_a_day_later(*, is_restarted: bool) -> None:
    """Trouble that lasts is told anew after 24 hours and no sooner, over midnight and restarts."""
    office = Office(now=NOON.replace(hour=23, minute=50))
    told = []
    for hours in (0, 1, 22.9, 0.1, 1):
        if is_restarted:
            office.restart()
        told += await office.told_after(timedelta(hours=hours), error=CREDIT())
    assert told == [True, False, False, True, False]


async def test_a_refused_alert_is_tried_again() -> None:
    """Once the app is invited the next trouble is told, the same day; before, it is tried now and then."""
    office = Office(invited=False)
    minutes = [timedelta(minutes=pause) for pause in (0, 5, 6, 6, 6)]
    assert await office.told_after(*minutes) == [True, False, True, False, True]
    office.invited = True
    assert await office.told_after(timedelta(minutes=11)) == [True]
    assert await office.told_after(timedelta(minutes=11), timedelta(hours=23)) == [False, False]


async def test_a_refused_alert_is_tried_again_after_a_restart() -> None:
    """The next process knows what was refused; one that starts over and over does not flood the log."""
    office = Office(invited=False)
    assert await office.told_after(timedelta(0)) == [True]
    office.restart()
    assert await office.told_after(timedelta(minutes=5)) == [False]
    office.restart()
    assert await office.told_after(timedelta(minutes=5)) == [True]


async def test_the_database_is_looked_into_now_and_then_only() -> None:
    """However many shares fail, the database is asked twice: at first, and once more what came of it."""
    office = Office()
    assert await office.told_after(*[timedelta(minutes=1)] * 300) == [True] + [False] * 299
    assert office.looked == 2


@pytest.mark.parametrize(
    "error",
    [
        errors.EndpointDownError("503"),
        errors.EndpointBusyError("429"),
        errors.EndpointRefusedError("400"),
        errors.EndpointTooLargeError("413"),
    ],
)
async def test_what_no_admin_can_mend_is_not_told(error: errors.EndpointError) -> None:
    """An outage, a rate or a refused recording is nobody's to mend."""
    office = Office()
    await office.alerts.tell("translations", error)
    assert office.tried == 0


# --- nothing comes of it for the share ----------------------------------------------------------


@pytest.mark.parametrize("fault", [TimeoutError(), RuntimeError("database is away, key sk-secret")])
async def test_a_failing_say_harms_nobody(fault: Exception) -> None:
    """What cannot be told is logged by its kind, and told with the next share."""
    office = Office(fault=fault)
    with structlog.testing.capture_logs() as logs:
        await office.alerts.tell("translations", KEY())
    kind = type(fault).__name__
    told = {"reason": "endpoint_key", "engine": "translations", "kind": kind}
    assert logs == [{"event": "alert.failed", "log_level": "warning", **told}]
    office.fault = None
    await office.alerts.tell("translations", KEY())
    assert len(office.said) == 1


async def test_a_share_that_ends_meanwhile_takes_no_alert_with_it() -> None:
    """Where the share is withdrawn while it tells, the next one tells."""
    office = Office()
    telling = asyncio.create_task(office.alerts.tell("translations", KEY()))
    await asyncio.sleep(0)
    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling
    office.said.clear()
    await office.alerts.tell("translations", KEY())
    assert len(office.said) == 1


async def test_an_alert_is_no_part_of_the_step_that_failed() -> None:
    """An alert starts outside the step of the job, in which nothing durable can be started."""
    IN_A_STEP.set(True)
    office = Office()
    await office.alerts.tell("translations", KEY())
    assert len(office.said) == 1


async def test_without_a_channel_it_is_logged_once_a_day() -> None:
    """Where ALERT_CHANNEL is not set, one line of the log a day says what would have been told."""
    office = Office(channel="")
    with structlog.testing.capture_logs() as logs:
        await office.alerts.tell("translations", KEY())
        await office.alerts.tell("translations", KEY())
    assert [(one["event"], one["reason"]) for one in logs] == [("alert.unsent", "endpoint_key")]
    assert "ALERT_CHANNEL" in logs[0]["remedy"]
    assert office.tried == 0


# --- the words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "error", "words"),
    [
        pytest.param(
            "translations", KEY(), ("`api.example.org`", "`COMETAPI_KEY`", "`TRANSLATION_BASE_URL`"), id="key"
        ),
        pytest.param("two-step", CREDIT(), ("credit is used up", "limit of its own"), id="credit"),
        pytest.param("translations", MODEL(), ("`TRANSLATION_MODEL` is `large-v3-turbo`",), id="model"),
        pytest.param(
            "two-step",
            MODEL(),
            ("`TRANSCRIPTION_MODEL` is `gpt-transcribe`", "`CHAT_MODEL` is `gpt-5-mini`"),
            id="model of two-step",
        ),
        pytest.param(
            "local",
            errors.LocalModelError(),
            ("on this machine can't load", "`LOCAL_MODEL` is `small`"),
            id="model of this machine",
        ),
        pytest.param(
            "translations",
            errors.EndpointRetiredError(),
            ("2027-02-26", "`TRANSLATION_ENGINE` to `two-step`", "`TRANSCRIPTION_MODEL`", "`CHAT_MODEL`"),
            id="retired",
        ),
        pytest.param(
            "two-step",
            errors.EndpointRetiredError(),
            ("`TRANSCRIPTION_MODEL` is `gpt-transcribe`",),
            id="retired where two-step stands already",
        ),
        pytest.param(
            "translations",
            errors.NotEnglishError(),
            ("can't translate", "`large-v3-turbo`", "`whisper-large-v3`", "`two-step`"),
            id="not English",
        ),
        pytest.param("two-step", errors.NotEnglishError(), ("Set `CHAT_MODEL`",), id="not English, two-step"),
        pytest.param("local", errors.NotEnglishError(), ("Set `LOCAL_MODEL`",), id="not English, local"),
    ],
)
async def test_an_alert_says_all_that_is_needed(
    engine: str, error: errors.EndpointError, words: tuple[str, ...]
) -> None:
    """What happened and when, which variable to change, what people read, and how often it is told."""
    text = await Office(engines=(engine,)).text(error, engine)
    assert [word for word in words if word not in text] == []
    assert f"with the engine `{engine}` at 12:00 UTC on 2026-11-21" in text
    first = re.split(r"(?<=\.) ", error.text)[0]
    assert f"People read in the thread: “{first}”" in text
    assert "at most once a day" in text
    assert not re.search(r"sk-|secret|[{}]|None", text), "no key, and of the address the host alone"


async def test_original_words_that_are_missing_stop_nothing() -> None:
    """Where only their model is wrong, its variable is named, and that the English comes all the same."""
    text = await Office(engines=("translations", "local")).text(errors.OriginalModelError("404"))
    assert "`TRANSCRIPTION_MODEL` is `gpt-transcribe`" in text
    assert "Translations come without the words as they were said." in text
    assert "TRANSLATION_MODEL" not in text
    assert "people read" not in text.lower()
    assert "stands in" not in text


async def test_the_second_engine_is_named_where_it_stands_in() -> None:
    """An alert about the first of two engines says that the second stands in, the other does not."""
    both = ("translations", "local")
    text = await Office(engines=both).text(KEY())
    assert "The second engine, `local`, stands in" in text
    assert "People read" not in text
    text = await Office(engines=both).text(errors.LocalModelError(), "local")
    assert "stands in" not in text
    assert "People read" in text


@pytest.mark.parametrize("error", [KEY(), CREDIT()])
@pytest.mark.parametrize("engines", [("translations", "two-step"), ("two-step", "translations")])
async def test_a_second_engine_with_the_same_key_stands_in_for_nothing(
    engines: tuple[str, str], error: errors.EndpointError
) -> None:
    """Where both engines have one key and one account the admin is not told that people notice nothing."""
    text = await Office(engines=engines).text(error, engines[0])
    assert "stands in" not in text
    assert f"The second engine, `{engines[1]}`, uses the same key and account" in text
    assert "people read in the thread: “The translation service" in text
    text = await Office(engines=engines).text(MODEL(), engines[0])
    assert f"`{engines[1]}`, stands in" in text, "a model of its own it has"


async def test_a_key_is_wrong_nowhere_but_at_an_endpoint() -> None:
    """The engine on this machine is not told to be an address."""
    text = await Office(engines=("local",)).text(errors.LocalModelError(), "local")
    assert "api.example.org" not in text
