from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.feishu.adapter import FeishuAdapter
from bot.feishu.chart import line_chart
from bot.feishu.render import drawn
from bot.feishu.text import escaped, harmless
from cards.card import (
    AI_LABEL,
    Button,
    Card,
    Fields,
    Input,
    Picture,
    Select,
    Table,
    Text,
    Tone,
)
from cards.drawing import Curve, Line
from tests.bot.feishu import cards
from tests.bot.feishu.rules import check, tagged

GOLDEN = Path(__file__).parent / "golden"
COLOURS = list(zip(Tone, ("blue", "green", "orange", "red"), strict=True))
INVISIBLE = "\u200b\u200c"


def as_golden(name: str, value: object) -> object:
    """The kept answer; MOMENTUM_TEST_GOLDEN=write keeps a new one, to be read by a person."""
    path = GOLDEN / f"{name}.json"
    if os.environ.get("MOMENTUM_TEST_GOLDEN") == "write":
        path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["FULL", "DECISION", "SENTENCE"])
def test_a_card_is_drawn_as_it_was_approved(feishu: FeishuAdapter, name: str) -> None:
    page = feishu.render(getattr(cards, name))
    assert json.loads(json.dumps(page.payload)) == as_golden(name.lower(), page.payload)
    assert page.dropped == ()


@pytest.mark.parametrize("name", ["FULL", "DECISION", "HOSTILE", "HUGE"])
@pytest.mark.parametrize("uploads", [True, False])
def test_every_card_keeps_the_platforms_rules(name: str, uploads: bool) -> None:
    check(drawn(getattr(cards, name), uploads=uploads).card)


def test_only_plain_text_and_entities_carry_other_peoples_words() -> None:
    page = drawn(cards.HOSTILE)
    marked = [e["content"] for e in tagged(page.card) if e["tag"] in ("markdown", "lark_md")]
    assert len(marked) == 4
    assert all("<at" not in content and "](" not in content for content in marked)
    assert all("&#60;at id=all&#62;" in content for content in marked)


def test_a_text_message_pings_nobody(feishu: FeishuAdapter) -> None:
    content = feishu.render(cards.SENTENCE).payload["content"]
    assert content == {"text": '线索 17 已由李娜领取 ＜at user_id="all">＜/at>'}
    assert harmless("a < b，1<2") == "a < b，1<2"


def test_escaping_leaves_ordinary_words_readable() -> None:
    ordinary = "李娜 10-08 09:00 80 万，https://x.cn 3.5%"
    assert escaped(ordinary) == ordinary
    assert escaped("- 列\n1. 表") == "&#45; 列 1&#46; 表"


def test_what_is_cut_says_so_and_decisions_survive() -> None:
    page = drawn(cards.HUGE)
    assert "long→cut" in page.losses
    texts = [e["text"]["content"] for e in page.card["body"]["elements"] if "text" in e]
    assert texts[0].endswith("…")
    assert sum(e["tag"] == "button" for e in tagged(page.card)) == 20
    assert sum(e["tag"] == "select_static" for e in tagged(page.card)) == 12


def test_long_words_shrink_before_blocks_or_buttons_go() -> None:
    blocks = tuple(Text(f"{number:02d}" + "字" * 9_000) for number in range(20))
    page = drawn(Card("长", blocks, buttons=(Button("好", "好"),))).card
    check(page)
    assert len(page["body"]["elements"]) == 21


@pytest.mark.parametrize(("tone", "colour"), COLOURS)
def test_the_tone_is_the_headers_colour(tone: Tone, colour: str) -> None:
    page = drawn(Card("题", (Text("文"),), tone)).card
    assert page["header"] == {"title": {"tag": "plain_text", "content": "题"}, "template": colour}


@pytest.mark.parametrize("card", [Card("只有题", ref="a:1"), Card(""), Card("", (Text(""),))])
def test_a_card_of_little_is_still_a_card(card: Card) -> None:
    check(drawn(card).card)


