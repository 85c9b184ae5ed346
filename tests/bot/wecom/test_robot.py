"""Group robots: posted by webhook, one way only."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from bot.adapter import Address, CannotReplaceError, Delivery, TransientError, UndeliverableError
from bot.wecom import robot
from bot.wecom.adapter import WeComAdapter
from cards.card import Attachment, Button, Card, Table, Text, note
from tests.bot.wecom import cards
from tests.bot.wecom.server import FakeWeCom, Json

SEND, UPLOAD = "webhook/send", "webhook/upload_media"
TABLE = Card("周报", (Table(("门店", "成交"), (("人民|广场", "7"),)),))
LINKS = Card(
    "四份材料",
    (Text("请在周五前看完。"),),
    buttons=tuple(Button(f"材料 {n}", url=f"https://crm.example.com/{n}") for n in range(4)),
)


def post(card: Card, **more: object) -> Delivery:
    made = Delivery("brief-9", Address(robot="销售群"), card)
    return replace(made, **more)  # type: ignore[arg-type]


def parts(card: Card) -> list[Json]:
    messages = robot.render_robot(card).payload["messages"]
    assert isinstance(messages, list)
    return messages


@pytest.mark.parametrize(
    "text",
    [
        "销售群=K1,门店=K2",
        " 销售群 = K1 ；门店＝K2，",
        "销售群=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=K1;门店=K2&debug=1",
        "销售群=K1,坏的,=无名,空=,门店=K2",
    ],
)
def test_robots_are_read_tolerantly(text: str) -> None:
    assert robot.keys(text) == {"销售群": "K1", "门店": "K2"}
    assert robot.keys("") == {}


@pytest.mark.parametrize(
    ("card", "kinds"),
    [
        (note("今日业绩已更新"), ["text"]),
        (cards.DECISION, ["markdown"]),
        (cards.LINKED, ["template_card"]),
        (LINKS, ["news"]),
        (TABLE, ["markdown_v2"]),
        (Card("动能", (cards.PICTURE,)), ["image", "markdown"]),
        (Card("报价", (Attachment("报价单.xlsx", "quote-17"),)), ["file", "markdown"]),
    ],
)
async def test_each_card_in_its_form(
    online: WeComAdapter, platform: FakeWeCom, card: Card, kinds: list[str]
) -> None:
    receipt = await online.deliver(post(card))
    bodies = platform.bodies(SEND)
    assert [body["msgtype"] for body in bodies] == kinds
    assert all(body["_key"] == "ROBOT-KEY-1" for body in bodies)
    assert "gettoken" not in [path for path, _ in platform.calls]
    with pytest.raises(CannotReplaceError):
        await online.deliver(post(card, handle=receipt.handle))
    with pytest.raises(UndeliverableError, match="不能撤回"):
        await online.recall(receipt.handle)


async def test_a_picture_carries_its_own_digest(online: WeComAdapter, platform: FakeWeCom) -> None:
    await online.deliver(post(Card("动能", (cards.PICTURE,))))
    image = platform.bodies(SEND)[0]["image"]
    png = base64.b64decode(image["base64"])
    assert png.startswith(b"\x89PNG")
    assert image["md5"] == hashlib.md5(png).hexdigest()  # noqa: S324


async def test_a_file_is_uploaded_for_the_robot(online: WeComAdapter, platform: FakeWeCom) -> None:
    await online.deliver(post(Card("报价", (Attachment('报价"单.xlsx', "quote-17"),))))
    (upload,) = platform.bodies(UPLOAD)
    assert 'filename="报价_单.xlsx"'.encode() in upload["raw"]
    assert (upload["type"], upload["key"]) == ("file", "ROBOT-KEY-1")


def test_a_table_stays_a_table() -> None:
    (message,) = parts(TABLE)
    assert "| 门店 | 成交 |\n| --- | --- |\n| 人民｜广场 | 7 |" in message["markdown_v2"]["content"]


def test_links_open_pages_and_buttons_become_words() -> None:
    (card,) = parts(cards.LINKED)
    assert card["template_card"]["card_type"] == "text_notice"
    (news,) = parts(LINKS)
    first, *rest = news["news"]["articles"]
    assert (first["title"], first["description"]) == ("四份材料", "请在周五前看完。")
    assert [one["url"] for one in rest] == [f"https://crm.example.com/{n}" for n in (1, 2, 3)]
    rendered = robot.render_robot(cards.DECISION)
    assert set(rendered.dropped) == {"select→text", "button→text"}
    assert "请到应用会话里回复「批准 88 v3」" in json.dumps(
        rendered.payload["messages"], ensure_ascii=False
    )


async def test_an_unknown_robot_is_named(online: WeComAdapter, platform: FakeWeCom) -> None:
    with pytest.raises(UndeliverableError, match="门店群") as failed:
        await online.deliver(post(note("好"), to=Address(robot="门店群")))
    assert "MOMENTUM_WECOM__ROBOTS" in failed.value.advice
    assert platform.calls == []


async def test_a_removed_robot_and_a_busy_one(
    online: WeComAdapter, platform: FakeWeCom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.tell(SEND, {"errcode": 93000, "errmsg": "invalid webhook url"})
    with pytest.raises(UndeliverableError, match="移出群"):
        await online.deliver(post(note("好")))
    platform.tell(SEND, {"errcode": 0}, {"errcode": 45009, "errmsg": "freq"})
    card = Card("动能", (cards.PICTURE,))
    with pytest.raises(TransientError) as failed:
        await online.deliver(post(card))
    await online.deliver(post(card, done=failed.value.done))
    assert [b["msgtype"] for b in platform.bodies(SEND)[1:]] == ["image", "markdown", "markdown"]
    told = str([vars(record) for record in caplog.records if record.name.startswith("bot")])
    assert "ROBOT-KEY-1" not in told + str(failed.value)


LIMITS = {"markdown": 4096, "markdown_v2": 4096, "text": 2048}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cards.ANY)
def test_whatever_the_card_it_keeps_the_robots_limits(card: Card) -> None:
    messages = parts(card)
    assert messages
    for message in messages:
        kind = message["msgtype"]
        if kind in LIMITS:
            assert 0 < len(message[kind]["content"].encode()) <= LIMITS[kind]
        elif kind == "template_card":
            assert message[kind]["card_type"] == "text_notice"
            assert len(message[kind]["main_title"]["title"]) <= 26
        elif kind == "news":
            assert 1 <= len(message[kind]["articles"]) <= 8
        else:
            assert kind == "image"
