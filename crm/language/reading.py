"""From matched words to days: one reader per kind of date, all given the day it is."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from crm.language.numeral import digits, value
from crm.language.workday import NEW_YEARS, holiday_span, next_workday, plus_workdays

DAY = timedelta(days=1)
Span = tuple[date, date]
"""The first day and the day after the last."""


_RELATIVE = {
    "大前": -3,
    "前": -2,
    "昨": -1,
    "今": 0,
    "当": 0,
    "明": 1,
    "后": 2,
    "大后": 3,
}
_WEEKDAYS = {
    sign: n
    for n, signs in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7"))
    for sign in signs
}
_SHIFTS = {"上上": -2, "上": -1, "这": 0, "本": 0, "今": 0, "": 0, "下": 1, "下下": 2}
_UNITS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}


def one(day: date | None) -> Span | None:
    return None if day is None else (day, day + DAY)


def _int(words: str) -> int:
    """A count in either script. Raises ValueError if it is none (半 …)."""
    if words.isdecimal():
        return int(words)
    got = value(words)
    if got is None or got != int(got):
        raise ValueError(words)
    return int(got)


def _year(words: str) -> int:
    """A year: 2016, 16, 二零一六, 两千年."""
    if words.isdecimal():
        year = int(words)
    else:
        read = digits(words)
        year = read if read is not None and len(words) > 1 else _int(words)
    return year if len(words) > 2 or year >= 100 else year + (2000 if year < 70 else 1900)


def _of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _coming(today: date, month: int, day: int) -> date | None:
    """The next such day of the year, today included; None if there is none (2月30日)."""
    days = (_of(today.year + ahead, month, day) for ahead in range(9))
    return next((found for found in days if found and found >= today), None)


def _month(today: date, shift: int) -> tuple[date, date]:
    """A whole month, `shift` months from this one."""
    first = _added_months(today.replace(day=1), shift)
    return first, _added_months(first, 1)


def _added_months(day: date, months: int) -> date:
    """The same day months on, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def relative(m: re.Match[str], today: date) -> Span | None:
    return one(today + _RELATIVE[m["rel"]] * DAY)


def full(m: re.Match[str], _: date) -> Span | None:
    return one(_of(_year(m["y"]), _int(m["m"]), _int(m["d"])))


def numeric(m: re.Match[str], _: date) -> Span | None:
    """2010-01-29, 13.5.2015, 3-7-07: year first if it can be, else day first."""
    a, b, c = m["a"], m["b"], m["c"]
    if len(a) == 4:
        return one(_of(int(a), int(b), int(c)))
    swapped = _of(_year(c), int(b), int(a))
    if len(c) == 4:
        return one(swapped or _of(int(c), int(a), int(b)))
    return one((_of(_year(a), int(b), int(c)) if len(a) == 2 else None) or swapped)


def yearly(m: re.Match[str], today: date) -> Span | None:
    month, day = _int(m["m"]), _int(m["d"])
    told = m.groupdict().get("year")
    if told:
        return one(_of(today.year + {"明": 1, "后": 2, "去": -1, "今": 0}[told], month, day))
    return one(_coming(today, month, day))


def this_month_of(m: re.Match[str], today: date) -> Span | None:
    year = today.year + (1 if m["year"] == "明" else -1)
    return one(_of(year, today.month, _int(m["d"])))


def new_year(m: re.Match[str], today: date) -> Span | None:
    """大年初一, 正月初八, 除夕, 元宵: days about the lunar New Year, as far as it is tabled."""
    told = m["n"]
    shift = {"除夕": -1, "三十": -1, "元宵": 14}.get(told)
    offset = _int(told) - 1 if shift is None else shift
    if not -1 <= offset < 30:
        return None
    days = (start + offset * DAY for start in NEW_YEARS)
    return one(next((found for found in days if found >= today), None))


def untold(_: re.Match[str], __: date) -> Span | None:
    """Other dates of the lunar calendar: better none than a wrong one."""
    return None


def monthly(m: re.Match[str], today: date) -> Span | None:
    """12号, 下个月5号: without a month the next one that has such a day."""
    day, shift = _int(m["d"]), m["shift"]
    if shift:
        first, _ = _month(today, _SHIFTS[shift])
        return one(_of(first.year, first.month, day))
    months = (_month(today, ahead)[0] for ahead in range(13))
    days = (_of(first.year, first.month, day) for first in months)
    return one(next((found for found in days if found and found >= today), None))


def weekday(m: re.Match[str], today: date) -> Span | None:
    """周三 is the next one, today included; 下周三 lies in the week after this one."""
    monday = today - today.weekday() * DAY
    day = monday + _WEEKDAYS[m["wd"]] * DAY
    if m["shift"]:
        return one(day + 7 * _SHIFTS[m["shift"]] * DAY)
    return one(day if day >= today else day + 7 * DAY)


def week(m: re.Match[str], today: date) -> Span | None:
    monday = today - today.weekday() * DAY + 7 * _SHIFTS[m["shift"] or ""] * DAY
    if m["end"] == "末":
        return monday + 5 * DAY, monday + 7 * DAY
    if m["end"] == "初":
        return monday, monday + 2 * DAY
    if m["end"]:
        return monday + 3 * DAY, monday + 5 * DAY
    return monday, monday + 7 * DAY


