from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.language import Precision, when, whens

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 4, 10, 30, tzinfo=ZONE)  # a Wednesday

DAYS = [
    ("今天", "2026-03-04"),
    ("明天", "2026-03-05"),
    ("後天", "2026-03-06"),
    ("大后天", "2026-03-07"),
    ("昨日", "2026-03-03"),
    ("周三", "2026-03-04"),
    ("週五", "2026-03-06"),
    ("禮拜一", "2026-03-09"),
    ("星期天", "2026-03-08"),
    ("本周五", "2026-03-06"),
    ("下周三", "2026-03-11"),
    ("下下周二", "2026-03-17"),
    ("上周五", "2026-02-27"),
    ("29号", "2026-03-29"),
    ("3号", "2026-04-03"),
    ("31号", "2026-03-31"),
    ("下个月5号", "2026-04-05"),
    ("3月8日", "2026-03-08"),
    ("三月三号", "2027-03-03"),
    ("2026年五月一日", "2026-05-01"),
    ("二零二六年八月十五", "2026-08-15"),
    ("明年3月1日", "2027-03-01"),
    ("2026-03-09", "2026-03-09"),
    ("2026/3/9", "2026-03-09"),
    ("9.3.2026", "2026-03-09"),
    ("3/12", "2026-03-12"),
    ("3月9日（周一）", "2026-03-09"),
    ("两天后", "2026-03-06"),
    ("过两天", "2026-03-06"),
    ("一周后", "2026-03-11"),
    ("一个月后", "2026-04-04"),
    ("半年后", "2026-09-02"),
    ("5天前", "2026-02-27"),
    ("年底", "2026-12-31"),
    ("本月底", "2026-03-31"),
    ("一季度末", "2026-03-31"),
    ("季度末", "2026-03-31"),
    ("月中", "2026-03-15"),
    ("3个工作日后", "2026-03-09"),
    ("下个工作日", "2026-03-05"),
    ("下周第一个工作日", "2026-03-09"),
    ("国庆后第一个工作日", "2026-10-08"),
    ("节后第一个工作日", "2026-04-07"),
    ("五一后", "2026-05-06"),
    ("国庆前", "2026-09-30"),
    ("2月29日", "2028-02-29"),
    ("大年初八", "2027-02-13"),
    ("除夕", "2027-02-05"),
]


@pytest.mark.parametrize(("words", "day"), DAYS)
def test_a_day_in_words(words: str, day: str) -> None:
    (got,) = whens(words, NOW)
    assert got.at.isoformat() == f"{day}T00:00:00+08:00"
    assert (got.words, got.precision) == (words, Precision.DAY)


TIMES = [
    ("明天下午3点", "03-05 15:00"),
    ("明天3点", "03-05 15:00"),
    ("后天上午10点半", "03-06 10:30"),
    ("下周三下午两点", "03-11 14:00"),
    ("周四下午三点一刻", "03-05 15:15"),
    ("今晚8点", "03-04 20:00"),
    ("明早9点", "03-05 09:00"),
    ("明晚七点二十", "03-05 19:20"),
    ("3月9日15:30", "03-09 15:30"),
    ("15:30", "03-04 15:30"),
    ("9点", "03-05 09:00"),
    ("下午4点", "03-04 16:00"),
    ("中午12点", "03-04 12:00"),
    ("明天凌晨2点", "03-05 02:00"),
    ("2:00pm", "03-04 14:00"),
    ("半小时后", "03-04 11:00"),
    ("一个半小时后", "03-04 12:00"),
    ("十分钟后", "03-04 10:40"),
    ("再过两个小时", "03-04 12:30"),
    ("20分钟前", "03-04 10:10"),
]


@pytest.mark.parametrize(("words", "at"), TIMES)
def test_a_time_in_words(words: str, at: str) -> None:
    (got,) = whens(words, NOW)
    assert f"{got.at:%m-%d %H:%M}" == at
    assert got.precision is Precision.TIME
    assert got.due == got.at == got.until


