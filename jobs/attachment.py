"""Files that cards brought are forgotten when nobody asks for them any more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from jobs.inbox import House
from models import attachment

KEPT = timedelta(days=90)


def sweep(house: House, _: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[int]]:
    """Looks once a day; two processes that do so forget the same files."""
    swept: date | None = None

    async def drain() -> int:
        nonlocal swept
        today = house.now().astimezone(house.zone).date()
        if today == swept:
            return 0
        before = house.now() - KEPT
        gone = [await attachment.sweep(tenant, before=before) for tenant in house.tenants]
        swept = today
        return sum(gone)

    return drain
