"""A policy as a form: its rows for a page, and what was typed as values, or refused in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.policies import KINDS, Policies, PolicyError, in_words
from crm.setting import Setting, as_text, described, span

MOST_LETTERS = 500
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One setting on the page; `text` stands in its field, `fault` says what is wrong with it."""

    told: Setting
    text: str
    current: str
    shipped: str
    allowed: str
    options: tuple[str, ...]
    is_changed: bool
    fault: str

    @property
    def is_text(self) -> bool:
        return isinstance(self.told.default, str)

    @property
    def has_keypad(self) -> bool:
        """Whether a phone may offer digits only: phones' digit pads have no minus."""
        return _is_number(self.told) and self.told.low is not None and self.told.low >= 0


def rows(
    name: str, current: Policies, edits: Mapping[str, str], faults: Sequence[str] = ()
) -> list[Row]:
    """The form of a policy: current values, with `edits` typed over them and `faults` beside."""
    part = getattr(current, name)
    return [
        Row(
            told=told,
            text=edits.get(told.name, as_text(getattr(part, told.name))),
            current=in_words(getattr(part, told.name), told.unit),
            shipped=in_words(told.default, told.unit),
            allowed=allowed(told),
            options=_options(told),
            is_changed=getattr(part, told.name) != told.default,
            fault=next((line for line in faults if line.startswith(f"{told.label}：")), ""),
        )
        for told in described(part)
    ]


def edited(name: str, seen: Policies, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed that differs from what the form showed, by setting."""
    part = getattr(seen, name)
    return {
        told.name: typed[told.name]
        for told in described(part)
        if told.name in typed and clean(typed[told.name]) != as_text(getattr(part, told.name))
    }


def values(name: str, edits: Mapping[str, str]) -> dict[str, Any]:
    """Edits as the settings' own types; PolicyError names every one that cannot be read."""
    found, wrong = dict[str, Any](), list[str]()
    for told in described(KINDS[name].policy):
        if told.name in edits:
            try:
                found[told.name] = read_value(told, edits[told.name])
            except PolicyError as fault:
                wrong += fault.faults
    if wrong:
        raise PolicyError(wrong)
    return found


def read_value(told: Setting, text: str) -> Any:
    """A form's or a chat's text as the setting's own type; PolicyError names what is allowed."""
    text = clean(text)
    if isinstance(told.default, bool):
        return _read_yes_or_no(told, text)
    if _is_number(told):
        return _read_number(told, text)
    if len(text) > MOST_LETTERS:
        raise PolicyError([f"{told.label}：有 {len(text)} 个字，最多 {MOST_LETTERS} 个字"])
    return text


def allowed(told: Setting) -> str:
    """What may be typed, in words: "1–99分"; "" if any text may."""
    if _is_number(told):
        return span(told)
    return "、".join(_options(told))


def clean(text: str) -> str:
    """One line without invisible characters, which some databases refuse."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _read_yes_or_no(told: Setting, text: str) -> bool:
    if text not in ("是", "否"):
        raise PolicyError([f"{told.label}：「{_short(text)}」不是是或否"])
    return text == "是"


def _read_number(told: Setting, text: str) -> int | float:
    """Full-width digits are digits, and the unit may be typed along."""
    is_whole = isinstance(told.default, int)
    plain = unicodedata.normalize("NFKC", text.removesuffix(told.unit)).replace(" ", "")
    if not (_WHOLE if is_whole else _NUMBER).fullmatch(plain):
        kind = "整数" if is_whole else "数字"
        said = f"「{_short(text)}」不是{kind}" if text else "没有填写"
        raise PolicyError([f"{told.label}：{said}，允许 {allowed(told)}"])
    return int(plain) if is_whole else float(plain)


def _options(told: Setting) -> tuple[str, ...]:
    return ("是", "否") if isinstance(told.default, bool) else told.choices


def _is_number(told: Setting) -> bool:
    return isinstance(told.default, int | float) and not isinstance(told.default, bool)


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:20] + "…"
