"""Working what came in: all of it or nothing, once, in order, and with an answer."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from bot.commands import Answer, Args, Commands, Context, OutdatedError, Reply
from bot.event import Kind
from cards.card import Button, Card, Text, Tone
from crm.person import Role
from crm.refusal import RefusedError
from jobs.inbox import TRIES, Inbox
from jobs.outbox import post
from models import audit, inbox, outbox, person
from models.audit import AuditRow
from models.inbox import InboxRow
from models.outbox import OutboxRow
from models.person import Account
from tests import fakes
from tests.fakes import APP, NOON, TENANT, event
from tests.office import Office, state

commands = Commands("test")
said: list[str] = []


async def mark(ctx: Context, what: str) -> None:
    """A change that must stand or fall with the rest."""
    await audit.note(
        ctx.tenant, actor=ctx.person.id, action="test", subject=f"test:{what}", now=ctx.now
    )


@commands.on("记", usage="记 <什么>", help="记一笔")
async def note_down(ctx: Context, args: Args) -> Reply:
    await mark(ctx, args.text)
    said.append(args.text)
    return f"记下了 {args.text}"


@commands.on("崩溃", usage="崩溃", help="改了一半就出错")
async def crash(ctx: Context, args: Args) -> Reply:
    await mark(ctx, "crash")
    ctx.send(ctx.person, Card("不该发出"), key=f"crash:{ctx.event.key}")
    raise RuntimeError("boom")


@commands.on("拒绝", usage="拒绝", help="改了一半才说不行")
async def refuse(ctx: Context, args: Args) -> Reply:
    await mark(ctx, "refused")
    ctx.send(ctx.person, Card("不该发出"), key=f"refused:{ctx.event.key}")
    ctx.replace(Card("不该替换", ref="ask:1"))
    raise RefusedError("这样不行。请换个数字。")


@commands.on("过时", usage="过时", help="旧卡片")
async def outdated(ctx: Context, args: Args) -> Reply:
    await mark(ctx, "outdated")
    raise OutdatedError(
        "钱进 已批准，这张卡片已过时。", Card("钱进 已批准", (Text("…"),), ref="ask:1")
    )


@commands.on("批准", usage="批准", help="按钮")
async def approve(ctx: Context, args: Args) -> Reply:
    return Answer(Card(f"{ctx.person.name} 已批准", ref="ask:1"), "已批准", Tone.GOOD)


@commands.on("密", usage="密", help="只给管理员", roles=(Role.ADMIN,))
async def secret(ctx: Context, args: Args) -> Reply:
    return "密"


@commands.on("转告", usage="转告", help="告诉同事")
async def pass_on(ctx: Context, args: Args) -> Reply:
    ctx.send(ctx.person, Card("有人找您"), key="pass-on")
    return None


@pytest.fixture
def office(database: str) -> Office:
    said.clear()
    return Office(parts=(commands,))


async def words(key: str = "") -> list[str]:
    """What waits to be sent, oldest first."""
    rows = OutboxRow.filter(key__startswith=key).order_by("id")
    return [json.loads(row.card)["title"] for row in await rows]


async def marks() -> list[str]:
    return [row.subject for row in await AuditRow.filter(action="test").order_by("id")]


async def test_effect_answer_and_done_come_together(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("记 甲"))
    await office.inbox.work(entry)
    assert (await marks(), await words()) == (["test:甲"], ["记下了 甲"])
    row = await InboxRow.get(id=entry)
    assert (row.state, row.done_at) == ("done", NOON)
    [queued] = await OutboxRow.all()
    assert (queued.user, queued.platform, queued.trace) == ("zhao", "feishu", row.trace)


async def test_a_handler_that_raises_leaves_nothing(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("崩溃"))
    assert await office.inbox.work(entry) is None
    assert (await marks(), await words()) == ([], [])
    row = await InboxRow.get(id=entry)
    assert (row.state, row.attempts, row.error) == ("new", 1, "RuntimeError: boom")


async def test_tries_grow_apart_and_after_the_last_the_person_is_told(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("崩溃"))
    waits = []
    for _ in range(TRIES - 1):
        assert await office.inbox.drain() == 0
        row = await InboxRow.get(id=entry)
        waits.append((row.not_before - office.clock.at).total_seconds())
        assert await words() == []
        office.clock.at = row.not_before
    assert waits == [1, 2, 4, 8]
    await office.inbox.drain()
    assert await state(entry) == "dead"
    [sorry] = await words()
    assert "没有处理成功" in sorry
    assert await inbox.waiting() == 0


async def test_nothing_is_tried_before_its_time(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("崩溃"))
    await office.inbox.drain()
    await office.inbox.drain()
    assert (await InboxRow.get(id=entry)).attempts == 1


async def test_a_refusal_leaves_nothing_but_its_words(office: Office) -> None:
    """Changed first and refused then: the person was told no, so nothing may have happened."""
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("拒绝"))
    await office.inbox.work(entry)
    assert await state(entry) == "done"
    assert (await marks(), await words()) == ([], ["这样不行。请换个数字。"])
    assert await outbox.newest(TENANT, "ask:1") is None


async def test_redelivery_of_a_done_event_does_nothing(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("记 甲"))
    await office.inbox.work(entry)
    [kept] = await inbox.store(
        [(event("记 甲"), "again")], now=office.clock(), press_wait=timedelta()
    )
    assert (kept.id, kept.fresh, kept.done) == (entry, False, True)
    assert await office.inbox.work(entry) is None
    assert await office.inbox.drain() == 0
    assert await marks() == ["test:甲"]


async def test_the_same_event_worked_by_twenty_at_once_is_one_effect(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("记 甲"))
    worked = await asyncio.gather(*(office.inbox.work(entry) for _ in range(20)))
    assert len([item for item in worked if item is not None]) == 1
    assert (await marks(), await words()) == (["test:甲"], ["记下了 甲"])


async def test_a_late_failure_does_not_wake_the_dead_or_the_done(office: Office) -> None:
    """One process failed, another has done it meanwhile: noting the failure must not undo that."""
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("记 甲"))
    await office.inbox.work(entry)
    assert not await inbox.fail(entry, error="late", retry_at=None)
    assert await state(entry) == "done"
    assert not await inbox.fail(entry, error="late", retry_at=NOON)
    assert (await state(entry), await inbox.due(now=NOON, limit=9, since=NOON)) == ("done", [])


@pytest.mark.parametrize("drains", [1, 2, 4])
async def test_one_persons_messages_are_worked_in_order(office: Office, drains: int) -> None:
    names = ("zhao", "qian", "sun")
    for name in names:
        await fakes.hire(name, feishu=name)
    await office.keep(
        *(
            event(f"记 {name}{number}", who=name, key=f"{name}{number}")
            for number in range(5)
            for name in names
        )
    )
    others = [Inbox(office.house, office.table, fakes.silence) for _ in range(drains)]
    while await inbox.waiting():
        await asyncio.gather(*(other.drain() for other in others))
    for name in names:
        own = [word for word in said if word.startswith(name)]
        assert own == [f"{name}{number}" for number in range(5)]


async def test_a_message_waits_for_the_one_before_it_even_if_that_failed(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    await office.keep(event("崩溃"), event("记 后来"))
    await office.inbox.drain()
    assert await marks() == []
    while await inbox.waiting():
        office.clock.wait(seconds=30)
        await office.inbox.drain()
    assert await marks() == ["test:后来"]


async def test_others_do_not_wait_for_somebody_elses_trouble(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    await fakes.hire("钱进", feishu="qian")
    await office.keep(event("崩溃"), event("记 甲", who="qian"))
    await office.inbox.drain()
    assert await marks() == ["test:甲"]


async def test_many_failures_do_not_hide_what_can_be_done(office: Office) -> None:
    """More failing lanes than one batch holds, and behind them somebody whose message is fine."""
    crowd = [event("崩溃", who=f"p{number}") for number in range(Inbox.BATCH)]
    for item in crowd:
        await fakes.hire(item.person, feishu=item.person)
    await fakes.hire("赵敏", feishu="zhao")
    await office.keep(*crowd, event("记 甲"))
    await office.inbox.drain()
    assert await marks() == ["test:甲"]


async def test_a_press_is_left_to_whoever_took_it(office: Office) -> None:
    """For some seconds; then its process has died and the workers do it."""
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("批准", kind=Kind.PRESS))
    assert await office.inbox.drain() == 0
    office.clock.wait(seconds=6)
    assert await office.inbox.drain() == 1
    assert await state(entry) == "done"


async def test_somebody_unknown_is_told_how_to_get_in(office: Office) -> None:
    await office.receive(event("记 甲", who="ou_9f"))
    [told] = await words()
    assert "还没有加入" in told
    assert "飞书：ou_9f" in told
    assert await marks() == []


async def test_who_has_left_is_unknown(office: Office) -> None:
    someone = await fakes.hire("赵敏", feishu="zhao")
    await person.PersonRecord.filter(id=someone.id).update(left_at=NOON)
    await office.receive(event("记 甲"))
    assert "还没有加入" in (await words())[0]


async def test_a_group_is_answered_in_the_group(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    await office.receive(event("记 甲", chat="oc_1"))
    [row] = await OutboxRow.all()
    assert (row.chat, row.user, row.lane) == ("oc_1", "zhao", "feishu:main:oc_1")


async def test_entering_is_greeted_once(office: Office) -> None:
    await fakes.hire("赵敏", Role.REP, feishu="zhao", wecom="zhao")
    for number in range(3):
        await office.receive(event("", kind=Kind.ENTER, key=f"enter-{number}"))
    assert await words() == ["赵敏，欢迎使用动能"]
    assert (await Account.get(platform="feishu")).greeted_at == NOON
    await office.receive(event("", kind=Kind.ENTER, platform="wecom"))
    assert len(await words()) == 2  # another platform is another chat


async def test_the_welcome_lists_only_what_this_person_may(office: Office) -> None:
    await fakes.hire("赵敏", Role.REP, feishu="zhao")
    await office.receive(event("", kind=Kind.ENTER))
    [row] = await OutboxRow.all()
    assert "记 <什么>" in row.card
    assert "密" not in row.card


@pytest.mark.parametrize("who", ["", "zhao"])
async def test_notices_are_kept_and_not_answered(office: Office, who: str) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    [entry] = await office.keep(event("im.message.read", kind=Kind.NOTICE, who=who))
    await office.inbox.drain()
    assert (await state(entry), await words()) == ("done", [])


async def test_what_we_cannot_read_is_said_so(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    await office.receive(event("", kind=Kind.UNKNOWN))
    [told] = await words()
    assert "看不懂" in told


async def test_not_understood_names_the_nearest_and_not_allowed_the_role(office: Office) -> None:
    await fakes.hire("赵敏", Role.REP, feishu="zhao")
    await office.receive(event("密"), event("讲"))
    refused, unclear = await words()
    assert "需要管理员的权限" in refused
    assert unclear.startswith("没听懂「讲」")


async def test_a_press_shows_its_words_at_once_where_the_platform_can(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao", wecom="zhao")
    worked = await office.press("zhao", "记 甲")
    assert worked is not None
    assert worked.inline is not None
    assert worked.inline.toast == "记下了 甲"
    assert await words() == []
    await office.press("zhao", "记 乙", platform="wecom")
    assert await words() == ["记下了 乙"]


async def test_an_outdated_press_changes_that_card_alone_and_says_why(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    for who in ("zhao", "qian"):
        card = Card("请决定", buttons=(Button("过时", "过时"),), ref="ask:1")
        await outbox.put(
            outbox.Message(TENANT, f"ask:{who}", "feishu", APP, card, user=who), now=NOON
        )
    await office.settle()
    worked = await office.press("zhao", "过时", "om_1")
    assert worked is not None
    assert worked.inline is not None
    assert (worked.inline.tone, worked.needless) == (Tone.WARN, ())
    assert "已过时" in worked.inline.toast
    await office.settle()
    assert office.phone().shown() == ["钱进 已批准", "请决定"]
    assert await marks() == []


async def test_an_outdated_press_is_explained_in_words_where_there_are_no_toasts(
    office: Office,
) -> None:
    await fakes.hire("赵敏", wecom="zhao")
    await office.press("zhao", "过时", platform="wecom")
    assert await words() == ["钱进 已批准，这张卡片已过时。"]


async def test_an_outdated_command_that_was_typed_is_answered_in_words(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    await office.receive(event("过时"))
    assert await words() == ["钱进 已批准，这张卡片已过时。"]


async def test_a_typed_decision_changes_every_copy_and_is_answered(office: Office) -> None:
    await fakes.hire("赵敏", feishu="zhao")
    card = Card("请决定", buttons=(Button("批准", "批准"),), ref="ask:1")
    await outbox.put(outbox.Message(TENANT, "ask", "feishu", APP, card, user="zhao"), now=NOON)
    await office.settle()
    await office.receive(event("批准"))
    await office.settle()
    assert office.phone().shown()[:2] == ["赵敏 已批准", "赵敏 已批准"]
    assert "已批准" in office.phone().shown()[2]  # the toast, in words


async def test_a_colleague_is_told_at_home(office: Office) -> None:
    await fakes.hire("张伟", Role.MANAGER, wecom="zhang", feishu="ou_zhang")
    await office.receive(event("转告", who="zhang", platform="wecom"))
    [row] = await OutboxRow.all()
    assert (row.platform, row.user) == ("feishu", "ou_zhang")


async def test_whoever_cannot_be_reached_is_no_reason_to_fail(office: Office) -> None:
    someone = await fakes.hire("赵敏", feishu="zhao")
    await Account.filter(person_id=someone.id).update(platform="sms")
    lonely = await person.by_id(TENANT, someone.id)
    assert lonely is not None
    work = office.house.work(TENANT, NOON)
    work.send(lonely, Card("…"), key="x")
    await post(work, office.house.apps_of(TENANT))
    assert await words() == []