def _count(words: str) -> float:
    """A count that may be a half: 半, 一个半 is written apart."""
    return 0.5 if words == "半" else float(_int(words))


def counted(m: re.Match[str], today: date) -> Span | None:
    count, unit = _count(m["n"]) + (0.5 if m["half"] else 0), m["unit"]
    sign = -1 if m["ago"] else 1
    if unit in ("月", "年") and count == int(count):
        months = int(count) * (12 if unit == "年" else 1)
        return one(_added_months(today, sign * months))
    days = {"月": 30, "年": 365}.get(unit) or _UNITS[unit]
    return one(today + round(sign * count * days) * DAY)


def within(m: re.Match[str], today: date) -> Span | None:
    """三天内: the last day that still keeps the promise."""
    if m["unit"] in ("月", "年"):
        return one(_added_months(today, _int(m["n"]) * (12 if m["unit"] == "年" else 1)))
    return one(today + _int(m["n"]) * _UNITS[m["unit"]] * DAY)


def workdays(m: re.Match[str], today: date) -> Span | None:
    return one(plus_workdays(today, _int(m["n"])))


def first_workday(m: re.Match[str], today: date) -> Span | None:
    """国庆后第一个工作日, 节后第一个工作日, 下周第一个工作日, 下个工作日."""
    base, place = today, _int(m["n"]) if m["n"] else 1
    if m["holiday"] is not None:
        span = holiday_span(m["holiday"], today)
        if span is None:
            return None
        base = span[1] - DAY
    elif m["week"]:
        monday = today - today.weekday() * DAY
        base = monday + 7 * _SHIFTS[m["week"]] * DAY - DAY
    elif m["mon"]:
        base = _month(today, _SHIFTS[m["mon"]])[0] - DAY
    for _ in range(place):
        base = next_workday(base)
    return one(base)


def holiday(m: re.Match[str], today: date) -> Span | None:
    """国庆 is its first day off; 国庆后 the first workday after; 国庆前 the last before."""
    span = holiday_span(m["name"], today)
    if span is None:
        return None
    first, after = span
    if m["side"] and "后" in m["side"]:
        return one(next_workday(after - DAY))
    if m["side"]:
        return one(plus_workdays(first, -1))
    return first, after


def part_of_month(m: re.Match[str], today: date) -> Span | None:
    told = m["shift"] or ""
    first, after = _month(today, _SHIFTS[told])
    if m["num"]:
        month = _int(m["num"])
        if not 1 <= month <= 12:
            return None
        year = today.year + (month < today.month)
        first, after = _month(date(year, month, 1), 0)
    spans = {
        "底": (after - DAY, after),
        "末": (after - DAY, after),
        "初": (first, first + 5 * DAY),
        "中": (first + 14 * DAY, first + 15 * DAY),
        "中旬": (first + 10 * DAY, first + 20 * DAY),
        "上旬": (first, first + 10 * DAY),
        "下旬": (first + 20 * DAY, after),
    }
    return spans.get(m["part"] or "", (first, after))


def part_of_year(m: re.Match[str], today: date) -> Span | None:
    year = today.year + {"明": 1, "后": 2, "去": -1, "前": -2, "今": 0, "本": 0}[m["yr"] or "今"]
    quarter = "一二三四".find(m["q"]) if m["q"] and m["q"] in "一二三四" else int(m["q"] or 1) - 1
    if m["q"]:
        first = date(year, quarter * 3 + 1, 1)
        after = _added_months(first, 3)
        return (after - DAY, after) if m["tail"] else (first, after)
    if m["tail"] == "初":
        return date(year, 1, 1), date(year, 2, 1)
    if m["tail"]:
        return one(date(year, 12, 31))
    return (date(year, 1, 1), date(year + 1, 1, 1)) if m["yr"] else None


def month_of_year(m: re.Match[str], today: date) -> Span | None:
    year = today.year + {"明": 1, "后": 2, "去": -1, "今": 0}[m["yr"]]
    first = _of(year, _int(m["m"]), 1)
    return _month(first, 0) if first else None


def half_year(m: re.Match[str], today: date) -> Span | None:
    year = today.year + {"明": 1, "去": -1}.get(m["yr"] or "", 0)
    year = _year(m["y"]) if m["y"] else year
    first = date(year, 1 if m["half"] in "上前" else 7, 1)
    return first, _added_months(first, 6)


def following_workday(_: re.Match[str], today: date) -> Span | None:
    return one(next_workday(today))


def quarter_end(m: re.Match[str], today: date) -> Span | None:
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    first = _added_months(first, 3 * _SHIFTS[m["shift"] or ""])
    after = _added_months(first, 3)
    return (after - DAY, after) if m["tail"] else (first, after)


def year_month(m: re.Match[str], _: date) -> Span | None:
    month = _int(m["m"]) if m["m"] else 0
    year = _year(m["y"])
    if not 1 <= year <= 9998 or month > 12:
        return None
    if not m["m"]:
        return date(year, 1, 1), date(year + 1, 1, 1)
    return _month(date(year, month, 1), 0) if month else None
