"""What `/translate term` and `/translate terms` do: names and words that a channel wants spelled right."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from bot.store.database import storable
from bot.store.settings import LONGEST_GLOSSARY, MOST_TERMS, GlossaryFullError
from bot.surfaces.hint import doubts_about_length
from bot.surfaces.setting import as_typed
from bot.surfaces.words import BETWEEN_TERMS, Answer, Note, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.store.settings import TermsChange
    from bot.surfaces.desk import Asked, Desk

LONGEST_TERM = 60

SHOWN = (
    "The terms of this channel ({count}) go along with every recording, so that the translation spells them "
    "like this. `{command} term add NAME` adds one, `{command} term remove NAME` removes one."
)
NONE = (
    "This channel has no terms. `{command} term add Acme Pro` adds one: the name of a product or a person, "
    "or any word that the translation should spell like this; several at once stand between commas, "
    "one with a comma of its own in quotation marks."
)
HOW = (
    "I did not understand that, so nothing was changed. `{command} term add Acme Pro` adds a term, "
    "`{command} term remove Acme Pro` removes it, `{command} terms` shows all; "
    "several at once stand between commas, one with a comma of its own in quotation marks."
)
ADDED = "Done: this goes along with every recording of this channel from now on. Terms in all: {count}. New:"
STOOD = "There already:"
ALL_STOOD = "Nothing to change: that is among the terms of this channel already."
REMOVED = "Done: this is not among the terms of this channel any more. Terms left: {count}. Gone:"
MISSED = "Not among them:"
ALL_MISSED = "Nothing to change: that is not among the terms of this channel. `{command} terms` shows them."
ONE_TOO_LONG = (
    "A term has at most {most} characters, so nothing was added. What takes more words belongs into "
    "`{command} prompt TEXT`. Too long:"
)
TOO_MANY = (
    "That would make {count} terms; the limit is {most}, so nothing was added. "
    "`{command} term remove NAME` takes out what is seldom said."
)
ALL_TOO_LONG = (
    "With that the terms would have {count:,} characters; the limit is {most}, so nothing was added. "
    "`{command} term remove NAME` takes out what is seldom said."
)

# Keyboards and Slack make them of what was typed, one or the other way round.
_MARKS = '"“”„«»'
_MARK = re.compile(f"[{_MARKS}]")
# A term in quotation marks may hold commas; else one ends at the next.
_TERM = re.compile(
    rf"\s*[{_MARKS}]([^{_MARKS}\n]*)[{_MARKS}]\s*(?:{BETWEEN_TERMS}|\Z)|(.*?)(?:{BETWEEN_TERMS}|\Z)",
    re.DOTALL,
)
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "«": "»", "‘": "’"}  # noqa: RUF001 -- as keyboards type them


async def use_terms(desk: Desk, asked: Asked) -> Answer:
    """Show the terms of this channel, add some, or remove some."""
    if not asked.rest:
        return await _shown(desk, asked)
    verb, *rest = asked.rest.split(maxsplit=1)
    terms = read_terms(await as_typed(desk, "".join(rest)))
    if verb.casefold() not in {"add", "remove"} or not terms:
        return Answer(HOW.format(command=asked.command))
    return await (_add if verb.casefold() == "add" else _remove)(desk, asked, terms)


def read_terms(text: str) -> list[str]:
    """Read terms as people list them: between commas, perhaps in quotation marks, each once."""
    terms: dict[str, str] = {}
    # One letter may be written in two ways that look the same.
    for found in _TERM.finditer(unicodedata.normalize("NFC", storable(text))):
        term = _bare(found[1] or found[2] or "")
        if any(character.isalnum() for character in term):
            terms.setdefault(term.casefold(), term)
    return list(terms.values())


def _bare(typed: str) -> str:
    """Take off the white space and the quotation marks around a term."""
    term = " ".join(typed.split())
    while len(term) > 1 and _is_quoted(term):
        term = term[1:-1].strip()
    # A mark that is never closed would take the next term in where the list is typed again.
    is_open = term[:1] in _MARKS and not _MARK.search(term, 1)
    return _bare(term[1:]) if term and is_open else term


def _is_quoted(term: str) -> bool:
    is_in_marks = term[0] in _MARKS and term[-1] in _MARKS and not _MARK.search(term, 1, len(term) - 1)
    return is_in_marks or _QUOTES.get(term[0]) == term[-1]


async def _shown(desk: Desk, asked: Asked) -> Answer:
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    if settings is None or not settings.glossary:
        return Answer(NONE.format(command=asked.command))
    text = SHOWN.format(command=asked.command, count=len(settings.glossary))
    notes = doubts_about_length(settings.prompt, settings.glossary)
    return Answer(text, quoted=listed(settings.glossary), notes=notes)


async def _add(desk: Desk, asked: Asked, terms: Sequence[str]) -> Answer:
    if long := [term for term in terms if len(term) > LONGEST_TERM]:
        text = ONE_TOO_LONG.format(command=asked.command, most=LONGEST_TERM)
        return Answer(text, quoted=listed(long))
    try:
        change = await desk.settings.add_terms(asked.team_id, asked.channel_id, terms, by=asked.user_id)
    except GlossaryFullError as full:
        if full.count > MOST_TERMS:
            text = TOO_MANY.format(command=asked.command, count=full.count, most=MOST_TERMS)
        else:
            text = ALL_TOO_LONG.format(command=asked.command, count=full.characters, most=LONGEST_GLOSSARY)
        return Answer(text)
    if not change.changed:
        return Answer(ALL_STOOD, quoted=listed(_as_stored(terms, change.glossary)))
    stood = _as_stored(_others(terms, change.changed), change.glossary)
    return Answer(
        ADDED.format(count=len(change.glossary)),
        quoted=listed(change.changed),
        notes=(*_note(STOOD, stood), *await _doubts(desk, asked, change)),
    )


async def _remove(desk: Desk, asked: Asked, terms: Sequence[str]) -> Answer:
    change = await desk.settings.remove_terms(asked.team_id, asked.channel_id, terms, by=asked.user_id)
    if not change.changed:
        return Answer(ALL_MISSED.format(command=asked.command), quoted=listed(terms))
    missed = _others(terms, change.changed)
    return Answer(
        REMOVED.format(count=len(change.glossary)),
        quoted=listed(change.changed),
        notes=(*_note(MISSED, missed), *await _doubts(desk, asked, change)),
    )


async def _doubts(desk: Desk, asked: Asked, change: TermsChange) -> tuple[Note, ...]:
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    return doubts_about_length(settings.prompt if settings else "", change.glossary)


def _note(text: str, terms: Collection[str]) -> list[Note]:
    return [Note(text, quoted=listed(terms))] if terms else []


def _others(terms: Iterable[str], changed: Iterable[str]) -> list[str]:
    folded = {term.casefold() for term in changed}
    return [term for term in terms if term.casefold() not in folded]


def _as_stored(terms: Iterable[str], glossary: Iterable[str]) -> list[str]:
    """Give terms as they stand in the list, perhaps in other letters than were typed now."""
    standing = {term.casefold(): term for term in glossary}
    return [standing[term.casefold()] for term in terms]
