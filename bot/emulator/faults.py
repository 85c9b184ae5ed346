"""What the emulated platforms can be told to do wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """Shares are in [0, 1] of API calls; repeats are extra deliveries of each callback."""

    slow_seconds: float = 0.0  # every API answer waits this long
    throttled: float = 0.0  # answered with the platform's own frequency error
    failing: float = 0.0  # answered with 5xx
    lost: float = 0.0  # taken and done, but the connection is reset instead of answered
    revoked: bool = False  # every token handed out so far is refused; set back by a new token
    repeats: int = 0  # extra identical deliveries of each callback
    late_seconds: float = 0.0  # callbacks leave this much later
    dice: random.Random = field(default_factory=lambda: random.Random(20260302))  # noqa: S311 — seeded

    def hit(self, share: float) -> bool:
        return share > 0 and self.dice.random() < share
