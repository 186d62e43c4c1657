"""What a reply says and looks like: an ending becomes messages, and perhaps a file that goes along.

Pure functions. Everything that stands in a message is built by `rich_text.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.document import Document, document_of, is_long, is_plain, original_document
from bot.ending import Ending, EndingName
from bot.long_text import MESSAGE_CHARACTERS, ONE_MESSAGE_CHARACTERS, compose_long
from bot.original import label, language_name, original_of, original_quote
from bot.paragraphs import gaps_of, paragraphs_of, span_mark
from bot.rich_text import SENTENCE_END, Message, block, bold, escape, plain, under, weight, with_code

if TYPE_CHECKING:
    from bot.join import Gap, Whole
    from bot.share import Job, Share
    from bot.terms import Terms

# Whoever posts a reply finds all of its words here.
__all__ = [
    "ALREADY_ENGLISH_TEXT",
    "CONFIRM_BLOCK",
    "CONFIRM_NO",
    "CONFIRM_YES",
    "MISSING_BLOCK",
    "NO_SPEECH_TEXT",
    "RETRY_MISSING",
    "Document",
    "Message",
    "Reply",
    "compose_notice",
    "compose_reply",
    "escape",
]

MINUTE_SECONDS = 60
MOST_OF_A_NAME = 250
# chat.update, which puts words in a button's place, refuses a text over 4,000 characters.
MOST_WITH_BUTTONS = 3_800
SPOKEN_GAPS = 5

NO_SPEECH_TEXT = "I heard no speech in this recording."
ALREADY_ENGLISH_TEXT = (
    "This recording is already in English, so I left it as it is. "
    "If that is wrong, copy the message's link and send `/translate LINK`."
)
NO_SPEECH_IN_MISSING_TEXT = "I heard no speech in what was missing."
MISSING_HEADING = "What was missing:"
STILL_MISSING_TEXT = "What was missing could not be translated this time either."
TRY_AGAIN, YES, NO = "Try again", "Translate it", "No, thanks"

# The buttons of a reply; the `value` of each is the job's id. Where they are pressed: surfaces/buttons.py.
RETRY_MISSING, MISSING_BLOCK = "retry_missing", "dragoman_missing"
CONFIRM_YES, CONFIRM_NO, CONFIRM_BLOCK = "confirm_yes", "confirm_no", "dragoman_confirm"


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that answers a share: its messages, in their order, and then perhaps a file or two.

    `original` has the words as they were said, where these stand in no message.
    """

    messages: tuple[Message, ...]
    document: Document | None = None
    original: Document | None = None


def compose_reply(job: Job, ending: Ending, said: str | Whole, *, terms: Terms, why: str = "") -> Reply:
    """Give the reply for an ending; one without messages where nothing is to be posted.

    `said` is the translation; what a failure says; or the length in seconds, for the question whether
    so long a recording shall be translated. `why` is what the first gap of a translation failed of.
    """
    name = _name_of(job.share)
    match ending.name:
        case EndingName.TRANSLATED if not isinstance(said, str):
            return _compose_translation(job, said, name, why)
        case EndingName.NO_SPEECH:
            text = NO_SPEECH_IN_MISSING_TEXT if job.only else NO_SPEECH_TEXT
            return Reply(compose_notice(text, file_name=name))
        case EndingName.ALREADY_ENGLISH:
            return Reply(compose_notice(ALREADY_ENGLISH_TEXT, file_name=name))
        case EndingName.FAILED:
            text = _still_missing(str(said), ending) if job.only else str(said)
            return Reply((_notice(text, name, [_retry(job)] if ending.missing else []),))
        case EndingName.SKIPPED if ending.is_question:
            return Reply((_notice(_question(float(str(said)), terms), name, [_confirm(job)]),))
        case _:
            return Reply(())


def compose_notice(text: str, *, file_name: str) -> tuple[Message, ...]:
    """Give the one message that says `text`, our own words; `…` in backticks is shown as code."""
    return (_notice(text, file_name, []),)


def spell_length(seconds: float) -> str:
    """Say how long a recording is, as people do: 45 s, 3 min, 2 h 10 min."""
    if round(seconds) < MINUTE_SECONDS:
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(minutes_of(seconds), 60)
    return " ".join(([f"{hours} h"] if hours else []) + ([f"{minutes} min"] if minutes or not hours else []))


def minutes_of(seconds: float) -> int:
    """Round to minutes: wherever a length is told it is the same."""
    return round(seconds / MINUTE_SECONDS)


def _compose_translation(job: Job, whole: Whole, name: str, why: str) -> Reply:
    """Give the English, with the words as they were said under it, or in a file where they are many.

    The heading of these words says the language; without them a short text has a label that does.
    """
    *before, last = _english(job, whole, name)
    language, original, document = language_name(job, whole), original_of(job, whole), None
    if original and not before and _fits_under(original, last):
        last = under(last, original_quote(original, language))
    elif original:
        document = original_document(job, whole)
    if language and not before and not is_long(job, whole) and (document or not original):
        last = under(last, label(language))
    messages = _with_closing(job, whole, (*before, last), why)
    return Reply(messages, document_of(job, whole), document)


