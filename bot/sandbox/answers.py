"""The HTTP forms that a refusal can take, and where a token stands in a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from bot.sandbox.refusals import RefusedError

ERROR_PAGE = (
    "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Something went wrong</body></html>"
)
SIGN_IN_PAGE = """<!DOCTYPE html><html lang="en-US"><head><title>Sign in | Slack</title></head>
<body><h1>Sign in to sandbox.slack.com</h1><form action="/signin"><input name="email"></form></body></html>"""


def bearer(request: web.Request) -> str:
    """Give the token of the Authorization header; empty when there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def refused(request: web.Request, error: RefusedError) -> web.Response:
    """Tell the caller, or cut the connection so that he never hears what became of the call."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.form == "page":
        return web.Response(status=error.status, text=ERROR_PAGE, content_type="text/html", headers=headers)
    if error.form == "cut" and request.transport is not None:
        request.transport.abort()
    return web.json_response(error.body(), status=error.status, headers=headers)


def to_sign_in(request: web.Request) -> web.Response:
    """Lead to the sign-in page, as Slack does with every download that it refuses."""
    headers = {"Location": f"/signin?redir={request.path}", "x-slack-meta": "?;acl_fail"}
    return web.Response(status=302, headers=headers)


async def sign_in_page(_: web.Request) -> web.Response:
    """Show the page that people sign in at: 200, and HTML."""
    return web.Response(text=SIGN_IN_PAGE, content_type="text/html", charset="utf-8")
