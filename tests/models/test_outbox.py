"""Outgoing messages: each once, in order, and every copy of a card in its newest edition."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.adapter import CannotReplaceError, Delivery, TransientError, UndeliverableError
from bot.metrics import Metrics
from bot.sender import Sender
from cards.card import Button, Card, Text
from cards.parcel import Parcel
from jobs.outbox import LEASE, Postman
from models import outbox
from models.db import transaction
from models.outbox import CardCopy, OutboxRow
from tests.fakes import APP, NOON, TENANT, Clock, FakePlatform

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def phone() -> FakePlatform:
    return FakePlatform("feishu")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def postman(phone: FakePlatform, clock: Clock) -> Postman:
    return man(phone, clock)


def man(phone: FakePlatform, clock: Clock) -> Postman:
    return Postman(Sender({("feishu", APP): phone}), now=clock, metrics=Metrics())  # type: ignore[dict-item]


def card(title: str, ref: str = "") -> Card:
    return Card(title, (Text("…"),), buttons=(Button("看", "看"),), ref=ref)


async def put(title: str, *, key: str = "", user: str = "zhao", ref: str = "", **more: Any) -> bool:
    message = outbox.Message(
        TENANT, key or title, "feishu", APP, card(title, ref), user=user, **more
    )
    return await outbox.put(message, now=NOON)


async def replace(title: str, ref: str = "ask:1", **more: Any) -> list[int]:
    async with transaction():
        return await outbox.replace(TENANT, card(title, ref), now=NOON, trace="", **more)


async def claim(clock: Clock) -> list[Parcel]:
    return await outbox.claim(now=clock(), limit=20, lease=LEASE)


async def states() -> list[str]:
    return [row.state for row in await OutboxRow.all().order_by("id")]


async def test_a_key_is_said_once(postman: Postman, phone: FakePlatform) -> None:
    assert await put("甲", key="k")
    assert not await put("乙", key="k")
    await postman.drain()
    await postman.drain()
    assert phone.order == ["甲"]


async def test_the_delivery_key_is_short_ascii_and_the_same_at_every_try(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    phone.fates += [TransientError("busy"), TransientError("busy")]
    await put("甲", key="线索:1")
    for _ in range(3):
        await postman.drain()
        clock.wait(seconds=10)
    keys = [call.key for call in phone.calls]
    assert len(set(keys)) == 1
    assert len(keys) == 3
    assert keys[0].isascii()
    assert len(keys[0]) <= 50


@pytest.mark.parametrize("postmen", [1, 2, 4])
async def test_lanes_keep_their_order(phone: FakePlatform, clock: Clock, postmen: int) -> None:
    for number in range(6):
        for user in ("zhao", "qian", "sun"):
            await put(f"{user}{number}", user=user)
    await asyncio.gather(*(man(phone, clock).drain() for _ in range(postmen)))
    await man(phone, clock).drain()
    for user in ("zhao", "qian", "sun"):
        own = [title for title in phone.order if title.startswith(user)]
        assert own == [f"{user}{number}" for number in range(6)]


async def test_a_message_that_waits_for_another_try_is_not_overtaken(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    phone.fates.append(TransientError("busy", after=30))
    await put("先")
    await put("后")
    await put("旁人", user="qian")
    await postman.drain()
    assert phone.order == ["旁人"]
    clock.wait(seconds=29)
    await postman.drain()
    assert phone.order == ["旁人"]
    clock.wait(seconds=1)
    await postman.drain()
    assert phone.order == ["旁人", "先", "后"]


async def test_a_dead_letter_does_not_block_its_lane(postman: Postman, phone: FakePlatform) -> None:
    phone.fates.append(UndeliverableError("no_user", "没有这个人", "请核对人员名单"))
    await put("死信")
    await put("后")
    await postman.drain()
    assert phone.order == ["后"]


async def test_two_postmen_at_once_deliver_each_message_once(
    phone: FakePlatform, clock: Clock
) -> None:
    for number in range(60):
        await put(f"m{number}", user=f"u{number}")
    await asyncio.gather(*(man(phone, clock).drain() for _ in range(4)))
    assert len(phone.calls) == 60
    assert set(await states()) == {"sent"}


async def test_what_a_killed_postman_had_taken_is_found_again(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    await put("甲")
    await put("乙")
    [taken] = await claim(clock)
    assert taken.card.title == "甲"
    await postman.drain()
    assert phone.order == []  # it may still be under way
    clock.wait(seconds=LEASE.total_seconds() + 1)
    await postman.drain()
    assert phone.order == ["甲", "乙"]


async def test_another_try_keeps_what_was_done(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    phone.fates += [
        TransientError("busy", done={"picture": "img_1"}),
        TransientError("busy", done={"text": "om_9"}),
    ]
    await put("甲")
    for _ in range(3):
        await postman.drain()
        clock.wait(seconds=10)
    assert [dict(call.done) for call in phone.calls] == [
        {},
        {"picture": "img_1"},
        {"picture": "img_1", "text": "om_9"},
    ]


async def test_dead_letters_are_listed_replayed_and_dropped(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    fate = UndeliverableError("no_user", "没有这个人", "请核对人员名单后重发")
    phone.fates += [fate, fate, fate]
    for title in ("甲", "乙", "丙"):
        await put(title, user=title)
    await postman.drain()
    newest, _, oldest = await outbox.listed(TENANT, "dead")
    assert (oldest.code, oldest.reason) == ("no_user", "没有这个人。请核对人员名单后重发")
    assert await outbox.counts() == {"waiting": 0, "dead": 3}
    assert await outbox.listed("other", "dead") == []

    assert await outbox.replay(TENANT, [oldest.id], now=clock()) == 1
    assert await outbox.discard(TENANT, [newest.id]) == 1
    await postman.drain()
    assert phone.order == ["甲"]
    assert await states() == ["sent", "dead", "dropped"]
    first, *_, last = phone.calls
    assert first.key != last.key  # else the platform takes the replay for a repetition

    assert await outbox.replay(TENANT, None, now=clock()) == 1
    await postman.drain()
    assert await states() == ["sent", "sent", "dropped"]


async def test_only_dead_letters_are_replayed_or_dropped(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    await put("甲")
    await postman.drain()
    await put("乙")
    ids = [row.id for row in await OutboxRow.all()]
    assert await outbox.replay(TENANT, ids, now=clock()) == 0
    assert await outbox.discard(TENANT, ids) == 0
    assert await states() == ["sent", "new"]


async def test_an_unsent_card_is_rewritten(postman: Postman, phone: FakePlatform) -> None:
    await put("请决定", ref="ask:1")
    await replace("已批准")
    await postman.drain()
    assert (phone.order, phone.shown(), len(phone.calls)) == (["已批准"], ["已批准"], 1)


async def test_every_copy_changes_in_place(postman: Postman, phone: FakePlatform) -> None:
    await put("请决定", key="1", user="zhao", ref="ask:1")
    await put("请您知悉", key="2", user="qian", ref="ask:1")
    await put("别的", key="3", user="qian", ref="ask:2")
    await postman.drain()
    await replace("已批准")
    await postman.drain()
    assert phone.shown() == ["已批准", "已批准", "别的"]
    assert len(phone.order) == 3  # nothing new was sent


async def test_of_several_changes_only_the_newest_is_delivered(
    postman: Postman, phone: FakePlatform
) -> None:
    await put("请决定", ref="ask:1")
    await postman.drain()
    for number in range(5):
        await replace(f"第 {number} 版")
    await postman.drain()
    assert phone.shown() == ["第 4 版"]
    assert len(phone.calls) == 2


async def test_going_back_to_an_earlier_look_is_a_change_too(
    postman: Postman, phone: FakePlatform
) -> None:
    await put("甲", ref="ask:1")
    await postman.drain()
    for title in ("乙", "甲", "乙", "甲"):
        await replace(title)
        await postman.drain()
        assert phone.shown() == [title]


async def test_a_card_replaced_while_its_first_message_is_under_way_is_corrected(
    postman: Postman, phone: FakePlatform
) -> None:
    async def meanwhile(_: Delivery) -> None:
        await replace("已批准")

    phone.fates.append(meanwhile)
    await put("请决定", ref="ask:1")
    await postman.drain()
    assert (phone.order, phone.shown()) == (["请决定"], ["已批准"])


async def test_a_card_replaced_while_a_change_is_under_way_is_corrected(
    postman: Postman, phone: FakePlatform
) -> None:
    async def meanwhile(_: Delivery) -> None:
        await replace("第二版")

    await put("请决定", ref="ask:1")
    await postman.drain()
    phone.fates.append(meanwhile)
    await replace("第一版")
    await postman.drain()
    assert phone.shown() == ["第二版"]


async def test_a_card_whose_first_reply_was_lost_is_corrected_not_rewritten(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    """It may have arrived: under the same key the platform would ignore other contents."""

    async def lose_the_reply(delivery: Delivery) -> None:
        await FakePlatform.deliver(phone, delivery)
        phone.calls.pop()
        raise TransientError("network: TimeoutError")

    phone.fates.append(lose_the_reply)
    await put("请决定", ref="ask:1")
    await postman.drain()
    assert phone.shown() == ["请决定"]
    await replace("已批准")
    clock.wait(seconds=10)
    await postman.drain()
    assert phone.shown() == ["已批准"]


async def test_a_card_of_a_killed_postman_is_corrected_too(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    await put("请决定", ref="ask:1")
    [parcel] = await claim(clock)
    await phone.deliver(Delivery(parcel.key, to=None, card=parcel.card))  # type: ignore[arg-type]
    clock.wait(seconds=LEASE.total_seconds() + 1)  # it died before it could note the delivery
    await replace("已批准")
    await postman.drain()
    assert phone.shown() == ["已批准"]


async def test_the_pressed_copy_waits_for_its_answer_and_can_be_dropped(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    await put("请决定", key="1", user="zhao", ref="ask:1")
    await put("请决定", key="2", user="qian", ref="ask:1")
    await postman.drain()
    wait = timedelta(seconds=3)
    needless = await replace("已批准", pressed={"message": "om_1"}, pressed_wait=wait)
    await postman.drain()
    assert phone.shown() == ["请决定", "已批准"]
    await outbox.drop(needless)
    clock.wait(seconds=60)
    await postman.drain()
    assert phone.shown() == ["请决定", "已批准"]  # its presser saw it in the answer


async def test_a_lost_answer_to_a_press_is_made_good(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    await put("请决定", ref="ask:1")
    await postman.drain()
    await replace("已批准", pressed={"message": "om_1"}, pressed_wait=timedelta(seconds=3))
    clock.wait(seconds=3)
    await postman.drain()
    assert phone.shown() == ["已批准"]


async def test_a_press_brings_fresh_means_of_changing_the_card(
    postman: Postman, phone: FakePlatform
) -> None:
    await put("请决定", ref="ask:1")
    await postman.drain()
    await replace("已批准", pressed={"message": "om_1", "code": "c-2"})
    await postman.drain()
    assert phone.calls[-1].handle == {"message": "om_1", "code": "c-2"}


async def test_a_copy_that_cannot_be_changed_is_sent_anew_and_followed_from_there(
    postman: Postman, phone: FakePlatform
) -> None:
    await put("请决定", ref="ask:1")
    await postman.drain()
    phone.fates.append(CannotReplaceError("too old"))
    await replace("已批准")
    await postman.drain()
    assert phone.shown() == ["请决定", "已批准"]
    assert await CardCopy.all().count() == 1
    await replace("已完成")
    await postman.drain()
    assert phone.shown() == ["请决定", "已完成"]


async def test_a_copy_replaced_twice_that_cannot_be_changed_is_sent_anew_once(
    postman: Postman, phone: FakePlatform
) -> None:
    async def meanwhile(_: Delivery) -> None:
        await replace("第二版")
        raise CannotReplaceError("too old")

    await put("请决定", ref="ask:1")
    await postman.drain()
    phone.fates += [meanwhile, CannotReplaceError("too old")]
    await replace("第一版")
    await postman.drain()
    assert phone.shown() == ["请决定", "第二版"]


async def test_a_copy_without_an_id_is_not_sent_to_whom_is_answered_anyway(
    postman: Postman, phone: FakePlatform
) -> None:
    await put("请决定", key="1", user="zhao", ref="ask:1")
    await put("请决定", key="2", user="qian", ref="ask:1")
    await postman.drain()
    await CardCopy.all().update(message="")
    await replace("已批准", told=("feishu", "zhao"))
    rows = await OutboxRow.filter(state="new")
    assert [row.user for row in rows] == ["qian"]


async def test_a_press_without_an_id_names_no_copy(postman: Postman, phone: FakePlatform) -> None:
    await put("请决定", key="1", user="zhao", ref="ask:1")
    await put("请决定", key="2", user="qian", ref="ask:1")
    await postman.drain()
    await CardCopy.all().update(message="")
    needless = await replace("已批准", pressed={"message": "", "code": "c-2"})
    assert needless == []
    assert "c-2" not in "".join([copy.handle for copy in await CardCopy.all()])


async def test_a_late_verdict_does_not_bury_what_another_has_delivered(
    postman: Postman, phone: FakePlatform, clock: Clock
) -> None:
    await put("甲")
    [late] = await claim(clock)
    clock.wait(seconds=LEASE.total_seconds() + 1)
    await postman.drain()
    await outbox.bury(late, code="x", reason="太晚")
    assert await states() == ["sent"]


async def test_a_second_report_of_one_delivery_makes_no_second_copy(clock: Clock) -> None:
    """Both of two postmen whose leases overlapped report the same message."""
    await put("甲", ref="ask:1")
    [parcel] = await claim(clock)
    await outbox.sent(parcel, {"message": "om_1"}, now=NOON)
    await outbox.sent(parcel, {"message": "om_1"}, now=NOON)
    assert await CardCopy.all().count() == 1


async def test_many_replacements_at_once_end_with_one_card_everywhere(
    phone: FakePlatform, clock: Clock
) -> None:
    for number in range(4):
        await put("请决定", key=f"{number}", user=f"u{number}", ref="ask:1")
    await asyncio.gather(
        man(phone, clock).drain(),
        *(replace(f"第 {number} 版") for number in range(8)),
        man(phone, clock).drain(),
    )
    await man(phone, clock).drain()
    newest = await outbox.newest(TENANT, "ask:1")
    assert newest is not None
    assert set(phone.shown()) == {newest.title}


async def test_a_first_copy_delivered_beside_an_uncommitted_replacement_is_corrected(
    phone: FakePlatform, clock: Clock, postman: Postman
) -> None:
    replaced = asyncio.Event()

    async def slowly() -> None:
        async with transaction():
            await outbox.replace(TENANT, card("已批准", "ask:1"), now=NOON, trace="")
            replaced.set()
            await asyncio.sleep(0.05)

    await put("请决定", ref="ask:1")
    [parcel] = await claim(clock)
    receipt = await phone.deliver(Delivery(parcel.key, to=None, card=parcel.card))  # type: ignore[arg-type]
    waiting = asyncio.create_task(slowly())
    await replaced.wait()
    await outbox.sent(parcel, receipt.handle, now=NOON)
    await waiting
    await postman.drain()
    assert phone.shown() == ["已批准"]
