"""When a message may ring: quiet hours, how many a day, and what waits for the digest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from crm.setting import faults, setting

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How often and when people may be disturbed, and when admins are told of trouble."""

    quiet_from: str = setting(
        "08:00",
        label="免打扰开始",
        help="从这时起，普通消息留到免打扰结束再发；与结束相同即不启用（出厂值），建议 22:00",
    )
    quiet_until: str = setting(
        "08:00", label="免打扰结束", help="到这时，夜里留下的消息按重要程度依次发出"
    )
    daily_cap: int = setting(
        40,
        label="每人每天消息上限",
        unit="条",
        low=0,
        high=1000,
        help="主动推送的条数；超出的汇总成一张卡片。对本人刚说的话的回答不计入。0 即不限",
    )
    digest_at: str = setting(
        "08:30", label="汇总发送时间", help="每天这时发出前面没有单独推送的消息清单"
    )
    dead_letter_minutes: int = setting(
        60,
        label="未送达通知间隔",
        unit="分钟",
        low=5,
        high=1440,
        help="有消息未送达时，多久最多通知管理员一次",
    )
    dingtalk_calls: int = setting(
        5000,
        label="钉钉每月调用额度",
        unit="次",
        low=1,
        high=100_000_000,
        help="按钉钉版本填写（标准版 5000）；用到八成和用完时各提醒管理员一次",
    )

    @property
    def has_quiet_hours(self) -> bool:
        return self.quiet_from != self.quiet_until


@dataclass(frozen=True, slots=True)
class Held:
    """A message that does not leave now: "quiet" is sent at `until`, "cap" is listed then."""

    why: str
    until: datetime


QUIET, CAP = "quiet", "cap"
MARKS = (80, 100)  # per cent of a monthly quota at which admins are told


def problems(policy: DeliveryPolicy) -> list[str]:
    """What is wrong with the values, in Chinese."""
    wrong = faults(policy)
    for name, label in (
        ("quiet_from", "免打扰开始"),
        ("quiet_until", "免打扰结束"),
        ("digest_at", "汇总发送时间"),
    ):
        value = getattr(policy, name)
        if isinstance(value, str) and not _CLOCK.fullmatch(value):
            wrong.append(f"{label}：「{value}」不是时刻，请写成 08:30 这样，00:00 到 23:59")
    return wrong


def quiet_end(now: datetime, policy: DeliveryPolicy) -> datetime | None:
    """When the quiet hours end in which local `now` lies; None outside of them.

    They begin with the minute `quiet_from` and are over at `quiet_until` sharp.
    """
    begin, end = _clock(policy.quiet_from), _clock(policy.quiet_until)
    clock = now.timetz().replace(tzinfo=None)
    if begin < end:
        inside = begin <= clock < end
    else:  # over midnight; the same twice is no quiet hours at all
        inside = begin != end and (clock >= begin or clock < end)
    return _next(now, end) if inside else None


def digest_time(now: datetime, policy: DeliveryPolicy) -> datetime:
    """The next time after local `now` for the list of what was held back; never at night."""
    due = _next(now, _clock(policy.digest_at))
    return quiet_end(due, policy) or due


def held(now: datetime, policy: DeliveryPolicy, *, today: int) -> Held | None:
    """Why a message must not ring at local `now`; `today` is how many rang since midnight."""
    if end := quiet_end(now, policy):
        return Held(QUIET, end)
    if policy.daily_cap and today >= policy.daily_cap:
        return Held(CAP, digest_time(now, policy))
    return None


def mark(calls: int, quota: int) -> int:
    """The highest of MARKS that `calls` of a monthly quota have reached; 0 below all."""
    return max((share for share in MARKS if calls * 100 >= quota * share), default=0)


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _next(now: datetime, clock: time) -> datetime:
    """The first moment after `now` at which people's clocks there show `clock`."""
    today = datetime.combine(now.date(), clock, now.tzinfo)
    return today if today > now else today + timedelta(days=1)  # wall clock, whatever DST does
