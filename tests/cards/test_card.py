from __future__ import annotations

import json

from cards.card import (
    AI_LABEL,
    AiText,
    Attachment,
    Bar,
    Button,
    Card,
    Columns,
    DatePick,
    Fields,
    Fold,
    Note,
    PersonPick,
    Picture,
    Select,
    Table,
    Text,
    Timeline,
    Tone,
    from_json,
    to_json,
)
from cards.drawing import Bars, Cell, Curve, Grid, Level, Line, Mark

FULL = Card(
    "红色熔断 · 华东医疗",
    (
        Fields((("负责人", "李娜"), ("预算", "80 万"))),
        Bar("动能", 0.12, "12 分"),
        Timeline((("10-08 09:00", "电话沟通"),)),
        Table(("日期", "班次"), (("周一", "早班"),)),
        AiText("挽回话术", "王主任您好"),
        Picture(
            "动能曲线",
            Curve(
                "动能",
                (Line("动能", ((0.0, 0.0), (1.0, 2.0))),),
                ((0.0, "周一"),),
                (Level("黄线", 40.0),),
                (Mark("现在", 0.5),),
            ),
        ),
        Picture("班表", Grid("班表", ("周一",), (("张三", (Cell("早班"),)),))),
        Select("rep", "改派给", (("7", "赵敏"),)),
    ),
    Tone.DANGER,
    (Button("接手", "接手 17 v3", primary=True),),
    ref="fuse:17",
)


def test_a_card_survives_its_journey_through_the_database() -> None:
    assert from_json(json.loads(json.dumps(to_json(FULL)))) == FULL


def test_plain_text_shows_every_block_and_never_an_unlabelled_machine_text() -> None:
    text = FULL.plain()
    for words in (
        "红色熔断",
        "负责人：李娜",
        "动能：12 分",
        "电话沟通",
        "周一 | 早班",
        "动能曲线",
        "赵敏",
    ):
        assert words in text
    assert AI_LABEL in text
    assert "[接手] 接手 17 v3" in text


def test_nested_blocks_survive_too() -> None:
    card = Card(
        "周报",
        (
            Columns(((Text("左"),), (Fold("右", (Note("细节"),)),))),
            PersonPick("who", "交给", (("u1", "李娜"),)),
            DatePick("day", "到期日", "2026-03-02"),
            Attachment("报价.pdf", "k1"),
            Picture("对比", Bars("对比", ("一月",), (("回款", (12.0,)),), "万")),
        ),
    )
    assert from_json(json.loads(json.dumps(to_json(card)))) == card
    for words in ("左", "右", "细节", "李娜", "2026-03-02", "报价.pdf", "对比"):
        assert words in card.plain()
