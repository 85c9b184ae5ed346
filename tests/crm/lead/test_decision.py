from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.lead import (
    Deed,
    LeadPolicy,
    LeadView,
    OutdatedError,
    Status,
    claimed,
    followed_up,
    masked,
    money,
    problems,
    reassigned,
    snoozed,
    taken_over,
    won,
    written_off,
)
from crm.person import Person, Role
from crm.refusal import NotAllowedError, RefusedError
from crm.setting import described

NOW = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
POLICY = LeadPolicy()


def person(number: int, name: str, *roles: Role, team: str = "华东") -> Person:
    return Person(number, "acme", name, frozenset(roles), team, "", "", (), {})


REP = person(1, "李娜", Role.REP)
OTHER = person(2, "赵敏", Role.REP)
MANAGER = person(3, "王芳", Role.MANAGER)
STRANGER = person(4, "周强", Role.MANAGER, team="华南")
DIRECTOR = person(5, "陈总", Role.DIRECTOR, team="")
STAFF = person(6, "小林", Role.STAFF)
LEAD = LeadView(
    17, "华东医疗", "王", "主任", "+8613800000001", team="华东", owner_id=1, owner_name="李娜"
)


def test_a_manager_hands_a_lead_to_another_rep() -> None:
    after = reassigned(LEAD, to=OTHER, by=MANAGER, seen=1, now=NOW)
    assert (after.owner_id, after.owner_name, after.version) == (2, "赵敏", 2)
    assert str(after.last_deed) == "王芳 已改派给 赵敏"


def test_a_manager_takes_it_over() -> None:
    after = taken_over(LEAD, by=MANAGER, seen=1, now=NOW)
    assert (after.owner_id, after.last_deed) == (3, Deed("王芳", "已接手", NOW))


def test_a_snooze_is_worded_in_the_readers_time() -> None:
    until = (NOW + timedelta(days=3)).astimezone(UTC)
    after = snoozed(LEAD, until=until, by=MANAGER, seen=1, now=NOW, policy=POLICY)
    assert str(after.last_deed) == "王芳 已暂缓到 3月5日 09:00"
    assert after.is_snoozed(NOW)
    assert not after.is_snoozed(until)
    assert not LEAD.is_snoozed(NOW)


def test_a_lead_is_written_off_with_its_reason() -> None:
    after = written_off(LEAD, reason=" 项目取消 ", by=MANAGER, seen=1, now=NOW, policy=POLICY)
    assert (after.status, after.reason) == (Status.WRITTEN_OFF, "项目取消")


def deciding(**changed: Any) -> dict[str, Any]:
    return {"by": MANAGER, "seen": 1, "now": NOW, **changed}


ALL = [
    lambda lead, how: reassigned(lead, to=OTHER, **how),
    lambda lead, how: taken_over(lead, **how),
    lambda lead, how: snoozed(lead, until=NOW + timedelta(days=1), policy=POLICY, **how),
    lambda lead, how: written_off(lead, reason="项目取消", policy=POLICY, **how),
]


@pytest.mark.parametrize("decide", ALL)
def test_the_second_of_two_presses_learns_who_was_first(decide: Any) -> None:
    after = reassigned(LEAD, to=OTHER, by=MANAGER, seen=1, now=NOW)
    with pytest.raises(
        OutdatedError, match="「华东医疗 · 王主任」王芳 已改派给 赵敏，这张卡片已过时"
    ):
        decide(after, deciding(by=DIRECTOR))


@pytest.mark.parametrize("decide", ALL)
@pytest.mark.parametrize("who", [REP, STRANGER, STAFF])
def test_others_may_not_decide_and_learn_nothing(decide: Any, who: Person) -> None:
    with pytest.raises(NotAllowedError, match="请联系您的经理"):
        decide(LEAD, deciding(by=who, seen=99))


@pytest.mark.parametrize("decide", ALL)
def test_a_closed_lead_stays_closed(decide: Any) -> None:
    closed = written_off(LEAD, reason="项目取消", policy=POLICY, **deciding())
    with pytest.raises(RefusedError, match="已核销，不能再处理"):
        decide(closed, deciding(seen=2))


