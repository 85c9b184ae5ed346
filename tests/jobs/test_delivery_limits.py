"""What holds deliveries back or ends them: limits, dead letters, the quota, recalls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapter import Limit, UndeliverableError
from bot.limits import Charge
from bot.sender import Sender
from cards.card import Card
from crm.person import Role
from jobs.delivery import sweep
from jobs.outbox import Postman, post, recall
from models import delivery
from models.db import transaction
from models.outbox import CardCopy, OutboxRow
from tests import fakes
from tests.counter import Post, at, states
from tests.fakes import APP, TENANT, Clock, FakePlatform
from tests.office import Office

pytestmark = pytest.mark.usefixtures("database")


class Refusing:
    """A limiter that lets nobody through, and counts who asked."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        self.asked: list[str] = []

    async def take(self, charges: Sequence[Charge]) -> float:
        self.asked += [charge.key for charge in charges]
        return self.wait if any("zhao" in charge.key for charge in charges) else 0.0


# Limits


async def test_whoever_must_wait_is_put_back_and_others_go_on() -> None:
    desk = Post(Clock(at(2, 10)), limiter=Refusing(30))
    desk.feishu.limits = (Limit("person", 5, 1),)
    await desk.put("等")
    await desk.put("去", user="qian")
    assert await desk.go() == ["去"]
    row = await OutboxRow.get(key="k1")
    assert (row.state, row.attempts, row.not_before) == (
        "new",
        0,
        at(2, 10) + timedelta(seconds=30),
    )
    desk.limiter.wait = 0.0
    desk.clock.wait(seconds=30)
    assert await desk.go() == ["等"]


async def test_a_short_wait_is_sat_out() -> None:
    slept: list[float] = []

    class Once(Refusing):
        async def take(self, charges: Sequence[Charge]) -> float:
            return 0.0 if slept or not charges else 0.5

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    feishu: Any = FakePlatform()
    feishu.limits = (Limit("app", 5, 1),)
    desk = Post(Clock(at(2, 10)), feishu=feishu)
    desk.postman = Postman(
        Sender({("feishu", APP): feishu}, Once(0), sleep=sleep),
        now=desk.clock,
        metrics=desk.metrics,
    )
    await desk.put("提醒")
    assert (await desk.go(), slept) == (["提醒"], [0.5])


# Dead letters


async def _dead(desk: Post, title: str) -> None:
    desk.feishu.fates.append(
        UndeliverableError("230013", "对方不在可用范围", "请调整可用范围后重发")
    )
    await desk.put(title, user="nobody", direct=True)
    await desk.postman.drain()


async def test_admins_learn_of_dead_letters_at_most_once_an_hour() -> None:
    await fakes.hire("zhao", Role.ADMIN, feishu="zhao")
    await fakes.hire("qian", Role.REP, feishu="qian")
    desk = Post(Clock(at(2, 10)))
    await _dead(desk, "一")
    assert await desk.go() == ["1 条消息未送达"]
    text = desk.feishu.calls[-1].card.plain()
    assert "飞书，1 条：对方不在可用范围。请调整可用范围后重发" in text
    assert desk.feishu.calls[-1].to.person == "zhao"
    desk.clock.wait(minutes=30)
    await _dead(desk, "二")
    await _dead(desk, "三")
    assert await desk.go() == []
    desk.clock.wait(minutes=30)
    await asyncio.gather(*(sweep(desk.house, fakes.silence)() for _ in range(3)))
    assert await desk.go() == ["2 条消息未送达"]
    desk.clock.wait(hours=3)
    assert await desk.go() == []


async def test_a_notice_that_cannot_be_delivered_is_no_new_notice() -> None:
    await fakes.hire("zhao", Role.ADMIN, feishu="zhao")
    desk = Post(Clock(at(2, 10)))
    await _dead(desk, "一")
    await desk.sweep()
    desk.feishu.fates.append(UndeliverableError("x", "也不行", "请检查"))
    await desk.postman.drain()
    desk.clock.wait(hours=2)
    await desk.go()
    assert await OutboxRow.filter(key__startswith="admin:dead").count() == 1


# Quota


