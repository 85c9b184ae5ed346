"""Joining accounts: a one-time code from one platform, typed on another."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta

from crm.person.policy import PersonPolicy
from crm.person.role import PLATFORM_WORDS, Person
from crm.refusal import RefusedError

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that people mix up
LENGTH = 8  # 40 bits; a throttled guesser tries a few dozen before it expires
AGAIN = "请在您已能使用动能的平台发送「绑定」领取新的，再到这里发送「绑定 码」。"
_SAID = re.compile(r"\s*绑定[\s:：]*([A-Za-z0-9][A-Za-z0-9\s-]{0,30})")


def digest(code: str) -> str:
    """What is kept of a code: who reads the table cannot use it."""
    return hashlib.sha256(b"momentum bind\n" + code.encode()).hexdigest()


def code_in(said: str) -> str:
    """The code in 「绑定 ABCD-2345」, as it was given out; "" if nothing like it was said."""
    found = _SAID.fullmatch(said)
    return re.sub(r"[\s-]", "", found[1]).upper() if found else ""


def code_end(now: datetime, policy: PersonPolicy) -> datetime:
    return now + timedelta(minutes=policy.code_minutes)


def check_code(*, expires_at: datetime, used_at: datetime | None, now: datetime) -> None:
    """Raises RefusedError for a code that was used or is too old."""
    if used_at is not None:
        raise RefusedError(f"这个绑定码已经用过。{AGAIN}")
    if now >= expires_at:
        raise RefusedError(f"这个绑定码已过期。{AGAIN}")


def check_join(who: Person, platform: str, user: str) -> None:
    """Raises RefusedError if the person already has another account there."""
    if who.accounts.get(platform) not in (None, user):
        raise RefusedError(
            f"{who.name} 在{PLATFORM_WORDS[platform]}已绑定了另一个账号，不能再绑一个；"
            "换了账号请联系管理员修改人员名单。"
        )
