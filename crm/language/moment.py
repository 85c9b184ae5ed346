"""When somebody means: 明天下午3点, 下周三, 月底前, as an aware time, with its precision."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from crm.language.characters import normal
from crm.language.clock import Clock, N, clock
from crm.language.day import day
from crm.language.numeral import value


class Precision(StrEnum):
    """How exactly the time was said."""

    TIME = "time"  # 下午3点, 半小时后
    PART = "part"  # 下午
    DAY = "day"  # 周三
    SPAN = "span"  # 下周, 三月, 国庆


class When(NamedTuple):
    """A time in a text: `at` its beginning, `until` its end (the same for a point in time).

    Both are in the zone of the `now` that was given. `before` marks a deadline (月底前, 三天内).
    """

    at: datetime
    until: datetime
    precision: Precision
    before: bool
    words: str
    start: int
    end: int

    @property
    def due(self) -> datetime:
        """When to remind: the time itself, 9:00 on a day, 18:00 on the day of a deadline."""
        if self.precision in (Precision.TIME, Precision.PART):
            return self.at
        if self.before:
            return (self.until - timedelta(days=1)).replace(hour=18)
        return self.at.replace(hour=9)


_TITLE = re.compile(r"《[^》]*》")
_TO = re.compile(r" *(?:-|–|—|~|到|至|和(?=[^，。]{2,8}(?:之间|间))) *")
_FROM_NOW = re.compile(r"[今明后大昨前下上本这周星礼]")
_OFFSET = re.compile(
    rf"(?P<again>再?过 *)?(?P<n>\d+(?:\.\d+)?|{N}) *个?(?P<half>半)?"
    r" *(?P<unit>分钟|分|小时|钟头|刻钟)"
    r"(?:(?P<later>之后|以后|过后|后)|(?P<ago>之前|以前|前)|(?P<within>之内|以内|内))?"
)
_MINUTES = {"分钟": 1, "分": 1, "刻钟": 15, "小时": 60, "钟头": 60}
_WEEKDAY = r"(?:周|星期|礼拜)[一二三四五六日天]"
_LINK = re.compile(rf"(?:[ ,，的]|\({_WEEKDAY}\)|{_WEEKDAY})*")
_PLAIN_LINK = re.compile(r"[ ,，的]*")  # 周三，周五 are two days; 3月9日，周一 is one
_BEFORE = re.compile(r" *(?:(?:之|以)?前(?!往|台|期|面|后)|截止|为止)")
_VAGUE = re.compile(
    r"[早晚]?一点(?!半|一刻|三刻|钟|整|[零〇一二三四五\d])|[两二三四五六七八九]点(?=建议|意见|要求|问题|原因|都)"
)


def whens(text: str, now: datetime) -> tuple[When, ...]:
    """The times in a text, in order, as seen from `now` (aware; its zone is the tenant's).

    What could be past or coming is read as coming: 周三 and 29号 are the next ones, today included.
    """
    plain, found, at = _TITLE.sub(_blank, normal(text)), [], 0
    while at < len(plain):
        got = _read(plain, at, now) if _may_start(plain, at) else None
        if got is None:
            at += _dead_end(plain, at, now)
            continue
        got = _to(plain, got, now) or got
        found.append(got._replace(words=text[got.start : got.end]))
        at = got.end
    return tuple(found)


def when(text: str, now: datetime) -> When | None:
    """The first time in a text, or None."""
    return next(iter(whens(text, now)), None)


def _blank(match: re.Match[str]) -> str:
    """Titles of books and films are no dates: 《明日之后》."""
    return "，" * len(match.group())


def _to(plain: str, first: When, now: datetime) -> When | None:
    """Extend a time by "到5点" or "至20日"; what that leaves out is taken from the first."""
    link = _TO.match(plain, first.end)
    if link is None or first.before:
        return None
    seen = now if _FROM_NOW.match(plain, link.end()) else first.at
    second = _dated(plain, link.end(), seen)
    hour = clock(plain, link.end()) if second is None else None
    if hour is not None and first.precision is not Precision.DAY:
        second = _at(plain, link.end(), link.end() + hour.length, first.at.date(), hour, now)
        half = timedelta(hours=12)
        if second.at < first.at and second.at + half >= first.at and second.at.hour < 12:
            second = second._replace(until=second.until + half)
    if second is None or second.until < first.at:
        return None
    precision = Precision.SPAN if first.precision is Precision.DAY else first.precision
    return first._replace(until=second.until, precision=precision, end=second.end)


def _dead_end(plain: str, at: int, now: datetime) -> int:
    """How far to go on when nothing was read: over a date that does not exist, else by one."""
    read = day(plain, at, now.date()) if _may_start(plain, at) else None
    return read.length if read is not None else 1


def _may_start(plain: str, at: int) -> bool:
    """A number is read from its beginning only."""
    before = plain[at - 1 : at] if at else ""
    if plain[at].isascii() and plain[at].isdigit():
        return not re.match(r"[\da-z.:/+-]", before)
    return plain[at] not in " ，。,;；" and not (
        before in "一二三四五六七八九十" and plain[at] in "一二三四五六七八九十" and before
    )


def _read(plain: str, at: int, now: datetime) -> When | None:
    return _offset(plain, at, now) or _dated(plain, at, now) or _timed(plain, at, now)


def _offset(plain: str, at: int, now: datetime) -> When | None:
    match = _OFFSET.match(plain, at)
    if match is None or not (match["later"] or match["ago"] or match["within"] or match["again"]):
        return None
    count = 0.5 if match["n"] == "半" else value(match["n"])
    if count is None:
        return None
    minutes = (float(count) + (0.5 if match["half"] else 0)) * _MINUTES[match["unit"]]
    moment = now + timedelta(minutes=-minutes if match["ago"] else minutes)
    return When(moment, moment, Precision.TIME, bool(match["within"]), "", at, match.end())


def _dated(plain: str, at: int, now: datetime) -> When | None:
    read = day(plain, at, now.date())
    if read is None or read.span is None:
        return None
    first, last = read.span
    end = at + read.length
    within = plain[at:end].endswith("内")
    spoken = re.search(_WEEKDAY, plain[at:end]) is not None
    link = (_PLAIN_LINK if spoken else _LINK).match(plain, end)
    after = link.end() if link else end
    hour = clock(plain, after) if last - first == timedelta(days=1) else None
    if hour is not None:
        return _at(plain, at, after + hour.length, first, hour, now)
    if link and re.search(rf"{_WEEKDAY}\)?$", link.group()):
        end = link.end()
    before = _BEFORE.match(plain, end)
    days = (last - first).days
    precision = Precision.DAY if days == 1 else Precision.SPAN
    return When(
        _moment(first, time(), now),
        _moment(last, time(), now),
        precision,
        bool(before) or within,
        "",
        at,
        before.end() if before else end,
    )


def _timed(plain: str, at: int, now: datetime) -> When | None:
    """A time without a day: today, or tomorrow if it is over."""
    hour = clock(plain, at)
    if hour is None or (hour.part and hour.length < 2):
        return None
    if _VAGUE.match(plain, at) or not re.match(
        r"[\d零〇一二两三四五六七八九十凌半清早一今晨上中午下傍晚夜深]", plain[at]
    ):
        return None
    read = _at(plain, at, at + hour.length, now.date(), hour, now)
    if read.until < now:
        read = _at(plain, at, at + hour.length, now.date() + timedelta(days=1), hour, now)
    return read


def _at(plain: str, at: int, end: int, on: date, hour: Clock, now: datetime) -> When:
    moment = _moment(on, hour.at, now)
    until = moment
    if hour.part:
        midnight = _moment(on, time(), now)
        until = midnight + timedelta(hours=hour.end_hour)
    before = _BEFORE.match(plain, end)
    end = before.end() if before else end
    precision = Precision.PART if hour.part else Precision.TIME
    return When(moment, until, precision, bool(before), "", at, end)


def _moment(on: date, hour: time, now: datetime) -> datetime:
    return datetime.combine(on, hour, tzinfo=now.tzinfo)
