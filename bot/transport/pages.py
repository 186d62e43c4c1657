"""The pages that tell how we are: /healthz, /readyz and /metrics, in both modes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot import __version__

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CHECK_SECONDS = 2


class Readiness:
    """Knows why we are not ready, if so: each check gives a reason, or an empty text."""

    def __init__(self) -> None:
        self._checks: dict[str, Callable[[], Awaitable[bool]]] = {}
        self._is_stopping = False

    def add(self, reason: str, check: Callable[[], Awaitable[bool]]) -> None:
        """Be unready for `reason` while `check` says False, raises or takes over two seconds."""
        self._checks[reason] = check

    def remove(self, reason: str) -> None:
        """Forget a check."""
        self._checks.pop(reason, None)

    def stop(self) -> None:
        """Be unready from now on: SIGTERM came."""
        self._is_stopping = True

    async def reasons(self) -> list[str]:
        """Give all reasons why we are not ready; none means ready."""
        checks = dict(self._checks)  # a start that goes on meanwhile adds some, and takes some away
        passed = await asyncio.gather(*(self._passes(check) for check in checks.values()))
        reasons = [reason for reason, is_good in zip(checks, passed, strict=True) if not is_good]
        return ["stopping", *reasons] if self._is_stopping else reasons

    @staticmethod
    async def _passes(check: Callable[[], Awaitable[bool]]) -> bool:
        try:
            return await asyncio.wait_for(check(), CHECK_SECONDS)
        except Exception:  # noqa: BLE001 -- whatever breaks a check, we are not ready
            return False


def add_pages(router: web.UrlDispatcher, readiness: Readiness, registry: CollectorRegistry) -> None:
    """Put the three pages on a server."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "version": __version__})

    async def readyz(_request: web.Request) -> web.Response:
        reasons = await readiness.reasons()
        return web.json_response({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    router.add_get("/healthz", healthz)
    router.add_get("/readyz", readyz)
    router.add_get("/metrics", metrics)
