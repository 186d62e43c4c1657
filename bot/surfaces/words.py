"""What commands and buttons answer, and how it looks: our words, a link, people's own words in a quote.

`{command}` is the command as it was typed: where another app owns /translate it has another name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.rich_text import escape, plain, with_code
from bot.share import Output
from bot.store.settings import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_PROMPT = 900
# Commas of every script that people write lists in.
BETWEEN_TERMS = r"[,;\n،؛、，；]"  # noqa: RUF001 -- full-width and Arabic commas are meant

HELP = (
    "I answer recordings with their English text, in the thread of their message.\n"
    "`{command} last`: translate the newest recording of this channel\n"
    "`{command} LINK`: translate the recording in a message, or a file, by its link\n"
    "`{command} prompt TEXT`: names, terms and tone of this channel, as a hint for the translation; "
    "`{command} prompt` shows it, `{command} prompt clear` removes it\n"
    "`{command} term add NAME`: a name or term of this channel, spelled as it should be; "
    "`{command} term remove NAME` removes it, `{command} terms` shows all\n"
    "`{command} original on`: the words as they were said stand under the English; "
    "`{command} original off` goes back to the English alone (the default)\n"
    "`{command} english skip`: leave alone what is in English already, unless somebody asks for it; "
    "`{command} english translate` takes it like the rest (the default)\n"
    "`{command} output FORMAT`: what comes along with the messages: `text` (a file only where it is long), "
    "subtitles (`srt`, `vtt`) or data (`json`, `verbose_json`)\n"
    "`{command} temperature N`: how freely the model chooses its words, from 0 (the default) to 1; "
    "`{command} temperature clear` goes back to 0\n"
    "`{command} on`: translate every recording posted here\n"
    "`{command} ask`: translate only what somebody asks for\n"
    "`{command} off`: leave this channel alone\n"
    "`{command} status`: what is set here, and where the sound goes\n"
    "Only you see my answers to commands."
)
UNKNOWN = "I don't know “{word}”. `{command} help` shows what I can do; nothing was changed."
NOT_IN_THIS_VERSION = "`{command} {word}` is not in this version."
STANDS_ALONE = (
    "`{command} {word}` takes nothing after it, so I did nothing. Send it alone, or see `{command} help`."
)

# --- channel settings ---------------------------------------------------------------------------

MODE_SET = "Done: I am set to `{mode}` here. {meaning}"
MODE_SAME = "Nothing to change: I am already set to `{mode}` here. {meaning}"
MODE_MEANS = {
    Mode.ON: "I answer every recording that is posted here with its English text.",
    Mode.ASK: "I translate a recording only when somebody asks: `{command} last` or `{command} LINK`.",
    Mode.OFF: "I leave what is posted here alone; `{command} last` and `{command} LINK` still work.",
}
PROMPT_SET = (
    "Done: from now on this prompt goes along with every recording of this channel. "
    "The model reads it as a hint for names, terms and tone, not as an order."
)
PROMPT_SAME = "Nothing to change: this is already the prompt of this channel."
PROMPT_SHOWN = (
    "This prompt goes along with every recording of this channel, as a hint for names, terms and tone. "
    "`{command} prompt TEXT` replaces it, `{command} prompt clear` removes it."
)
PROMPT_NONE = (
    "This channel has no prompt. `{command} prompt TEXT` sets one: the names, terms and tone "
    "that the translation should know, such as “Dragoman, Zendesk, Ms Núñez; polite”."
)
PROMPT_CLEARED = "Done: this channel has no prompt any more."
PROMPT_CLEAR_ALREADY = "Nothing to change: this channel has no prompt."
PROMPT_TOO_LONG = (
    "That prompt has {count:,} characters; the limit is {most}. Shorten it and send it again; "
    "nothing was changed."
)
OUTPUT_SET = "Done: the output of this channel is `{output}`. {meaning}"
OUTPUT_SAME = "Nothing to change: the output of this channel is already `{output}`. {meaning}"
OUTPUT_SHOWN = (
    "The output of this channel is `{output}`. {meaning} "
    "`{command} output FORMAT` changes it; the formats are {formats}."
)
OUTPUT_UNKNOWN = (
    "That is none of the formats that I know, so nothing was changed. "
    "Send `{command} output` with one of them: {formats}."
)
OUTPUT_MEANS = {
    Output.TEXT: "The English comes in messages, and where it is long, the whole of it as a text file too.",
    Output.SRT: "The English comes in messages, and its subtitles come along as an SRT file.",
    Output.VTT: "The English comes in messages, and its subtitles come along as a WebVTT file.",
    Output.JSON: "The English comes in messages, and its text comes along as a JSON file.",
    Output.VERBOSE_JSON: (
        "The English comes in messages, and its text with the times of all segments as a JSON file."
    ),
}
TEMPERATURE_MEANS = "At 0 the model keeps to the likeliest words; the higher, the freer it chooses them."
TEMPERATURE_SET = f"Done: the temperature of this channel is {{temperature}}. {TEMPERATURE_MEANS}"
TEMPERATURE_SAME = (
    f"Nothing to change: the temperature of this channel is already {{temperature}}. {TEMPERATURE_MEANS}"
)
TEMPERATURE_SHOWN = (
    f"The temperature of this channel is {{temperature}}. {TEMPERATURE_MEANS} "
    "`{command} temperature N` sets it, 0 to 1; `{command} temperature clear` goes back to 0, the default."
)
TEMPERATURE_WRONG = (
    "A temperature is a number from 0 to 1, such as 0.2, so nothing was changed. "
    "`{command} temperature clear` goes back to the default, 0."
)
STATUS = (
    "{bot_name} {version}\n"
    "Mode: `{mode}` ({whence}). {meaning}\n"
    "Output: `{output}`. {output_meaning}\n"
    "Temperature: {temperature}\n"
    "Original words: `{original}`. {original_meaning}\n"
    "Recordings in English: `{english}`. {english_meaning}\n"
    "{disclosure}\n"
    "{changed}{prompt}"
)
STATUS_DEFAULT = "the default, nobody chose one here"
STATUS_CHOSEN = "chosen here"
STATUS_CHANGED = "Last changed by {name} on {day}.\n"
STATUS_PROMPT = "The prompt:"
STATUS_NO_PROMPT = "There is no prompt; `{command} prompt TEXT` sets one."
STATUS_TERMS = "The terms ({count}):"
STATUS_NO_TERMS = "There are no terms; `{command} term add NAME` adds one."
SOMEBODY = "somebody I can't name"

# --- who is where -------------------------------------------------------------------------------

INVITE = "I'm not in this conversation, so I did nothing. To use me here, invite me: /invite @{bot_name}"
INVITE_NOT_HERE = (
    "This is a direct message between people, which no app can join, so I did nothing. "
    "Write to me directly, or go to a channel and invite me: /invite @{bot_name}"
)
INVITE_THERE = (
    "I'm not in {channel}, where that was posted, so I can't answer there. "
    "In that channel, invite me: /invite @{bot_name}"
)
ARCHIVED = (
    "{channel} is archived, so nobody can answer there any more. Post the recording in another channel."
)

# --- last and LINK ------------------------------------------------------------------------------

NOT_A_LINK = (
    "That is not a link to a Slack message or file. "
    "Choose “Copy link” in the menu of a message and send `{command} LINK`."
)
ONE_LINK = "I take one link at a time, so I did nothing. Send `{command} LINK` with the link alone."
# One text for what does not exist and for what the person may not see: it must not tell which.
NOT_FOUND = (
    "I can't find that message in a conversation that both of us can see. It may have been deleted; "
    "and in a private channel you first have to invite me: /invite @{bot_name}"
)
FILE_NOT_FOUND = (
    "I can't find that file in a conversation that both of us can see. It may have been deleted; if it was "
    "posted only just now, copy the link of its message instead and send `{command} LINK`."
)
MESSAGE_DELETED = "That message was deleted. If you still have the recording, post it again."
RECORDING_DELETED = "The recording in that message was deleted. If you still have it, post it again."
NO_RECORDING = "There is no audio or video file in that message. Copy the link of one that has a recording."
NO_LAST = (
    "There is no recording among the last 100 messages here (threads not counted). "
    "Copy the link of the message that has one and send `{command} LINK`."
)
# These end with the link of the message.
ON_IT = "On it: the English will stand in the thread of "
ON_SOME = (
    "On it: {started} of {of} recordings, the others are translated or on their way. "
    "The English will stand in the thread of "
)
ON_MISSING = "On it: I try again only what was missing. It will stand in the thread of "
ASKING_FIRST = (
    "That is a long recording, so I ask first whether it is meant: the question stands in the thread of "
)
RUNNING = "That is already being translated: the English will stand in the thread of "
DONE = "That is already translated: the English stands in the thread of "
NO_SPEECH = "I have listened to that already and heard no speech: I said so in the thread of "
THAT_MESSAGE = "that message."

# --- buttons ------------------------------------------------------------------------------------

# These stand where the buttons were, for everybody. A press doesn't say what our command is called here.
PRESSED_ON_IT = "On it: what comes stands below."
PRESSED_BEFORE = "Somebody asked for this already: what came of it stands in this thread."
PRESSED_NO = "Not translated, as asked. Who wants it all the same can ask for it by its link."
STILL_ENDING = "I am still busy with this recording. Wait a few seconds and press the button again."
FORGOTTEN = (
    "I no longer know this recording: what I have done is forgotten after a week. "
    "Copy the link of its message and send that with my command."
)
PRESS_BROKE = (
    "Something went wrong on my side, and I can't say whether that was done. Press the button once more; "
    "if it doesn't help, tell the person who runs {bot_name}."
)

# --- trouble ------------------------------------------------------------------------------------

SLACK_SILENT = "Slack isn't answering me right now, so nothing was changed or started. Try again in a minute."
SLACK_REFUSES = (
    "Slack doesn't let me look at this conversation, so nothing was changed or started. "
    "Ask an admin to reinstall the app."
)
BROKE = (
    "Something went wrong on my side, and I can't say whether that was done. Send the command once more; "
    "if it doesn't help, tell the person who runs {bot_name}."
)


@dataclass(frozen=True, slots=True)
class Note:
    """What is said below an answer, with what people wrote, if it is about that."""

    text: str
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person reads: our own `text`, with code in backticks; then `link`, the message it is about.

    An empty `link` is a message whose address we don't have; None is no message at all. `quoted` are
    people's own words; they stand below in a quote, exactly as they are. `notes` follow under that.
    """

    text: str
    link: str | None = None
    quoted: str = ""
    notes: tuple[Note, ...] = ()


