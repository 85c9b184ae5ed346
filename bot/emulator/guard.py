"""Who may talk to the emulator's pages: this machine's browser, on the pages' own behalf."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Collection
from functools import wraps

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guarded(answer: Answer, known: Collection[str]) -> Answer:
    """Refuse names that may be another site's (DNS rebinding) and requests of other sites.

    A bare IP address is safe: only a name can be re-pointed at this machine.
    """

    @wraps(answer)
    async def checked(request: web.Request) -> web.StreamResponse:
        name = request.url.host or ""
        if name.lower() not in known and not _is_address(name):
            raise web.HTTPForbidden(text="请用 http://127.0.0.1 或 http://localhost 打开演示页面")
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            raise web.HTTPForbidden(text="只接受本页面发出的请求")
        return await answer(request)

    return checked


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
