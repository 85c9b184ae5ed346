"""The next best step of a lead, with the reason it is suggested."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from crm.lead.talk import Seen, Touch, chances
from crm.lead.view import LeadView, Status
from crm.momentum import Heat
from crm.signal import Signal


class Advice(NamedTuple):
    """What to do and why, both in Chinese."""

    step: str
    why: str


_BY_SIGNAL = {
    Signal.BAD_MOOD: "先电话听取意见，不谈价格",
    Signal.COMPETITOR: "发送竞品对比表",
    Signal.REPLACEMENT: "发送切换步骤清单，约一次现场评估",
    Signal.TENDER: "确认招标时间表，准备技术参数与报价",
    Signal.BUDGET: "按预算给出分档报价",
    Signal.PRICE_PAGE: "发送分档报价",
    Signal.FORM: "今天内回电并约演示",
    Signal.DOWNLOAD: "发送同行业案例，询问关心的部分",
    Signal.CALL: "发送通话要点，确认下一步",
    Signal.NEW_CONTACT: "向新联系人介绍方案要点",
}


def next_step_advice(
    lead: LeadView, touches: Iterable[Touch], signals: Iterable[Seen], *, now: datetime
) -> Advice:
    """The one thing to do now: a missed promise first, then the first touch, then the signals."""
    if lead.status is not Status.OPEN:
        return Advice("无需处理", f"线索{lead.status.label}")
    if lead.next_step and lead.next_step_at is not None and lead.next_step_at < now:
        return Advice(f"补上约定的「{lead.next_step}」", "约定的时间已过")
    if not lead.mobile:
        return Advice("补充联系电话", "没有电话，无法联系客户")
    if not list(touches):
        return Advice("今天内首次电话联系", "登记后还没有跟进")
    for signal in chances(signals):
        return Advice(_BY_SIGNAL[signal], f"信号：{signal.label}")
    if lead.heat is not Heat.GREEN:
        return Advice("电话确认近况，约定下一步", f"动能处于{lead.heat.label}")
    if not lead.next_step:
        return Advice("约定下一步和时间", "还没有下一步安排")
    return Advice(f"按计划进行「{lead.next_step}」", "一切按约定进行")
