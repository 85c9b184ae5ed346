from __future__ import annotations

import pytest

from crm.language import mobiles, phones

WRITTEN = [
    "13800001234",
    "138 0000 1234",
    "138-0000-1234",
    "+8613800001234",
    "+86 138 0000 1234",
    "+86-138-0000-1234",
    "008613800001234",
    "86 13800001234",
    "(86)13800001234",
    "（+86）138 0000 1234",
    "１３８００００１２３４",
]


@pytest.mark.parametrize("words", WRITTEN)
def test_a_mobile_number_has_one_form(words: str) -> None:
    text = f"王主任{words}，预算80万"
    (got,) = mobiles(text)
    assert got.number == "+8613800001234"
    assert text[got.start : got.end] == got.words


@pytest.mark.parametrize(
    "text", ["", "12800001234", "1380000123", "138000012345", "+49 17612345678", "3.13800001234"]
)
def test_what_is_no_mobile_number(text: str) -> None:
    assert mobiles(text) == ()


def test_two_numbers_side_by_side_are_two() -> None:
    assert [m.number for m in mobiles("13604779660 13604770960")] == [
        "+8613604779660",
        "+8613604770960",
    ]


# Cases of microsoft/Recognizers-Text, Specs/Sequence/Chinese (MIT).
@pytest.mark.parametrize(
    "words",
    [
        "1 (877) 609-2233",
        "+1 541-754-3010",
        "( 19 ) 38294427",
        "0176 12 34 56 78",
        "246.555.8888",
        "+86 20 61302222-8866",
        "+33 (0) 644444444",
        "01611234567x123",
        "(06)-12234567",
        "972101245",
    ],
)
def test_other_numbers_are_found_too(words: str) -> None:
    assert [phone.words for phone in phones(f"我的电话号是{words}.")] == [words]


@pytest.mark.parametrize(
    "text",
    [
        "666666666s是一个序列号",
        "T005-2333-100731-SW-2看起来不像电话号",
        "请检查：192.168.255.255。",
        "2016-03-22",
        "1 506 64，37 41 4，38 5145",
        "200.38294427 不是个电话号.",
    ],
)
def test_serials_addresses_and_dates_are_none(text: str) -> None:
    assert phones(text) == ()
