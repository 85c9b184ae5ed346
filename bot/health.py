"""Whether this process lives, can work, and what it has counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from bot.metrics import Metrics

log = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[bool]]


def routes(
    database: Probe,
    queue: Probe,
    metrics: Metrics,
    gauges: Callable[[], Awaitable[Mapping[str, float]]],
) -> list[web.RouteDef]:
    """/healthz, /readyz and /metrics. A lost queue only slows us down; a lost database stops us."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_: web.Request) -> web.Response:
        try:
            await asyncio.wait_for(database(), 2)
        except Exception as fault:
            log.warning("not ready", extra={"fault": type(fault).__name__})
            return web.json_response({"database": False}, status=503)
        return web.json_response({"database": True, "queue": await queue()})

    async def counted(_: web.Request) -> web.Response:
        return web.Response(text=metrics.text(await gauges()))

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", counted),
    ]