async def test_the_quota_is_counted_by_month_and_each_mark_told_once() -> None:
    await fakes.hire("zhao", Role.ADMIN, feishu="zhao")
    desk = Post(Clock(at(30, 10)), {"delivery": {"dingtalk_calls": 10}})

    async def call(times: int) -> list[str]:
        for _ in range(times):
            desk.meter.count(fakes.TENANT, "/v1.0/card")
        desk.meter.count(fakes.TENANT, "/free")
        return await desk.go()

    assert await call(7) == []
    assert await call(1) == ["钉钉本月调用额度已用 80%"]
    assert await call(1) == []
    assert await call(1) == ["钉钉本月调用额度已用完"]
    assert await call(9) == []
    assert await delivery.month_calls(TENANT, "dingtalk", "2026-03") == (19, 100)
    desk.clock.at = datetime(2026, 3, 31, 17, tzinfo=UTC)  # April in Shanghai
    desk.meter.count(fakes.TENANT, "/v1.0/card")
    await desk.go()
    assert await delivery.month_calls(TENANT, "dingtalk", "2026-04") == (1, 0)


async def test_a_jump_over_both_marks_is_one_warning_from_all_processes() -> None:
    await fakes.hire("zhao", Role.ADMIN, feishu="zhao")
    desk = Post(Clock(at(2, 10)), {"delivery": {"dingtalk_calls": 10}})
    await delivery.count_call(TENANT, "dingtalk", "2026-03", 12)
    await asyncio.gather(*(sweep(desk.house, fakes.silence)() for _ in range(4)))
    assert await desk.go() == ["钉钉本月调用额度已用完"]


async def test_calls_of_several_processes_add_up() -> None:
    await asyncio.gather(
        *(delivery.count_call(TENANT, "dingtalk", "2026-03", 5) for _ in range(10))
    )
    assert await delivery.month_calls(TENANT, "dingtalk", "2026-03") == (50, 0)


# Recall


@dataclass
class Recalling(FakePlatform):
    """Feishu, from which messages can be taken back."""

    taken: list[str] = field(default_factory=list)

    async def recall(self, handle: Any) -> None:
        if handle["message"] in self.taken:
            raise UndeliverableError("230026", "消息已被撤回", "无需再撤回")
        self.taken.append(handle["message"])


async def test_a_sent_message_is_taken_back_with_its_copy() -> None:
    feishu = Recalling()
    adapters: dict[tuple[str, str], Any] = {("feishu", APP): feishu}
    desk = Post(Clock(at(2, 10)), feishu=feishu)
    number = await desk.put("", card=Card("错的", ref="fuse:1"))
    assert await recall(adapters, TENANT, number) == "不是已发送的消息"
    await desk.go()
    assert await recall(adapters, TENANT, number) == ""
    assert (feishu.taken, await CardCopy.all().count()) == (["om_1"], 0)
    assert (await states())["k1"] == "recalled"
    assert await recall(adapters, TENANT, number) == "不是已发送的消息"


async def test_what_a_platform_says_to_a_recall_is_passed_on() -> None:
    feishu = Recalling(taken=["om_1"])
    desk = Post(Clock(at(2, 10)), feishu=feishu)
    number = await desk.put("提醒")
    await desk.go()
    assert await recall({("feishu", APP): feishu}, TENANT, number) == "消息已被撤回。无需再撤回"  # type: ignore[dict-item]
    assert "不支持" in await recall({}, TENANT, number)


# What handlers and jobs say


async def test_urgency_and_topic_of_a_job_reach_the_outbox() -> None:
    zhao = await fakes.hire("zhao", Role.REP, feishu="zhao")
    desk = Post(Clock(at(2, 23)))
    work = desk.house.work(TENANT, desk.clock())
    work.send(zhao, Card("火警"), key="a", urgent=True, topic="fire:1")
    async with transaction():
        await post(work, desk.house.apps_of(TENANT))
    row = await OutboxRow.get(key="a")
    assert (row.urgent, row.direct, row.topic) == (True, False, "fire:1")


async def test_an_answer_in_chat_is_direct(office: Office) -> None:
    await fakes.hire("zhao", Role.REP, feishu="zhao")
    await office.receive(fakes.event("帮助"))
    (row,) = await OutboxRow.all()
    assert row.direct


async def test_results_are_counted() -> None:
    desk = Post(Clock(at(2, 23)))
    await desk.put("提醒")
    await desk.put("回答", direct=True)
    await desk.go()
    text = desk.metrics.text({})
    assert 'momentum_deliveries_total{platform="feishu",result="held"} 1.0' in text
    assert 'momentum_deliveries_total{platform="feishu",result="sent"} 1.0' in text
