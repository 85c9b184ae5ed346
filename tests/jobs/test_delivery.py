from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.adapter import Limit, TransientError, UndeliverableError
from bot.limits import Charge, LocalLimiter
from bot.metrics import Metrics
from bot.sender import Sender
from cards.card import Card, Tone
from config.policies import build
from crm.person import Person, Role
from crm.refusal import RefusedError
from handlers import delivery as handler
from jobs.delivery import Gate, Meter, sweep
from jobs.outbox import Postman, post, recall, send
from models import delivery, outbox
from models.db import transaction
from models.outbox import CardCopy, OutboxRow
from tests import fakes
from tests.fakes import APP, TENANT, Clock, FakePlatform
from tests.office import Office

pytestmark = pytest.mark.usefixtures("database")

ZONE = ZoneInfo("Asia/Shanghai")
CAPPED = {"delivery": {"daily_cap": 3}}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


class Refusing:
    """A limiter that lets nobody through, and counts who asked."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        self.asked: list[str] = []

    async def take(self, charges: Sequence[Charge]) -> float:
        self.asked += [charge.key for charge in charges]
        return self.wait if any("zhao" in charge.key for charge in charges) else 0.0


@dataclass
class Post:
    """The outbox, its postman and the sweep around one Feishu, with a clock that tests move."""

    clock: Clock = field(default_factory=Clock)
    stored: dict[str, dict[str, Any]] = field(default_factory=dict)
    feishu: Any = field(default_factory=FakePlatform)
    limiter: Any = field(default_factory=LocalLimiter)

    def __post_init__(self) -> None:
        nights = {"quiet_from": "22:00", **self.stored.get("delivery", {})}
        policies = build(1, {**self.stored, "delivery": nights})
        self.house = fakes.house(self.clock)
        object.__setattr__(self.house, "policies", lambda _: policies)
        self.metrics = Metrics()
        self.meter = Meter(lambda path: path != "/free")
        self.postman = self.worker()
        self.sweep = sweep(self.house, fakes.silence, self.meter)

    def worker(self) -> Postman:
        """One more process that delivers."""
        sender = Sender({("feishu", APP): self.feishu}, self.limiter)
        gate = Gate(self.house)
        return Postman(sender, now=self.clock, metrics=self.metrics, door=gate)

    async def put(
        self, title: str, *, user: str = "zhao", card: Card | None = None, **way: Any
    ) -> int:
        work = self.house.work(TENANT, self.clock())
        self._n = getattr(self, "_n", 0) + 1
        key = way.pop("key", f"k{self._n}")
        if "robot" not in way:
            way["user"] = user
        message = card or Card(title)
        await send(work, message, key=key, platform="feishu", apps={"feishu": APP}, **way)
        return int((await OutboxRow.get(key=key)).id)

    async def go(self) -> list[str]:
        """Sweep and deliver; returns the titles that arrived now."""
        before = len(self.feishu.order)
        await self.sweep()
        await self.postman.drain()
        arrived: list[str] = self.feishu.order[before:]
        return arrived


async def states() -> dict[str, str]:
    return {row.key: row.state for row in await OutboxRow.all()}


# Quiet hours


async def test_at_night_messages_wait_and_leave_in_the_morning_the_grave_ones_first() -> None:
    desk = Post(Clock(at(2, 23)))
    await desk.put("提醒")
    await desk.put("", card=Card("红色熔断", tone=Tone.DANGER))
    assert await desk.go() == []
    assert [row.reason or row.code for row in await outbox.listed(TENANT, "held")] == ["quiet"] * 2
    desk.clock.at = at(3, 7, 59)
    assert await desk.go() == []
    desk.clock.at = at(3, 8)
    assert await desk.go() == ["红色熔断", "提醒"]


async def test_answers_and_urgent_messages_pass_at_night() -> None:
    desk = Post(Clock(at(3, 2)))
    await desk.put("回答", direct=True)
    await desk.put("火警", urgent=True)
    assert await desk.go() == ["回答", "火警"]
    assert [call.urgent for call in desk.feishu.calls] == [False, True]


async def test_a_card_changes_in_place_at_night() -> None:
    desk = Post(Clock(at(2, 21)))
    await desk.put("", card=Card("旧", ref="fuse:1"))
    assert await desk.go() == ["旧"]
    desk.clock.at = at(2, 23)
    await outbox.replace(TENANT, Card("新", ref="fuse:1"), now=desk.clock(), trace="")
    await desk.go()
    assert desk.feishu.shown() == ["新"]


async def test_groups_and_robots_have_quiet_hours_and_no_cap() -> None:
    desk = Post(Clock(at(2, 23)), CAPPED)
    await desk.put("群", user="", chat="oc_1")
    for number in range(4):
        await desk.put(f"机器人 {number}", robot="销售群")
    assert await desk.go() == []
    desk.clock.at = at(3, 8)
    assert sorted(await desk.go()) == sorted(["群", *(f"机器人 {number}" for number in range(4))])
    assert {call.to.robot for call in desk.feishu.calls} == {"", "销售群"}


async def test_a_message_that_was_tried_in_the_evening_does_not_ring_at_night() -> None:
    desk = Post(Clock(at(2, 21, 59)))
    desk.feishu.fates.append(TransientError("http 500", after=120))
    await desk.put("提醒")
    await desk.go()
    desk.clock.at = at(2, 22, 2)
    assert await desk.go() == []
    desk.clock.at = at(3, 8)
    assert await desk.go() == ["提醒"]


# The daily cap and its digest


async def test_beyond_the_cap_messages_are_listed_once_in_the_morning() -> None:
    desk = Post(Clock(at(2, 10)), CAPPED)
    ids = [await desk.put(f"提醒 {number}") for number in range(5)]
    await desk.put("别人的", user="qian")
    await desk.put("回答", direct=True)
    assert sorted(await desk.go()) == sorted(["提醒 0", "提醒 1", "提醒 2", "别人的", "回答"])
    desk.clock.at = at(3, 8, 29)
    assert await desk.go() == []
    desk.clock.at = at(3, 8, 30)
    assert await desk.go() == ["有 2 条消息没有单独推送"]
    text = desk.feishu.calls[-1].card.plain()
    assert all(part in text for part in ("提醒 3", f"补看 {ids[3]}", "提醒 4", f"补看 {ids[4]}"))
    assert (await desk.go(), await desk.go()) == ([], [])


async def test_two_sweeps_at_once_list_everything_exactly_once() -> None:
    desk = Post(Clock(at(2, 10)), CAPPED)
    for number in range(6):
        await desk.put(f"提醒 {number}")
    await desk.go()
    desk.clock.at = at(3, 9)
    await asyncio.gather(*(sweep(desk.house, fakes.silence)() for _ in range(4)))
    assert await OutboxRow.filter(key__startswith="digest:").count() == 1
    assert await OutboxRow.filter(state="listed").count() == 3


async def test_several_workers_never_let_more_than_the_cap_ring() -> None:
    desk = Post(Clock(at(2, 10)), CAPPED)
    for number in range(8):
        await desk.put("", card=Card(f"{number}", tone=Tone.DANGER if number % 2 else Tone.INFO))
    await asyncio.gather(*(desk.worker().drain() for _ in range(4)))
    assert len(desk.feishu.order) == 3


async def test_a_new_day_begins_at_the_tenants_midnight() -> None:
    desk = Post(Clock(at(2, 9)), {"delivery": {"daily_cap": 1, "quiet_until": "22:00"}})
    await desk.put("一")
    assert await desk.go() == ["一"]
    await desk.put("二")
    assert await desk.go() == []
    desk.clock.at = at(3, 0, 1)
    await desk.put("三")
    assert await desk.go() == ["三"]


async def test_a_message_held_after_the_digest_is_in_the_next_one() -> None:
    desk = Post(Clock(at(2, 10)), {"delivery": {"daily_cap": 1}})
    await desk.put("一")
    await desk.put("二")
    await desk.go()
    desk.clock.at = at(3, 8, 30)
    await desk.go()
    await desk.put("三")
    await desk.put("四")
    assert await desk.go() == ["三"]
    desk.clock.at = at(4, 8, 30)
    assert await desk.go() == ["有 1 条消息没有单独推送"]
    assert "四" in desk.feishu.calls[-1].card.plain()


# 补看


async def _ask(desk: Post, office: Office, who: Person, text: str) -> Any:
    office.clock.at = desk.clock.at
    office.parts = [handler.commands]
    return (await office.asked(who, text))[0]


async def test_a_held_message_comes_when_asked_for_and_only_once(office: Office) -> None:
    zhao = await fakes.hire("zhao", Role.REP)
    qian = await fakes.hire("qian", Role.REP)
    desk = Post(Clock(at(2, 23)))
    number = await desk.put("提醒")
    await desk.go()
    with pytest.raises(RefusedError, match="没有留给您的"):
        await _ask(desk, office, qian, f"补看 {number}")
    listed = await _ask(desk, office, zhao, "补看")
    assert "提醒" in listed.card.plain()
    await _ask(desk, office, zhao, f"补看 {number}")
    assert await desk.go() == ["提醒"]
    with pytest.raises(RefusedError):
        await _ask(desk, office, zhao, f"补看 {number}")
    assert (await _ask(desk, office, zhao, "补看")).toast == "没有留下的消息。"


# Coalescing


async def test_of_two_unsent_messages_about_one_thing_the_newer_one_leaves() -> None:
    desk = Post(Clock(at(2, 23)))
    await desk.put("黄色", topic="reminder:17")
    await desk.go()
    await desk.put("红色", topic="reminder:17")
    await desk.put("别的线索", topic="reminder:18")
    await desk.put("别人的", topic="reminder:17", user="qian")
    await desk.put("回答", topic="reminder:17", direct=True)
    desk.clock.at = at(3, 8)
    assert sorted(await desk.go()) == sorted(["红色", "别的线索", "别人的", "回答"])
    assert (await states())["k1"] == "dropped"


async def test_a_newer_card_takes_the_place_of_the_unsent_one() -> None:
    desk = Post(Clock(at(2, 23)))
    await desk.put("", card=Card("第一版", ref="fuse:1"))
    await desk.put("", card=Card("第二版", ref="fuse:1"))
    desk.clock.at = at(3, 8)
    assert await desk.go() == ["第二版"]


async def test_what_was_sent_is_not_taken_back_by_a_newer_message() -> None:
    desk = Post(Clock(at(2, 10)))
    await desk.put("一", topic="reminder:17")
    assert await desk.go() == ["一"]
    await desk.put("二", topic="reminder:17")
    assert await desk.go() == ["二"]
    assert (await states())["k1"] == "sent"


async def test_a_held_card_is_rewritten_when_the_card_changes() -> None:
    desk = Post(Clock(at(2, 23)))
    await desk.put("", card=Card("旧", ref="fuse:1"))
    await desk.go()
    await outbox.replace(TENANT, Card("已处理", ref="fuse:1"), now=desk.clock(), trace="")
    desk.clock.at = at(3, 8)
    assert await desk.go() == ["已处理"]


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
