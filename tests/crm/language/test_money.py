from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.language import Money, moneys

SAID = [
    ("预算80万", 80_000_000, True),
    ("五十万左右", 50_000_000, False),
    ("30w", 30_000_000, True),
    ("30W上下", 30_000_000, False),
    ("1.2亿", 12_000_000_000, True),
    ("1.5个亿", 15_000_000_000, True),
    ("百八十万", 100_000_000, False),
    ("上百万", 100_000_000, False),
    ("3千5百元", 350_000, True),
    ("¥12,000", 1_200_000, True),
    ("￥300", 30_000, True),
    ("两万五千块", 2_500_000, True),
    ("3万5", 3_500_000, True),
    ("五块三", 530, True),
    ("五元三毛", 530, True),
    ("50元6角三分", 5_063, True),
    ("大概二十来万", 20_000_000, False),
    ("三五十万", 40_000_000, False),
    ("七八万", 7_500_000, False),
    ("两三百万", 250_000_000, False),
    ("50-80万", 65_000_000, False),
    ("八十到一百万", 90_000_000, False),
    ("2000万-3000万", 2_500_000_000, False),
    ("8亿元人民币", 80_000_000_000, True),
    ("人民币 8千元", 800_000, True),
    ("不到５０萬", 50_000_000, False),
    ("四十九兆九千五百九十二億元", 4_995_920_000_000_000, True),
]


@pytest.mark.parametrize(("words", "fen", "exact"), SAID)
def test_an_amount_in_any_wording(words: str, fen: int, exact: bool) -> None:
    (got,) = moneys(words)
    assert (got.fen, got.exact, got.currency) == (fen, exact, "CNY")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "100台设备",
        "粉丝5万人",
        "五角大楼宣布了作战计划",
        "几十万",
        "13800001234",
        "2026年3月",
        "预算80",
        "订单号 A202107211321363588510367 可用",
        "三家公司",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    assert moneys(text) == ()


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("十五美元", "USD", "15"),
        ("300美圆", "USD", "300"),
        ("1.95港元", "HKD", "1.95"),
        ("5306亿台币", "TWD", "530600000000"),
        ("1万亿日元", "JPY", "1000000000000"),
        ("兑换１．０７５３美元", "USD", "1.0753"),
        ("$20", "USD", "20"),
        ("两美元又三美分", "USD", "2.03"),
    ],
)
def test_other_currencies_keep_their_name(text: str, currency: str, amount: str) -> None:
    (got,) = moneys(text)
    assert (got.currency, got.amount) == (currency, Decimal(amount))
    assert got.exact == (amount != "1.0753")  # finer than hundredths


def test_several_amounts_are_found_where_they_stand() -> None:
    text = "首付20万，尾款60万元"
    first, second = moneys(text)
    assert first == Money(20_000_000, True, "20万", 2, 5, "CNY", first.amount)
    assert text[second.start : second.end] == "60万元"


@given(st.integers(1, 99_999), st.sampled_from(["万", "万元", "w", "亿"]))
def test_whole_units_are_exact_to_the_fen(count: int, unit: str) -> None:
    (got,) = moneys(f"{count}{unit}")
    assert got.fen == count * (10**10 if unit == "亿" else 10**6)
    assert got.exact


@given(
    st.text(alphabet="一两五十百千万亿个元块角分多来几左右约-到0123456789.,w¥$ 人民币", max_size=14)
)
def test_no_mixture_of_signs_breaks_the_reader(text: str) -> None:
    for money in moneys(text):
        assert text[money.start : money.end] == money.words
