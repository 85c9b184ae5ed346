"""Groups' own answer addresses (sessionWebhook): the way out when the month's calls are spent.

They are not preferred. A message by webhook cannot be recalled and has no read status, and it
counts too, against the smaller quota of pushes. And the robot's signature does not cover its
body: who replays a captured one could name another chat of DingTalk's as the address, so
nothing meant for one person ever goes there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.dingtalk.reading import moment
from bot.event import Event

KEPT = 256
SPARE = timedelta(minutes=1)


class Sessions:
    """The newest address of each group, in this process; bearer secrets, never logged."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def keep(self, event: Event) -> None:
        """Remember the address that a group's message brought."""
        url = event.origin.get("session_webhook", "")
        if not url or not event.chat:
            return
        until = moment(event.origin.get("session_webhook_until"), event.at)
        self._known[event.chat] = url, until
        self._known.move_to_end(event.chat)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    def of(self, chat: str) -> str:
        """The group's address while it is good for another minute, or ""."""
        url, until = self._known.get(chat, ("", self._now()))
        return url if self._now() + SPARE < until else ""

    def forget(self, chat: str) -> None:
        self._known.pop(chat, None)
