"""Files, urgent messages, recall, group robots and changes by a press's token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.adapter import (
    Address,
    CannotReplaceError,
    Delivery,
    Limit,
    TransientError,
    UndeliverableError,
)
from bot.feishu.adapter import FeishuAdapter
from bot.feishu.faults import refusal
from bot.feishu.reasons import DETAILS, REASONS
from bot.feishu.robots import robots, signature
from bot.http import Reply
from cards.card import Attachment, Button, Card, Picture, Text
from config.settings import SettingsError
from tests.bot.feishu import cards
from tests.bot.feishu.platform import Platform, opened
from tests.bot.feishu.rules import check

SEND, FILES = "POST /im/v1/messages", "POST /im/v1/files"
HOOK = "POST /bot/v2/hook/hook-1"
QUOTE = Card("报价", (Attachment("报价.xlsx", "报价.xlsx"),))
PERMANENT = [
    *(99991672, 99991679, 99991401, 99991403, 10003, 10014, 230006, 230027),
    *(230002, 230013, 230029, 230034, 230035, 230038, 230053, 232009, 230018, 230019),
    *(230001, 230011, 230110, 230050, 230111, 230012, 230031, 230071, 230072, 230054, 230055),
    *(230075, 230015, 230017, 230025, 230022, 230028, 230099, 19021, 19022, 19024, 9499),
    *(234001, 234003, 234004, 234037, 234038, 234040, 234043, 1040101, 1040102),
]


@pytest.fixture
async def platform() -> Platform:
    return Platform()


@pytest.fixture
async def feishu(platform: Platform) -> AsyncIterator[FeishuAdapter]:
    async with opened(platform) as (adapter, _, _):
        yield adapter


def delivery(card: Card = cards.DECISION, **changes: Any) -> Delivery:
    return replace(Delivery("fuse-17-v3", Address(person="ou_lina"), card), **changes)


def test_the_limits_are_the_documented_ones() -> None:
    assert set(FeishuAdapter.limits) == {
        *(Limit("person", 5, 1), Limit("group", 5, 1)),
        *(Limit("app", 50, 1), Limit("app", 1000, 60)),
        *(Limit("robot", 5, 1), Limit("robot", 100, 60)),
    }


async def test_a_file_follows_its_card(feishu: FeishuAdapter, platform: Platform) -> None:
    receipt = await feishu.deliver(delivery(QUOTE))
    assert receipt.handle == {"message": "om_1", "file:报价.xlsx": "om_2"}
    upload = platform.seen(FILES)[0].body
    assert upload == {"file_type": "xls", "file_name": "报价.xlsx", "file": b"xlsx"}
    card, file = (call.body for call in platform.seen(SEND))
    assert "附件：报价.xlsx（见下一条消息）" in card["content"]
    assert (file["msg_type"], json.loads(file["content"])) == ("file", {"file_key": "file_v3_9"})
    assert file["uuid"] != card["uuid"]
    assert len(file["uuid"]) <= 50


async def test_a_changed_card_brings_only_new_files(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    handle = (await feishu.deliver(delivery(QUOTE))).handle
    both = Card("报价", (*QUOTE.blocks, Attachment("手册.pdf", "手册.pdf")))
    changed = await feishu.deliver(delivery(both, handle=handle))
    assert changed.handle == {**handle, "file:手册.pdf": "om_3"}
    assert [call.body["file_name"] for call in platform.seen(FILES)] == ["报价.xlsx", "手册.pdf"]


@pytest.mark.parametrize("key", ["空.txt", "没有"])
async def test_a_file_that_cannot_go_is_its_name(
    feishu: FeishuAdapter, platform: Platform, key: str
) -> None:
    receipt = await feishu.deliver(delivery(Card("报价", (Attachment("报价.xlsx", key),))))
    assert receipt.handle == {"message": "om_1"}
    assert "〔文件：报价.xlsx〕" in platform.seen(SEND)[0].body["content"]


async def test_what_is_done_is_not_done_twice(feishu: FeishuAdapter, platform: Platform) -> None:
    busy = {"code": 230020, "msg": "rate"}
    platform.answer(SEND, {"code": 0, "data": {"message_id": "om_card"}}, busy)
    with pytest.raises(TransientError) as fault:
        await feishu.deliver(delivery(QUOTE, urgent=True))
    receipt = await feishu.deliver(delivery(QUOTE, urgent=True, done=fault.value.done))
    assert receipt.handle == {"message": "om_card", "file:报价.xlsx": "om_1"}
    kinds = [call.body["msg_type"] for call in platform.seen(SEND)]
    assert kinds == ["interactive", "file", "file"]
    assert len(platform.seen(FILES)) == 1
    assert len(platform.seen("PATCH /im/v1/messages/om_card/urgent_app")) == 1


async def test_without_a_loader_a_file_is_a_named_loss(platform: Platform) -> None:
    async with opened(platform, load=None) as (feishu, _, _):
        assert feishu.render(QUOTE).dropped == ("file→text",)
        await feishu.deliver(delivery(QUOTE))
    assert not platform.seen(FILES)


async def test_an_urgent_message_rings_its_reader(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    await feishu.deliver(delivery(urgent=True))
    (ring,) = platform.seen("PATCH /im/v1/messages/om_1/urgent_app")
    assert ring.query == [("user_id_type", "open_id")]
    assert ring.body == {"user_id_list": ["ou_lina"]}
    await feishu.deliver(delivery(to=Address(chat="oc_1"), urgent=True))
    assert len([call for call in platform.calls if "urgent" in call.path]) == 1


@pytest.mark.parametrize("code", [230023, 230024, 99991672])
async def test_a_bell_that_is_refused_is_noted_and_the_message_stands(
    feishu: FeishuAdapter, platform: Platform, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    platform.answer("PATCH /im/v1/messages/om_1/urgent_app", {"code": code})
    receipt = await feishu.deliver(delivery(urgent=True))
    assert receipt.handle == {"message": "om_1"}
    refused = [record for record in caplog.records if record.message == "urgent refused"]
    assert [record.__dict__["code"] for record in refused] == [str(code)]


async def test_a_recall_takes_card_and_files(feishu: FeishuAdapter, platform: Platform) -> None:
    platform.answer("DELETE /im/v1/messages/om_1", {"code": 230011})
    await feishu.recall({"message": "om_1", "file:a": "om_2"})
    assert [call.path for call in platform.calls if call.method == "DELETE"] == [
        "/im/v1/messages/om_1",
        "/im/v1/messages/om_2",
    ]
    platform.answer("DELETE /im/v1/messages/om_3", {"code": 230012})
    with pytest.raises(UndeliverableError):
        await feishu.recall({"message": "om_3"})
    with pytest.raises(UndeliverableError) as fault:
        await feishu.recall({"robot": "销售群"})
    assert "群主" in fault.value.advice


async def test_a_press_token_changes_a_card_twice(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    handle: Any = {"token": "c-7"}
    for uses in ("1", "2"):
        handle = (await feishu.deliver(delivery(handle=handle))).handle
        assert handle == {"token": "c-7", "uses": uses}
    body = platform.seen("POST /interactive/v1/card/update")[0].body
    assert body["token"] == "c-7"
    check(body["card"])
    with pytest.raises(CannotReplaceError):
        await feishu.deliver(delivery(handle=handle))


@pytest.mark.parametrize("code", [300020, 300030, 300040, 200000])
async def test_a_spent_token_needs_a_new_message(
    feishu: FeishuAdapter, platform: Platform, code: int
) -> None:
    platform.answer("POST /interactive/v1/card/update", {"code": code})
    with pytest.raises(CannotReplaceError):
        await feishu.deliver(delivery(handle={"token": "c-7"}))


# ---- group robots


@pytest.mark.parametrize(
    ("timestamp", "secret", "expected"),
    [
        ("1599360473", "demo", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
        ("1700000000", "s3cr3t", "CNNNRL0wSY2j+cKcY98lQAfVvb21u/iW3phZyXRkmcY="),
    ],
)
def test_the_published_robot_signatures(timestamp: str, secret: str, expected: str) -> None:
    assert signature(timestamp, secret) == expected


def test_robots_are_read_and_never_shown() -> None:
    found = robots("销售群=hook-1:s3cr3t, 门店群=https://x.cn/hook/hook-2,")
    assert [(one.hook, one.secret) for one in found.values()] == [
        ("hook-1", "s3cr3t"),
        ("hook-2", ""),
    ]
    assert "hook" not in str(found).replace("hook=", "")
    assert robots("") == {}


@pytest.mark.parametrize("text", ["hook-1", "=hook-1", "群=", "群=a,群=b"])
def test_an_unreadable_robot_is_a_wrong_setting(text: str) -> None:
    with pytest.raises(SettingsError) as fault:
        robots(text)
    assert "hook-1" not in str(fault.value)


async def test_a_robot_posts_a_signed_card_without_dead_buttons(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    card = Card(
        "日报",
        (Text("好"), Picture("班表", cards.ROSTER)),
        buttons=(Button("接手", "接手 17"), Button("打开", url="https://crm.example.cn")),
    )
    receipt = await feishu.deliver(delivery(card, to=Address(robot="销售群")))
    assert receipt.handle == {"robot": "销售群"}
    body = platform.seen(HOOK)[0].body
    assert body["timestamp"] == "1772413200"
    assert body["sign"] == signature("1772413200", "s3cr3t")
    check(body["card"])
    shown = json.dumps(body["card"], ensure_ascii=False)
    assert "打开" in shown
    assert "接手" not in shown
    assert "〔图：班表〕" in shown
    with pytest.raises(CannotReplaceError):
        await feishu.deliver(delivery(handle=receipt.handle))


@pytest.mark.parametrize("card", [cards.HUGE, Card("长" * 20_000)])
async def test_a_robots_message_fits_20_kb(
    feishu: FeishuAdapter, platform: Platform, card: Card
) -> None:
    await feishu.deliver(delivery(card, to=Address(robot="门店群")))
    (call,) = platform.seen("POST /bot/v2/hook/hook-2")
    assert "sign" not in call.body
    assert len(json.dumps(call.body, ensure_ascii=False).encode()) <= 20_000


async def test_a_robots_refusals_come_with_http_200(
    feishu: FeishuAdapter, platform: Platform
) -> None:
    to = Address(robot="销售群")
    platform.answer(HOOK, {"code": 9499}, {"code": 0})
    await feishu.deliver(delivery(to=to))
    assert [call.body["msg_type"] for call in platform.seen(HOOK)] == ["interactive", "text"]
    platform.answer(HOOK, {"code": 19021})
    with pytest.raises(UndeliverableError) as fault:
        await feishu.deliver(delivery(to=to))
    assert "MOMENTUM_FEISHU__ROBOTS" in fault.value.advice
    platform.answer(HOOK, {"code": 11232})
    with pytest.raises(TransientError):
        await feishu.deliver(delivery(to=to))
    with pytest.raises(UndeliverableError) as nobody:
        await feishu.deliver(delivery(to=Address(robot="没有")))
    assert nobody.value.code == "robot"


# ---- reasons


@pytest.mark.parametrize("code", PERMANENT)
def test_every_permanent_code_has_its_reason_and_advice(code: int) -> None:
    fault = refusal(Reply(400, {}, {"code": code, "msg": "…"}))
    assert isinstance(fault, UndeliverableError)
    assert (fault.reason, fault.advice) == REASONS[code]
    assert all("\u4e00" <= text[0] <= "\u9fff" for text in REASONS[code])


@pytest.mark.parametrize("inner", list(DETAILS))
def test_a_refused_card_says_what_was_wrong_with_it(inner: int) -> None:
    message = f"Failed to create card content, ext=ErrCode: {inner}; ErrMsg: x"
    fault = refusal(Reply(400, {}, {"code": 230099, "msg": message}))
    assert isinstance(fault, UndeliverableError)
    assert fault.code == "230099"
    assert (fault.reason, fault.advice) == DETAILS[inner]
