"""Fields that admins edit: label, unit, bounds and help ride on the dataclass field itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

_KEY = "setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a form, a chat answer and the documentation say about one field of a policy."""

    name: str
    label: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    help: str
    default: Any


def setting(
    default: Any,
    *,
    label: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    help: str = "",
) -> Any:
    """Declare one admin-editable field of a frozen policy dataclass (int, float, bool or str)."""
    described = Setting("", label, unit, low, high, choices, help, default)
    return field(default=default, metadata={_KEY: described})


def described(policy: Any) -> Iterator[Setting]:
    """The settings of a policy (class or instance), in order."""
    for item in fields(policy):
        told: Setting = item.metadata[_KEY]
        yield Setting(
            item.name,
            told.label,
            told.unit,
            told.low,
            told.high,
            told.choices,
            told.help,
            told.default,
        )


def faults(policy: Any) -> list[str]:
    """What is wrong with the values, in Chinese, each line naming the field and what is allowed."""
    found = []
    for told in described(policy):
        value = getattr(policy, told.name)
        if not _same_kind(value, told.default):
            found.append(f"{told.label}：「{value}」不是{_kind_word(told.default)}")
        elif told.choices and value not in told.choices:
            found.append(f"{told.label}：「{value}」不可选，可选 {'、'.join(told.choices)}")
        elif _outside(told, value):
            found.append(f"{told.label}：{as_text(value)}{told.unit} 超出 {span(told)}")
    return found


def span(told: Setting) -> str:
    """The allowed range in words: "1–99分", "-100 至 100分"."""
    low = "不限" if told.low is None else as_text(told.low)
    high = "不限" if told.high is None else as_text(told.high)
    between = " 至 " if low.startswith("-") else "–"
    return f"{low}{between}{high}{told.unit}"


def as_text(value: Any) -> str:
    """A value as people read and type it: 40.0 is "40", True is "是"."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _outside(told: Setting, value: float) -> bool:
    too_low = told.low is not None and value < told.low
    return too_low or (told.high is not None and value > told.high)


def _same_kind(value: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float) and value == value and abs(value) != float("inf")
    return isinstance(value, type(default))


def _kind_word(default: Any) -> str:
    if isinstance(default, bool):
        return "是或否"
    if isinstance(default, int):
        return "整数"
    return "数字" if isinstance(default, float) else "文字"
