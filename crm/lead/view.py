"""The lead: who it is, who has it, how it stands, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crm.momentum import Heat
from crm.setting import faults, setting


class Status(StrEnum):
    """Where a lead is in its life; only an open one is worked on."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    WRITTEN_OFF = "written_off"

    @property
    def label(self) -> str:
        """The status in words."""
        return {"open": "跟进中", "won": "已赢单", "lost": "已输单", "written_off": "已核销"}[self]


@dataclass(frozen=True, slots=True)
class LeadPolicy:
    """What admins decide about leads."""

    snooze_days: int = setting(
        3, label="默认暂缓天数", unit="天", low=1, high=30, help="按「暂缓」而不选日期时"
    )
    snooze_max_days: int = setting(14, label="最长暂缓天数", unit="天", low=1, high=90)
    pool_hours: float = setting(
        72.0, label="公海停留上限", unit="小时", low=1, high=720, help="超过即报警，报一次"
    )
    silent_days: int = setting(
        14, label="沉默天数", unit="天", low=3, high=90, help="这么久没有往来，记一次沉默信号"
    )
    reason_least: int = setting(
        2, label="核销理由最短字数", unit="字", low=1, high=50, help="核销须写明理由"
    )


def problems(policy: LeadPolicy) -> list[str]:
    """What is wrong with the values, field by field and between fields, in Chinese."""
    found = faults(policy)
    if not found and policy.snooze_days > policy.snooze_max_days:
        found.append(
            f"默认暂缓天数：{policy.snooze_days}天 不能多于最长暂缓天数 {policy.snooze_max_days}天"
        )
    return found


@dataclass(frozen=True, slots=True)
class Deed:
    """The last decision about a lead, told to whoever presses too late: "王芳 已改派给 李娜"."""

    by: str
    did: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.by} {self.did}"


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead as of `version`, which grows with every change. Times aware, money in fen.

    `owner_id` is None in the pool; `team` "" belongs to no team; `title` is the contact's (王主任).
    """

    id: int
    company: str
    contact: str = ""
    title: str = ""
    mobile: str = ""
    budget_fen: int | None = None
    region: str = ""
    team: str = ""
    source: str = ""
    owner_id: int | None = None
    owner_name: str = ""
    status: Status = Status.OPEN
    heat: Heat = Heat.GREEN
    version: int = 1
    next_step: str = ""
    next_step_at: datetime | None = None
    snoozed_until: datetime | None = None
    last_touch_at: datetime | None = None
    created_at: datetime | None = None
    reason: str = ""  # why it was lost or written off
    last_deed: Deed | None = None

    @property
    def name(self) -> str:
        """What people call it: "华东医疗 · 王主任", or whichever half is known."""
        return " · ".join(part for part in (self.company, self.person) if part) or f"线索 {self.id}"

    @property
    def person(self) -> str:
        """The contact as addressed: "王主任", "王芳主任" or "王芳"."""
        return self.contact if self.contact.endswith(self.title) else self.contact + self.title

    @property
    def masked_mobile(self) -> str:
        """The number for eyes that need not call: 138****0001."""
        return masked(self.mobile)

    def is_snoozed(self, now: datetime) -> bool:
        """Whether the red fuse keeps quiet about it for the time being."""
        return self.snoozed_until is not None and now < self.snoozed_until


def masked(mobile: str) -> str:
    """Keep the first three and last four digits of a number, less of a short one."""
    bare = mobile.removeprefix("+86")
    if len(bare) >= 11:
        return f"{bare[:3]}****{bare[-4:]}"
    return "*" * max(0, len(bare) - 2) + bare[-2:]


def money(fen: int) -> str:
    """Money for reading, exact: 80 万, 1.2 亿, 12,000.50 元."""
    for size, unit in ((10**10, "亿"), (10**6, "万")):
        if abs(fen) >= size and fen % (size // 1000) == 0:
            return f"{fen / size:.3f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{fen // 100:,} 元" if fen % 100 == 0 else f"{fen / 100:,.2f} 元"
