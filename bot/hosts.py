"""Say which addresses may see the bot's token: Slack's own, and nobody else's.

Addresses of files come from outside. They are read here by the same parser that later connects, so
no spelling can show one host to the check and another to the connection.
"""

from __future__ import annotations

import re

import httpx

from bot.errors import ForeignHostError

SLACK_DOMAINS = ("slack.com", "slack-edge.com", "slack-files.com", "slack-gov.com")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]+")


def allowed(address: str | httpx.URL, *, api_url: str) -> httpx.URL:
    """Give `address` ready to be fetched with the token, or raise ForeignHostError.

    Allowed are https on Slack's domains and their subdomains, port 443, and exactly the origin of
    `api_url` (scheme, host, port): the embedded sandbox or a proxy that stands for Slack.
    """
    try:
        url = httpx.URL(address)
        home = httpx.URL(api_url)
    except (httpx.InvalidURL, ValueError) as error:
        raise ForeignHostError(detail="address cannot be read") from error
    # `https://slack.com@elsewhere/`: nothing of Slack's has a user in its address.
    if url.userinfo or "\\" in str(address):
        raise ForeignHostError(detail="address with a user in it")
    host = _host(url)
    if (url.scheme, host, url.port) == (home.scheme, _host(home), home.port):
        return url.copy_with(host=host)
    if url.scheme == "https" and url.port is None and _is_slack(host):
        return url.copy_with(host=host)
    raise ForeignHostError(detail=f"{url.scheme}://{host}")


def _host(url: httpx.URL) -> str:
    """Give the host as it is connected to: punycode, lower case, without the root's final dot."""
    return url.raw_host.decode("ascii").lower().removesuffix(".")


def _is_slack(host: str) -> bool:
    return _HOST.fullmatch(host) is not None and any(
        host == domain or host.endswith(f".{domain}") for domain in SLACK_DOMAINS
    )
