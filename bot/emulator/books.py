"""What an emulated platform counts and remembers: tokens it gave out, calls it lets through."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.emulator.faults import Faults


class TokenBook:
    """The access tokens of one app, by the desk's clock.

    While the newest token lives, asking again returns the same one, as the platforms do. When
    `faults.revoked` is set every token is refused until a new one is asked for. `renews`: asking
    again gives the same token its whole life back.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        faults: Faults,
        *,
        life: int = 7200,
        renews: bool = False,
    ) -> None:
        self.life = life
        self._renews = renews
        self._now = now
        self._faults = faults
        self._until: OrderedDict[str, datetime] = OrderedDict()

    def issue(self, *, renew_below: float = 0) -> tuple[str, int]:
        """A token and the seconds it has left; a new one when `renew_below` or fewer are left."""
        now = self._now()
        if self._faults.revoked:
            self._until.clear()
            self._faults.revoked = False
        for token, until in self._until.items():
            left = (until - now).total_seconds()
            if left > renew_below:
                if self._renews:
                    self._until[token], left = now + timedelta(seconds=self.life), self.life
                return token, int(left)
        token = secrets.token_urlsafe(32)
        self._until[token] = now + timedelta(seconds=self.life)
        while len(self._until) > 4:
            self._until.popitem(last=False)
        return token, self.life

    def state(self, token: str) -> str:
        """Tell "ok", "expired" or "unknown" (never given out, or revoked)."""
        until = self._until.get(token)
        if until is None or self._faults.revoked:
            return "unknown"
        return "ok" if self._now() < until else "expired"


class Frequency:
    """At most `limit` in any `seconds`, for each key; the longest idle keys are forgotten."""

    KEYS = 2000

    def __init__(self, now: Callable[[], datetime], limit: int, seconds: float) -> None:
        self._now = now
        self._limit = limit
        self._span = timedelta(seconds=seconds)
        self._taken: OrderedDict[str, deque[datetime]] = OrderedDict()

    def take(self, key: str = "") -> bool:
        """Count one; False when it is one too many (and is then not counted)."""
        now = self._now()
        times = self._taken.setdefault(key, deque())
        self._taken.move_to_end(key)
        while len(self._taken) > self.KEYS:
            self._taken.popitem(last=False)
        while times and now - times[0] >= self._span:
            times.popleft()
        if len(times) >= self._limit:
            return False
        times.append(now)
        return True


T = TypeVar("T")


class Recent(Generic[T]):
    """A dictionary that keeps only the newest `keep` entries."""

    def __init__(self, keep: int = 2000) -> None:
        self._keep = keep
        self._items: OrderedDict[str, T] = OrderedDict()

    def __setitem__(self, key: str, value: T) -> None:
        self._items[key] = value
        while len(self._items) > self._keep:
            self._items.popitem(last=False)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def get(self, key: str) -> T | None:
        return self._items.get(key)

    def pop(self, key: str) -> T | None:
        return self._items.pop(key, None)
