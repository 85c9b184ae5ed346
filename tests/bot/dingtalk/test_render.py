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
    Fold,
    Input,
    Select,
    Table,
    Text,
)

from . import desk
from .cards import CARDS, FUSE, REASSIGN
from .desk import SETTINGS

Golden = Callable[[str, Any], None]


@pytest.fixture
def template() -> Adapter:
    return desk.adapter(replace(SETTINGS, card_template_id="shop.schema"))


def told(rendered: Rendered) -> Any:
    return {"payload": rendered.payload, "dropped": list(rendered.dropped)}


def values(adapter: Adapter, card: Card) -> dict[str, str]:
    found = adapter.render(card).payload["cardParamMap"]
    assert isinstance(found, dict)
    return found


def said(adapter: Adapter, card: Card) -> str:
    param = adapter.render(card).payload["msgParam"]
    assert isinstance(param, dict)
    return str(param["text"])


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
        ("| a | b |", "｜ a ｜ b ｜"),
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


def test_a_long_list_that_is_typed_leaves_room_for_the_card(shop: Adapter) -> None:
    options = tuple((str(number), f"店员{number}") for number in range(120))
    asked = (Select("rep", "给谁", options), Input("why", "原因", "写一句"))
    card = Card("选", (Text("正文" * 500), *asked), buttons=(Button("选", "选 1", submit=True),))
    text = said(shop, card)
    assert "正文" * 500 in text
    assert "〈给谁〉：店员0、店员1、" in text
    assert "店员19 等 120 项，其余也直接写名称" in text
    assert "店员20" not in text


def test_people_type_names_and_no_inner_values(shop: Adapter) -> None:
    shifts = Select("shift", "班次", (("morning", "早班"), ("evening", "晚班")))
    twins = Select("rep", "给谁", (("7", "李雷"), ("8", "李雷"), ("9", "赵 敏")))
    card = Card("x", (shifts, twins), buttons=(Button("换", "换班", submit=True),))
    assert "〈班次〉：早班、晚班" in said(shop, card)
    assert "〈给谁〉：7（李雷）、8（李雷）、9（赵 敏）" in said(shop, card)
    links = said(shop, replace(card, blocks=(shifts,)))
    assert [part.partition(")")[0] for part in unquote(links).split("content=")[1:]] == [
        "换班 早班",
        "换班 晚班",
    ]
    assert "content=换班 8)" in unquote(said(shop, replace(card, blocks=(twins,))))


def test_a_list_without_options_is_typed(shop: Adapter, template: Adapter) -> None:
    card = Card("x", (Select("rep", "给谁", ()),), buttons=(Button("派", "派 1", submit=True),))
    field = json.loads(values(template, card)["form"])["fields"][1]
    assert (field["name"], field["type"]) == ("rep", "TEXT")
    assert template.render(card).dropped == ("choice→text",)
    assert "请发送「派 1 〈给谁〉」" in said(shop, card)


def test_nothing_is_shown_for_an_empty_label(shop: Adapter) -> None:
    blocks = (Bar("", 0.5), Fields((("", "值"),)), Table((), (("a", "b"),)), AiText(" ", "话"))
    text = said(shop, Card("x", (*blocks, Fold("", ()))))
    assert "**" not in text
    assert "█████░░░░░ 50%" in text


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
