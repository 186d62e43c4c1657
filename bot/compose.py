"""What a reply says and looks like: an ending becomes messages, and perhaps a file that goes along.

Pure functions. Everything that stands in a message is built by `rich_text.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.document import Document, document_of
from bot.ending import Ending, EndingName
from bot.rich_text import Message, block, bold, escape, heading_of, plain, split, with_code

if TYPE_CHECKING:
    from bot.join import Whole
    from bot.share import Job, Share
    from bot.terms import Terms

# Whoever posts a reply finds all of its words here.
__all__ = [
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

# Slack's best practice is 4,000 characters a message; the rest is room for a heading.
PART_CHARACTERS = 3_500
NO_SPEECH_TEXT = "I heard no speech in this recording."

# The buttons of a reply; the `value` of each is the job's id. Where they are pressed: surfaces/buttons.py.
RETRY_MISSING, MISSING_BLOCK = "retry_missing", "dragoman_missing"
CONFIRM_YES, CONFIRM_NO, CONFIRM_BLOCK = "confirm_yes", "confirm_no", "dragoman_confirm"


@dataclass(frozen=True, slots=True)
class Reply:
    """Everything that answers a share: its messages, in their order, and then perhaps a file."""

    messages: tuple[Message, ...]
    document: Document | None = None


def compose_reply(job: Job, ending: Ending, said: str | Whole, *, terms: Terms) -> Reply:  # noqa: ARG001 -- comes next
    """Give the reply for an ending; one without messages where nothing is to be posted.

    `said` is the translation; what a failure says; or the length in seconds, for the question whether
    so long a recording shall be translated.
    """
    name = _name_of(job.share)
    match ending.name:
        case EndingName.TRANSLATED if not isinstance(said, str):
            return Reply(_compose_short(said.text, file_name=name), document_of(job, said))
        case EndingName.NO_SPEECH:
            return Reply(compose_notice(NO_SPEECH_TEXT, file_name=name))
        case EndingName.FAILED:
            return Reply(compose_notice(str(said), file_name=name))
        case _:
            return Reply(())


def compose_notice(text: str, *, file_name: str) -> tuple[Message, ...]:
    """Give the one message that says `text`, our own words; `…` in backticks is shown as code."""
    heading = [bold(f"{file_name}\n")] if file_name else []
    return (Message(_under(file_name, text), (block(*heading, *with_code(text)),)),)


def _name_of(share: Share) -> str:
    """Name the file where the message has several; Slack Connect's files may come without a name."""
    return (share.file.name or f"recording {share.position} of {share.of}") if share.of > 1 else ""


def _compose_short(text: str, *, file_name: str) -> tuple[Message, ...]:
    parts = split(text.strip(), PART_CHARACTERS)
    messages = []
    for number, part in enumerate(parts, start=1):
        heading = heading_of(file_name, number, len(parts))
        head = [bold(f"{heading}\n")] if heading else []
        messages.append(Message(_under(heading, part), (block(*head, plain(part)),)))
    return tuple(messages)


def _under(heading: str, text: str) -> str:
    return escape(f"{heading}\n{text}" if heading else text)
