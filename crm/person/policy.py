"""What admins decide about people: when contacts are read, and how much may change at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from crm.setting import faults, setting


@dataclass(frozen=True, slots=True)
class PersonPolicy:
    """Contacts, binding codes, and the brake on departures."""

    sync_daily: bool = setting(
        True, label="每天同步通讯录", help="关闭后仍可手动同步，入职、离职的即时通知照常处理"
    )
    sync_hour: int = setting(
        4, label="同步时间", unit="点", low=0, high=23, help="每天几点从各平台读取通讯录"
    )
    leave_percent: int = setting(
        10,
        label="一次离职上限",
        unit="%",
        low=1,
        high=100,
        help="一次同步中消失的成员超过在册的这个比例，就先请管理员确认，不自动按离职处理",
    )
    follow_departments: bool = setting(
        False,
        label="团队跟随通讯录",
        help="成员在通讯录里换到与某个团队同名的部门时，自动调整其团队",
    )
    code_minutes: int = setting(
        10, label="绑定码有效期", unit="分钟", low=1, high=60, help="「绑定」领取的一次性码多久失效"
    )


problems = faults


def next_sync(now: datetime, policy: PersonPolicy) -> datetime:
    """The next time after local `now` at which contacts are to be read, in `now`'s zone."""
    today = datetime.combine(now.date(), time(policy.sync_hour), now.tzinfo)
    return today if today > now else today + timedelta(days=1)
