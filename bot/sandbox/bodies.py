"""Read what is posted to the sandbox: bounded, strict about JSON, and every fault of it in words."""

from __future__ import annotations

import json
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.sandbox.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BODY_BYTES: Final = 4 * 1024**2
MOST_LETTERS_SHOWN: Final = 80
TOO_MUCH: Final = f"the body has over {MOST_BODY_BYTES} bytes"


@contextmanager
def reading(request: web.Request) -> Iterator[web.Request]:
    """Give the request to read a bounded body from; one that cannot be read is a `ValueError`."""
    try:
        yield request.clone(client_max_size=MOST_BODY_BYTES)
    except web.HTTPRequestEntityTooLarge as error:
        raise RefusedError(code="too_large", rule=TOO_MUCH, status=413) from error
    except (web.RequestPayloadError, HttpProcessingError, LookupError) as error:
        said = error.message if isinstance(error, HttpProcessingError) else str(error)
        message = f"the body cannot be read: {said}"
        raise ValueError(message) from error


def strict_json(text: str) -> Any:  # noqa: ANN401 -- JSON from outside
    """Read JSON without NaN and endless numbers: Python would write them again, and no browser reads them."""
    value = json.loads(text)
    json.dumps(value, allow_nan=False)
    return value


def let_go(request: web.Request, response: web.StreamResponse) -> None:
    """End the connection behind a body that was not read whole: nothing may follow on what is left of it."""
    body = request.content
    if body.exception() is not None:
        body.feed_eof()  # or the server would wait for the rest, and print a traceback instead
        response.force_close()
    elif not body.at_eof():
        response.force_close()


def is_count(value: object) -> bool:
    """Say whether this is a number that is finite and not negative; `True` is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value >= 0


def visible(text: str) -> str:
    """Give a name from outside as it may stand in a log: short, and without signs that steer a terminal."""
    signs = (one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return "".join(signs)[:MOST_LETTERS_SHOWN]