def listed(terms: Iterable[str]) -> str:
    """Write terms so that they can be typed again just like this."""
    return ", ".join(f'"{term}"' if re.search(BETWEEN_TERMS, term) else term for term in terms)


def as_message(answer: Answer) -> dict[str, Any]:
    """Make the ephemeral message: blocks that apply no markup to people's words, and a fallback text."""
    elements = with_code(answer.text)
    fallback = escape(answer.text)
    if answer.link:
        elements.append({"type": "link", "url": answer.link})
        fallback += f"<{escape(answer.link)}>"
    elif answer.link is not None:
        elements.append(plain(THAT_MESSAGE))
        fallback += THAT_MESSAGE
    parts = [_section(elements), *_quote(answer.quoted)]
    lines = [fallback, *_escaped(answer.quoted)]
    for note in answer.notes:
        # After a quote a new line begins by itself.
        gap = [] if parts[-1]["type"] == "rich_text_quote" else [plain("\n")]
        parts += [_section([*gap, *with_code(note.text)]), *_quote(note.quoted)]
        lines += [escape(note.text), *_escaped(note.quoted)]
    return {
        "response_type": "ephemeral",
        "text": "\n".join(lines),
        "blocks": [{"type": "rich_text", "elements": parts}],
    }


def _section(elements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": elements}


def _quote(text: str) -> list[dict[str, Any]]:
    return [{"type": "rich_text_quote", "elements": [plain(text)]}] if text else []


def _escaped(text: str) -> list[str]:
    return [escape(text)] if text else []
