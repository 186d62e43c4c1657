"""Send every log line, ours and the libraries', through one pipe: ids as fields, secrets masked.

Two things must never happen. slack_sdk writes message texts at DEBUG and Bolt writes whole bodies at
INFO, so libraries are heard from WARNING on only. And a token must not stand in a log, not even in
an exception that somebody else worded, so every value is masked as the last step before it is printed.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from structlog.typing import EventDict, Processor, WrappedLogger

OURS = "bot"

# Field names whose value is a secret whatever it looks like.
_SECRET_NAME = re.compile(r"token|secret|password|authorization|cookie|api_?key", re.IGNORECASE)

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Slack's tokens, the rotating ones first: xoxe.xoxb-1-…
    (re.compile(r"((?:xoxe\.)?xox[a-z]|xapp|xwfp)-[\w%.-]+", re.IGNORECASE), r"\1-***"),
    (re.compile(r"\b(bearer|basic)(\s+|%20)[\w.~+/=%-]+", re.IGNORECASE), r"\1 ***"),
    # The look-behind keeps words such as "task-…" and "disk-…" readable.
    (re.compile(r"(?<![A-Za-z0-9])(sk|rk|pk)-[\w-]{8,}"), r"\1-***"),
    # An address's user and password, greedily: a password may contain an @ or a slash itself.
    (re.compile(r"([a-z][a-z0-9+.-]*://)[^\s\"'<>?#]*@", re.IGNORECASE), r"\1***@"),
    # response_url and upload_url let whoever has them write into a conversation.
    (re.compile(r"(https?://hooks\.slack\.com)/[^\s\"'<>]+", re.IGNORECASE), r"\1/***"),
    (re.compile(r"(https?://[^/\s\"'<>]+/upload/)[^\s\"'<>]+", re.IGNORECASE), r"\1***"),
    # What follows the ? of an address: tickets, signatures, keys.
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s\"'<>?#]*)\?[^\s\"'<>]+", re.IGNORECASE), r"\1?***"),
)


def configure(
    level: str = "info",
    log_format: str = "",
    stream: TextIO | None = None,
    *,
    secrets: Collection[str] = (),
) -> None:
    """Set logging up for the whole process; called once, by the command line.

    `log_format` is `pretty` or `json`; empty chooses by whether `stream` (stderr) is a terminal.
    `secrets` are this process's own, masked wherever they appear whatever their shape.
    """
    stream = sys.stderr if stream is None else stream
    ours = logging.getLevelNamesMapping()[level.upper()]
    libraries = max(ours, logging.WARNING)
    handler = _OneLineHandler(stream)
    handler.addFilter(lambda record: record.levelno >= (ours if _is_ours(record.name) else libraries))
    is_pretty = log_format == "pretty" or (log_format != "json" and stream.isatty())
    handler.setFormatter(_formatter(is_pretty=is_pretty, colors=stream.isatty(), secrets=secrets))
    _own(logging.getLogger(), handler, libraries)
    logging.getLogger(OURS).setLevel(ours)
    # DBOS gives its logger a handler of its own unless it finds one there, and cuts it off the root.
    dbos = logging.getLogger("dbos")
    _own(dbos, handler, libraries)
    dbos.propagate = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def mask(text: str, *, secrets: Collection[str] = ()) -> str:
    """Hide whatever looks like a token, a key or an address's private parts, and the given secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


class _OneLineHandler(logging.StreamHandler[TextIO]):
    """A handler whose own trouble stays silent.

    The standard one prints a traceback with the line's arguments to stderr, unmasked.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the standard library's name
        """Drop the line: a full disk or a closed terminal must not stop the bot."""


def _own(logger: logging.Logger, handler: logging.Handler, level: int) -> None:
    """Make `handler` the only one of `logger`."""
    logger.handlers[:] = [handler]
    logger.setLevel(level)


def _is_ours(name: str) -> bool:
    return name == OURS or name.startswith(OURS + ".")


def _shared() -> list[Processor]:
    """List what our lines and the libraries' go through alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Plain text: rich tracebacks print local variables, and those hold texts and tokens.
        structlog.processors.format_exc_info,
    ]


def _formatter(
    *, is_pretty: bool, colors: bool, secrets: Collection[str]
) -> structlog.stdlib.ProcessorFormatter:
    renderer: Processor = structlog.processors.JSONRenderer(sort_keys=False)
    if is_pretty:
        renderer = structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _masker(secrets),
            renderer,
        ],
    )


def _masker(secrets: Collection[str]) -> Processor:
    """Give the processor that masks every value of a line, however deep it lies."""
    # A word of a few letters is no secret worth hiding, and would blot out half of every line.
    shortest = 6
    kept = tuple(secret for secret in secrets if len(secret) >= shortest)

    def hide(text: str) -> str:
        return mask(text, secrets=kept)

    def processor(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return _hidden_fields(event, hide)

    return processor


def _hidden_fields(fields: Mapping[Any, Any], hide: Callable[[str], str]) -> dict[str, Any]:
    return {
        hide(str(name)): "***" if value and _SECRET_NAME.search(str(name)) else _hidden(value, hide)
        for name, value in fields.items()
    }


def _hidden(value: object, hide: Callable[[str], str]) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return _hidden_fields(value, hide)
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(item, hide) for item in value]
    # Anything else is printed as text in the end: exceptions, paths, addresses, dates.
    return hide(str(value))
