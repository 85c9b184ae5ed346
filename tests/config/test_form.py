"""Forms: what a row says, and what typed text is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from config import form
from config.policies import KINDS, Policies, PolicyError, build
from crm.setting import Setting, as_text, described, setting


@dataclass(frozen=True, slots=True)
class Oven:
    """One setting of each kind."""

    heat: float = setting(180.0, label="温度", unit="度", low=50, high=250)
    racks: int = setting(2, label="层数", unit="层", low=-1, high=9)
    fan: bool = setting(True, label="风扇")
    mode: str = setting("烤", label="方式", choices=("烤", "蒸"))
    name: str = setting("", label="名字")


TOLD: dict[str, Setting] = {told.name: told for told in described(Oven)}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        *(("heat", "200", 200.0), ("heat", " 200.5 ", 200.5), ("heat", "200度", 200.0)),
        *(("heat", "２００．５", 200.5), ("heat", ".5", 0.5), ("heat", "+7.", 7.0)),
        *(("racks", "3", 3), ("racks", "-1", -1), ("racks", "３ 层", 3)),
        *(("fan", "是", True), ("fan", "否", False)),
        *(("mode", "蒸", "蒸"), ("name", " 甲\t公司\x00 ", "甲 公司")),
    ],
)
def test_what_is_typed_becomes_a_value(name: str, text: str, value: Any) -> None:
    read = form.read_value(TOLD[name], text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("heat", "", "温度：没有填写，允许 50–250度"),
        ("heat", "热", "温度：「热」不是数字，允许 50–250度"),
        ("heat", "nan", "温度：「nan」不是数字，允许 50–250度"),
        ("heat", "inf", "温度：「inf」不是数字，允许 50–250度"),
        ("heat", "1e3", "温度：「1e3」不是数字，允许 50–250度"),
        ("heat", "1_0", "温度：「1_0」不是数字，允许 50–250度"),
        ("heat", "1,000", "温度：「1,000」不是数字，允许 50–250度"),
        ("racks", "1.5", "层数：「1.5」不是整数，允许 -1 至 9层"),
        ("racks", "9" * 5000, f"层数：「{'9' * 20}…」不是整数，允许 -1 至 9层"),
        ("fan", "", "风扇：「」不是是或否"),
        ("name", "长" * 501, "名字：有 501 个字，最多 500 个字"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_is_allowed(name: str, text: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        form.read_value(TOLD[name], text)
    assert refused.value.faults == (said,)


@pytest.mark.parametrize("name", KINDS)
def test_a_form_sent_as_shown_changes_nothing(name: str) -> None:
    policies = Policies()
    typed = {row.told.name: row.text for row in form.rows(name, policies, {})}
    assert form.edited(name, policies, typed) == {}
    part = getattr(policies, name)
    assert form.values(name, typed) == {
        told.name: getattr(part, told.name) for told in described(part)
    }


def test_only_what_was_typed_over_is_an_edit() -> None:
    typed = {"yellow_below": "45", "red_below": " 20 ", "unknown": "1", "_csrf": "x"}
    assert form.edited("momentum", Policies(), typed) == {"yellow_below": "45"}


def test_every_unreadable_value_is_told_at_once() -> None:
    with pytest.raises(PolicyError) as refused:
        form.values("momentum", {"yellow_below": "高", "red_below": "", "touch_points": "5"})
    assert len(refused.value.faults) == 2


def test_a_row_says_what_is_what_was_and_what_may_be() -> None:
    policies = build(1, {"momentum": {"yellow_below": 45.0}})
    faults = ["黄色阈值：150分 超出 1–99分"]
    row = form.rows("momentum", policies, {"yellow_below": "150"}, faults)[0]
    assert (row.text, row.current, row.shipped) == ("150", "45分", "40分")
    assert (row.allowed, row.is_changed, row.fault) == ("1–99分", True, faults[0])


def test_rows_without_edits_show_the_values_in_force() -> None:
    policies = Policies()
    for row in form.rows("signal", policies, {}):
        assert row.text == as_text(getattr(policies.signal, row.told.name))
        assert not row.is_changed
        assert row.fault == ""


def test_a_phones_digit_pad_is_offered_only_where_no_minus_is_needed() -> None:
    momentum, signal = (form.rows(name, Policies(), {})[0] for name in ("momentum", "signal"))
    assert (momentum.has_keypad, signal.has_keypad) == (True, False)


def test_what_may_be_typed_in_words() -> None:
    assert {name: form.allowed(told) for name, told in TOLD.items()} == {
        "heat": "50–250度",
        "racks": "-1 至 9层",
        "fan": "是、否",
        "mode": "烤、蒸",
        "name": "",
    }