def _english(job: Job, whole: Whole, name: str) -> tuple[Message, ...]:
    if is_plain(job, whole):
        text = whole.text.strip()
        head = [bold(f"{name}\n")] if name else []
        return (Message(_under(name, text), (block(*head, plain(text)),)),)
    return compose_long(
        paragraphs_of(whole),
        name=name,
        openings=_openings(job, whole),
        is_short=not is_long(job, whole),
    )


def _fits_under(original: str, message: Message) -> bool:
    """Say whether a message holds the words as they were said, too, and people still like to read that."""
    both = weight(message.text) + weight(escape(original))
    return weight(original) <= ONE_MESSAGE_CHARACTERS and both <= MESSAGE_CHARACTERS


def _with_closing(job: Job, whole: Whole, messages: tuple[Message, ...], why: str) -> tuple[Message, ...]:
    """Add what is missing and the button that tries it again, in a message that can be edited."""
    if not whole.gaps:
        return messages
    closing = _notice(_missing(gaps_of(whole), why), "", [_retry(job)])
    *before, last = messages
    if weight(last.text) + weight(closing.text) > MOST_WITH_BUTTONS:
        return (*messages, closing)
    return (*before, under(last, closing))


def _openings(job: Job, whole: Whole) -> tuple[str, str]:
    """Say what a reply in paragraphs begins with: where it is one message, and where more follow."""
    if job.only:
        return MISSING_HEADING, MISSING_HEADING
    length, language = spell_length(whole.seconds), language_name(job, whole)
    if any(gap.is_open for gap in whole.gaps):  # how long all of it is nobody knows
        spoken = f", which is in {language}" if language else ""
        opening = f"Below is the English of the first {length} of this recording{spoken}."
        return opening, opening
    length = (
        f"This recording is {length} long, in {language}."
        if language
        else f"This recording is {length} long."
    )
    alone = f"{length} Below is its English." if is_long(job, whole) else ""
    return alone, f"{length} The rest follows below."


def _missing(gaps: list[Gap], why: str) -> str:
    spans = [span_mark(gap) for gap in gaps[:SPOKEN_GAPS]]
    more = f" and {len(gaps) - SPOKEN_GAPS} more" if len(gaps) > SPOKEN_GAPS else ""
    parts = "that part" if len(gaps) == 1 else "these parts"
    happened = f"{', '.join(spans)}{more} could not be translated."
    return _joined(
        happened[0].upper() + happened[1:],
        _first_sentence(why),
        f"Press the button and I try {parts} once more.",
    )


def _still_missing(text: str, ending: Ending) -> str:
    """Say that another try at the missing pieces brought nothing, and not what to do with the recording."""
    again = "Press the button to try once more." if ending.missing else ""
    return _joined(STILL_MISSING_TEXT, _first_sentence(text), again)


def _first_sentence(text: str) -> str:
    """Give what happened; what to do comes after it in all of our texts."""
    return text[: end.end()].rstrip() if (end := SENTENCE_END.search(text)) else text


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _question(seconds: float, terms: Terms) -> str:
    """Ask whether so long a recording shall be translated, with the price where it is known."""
    question = f"This recording is {spell_length(seconds)} long. Translate it?"
    if not terms.price_per_minute:
        return question
    # Rounded up: nobody minds paying less. Rounded first, or the error of a float would be a cent.
    cents = math.ceil(round(seconds / 60 * terms.price_per_minute * 100, 6))
    return f"{question} That costs about ${max(1, cents) / 100:,.2f}."


def _retry(job: Job) -> dict[str, Any]:
    return _actions(MISSING_BLOCK, _button(RETRY_MISSING, TRY_AGAIN, job))


def _confirm(job: Job) -> dict[str, Any]:
    yes = _button(CONFIRM_YES, YES, job) | {"style": "primary"}
    return _actions(CONFIRM_BLOCK, yes, _button(CONFIRM_NO, NO, job))


def _actions(block_id: str, *buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def _button(action_id: str, text: str, job: Job) -> dict[str, Any]:
    label = {"type": "plain_text", "text": text}
    return {"type": "button", "action_id": action_id, "text": label, "value": job.id}


def _notice(text: str, name: str, buttons: list[dict[str, Any]]) -> Message:
    head = [bold(f"{name}\n")] if name else []
    return Message(_under(name, text), (block(*head, *with_code(text)), *buttons))


def _name_of(share: Share) -> str:
    """Name the file where the message has several; Slack Connect's files may come without a name."""
    name = share.file.name or f"recording {share.position} of {share.of}"
    return name[:MOST_OF_A_NAME] if share.of > 1 else ""


def _under(heading: str, text: str) -> str:
    return escape(f"{heading}\n{text}" if heading else text)
