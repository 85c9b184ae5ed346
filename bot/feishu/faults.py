"""What Feishu's error codes mean for a delivery: again later, never, or as a new message."""

from __future__ import annotations

import re
from math import isfinite

from bot.adapter import CannotReplaceError, DeliveryError, TransientError, UndeliverableError
from bot.feishu.reasons import DETAILS, REASONS, REPORT
from bot.feishu.shape import words
from bot.http import Reply

STALE_TOKEN = frozenset((99991661, 99991663, 99991671))
CARD = frozenset((230025, 230099, 200860, 200861, 200621, 200550, 200570, 200914, 200915, 300305))
"""The card itself was refused: the same words as text still get through."""

SPENT = frozenset(
    (
        *(300020, 300030, 300040, 300090, 11311, 10002),
        *(100000, 100030, 200000, 200310, 200320),
    )
)
"""A press's token can change its card no longer: bad, older than 30 min, used twice."""

FIXED = frozenset((230011, 230012, 230031, 230050, 230054, 230055, 230071, 230072, 230075, 230110))
"""The message is there (or was) and can no longer be changed."""

RATE = frozenset((99991400, 230020, 11232))
NO_CODE = -1  # a gateway answered, not the API
SENDING = 230049  # still on its way
INNER = re.compile(r"ErrCode:\s*(\d+)")  # the real fault of a card, inside the words of 230099
WAIT_SECONDS = 1.0  # documented default when no header says how long


def refusal(reply: Reply, *, replacing: bool = False) -> DeliveryError:
    """The error for an answer that is not a success; `replacing` a sent card has exits of its own.

    A card that cannot be changed, because of its age or its new content, is sent anew instead.
    """
    code = code_of(reply)
    if code in RATE or reply.status == 429:
        return TransientError(f"rate {code}", after=_wait(reply) or WAIT_SECONDS)
    if (
        code in (NO_CODE, SENDING)
        or code in STALE_TOKEN
        or (reply.status >= 500 and code not in REASONS)
    ):
        return TransientError(f"http {reply.status} code {code}", after=_wait(reply))
    if replacing and code in FIXED | CARD | SPENT | {230001}:
        return CannotReplaceError(f"code {code}")
    reason, advice = REASONS.get(code, ("飞书拒绝了这条消息", REPORT))
    inner = INNER.search(words(reply.body, "msg"))
    if code == 230099 and inner:
        reason, advice = DETAILS.get(int(inner[1]), (f"{reason}（{inner[1]}）", advice))
    return UndeliverableError(str(code), reason, advice)


def code_of(reply: Reply) -> int:
    """The business code, whatever the HTTP status; NO_CODE when there is none."""
    code = reply.body.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else NO_CODE


def _wait(reply: Reply) -> float | None:
    """Seconds until the frequency limit is lifted, if a header says so."""
    for name in ("x-ogw-ratelimit-reset", "retry-after"):
        try:
            seconds = float(reply.headers[name])
        except (KeyError, ValueError):
            continue
        if isfinite(seconds) and seconds >= 0:
            return seconds
    return None
