"""Which file goes along with a reply, and its words as messages where no file may go along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.join import Whole
    from bot.rich_text import Message
    from bot.share import Job


@dataclass(frozen=True, slots=True)
class Document:
    """A text file that goes along with a reply: subtitles, the whole of a long text, the API's own JSON."""

    name: str
    content: str

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.content.encode("utf-8", "replace")


def document_of(job: Job, whole: Whole) -> Document | None:  # noqa: ARG001 -- comes next
    """Give the file that goes along with the translation of `job`, if one does."""
    return None


def as_text(document: Document) -> Document:
    """Give the same words under a name that Slack takes everywhere."""
    return Document(f"{document.name}.txt", document.content)


def as_messages(document: Document) -> tuple[Message, ...]:  # noqa: ARG001 -- comes next
    """Give the content as messages, for where no upload is possible."""
    return ()
