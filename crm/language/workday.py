"""Workdays and public holidays of mainland China, with the make-up Saturdays and Sundays."""

from __future__ import annotations

from datetime import date, timedelta

_DAY = timedelta(days=1)
_NAMES = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "过年": "Spring Festival",
    "清明": "Tomb-sweeping Day",
    "劳动": "Labour Day",
    "五一": "Labour Day",
    "端午": "Dragon Boat Festival",
    "中秋": "Mid-autumn Festival",
    "国庆": "National Day",
    "十一": "National Day",
}
NEW_YEARS = tuple(
    date(2020 + n, month, day)
    for n, (month, day) in enumerate(
        (
            *((1, 25), (2, 12), (2, 1), (1, 22), (2, 10), (1, 29), (2, 17), (2, 6)),
            *((1, 26), (2, 13), (2, 3), (1, 23), (2, 11), (1, 31), (2, 19), (2, 8)),
        )
    )
)
"""The first day of the lunar year, 2020 to 2035 (Hong Kong Observatory's conversion table)."""

_FIXED = {"元旦": (1, 1), "五一": (5, 1), "劳动": (5, 1), "国庆": (10, 1), "十一": (10, 1)}


def is_workday(day: date) -> bool:
    """Whether people work; beyond the published calendar, Monday to Friday."""
    from chinese_calendar import is_workday as published  # 30 ms, so not at import

    try:
        return bool(published(day))
    except NotImplementedError:
        return day.weekday() < 5


def next_workday(day: date) -> date:
    """The first workday after `day`."""
    return plus_workdays(day, 1)


def plus_workdays(day: date, count: int) -> date:
    """The workday `count` workdays from `day`; negative counts go back."""
    step = _DAY if count >= 0 else -_DAY
    for _ in range(abs(count)):
        day += step
        while not is_workday(day):
            day += step
    return day


def holiday_span(name: str, today: date) -> tuple[date, date] | None:
    """First day off and the day after the last of the next such holiday (one under way counts).

    `name` "" is the next holiday of any kind. Where no calendar is published yet, a fixed date
    stands for itself and a lunar one is None.
    """
    from chinese_calendar.constants import holidays  # the same table, by date

    wanted = _NAMES.get(name[:2])
    days = sorted(
        day
        for day, kind in holidays.items()
        if day >= today - 8 * _DAY and (wanted is None or kind == wanted)
    )
    for first in days:
        after = first
        while after in holidays and (wanted is None or holidays[after] == wanted):
            after += _DAY
        if after > today and (first == today or first - _DAY not in days):
            return first, after
    if name[:2] not in _FIXED:
        return None
    month, number = _FIXED[name[:2]]
    fixed = date(today.year, month, number)
    fixed = fixed if fixed >= today else date(today.year + 1, month, number)
    return fixed, fixed + _DAY
