from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.language import numbers
from crm.language.numeral import digits, value

# Mostly cases of microsoft/Recognizers-Text, Specs/Number/Chinese (MIT).
SAID = [
    ("十五", "15"),
    ("两千四百五", "2450"),
    ("一千零五", "1005"),
    ("一万三", "13000"),
    ("九十二万四", "924000"),
    ("九百万零四百", "9000400"),
    ("一万零十二", "10012"),
    ("一百零十万", "1100000"),
    ("一万五千亿", "1500000000000"),
    ("三百五十一万亿", "351000000000000"),
    ("10万万", "1000000000"),
    ("4.78万亿", "4780000000000"),
    ("五兆六十二亿四万五千二", "5006200045200"),
    ("四千五百六十九万八千三百一十一亿四千八百七十二万五千三百八十二", "4569831148725382"),
    ("７ 万5 千4 百", "75400"),
    ("25万6千", "256000"),
    ("3万4000", "34000"),
    ("1,050,000,000", "1050000000"),
    ("１,100.9亿", "110090000000"),
    ("壹佰伍拾", "150"),
    ("兩千三百五", "2350"),
    ("負三十二", "-32"),
    ("-2.5 M", "-2500000"),
    ("40k", "40000"),
    ("半百", "50"),
    ("五十打", "600"),
    ("十点二三三", "10.233"),
    ("一点二亿", "120000000"),
    ("两千三点一", "2300.1"),
    ("二十几万", "200000"),
    ("十 余 万", "100000"),
    ("2^5", "32"),
    ("2e5", "200000"),
    ("五分之一", "0.2"),
    ("１６分之5", "0.3125"),
    ("负一又二分之一", "-1.5"),
    ("1 ３/5", "1.6"),
]


@pytest.mark.parametrize(("words", "number"), SAID)
def test_a_number_in_any_spelling(words: str, number: str) -> None:
    got = value(words)
    assert got == Decimal(number)


@pytest.mark.parametrize("words", ["", "万", "万万", "四川", "一切", "元", "1/0", "零分之三"])
def test_what_is_no_number(words: str) -> None:
    assert value(words) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("二百五, 还有199个。", ["二百五", "199"]),
        ("我家在四川，一看就笑，海陆空部队", []),
        ("答案是四不是五", ["四", "五"]),
        ("第零十刃", ["零十"]),
        ("小明每天收拾房间，队伍放肆", []),
        ("编号A123和b5", []),
    ],
)
def test_numbers_in_a_sentence_are_found_where_they_stand(text: str, found: list[str]) -> None:
    got = numbers(text)
    assert [number.words for number in got] == found
    assert all(text[number.start : number.end] == number.words for number in got)


def test_years_are_read_digit_by_digit() -> None:
    assert digits("二零一六") == 2016
    assert digits("十六") is None
    assert digits("") is None


UNITS = ("", "十", "百", "千")


def spoken(number: int) -> str:
    """A number below ten thousand, as a child learns to say it."""
    words, zero = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if zero and words else "") + "零一二三四五六七八九"[digit] + UNITS[place]
        zero = not digit
    return words


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_every_number_said_in_full_is_read_back(high: int, low: int) -> None:
    assert value(spoken(low)) == low
    joint = "" if low >= 1000 else "零"
    assert value(f"{spoken(high)}万{joint}{spoken(low)}") == high * 10**4 + low
    assert value(f"{spoken(high)}亿") == high * 10**8


@given(st.text(alphabet="零一二三十百千万亿点.0123456789,负-又分之k/^e 余几", max_size=12))
def test_no_mixture_of_signs_breaks_the_reader(text: str) -> None:
    numbers(text)
