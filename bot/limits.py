"""The platforms' frequency limits: the rule, and who keeps it when there is one process only."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.adapter import Address, Limit

BURST_SHARE = 4  # a quarter of a limit may leave at once


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit as GCRA keeps it, in seconds.

    Calls are `interval` apart, and a caller who was silent may be `tolerance` early. In any
    window of `seconds` that includes its begin and not its end, at most `calls` are let through:
    a burst of b, then one an interval, is b - 1 + ceil(seconds / interval) = calls. The price
    is a steady rate of (calls - b + 1) in `seconds`.
    """

    interval: float
    tolerance: float

    def wait(self, due: float, now: float) -> float:
        """How long a call must wait; `due` is when the next one would be, had they been even."""
        return max(0.0, due - self.tolerance - now)

    def booked(self, due: float, now: float) -> float:
        """`due` after a call at `now`."""
        return max(due, now) + self.interval


def rate(limit: Limit) -> Rate:
    """The rate that keeps a limit in every window; ValueError for a limit that lets nobody go."""
    if limit.calls < 1 or limit.seconds <= 0:
        raise ValueError(f"not a limit: {limit}")
    burst = max(1, limit.calls // BURST_SHARE)
    interval = limit.seconds / (limit.calls - burst + 1) * (1 + 1e-9)  # never early by rounding
    return Rate(interval, (burst - 1) * interval)


@dataclass(frozen=True, slots=True)
class Charge:
    """One call against one limit: the key names the limit and whom it protects."""

    key: str
    rate: Rate


def charges(
    limits: Iterable[Limit], platform: str, app: str, to: Address, *, in_place: bool
) -> tuple[Charge, ...]:
    """What a delivery counts against.

    A group robot posts by its own webhook, so only its own limit holds; a change in place is
    no message, so only the app's does.
    """
    subjects = {"robot": to.robot} if to.robot else {"app": "-"}
    if not (to.robot or in_place):
        subjects |= {"group": to.chat} if to.chat else {"person": to.person}
    return tuple(
        Charge(
            # The braces keep all keys of an app on one node of a Redis cluster.
            f"momentum:limit:{{{platform}:{app}}}:{limit.scope}:{subjects[limit.scope]}"
            f":{limit.calls}/{limit.seconds:g}",
            rate(limit),
        )
        for limit in limits
        if subjects.get(limit.scope)
    )


class Limiter(Protocol):
    """Whoever lets deliveries through."""

    async def take(self, charges: Sequence[Charge]) -> float:
        """Book a call on all charges and return 0, or book none and return the seconds to wait."""
        ...


class LocalLimiter:
    """The limits of this process alone; remembers the latest 50,000 subjects."""

    SUBJECTS = 50_000

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._due: OrderedDict[str, float] = OrderedDict()

    async def take(self, charges: Sequence[Charge]) -> float:
        now = self._monotonic()
        wait = max((c.rate.wait(self._due.get(c.key, 0.0), now) for c in charges), default=0.0)
        if not wait:
            self.book(charges)
        return wait

    def book(self, charges: Sequence[Charge]) -> None:
        """Count a call that another limiter has let through."""
        now = self._monotonic()
        for charge in charges:
            self._due[charge.key] = charge.rate.booked(self._due.get(charge.key, 0.0), now)
            self._due.move_to_end(charge.key)
        while len(self._due) > self.SUBJECTS:
            self._due.popitem(last=False)
