"""Blocks that WeCom has no form for, and files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapter import Address, Delivery, TransientError, UndeliverableError
from bot.wecom.adapter import WeComAdapter
from cards.card import (
    Attachment,
    Bar,
    Block,
    Button,
    Card,
    Columns,
    DatePick,
    Fields,
    Fold,
    Note,
    PersonPick,
    Picture,
    Text,
)
from cards.drawing import Bars
from tests.bot.wecom.server import FakeWeCom, Json

SEND, UPLOAD, RECALL = "message/send", "media/upload", "message/recall"
TEAM = tuple((f"u{number}", f"成员 {number}") for number in range(11))
QUOTE = Card("报价单", (Attachment("报价单.xlsx", "quote-17"), Text("请查收")), ref="quote:17")


def shown(wecom: WeComAdapter, *blocks: Block) -> tuple[Json, tuple[str, ...]]:
    rendered = wecom.render(Card("交接", blocks, buttons=(Button("好", "好", submit=True),)))
    messages = rendered.payload["messages"]
    assert isinstance(messages, list)
    return messages[-1]["template_card"], rendered.dropped


def delivery(card: Card, **more: object) -> Delivery:
    return replace(Delivery("quote-17-lina", Address(person="lina"), card), **more)  # type: ignore[arg-type]


def test_people_are_chosen_from_a_list_of_ten(wecom: WeComAdapter) -> None:
    card, dropped = shown(wecom, PersonPick("rep", "给", TEAM[:10]))
    options = card["button_selection"]["option_list"]
    assert (len(options), options[3]) == (10, {"id": "u3", "text": "成员 3"})
    assert dropped == ("people→select",)


@pytest.mark.parametrize("people", [TEAM, ()])
def test_too_many_people_are_asked_about(
    wecom: WeComAdapter, people: tuple[tuple[str, str], ...]
) -> None:
    card, dropped = shown(wecom, PersonPick("rep", "给", people))
    assert "button_selection" not in card
    assert dropped == ("people→question",)


def test_a_day_is_chosen_from_the_ten_that_follow(wecom: WeComAdapter) -> None:
    card, dropped = shown(wecom, DatePick("day", "交接日", "2026-02-27"))
    selection = card["button_selection"]
    assert selection["selected_id"] == "2026-02-27"
    assert selection["option_list"][2] == {"id": "2026-03-01", "text": "03-01 周日"}
    assert dropped == ("date→select",)


@pytest.mark.parametrize("value", ["", "明天", "9999-12-30"])
def test_a_day_without_a_beginning_is_asked_about(wecom: WeComAdapter, value: str) -> None:
    card, dropped = shown(wecom, DatePick("day", "交接日", value))
    assert "button_selection" not in card
    assert dropped == ("date→question",)


def test_folds_and_columns_are_told_in_order(wecom: WeComAdapter) -> None:
    inside = Fold("更多", (Columns(((Text("左"),), (Text("右"),))), Text("下")))
    card, dropped = shown(wecom, Text("上"), inside)
    assert card["sub_title_text"] == "上\n【更多】\n左\n右\n下"
    assert dropped == ("fold→text", "columns→text")


def test_a_column_stays_together(wecom: WeComAdapter) -> None:
    left = (Text("左栏"), Fields((("负责人", "李娜"),)), Bar("动能", 0.5, "50 分"), Note("说明"))
    card, _ = shown(wecom, Columns((left, (Fields((("预算", "80 万"),)),))))
    assert card["sub_title_text"] == "左栏\n负责人：李娜\n动能：▰▰▰▰▰▱▱▱▱▱ 50 分"
    assert card["horizontal_content_list"] == [{"keyname": "预算", "value": "80 万"}]
    assert card["main_title"]["desc"] == "说明"


def test_what_has_no_title_shows_no_brackets(wecom: WeComAdapter) -> None:
    card, _ = shown(wecom, Fold(" ", (Text("里面"), Fields((("", "值"),)))), Fold("", ()))
    assert card["sub_title_text"] == "里面\n值"


async def test_bars_and_folded_pictures_are_drawn(
    online: WeComAdapter, platform: FakeWeCom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drawn(drawing: object) -> bytes:
        assert drawing == bars
        return b"\x89PNG bars"

    monkeypatch.setattr("bot.pictures.png", drawn)
    bars = Bars("业绩", ("周一",), (("成交", (3.0,)),))
    card = Card("周报", (Fold("图", (Picture("业绩", bars),)),))
    assert online.render(card).dropped == ("fold→text", "chart→picture")
    await online.deliver(delivery(card))
    assert b"\x89PNG bars" in platform.bodies(UPLOAD)[0]["raw"]
    assert [body["msgtype"] for body in platform.bodies(SEND)] == ["image", "markdown"]


def test_without_its_bytes_a_file_is_a_name(wecom: WeComAdapter) -> None:
    rendered = wecom.render(QUOTE)
    assert "〔文件：报价单.xlsx〕" in str(rendered.payload["messages"])
    assert rendered.dropped == ("file→text",)


@pytest.mark.parametrize("to", [Address(person="lina"), Address(chat="GROUP1")])
async def test_a_file_is_uploaded_and_sent(
    online: WeComAdapter, platform: FakeWeCom, to: Address
) -> None:
    await online.deliver(delivery(QUOTE, to=to))
    (upload,) = platform.bodies(UPLOAD)
    assert upload["type"] == "file"
    assert 'name="media"; filename="报价单.xlsx"'.encode() in upload["raw"]
    file, words = platform.bodies("appchat/send" if to.chat else SEND)
    assert file["file"]["media_id"].startswith("MEDIA-")
    assert "报价单.xlsx" not in str(words)
    assert online.render(QUOTE).dropped == ()


@pytest.mark.parametrize(
    ("key", "why"), [("lost", "暂时取不到"), ("empty", "是空的"), ("huge", "超过 20 MB")]
)
async def test_a_file_that_cannot_be_sent_says_why(
    online: WeComAdapter, platform: FakeWeCom, key: str, why: str
) -> None:
    await online.deliver(delivery(Card("报价", (Attachment("报价单.xlsx", key),))))
    words, _ = platform.bodies(SEND)
    assert why in words["text"]["content"]
    assert "报价单.xlsx" in words["text"]["content"]
    assert platform.bodies(UPLOAD) == []


async def test_a_retry_does_not_upload_again(online: WeComAdapter, platform: FakeWeCom) -> None:
    platform.tell(SEND, {"errcode": -1})
    with pytest.raises(TransientError) as failed:
        await online.deliver(delivery(QUOTE))
    await online.deliver(delivery(QUOTE, done=failed.value.done))
    assert len(platform.bodies(UPLOAD)) == 1


async def test_all_messages_of_a_delivery_are_recalled(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    receipt = await online.deliver(delivery(QUOTE))
    await online.recall(receipt.handle)
    sent = [f"MSG-{number}" for number, (path, _) in enumerate(platform.calls, 1) if path == SEND]
    assert [body["msgid"] for body in platform.bodies(RECALL)] == sent
    assert len(sent) == 2


async def test_what_was_sent_long_ago_cannot_be_recalled(
    online: WeComAdapter, platform: FakeWeCom
) -> None:
    platform.tell(RECALL, {"errcode": 40058, "errmsg": "over 24 hours"})
    with pytest.raises(UndeliverableError):
        await online.recall({"message": "t", "msgid": "MSG-1"})
    with pytest.raises(UndeliverableError, match="不能撤回"):
        await online.recall({"message": "t"})


def test_the_limits_are_the_documented_ones(wecom: WeComAdapter) -> None:
    found = {(limit.scope, limit.calls, limit.seconds) for limit in wecom.limits}
    assert found == {
        ("person", 30, 60),
        ("person", 1000, 3600),
        ("app", 10_000, 60),
        ("robot", 20, 60),
    }
