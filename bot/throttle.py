"""Slowing down whoever tries too often."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from crm.refusal import RefusedError


class TooOftenError(RefusedError):
    """Too many tries; the next one counts after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"尝试太频繁，请 {seconds} 秒后再试。")
        self.seconds = seconds


class Throttle:
    """At most `limit` tries in `seconds` by one name; remembers the latest 10,000 names.

    A refused try does not count, so whoever waits as told gets in.
    """

    NAMES = 10_000

    def __init__(
        self, *, limit: int, seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._monotonic = monotonic
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Count a try; TooOftenError if there were too many."""
        now = self._monotonic()
        tries = self._tries.setdefault(name, deque())
        self._tries.move_to_end(name)
        while len(self._tries) > self.NAMES:
            self._tries.popitem(last=False)
        while tries and tries[0] <= now - self._seconds:
            tries.popleft()
        if len(tries) >= self._limit:
            raise TooOftenError(math.ceil(tries[0] + self._seconds - now))
        tries.append(now)
