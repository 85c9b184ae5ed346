"""Policies from stored values, and their differences in words."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pytest

from config.policies import (
    KINDS,
    Policies,
    PolicyError,
    build,
    changed_count,
    differences,
    in_words,
    merged,
)
from crm.setting import as_text, described


def test_every_policy_has_its_line() -> None:
    assert [item.name for item in fields(Policies) if item.name != "version"] == list(KINDS)
    shipped = Policies()
    for name, kind in KINDS.items():
        assert type(getattr(shipped, name)) is kind.policy


@pytest.mark.parametrize("name", KINDS)
def test_what_is_shipped_is_fine_and_every_setting_says_what_it_is(name: str) -> None:
    kind = KINDS[name]
    assert kind.problems(kind.policy()) == []
    assert kind.help
    labels = [told.label for told in described(kind.policy)]
    assert len(set(labels)) == len(labels), "a fault finds its field by the label"


@pytest.mark.parametrize("name", KINDS)
def test_names_of_settings_leave_the_forms_own_fields_alone(name: str) -> None:
    assert not [told.name for told in described(KINDS[name].policy) if told.name.startswith("_")]


def test_nothing_stored_is_what_is_shipped() -> None:
    assert build(0, {}) == Policies()


def test_stored_values_replace_shipped_ones() -> None:
    built = build(3, {"momentum": {"yellow_below": 45}})
    assert (built.version, built.momentum.yellow_below) == (3, 45)
    assert built.momentum.red_below == Policies().momentum.red_below


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ({"momentun": {}}, "没有「momentun」这组配置"),
        ({"momentum": {"purple_below": 1}}, "动能：没有「purple_below」这一项"),
        ({"momentum": {"yellow_below": 900}}, "超出 1–99分"),
        ({"momentum": {"yellow_below": "高"}}, "不是数字"),
        ({"momentum": {"red_below": 60}}, "须低于黄色阈值"),
        ({"console": {"code_minutes": 1.5}}, "不是整数"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(stored: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        build(1, stored)


def test_all_faults_are_told_at_once_and_apart() -> None:
    with pytest.raises(PolicyError) as refused:
        build(1, {"momentum": {"yellow_below": 900}, "console": {"code_minutes": 0}, "x": {}})
    assert len(refused.value.faults) == 3
    assert str(refused.value) == "；".join(refused.value.faults)


def test_only_what_differs_from_the_shipped_values_is_stored() -> None:
    shipped = Policies()
    stored = merged(shipped, "momentum", {"yellow_below": 45.0, "red_below": 20.0})
    assert stored == {"momentum": {"yellow_below": 45.0}}
    again = merged(build(1, stored), "console", {"code_minutes": 5})
    assert again == {"momentum": {"yellow_below": 45.0}, "console": {"code_minutes": 5}}
    assert merged(build(2, again), "momentum", asdict(shipped.momentum)) == {
        "console": {"code_minutes": 5}
    }


def test_a_stored_change_is_read_back_equal() -> None:
    new = {"fast_tau_hours": 3.2740712, "yellow_below": 45.0}
    built = build(1, merged(Policies(), "momentum", new))
    assert asdict(built.momentum) == asdict(Policies().momentum) | new


def test_differences_in_words() -> None:
    new = build(1, {"momentum": {"yellow_below": 45.5}, "signal": {"competitors": "甲公司"}})
    assert differences(Policies(), new) == [
        "动能：黄色阈值 40分 → 45.5分",
        "行为信号：竞品名单 （空） → 甲公司",
    ]
    assert differences(new, new) == []


def test_changed_settings_are_counted() -> None:
    new = build(1, {"momentum": {"yellow_below": 45, "red_below": 15}})
    assert (changed_count(new, "momentum"), changed_count(new, "console")) == (2, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((40.0, "40"), (3.2740712, "3.2740712"), (1234567.0, "1234567"), (0.05, "0.05")),
        *((-10.0, "-10"), (12, "12"), (True, "是"), (False, "否"), ("甲公司", "甲公司"), ("", "")),
    ],
)
def test_a_value_is_shown_with_all_its_digits(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_a_value_in_words_has_its_unit() -> None:
    assert [in_words(40.0, "分"), in_words(""), in_words(False)] == ["40分", "（空）", "否"]
