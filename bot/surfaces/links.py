"""Read the links that people paste: to a Slack message or to a Slack file. No link is ever fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from bot.surfaces.unescape import entities_undone

_SLACK_DOMAINS = (".slack.com", ".slack-gov.com")
_HOST = re.compile(r"[a-z0-9.-]+")
_MESSAGE = re.compile(r"/archives/([CDG][A-Z0-9]+)/p([0-9]{10,12})([0-9]{6})/?")
_FILE = re.compile(r"/files/[UW][A-Z0-9]+/(F[A-Z0-9]+)(/[^/]*)?/?")
_TS = re.compile(r"[0-9]{10,12}\.[0-9]{6}")
# A host, a slash and more: how links look when the scheme was not copied.
_BARE_ADDRESS = re.compile(r"[\w-]+(\.[\w-]+)+(:[0-9]+)?/\S", re.ASCII)
_TOKEN = re.compile(r"<([^<>|]*)(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class MessageLink:
    """A link to a message. `thread_ts` is the parent's where the link says so; `url` is the link itself."""

    channel_id: str
    ts: str
    thread_ts: str
    url: str


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link to a file, which says nothing about where the file was shared."""

    file_id: str


def looks_like_link(typed: str) -> bool:
    """Say whether people would call the typed word a link, to wherever it leads."""
    if typed.startswith("<"):
        return not typed.startswith(("<@", "<#", "<!"))
    return "://" in typed or bool(_BARE_ADDRESS.match(typed))


def read_link(typed: str, *, slack_origin: str) -> MessageLink | FileLink | None:
    """Read a link, with or without Slack's `<…|label>`; None where it leads to no Slack message or file.

    `slack_origin` is the address of the Web API: its host and port count as Slack's too.
    """
    token = _TOKEN.fullmatch(typed)
    address = entities_undone(token[1] if token else typed)
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        is_slack = _is_slack(parts, slack_origin)
    except ValueError:  # a port or an address in brackets that is none
        return None
    if not is_slack:
        return None
    if message := _MESSAGE.fullmatch(parts.path):
        return _message_link(parts, *message.groups())
    if file := _FILE.fullmatch(parts.path):
        return FileLink(file[1])
    return None


def _is_slack(parts: SplitResult, slack_origin: str) -> bool:
    """Say whether the link's host is Slack's; on a dot boundary, and nothing before an @ can pretend."""
    if parts.scheme not in {"https", "http"} or "@" in parts.netloc:
        return False
    host = parts.hostname or ""
    if parts.netloc.lower() == urlsplit(slack_origin).netloc.lower():
        return True
    return bool(_HOST.fullmatch(host)) and host.endswith(_SLACK_DOMAINS) and parts.port is None


def _message_link(parts: SplitResult, channel_id: str, seconds: str, fraction: str) -> MessageLink:
    """Put the link together again from what was understood of it, so that showing it is harmless."""
    url = f"{parts.scheme}://{parts.netloc.lower()}/archives/{channel_id}/p{seconds}{fraction}"
    ts, thread_ts = f"{seconds}.{fraction}", parse_qs(parts.query).get("thread_ts", [""])[0]
    if not _TS.fullmatch(thread_ts) or thread_ts == ts:
        return MessageLink(channel_id, ts, "", url)
    return MessageLink(channel_id, ts, thread_ts, f"{url}?thread_ts={thread_ts}&cid={channel_id}")
