"""What an organisation may use in a month, as DingTalk counts it: billed calls, and pushes.

Source: open.dingtalk.com/document/development/dingtalk-application-development-platform-billing-
model (standard edition: 5,000 calls and 3,000 pushes; contacts and tokens are free).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

CHINA = timedelta(hours=8)
STANDARD_CALLS, STANDARD_PUSHES = 5_000, 3_000


class Quota:
    """Counts of the running calendar month in China; a limit of 0 only counts."""

    def __init__(self, now: Callable[[], datetime], calls: int = 0, pushes: int = 0) -> None:
        self._now = now
        self._limits = {"calls": calls, "pushes": pushes}
        self._month = ""
        self._used = {"calls": 0, "pushes": 0}

    def used(self, what: str) -> int:
        """How many "calls" or "pushes" this month."""
        self._turn_page()
        return self._used[what]

    def take(self, what: str) -> bool:
        """Count one; False when the month's quota is spent (and nothing is counted)."""
        self._turn_page()
        limit = self._limits[what]
        if limit and self._used[what] >= limit:
            return False
        self._used[what] += 1
        return True

    def _turn_page(self) -> None:
        month = f"{self._now() + CHINA:%Y-%m}"
        if month != self._month:
            self._month, self._used = month, dict.fromkeys(self._used, 0)
