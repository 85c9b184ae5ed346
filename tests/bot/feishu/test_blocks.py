"""Blocks inside blocks, choices of people and days, bars and files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.feishu.adapter import FeishuAdapter
from bot.feishu.chart import bar_chart
from bot.feishu.render import drawn
from cards.card import (
    AiText,
    Attachment,
    Button,
    Card,
    Columns,
    DatePick,
    Fields,
    Fold,
    Input,
    Note,
    PersonPick,
    Picture,
    Table,
    Text,
)
from cards.drawing import Bars
from tests.bot.feishu import cards
from tests.bot.feishu.platform import Platform, opened
from tests.bot.feishu.rules import check, tagged
from tests.bot.feishu.test_outbound import delivery

BARS = Bars("业绩", ("一月", "二月"), (("华东", (12.0, 8.5)), ("华南", (7.0,))), "万")
ASK = (
    PersonPick("who", "派给", (("ou_zhao", "赵敏"), ("ou_wang", "王芳"))),
    DatePick("day", "截止日", "2026-03-02"),
)
SEND = (Button("派单", "派单 17", submit=True),)


def found(page: Any, tag: str) -> list[Any]:
    return [element for element in tagged(page) if element["tag"] == tag]


def test_people_and_days_are_picked_in_the_form() -> None:
    page = drawn(Card("派单", ASK, buttons=SEND))
    check(page.card)
    assert page.losses == ()
    (person,), (day,) = found(page.card, "select_person"), found(page.card, "date_picker")
    assert person["options"] == [{"value": "ou_zhao"}, {"value": "ou_wang"}]
    assert day["initial_date"] == "2026-03-02"
    anyone = drawn(
        Card("派单", (PersonPick("who", "派给"), DatePick("d", "日", "明天")), buttons=SEND)
    )
    assert found(anyone.card, "select_person")[0]["options"] == []
    assert "initial_date" not in found(anyone.card, "date_picker")[0]


def test_without_a_button_they_are_words() -> None:
    page = drawn(Card("派单", ASK))
    check(page.card)
    assert page.losses == ("form→text",)
    assert "派给：赵敏、王芳" in json.dumps(page.card, ensure_ascii=False)


def test_a_fold_is_a_panel_and_columns_are_columns() -> None:
    blocks = (
        Fold("详情", (Text("里"), Fields((("甲", "乙"),)))),
        Columns(((Text("左"),), (Text("中"), Note("注")), (Text("右"),))),
    )
    page = drawn(Card("题", blocks))
    check(page.card)
    assert page.losses == ()
    panel, columns = page.card["body"]["elements"]
    assert (panel["tag"], panel["expanded"]) == ("collapsible_panel", False)
    assert panel["header"]["title"]["content"] == "详情"
    assert [len(column["elements"]) for column in columns["columns"]] == [1, 2, 1]


def test_inputs_inside_move_to_the_one_form() -> None:
    blocks = (Text("前"), Fold("更多", (Input("why", "原因"), Text("说明"))), Columns((ASK, ())))
    page = drawn(Card("题", blocks, buttons=SEND))
    check(page.card)
    assert page.losses == ()
    (form,) = found(page.card, "form")
    names = [e["name"] for e in tagged(form["elements"]) if "name" in e]
    assert names == ["why", "who", "day", "submit_1"]
    (panel,) = found(page.card, "collapsible_panel")
    assert [e["text"]["content"] for e in panel["elements"]] == ["说明"]


def test_five_levels_hold_and_the_rest_lies_flat() -> None:
    deep: Any = AiText("话术", "您好")
    for level in range(6):
        deep = Fold(f"第{level}层", (deep,)) if level % 2 else Columns(((deep,), (Text("旁"),)))
    page = drawn(Card("题", (deep,)))
    check(page.card)
    shown = json.dumps(page.card, ensure_ascii=False)
    assert all(f"第{level}层" in shown for level in (1, 3, 5))
    assert "您好" in shown


def test_a_table_in_a_container_is_words() -> None:
    page = drawn(Card("题", (Fold("表", (Table(("日期",), (("周一",),)),)),)))
    check(page.card)
    assert page.losses == ("table→text",)


def test_empty_containers_leave_nothing() -> None:
    page = drawn(Card("题", (Fold("空", ()), Columns(((), ())), Text("有"))))
    check(page.card)
    assert [e["tag"] for e in page.card["body"]["elements"]] == ["div"]


def test_bars_are_a_native_chart() -> None:
    page = drawn(Card("题", (Picture("业绩", BARS),)))
    check(page.card)
    (chart,) = found(page.card, "chart")
    spec = chart["chart_spec"]
    assert (spec["type"], spec["xField"]) == ("bar", ["x", "s"])
    assert spec["data"]["values"] == [
        {"x": "一月", "y": 12.0, "s": "华东"},
        {"x": "二月", "y": 8.5, "s": "华东"},
        {"x": "一月", "y": 7.0, "s": "华南"},
    ]
    single = bar_chart(Bars("", ("a",), (("s", (1.0,)),)), items=9, letters=9)
    assert single is not None
    assert single["xField"] == "x"
    assert bar_chart(Bars("", ("a",), (("s", (float("nan"),)),)), items=9, letters=9) is None


def test_a_hundred_of_everything_fits() -> None:
    files = tuple(Attachment(f"{n}.pdf", f"k{n}") for n in range(100))
    folds = tuple(Fold("长" * 99, (Text("字" * 3_000),)) for _ in range(100))
    check(
        drawn(
            Card("题", (*files, *folds, Fold("问", ASK), Picture("业绩", BARS)), buttons=SEND)
        ).card
    )


@pytest.fixture
async def platform() -> Platform:
    return Platform()


@pytest.fixture
async def feishu(platform: Platform) -> AsyncIterator[FeishuAdapter]:
    async with opened(platform) as (adapter, _, _):
        yield adapter


async def test_a_picture_in_a_fold_gets_its_key(feishu: FeishuAdapter, platform: Platform) -> None:
    await feishu.deliver(delivery(Card("题", (Fold("图", (Picture("班表", cards.ROSTER),)),))))
    content = platform.seen("POST /im/v1/messages")[0].body["content"]
    check(json.loads(content))
    assert '"img_key":"img_v3_9"' in content
    assert feishu.render(Card("题", (Fold("件", (Attachment("a.pdf", "a"),)),))).dropped == ()
