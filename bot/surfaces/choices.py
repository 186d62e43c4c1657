"""What `/translate original` and `/translate english` do: settings that are one of two words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.surfaces.words import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.surfaces.desk import Asked, Desk


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting that is yes or no; nobody's choice is no. `states` are the two words for it."""

    states: Mapping[bool, str]
    means: Mapping[bool, str]
    shown: str
    unknown: str
    same: str
    done: str

    def read(self, typed: str) -> bool | None:
        """Read what was typed; None where it is neither word."""
        return next((value for value, state in self.states.items() if state == typed.casefold()), None)

    def answer(self, asked: Asked, *, standing: bool | None, wished: bool | None) -> Answer:
        """Say what became of a wish, or what stands where there was none."""
        if wished is None:
            text = self.unknown if asked.rest else self.shown
        else:
            text = self.same if wished is bool(standing) else self.done
        state = bool(standing if wished is None else wished)
        return Answer(text.format(command=asked.command, state=self.states[state], meaning=self.means[state]))


ORIGINAL = Choice(
    states={True: "on", False: "off"},
    means={
        True: (
            "The words as they were said stand under the English. Some engines have to hear a recording a "
            "second time for that, which costs about as much again."
        ),
        False: "The English stands alone, without the words as they were said.",
    },
    shown=(
        "Original words are `{state}` here. {meaning} "
        "`{command} original on` and `{command} original off` change that."
    ),
    unknown=(
        "`{command} original` takes `on` or `off`, so nothing was changed. "
        "Original words are `{state}` here. {meaning}"
    ),
    same="Nothing to change: original words are already `{state}` here. {meaning}",
    done="Done: original words are `{state}` here. {meaning}",
)
ENGLISH = Choice(
    states={True: "skip", False: "translate"},
    means={
        True: (
            "I leave a recording alone that is in English already, and say so in one short line. I can tell "
            "of most clips recorded in Slack; of other recordings that depends on the engine, and I take "
            "those of which I can't. Asked for by its link, one is translated all the same."
        ),
        False: "A recording that is in English already is answered with its text, like any other.",
    },
    shown=(
        "Recordings in English are set to `{state}` here. {meaning} "
        "`{command} english skip` and `{command} english translate` change that."
    ),
    unknown=(
        "`{command} english` takes `skip` or `translate`, so nothing was changed. "
        "Recordings in English are set to `{state}` here. {meaning}"
    ),
    same="Nothing to change: recordings in English are already set to `{state}` here. {meaning}",
    done="Done: recordings in English are set to `{state}` here. {meaning}",
)


async def use_original(desk: Desk, asked: Asked) -> Answer:
    """Show or set whether the words as they were said stand under the English."""
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    standing, wished = settings.wants_original if settings else None, ORIGINAL.read(asked.rest)
    if wished is not None and wished is not standing:
        await desk.settings.set_original(
            asked.team_id, asked.channel_id, wants_original=wished, by=asked.user_id
        )
    return ORIGINAL.answer(asked, standing=standing, wished=wished)


async def use_english(desk: Desk, asked: Asked) -> Answer:
    """Show or set what becomes of recordings that are in English already."""
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    standing, wished = settings.skips_english if settings else None, ENGLISH.read(asked.rest)
    if wished is not None and wished is not standing:
        await desk.settings.set_skips_english(
            asked.team_id, asked.channel_id, skips_english=wished, by=asked.user_id
        )
    return ENGLISH.answer(asked, standing=standing, wished=wished)
