"""When messages leave: by day, within the cap, the newest of a kind, and when asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.adapter import TransientError
from cards.card import Card, Tone
from crm.person import Person, Role
from crm.refusal import RefusedError
from handlers import delivery as handler
from jobs.delivery import sweep
from models import outbox
from models.outbox import OutboxRow
from tests import fakes
from tests.counter import Post, at, states
from tests.fakes import TENANT, Clock
from tests.office import Office

pytestmark = pytest.mark.usefixtures("database")

CAPPED = {"delivery": {"daily_cap": 3}}


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
