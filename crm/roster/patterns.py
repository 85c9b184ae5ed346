"""The shift patterns that a store's opening hours suggest."""

from __future__ import annotations

from dataclasses import replace

from crm.roster.model import SLOT_MINUTES, Pattern, Shop

_FULL = 8 * 60 + 30  # presence: eight paid hours and half an hour's break
_PART = 4 * 60


def catalogue(shop: Shop) -> tuple[Pattern, ...]:
    """Named patterns for each of the store's opening hours: 早 中 晚 with two break times, and 短.

    Ten for one pair of hours, far fewer than the 30 that the study advises to stay below. A day
    shorter than a full shift gets one pattern of all its open hours instead.
    """
    spans = dict.fromkeys(hours for hours in shop.hours if hours)
    found: dict[tuple[int, int, int, bool], Pattern] = {}
    for number, (first, last) in enumerate(spans):
        for pattern in (*_full(first, last), *_part(first, last)):
            named = replace(pattern, id=f"{pattern.id}@{number + 1}") if number else pattern
            key = (named.start, named.end, named.break_start, named.part)
            found.setdefault(key, named)
    return tuple(found.values())


def _full(first: int, last: int) -> list[Pattern]:
    if last - first < _FULL:
        rest = SLOT_MINUTES if last - first >= 6 * 60 else 0
        return [Pattern("通", "通班", first, last, first + 210 if rest else 0, rest)]
    middle = _half_hour((first + last - _FULL) / 2)
    starts = (("早", first, "morning"), ("晚", last - _FULL, "evening"), ("中", middle, "day"))
    return [
        Pattern(
            f"{name}{turn}", f"{name}班", start, start + _FULL, start + rest, SLOT_MINUTES, kind
        )
        for name, start, kind in starts
        for turn, rest in ((1, 210), (2, 270))
    ]


def _part(first: int, last: int) -> list[Pattern]:
    if last - first < _PART:
        return []
    starts = (
        ("短早", first, "morning"),
        ("短中", _half_hour((first + last - _PART) / 2), "day"),
        ("短峰", max(first, last - _PART - 120), "evening"),
        ("短晚", last - _PART, "evening"),
    )
    return [
        Pattern(name, name, start, start + _PART, kind=kind, part=True)
        for name, start, kind in starts
    ]


def _half_hour(minutes: float) -> int:
    return round(minutes / SLOT_MINUTES) * SLOT_MINUTES
