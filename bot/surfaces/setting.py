"""What `/translate on`, `prompt`, `output`, `temperature` and `status` do: a channel's settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.receive import mode_of
from bot.share import Output
from bot.store.settings import ChannelSettings
from bot.surfaces import words
from bot.surfaces.choices import ENGLISH, ORIGINAL
from bot.surfaces.conversations import name_of
from bot.surfaces.hint import doubts_about
from bot.surfaces.unescape import entities_undone, unescape, unnamed_people
from bot.surfaces.words import (
    LONGEST_PROMPT,
    MODE_MEANS,
    OUTPUT_MEANS,
    Answer,
    Note,
    listed,
)

if TYPE_CHECKING:
    from bot.store.settings import Mode
    from bot.surfaces.conversations import Conversation
    from bot.surfaces.desk import Asked, Desk


async def set_mode(desk: Desk, asked: Asked, here: Conversation, mode: Mode) -> Answer:
    """Choose when recordings are translated here. A choice is stored also where it equals the default."""
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    is_same = mode_of(settings, here.kind, desk.default_mode) is mode
    if settings is None or settings.mode is not mode:
        await desk.settings.set_mode(asked.team_id, asked.channel_id, mode, by=asked.user_id)
    text = words.MODE_SAME if is_same else words.MODE_SET
    return Answer(text.format(mode=mode, meaning=_meaning(mode, asked)))


async def use_prompt(desk: Desk, asked: Asked) -> Answer:
    """Show, set or clear the prompt of this channel."""
    prompt = await as_typed(desk, asked.rest)
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    standing, glossary = (settings.prompt, settings.glossary) if settings else ("", ())
    if not prompt:
        return _shown(standing, asked, notes=doubts_about(standing, glossary) if standing else ())
    if prompt.casefold() == "clear":
        prompt = ""
    if len(prompt) > LONGEST_PROMPT:
        return Answer(words.PROMPT_TOO_LONG.format(count=len(prompt), most=LONGEST_PROMPT))
    text = words.PROMPT_SAME if prompt else words.PROMPT_CLEAR_ALREADY
    if prompt != standing:
        await desk.settings.set_prompt(asked.team_id, asked.channel_id, prompt, by=asked.user_id)
        text = words.PROMPT_SET if prompt else words.PROMPT_CLEARED
    return Answer(text, quoted=prompt, notes=doubts_about(prompt, glossary) if prompt else ())


async def use_output(desk: Desk, asked: Asked) -> Answer:
    """Show or set what comes along with the text here; a choice like the default is stored, too."""
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    standing = _output(settings)
    if not asked.rest:
        return _output_answer(words.OUTPUT_SHOWN, standing, asked)
    typed = "_".join(asked.rest.casefold().replace("-", " ").split())
    if typed not in set(Output):
        return _output_answer(words.OUTPUT_UNKNOWN, standing, asked)
    output = Output(typed)
    if settings is None or settings.output is not output:
        await desk.settings.set_output(asked.team_id, asked.channel_id, output, by=asked.user_id)
    text = words.OUTPUT_SAME if output is standing else words.OUTPUT_SET
    return _output_answer(text, output, asked)


async def use_temperature(desk: Desk, asked: Asked) -> Answer:
    """Show, set or clear how freely the model chooses its words for this channel."""
    settings = await desk.settings.get(asked.team_id, asked.channel_id)
    chosen = settings.temperature if settings else None
    if not asked.rest:
        return _temperature_answer(words.TEMPERATURE_SHOWN, chosen, asked)
    wished = None if asked.rest.casefold() == "clear" else _temperature(asked.rest)
    if wished is None and asked.rest.casefold() != "clear":
        return _temperature_answer(words.TEMPERATURE_WRONG, chosen, asked)
    if wished != chosen:
        await desk.settings.set_temperature(asked.team_id, asked.channel_id, wished, by=asked.user_id)
    is_same = (wished or 0.0) == (chosen or 0.0)
    text = words.TEMPERATURE_SAME if is_same else words.TEMPERATURE_SET
    return _temperature_answer(text, wished, asked)


async def status(desk: Desk, asked: Asked, here: Conversation) -> Answer:
    """Say what is set here and by whom, and where the sound goes."""
    stored = await desk.settings.get(asked.team_id, asked.channel_id)
    settings = stored or ChannelSettings()
    mode = mode_of(settings, here.kind, desk.default_mode)
    wants_original, skips_english = bool(settings.wants_original), bool(settings.skips_english)
    text = words.STATUS.format(
        bot_name=desk.bot_name,
        version=desk.version,
        mode=mode,
        whence=words.STATUS_CHOSEN if settings.mode else words.STATUS_DEFAULT,
        meaning=_meaning(mode, asked),
        output=_output(settings),
        output_meaning=OUTPUT_MEANS[_output(settings)],
        temperature=_shown_number(settings.temperature),
        original=ORIGINAL.states[wants_original],
        original_meaning=ORIGINAL.means[wants_original],
        english=ENGLISH.states[skips_english],
        english_meaning=ENGLISH.means[skips_english],
        disclosure=desk.disclosure,
        changed=await _last_change(desk, settings),
        prompt=(words.STATUS_PROMPT if settings.prompt else words.STATUS_NO_PROMPT).format(
            command=asked.command
        ),
    )
    terms = words.STATUS_TERMS if settings.glossary else words.STATUS_NO_TERMS
    note = Note(terms.format(command=asked.command, count=len(settings.glossary)), listed(settings.glossary))
    return Answer(text, quoted=settings.prompt, notes=(note,))


def _meaning(mode: Mode, asked: Asked) -> str:
    return MODE_MEANS[mode].format(command=asked.command)


def _output(settings: ChannelSettings | None) -> Output:
    return (settings.output if settings else None) or Output.TEXT


def _output_answer(text: str, output: Output, asked: Asked) -> Answer:
    formats = ", ".join(f"`{one}`" for one in Output)
    meaning = OUTPUT_MEANS[output]
    return Answer(text.format(command=asked.command, output=output, meaning=meaning, formats=formats))


def _temperature(typed: str) -> float | None:
    """Read a number from 0 to 1; in half of the world its decimals stand behind a comma."""
    if not re.fullmatch(r"[0-9]?[.,]?[0-9]{1,9}", typed):
        return None
    number = float(typed.replace(",", "."))
    return round(number, 2) if number <= 1 else None


def _shown_number(temperature: float | None) -> str:
    return f"{temperature or 0.0:g}"


def _temperature_answer(text: str, temperature: float | None, asked: Asked) -> Answer:
    return Answer(text.format(command=asked.command, temperature=_shown_number(temperature)))


def _shown(prompt: str, asked: Asked, notes: tuple[Note, ...]) -> Answer:
    text = words.PROMPT_SHOWN if prompt else words.PROMPT_NONE
    return Answer(text.format(command=asked.command), quoted=prompt, notes=notes)


async def as_typed(desk: Desk, text: str) -> str:
    """Give a prompt or terms as they were typed, with people's names in place of their ids."""
    names = {user_id: await name_of(desk.web_api, user_id) for user_id in sorted(unnamed_people(text))}
    return unescape(text, {user_id: name for user_id, name in names.items() if name}).strip()


async def _last_change(desk: Desk, settings: ChannelSettings) -> str:
    """Name who changed something last, as text: a mention would call the person."""
    if settings.changed_at is None:
        return ""
    name = entities_undone(await name_of(desk.web_api, settings.changed_by)) or words.SOMEBODY
    return words.STATUS_CHANGED.format(name=name, day=f"{settings.changed_at:%Y-%m-%d}")
