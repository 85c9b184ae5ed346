from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.lead import Advice, LeadView, Seen, Status, Touch, next_step_advice, win_back
from crm.momentum import Heat
from crm.signal import Signal

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 12, 9, tzinfo=ZONE)
LEAD = LeadView(17, "华东医疗", "王", "主任", "13800000001", 80_000_000, owner_id=1)
CALLED = Touch(NOW - timedelta(days=9), "电话", "聊了预算")


def test_the_message_uses_the_facts_of_the_history() -> None:
    seen = [Seen(NOW, Signal.BUDGET), Seen(NOW, Signal.REPLACEMENT, "想替换现有供应商")]
    assert win_back(LEAD, [CALLED], seen, now=NOW) == (
        "王主任您好，3月3日通话之后一直想跟您确认后续。您提到想替换现有供应商，我可以把切换的步骤和"
        "风险点列成清单，供您评估。方案会控制在 80 万预算之内。"
        "您看这两天哪个时间方便，我打给您十分钟？"
    )


def test_yesterday_is_called_yesterday() -> None:
    touch = Touch(NOW - timedelta(hours=20), "微信")
    assert "昨天微信沟通之后" in win_back(LEAD, [CALLED, touch], [], now=NOW)


def test_the_message_varies_with_the_signal() -> None:
    told = {win_back(LEAD, [CALLED], [Seen(NOW, signal)], now=NOW) for signal in Signal}
    assert len(told) >= 10


contacts = st.sampled_from(["", "王", "王芳", "阿卜杜热依木·买买提明江托合提"])
titles = st.sampled_from(["", "主任", "总经理"])
budgets = st.none() | st.integers(1, 10**13)
seens = st.lists(st.builds(Seen, st.just(NOW), st.sampled_from(Signal)), max_size=4)
past = st.integers(12, 400).map(lambda days: NOW - timedelta(days=days))
channels = st.sampled_from(["电话", "拜访", "微信", "邮件", "会议", "", "展会现场交流活动"])
histories = st.lists(st.builds(Touch, past, channels), max_size=3)


@given(contacts, titles, budgets, seens, histories)
def test_it_is_always_a_readable_length_and_invents_no_number(
    contact: str,
    title: str,
    budget: int | None,
    seen: list[Seen],
    touches: list[Touch],
) -> None:
    lead = replace(LEAD, contact=contact, title=title, budget_fen=budget)
    told = win_back(lead, touches, seen, now=NOW)
    assert 80 <= len(told) <= 160
    assert "{" not in told
    dates = {f"{t.at.month}月{t.at.day}日" for t in touches}
    assert set(re.findall(r"\d+月\d+日", told)) <= dates
    assert budget is not None or not re.search(r"\d [万亿元]", told)


ADVICE = [
    (replace(LEAD, status=Status.WON), [], [], Advice("无需处理", "线索已赢单")),
    (
        replace(LEAD, next_step="演示", next_step_at=NOW - timedelta(hours=1)),
        [],
        [],
        Advice("补上约定的「演示」", "约定的时间已过"),
    ),
    (replace(LEAD, mobile=""), [], [], Advice("补充联系电话", "没有电话，无法联系客户")),
    (LEAD, [], [], Advice("今天内首次电话联系", "登记后还没有跟进")),
    (
        LEAD,
        [CALLED],
        [Seen(NOW, Signal.BUDGET), Seen(NOW, Signal.COMPETITOR)],
        Advice("发送竞品对比表", "信号：提到竞品"),
    ),
    (
        replace(LEAD, heat=Heat.RED),
        [CALLED],
        [],
        Advice("电话确认近况，约定下一步", "动能处于红色熔断"),
    ),
    (LEAD, [CALLED], [], Advice("约定下一步和时间", "还没有下一步安排")),
    (
        replace(LEAD, next_step="演示", next_step_at=NOW.astimezone(UTC) + timedelta(days=1)),
        [CALLED],
        [],
        Advice("按计划进行「演示」", "一切按约定进行"),
    ),
]


@pytest.mark.parametrize(("lead", "touches", "seen", "advice"), ADVICE)
def test_the_next_step_has_a_reason(
    lead: LeadView, touches: list[Touch], seen: list[Seen], advice: Advice
) -> None:
    assert next_step_advice(lead, touches, seen, now=NOW) == advice


def test_every_signal_can_be_advised_on() -> None:
    for signal in Signal:
        assert next_step_advice(LEAD, [CALLED], [Seen(NOW, signal)], now=NOW).step
