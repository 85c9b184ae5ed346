"""What rides on a policy's fields, and what is said of values that do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from crm.setting import described, faults, setting, span


@dataclass(frozen=True, slots=True)
class Oven:
    """One setting of each kind."""

    heat: float = setting(180.0, label="温度", unit="度", low=50, high=250, help="烤箱的温度")
    racks: int = setting(2, label="层数", unit="层", low=1)
    fan: bool = setting(True, label="风扇")
    mode: str = setting("烤", label="方式", choices=("烤", "蒸"))
    name: str = setting("", label="名字")


def test_the_shipped_values_are_fine() -> None:
    assert faults(Oven()) == []


def test_settings_are_described_in_order() -> None:
    told = list(described(Oven))
    assert [item.name for item in told] == ["heat", "racks", "fan", "mode", "name"]
    heat = told[0]
    assert (heat.label, heat.unit, heat.low, heat.high) == ("温度", "度", 50, 250)
    assert (heat.help, heat.default) == ("烤箱的温度", 180.0)
    assert told[3].choices == ("烤", "蒸")


def test_an_instance_is_described_like_its_class() -> None:
    assert list(described(Oven(heat=60))) == list(described(Oven))


@pytest.mark.parametrize(
    "values",
    [{"heat": 50}, {"heat": 250.0}, {"racks": 1}, {"racks": 10**9}, {"mode": "蒸"}, {"name": "甲"}],
)
def test_values_at_the_bounds_are_fine(values: dict[str, Any]) -> None:
    assert faults(Oven(**values)) == []


@pytest.mark.parametrize(
    ("values", "label", "why"),
    [
        ({"heat": 49.9}, "温度", "超出 50–250度"),
        ({"heat": 250.1}, "温度", "超出 50–250度"),
        ({"heat": "热"}, "温度", "不是数字"),
        ({"heat": None}, "温度", "不是数字"),
        ({"heat": True}, "温度", "不是数字"),
        ({"heat": float("nan")}, "温度", "不是数字"),
        ({"heat": float("inf")}, "温度", "不是数字"),
        ({"racks": 0}, "层数", "超出 1–不限层"),
        ({"racks": 1.5}, "层数", "不是整数"),
        ({"racks": False}, "层数", "不是整数"),
        ({"fan": 1}, "风扇", "不是是或否"),
        ({"mode": "炸"}, "方式", "可选 烤、蒸"),
        ({"name": 7}, "名字", "不是文字"),
    ],
)
def test_what_does_not_fit_is_named_with_what_is_allowed(
    values: dict[str, Any], label: str, why: str
) -> None:
    [fault] = faults(Oven(**values))
    assert fault.startswith(f"{label}：")
    assert fault.endswith(why)


def test_every_fault_is_told_at_once() -> None:
    assert len(faults(Oven(heat=1, racks=0, mode="炸"))) == 3


def test_a_range_in_words() -> None:
    heat, racks, *_, name = described(Oven)
    assert [span(heat), span(racks), span(name)] == ["50–250度", "1–不限层", "不限–不限"]
