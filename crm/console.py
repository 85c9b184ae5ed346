"""Signing in to the console: short codes handed out in chat, and sessions that end."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.person import Person, Role
from crm.refusal import NotAllowedError, RefusedError
from crm.setting import faults, setting

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that people mix up
CODE_LENGTH = 8  # 40 bits, of which a throttled guesser tries a few hundred before it expires
WRONG_CODE = "登录码不对，请核对后再试；也可以在聊天里发送「登录」领取新的。"


@dataclass(frozen=True, slots=True)
class ConsolePolicy:
    """How long a sign-in lasts."""

    code_minutes: int = setting(
        10,
        label="登录码有效期",
        unit="分钟",
        low=1,
        high=60,
        help="在聊天里领取的一次性登录码多久失效",
    )
    session_hours: int = setting(
        12, label="后台登录有效期", unit="小时", low=1, high=72, help="登录后多久需要重新登录"
    )


problems = faults


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, and the token that forms of this session carry."""

    person: Person
    csrf: str


def digest(secret: str) -> str:
    """What is kept of a code or session: who reads the table cannot sign in."""
    return hashlib.sha256(b"momentum console\n" + secret.encode()).hexdigest()


def tidy_code(typed: str) -> str:
    """A code as people type it, with spaces or dashes, in any case; never longer than a code."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())[:CODE_LENGTH]


def check_code(*, expires_at: datetime, used_at: datetime | None, now: datetime) -> None:
    """Raises RefusedError for a code that was used or is too old."""
    if used_at is not None:
        raise RefusedError("这个登录码已经用过，请在聊天里发送「登录」领取新的。")
    if now >= expires_at:
        raise RefusedError("这个登录码已过期，请在聊天里发送「登录」领取新的。")


def check_entry(person: Person | None) -> Person:
    """The person, if still here and an admin; else NotAllowedError."""
    if person is None or not person.is_any((Role.ADMIN,)):
        raise NotAllowedError("您现在没有管理员权限，请联系管理员。")
    return person


def code_end(now: datetime, policy: ConsolePolicy) -> datetime:
    return now + timedelta(minutes=policy.code_minutes)


def session_end(now: datetime, policy: ConsolePolicy) -> datetime:
    return now + timedelta(hours=policy.session_hours)


def neighbourhood(address: str) -> str:
    """Whose tries count together: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
