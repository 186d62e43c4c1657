from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from bot.share import Output
from bot.store.settings import ChannelSettings, Mode, SettingsStore

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_nothing_set(engine: AsyncEngine) -> None:
    """A channel that nobody has set anything for has no settings, rather than empty ones."""
    assert await SettingsStore(engine).get("T1", "C1") is None


async def test_mode_alone(engine: AsyncEngine) -> None:
    """Who sets the mode sets no prompt, and is remembered with the moment in UTC."""
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    store = SettingsStore(engine, now=lambda: elsewhere)

    await store.set_mode("T1", "C1", Mode.ASK, by="U1")

    found = await store.get("T1", "C1")
    assert found == ChannelSettings(mode=Mode.ASK, prompt="", changed_by="U1", changed_at=NOON)
    assert found.changed_at is not None
    assert found.changed_at.tzinfo is UTC


async def test_prompt_alone(engine: AsyncEngine) -> None:
    """Who sets the prompt chooses no mode, so the default still applies."""
    store = SettingsStore(engine, now=lambda: NOON)

    await store.set_prompt("T1", "C1", "Kräuterbutter, Zoë & 北京", by="U2")

    expected = ChannelSettings(
        mode=None, prompt="Kräuterbutter, Zoë & 北京", changed_by="U2", changed_at=NOON
    )
    assert await store.get("T1", "C1") == expected


async def test_the_other_column_stays(engine: AsyncEngine) -> None:
    """Setting one thing leaves the other as it was, and the last word counts."""
    store = SettingsStore(engine, now=lambda: NOON)

    await store.set_mode("T1", "C1", Mode.ON, by="U1")
    await store.set_prompt("T1", "C1", "Acme", by="U2")
    await store.set_mode("T1", "C1", Mode.OFF, by="U3")

    expected = ChannelSettings(mode=Mode.OFF, prompt="Acme", changed_by="U3", changed_at=NOON)
    assert await store.get("T1", "C1") == expected


@pytest.mark.parametrize("output", list(Output))
async def test_output_and_temperature(engine: AsyncEngine, output: Output) -> None:
    """Output and temperature are kept beside mode and prompt, each set alone; 0 is a choice, too."""
    store = SettingsStore(engine, now=lambda: NOON)
    await store.set_output("T1", "C1", output, by="U1")
    await store.set_temperature("T1", "C1", 0.0, by="U2")

    assert await store.get("T1", "C1") == ChannelSettings(
        output=output, temperature=0.0, changed_by="U2", changed_at=NOON
    )

    await store.set_prompt("T1", "C1", "Acme", by="U3")
    await store.set_temperature("T1", "C1", None, by="U4")
    assert await store.get("T1", "C1") == ChannelSettings(
        prompt="Acme", output=output, temperature=None, changed_by="U4", changed_at=NOON
    )


async def test_output_of_a_later_version(engine: AsyncEngine) -> None:
    """An output that only a later version knows counts as none, and the other settings still apply."""
    store = SettingsStore(engine, now=lambda: NOON)
    await store.set_mode("T1", "C1", Mode.ASK, by="U1")
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE channel_settings SET output = 'braille'")

    assert await store.get("T1", "C1") == ChannelSettings(
        mode=Mode.ASK, output=None, changed_by="U1", changed_at=NOON
    )


async def test_prompt_cleared(engine: AsyncEngine) -> None:
    """An empty prompt clears it."""
    store = SettingsStore(engine)
    await store.set_prompt("T1", "C1", "Acme", by="U1")

    await store.set_prompt("T1", "C1", "", by="U1")

    found = await store.get("T1", "C1")
    assert found is not None
    assert found.prompt == ""


async def test_channels_apart(engine: AsyncEngine) -> None:
    """Settings belong to one channel of one workspace, although ids may repeat between workspaces."""
    store = SettingsStore(engine)
    await store.set_prompt("T1", "C1", "one", by="U1")
    await store.set_prompt("T2", "C1", "two", by="U1")
    await store.set_prompt("T1", "C2", "three", by="U1")

    found = [await store.get(*key) for key in (("T1", "C1"), ("T2", "C1"), ("T1", "C2"))]

    assert [settings.prompt for settings in found if settings] == ["one", "two", "three"]


async def test_parallel_writers(engine: AsyncEngine) -> None:
    """People who set mode and prompt at the same moment do not undo each other's choice."""
    store = SettingsStore(engine)
    channels = [f"C{number}" for number in range(10)]

    await asyncio.gather(
        *(store.set_mode("T1", channel, Mode.ASK, by="U1") for channel in channels),
        *(store.set_prompt("T1", channel, f"prompt {channel}", by="U2") for channel in channels),
        *(store.set_mode("T1", channel, Mode.ASK, by="U3") for channel in channels),
    )

    for channel in channels:
        found = await store.get("T1", channel)
        assert found is not None
        assert (found.mode, found.prompt) == (Mode.ASK, f"prompt {channel}")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("a\x00b", "ab", id="a NUL, which PostgreSQL refuses"),
        pytest.param("a\ud83d", "a?", id="half a surrogate pair, which no database takes"),
        pytest.param("'; DROP TABLE channel_settings; --", "'; DROP TABLE channel_settings; --", id="SQL"),
    ],
)
async def test_odd_prompts(engine: AsyncEngine, given: str, kept: str) -> None:
    """A prompt with characters that a database refuses is kept without them."""
    store = SettingsStore(engine)

    await store.set_prompt("T1", "C1", given, by="U1")

    found = await store.get("T1", "C1")
    assert found is not None
    assert found.prompt == kept