def test_machine_words_stand_apart_under_their_label() -> None:
    blocks = drawn(cards.FULL).card["body"]["elements"]
    box = next(e for e in blocks if AI_LABEL in json.dumps(e, ensure_ascii=False))
    assert (box["tag"], box["background_style"]) == ("column_set", "grey-50")
    assert "王主任您好" in json.dumps(box, ensure_ascii=False)


def test_inputs_that_no_button_sends_become_words() -> None:
    card = replace(cards.DECISION, buttons=(Button("接手", "接手 17"),))
    page = drawn(card)
    check(page.card)
    assert page.losses == ("form→text",)
    assert "改派给：赵敏、李雷" in json.dumps(page.card, ensure_ascii=False)


def test_a_submit_without_inputs_is_an_ordinary_button() -> None:
    page = drawn(Card("题", buttons=(Button("好", "好 1", submit=True),)))
    check(page.card)
    assert page.losses == ()


def test_a_list_of_no_options_is_not_asked() -> None:
    card = Card(
        "题", (Select("s", "选", ()), Input("i", "写")), buttons=(Button("好", "好", submit=True),)
    )
    page = drawn(card)
    check(page.card)
    assert page.losses == ("form→text",)


def test_the_first_choice_is_kept_among_too_many() -> None:
    options = tuple((str(number), "人") for number in range(300))
    card = Card(
        "题", (Select("s", "选", options, "299"),), buttons=(Button("好", "好", submit=True),)
    )
    page = drawn(card).card
    check(page)
    menu = next(e for e in tagged(page) if e["tag"] == "select_static")
    assert menu["initial_option"] == "299"


def test_the_fourth_table_and_an_empty_one_are_words() -> None:
    table = Table(("日期",), (("周一",),))
    page = drawn(Card("题", (table,) * 4))
    check(page.card)
    assert page.losses == ("table→text",)
    assert drawn(Card("题", (Table(("日期",), ()),))).losses == ("table→text",)


def test_a_sixth_chart_is_a_picture() -> None:
    page = drawn(Card("题", (Picture("曲线", cards.CURVE),) * 6))
    check(page.card)
    assert page.losses == ("chart→picture",)
    assert page.pictures == (cards.CURVE,)


def test_buttons_of_a_private_card_say_that_it_is_private() -> None:
    page = drawn(cards.DECISION, private=True).card
    values = [e["behaviors"][0]["value"] for e in tagged(page) if e["tag"] == "button"]
    assert all(value["chat"] == "p2p" for value in values)


def spec(curve: Curve, points: int = 7) -> dict[str, Any]:
    found = line_chart(curve, points=points, letters=100)
    assert found is not None
    return found


def test_a_curve_keeps_distances_ticks_and_levels() -> None:
    chart = spec(cards.CURVE)
    past = [value for value in chart["data"]["values"] if value["s"] == "动能"]
    assert [value["y"] for value in past] == [80, 60, 51, 42]
    assert [value["x"].strip(INVISIBLE) for value in past] == ["周一", "", "", "周四"]
    assert len({value["x"] for value in chart["data"]["values"]}) == 7
    assert [rule.get("y") for rule in chart["markLine"]] == [40.0, 20.0, None]
    assert chart["markLine"][2]["x"] == past[3]["x"]
    assert chart["axes"][0]["range"] == {"min": 0.0, "max": 84.0}
    assert chart["line"]["style"]["lineDash"]["range"] == [[0], [6, 4]]


def test_a_curve_of_one_point_or_of_none() -> None:
    assert spec(Curve("点", (Line("a", ((1.0, 0.0),)),), ()))["data"]["values"] == [
        {"x": "\u200b", "y": 0.0, "s": "a"}
    ]
    assert line_chart(Curve("无", (Line("a", ()),), ()), points=7, letters=9) is None
    broken = Curve("坏", (Line("a", ((0.0, float("nan")), (1.0, 2.0))),), ())
    assert "NaN" not in json.dumps(spec(broken))


def test_a_field_is_short_only_if_it_fits_half_a_row() -> None:
    page = drawn(Card("题", (Fields((("负责人", "李娜"), ("需求", "字" * 40))),))).card
    assert [field["is_short"] for field in page["body"]["elements"][0]["fields"]] == [True, False]
