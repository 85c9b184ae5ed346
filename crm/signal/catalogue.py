"""The 17 signals that add energy to a lead or take it away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crm.momentum import TimeClass
from crm.setting import setting


class Signal(StrEnum):
    """Code names; stored with every signal, so they stay."""

    BUDGET = "budget"
    TENDER = "tender"
    REPLACEMENT = "replacement"
    PAGE_STAY = "page_stay"
    VISITS = "visits"
    PRICE_PAGE = "price_page"
    DOWNLOAD = "download"
    FORM = "form"
    LIVE = "live"
    STORE_SCAN = "store_scan"
    REPLY_SPEED = "reply_speed"
    CALL = "call"
    NEW_CONTACT = "new_contact"
    STAGE = "stage"
    COMPETITOR = "competitor"
    SILENCE = "silence"
    BAD_MOOD = "bad_mood"

    @property
    def label(self) -> str:
        """The signal in words."""
        return SIGNALS[self].label


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is known about a signal. `points` is the prior height of its peak (modelling §2)."""

    label: str
    kind: TimeClass
    points: float
    source: str


_F, _M, _L = TimeClass.FAST, TimeClass.MEDIUM, TimeClass.LONG

SIGNALS: Mapping[Signal, Behaviour] = {
    Signal.BUDGET: Behaviour("提到预算", _M, 30, "聊天"),
    Signal.TENDER: Behaviour("提到招标比价", _M, 30, "聊天"),
    Signal.REPLACEMENT: Behaviour("想替换现有供应商", _M, 35, "聊天"),
    Signal.PAGE_STAY: Behaviour("产品页停留超过 2 分钟", _F, 15, "网站"),
    Signal.VISITS: Behaviour("7 天内到访 3 次以上", _M, 20, "网站"),
    Signal.PRICE_PAGE: Behaviour("反复看价格页", _M, 10, "网站"),
    Signal.DOWNLOAD: Behaviour("索取或下载资料", _F, 12, "资料"),
    Signal.FORM: Behaviour("留资、要求演示或回电", _F, 40, "表单"),
    Signal.LIVE: Behaviour("直播互动", _F, 15, "直播"),
    Signal.STORE_SCAN: Behaviour("门店扫码", _M, 8, "门店"),
    Signal.REPLY_SPEED: Behaviour("回复变快", _M, 10, "聊天"),
    Signal.CALL: Behaviour("来电或长通话", _F, 25, "通话"),
    Signal.NEW_CONTACT: Behaviour("决策链出现新联系人", _L, 20, "客户关系"),
    Signal.STAGE: Behaviour("阶段推进", _L, 25, "客户关系"),
    Signal.COMPETITOR: Behaviour("提到竞品", _M, -10, "聊天、网站"),
    Signal.SILENCE: Behaviour("长时间未回复", _L, -20, "聊天、邮件"),
    Signal.BAD_MOOD: Behaviour("情绪转差", _M, -15, "聊天"),
}


def _weight(signal: Signal) -> Any:
    told = SIGNALS[signal]
    return setting(
        float(told.points), label=told.label, unit="分", low=-100, high=100, help=told.source
    )


@dataclass(frozen=True, slots=True)
class SignalPolicy:
    """The weight of each signal in peak points, and the competitors to listen for."""

    budget: float = _weight(Signal.BUDGET)
    tender: float = _weight(Signal.TENDER)
    replacement: float = _weight(Signal.REPLACEMENT)
    page_stay: float = _weight(Signal.PAGE_STAY)
    visits: float = _weight(Signal.VISITS)
    price_page: float = _weight(Signal.PRICE_PAGE)
    download: float = _weight(Signal.DOWNLOAD)
    form: float = _weight(Signal.FORM)
    live: float = _weight(Signal.LIVE)
    store_scan: float = _weight(Signal.STORE_SCAN)
    reply_speed: float = _weight(Signal.REPLY_SPEED)
    call: float = _weight(Signal.CALL)
    new_contact: float = _weight(Signal.NEW_CONTACT)
    stage: float = _weight(Signal.STAGE)
    competitor: float = _weight(Signal.COMPETITOR)
    silence: float = _weight(Signal.SILENCE)
    bad_mood: float = _weight(Signal.BAD_MOOD)
    competitors: str = setting("", label="竞品名单", help="用顿号分开，例如：甲公司、乙公司")

    def points(self, signal: Signal) -> float:
        """The weight in force, in peak points; negative ones cool a lead."""
        weight: float = getattr(self, signal.value)
        return weight

    @property
    def rivals(self) -> tuple[str, ...]:
        """The names of `competitors`, one by one."""
        names = re.split(r"[,，、;；\s]+", self.competitors)
        return tuple(name for name in names if name)
