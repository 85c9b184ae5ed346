"""Times of day in words: 下午3点半, 15:30, 早上九点一刻, 晚上."""

from __future__ import annotations

import re
from datetime import time
from typing import NamedTuple

from crm.language.numeral import value

N = r"(?:\d{1,4}|[零〇一二两三四五六七八九十百半]+)"
"""A count or an ordinal in a date, in normal text."""


class Clock(NamedTuple):
    """A time of day; `part` if only 上午, 下午 … was said and `at` is where that part begins."""

    at: time
    part: bool
    length: int  # characters read
    end_hour: int = 0  # of the part of the day


_PARTS = {  # words: first and last hour of that part, and whether small hours mean the afternoon
    "凌晨": (0, 6),
    "半夜": (0, 5),
    "清晨": (6, 9),
    "早晨": (6, 9),
    "早间": (8, 12),
    "早上": (8, 12),
    "一早": (8, 12),
    "今晨": (6, 9),
    "早": (8, 12),
    "晨": (6, 9),
    "上午": (9, 12),
    "中午": (12, 14),
    "午间": (12, 14),
    "午后": (14, 18),
    "下午": (14, 18),
    "傍晚": (17, 19),
    "晚间": (19, 22),
    "晚上": (19, 22),
    "夜里": (21, 24),
    "夜间": (21, 24),
    "深夜": (22, 24),
    "晚": (19, 22),
    "下班前": (17, 18),
    "下班": (18, 19),
}
_LATE = ("下午", "午后", "傍晚", "晚间", "晚上", "夜里", "夜间", "深夜", "晚", "下班")
_MIDNIGHT = ("凌晨", "半夜", "深夜", "晚上", "晚")
_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_TIME = re.compile(
    rf"(?P<part>{_PART})?(?:的|，|,| )*(?:大约|大概|约|差不多|正好)?"
    r"(?:(?P<h>\d{1,2}) *[:：] *(?P<m>\d{2})(?:[:：](?P<s>\d{2}))?(?!\d)"
    rf" *(?P<half>[ap]\.?m\.?)?|(?P<hour>{N}) *(?:点钟|点|时(?![候间常代期])|h(?![a-z]))整?"
    rf"(?:(?P<quarter>半|一刻|三刻)|(?P<minute>{N}) *分?(?![天个月年周万元])"
    rf"(?:(?P<second>{N})秒)?)?"
    r"|(?P<h12>\d{1,2}) *(?P<half12>[ap]\.?m\.?)(?![a-z]))"
)
_ONLY = re.compile(rf"(?P<part>{_PART})(?!班|餐|饭|安|日|点|期|已|晨)")


def clock(plain: str, at: int) -> Clock | None:
    """The time of day that begins at `at` in normal text, or None.

    Without a part of the day 1–6 点 mean the afternoon, as people at work mean it; 03:00 does not.
    """
    match = _TIME.match(plain, at)
    if match and (read := _read(match)) is not None:
        return Clock(read, False, match.end() - at)
    match = _ONLY.match(plain, at)
    if match is None:
        return None
    first, last = _PARTS[match["part"]]
    return Clock(time(first % 24), True, match.end() - at, last)


def _read(match: re.Match[str]) -> time | None:
    part = match["part"] or ""
    if match["hour"]:
        hour, minute = _count(match["hour"]), _minute(match)
        second = _count(match["second"]) if match["second"] else 0
        bare = True
    else:
        hour = int(match["h"] or match["h12"])
        minute, second = int(match["m"] or 0), int(match["s"] or 0)
        bare = len(match["h"] or match["h12"]) == 1
    if hour is None or minute is None or second is None:
        return None
    half = (match["half"] or match["half12"] or "")[:1]
    if hour < 12 and (half == "p" or part in _LATE or (part == "中午" and hour < 4)):
        hour += 12
    elif hour == 24 or (hour == 12 and (half == "a" or part in _MIDNIGHT)):
        hour = 0
    elif not part and not half and bare and 1 <= hour <= 6:
        hour += 12
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _minute(match: re.Match[str]) -> int | None:
    if match["quarter"]:
        return {"半": 30, "一刻": 15, "三刻": 45}[match["quarter"]]
    return _count(match["minute"]) if match["minute"] else 0


def _count(words: str) -> int | None:
    if words.isdecimal():
        return int(words)
    got = value(words)
    return None if got is None or got != int(got) else int(got)
