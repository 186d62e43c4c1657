"""What the value of an environment variable must look like; each check raises the remedy in words.

No message repeats a value: what stands in a wrong variable is too often a secret meant for another.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ENGINES = ("translations", "two-step", "local")
# What a pasted value gives itself away by, what it is, and the variables it may stand in.
_GIVEAWAYS = (
    (r"(xoxe\.)?xoxb-", "a bot token", "SLACK_BOT_TOKEN"),
    (r"xapp-", "an app token", "SLACK_APP_TOKEN"),
    (r"(xoxe\.)?xoxp-", "a user token", ""),
    (r"xoxe-", "a refresh token", ""),
    (r"xox[a-z]-", "a token of another kind", ""),
    (r"sk-.{8}", "an endpoint's key", "COMETAPI_KEY"),
)


def check_text(name: str, value: str) -> None:
    """Refuse what a hand or a platform puts around or into a value by accident."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'`":
        msg = "stands in quotes: remove them"
        raise ValueError(msg)
    if not value.isprintable():
        # Line ends among them: a secret pasted together with the line below it.
        msg = "contains a line break or an invisible character: copy it again"
        raise ValueError(msg)
    for pattern, what, where in _GIVEAWAYS:
        if re.match(pattern, value):
            if name != where:
                remedy = f"put it into {where}" if where else "it is of no use here"
                msg = f"holds the wrong value: this looks like {what}, {remedy}"
                raise ValueError(msg)
            return


def plain(value: str) -> str:
    """Refuse what no token, key or name contains: it would break the header it is sent in."""
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        msg = "contains a space or a character that does not belong there: copy it again"
        raise ValueError(msg)
    return value


def bot_token(value: str) -> str:
    """Take a bot token, also one that rotates."""
    if not re.match(r"(xoxe\.)?xoxb-.", value):
        msg = "must start with xoxb-: copy the Bot User OAuth Token from OAuth & Permissions"
        raise ValueError(msg)
    return plain(value)


def app_token(value: str) -> str:
    """Take an app-level token."""
    if not re.match(r"xapp-.", value):
        msg = "must start with xapp-: create an app-level token with the scope connections:write"
        raise ValueError(msg)
    return plain(value)


def base_url(value: str) -> str:
    """Take an http or https address to which a path can be added; give it without a last slash."""
    try:
        parts = urlsplit(value)
        # A port that is no number raises only when it is asked for.
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or re.search(r"[\s\\]", value):
        msg = "must be a whole address that starts with https:// or http://"
        raise ValueError(msg)
    if "@" in parts.netloc:
        msg = "must not contain a user or a password: leave out what stands before the @"
        raise ValueError(msg)
    if "?" in value or "#" in value:
        msg = "must end with its path: leave out what follows the ? or the #"
        raise ValueError(msg)
    return value.rstrip("/")


def slack_url(value: str) -> str:
    """Take the Web API's base; slack_sdk joins method names to it, so it ends with a slash."""
    return base_url(value) + "/"


def host(value: str) -> str:
    """Take an address or a host name to listen on."""
    try:
        return str(ipaddress.ip_address(value.strip("[]")))
    except ValueError:
        if re.fullmatch(r"[A-Za-z0-9._-]+", value):
            return value
    msg = "must be a host name or an address alone, such as 127.0.0.1: the port stands in PORT"
    raise ValueError(msg)


def whole_number(value: object) -> int:
    """Read digits and nothing else: int() would also take "3_000", "+3" and digits of other scripts."""
    if not re.fullmatch(r"[0-9]{1,6}", str(value)):
        msg = "must be a whole number"
        raise ValueError(msg)
    return int(str(value))


def port(value: int) -> int:
    """Take a port; 0 lets the system choose one."""
    highest = 65535
    if value > highest:
        msg = f"must be a port, from 1 to {highest}"
        raise ValueError(msg)
    return value


def at_least_one(value: int) -> int:
    """Take a number that lets something happen."""
    if value < 1:
        msg = "must be 1 or more"
        raise ValueError(msg)
    return value


def price(value: object) -> float:
    """Read a price in US dollars: digits and a point, since float() would also take "nan", "1e9" and "-1"."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", str(value)):
        msg = "must be a price in US dollars without a sign, such as 0.006"
        raise ValueError(msg)
    return float(str(value))


def alert_channel(value: str) -> str:
    """Take the id of a conversation or a person; names change, and chat.postMessage wants ids."""
    if not re.fullmatch(r"[CGDUW][A-Z0-9]+", value):
        msg = "must be the id of a channel or a person, such as C0123456789: copy it from Slack's details"
        raise ValueError(msg)
    return value


def engine(value: str) -> str:
    """Take an engine that there is."""
    if value not in ENGINES:
        msg = f"must be one of {', '.join(ENGINES)}"
        raise ValueError(msg)
    return value


def folder(value: str | Path) -> Path:
    """Take a folder, and fix it: a later change of the working directory moves nothing.

    `.env` is read by no shell, so nobody else turns ~ into the home folder.
    """
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:
        msg = "starts with a ~ that leads to no home folder: write the whole path"
        raise ValueError(msg) from None


def database_url(value: str) -> str:
    """Take SQLite or PostgreSQL, and give it in one spelling: platforms write postgres://."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):  # no address at all, or a port that is no number
        url = None
    if url is None or url.drivername not in {"sqlite", "postgres", "postgresql"}:
        msg = "must be sqlite:///path or postgresql://user:password@host:5432/name"
        raise ValueError(msg)
    if url.drivername == "sqlite":
        if url.host or url.query or url.database in {None, "", ":memory:"}:
            msg = "must name a file, such as sqlite:///data/dragoman.db: jobs outlive the process"
            raise ValueError(msg)
        return value
    if "@" in (url.host or ""):
        msg = "has an @ in its user or password: write it as %40"
        raise ValueError(msg)
    if not url.database:
        msg = "names no database: end it with the name, such as postgresql://user:password@host:5432/name"
        raise ValueError(msg)
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
