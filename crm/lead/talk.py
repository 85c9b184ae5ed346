"""Win-back talk track (挽回话术) from a template: only what the history knows, nothing invented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from crm.lead.view import LeadView, money
from crm.signal import Signal

SHORTEST, LONGEST = 80, 160  # characters: read in one glance on a phone, and not curt
_NAME_LONGEST = 16


class Touch(NamedTuple):
    """One contact with the customer: when, how (电话, 拜访 …), what was noted."""

    at: datetime
    channel: str
    note: str = ""


class Seen(NamedTuple):
    """One signal of the lead: when, which, the customer's own words if there are any."""

    at: datetime
    signal: Signal
    words: str = ""


# What to say, by the signal that matters most: offers only, no claims about the customer.
_REASONS = {
    Signal.BAD_MOOD: "您之前提到的顾虑我一直记着，想先听听您的意见，再看哪些地方我们可以改进",
    Signal.COMPETITOR: "您也在看其他方案，我可以按您关心的几项整理一份对比，方便您判断",
    Signal.REPLACEMENT: "您提到想替换现有供应商，我可以把切换的步骤和风险点列成清单，供您评估",
    Signal.TENDER: "您提到招标比价，我可以提前备好技术参数和报价文件，配合您的时间安排",
    Signal.BUDGET: "关于您提到的预算{budget}，我可以按这个范围重新配一版方案，让每一项花费都清楚",
    Signal.PRICE_PAGE: "如果您正在比较价格，我可以按您的实际用量做一份分档报价，方便参考",
    Signal.FORM: "您提过的需求我想当面确认一下，可以按您的场景安排一次演示",
    Signal.DOWNLOAD: "您看过我们的资料，如有不清楚的地方，我可以挑重点用十分钟讲清楚",
    Signal.CALL: "您来电问到的事情我想继续跟进，可以把要点和下一步写成一页发给您",
    Signal.NEW_CONTACT: "您的同事也加入了进来，我可以把前面谈过的要点整理成一页，方便大家了解",
}
_GENERAL = "想了解一下您这边的进展，我可以按您目前的情况整理一页建议，供您参考"
_ORDER = tuple(_REASONS)
_FILLERS = (
    "如果时间不合适，也请告诉我大概什么时候再联系比较好",
    "您不必马上决定，先把问题告诉我，我来准备材料",
    "有任何新的要求或变化，随时发消息给我即可",
)


def win_back(
    lead: LeadView, touches: Iterable[Touch], signals: Iterable[Seen], *, now: datetime
) -> str:
    """A message of 80–160 characters to wake a lead, dates in the zone of `now`.

    Uses the contact's title, the last touch, the strongest signal by what it calls for (worries
    first), and the budget; a fact that is missing is left out. For a person to check and send;
    the caller labels it as generated.
    """
    kinds = {seen.signal for seen in signals}
    main = next((signal for signal in _ORDER if signal in kinds), None)
    reason = _REASONS[main] if main else _GENERAL
    budget = money(lead.budget_fen) if lead.budget_fen else ""
    if main is Signal.BUDGET and not budget:
        reason = reason.replace("{budget}", "")
    spoken = [f"{_greeting(lead)}，{_memory(sorted(touches, key=lambda t: t.at), now)}"]
    spoken.append(reason.format(budget=f" {budget} " if budget else ""))
    if budget and main is not Signal.BUDGET:
        spoken.append(f"方案会控制在 {budget}预算之内")
    close = "您看这两天哪个时间方便，我打给您十分钟？"
    return _fitted(spoken, close)


def _fitted(spoken: list[str], close: str) -> str:
    """Fill up with harmless sentences to 80 characters; drop the last extras above 160."""
    for filler in _FILLERS:
        if len(_joined(spoken, close)) >= SHORTEST:
            break
        spoken = [*spoken, filler]
    while len(_joined(spoken, close)) > LONGEST and len(spoken) > 2:
        spoken = spoken[:-1]
    return _joined(spoken, close)


def _joined(spoken: list[str], close: str) -> str:
    return "。".join(spoken).replace("  ", " ") + "。" + close


def _greeting(lead: LeadView) -> str:
    person = lead.person if len(lead.person) <= _NAME_LONGEST else ""
    return f"{person}您好" if person else "您好"


def _memory(touches: Sequence[Touch], now: datetime) -> str:
    """The last touch as both remember it, or nothing more than that we write again."""
    if not touches:
        return "冒昧联系您"
    last = touches[-1]
    channel = last.channel if last.channel and len(last.channel) <= 4 else "联系"
    at = last.at.astimezone(now.tzinfo)
    days = (now.date() - at.date()).days
    when = {0: "今天", 1: "昨天", 2: "前天"}.get(days, f"{at.month}月{at.day}日")
    return f"{when}{_VERBS.get(channel, channel)}之后一直想跟您确认后续"


_VERBS = {
    "电话": "通话",
    "微信": "微信沟通",
    "邮件": "邮件往来",
    "拜访": "拜访",
    "会议": "开会",
    "联系": "联系",
}


def chances(signals: Iterable[Seen]) -> Iterator[Signal]:
    """The signals that a talk track can answer, most urgent first."""
    kinds = {seen.signal for seen in signals}
    return (signal for signal in _ORDER if signal in kinds)
