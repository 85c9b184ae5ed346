"""Days in words: 明天, 下周三, 3月8日, 月底, 两周后, 国庆后第一个工作日."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from crm.language import reading
from crm.language.clock import N


class Day(NamedTuple):
    """A span of days, the first and the day after the last; `length` characters read.

    Without a span the words are a date that does not exist (2月30日) or that we cannot tell.
    """

    span: reading.Span | None
    length: int


_AFTER = r"(?:之后|以后|过后|后)"
_AGO = r"(?:之前|以前|前)"
_WITHIN = r"(?:之内|以内|内)"
_W = r"(?:周|星期|礼拜)"
_SHIFT = r"(?P<shift>上上|下下|上|下|这|本)"
_SEP = " *[-/.] *"
Reader = Callable[[re.Match[str], date], reading.Span | None]

_HOLIDAYS = "元旦|春节|过年|清明|劳动节|五一|端午|中秋|国庆|十一(?=假|长假|后|之后|节后|前|之前)"
_Y = r"(?:\d{4}|\d{2}|[零〇一二三四五六七八九]{2,4}|[一二两三]千(?:零[一二三四五六七八九十]+)?)"
_COUNT = rf"(?P<n>{N}) *个?(?P<half>半)?(?P<unit>天|日|周|星期|礼拜|月|年)"
_PERIOD = (
    rf"(?:(?P<holiday>(?:{_HOLIDAYS})节?|)(?:假期|长假|假|节)?{_AFTER}的?"
    rf"|(?P<week>下下|下|本|这)个?{_W}的?|(?P<mon>下|本|这)个?月的?)"
)
_RULES: tuple[tuple[re.Pattern[str], Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (rf"(?P<y>{_Y}) *年 *(?P<m>{N}) *月 *(?P<d>{N}) *[日号]?(?![\d点:：个])", reading.full),
        (r"(?P<a>\d{4}) +(?P<b>\d{1,2}) +(?P<c>\d{1,2})(?!\d)", reading.numeric),
        (rf"(?P<a>\d{{4}}){_SEP}(?P<b>\d{{1,2}}){_SEP}(?P<c>\d{{1,2}})(?![\d.])", reading.numeric),
        (
            rf"(?P<a>\d{{1,2}}){_SEP}(?P<b>\d{{1,2}}){_SEP}(?P<c>\d{{4}}|\d{{2}})(?![\d.])",
            reading.numeric,
        ),
        (rf"(?P<a>\d{{2}}){_SEP}(?P<b>\d{{1,2}}){_SEP}(?P<c>\d)(?![\d.])", reading.numeric),
        (rf"(?P<year>明|去)年(?:本|这个?)月(?P<d>{N}) *[日号]", reading.this_month_of),
        (rf"(?:正月|大年)(?P<first>初?)(?P<n>{N})", reading.new_year),
        (r"(?P<first>)(?P<n>除夕|元宵)节?", reading.new_year),
        (
            rf"(?:(?:农历|阴历)(?:{_Y} *年)?|{_Y} *年(?:农历|阴历))(?:{N}|正|冬|腊)月初?{N}",
            reading.untold,
        ),
        (rf"(?:{N}|冬|腊)月(?:初{N}|廿{N}?)|[冬腊]月{N}", reading.untold),
        (rf"(?:(?P<year>明|后|去|今)年)?(?P<m>{N}) *月 *份?(?P<d>{N}) *[日号]", reading.yearly),
        (
            r"(?P<m>[一二三四五六七八九十]+)月(?P<d>(?:二?十[一二三四五六七八九]?|三十一?))",
            reading.yearly,
        ),
        (r"(?P<m>\d{1,2})/(?P<d>\d{1,2})(?![\d/.])", reading.yearly),
        (
            rf"(?:(?P<shift>上|下|这|本)个?月 *)?(?P<d>{N}) *[号日](?![楼线店机台程])",
            reading.monthly,
        ),
        (
            r"(?P<rel>大前|大后|前|昨|今|当|明|后)(?:[天日儿](?!头条)|(?=[早晚晨]|[上下中]午))",
            reading.relative,
        ),
        (r"(?P<rel>明)后天", reading.relative),
        (rf"(?:{_SHIFT}个?)?{_W}(?P<wd>[一二三四五六日天]|[1-7](?!\d))(?!个)", reading.weekday),
        (rf"(?:{_SHIFT}个?)?{_W}(?P<end>末|初|中)", reading.week),
        (
            rf"(?P<shift>上上|下下|上|下|这|本)个?{_W}(?P<end>)(?![一二三四五六日天末\d])",
            reading.week,
        ),
        (rf"(?:再?过 *)?(?!0\d|\d{{4}}){_COUNT}(?:{_AFTER}|(?P<ago>{_AGO}))", reading.counted),
        (rf"再?过 *{_COUNT}(?P<ago>)", reading.counted),
        (rf"{_COUNT}{_WITHIN}", reading.within),
        (rf"(?P<n>{N}) *个?工作日(?:{_AFTER}|{_WITHIN})", reading.workdays),
        (rf"{_PERIOD}第(?P<n>{N})个?工作日", reading.first_workday),
        (r"下一?个工作日", reading.following_workday),
        (
            rf"(?P<name>(?:{_HOLIDAYS}))节?(?:假期|长假|假)?(?P<side>{_AFTER}|节后|{_AGO}|节前)?",
            reading.holiday,
        ),
        (
            r"(?:(?P<shift>下下|下|这|本|上)个?)?(?P<num>)月(?P<part>底|末|初|中旬|上旬|下旬|中)",
            reading.part_of_month,
        ),
        (r"(?P<shift>下下|下|这|本|上)个?(?P<num>)月(?P<part>)", reading.part_of_month),
        (
            rf"(?P<shift>)(?P<num>{N}) *月份?(?P<part>底|末|初|中旬|上旬|下旬|中)?(?!\d)",
            reading.part_of_month,
        ),
        (
            r"(?:(?P<yr>明|后|去|今|本)年?)?(?:第?(?P<q>[一二三四1-4])季度)(?P<tail>末|底)?",
            reading.part_of_year,
        ),
        (r"(?P<yr>明|后|去|前|今)年(?P<q>)(?P<tail>底|末|初)?", reading.part_of_year),
        (r"(?P<yr>)年(?P<q>)(?P<tail>底|末|初)", reading.part_of_year),
        (r"(?P<shift>下|本|这|上)个?季度(?P<tail>末|底)?", reading.quarter_end),
        (r"(?P<shift>)季度(?P<tail>末|底)", reading.quarter_end),
        (rf"(?P<y>{_Y}) *年(?: *(?P<m>{N}) *月份?)?(?!前|后)", reading.year_month),
        (rf"(?P<yr>明|后|去|今)年 *(?P<m>{N}) *月份?(?!\d)", reading.month_of_year),
        (
            rf"(?:(?P<yr>明|去|今|(?P<y>{_Y}) *)年)?的?(?P<half>[上下前后])个?半年",
            reading.half_year,
        ),
    )
)


def day(plain: str, at: int, today: date) -> Day | None:
    """The longest reading as a day or span that begins at `at` in normal text, or None."""
    best: Day | None = None
    for pattern, reader in _RULES:
        match = pattern.match(plain, at)
        if match is None or match.end() == at or (best and match.end() - at <= best.length):
            continue
        try:
            span = reader(match, today)
        except (ValueError, OverflowError):
            span = None
        best = Day(span, match.end() - at)
    return best
