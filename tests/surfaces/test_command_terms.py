from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from command_office import Office, open_office
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.store.settings import MOST_TERMS
from bot.surfaces.glossary import LONGEST_TERM, read_terms
from bot.surfaces.words import listed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Give a workspace in which the command works."""
    async with open_office(tmp_path) as office:
        yield office


async def glossary(office: Office, channel: str = "support") -> tuple[str, ...]:
    """Give the terms that are stored."""
    return (await office.stored(channel)).glossary


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        pytest.param("Acme Pro", ["Acme Pro"], id="one"),
        pytest.param("  Acme   Pro ", ["Acme Pro"], id="white space"),
        pytest.param("Acme, Zoë;Müller\nX200", ["Acme", "Zoë", "Müller", "X200"], id="several"),
        pytest.param("北京、上海，客服；؛ابن،", ["北京", "上海", "客服", "ابن"], id="commas of others"),  # noqa: RUF001 -- they are meant
        pytest.param('"Acme Pro", “Zoë”, `x`, „Müller“', ["Acme Pro", "Zoë", "x", "Müller"], id="quotes"),
        pytest.param('"Acme, Inc.", Zoë', ["Acme, Inc.", "Zoë"], id="a comma in quotes"),
        pytest.param("Zoë; “Acme, Inc.”", ["Zoë", "Acme, Inc."], id="a comma in curly quotes"),
        pytest.param("„Müller, Sohn“，«A; B»", ["Müller, Sohn", "A; B"], id="in quotes of others"),  # noqa: RUF001 -- a full-width comma is meant
        pytest.param('“Acme, Inc.", ”X, Y”', ["Acme, Inc.", "X, Y"], id="in quotes that don't match"),
        pytest.param('"O\'Brien,  Inc." ', ["O'Brien, Inc."], id="an apostrophe in quotes"),
        pytest.param('"Weird Al" Yankovic, Bo', ['"Weird Al" Yankovic', "Bo"], id="a name in quotes"),
        pytest.param('5", 6", "7', ['5"', '6"', "7"], id="inches, and a quote that is never closed"),
        pytest.param('"Acme\nInc."', ["Acme", 'Inc."'], id="a quote over two lines"),
        pytest.param("O'Brien, 'n' Sync", ["O'Brien", "'n' Sync"], id="apostrophes"),
        pytest.param("Acme, ACME, acme", ["Acme"], id="each once"),
        pytest.param("C++, .NET, R&D", ["C++", ".NET", "R&D"], id="marks"),
        pytest.param(", ;; !, “”, \N{PARTY POPPER}", [], id="nothing to spell"),
        pytest.param("Zoe\u0308", ["Zo\u00eb"], id="a letter made of two"),
        pytest.param("a\x00b", ["ab"], id="what no database takes"),
    ],
)
def test_reading(typed: str, terms: list[str]) -> None:
    """Terms are understood as people list them."""
    assert read_terms(typed) == terms


@given(st.text() | st.text("aA'\"“”„«» ,;\né\u0308`"))
def test_what_is_shown_can_be_typed_again(text: str) -> None:
    """Any text gives terms of one line with something to spell; the list as it is shown is read alike."""
    terms = read_terms(text)
    assert all(term == term.strip() and len(term.splitlines()) == 1 for term in terms)
    assert all(any(character.isalnum() for character in term) for term in terms)
    assert read_terms(listed(terms)) == terms


# --- the command --------------------------------------------------------------------------------


async def test_terms_are_added(office: Office) -> None:
    """Terms are kept as they were typed, names for mentions and signs for entities; the answer shows them."""
    answer = await office.type("Term ADD  Acme Pro, R&D; Ask @ben")
    assert await glossary(office) == ("Acme Pro", "R&D", "Ask ben")
    assert answer.startswith("Done: this goes along with every recording of this channel from now on.")
    assert answer.endswith("Terms in all: 3. New:\nAcme Pro, R&amp;D, Ask ben")

    answer = await office.type("term add ACME PRO, Zoë", user="ben")
    assert await glossary(office) == ("Acme Pro", "R&D", "Ask ben", "Zoë")
    assert answer.endswith("Terms in all: 4. New:\nZoë\nThere already:\nAcme Pro")


async def test_a_term_with_a_comma(office: Office) -> None:
    """In quotation marks a comma belongs to the term; the list shows it so that it can be typed again."""
    answer = await office.type('term add "Acme, Inc.", Zoë')
    assert await glossary(office) == ("Acme, Inc.", "Zoë")
    assert answer.endswith('Terms in all: 2. New:\n"Acme, Inc.", Zoë')
    await office.type("term remove “acme, inc.”")
    assert await glossary(office) == ("Zoë",)


async def test_term_with_a_person_whose_name_is_looked_up(office: Office) -> None:
    """A mention that carries no name becomes one."""
    await office.dispatch("term add <@U0BEN>")
    assert await glossary(office) == ("ben",)


async def test_terms_are_there_already(office: Office) -> None:
    """Who adds what is there is told so, with how it is spelled."""
    await office.type("term add Acme Pro")
    answer = await office.type("term add acme pro")
    assert answer == "Nothing to change: that is among the terms of this channel already.\nAcme Pro"


async def test_terms_are_removed(office: Office) -> None:
    """Terms are removed in any case; what was none is named."""
    await office.type("term add Acme Pro, Zoë, Müller")
    answer = await office.type("terms remove acme pro; zoë, Nobody")
    assert await glossary(office) == ("Müller",)
    assert answer == (
        "Done: this is not among the terms of this channel any more. Terms left: 1. Gone:\nAcme Pro, Zoë\n"
        "Not among them:\nNobody"
    )
    answer = await office.type("term remove Acme Pro")
    assert answer.startswith("Nothing to change: that is not among the terms of this channel.")
    assert "`/translate terms`" in answer
    assert answer.endswith("\nAcme Pro")


@pytest.mark.parametrize("text", ["terms", "term", "TERMS"])
async def test_terms_are_shown(office: Office, text: str) -> None:
    """The list says how it is changed, and what it is for where there is none yet."""
    answer = await office.type(text)
    assert answer.startswith("This channel has no terms. `/translate term add Acme Pro` adds one")
    assert await office.is_untouched()

    await office.type("term add Acme Pro, Zoë")
    answer = await office.type(text)
    assert answer.startswith("The terms of this channel (2) go along with every recording")
    assert "`/translate term add NAME`" in answer
    assert "`/translate term remove NAME`" in answer
    assert answer.endswith("\nAcme Pro, Zoë")


@pytest.mark.parametrize(
    "text", ["term Acme Pro", "term add", "term add ,", "term remove ;", "terms delete Acme", "term clear"]
)
async def test_what_is_no_such_command(office: Office, text: str) -> None:
    """Whatever else is typed changes nothing, and the answer says how it goes."""
    answer = await office.type(text)
    assert answer.startswith("I did not understand that, so nothing was changed.")
    for word in ("term add Acme Pro", "term remove Acme Pro", "terms"):
        assert f"`/translate {word}`" in answer
    assert await office.is_untouched()


async def test_term_that_is_too_long(office: Office) -> None:
    """A term has at most 60 characters, as typed; with one that is longer none is added."""
    assert (await office.type("term add " + "&" * (LONGEST_TERM - 1) + "a")).startswith("Done")
    answer = await office.type(f"term add Zoë, {'a' * (LONGEST_TERM + 1)}")
    assert answer.startswith("A term has at most 60 characters, so nothing was added.")
    assert answer.endswith(f"Too long:\n{'a' * (LONGEST_TERM + 1)}")
    assert len(await glossary(office)) == 1


async def test_too_many_terms(office: Office) -> None:
    """More than 50 terms are refused with their count, and those before stay."""
    many = [f"a{number}" for number in range(MOST_TERMS)]
    await office.type("term add " + ", ".join(many))
    answer = await office.type("term add Zoë, Müller")
    assert answer.startswith("That would make 52 terms; the limit is 50, so nothing was added.")
    assert await glossary(office) == tuple(many)


async def test_terms_that_are_too_long_together(office: Office) -> None:
    """More than 900 characters are refused with their count."""
    await office.type("term add " + ", ".join(f"{number:060}" for number in range(14)))
    answer = await office.type("term add " + "b" * 60)
    assert answer.startswith("With that the terms would have 928 characters; the limit is 900")
    assert len(await glossary(office)) == 14


async def test_terms_pass_the_limit_of_the_model(office: Office) -> None:
    """Terms that are more than Whisper reads are taken, with a warning that shows what is likely lost."""
    answer = await office.type("term add " + ", ".join(f"Kräuterbutter {number}" for number in range(30)))
    assert answer.startswith("Done")
    assert "By my estimate the terms have about 2" in answer
    assert "reads only the last 223" in answer
    assert answer.splitlines()[-1].startswith("Kräuterbutter 0, Kräuterbutter 1")
    assert len(await glossary(office)) == 30
    assert "By my estimate the terms" in await office.type("terms")

    await office.type("prompt Good morning, this is Ana.")
    answer = await office.type("term remove Kräuterbutter 29")
    assert "By my estimate the prompt and the terms together have about 2" in answer
    assert answer.splitlines()[-1].startswith("Good morning, this is Ana. Kräuterbutter 0")
    answer = await office.type("term remove " + ", ".join(f"Kräuterbutter {number}" for number in range(25)))
    assert "estimate" not in answer


async def test_terms_are_text(office: Office) -> None:
    """Terms shown back apply no markup and ping nobody."""
    await office.settings.add_terms(
        office.slack.team_id, office.channel_id("support"), ["*bold*", "<!channel>", "`x`"], by="U0BEN"
    )
    result = await office.command("terms")
    (answer,) = await result.answers()
    _, quote = answer["blocks"][0]["elements"]
    assert quote["elements"] == [{"type": "text", "text": "*bold*, <!channel>, `x`"}]
    assert answer["text"].endswith("*bold*, &lt;!channel&gt;, `x`")


async def test_people_who_add_terms_at_once(office: Office) -> None:
    """Of what two people add at the same moment nothing is lost."""
    await asyncio.gather(
        office.type("term add Acme Pro, Zoë"),
        office.type("term add ACME PRO, Müller", user="ben"),
        office.type("prompt polite", user="guest"),
    )
    assert {term.casefold() for term in await glossary(office)} == {"acme pro", "zoë", "müller"}
    assert len(await glossary(office)) == 3
    assert await office.prompt() == "polite"


async def test_terms_of_a_channel_without_the_bot(office: Office) -> None:
    """In a channel that the bot is not in nothing is stored."""
    assert "invite me: /invite @Dragoman" in await office.type("term add Acme", channel="random")
    assert await office.is_untouched("random")


async def test_no_term_comes_into_the_log(office: Office) -> None:
    """When the database fails the person hears of it, and no term is logged."""
    async with office.settings._engine.begin() as connection:  # noqa: SLF001 -- only so can its table go
        await connection.exec_driver_sql("DROP TABLE channel_terms")
    with capture_logs() as logs:
        assert "Something went wrong on my side" in await office.type("term add Zendesk")
    assert logs[-1]["event"] == "asking.broke"
    assert "Zendesk" not in str(logs)
