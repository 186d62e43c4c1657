from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.share import Output
from bot.store.settings import (
    LONGEST_GLOSSARY,
    MOST_TERMS,
    ChannelSettings,
    GlossaryFullError,
    Mode,
    SettingsStore,
    TermsChange,
)

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


async def test_original_and_english(engine: AsyncEngine) -> None:
    """Both new choices are kept beside the others, each set alone; no is a choice, too."""
    store = SettingsStore(engine, now=lambda: NOON)
    await store.set_original("T1", "C1", wants_original=True, by="U1")
    assert await store.get("T1", "C1") == ChannelSettings(
        wants_original=True, skips_english=None, changed_by="U1", changed_at=NOON
    )

    await store.set_skips_english("T1", "C1", skips_english=True, by="U2")
    await store.set_original("T1", "C1", wants_original=False, by="U3")
    assert await store.get("T1", "C1") == ChannelSettings(
        wants_original=False, skips_english=True, changed_by="U3", changed_at=NOON
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


# --- terms --------------------------------------------------------------------------------------


async def glossary(store: SettingsStore, channel_id: str = "C1") -> tuple[str, ...]:
    """Give the terms that are stored."""
    found = await store.get("T1", channel_id)
    return found.glossary if found else ()


async def test_terms_are_added_and_removed(engine: AsyncEngine) -> None:
    """Terms stand in the order in which they came; each is known again in any case."""
    store = SettingsStore(engine, now=lambda: NOON)

    added = await store.add_terms("T1", "C1", ["Zoë", "Acme Pro"], by="U1")
    more = await store.add_terms("T1", "C1", ["ACME PRO", "Straße", "zoË", "STRASSE", "北京"], by="U2")

    assert added == TermsChange(("Zoë", "Acme Pro"), ("Zoë", "Acme Pro"))
    assert more == TermsChange(("Straße", "北京"), ("Zoë", "Acme Pro", "Straße", "北京"))
    assert await store.get("T1", "C1") == ChannelSettings(
        glossary=more.glossary, changed_by="U2", changed_at=NOON
    )

    removed = await store.remove_terms("T1", "C1", ["acme pro", "ZOË", "Nobody"], by="U3")
    assert removed == TermsChange(("Zoë", "Acme Pro"), ("Straße", "北京"))
    assert await store.get("T1", "C1") == ChannelSettings(
        glossary=("Straße", "北京"), changed_by="U3", changed_at=NOON
    )
    await store.add_terms("T1", "C1", ["Acme"], by="U1")
    assert await glossary(store) == ("Straße", "北京", "Acme")


async def test_terms_beside_the_rest(engine: AsyncEngine) -> None:
    """Terms and settings leave each other alone, and belong to one channel of one workspace."""
    store = SettingsStore(engine)
    await store.set_prompt("T1", "C1", "polite", by="U1")
    await store.add_terms("T1", "C1", ["one"], by="U1")
    await store.add_terms("T1", "C2", ["two"], by="U1")
    await store.add_terms("T2", "C1", ["three"], by="U1")
    await store.set_mode("T1", "C1", Mode.ASK, by="U1")
    await store.remove_terms("T1", "C2", ["one", "two"], by="U1")

    found = await store.get("T1", "C1")
    assert found is not None
    assert (found.mode, found.prompt, found.glossary) == (Mode.ASK, "polite", ("one",))
    assert await glossary(store, "C2") == ()
    elsewhere = await store.get("T2", "C1")
    assert elsewhere is not None
    assert elsewhere.glossary == ("three",)


async def test_nothing_to_change_about_terms(engine: AsyncEngine) -> None:
    """Who adds what is there, or removes what is not, is not noted as having changed something."""
    store = SettingsStore(engine)
    assert await store.remove_terms("T1", "C1", ["Acme"], by="U1") == TermsChange((), ())
    assert await store.add_terms("T1", "C1", [], by="U1") == TermsChange((), ())
    assert await store.get("T1", "C1") is None

    await store.add_terms("T1", "C1", ["Acme"], by="U1")
    assert await store.add_terms("T1", "C1", ["acme"], by="U2") == TermsChange((), ("Acme",))
    assert await store.remove_terms("T1", "C1", ["Zoë"], by="U2") == TermsChange((), ("Acme",))
    found = await store.get("T1", "C1")
    assert found is not None
    assert found.changed_by == "U1"


async def test_too_many_terms(engine: AsyncEngine) -> None:
    """There may be 50 terms and, joined, 900 characters; of what would be more, nothing is kept."""
    store = SettingsStore(engine)
    await store.add_terms("T1", "C1", [f"a{number}" for number in range(MOST_TERMS - 1)], by="U1")
    with pytest.raises(GlossaryFullError) as raised:
        await store.add_terms("T1", "C1", ["b1", "b2"], by="U2")
    assert raised.value.count == MOST_TERMS + 1
    assert len(await glossary(store)) == MOST_TERMS - 1
    assert len((await store.add_terms("T1", "C1", ["b1"], by="U2")).glossary) == MOST_TERMS

    long = [str(number) * 58 for number in range(1, 10)] + ["y" * 58] * 2 + ["z" * 300]
    assert len(", ".join(dict.fromkeys(long))) == LONGEST_GLOSSARY
    with pytest.raises(GlossaryFullError) as raised:
        await store.add_terms("T1", "C2", [*long, "x"], by="U1")
    assert raised.value.characters == LONGEST_GLOSSARY + len(", x")
    assert await store.get("T1", "C2") is None
    await store.add_terms("T1", "C2", long, by="U1")
    assert len(", ".join(await glossary(store, "C2"))) == LONGEST_GLOSSARY


async def test_people_who_change_terms_at_once(engine: AsyncEngine) -> None:
    """Of terms that several people add and remove at the same moment none is lost, doubled or too many."""
    store = SettingsStore(engine)
    await store.add_terms("T1", "C1", ["old", "kept"], by="U0")

    await asyncio.gather(
        *(store.add_terms("T1", "C1", [f"term {number}", "All Of Us"], by="U1") for number in range(8)),
        *(store.remove_terms("T1", "C1", ["OLD"], by="U2") for _ in range(3)),
        store.set_prompt("T1", "C1", "polite", by="U3"),
    )

    found = await store.get("T1", "C1")
    assert found is not None
    assert sorted(found.glossary) == ["All Of Us", "kept", *(f"term {number}" for number in range(8))]
    assert found.prompt == "polite"

    many = [[f"{who}-{number}" for number in range(30)] for who in "ab"]
    outcomes = await asyncio.gather(
        *(store.add_terms("T1", "C3", terms, by="U1") for terms in many), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["GlossaryFullError", "TermsChange"]
    assert len(await glossary(store, "C3")) == 30


async def test_odd_terms(engine: AsyncEngine) -> None:
    """A term with characters that a database refuses is kept without them; one of nothing else is none."""
    store = SettingsStore(engine)
    change = await store.add_terms("T1", "C1", ["a\x00b", "ab", "\x00", "c\ud83d", "'; --", "%_"], by="U1")
    assert change.glossary == ("ab", "c?", "'; --", "%_")
    assert await glossary(store) == change.glossary


async def test_settings_are_read_in_one_query(engine: AsyncEngine) -> None:
    """Every share asks for its channel's settings: with fifty terms, too, that is one query."""
    store = SettingsStore(engine)
    await store.add_terms("T1", "C1", [f"term {number}" for number in range(MOST_TERMS)], by="U1")
    statements: list[str] = []
    sa.event.listen(
        engine.sync_engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_rest: statements.append(statement),
    )

    assert len(await glossary(store)) == MOST_TERMS
    assert len(statements) == 1
