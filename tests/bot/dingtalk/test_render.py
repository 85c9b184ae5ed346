from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from bot.adapter import Adapter, Rendered
from bot.dingtalk.markdown import cut, safe, size
from bot.dingtalk.render import message, shown_at_once
from cards.card import (
    AI_LABEL,
    AiText,
    Bar,
    Button,
    Card,
    Fields,
    Input,
    Note,
    Picture,
    Select,
    Table,
    Text,
    Timeline,
    Tone,
    note,
)
from cards.drawing import Cell, Curve, Grid, Line

from . import conftest as desk
from .conftest import SETTINGS

Golden = Callable[[str, Any], None]

CURVE = Curve("动能", (Line("动能", ((0.0, 0.0), (1.0, 2.0))),), ((0.0, "周一"),))
GRID = Grid("班表", ("周一",), (("张三", (Cell("早班"),)),))
FUSE = Card(
    "红色熔断 · 华东医疗",
    (
        Text("两周没有回音。\n请今天处理。"),
        Fields((("负责人", "李娜"), ("预算", "80 万"))),
        Bar("动能", 0.12, "12 分"),
        Timeline((("10-08 09:00", "电话沟通"), ("10-06 15:00", "发送报价"))),
        Table(("日期", "班次"), (("周一", "早班"), ("周二", "晚班"))),
        AiText("挽回话术", "王主任您好，\n想听听您的顾虑。"),
        Picture("动能曲线", CURVE),
        Picture("班表", GRID),
        Note("收到此卡是因为你是主管；发送「免打扰」可停"),
    ),
    Tone.DANGER,
    (
        Button("接手", "接手 17 v3", primary=True),
        Button("放弃", "放弃 17 v3", danger=True),
        Button("打开", url="https://crm.example.com/leads/17?标签=(热)"),
    ),
    ref="fuse:17",
)
REASSIGN = Card(
    "改派线索",
    (Select("rep", "改派给", (("7", "赵敏"), ("8", "李雷")), "8"),),
    buttons=(Button("改派", "改派 17 v3", submit=True), Button("取消", "取消 17")),
    ref="lead:17",
)
LEAVE = Card(
    "换班申请",
    (
        Select("day", "日期", (("周一", "周一"), ("周二", "周二"))),
        Input("why", "原因", "一句话", multiline=True),
    ),
    buttons=(
        Button("同意", "同意 9", submit=True, primary=True),
        Button("拒绝", "拒绝 9", submit=True, danger=True),
    ),
    ref="swap:9",
)
CARDS = {"fuse": FUSE, "reassign": REASSIGN, "leave": LEAVE, "sentence": note("没有找到线索 17")}


@pytest.fixture
def template() -> Adapter:
    return desk.adapter(replace(SETTINGS, card_template_id="shop.schema"))


def told(rendered: Rendered) -> Any:
    return {"payload": rendered.payload, "dropped": list(rendered.dropped)}


def values(adapter: Adapter, card: Card) -> dict[str, str]:
    found = adapter.render(card).payload["cardParamMap"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", CARDS)
def test_cards_by_the_template(template: Adapter, golden: Golden, name: str) -> None:
    golden(f"{name}.template", told(template.render(CARDS[name])))


@pytest.mark.parametrize("name", CARDS)
def test_cards_without_a_template(shop: Adapter, golden: Golden, name: str) -> None:
    golden(f"{name}.message", told(shop.render(CARDS[name])))


@pytest.mark.parametrize("name", CARDS)
def test_messages_in_a_group(golden: Golden, name: str) -> None:
    sketch = message(CARDS[name], group=True)
    golden(f"{name}.group", {"values": sketch.values, "dropped": list(sketch.dropped)})


@pytest.mark.parametrize("card", CARDS.values())
def test_every_template_value_is_a_string(template: Adapter, card: Card) -> None:
    payload = template.render(card).payload
    found = payload.get("cardParamMap") or payload["msgParam"]
    assert isinstance(found, dict)
    assert all(isinstance(value, str) for value in found.values())


def test_a_name_cannot_be_a_button(shop: Adapter) -> None:
    trap = "[点我](dtmd://dingtalkclient/sendMessage?content=批准) DTMD://x"
    for card in (Card(trap, (Text(trap),)), Card("x", (Fields(((trap, trap),)),))):
        param = shop.render(card).payload["msgParam"]
        assert isinstance(param, dict)
        assert "](" not in param["text"]
        assert "dtmd:" not in param["text"].lower()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# 标题", "＃ 标题"),
        ("> 引用", "＞ 引用"),
        ("---", "－－－"),
        ("- 项", "－ 项"),
        ("-5 万", "-5 万"),
        ("a*b*c `x` <b>", "a＊b＊c ｀x｀ ＜b>"),
        ("一\n二", "一  \n  二"),
        ("    code", "code"),
    ],
)
def test_what_people_write_has_no_markup(written: str, shown: str) -> None:
    assert safe(written) == shown


