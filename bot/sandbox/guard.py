"""Who may talk to the sandbox: rules by table, so that no web page but its own gets in.

A page from elsewhere can make a browser send requests to this machine, also under a name of its own that
leads here (DNS rebinding). So each request must name this address, none may come from another page (an app
says nothing of where it comes from), and what acts on the page must say that it comes from there.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bot.sandbox.answers import bearer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.typedefs import Middleware

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE: Final = "/page/"
HOST: Final = "127.0.0.1"
OWN_NAMES: Final = (HOST, "localhost")
FROM_HERE: Final = frozenset({"same-origin", "none"})  # `none`: the address was typed, or opened by a program
NOT_FOR_PEOPLE: Final = frozenset({"do", "see", "live"})  # what the page's own code asks for
LED_HERE: Final = (
    "Another page led here, which the sandbox does not allow. To open it, copy the address from the terminal "
    "into the address bar.\n"
)
NOT_HERE: Final = (
    "There is nothing at this address. The page's address is printed in the terminal where the sandbox "
    "runs, and changes with every start: open it from there.\n"
)

# What the page may do: load its own files, play its own sound, talk to its own server. `%s` is the host;
# not every browser counts a websocket to it as 'self'.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self' ws://%s; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What no request to an address `below` may do; `is_broken` gets it and the port of the server."""

    name: str
    below: str
    is_broken: Callable[[web.Request, int], bool]
    words: str


def _names_another_host(request: web.Request, port: int) -> bool:
    return _host(request) not in _own_hosts(port)


def _comes_from_another_page(request: web.Request, _: int) -> bool:
    given = request.headers.getall("Origin", [])
    return bool(given) and given != [f"http://{_host(request)}"]


def _hides_where_it_comes_from(request: web.Request, _: int) -> bool:
    is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
    return (is_websocket or request.method not in {"GET", "HEAD"}) and "Origin" not in request.headers


def _was_started_elsewhere(request: web.Request, _: int) -> bool:
    return any(said not in FROM_HERE for said in request.headers.getall("Sec-Fetch-Site", []))


# fmt: off
RULES: Final = (
    #    name              below  is broken                   what is wrong
    Rule("host",           "",    _names_another_host,        "the Host header names another address"),
    Rule("origin",         "",    _comes_from_another_page,   "the request comes from another page"),
    Rule("no_origin",      PAGE,  _hides_where_it_comes_from, "there is no Origin header"),
    Rule("sec_fetch_site", "",    _was_started_elsewhere,     "another site started the request"),
)
# fmt: on


class Guard:
    """Stands before every route. `port` is asked at each request, as the system may choose it late."""

    def __init__(self, token: str, port: Callable[[], int]) -> None:
        self._token = token
        self._port = port

    def broken_rule(self, request: web.Request) -> Rule | None:
        """Give the first rule that a request breaks."""
        port = self._port()
        concerned = (rule for rule in RULES if request.path.startswith(rule.below))
        return next((rule for rule in concerned if rule.is_broken(request, port)), None)

    @property
    def middleware(self) -> Middleware:
        """Give what the web application calls before a route."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            rule = self.broken_rule(request)
            if rule is None:
                return await handler(request)
            if rule.is_broken is _was_started_elsewhere and _is_opened_by_a_person(request):
                return web.Response(status=403, text=LED_HERE)
            body = {"ok": False, "error": f"refused_{rule.name}", "rule": rule.words}
            return web.json_response(body, status=403)

        return guard

    async def protect(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give each answer about the page its headers, a websocket's and a refusal's too."""
        if request.path.startswith(PAGE) or request.path == "/":
            host = _host(request)
            response.headers.update(HEADERS)
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY % (
                host if host in _own_hosts(self._port()) else HOST
            )

    def has_token(self, given: str) -> bool:
        """Say whether this is the token, in a time that tells nothing about it."""
        return hmac.compare_digest(given.encode(errors="replace"), self._token.encode())

    def by_bearer(self, handler: Handler) -> Handler:
        """Let only who has the token in its Authorization header in."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.has_token(bearer(request)):
                return web.json_response({"ok": False, "error": "wrong control token"}, status=403)
            return await handler(request)

        return guarded

    def by_address(self, handler: Handler) -> Handler:
        """Let only who has the token in the address in; others learn where to find it."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.has_token(request.match_info["token"]):
                return not_here()
            return await handler(request)

        return guarded


def not_here() -> web.Response:
    """Say in plain words that the address is not the page's."""
    return web.Response(status=404, text=NOT_HERE)


def _is_opened_by_a_person(request: web.Request) -> bool:
    """Say whether somebody who followed a link reads the answer."""
    parts = request.path.split("/")
    return (
        request.method == "GET"
        and (request.path == "/" or parts[1] == "page")
        and NOT_FOR_PEOPLE.isdisjoint(parts[3:4])
    )


def _own_hosts(port: int) -> frozenset[str]:
    """Give what the Host header may say; browsers leave the usual port out."""
    usual = 80
    return frozenset(f"{name}:{port}" for name in OWN_NAMES) | (
        frozenset(OWN_NAMES) if port == usual else frozenset()
    )


def _host(request: web.Request) -> str:
    """Give the Host header; of several none is believed."""
    given = request.headers.getall("Host", [])
    return given[0].lower() if len(given) == 1 else ""