@pytest.mark.parametrize(
    ("until", "said"),
    [(NOW, "将来的时间"), (NOW + timedelta(days=15), "最长可暂缓 14 天")],
)
def test_a_snooze_has_limits(until: datetime, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        snoozed(LEAD, until=until, policy=POLICY, **deciding())


@pytest.mark.parametrize(
    ("to", "said"), [(STAFF, "小林 不是销售"), (REP, "已由 李娜 负责，请改派给其他人")]
)
def test_a_lead_goes_only_to_another_seller(to: Person, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        reassigned(LEAD, to=to, **deciding())


def test_one_cannot_take_over_ones_own() -> None:
    mine = taken_over(LEAD, **deciding())
    with pytest.raises(RefusedError, match="跟进 17"):
        taken_over(mine, **deciding(seen=2))


def test_writing_off_needs_a_reason() -> None:
    with pytest.raises(RefusedError, match="例如：项目取消"):
        written_off(LEAD, reason=" ", policy=POLICY, **deciding())


def test_claiming_is_for_sellers_and_for_the_first() -> None:
    pooled = LeadView(18, "仁爱药房")
    mine = claimed(pooled, by=REP, now=NOW)
    assert (mine.owner_name, mine.team, mine.version) == ("李娜", "华东", 2)
    assert claimed(mine, by=REP, now=NOW) is mine
    with pytest.raises(RefusedError, match="已由 李娜 领取"):
        claimed(mine, by=OTHER, now=NOW)
    with pytest.raises(NotAllowedError):
        claimed(pooled, by=STAFF, now=NOW)


def test_a_follow_up_wakes_the_lead_and_sets_the_next_step() -> None:
    asleep = snoozed(LEAD, until=NOW + timedelta(days=2), policy=POLICY, **deciding())
    due = NOW + timedelta(days=1)
    after = followed_up(asleep, by=REP, now=NOW, next_step="演示", next_step_at=due)
    assert (after.snoozed_until, after.next_step, after.next_step_at) == (None, "演示", due)
    assert after.last_touch_at == NOW
    assert won(after, by=REP, now=NOW).status is Status.WON


def test_a_stranger_may_not_follow_up() -> None:
    with pytest.raises(NotAllowedError, match="由 李娜 负责，请联系负责人"):
        followed_up(LEAD, by=OTHER, now=NOW, next_step="", next_step_at=None)
    with pytest.raises(NotAllowedError, match="经理分派"):
        followed_up(LeadView(18, "药房"), by=REP, now=NOW, next_step="", next_step_at=None)


@pytest.mark.parametrize(
    ("mobile", "shown"),
    [
        ("+8613800000001", "138****0001"),
        ("13800000001", "138****0001"),
        ("12345", "***45"),
        ("", ""),
    ],
)
def test_numbers_are_masked(mobile: str, shown: str) -> None:
    assert masked(mobile) == shown


@pytest.mark.parametrize(
    ("fen", "shown"),
    [
        (80_000_000, "80 万"),
        (12_000_000_000, "1.2 亿"),
        (1_200_000, "1.2 万"),
        (1_234_500, "12,345 元"),
        (1_234_567, "12,345.67 元"),
        (350_000, "3,500 元"),
        (5, "0.05 元"),
    ],
)
def test_money_is_worded_exactly(fen: int, shown: str) -> None:
    assert money(fen) == shown


@pytest.mark.parametrize(
    ("lead", "name"),
    [(LEAD, "华东医疗 · 王主任"), (LeadView(9, ""), "线索 9"), (LeadView(9, "", "王芳"), "王芳")],
)
def test_a_lead_has_a_name(lead: LeadView, name: str) -> None:
    assert lead.name == name
    assert LEAD.masked_mobile == "138****0001"


def test_the_policy_is_labelled_and_sound() -> None:
    assert problems(POLICY) == []
    assert problems(LeadPolicy(snooze_days=20)) == ["默认暂缓天数：20天 不能多于最长暂缓天数 14天"]
    assert all(told.label for told in described(POLICY))