LONG = "长" * 9_000


def test_a_long_card_is_cut_and_its_buttons_stay(shop: Adapter, template: Adapter) -> None:
    card = Card("长", (Text(LONG), AiText("话术", LONG)), buttons=(Button("好", "好 1"),))
    param = shop.render(card).payload["msgParam"]
    assert isinstance(param, dict)
    assert len(json.dumps(param, ensure_ascii=False).encode()) <= 15_000
    assert "…" in param["text"]
    assert param["text"].endswith("content=%E5%A5%BD%201)")
    drawn = values(template, card)
    assert size(drawn["markdown"]) <= 15_000
    assert "好 1" in drawn["buttons"]


@pytest.mark.parametrize("filler", [0, 4_000, 4_780, 4_820, 4_850, 4_880, 4_900])
def test_machine_words_are_never_without_their_label(shop: Adapter, filler: int) -> None:
    card = Card("x", (Text("长" * filler), AiText("话术", "机" * 9_000)), ref="x")
    text = json.dumps(shop.render(card).payload, ensure_ascii=False)
    assert ("机" in text) == (AI_LABEL in text)


def test_many_options_are_cut_with_a_word_for_the_rest(shop: Adapter, template: Adapter) -> None:
    options = tuple((str(number), f"店员{number}") for number in range(150))
    ask = Card(
        "选", (Select("rep", "给谁", options),), buttons=(Button("选", "选 1", submit=True),)
    )
    rendered = shop.render(ask)
    text = json.dumps(rendered.payload, ensure_ascii=False)
    assert "还有 120 项，请发送「选 1 〈给谁〉」" in text
    assert len(text.encode()) < 15_000
    drawn = template.render(ask)
    assert "options→first 100" in drawn.dropped
    assert len(json.loads(values(template, ask)["form"])["fields"][1]["options"]) == 100


def test_a_command_survives_its_link(shop: Adapter) -> None:
    command = "报价 17 9.5折 & 50% #1 (急)"
    card = Card("x", buttons=(Button("报价", command),))
    param = shop.render(card).payload["msgParam"]
    assert isinstance(param, dict)
    target = param["text"].partition("content=")[2].removesuffix(")")
    assert not set(target) & set(" ()&#")
    assert unquote(target) == command


def test_more_buttons_than_a_card_shows_are_told(template: Adapter) -> None:
    card = Card("x", buttons=tuple(Button(f"钮{n}", f"做 {n}") for n in range(12)))
    drawn = values(template, card)
    assert len(json.loads(drawn["buttons"])) == 10
    assert "钮11：请发送「做 11」" in drawn["markdown"]
    assert template.render(card).dropped == ("button→words",)


def test_inputs_that_nothing_sends_are_only_named(template: Adapter) -> None:
    drawn = values(template, Card("x", (Input("why", "原因"),)))
    assert (drawn["has_form"], drawn["markdown"]) == ("false", "原因")


def test_an_answer_at_once_leaves_the_picture_as_it_is() -> None:
    shown = shown_at_once(FUSE)
    assert "picture" not in shown
    assert "has_picture" not in shown
    assert "〔图：班表〕" in shown["markdown"]
    assert shown_at_once(REASSIGN)["has_picture"] == "false"


def test_cutting_counts_bytes() -> None:
    assert cut("很好", 6) == "很好"
    assert cut("很好很好", 9) == "很好…"
    assert size(cut('"' * 100, 50)) <= 50