SPANS = [
    ("下周三下午", "03-11 14:00", "03-11 18:00", Precision.PART),
    ("明天上午", "03-05 09:00", "03-05 12:00", Precision.PART),
    ("晚上", "03-04 19:00", "03-04 22:00", Precision.PART),
    ("下周", "03-09 00:00", "03-16 00:00", Precision.SPAN),
    ("周末", "03-07 00:00", "03-09 00:00", Precision.SPAN),
    ("下个月", "04-01 00:00", "05-01 00:00", Precision.SPAN),
    ("5月中旬", "05-11 00:00", "05-21 00:00", Precision.SPAN),
    ("下半年", "07-01 00:00", "01-01 00:00", Precision.SPAN),
    ("明年3月", "03-01 00:00", "04-01 00:00", Precision.SPAN),
    ("3月5日到8日", "03-05 00:00", "03-09 00:00", Precision.SPAN),
    ("明天下午3点到5点", "03-05 15:00", "03-05 17:00", Precision.TIME),
    ("下午五点一刻到六点", "03-04 17:15", "03-04 18:00", Precision.TIME),
]


@pytest.mark.parametrize(("words", "start", "end", "precision"), SPANS)
def test_a_span_in_words(words: str, start: str, end: str, precision: Precision) -> None:
    (got,) = whens(words, NOW)
    assert (f"{got.at:%m-%d %H:%M}", f"{got.until:%m-%d %H:%M}") == (start, end)
    assert (got.words, got.precision) == (words, precision)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("月底前", "03-31 18:00"),
        ("周五之前", "03-06 18:00"),
        ("三天内", "03-07 18:00"),
        ("二十号以前", "03-20 18:00"),
        ("3个工作日内", "03-09 18:00"),
        ("明天下午3点前", "03-05 15:00"),
    ],
)
def test_a_deadline_is_due_at_the_end_of_its_day(words: str, due: str) -> None:
    (got,) = whens(words, NOW)
    assert got.before
    assert f"{got.due:%m-%d %H:%M}" == due


def test_a_day_is_due_in_the_morning() -> None:
    got = when("下周三演示", NOW)
    assert got is not None
    assert f"{got.due:%m-%d %H:%M}" == "03-11 09:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "便宜一点，早一点给",
        "提两点建议",
        "预算80万",
        "13800001234",
        "我的电话号码是888-000-9999。",
        "请检查：192.168.255.255。",
        "12.5万",
        "第一次合作三家",
        "2月30日",
        "2019年2月29日",
        "农历三月初三",
        "三月初三",
        "《明日之后》",
        "这是我的队伍",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert whens(text, NOW) == ()


def test_several_times_are_found_where_they_stand() -> None:
    text = "周三，周五下午都行，最晚下周一10点"
    got = whens(text, NOW)
    assert [w.words for w in got] == ["周三", "周五下午", "下周一10点"]
    assert all(text[w.start : w.end] == w.words for w in got)


@pytest.mark.parametrize(
    ("seen", "words", "day"),
    [
        ("2018-02-10", "29日", "2018-03-29"),
        ("2016-02-10", "29日", "2016-02-29"),
        ("2017-03-22", "10月12号，星期一", "2017-10-12"),
        ("2017-03-22", "去年本月十日", "2016-03-10"),
        ("2024-11-15", "上上個週三", "2024-10-30"),
        ("2016-11-07", "3-7-27", "2027-07-03"),
        ("2016-11-07", "27-7-3", "2027-07-03"),
        ("2016-11-07", "05/05/89", "1989-05-05"),
        ("2020-11-22", "五月三十一日", "2021-05-31"),
    ],
)
def test_public_cases(seen: str, words: str, day: str) -> None:
    """Cases of microsoft/Recognizers-Text, Specs/DateTime/Chinese (MIT), read as coming."""
    got = when(words, datetime.fromisoformat(seen).replace(tzinfo=ZONE))
    assert got is not None
    assert got.at.date().isoformat() == day


@given(
    st.text(
        alphabet="今明后天下上周一三五日月号年底前内点半分时小工作国庆节到-:/0123456789 ，",
        max_size=14,
    )
)
def test_no_mixture_of_signs_breaks_the_reader(text: str) -> None:
    for got in whens(text, NOW):
        assert text[got.start : got.end] == got.words
        assert got.at <= got.until
        assert got.at.tzinfo is ZONE
