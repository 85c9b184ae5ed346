from __future__ import annotations

from itertools import permutations

import pytest

from crm.language import Captured, capture

FULL = Captured("华东医疗", "王", "主任", "+8613800001234", 80_000_000, True, "想替换现有供应商")
PARTS = ("华东医疗", "王主任", "13800001234", "预算80万", "想替换现有供应商")


@pytest.mark.parametrize("order", list(permutations(PARTS)))
def test_the_parts_may_come_in_any_order(order: tuple[str, ...]) -> None:
    assert capture(" ".join(order)) == FULL


@pytest.mark.parametrize("gone", range(5))
def test_any_part_may_be_missing(gone: int) -> None:
    got = capture("，".join(part for n, part in enumerate(PARTS) if n != gone))
    fields = ("company", "contact", "mobile", "budget_fen", "notes")
    for n, field in enumerate(fields):
        expected = None if field == "budget_fen" else ""
        assert getattr(got, field) == (expected if n == gone else getattr(FULL, field))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "华东医疗王主任，电话：138-0000-1234",
            Captured("华东医疗", "王", "主任", "+8613800001234"),
        ),
        ("王芳 13900000002", Captured("", "王芳", "", "+8613900000002")),
        ("仁爱大药房 王芳 店长", Captured("仁爱大药房", "王芳", "店长")),
        ("星辰 陈总 13800000009", Captured("星辰", "陈", "总", "+8613800000009")),
        ("欧阳总经理 宏远集团", Captured("宏远集团", "欧阳", "总经理")),
        ("華東醫療 張主任 預算50萬", Captured("華東醫療", "張", "主任", "", 50_000_000)),
        (
            "公司：上海卓越科技有限公司 联系人：李雷 职务：采购经理 手机：13700000003 需求：要招标",
            Captured("上海卓越科技有限公司", "李雷", "采购经理", "+8613700000003", notes="要招标"),
        ),
        (
            "赵敏 华为技术有限公司 30w 预算，尽快联系",
            Captured("华为技术有限公司", "赵敏", "", "", 30_000_000, True, "尽快联系"),
        ),
        (
            "广州市第一人民医院 李科长 预算五十万左右 需要CT设备",
            Captured("广州市第一人民医院", "李", "科长", "", 50_000_000, False, "需要CT设备"),
        ),
        (
            "宏远集团 预算80万，其中首付20万",
            Captured("宏远集团", budget_fen=80_000_000, notes="其中首付20万"),
        ),
        ("", Captured()),
    ],
)
def test_a_lead_in_one_line(text: str, expected: Captured) -> None:
    assert capture(text) == expected


def test_what_is_missing_is_named() -> None:
    assert capture("13800001234").missing == ("公司", "联系人")
    assert FULL.missing == ()
